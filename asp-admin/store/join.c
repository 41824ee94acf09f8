/* store join: this machine is of the store of its database from now on, which is looked at. */
#include "words.h"

#include "asp-admin/database/look.h"
#include "asp-admin/doctor/database_findings.h"
#include "asp/store_copy_files.h"

/* An asp_copy_visit: one is enough. */
static enum asp_status end_at_any(struct asp_copy_page *page, void *context,
                                  struct asp_error *error)
{
    bool *any = context;

    (void)error;
    *any = page->count > 0;
    return *any ? ASP_INTERRUPTED : ASP_OK;
}

/* A machine that has joined goes by its files no more, and whoever is in them is shut out. */
static void find_files(struct findings *findings, const struct asp_conf *conf)
{
    struct asp_copy_files files;
    struct asp_error error = {0};
    bool any = false;

    if (asp_copy_files_begin(&files, conf, &error) == ASP_OK && files.is_in_use) {
        const struct asp_copy_side side = asp_copy_files_side(&files);

        (void)side.each(side.own, end_at_any, &any, &error);
    }
    asp_copy_files_end(&files);
    if (any)
        finding_ok(findings, "files",
                   "note: the app passwords that are in files in %s let nobody in any more: see "
                   "From files, and back in asp-store(7)",
                   conf->store);
}

static void find_way(struct findings *findings, const struct database_look *look)
{
    char way[DATABASE_WAY_SIZE];

    database_add_way(look, way);
    finding_ok(findings, "way", "%s", way);
}

/* True where asp-broker's role may all that it has to. */
static bool find_roles(struct findings *findings, const struct asp_conf *conf,
                       const struct database_look *look)
{
    bool broker;

    (void)database_find_owners(findings, "role", look);
    if (database_find_role(findings, "role", conf, DATABASE_ADMIN, look))
        finding_ok(findings, "role", "%s may all that asp-admin does", conf->database.admin);
    broker = database_find_broker(findings, "role", conf);
    if (broker)
        finding_ok(findings, "role", "%s may all that asp-broker does", conf->database.user);
    return broker;
}

static void find_all(struct findings *findings, const struct admin *admin,
                     const struct database_look *look, bool joined)
{
    const struct asp_conf *conf = admin->conf;
    bool usable;
    bool broker;

    finding_ok(findings, "store", "this machine %s %.*s",
               joined ? "has joined" : "had joined before: it is of", DATABASE_ID_SHORT,
               look->identity.id);
    find_files(findings, conf);
    find_way(findings, look);
    usable = database_find_schema(findings, "schema", look);
    if (usable)
        finding_ok(findings, "schema", "%d", look->identity.schema);
    broker = find_roles(findings, conf, look);
    if (database_find_clock(findings, "clock", look))
        finding_ok(findings, "clock", "the database's and this machine's are the same");
    if (conf->database.host_count > 1 && database_find_hosts(findings, "hosts", conf))
        finding_ok(findings, "hosts", "one is written to: %s", look->host);
    if (database_find_standbys(findings, "standby", conf, look))
        finding_ok(findings, "standby", "a change is reported when a standby has it too");
    if (usable && database_find_answers(findings, "logins", admin->database) && broker)
        finding_ok(findings, "logins", "who logs in is answered");
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
    find_all(&findings, admin, &look, status == ASP_OK);
    code = findings.faults > 0 ? EXIT_NO : EXIT_DONE;
    if (!findings_show(&findings, admin->console, admin->options->json))
        code = EXIT_STORE;
    findings_free(&findings);
    return code;
}
