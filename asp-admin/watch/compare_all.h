/*
 * One pass over all accounts: each is compared with what the source says now, and where the primary
 * password has changed, all is revoked. The source is read once for all.
 */
#ifndef ASP_ADMIN_WATCH_COMPARE_ALL_H
#define ASP_ADMIN_WATCH_COMPARE_ALL_H

#include "name_asker.h"
#include "primary_lease.h"

#include "asp-admin/admin.h"

/* Of whom the name service is to be asked. */
enum whom {
    ASK_OF_NOBODY,
    ASK_OF_SOME, /* not of virtual users who follow nobody: they are many */
    ASK_OF_ALL,
};

struct compare_result {
    size_t accounts;
    size_t changed;           /* accounts whose primary password has changed */
    size_t revoked;           /* app passwords that were revoked for it */
    size_t unknown;           /* accounts of which nothing could be told */
    size_t held;              /* changed ones that were left as they are: too many at once */
    size_t gone;              /* accounts that were found to have no user any more */
    size_t gone_held;         /* more of these, that were left as they are: too many at once */
    size_t gone_fresh;        /* and those of a shadow file that was changed just now */
    size_t failed;            /* accounts that could not be read or written; they are unknown too */
    struct asp_error failure; /* of the first of those */
};

/*
 * Makes the pass, as admin->by, and logs each revocation; admin->now is brought to the store's
 * clock. A shadow file that is changed meanwhile is read again for the user whose turn it is. Where
 * very many have changed at once by the word of a command, nothing is revoked unless it is
 * `confirmed`; and where very many are gone, that is not written.
 *
 * `questions` are for the name service, when there is somebody to ask of: users who have no line in
 * shadow, and had none. The caller clears them in any case.
 *
 * `lease` is this machine's, as primary_lease_keep says, and is kept while the pass goes on: it may
 * take longer than that lasts.
 *
 * ASP_OK, or why it was not made: the source or the store could not be read, or whose the lease is
 * by now. The pass is cut short with ASP_INTERRUPTED, this process is to end, and with
 * ASP_UNCHANGED, another machine has the lease. What was revoked until then is in the result; the
 * next pass finds the rest.
 */
enum asp_status compare_all(struct admin *admin, bool confirmed, enum whom whom,
                            struct primary_lease *lease, struct name_questions *questions,
                            struct compare_result *result, struct asp_error *error);

/*
 * Notes what was answered to the questions of a pass: who is known to the name service, and then
 * twice running not, is gone until it knows her again, unless users may be virtual; and an account
 * that is another spelling of somebody who has a line follows her. Where not all is answered,
 * nobody is taken to be gone. Shadow is read for it once more.
 *
 * `result` has the number of accounts of that pass, and what is found is added to it. Returns what
 * compare_all does.
 */
enum asp_status compare_answers(struct admin *admin, bool confirmed,
                                const struct name_questions *questions,
                                struct compare_result *result, struct asp_error *error);

#endif
