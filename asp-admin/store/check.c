/* store check: is all that the database has as it should be? */
#include "words.h"

#include "asp-admin/database/check.h"
#include "asp-admin/doctor/findings.h"
#include "asp-admin/ui/plural.h"
#include "asp/name.h"

/* Whose it is; the name as it is stored, where nobody can tell. */
static const char *user_of(const char *name, char user[ASP_USER_MAX + 1])
{
    return asp_user_decode(name, user) ? user : name;
}

/* A database_fault. */
static void tell(void *context, const char *name, int part, const char *what)
{
    struct findings *findings = context;
    char user[ASP_USER_MAX + 1];

    if (name == NULL) {
        finding_fault(findings, "part", "%d: %s", part, what);
        finding_fix(findings, "restore the database from a backup, or go on: nodes may not "
                              "have heard of what is missing");
        return;
    }
    finding_fault(findings, "account", "%s: %s", user_of(name, user), what);
    finding_fix(findings, "restore it from a backup, or remove it and make new ones");
}

static void add_counts(struct findings *findings, const struct database_counts *counts)
{
    finding_ok(findings, "accounts", "%llu, with %llu app password%s; %llu that %s removed",
               counts->accounts, counts->entries, plural(counts->entries), counts->removed,
               counts->removed == 1 ? "was" : "were");
    finding_ok(findings, "events", "%llu", counts->events);
}

enum exit_code store_check(struct admin *admin)
{
    struct findings findings = {0};
    struct database_counts counts;
    struct asp_error error = {0};
    enum asp_status status = database_check(admin->database, tell, &findings, &counts, &error);
    enum exit_code code = EXIT_DONE;

    if (status == ASP_OK)
        add_counts(&findings, &counts);
    if (findings.faults > 0)
        code = EXIT_NO;
    /* What was found until then is said too. */
    if (findings.count > 0 && !findings_show(&findings, admin->console, admin->options->json))
        code = EXIT_STORE;
    findings_free(&findings);
    return status == ASP_OK ? code : fail_unreadable(admin->console, &error);
}
