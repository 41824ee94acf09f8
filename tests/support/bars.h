/*
 * The bars: what it may cost. tests/pam/test_cost.c and tests/bench hold what they measure to
 * these, and nobody has a copy. F is one transaction through pam_permit, times are ratios in one
 * run.
 */
#ifndef SUPPORT_BARS_H
#define SUPPORT_BARS_H

/* An accepted login, in F: without a log line, with one, and with one by the broker. */
#define BAR_SILENT_F 0.42
#define BAR_LOGGED_F 0.52
#define BAR_BROKER_F 1.5

/*
 * User-space instructions of one accepted transaction, warm, as root, with one entry and a name of
 * five letters; how many more 25 entries may take, and a name of 64; system calls.
 *
 * libpam hands what it decides to the kernel's audit, and libaudit clears a message of 8,988 bytes
 * for it with one `rep stosb`, where the processor has a quick one. valgrind counts that by the
 * byte. Here it is cleared by a loop instead, which takes 8,000 instructions fewer: counted as
 * valgrind does by itself, the two bars are about 54,000 and 61,000.
 */
#define BAR_SILENT_INSTRUCTIONS 46000
#define BAR_LOGGED_INSTRUCTIONS 53000
#define BAR_MORE_INSTRUCTIONS 3000
#define BAR_CALLS 34

/* What of the two is another's: a wrong secret and an unknown id, apart in a thousand. */
#define BAR_APART_THOUSANDTHS 2

/* What must not grow: 25 entries against 1; 1,000,000 users in the store and 100,000 lines of
 * shadow against 10. */
#define BAR_ENTRIES_TIMES 1.05
#define BAR_MANY_TIMES 1.1

/* The broker: its processor time against that of a login in process; milliseconds that argon2id
 * logins of one client add to the default ones of another, 99 of 100; two processes against one. */
#define BAR_BROKER_TIMES 2.2
#define BAR_DELAY_MS 20
#define BAR_TWO_TIMES 1.8

/* Argon2id, in hashes: a second one would make it 2. */
#define BAR_SLOW_HASHES 1.5

/* Memory that 1,000,000 logins in one process, or 64 processes at the broker, may leave. */
#define BAR_GROWN_MIB 1

/* A store in a database on a Unix socket: a login by the broker, against one in files; ms from a
 * revocation to the hook on another machine; while the database hangs, ms that one of 64 waits at a
 * time, and until she is let in once it goes on. */
#define BAR_DATABASE_TIMES 3
#define BAR_TOLD_MS 1000
#define BAR_HUNG_MS 1000
#define BAR_BACK_MS 250

/* nginx with auth_request to asp-web: milliseconds that a request which needs no login waits beside
 * eight connections that are busy, the median; requests in a second, against those of auth_pam that
 * asks the broker. */
#define BAR_AUTHORIZE_MS 1
#define BAR_AUTHORIZE_TIMES 1

/* asp-admin: seconds to list 100,000 users, and MiB for 1,000,000; fsyncs of `create`, of files and
 * of folders, in two updates; watch after one change, by accounts: seconds, seconds of the
 * processor and MiB. */
#define BAR_LIST_S 5
#define BAR_LIST_MIB 64
#define BAR_SYNCS 2
#define BAR_WATCH_S 2
#define BAR_WATCH_MILLION_S 20
#define BAR_WATCH_MIB 150

#endif
