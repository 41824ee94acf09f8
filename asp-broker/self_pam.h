/*
 * PAM service asp-admin: whether a user is let in to her own app passwords. The conversation
 * crosses the socket, message by message.
 */
#ifndef ASP_BROKER_SELF_PAM_H
#define ASP_BROKER_SELF_PAM_H

#include "asp-admin/admin.h"
#include "asp/error.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * ASP_OK: PAM has let the user of the account `admin->user` in, auth and account, also under
 * another spelling of that name. ASP_DENIED: it has not. ASP_IO: nobody has
 * answered, or PAM could not ask. ASP_UNSAFE: it would have, and not one of its questions was
 * answered with anything: as pam_rootok and pam_permit do, for PAM runs with uid 0 here. That is
 * enough only where self_service.silent says so. `error` says what. `fd` is the client's socket. An
 * app password never lets anybody in here.
 */
enum asp_status self_pam_ask(int fd, const struct admin *admin, struct asp_error *error);

/*
 * Asks the client at `fd` in one of the styles ASP_ASK_... . ASP_OK: `reply`, of at most `size`
 * bytes, is what was typed, and the caller wipes it. Else nobody has answered.
 */
enum asp_status self_ask(int fd, const char *style, const char *text, char *reply, size_t size,
                         size_t *length, struct asp_error *error);

#endif
