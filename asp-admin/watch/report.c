/* Lines of a pass. */
#include "report.h"

#include "asp-admin/ui/plural.h"
#include "asp/buffer.h"

#include <stdio.h>
#include <string.h>
#include <syslog.h>

void report_trouble(char said[REPORT_LINE], const char *trouble, const char *over)
{
    if (strcmp(trouble, said) == 0)
        return;
    if (trouble[0] != '\0')
        syslog(LOG_ERR, "watch: %s", trouble);
    else
        syslog(LOG_NOTICE, "watch: %s", over);
    (void)snprintf(said, REPORT_LINE, "%s", trouble);
}

void report_gone(const struct admin *admin, const struct compare_result *result, size_t *held)
{
    struct asp_buffer confirm = {0};
    struct asp_buffer remove = {0};

    if (result->gone_held > 0 && result->gone_held != *held)
        syslog(LOG_ERR,
               "watch: %zu of %zu users seem to be gone at once: nothing was written; if it is so, "
               "say %s",
               result->gone_held, result->accounts,
               admin_command(admin, &confirm, (const char *[]){"watch", "--confirm", NULL}));
    if (result->gone > 0)
        syslog(LOG_WARNING,
               "watch: %zu of %zu users are gone, and their app passwords are refused: %s forgets "
               "them",
               result->gone, result->accounts,
               admin_command(admin, &remove, (const char *[]){"remove", NULL}));
    *held = result->gone_held;
    asp_buffer_free(&confirm);
    asp_buffer_free(&remove);
}

void report_lease(const struct primary_lease *lease, char said[PGSQL_HOLDER_MAX + 1])
{
    char name[PGSQL_HOLDER_MAX + 1];

    if (strcmp(lease->holder, said) == 0)
        return;
    if (lease->is_ours)
        syslog(
            LOG_NOTICE,
            "watch: this machine runs primary.command from now on, for all that share the store");
    else if (lease->holder[0] != '\0')
        syslog(LOG_NOTICE, "watch: primary.command is run by %s",
               primary_lease_holder(lease, name));
    memcpy(said, lease->holder, sizeof lease->holder);
}

void report_failed(const struct compare_result *result, char trouble[REPORT_LINE])
{
    char line[ASP_ERROR_LINE];

    trouble[0] = '\0';
    if (result->failed > 0)
        (void)snprintf(trouble, REPORT_LINE, "%zu account%s could not be compared%s: %s",
                       result->failed, plural(result->failed), result->failed == 1 ? "" : ", first",
                       asp_error_line(&result->failure, line));
}
