/* The text of a line in the system's log. */
#include "log_line.h"

#include "network.h"
#include "redact.h"

#include <string.h>

enum { SERVICE_SHOWN = ASP_SERVICE_MAX, USER_SHOWN = 256 };

static void add(struct asp_buffer *out, const char *key, const char *value)
{
    asp_buffer_add(out, key);
    asp_buffer_add_logged(out, value);
}

static const char *or_null(const char *text)
{
    return text[0] == '\0' ? NULL : text;
}

/* The first bytes of what others may have made long. */
static void add_bounded(struct asp_buffer *out, const char *key, const char *value, size_t most)
{
    char shown[USER_SHOWN + 1];
    size_t length = strnlen(value, most);

    /* All of it is looked at: what is left of an app password would not be known for one. */
    if (asp_redact_needed(value)) {
        add(out, key, NULL);
        return;
    }
    memcpy(shown, value, length);
    shown[length] = '\0';
    add(out, key, shown);
}

/* Bare, and only what looks like a host. */
static void add_host(struct asp_buffer *out, const char *host)
{
    bool shown = host != NULL && asp_host_valid(host) && !asp_redact_needed(host);

    asp_buffer_add(out, " rhost=");
    asp_buffer_add(out, shown ? host : "-");
}

bool asp_log_line_is_error(const struct asp_outcome *outcome)
{
    return outcome->verdict == ASP_UNAVAILABLE ||
           (outcome->verdict == ASP_PRIMARY_CHANGED_SINCE && outcome->cause.text[0] != '\0');
}

/* What was wrong with the host of a request whose entry has networks; NULL: it is an address, which
 * is in none of them. */
static const char *host_fault(const struct asp_request *request, const struct asp_outcome *outcome)
{
    if (outcome->verdict != ASP_WRONG_NETWORK)
        return NULL;
    if (request->host == NULL || request->host[0] == '\0')
        return "PAM was told no address";
    return asp_host_is_address(request->host)
               ? NULL
               : "PAM was told no address but something else, and names are not looked up";
}

void asp_log_line_login(const struct asp_request *request, const struct asp_outcome *outcome,
                        struct asp_buffer *out)
{
    const char *fault = host_fault(request, outcome);
    char cause[ASP_ERROR_LINE];

    asp_buffer_add(out, "verdict=");
    asp_buffer_add(out, asp_verdict_word(outcome->verdict));
    add_host(out, request->host);
    add_bounded(out, " user=", request->user, USER_SHOWN);
    if (outcome->account[0] != '\0' && strcmp(outcome->account, request->user) != 0)
        add_bounded(out, " account=", outcome->account, USER_SHOWN);
    add_bounded(out, " service=", request->service, SERVICE_SHOWN);
    add(out, " app=", or_null(outcome->app));
    asp_buffer_add(out, " id=");
    asp_buffer_add(out, outcome->id[0] == '\0' ? "-" : outcome->id);
    add(out, " label=", or_null(outcome->label));
    if (asp_log_line_is_error(outcome))
        add(out, " cause=", or_null(asp_error_line(&outcome->cause, cause)));
    else if (fault != NULL)
        add(out, " cause=", fault);
    if (request->via != NULL)
        add(out, " via=", request->via);
}

void asp_log_line_change(const struct asp_log_change *change, struct asp_buffer *out)
{
    asp_buffer_add(out, "event=");
    asp_buffer_add(out, change->event);
    add(out, " by=", change->by);
    add(out, " user=", change->user);
    if (change->id != NULL) {
        asp_buffer_add(out, " id=");
        asp_buffer_add(out, change->id);
    }
    if (change->label != NULL)
        add(out, " label=", change->label);
    if (change->reason != NULL)
        add(out, " reason=", change->reason);
    if (change->via != NULL)
        add(out, " via=", change->via);
}
