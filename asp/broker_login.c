/* A login and its outcome, as messages on the broker's socket. */
#include "broker_login.h"

#include "label.h"
#include "name.h"
#include "network.h"
#include "redact.h"
#include "secret.h"

#include <string.h>

/* One byte more than what can be well-formed, so that what is cut is refused as the whole is. */
enum {
    USER_SENT = 512, /* a name and its domain, as long as both may be */
    SERVICE_SENT = ASP_SERVICE_MAX + 1,
    HOST_SENT = ASP_HOST_MAX + 1,
    SECRET_SENT = ASP_SECRET_TYPED_MAX + 1,
};

enum { WAIT_MS = 1000, SLOW_MS = 5000 };
enum { USER, SERVICE, APP, HOST, SECRET, LOGIN_FIELDS };
enum { VERDICT, OUTCOME_APP, ID, LABEL, ACCOUNT, OUTCOME_FIELDS };
enum { ACCOUNT_SINCE = 4 }; /* the version of the messages */

int64_t asp_broker_patience(const struct asp_conf *conf)
{
    return conf->cost.scheme == ASP_ARGON2ID ? SLOW_MS : WAIT_MS;
}

/* A text whose end is cut off may be half of an app password, which nobody would know for one. */
static void write_text(struct asp_message *message, const char *text, size_t most)
{
    bool cut = text != NULL && strnlen(text, most + 1) > most;

    asp_message_text(message, cut && asp_redact_needed(text) ? "" : text, most);
}

void asp_broker_login_write(const struct asp_request *request, unsigned version,
                            struct asp_message *message)
{
    size_t length = request->secret_length;

    asp_message_begin(message, ASP_MESSAGE_LOGIN);
    asp_message_set_version(message, version);
    write_text(message, request->user, USER_SENT);
    write_text(message, request->service, SERVICE_SENT);
    write_text(message, request->app, SERVICE_SENT);
    write_text(message, request->host, HOST_SENT);
    asp_message_bytes(message, request->secret, length < SECRET_SENT ? length : SECRET_SENT);
}

bool asp_broker_login_read(const struct asp_message_read *message, struct asp_request *request)
{
    *request = (struct asp_request){
        .user = asp_message_field(message, USER),
        .service = asp_message_field(message, SERVICE),
        .app = asp_message_field(message, APP),
        .host = asp_message_field(message, HOST),
    };
    if (message->type != ASP_MESSAGE_LOGIN || message->count != LOGIN_FIELDS ||
        request->user == NULL || request->service == NULL ||
        (request->app == NULL && message->fields[APP].bytes != NULL) ||
        (request->host == NULL && message->fields[HOST].bytes != NULL) ||
        message->fields[SECRET].bytes == NULL)
        return false;
    request->secret = (const char *)message->fields[SECRET].bytes;
    request->secret_length = message->fields[SECRET].length;
    return true;
}

void asp_broker_outcome_write(const struct asp_outcome *outcome, unsigned version,
                              struct asp_message *message)
{
    bool unknown = outcome->verdict == ASP_WRONG_CASE && version <= 1;
    enum asp_verdict verdict = unknown ? ASP_WRONG_SECRET : outcome->verdict;

    asp_message_begin(message, ASP_MESSAGE_OUTCOME);
    asp_message_set_version(message, version);
    asp_message_text(message, asp_verdict_word(verdict), ASP_MESSAGE_MAX);
    asp_message_text(message, outcome->app, sizeof outcome->app);
    asp_message_text(message, unknown ? "" : outcome->id, sizeof outcome->id);
    asp_message_text(message, unknown ? "" : outcome->label, sizeof outcome->label);
    if (version >= ACCOUNT_SINCE)
        asp_message_text(message, verdict == ASP_ACCEPTED ? outcome->account : "",
                         sizeof outcome->account);
}

/* Copies a text that must be there and fit. */
static bool take(const struct asp_message_read *message, size_t field, char *to, size_t size)
{
    const char *text = asp_message_field(message, field);

    if (text == NULL || strlen(text) >= size)
        return false;
    memcpy(to, text, strlen(text) + 1);
    return true;
}

/* What lets somebody in names the entry that did, and whose it is where the version has that. */
static bool is_sound(const struct asp_outcome *outcome, bool has_account)
{
    char encoded[ASP_USER_ENCODED + 1];

    if (outcome->verdict != ASP_ACCEPTED)
        return outcome->account[0] == '\0';
    return asp_id_valid(outcome->id) && asp_label_valid(outcome->label) &&
           asp_service_valid(outcome->app) &&
           (!has_account || asp_user_encode(outcome->account, encoded));
}

bool asp_broker_outcome_read(const struct asp_message_read *message, struct asp_outcome *outcome)
{
    const char *word = asp_message_field(message, VERDICT);
    const bool has_account = message->version >= ACCOUNT_SINCE;
    const size_t count = has_account ? OUTCOME_FIELDS : ACCOUNT;

    memset(outcome, 0, sizeof *outcome);
    if (message->type == ASP_MESSAGE_OUTCOME && message->count == count && word != NULL &&
        take(message, OUTCOME_APP, outcome->app, sizeof outcome->app) &&
        take(message, ID, outcome->id, sizeof outcome->id) &&
        take(message, LABEL, outcome->label, sizeof outcome->label) &&
        (!has_account || take(message, ACCOUNT, outcome->account, sizeof outcome->account)) &&
        asp_verdict_read(word, &outcome->verdict) && is_sound(outcome, has_account))
        return true;
    memset(outcome, 0, sizeof *outcome);
    return false;
}
