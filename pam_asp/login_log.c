/* The lines of a decision and of what it revoked, and their levels. */
#include "login_log.h"

#include "asp/buffer.h"
#include "asp/log_line.h"

#include <syslog.h>

static int level_of(const struct asp_outcome *outcome)
{
    if (outcome->verdict == ASP_ACCEPTED)
        return LOG_INFO;
    return asp_log_line_is_error(outcome) ? LOG_ERR : LOG_NOTICE;
}

/* Hands on a line that was built, and frees it. */
static void hand_on(login_log_write *log, void *context, int level, struct asp_buffer *line)
{
    if (!line->failed)
        log(context, level, line->text);
    asp_buffer_free(line);
}

void login_log_revocations(login_log_write *log, void *context, const char *by, const char *user,
                           const struct asp_entry *entries, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct asp_log_change event = {
            .event = "revoked",
            .by = by,
            .user = user,
            .id = entries[i].id,
            .label = entries[i].label,
            .reason = ASP_REASON_PRIMARY,
        };
        struct asp_buffer line = {0};

        asp_log_line_change(&event, &line);
        hand_on(log, context, LOG_NOTICE, &line);
    }
}

void login_log_decision(login_log_write *log, void *context, const struct asp_conf *conf,
                        const struct asp_request *request, const struct asp_outcome *outcome)
{
    char by[ASP_BY_SIZE];
    struct asp_buffer line = {0};

    if (outcome->verdict != ASP_ACCEPTED || conf->log_accepted) {
        asp_log_line_login(request, outcome, &line);
        hand_on(log, context, level_of(outcome), &line);
    }
    if (outcome->revoked_count == 0)
        return;
    asp_login_by(request, by);
    login_log_revocations(log, context, by, outcome->account, outcome->revoked,
                          outcome->revoked_count);
}
