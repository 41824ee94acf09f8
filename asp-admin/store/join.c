/* store join: this machine is of the store of its database from now on, which is looked at. */
#include "words.h"

#include "asp-admin/database/look.h"
#include "asp-admin/doctor/findings.h"

#include <stdlib.h>

enum { CLOCK_MS = 2000, MS = 1000 };

static void find_way(struct findings *findings, const struct database_look *look)
{
    if (look->has_socket)
        finding_ok(findings, "way", "%s, a Unix socket: the system says who comes", look->host);
    else if (look->tls[0] != '\0')
        finding_ok(findings, "way", "%s, by %s", look->host, look->tls);
    else
        finding_ok(findings, "way", "%s, without TLS, on this machine", look->host);
}

static void find_schema(struct findings *findings, const struct database_look *look)
{
    if (look->is_closed) {
        finding_fault(findings, "schema", "the store was closed: it has moved to another place");
        finding_fix(findings, "name the database that it has moved to, and join that");
    } else if (!look->is_known) {
        finding_fault(findings, "schema", "it is %d, for later versions of pam_asp alone",
                      look->identity.schema);
        finding_fix(findings, "upgrade pam_asp on this machine");
    } else {
        finding_ok(findings, "schema", "%d", look->identity.schema);
    }
}

static void find_rights(struct findings *findings, const char *role, bool may, const char *what,
                        const char *needed, const struct database_look *look)
{
    if (!may) {
        finding_fault(findings, "role", "%s may not all that %s does", role, what);
        finding_fix(findings, "in the database: GRANT %s TO %s", needed, role);
    } else if (look->is_super) {
        finding_note(findings, "role", "%s is a superuser, which %s need not be", role, what);
    } else {
        finding_ok(findings, "role", "%s may all that %s does", role, what);
    }
}

/* By a connection of its own. */
static void find_broker(struct findings *findings, const struct asp_conf *conf)
{
    const char *role = conf->database.user;
    struct database_look look;
    struct asp_error error = {0};
    char line[ASP_ERROR_LINE];

    if (database_look_as(conf, role, &look, &error) == ASP_OK) {
        find_rights(findings, role, look.is_node, "asp-broker", "asp_node", &look);
        return;
    }
    finding_fault(findings, "role", "%s, asp-broker's role, is not let in: %s", role,
                  asp_error_line(&error, line));
    finding_fix(findings, "let it in as asp-store(7) has it");
}

static void find_clock(struct findings *findings, const struct database_look *look)
{
    const long long apart = llabs((long long)look->ahead_ms);

    if (apart > CLOCK_MS + look->told_ms) {
        finding_fault(findings, "clock", "the database's is %lld s %s this machine's", apart / MS,
                      look->ahead_ms > 0 ? "ahead of" : "behind");
        finding_fix(findings, "have both follow one time server");
    } else {
        finding_ok(findings, "clock", "the database's and this machine's are the same");
    }
}

static void find_standby(struct findings *findings, const struct database_look *look)
{
    if (look->has_standby)
        finding_ok(findings, "standby", "a change is reported when a standby has it too");
    else
        finding_note(findings, "standby",
                     "synchronous_standby_names is empty: what was reported, a revocation too, can "
                     "be lost when a standby takes over");
}

static void find_all(struct findings *findings, const struct asp_conf *conf,
                     const struct database_look *look, bool joined)
{
    finding_ok(findings, "store", "this machine %s %.*s",
               joined ? "has joined" : "had joined before: it is of", DATABASE_ID_SHORT,
               look->identity.id);
    find_way(findings, look);
    find_schema(findings, look);
    find_rights(findings, conf->database.admin, look->is_node && look->is_admin, "asp-admin",
                "asp_admin", look);
    find_broker(findings, conf);
    find_clock(findings, look);
    find_standby(findings, look);
}

enum exit_code store_join(struct admin *admin)
{
    struct findings findings = {0};
    struct database_look look;
    struct asp_error error = {0};
    enum exit_code code;
    enum asp_status status;

    /* Its database has not been asked yet. */
    if (admin_find_store(admin, true, &error) != ASP_OK)
        return fail_unreadable(admin->console, &error);
    status = database_join(admin->database, &error);
    if (status != ASP_OK && status != ASP_UNCHANGED)
        return fail_unreadable(admin->console, &error);
    if (database_look(admin->database, &look, &error) != ASP_OK)
        return fail_unreadable(admin->console, &error);
    find_all(&findings, admin->conf, &look, status == ASP_OK);
    code = findings.faults > 0 ? EXIT_NO : EXIT_DONE;
    if (!findings_show(&findings, admin->console, admin->options->json))
        code = EXIT_STORE;
    findings_free(&findings);
    return code;
}
