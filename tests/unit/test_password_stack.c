/* The password stack: who does the work, what a process of the module's own is like then, and how
 * long it is waited for. What the broker does, and the comparison itself, are played here. */
#include "password_stack_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

static const int limits[] = {
    RLIMIT_AS,      RLIMIT_CPU,   RLIMIT_DATA,  RLIMIT_FSIZE,  RLIMIT_RSS,
    RLIMIT_MEMLOCK, RLIMIT_STACK, RLIMIT_LOCKS, RLIMIT_NOFILE,
};

static int64_t five_seconds(void)
{
    return 5000;
}

START_TEST(what_the_broker_does_no_process_of_the_modules_own_does)
{
    struct asp_identity identity;
    struct asp_conf *read;
    char state[ASP_BROKER_CONF_STATE];

    begin();
    ck_assert_int_eq(asp_conf_load(conf_path, true, &read, &identity, NULL), ASP_OK);
    asp_conf_free(read);
    asp_broker_conf_state(&identity, state);
    unit_clock_ms = five_seconds;
    broker_takes = broker_does = true;
    set_password();
    ck_assert_int_eq(broker_asked, 1);
    ck_assert_str_eq(broker_state, state);
    ck_assert_int_eq(broker_deadline, five_seconds() + WAIT_MS);
    ck_assert_int_eq(told->compared, 0);
    ck_assert_int_eq(told->lines, 0);
    broker_does = false;
    set_password();
    was_logged("still being compared");
    ck_assert_int_eq(told->compared, 0);
}
END_TEST

START_TEST(what_the_broker_does_not_take_is_compared_by_a_process_of_the_modules_own)
{
    begin();
    for (int i = 0; i < 2; i++) {
        broker_does = i == 1;
        set_password();
        ck_assert_int_eq(broker_asked, i + 1);
        ck_assert_int_eq(told->compared, i + 1);
    }
    ck_assert_int_eq(told->lines, 0);
    ck_assert_str_eq(told->user, "alice");
    ck_assert_str_eq(told->service, "passwd");
    ck_assert_str_eq(told->store, "/var/lib/of-this-test");
    ck_assert(told->logs_to_pam);
    ck_assert(!has_child());
}
END_TEST

START_TEST(the_broker_is_asked_of_what_is_compared_alone)
{
    begin();
    configure("primary: { source = \"none\"; };");
    broker_takes = true;
    set_password();
    ck_assert_int_eq(broker_asked, 0);
    ck_assert_int_eq(told->compared, 1); /* which has nothing to do then */
    ck_assert_int_eq(told->lines, 0);
}
END_TEST

START_TEST(the_broker_is_asked_by_root_alone)
{
    begin();
    broker_takes = true;
    ck_assert_int_eq(chmod(unit_path(folder, ".."), 0755), 0);
    ck_assert_int_eq(chmod(folder, 0755), 0);
    ck_assert_int_eq(chmod(conf_path, 0644), 0);
    ck_assert_int_eq(seteuid(CALLER), 0);
    set_password();
    ck_assert_int_eq(seteuid(0), 0);
    ck_assert_int_eq(broker_asked, 0);
    ck_assert_int_eq(told->compared, 1);
    ck_assert_int_eq(told->lines, 0);
}
END_TEST

START_TEST(a_configuration_that_cannot_be_read_is_told_of)
{
    begin();
    configure("nonsense = 1;");
    broker_takes = true;
    set_password();
    ck_assert_int_eq(broker_asked, 0);
    ck_assert_int_eq(told->compared, 0);
    was_logged("alice: ");
    was_logged("asp.conf");
}
END_TEST

/* The caller's standard descriptor that is closed, if any; and whether there is a pipe. */
static const int closed[] = {-1, 0, 1, 2, -1, 0, 1, 2};

START_TEST(no_descriptor_of_the_callers_is_kept)
{
    bool piped = _i < 4;
    int saved = -1;
    int before;

    begin();
    for (int i = 0; i < 20; i++)
        ck_assert_int_ge(dup(STDERR_FILENO), 0);
    if (closed[_i] >= 0) {
        saved = fcntl(closed[_i], F_DUPFD, 40);
        ck_assert_int_ge(saved, 40);
        ck_assert_int_eq(close(closed[_i]), 0);
    }
    look_at_files();
    before = told->files;
    failing = piped ? NO_CALL : PIPE;
    set_password();
    ck_assert_int_eq(told->lines, 0);
    ck_assert_int_eq(told->compared, 1);
    ck_assert_int_eq(told->files, piped ? 4 : 3);
    for (int fd = 0; fd < 3; fd++)
        ck_assert_str_eq(told->file[fd], "/dev/null");
    if (piped)
        ck_assert(strncmp(told->file[3], "pipe:", 5) == 0);
    ck_assert(told->log_is_closed);
    ck_assert(!has_child());
    /* The caller has what it had. */
    look_at_files();
    ck_assert_int_eq(told->files, before);
    ck_assert(saved < 0 || dup2(saved, closed[_i]) == closed[_i]);
}
END_TEST

/* As passwd is, whose user may have made anything of it. */
START_TEST(nothing_that_the_caller_is_holds_the_work)
{
    static const int numbers[] = {SIGHUP, SIGTERM, SIGUSR1, SIGCHLD, SIGALRM, NSIG - 1};
    const gid_t group = CALLER;
    sigset_t blocked;

    begin();
    ck_assert_int_eq(chdir(folder), 0);
    (void)umask(0);
    (void)sigemptyset(&blocked);
    for (size_t i = 0; i < UNIT_COUNT(numbers); i++) {
        ck_assert(signal(numbers[i], SIG_IGN) != SIG_ERR);
        (void)sigaddset(&blocked, numbers[i]);
    }
    ck_assert_int_eq(sigprocmask(SIG_SETMASK, &blocked, NULL), 0);
    if (_i == 1) {
        ck_assert_int_eq(setgroups(1, &group), 0);
        ck_assert_int_eq(setresgid(CALLER, CALLER, CALLER), 0);
        ck_assert_int_eq(setresuid(CALLER, 0, CALLER), 0);
    }
    ck_assert_int_eq(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), 0);
    set_password();
    ck_assert_int_eq(told->lines, 0);
    ck_assert_int_eq(told->compared, 1);
    ck_assert_int_ne(told->session, getsid(0));
    for (size_t i = 0; i < 3; i++) {
        ck_assert_uint_eq(told->uids[i], 0);
        ck_assert_uint_eq(told->gids[i], 0);
        ck_assert_int_eq(told->groups, 0);
    }
    ck_assert_int_eq(told->dumpable, 0);
    ck_assert_uint_eq(told->mask, 077);
    ck_assert_str_eq(told->folder, "/");
    ck_assert(!told->changed_signal);
    ck_assert(!told->blocked_signal);
    ck_assert_uint_ge(told->seconds, 1);
    ck_assert_uint_le(told->seconds, 30);
}
END_TEST

/* What it asks for counts: in some sandboxes root may raise none that is set. */
START_TEST(no_limit_of_the_callers_is_kept)
{
    begin();
    set_password();
    ck_assert_int_eq(told->compared, 1);
    for (size_t i = 0; i < UNIT_COUNT(limits); i++) {
        const rlim_t most = limits[i] == RLIMIT_NOFILE ? 1024 : RLIM_INFINITY;

        ck_assert_uint_eq(told->limit[limits[i]].rlim_cur, most);
        ck_assert_uint_eq(told->limit[limits[i]].rlim_max, most);
    }
}
END_TEST

START_TEST(a_process_that_does_not_become_clean_compares_nothing_and_says_so)
{
    begin();
    failing = (enum call)(_i + 1);
    set_password();
    ck_assert_int_eq(told->compared, 0);
    was_logged(NOT_COMPARED "no clean process");
    ck_assert(!has_child());
}
END_TEST

START_TEST(why_it_was_not_compared_is_told)
{
    static const struct {
        enum work work;
        const char *said;
    } whys[] = {
        {FAILS, "alice: it failed"},
        {DIES, "alice: the process that does it was ended by signal 9"},
        {KILLS, NOT_COMPARED "the process that does it was killed"},
    };

    begin();
    work = whys[_i / 2].work;
    failing = _i % 2 == 0 ? NO_CALL : PIPE;
    set_password();
    was_logged(whys[_i / 2].said);
    ck_assert(!has_child());
}
END_TEST

START_TEST(without_a_process_that_is_told_and_nothing_is_left_open)
{
    int before;

    begin();
    look_at_files();
    before = told->files;
    failing = FORK;
    set_password();
    was_logged(NOT_COMPARED "no process");
    look_at_files();
    ck_assert_int_eq(told->files, before);
}
END_TEST

/* It goes on. */
static void finish(void)
{
    told->go_on = true;
    ck_assert_int_gt(wait_for_child(), 0);
}

static int64_t nought(void)
{
    return 0;
}

/* Its own clock is the machine's, in whose first ten seconds no test runs. */
START_TEST(who_takes_longer_is_not_waited_for)
{
    begin();
    work = LINGERS;
    unit_clock_ms = nought;
    set_password();
    was_logged("still being compared");
    finish();
    ck_assert_int_eq(told->lines, 1);
}
END_TEST

static int64_t in_three_looks(void)
{
    static int64_t looks;

    return looks++ < 3 ? looks - 1 : WAIT_MS;
}

START_TEST(without_a_pipe_it_is_looked_for_until_then)
{
    begin();
    work = LINGERS;
    failing = PIPE;
    unit_clock_ms = in_three_looks;
    set_password();
    was_logged("still being compared");
    ck_assert_uint_eq(pauses, 2);
    finish();
}
END_TEST

START_TEST(a_signal_and_a_caller_that_hears_of_no_child_break_no_wait)
{
    begin();
    if (_i >= 2)
        ck_assert(signal(SIGCHLD, SIG_IGN) != SIG_ERR);
    else
        waits_broken = 3;
    /* Who looks is not broken off. */
    failing = _i == 3 ? PIPE : NO_CALL;
    set_password();
    ck_assert_int_eq(told->compared, 1);
    ck_assert_int_eq(told->lines, 0);
    ck_assert(!has_child());
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, what_the_broker_does_no_process_of_the_modules_own_does);
    unit_add(suite, what_the_broker_does_not_take_is_compared_by_a_process_of_the_modules_own);
    unit_add(suite, the_broker_is_asked_of_what_is_compared_alone);
    unit_add(suite, the_broker_is_asked_by_root_alone);
    unit_add(suite, a_configuration_that_cannot_be_read_is_told_of);
    unit_loop(suite, no_descriptor_of_the_callers_is_kept, UNIT_COUNT(closed));
    unit_loop(suite, nothing_that_the_caller_is_holds_the_work, 2);
    unit_add(suite, no_limit_of_the_callers_is_kept);
    unit_loop(suite, a_process_that_does_not_become_clean_compares_nothing_and_says_so, DUP2_2);
    unit_loop(suite, why_it_was_not_compared_is_told, 6);
    unit_add(suite, without_a_process_that_is_told_and_nothing_is_left_open);
    unit_add(suite, who_takes_longer_is_not_waited_for);
    unit_add(suite, without_a_pipe_it_is_looked_for_until_then);
    unit_loop(suite, a_signal_and_a_caller_that_hears_of_no_child_break_no_wait, 4);
}

int main(void)
{
    if (!unit_is_root()) {
        (void)puts("passwords are set by root");
        return 77;
    }
    return unit_run("password_stack", fill);
}
