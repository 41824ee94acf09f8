/*
 * The hooks that an account has due. A revocation is stored with the mark *hook due*
 * (asp_revocation_of), whoever revokes, and the mark goes when the hook has run: killed in between,
 * it is run by whoever comes next. And those for what has expired, of which nothing is stored.
 */
#ifndef ASP_ADMIN_HOOKS_HOOKS_DUE_H
#define ASP_ADMIN_HOOKS_HOOKS_DUE_H

#include "asp-admin/admin.h"
#include "asp/store_due.h"

#include <time.h>

/*
 * Before a revocation is stored: takes the turn of the command's user, where there is a hook to be
 * run. It never fails: what another has, or what cannot be had, keeps no revocation from being
 * made. The caller calls hooks_end_turn in any case.
 */
void hooks_take_turn(const struct admin *admin, struct asp_turn *turn);

/*
 * Runs the hook for the entries of `user` that have the mark, once for each reason, and then takes
 * their marks away: whatever stops it in between, it is run at least once. It is done under the
 * turn, which is taken where it is not held, and given; what others leave due meanwhile is run too,
 * a few times where it is not by her who acts on her own account: nobody keeps another for ever.
 *
 * ASP_OK: nothing is due any more, and there may be no account. ASP_BUSY: another has the turn, and
 * runs it. ASP_INTERRUPTED: something still is due, for the hook could not be started, this process
 * is to end or others leave more all the time. Else what was logged: something may still be due.
 */
enum asp_status hooks_run_due(const struct admin *admin, const char *user, struct asp_turn *turn);

/*
 * Ends what hooks_take_turn began, after the revocation was stored (`revoked`), or was not: where
 * there is a hook, what the command's user has due is run, by this process or by who has the turn.
 * What others have left to whom the turn was taken by is among it, so it is called however the
 * command goes on; and before anything is written, since a reader that waits would keep the turn.
 * With a database the watch of each machine runs it, and all that is done is to say so where this
 * one has none.
 */
void hooks_end_turn(const struct admin *admin, struct asp_turn *turn, bool revoked);

/*
 * Runs the hook for the entries of `user` that have expired after `since` and by admin->now. With
 * the time of the last look as `since` each of them comes once. Nothing is stored. ASP_OK: it was
 * run for all. ASP_INTERRUPTED as of hooks_run_due; else what was logged: it was run for none.
 */
enum asp_status hooks_run_expired(const struct admin *admin, const char *user, time_t since);

#endif
