/*
 * PAM service asp-admin or asp-web: whether a user is let in to her own app passwords. The
 * conversation crosses the socket, message by message.
 */
#ifndef ASP_BROKER_SELF_PAM_H
#define ASP_BROKER_SELF_PAM_H

#include "asp-admin/admin.h"
#include "asp/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct self_pam {
    int fd; /* the client's socket */
    const char *service;
    const char *user;  /* whom PAM is asked to let in, */
    const char *ruser; /* by whom, and from where: NULL where that is not said */
    const char *rhost;
    bool tells;       /* what modules tell is said, and not asked: ASP_MESSAGE_SAY */
    int64_t since_ms; /* when the client has said something, as asp_clock_ms */
    int64_t pause_ms; /* a question comes at the earliest so long after what was said before it */
    void (*answered)(void *context); /* called before PAM gets an answer; or NULL */
    void *context;
};

/*
 * ASP_OK: PAM has let `pam->user` in, auth and account, who has the account `admin->user`, also
 * under another spelling of that name. ASP_DENIED: it has not. ASP_IO: nobody has
 * answered, or PAM could not ask. ASP_UNSAFE: it would have, and not one of its questions was
 * answered with anything: as pam_rootok and pam_permit do, for PAM runs with uid 0 here. That is
 * enough only where self_service.silent says so. `error` says what. An app password never lets
 * anybody in here, whatever has taken it, nor does anything her who has no account: then that is
 * empty.
 */
enum asp_status self_pam_ask(const struct self_pam *pam, const struct admin *admin,
                             struct asp_error *error);

/*
 * Asks the client at `fd` in one of the styles ASP_ASK_... . ASP_OK: `reply`, of at most `size`
 * bytes, is what was typed, and the caller wipes it. Else nobody has answered.
 */
enum asp_status self_ask(int fd, const char *style, const char *text, char *reply, size_t size,
                         size_t *length, struct asp_error *error);

#endif
