/* A PAM service, with a conversation that crosses the socket. */
#include "self_pam.h"

#include "self_console.h"

#include "asp-admin/database/database.h"
#include "asp-admin/self/self_rules.h"
#include "asp/broker_socket.h"
#include "asp/check.h"
#include "asp/clock.h"
#include "asp/secret.h"
#include "asp/store.h"

#include <poll.h>
#include <security/pam_appl.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { HUMAN_MS = 120 * 1000 };

struct asking {
    const struct self_pam *pam;
    const struct admin *admin;
    int64_t heard_ms; /* when it has last said something */
    bool answered;    /* a question was, so that a refusal is a wrong answer */
    bool spoken;      /* the answer to one was not empty */
    bool broken;      /* one was not, or what was told has not come there */
    bool mistaken;    /* the answer to one has the form of an app password, */
    bool is_hers;     /* and is one of hers, or that cannot be told */
};

enum asp_status self_ask(int fd, const char *style, const char *text, char *reply, size_t size,
                         size_t *length, struct asp_error *error)
{
    uint8_t bytes[ASP_MESSAGE_MAX];
    struct asp_message question;
    struct asp_message_read answer;
    enum asp_status status;

    *length = 0;
    asp_message_begin(&question, ASP_MESSAGE_ASK);
    asp_message_text(&question, style, ASP_MESSAGE_MAX);
    asp_message_text(&question, text, ASP_MESSAGE_MAX / 2);
    status = asp_broker_send(fd, "the client", &question, error);
    if (status == ASP_OK)
        status =
            asp_broker_receive(fd, "the client", asp_clock_ms() + HUMAN_MS, bytes, &answer, error);
    if (status == ASP_OK &&
        (answer.type != ASP_MESSAGE_REPLY || asp_message_field(&answer, 1) == NULL ||
         answer.fields[0].length > size))
        status = asp_fail(error, ASP_IO, "nobody has answered");
    if (status == ASP_OK) {
        *length = answer.fields[0].length;
        if (*length > 0)
            memcpy(reply, answer.fields[0].bytes, *length);
    }
    sodium_memzero(bytes, sizeof bytes);
    return status;
}

static const char *style_of(int style)
{
    switch (style) {
    case PAM_PROMPT_ECHO_OFF:
        return ASP_ASK_HIDDEN;
    case PAM_PROMPT_ECHO_ON:
        return ASP_ASK_SHOWN;
    case PAM_TEXT_INFO:
        return ASP_ASK_INFO;
    case PAM_ERROR_MSG:
        return ASP_ASK_ERROR;
    default:
        return NULL;
    }
}

/* Whether it is an app password of that account, be it revoked; or that cannot be told. */
static bool is_of_account(const struct admin *admin, const struct asp_secret *secret)
{
    struct asp_account account;
    struct asp_store store;
    const struct asp_entry *entry;
    enum asp_verdict verdict = ASP_UNAVAILABLE;
    enum asp_status status = admin_open_beside(admin, &store, NULL);

    if (status == ASP_OK)
        status = asp_store_load(&store, admin->user, NULL, &account, NULL);
    if (status == ASP_OK) {
        verdict = asp_check_secret(&account, secret, &admin->conf->cost, &entry);
        asp_account_free(&account);
    }
    asp_store_close(&store);
    database_rest(admin->database);
    return status != ASP_NOT_FOUND && verdict != ASP_WRONG_SECRET &&
           verdict != ASP_NOT_AN_APP_PASSWORD;
}

/* A server that a module asks may take an app password, and says of none that it was one. */
static void look_for_app_password(struct asking *asking, const char *typed, size_t length)
{
    struct asp_secret secret;

    if (length <= ASP_SECRET_TYPED_MAX && asp_secret_read(typed, length, &secret)) {
        asking->mistaken = true;
        asking->is_hers = asking->is_hers || is_of_account(asking->admin, &secret);
        asp_secret_wipe(&secret);
    }
}

/* Nobody is to see by the time how long something took that hangs on who she is. */
static void pause_before(const struct asking *asking)
{
    int64_t left = asking->heard_ms + asking->pam->pause_ms - asp_clock_ms();

    if (left > 0)
        (void)poll(NULL, 0, (int)left);
}

/* What a module tells, and what it asks for. */
static bool cross(struct asking *asking, const struct pam_message *message, char *typed,
                  size_t size, size_t *length)
{
    const bool is_error = message->msg_style == PAM_ERROR_MSG;
    struct self_client client = {.fd = asking->pam->fd};
    bool done;

    pause_before(asking);
    if (asking->pam->tells && (is_error || message->msg_style == PAM_TEXT_INFO)) {
        *length = 0;
        done = message->msg[0] == '\0' ||
               self_console_write(&client, is_error ? CONSOLE_ERR : CONSOLE_OUT, message->msg,
                                  strlen(message->msg));
    } else {
        done = self_ask(asking->pam->fd, style_of(message->msg_style), message->msg, typed, size,
                        length, NULL) == ASP_OK;
    }
    asking->heard_ms = asp_clock_ms();
    return done;
}

/* One message of a module's. The reply is libpam's to free. */
static bool converse_one(struct asking *asking, const struct pam_message *message, char **reply)
{
    bool question =
        message->msg_style == PAM_PROMPT_ECHO_OFF || message->msg_style == PAM_PROMPT_ECHO_ON;
    char typed[PAM_MAX_RESP_SIZE];
    size_t length;
    bool done = false;

    if (style_of(message->msg_style) == NULL || message->msg == NULL ||
        !cross(asking, message, typed, sizeof typed - 1, &length))
        goto end;
    typed[length] = '\0';
    done = true;
    if (question) {
        asking->answered = true;
        if (asking->pam->answered != NULL)
            asking->pam->answered(asking->pam->context);
        asking->spoken = asking->spoken || length > 0;
        look_for_app_password(asking, typed, length);
        /* What has a NUL in it would be cut to something else. */
        *reply = strlen(typed) == length ? strdup(typed) : NULL;
        done = *reply != NULL;
    }
end:
    sodium_memzero(typed, sizeof typed);
    return done;
}

static void free_replies(struct pam_response *replies, int count)
{
    for (int i = 0; i < count; i++) {
        if (replies[i].resp != NULL)
            sodium_memzero(replies[i].resp, strlen(replies[i].resp));
        free(replies[i].resp);
    }
    free(replies);
}

static int converse(int count, const struct pam_message **messages, struct pam_response **responses,
                    void *context)
{
    struct asking *asking = context;
    struct pam_response *replies;

    *responses = NULL;
    if (count <= 0 || count > PAM_MAX_NUM_MSG)
        return PAM_CONV_ERR;
    replies = calloc((size_t)count, sizeof *replies);
    if (replies == NULL)
        return PAM_BUF_ERR;
    for (int i = 0; i < count; i++) {
        if (converse_one(asking, messages[i], &replies[i].resp))
            continue;
        asking->broken = true;
        free_replies(replies, count);
        return PAM_CONV_ERR;
    }
    *responses = replies;
    return PAM_SUCCESS;
}

/* It must still be the same user, whom a module may call otherwise, let in by something else than
 * an app password. */
static int check_who(pam_handle_t *pamh, const struct admin *admin)
{
    const void *now = NULL;

    if (admin->user[0] == '\0' || pam_get_item(pamh, PAM_USER, &now) != PAM_SUCCESS ||
        now == NULL || !self_rules_is_own(admin, now) || pam_getenv(pamh, "ASP_ID") != NULL)
        return PAM_AUTH_ERR;
    return PAM_SUCCESS;
}

static int authenticate(pam_handle_t *pamh, const struct self_pam *pam, const struct admin *admin)
{
    int code = PAM_SUCCESS;

    if (pam->ruser != NULL)
        code = pam_set_item(pamh, PAM_RUSER, pam->ruser);
    if (code == PAM_SUCCESS && pam->rhost != NULL)
        code = pam_set_item(pamh, PAM_RHOST, pam->rhost);
    if (code == PAM_SUCCESS)
        code = pam_authenticate(pamh, 0);
    if (code == PAM_SUCCESS)
        code = pam_acct_mgmt(pamh, 0);
    if (code == PAM_SUCCESS)
        code = check_who(pamh, admin);
    return code;
}

enum asp_status self_pam_ask(const struct self_pam *pam, const struct admin *admin,
                             struct asp_error *error)
{
    struct asking asking = {.pam = pam, .admin = admin, .heard_ms = pam->since_ms};
    const struct pam_conv conversation = {converse, &asking};
    pam_handle_t *pamh = NULL;
    int code;

    database_rest(admin->database);
    code = pam_start(pam->service, pam->user, &conversation, &pamh);
    if (code == PAM_SUCCESS)
        code = authenticate(pamh, pam, admin);
    if (code == PAM_SUCCESS && asking.is_hers)
        code = PAM_AUTH_ERR;
    if (pamh != NULL)
        (void)pam_end(pamh, code);
    if (code == PAM_SUCCESS && !asking.spoken && !admin->conf->self_silent)
        return asp_fail(error, ASP_UNSAFE,
                        "PAM service %s lets in whoever answers nothing: ask the administrator",
                        pam->service);
    if (code == PAM_SUCCESS)
        return ASP_OK;
    (void)asp_fail(error, asking.answered ? ASP_DENIED : ASP_IO, "%s",
                   asking.broken ? "there was no answer" : pam_strerror(NULL, code));
    if (asking.mistaken)
        (void)asp_advise(error, error->status,
                         "what was typed has the form of an app password, and it is the login "
                         "password that is asked for");
    return error->status;
}
