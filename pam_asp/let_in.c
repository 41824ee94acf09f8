/* Who was refused here and was let in all the same: kept in the handle, and told in the log. */
#include "let_in.h"

#include "pam_log.h"

#include "asp/buffer.h"
#include "asp/log_line.h"

#include <sodium.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

/* Under this name the handle has the login that was refused. */
#define REFUSED "pam_asp_refused"

struct refused {
    enum asp_verdict verdict;
    char account[ASP_USER_MAX + 1];
    char user[]; /* as it was typed */
};

/* The name may be an app password in the wrong field. */
static void free_refused(pam_handle_t *pamh, void *data, int error_status)
{
    struct refused *refused = data;

    (void)pamh;
    (void)error_status;
    if (refused == NULL)
        return;
    sodium_memzero(refused, offsetof(struct refused, user) + strlen(refused->user));
    free(refused);
}

static const struct refused *find(pam_handle_t *pamh)
{
    const void *refused = NULL;

    return pam_get_data(pamh, REFUSED, &refused) == PAM_SUCCESS ? refused : NULL;
}

void let_in_expect(pam_handle_t *pamh, const char *user, const struct asp_outcome *outcome)
{
    const size_t length = strlen(user);
    struct refused *refused = malloc(sizeof *refused + length + 1);

    if (refused == NULL)
        return;
    refused->verdict = outcome->verdict;
    memcpy(refused->account, outcome->account, sizeof refused->account);
    memcpy(refused->user, user, length + 1);
    if (pam_set_data(pamh, REFUSED, refused, free_refused) != PAM_SUCCESS)
        free_refused(pamh, refused, 0);
}

void let_in_forget(pam_handle_t *pamh)
{
    if (find(pamh) != NULL)
        (void)pam_set_data(pamh, REFUSED, NULL, NULL);
}

void let_in_say(pam_handle_t *pamh, const char *user, const char *service, const char *host)
{
    const struct refused *refused = find(pamh);
    struct asp_buffer line = {0};

    if (refused == NULL || user == NULL || service == NULL || strcmp(user, refused->user) != 0)
        return;
    asp_log_line_let_in(
        &(struct asp_log_let_in){
            .after = refused->verdict,
            .host = host,
            .user = user,
            .account = refused->account,
            .service = service,
        },
        &line);
    if (!line.failed)
        log_to_pam(pamh, LOG_INFO, line.text);
    asp_buffer_free(&line);
    let_in_forget(pamh);
}
