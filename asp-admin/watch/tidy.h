/*
 * What a power cut has left in the store, put right before a watch begins: files of updates that
 * were never finished, and last uses that are damaged.
 */
#ifndef ASP_ADMIN_WATCH_TIDY_H
#define ASP_ADMIN_WATCH_TIDY_H

#include "asp-admin/admin.h"

/*
 * Puts it right in the store that is open, at admin->now, and logs what was found. What cannot be
 * put right is logged, and left to the next login, list or doctor. With `all`, usage that is
 * missing is begun too where a limit counts by it, for which each such account has to be read.
 */
void tidy_store(struct admin *admin, bool all);

#endif
