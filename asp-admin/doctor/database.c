/* doctor: the database that accounts are in. */
#include "database.h"

#include "database_findings.h"
#include "database_unit.h"

#include "asp-admin/database/database.h"
#include "asp-admin/database/files.h"
#include "asp-admin/system/machine.h"
#include "asp/buffer.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define ID_FILE "store-id"
#define FEED_FILE "feed"

/* A database_file_fault. */
static void add_file_fault(void *context, const char *path, const struct asp_error *fault)
{
    struct examination *exam = context;

    if (exam_ran_out(exam, fault->status))
        return;
    finding_fault(&exam->findings, CHECK_DATABASE, "%s", fault->text);
    if (fault->advice[0] != '\0')
        finding_fix(&exam->findings, "%s", fault->advice);
    else
        exam_fix_at(exam, fault, path, PATH_SOUND);
}

/* Why nothing is heard of it. */
static void tell_unreached(struct examination *exam, const struct asp_error *error)
{
    struct findings *findings = &exam->findings;

    if (exam_ran_out(exam, error->status))
        return;
    finding_fault(findings, CHECK_DATABASE, "%s", error->text);
    if (error->advice[0] != '\0')
        finding_fix(findings, "%s", error->advice);
    else if (error->status == ASP_UNSAFE)
        finding_fix(findings, "name in asp.conf the database that the store is in");
    else
        finding_fix(findings,
                    "see that PostgreSQL runs there, that this machine reaches it, and "
                    "that its pg_hba.conf lets %s in: asp-store(7)",
                    exam->admin->conf->database.admin);
}

/* As whom logins are answered. */
static void check_user(struct examination *exam)
{
    if (getpwnam(DATABASE_USER) != NULL)
        return;
    finding_fault(&exam->findings, CHECK_DATABASE,
                  "there is no user " DATABASE_USER ", so asp-broker answers logins as root");
    finding_fix_command(&exam->findings, true,
                        (const char *[]){"useradd", "--system", "--user-group", "--no-create-home",
                                         "--shell", "/usr/sbin/nologin", DATABASE_USER, NULL});
}

/* That it is the one that this machine has joined. */
static bool check_joined(struct examination *exam)
{
    struct findings *findings = &exam->findings;
    struct asp_error error = {0};
    char path[PATH_MAX];
    const enum asp_status status = database_is_joined(exam->admin->database, &error);

    if (status == ASP_OK)
        return true;
    if (status != ASP_UNSAFE && status != ASP_CORRUPT) {
        tell_unreached(exam, &error);
        return false;
    }
    (void)snprintf(path, sizeof path, "%s/" ID_FILE, exam->admin->conf->store);
    finding_fault(findings, CHECK_DATABASE, "%s: nobody is let in", error.text);
    if (error.advice[0] != '\0')
        finding_fix(findings, "%s", error.advice);
    else
        exam_fix_at(exam, &error, path, PATH_PRIVATE);
    return false;
}

/* `told`: of a file by which it is reached something is wrong, which is why it is not. */
static bool look_at(struct examination *exam, bool told)
{
    const struct asp_conf *conf = exam->admin->conf;
    struct findings *findings = &exam->findings;
    struct database_look look;
    struct asp_error error = {0};
    char way[DATABASE_WAY_SIZE];
    bool usable;

    if (database_look(exam->admin->database, &look, &error) != ASP_OK) {
        if (!told)
            tell_unreached(exam, &error);
        return false;
    }
    usable = check_joined(exam);
    database_add_way(&look, way);
    if (usable)
        finding_ok(findings, CHECK_DATABASE, "this machine is of the store %.*s, at %s",
                   DATABASE_ID_SHORT, look.identity.id, way);
    usable = database_find_schema(findings, CHECK_DATABASE, &look) && usable;
    (void)database_find_owners(findings, CHECK_DATABASE, &look);
    (void)database_find_role(findings, CHECK_DATABASE, conf, DATABASE_ADMIN, &look);
    (void)database_find_broker(findings, CHECK_DATABASE, conf);
    (void)database_find_clock(findings, CHECK_DATABASE, &look);
    (void)database_find_hosts(findings, CHECK_DATABASE, conf);
    (void)database_find_standbys(findings, CHECK_DATABASE, conf, &look);
    return usable && database_find_answers(findings, CHECK_DATABASE, exam->admin->database);
}

/* Who runs primary.command for all. That a role may not see it was told with what that may. */
static void look_at_lease(struct examination *exam)
{
    char name[MACHINE_NAME_SIZE];
    enum asp_status status;

    if (!asp_source_traits(exam->admin->conf->primary_source).is_program)
        return;
    machine_name(name);
    status = database_lease_look(exam->admin->database, PGSQL_LEASE_PRIMARY, name,
                                 PGSQL_LEASE_PRIMARY_SECONDS, &exam->lease, NULL);
    exam->knows_lease = status == ASP_OK || status == ASP_NOT_FOUND;
    (void)exam_ran_out(exam, status);
}

bool examine_database(struct examination *exam)
{
    const struct asp_conf *conf = exam->admin->conf;
    size_t before;

    if (conf->database.host_count == 0)
        return true;
    database_unit_check(exam);
    check_user(exam);
    before = exam->findings.faults;
    database_examine_files(conf, add_file_fault, exam);
    exam->has_database = look_at(exam, exam->findings.faults > before);
    if (exam->has_database)
        look_at_lease(exam);
    return exam->has_database;
}

void examine_database_feed(struct examination *exam)
{
    const struct asp_conf *conf = exam->admin->conf;
    struct asp_error error = {0};
    char path[PATH_MAX];
    struct stat st;
    enum asp_status status;

    if (!exam->has_database)
        return;
    status = database_feed_look_at_place(exam->admin->database, &exam->place, &error);
    if (status == ASP_CORRUPT) {
        finding_note(&exam->findings, CHECK_DATABASE,
                     "%s: a watch tells again what was revoked since an hour before it was written",
                     error.text);
    } else if (status != ASP_OK && status != ASP_NOT_FOUND && !exam_ran_out(exam, status)) {
        (void)snprintf(path, sizeof path, "%s/" FEED_FILE, conf->store);
        finding_fault(&exam->findings, CHECK_DATABASE, "what is revoked cannot be heard: %s",
                      error.text);
        if (lstat(path, &st) == 0 && !S_ISREG(st.st_mode))
            exam_fix_at(exam, &error, path, PATH_PRIVATE);
        else if (!path_fix(&exam->findings, path, PATH_PRIVATE))
            finding_fix(&exam->findings, "asp-admin store check says what is missing");
    }
}
