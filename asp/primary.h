/*
 * The primary password: what it is now, against what was remembered of it. shadow.h reads the file.
 *
 * What is remembered is a fingerprint: BLAKE2b of the password's hash, keyed with a key that is
 * random for each account.
 */
#ifndef ASP_PRIMARY_H
#define ASP_PRIMARY_H

#include "account.h"
#include "revocation.h"
#include "safeio.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

enum asp_primary {
    ASP_PRIMARY_UNKNOWN, /* it could not be told; never counted as changed */
    ASP_PRIMARY_SAME,
    ASP_PRIMARY_CHANGED,
    ASP_PRIMARY_LOCKED,    /* locked, or the account expired, for a while: nothing is destroyed */
    ASP_PRIMARY_ABSENT,    /* the user is gone: nothing is destroyed */
    ASP_PRIMARY_ELSEWHERE, /* it is in the shadow file of another realm: nothing is done by what is
                              seen here */
};

/* Whose shadow file it is that is read here: that of the machines which share it. */
struct asp_realm {
    const char *name; /* as primary.realm has it, borrowed; NULL or empty: none is named */
    /* Other machines have the accounts too, with shadow files of their own perhaps: a fingerprint
     * without a realm may be of any. Else it is of this one. */
    bool is_one_of_many;
};

/* As this configuration has it. */
struct asp_realm asp_realm_of(const struct asp_conf *conf);

/* What a source says of one user now. */
struct asp_primary_now {
    enum asp_source source;
    struct asp_realm realm; /* of shadow */
    enum {
        ASP_SAYS_NOTHING,
        ASP_SAYS_ABSENT,
        ASP_SAYS_HASH
    } says;           /* nothing: it could not be told */
    const char *hash; /* of `length` bytes, borrowed from what was read; may be empty or locked */
    size_t length;
    int32_t day;    /* of the last change, in days since 1970, or ASP_NO_DAY */
    time_t expires; /* when the account does, or ASP_NEVER */
    const struct asp_identity
        *read; /* the state of the file that says so, borrowed; NULL: no file */
    const struct timespec
        *asked; /* where it is no file: the time before it was asked, borrowed; NULL: not known */
    /* Whom the account followed when it was looked for, borrowed; NULL: that makes no difference.
     */
    const char *follows;
};

/* True when the fingerprint is of the shadow file of another realm, or may be: it is not compared
 * with this one, and stays as it is. */
bool asp_primary_is_elsewhere(const struct asp_fingerprint *stored,
                              const struct asp_primary_now *now);

/*
 * True when the fingerprint is to be taken anew, and that is no change: none was taken yet, or one
 * of another source; or what is the same could be told better by it. That is so of what 0.1.0 has
 * written of a user without a hash, of one who was absent and is back, and of one whose
 * fingerprint names no realm where there is one by now.
 */
bool asp_primary_is_due(const struct asp_fingerprint *stored, const struct asp_primary_now *now);

/*
 * No line in the shadow file, a line without a hash, and a hash are three things. A field that is
 * no form of crypt(5) holds no hash: nothing that is typed matches it.
 */
enum asp_primary asp_primary_compare(const struct asp_fingerprint *stored,
                                     const struct asp_primary_now *now, time_t at);

/* Takes the fingerprint of what is now. `now` says more than nothing. */
void asp_primary_take(const struct asp_primary_now *now, struct asp_fingerprint *stored);

/* Tells one stored fingerprint from another. */
uint64_t asp_primary_checksum(const struct asp_fingerprint *stored);

/*
 * Under the lock: true when what was said before may be older than what was written of it since, by
 * a create perhaps. The shadow file is another one then, or the account follows another user. What
 * a command says is old when the account was written after it was asked; a time that is still to
 * come says only that the clock was wrong once.
 */
bool asp_primary_is_overtaken(const struct asp_account *account, const struct asp_primary_now *now);

/* What else is seen of a user who has no line. */
enum asp_sight {
    ASP_SIGHT_KNOWN,  /* the name service knows her */
    ASP_SIGHT_MISSED, /* it says that there is no such user. Twice running, she is gone */
    ASP_SIGHT_GONE,   /* she is */
};

/*
 * Notes it in the fingerprint. True: that was changed by it. Who has a line is not noted anything
 * of; neither is who had none, as long as the name service has not known her: she may be virtual,
 * and nothing can be gone.
 */
bool asp_primary_note(struct asp_fingerprint *stored, const struct asp_primary_now *now,
                      enum asp_sight sight);

/*
 * Brings an account up to what is now: revokes all and drops what is pending when it has changed,
 * takes the fingerprint where that is due or after a change. `*written` says whether the account is
 * to be written. What it was is returned. With `reached`, a user without a line counts as changed:
 * another program has just set a password that we cannot see; one of another realm only where she
 * had no line there either: then it is in no shadow file at all. That a user is gone is not
 * written: see asp_primary_note.
 */
enum asp_primary asp_primary_settle(struct asp_account *account, const struct asp_primary_now *now,
                                    const struct asp_revocation *how, bool reached, bool *written);

#endif
