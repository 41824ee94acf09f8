/* doctor: the store, and in it the accounts. */
#include "store.h"

#include "accounts.h"
#include "database.h"
#include "primary.h"
#include "units.h"

#include "asp-admin/system/mount_plan.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A folder of locks or of last uses is lost without loss; that of the accounts is not, and where
 * that is missing too the store may just not be mounted. */
static bool may_be_made(const struct examination *exam, const char *path)
{
    const char *store = exam->admin->conf->store;
    const char *name = path + strlen(store);
    char users[PATH_MAX];

    (void)snprintf(users, sizeof users, "%s/users", store);
    return (strcmp(name, "/locks") == 0 || strcmp(name, "/used") == 0) && access(users, F_OK) == 0;
}

static void add_fault(const struct asp_error *fault, const char *path, void *context)
{
    struct examination *exam = context;

    if (fault->status != ASP_NOT_FOUND || !may_be_made(exam, path)) {
        exam_fault_at(exam, CHECK_STORE, fault, path, PATH_FOLDER);
        return;
    }
    finding_fault(&exam->findings, CHECK_STORE, "%s", fault->text);
    path_fix_missing(&exam->findings, path);
}

/* False: it is to be mounted, and is not. What lies beneath is no store then, and what is wrong
 * with it is nothing that anybody should mend. */
static bool check_mount(struct examination *exam)
{
    struct asp_error error = {0};
    struct mount_missing missing;
    const char *words[MOUNT_WORDS];
    enum asp_status status =
        mount_plan_check(&mount_plan, exam->admin->conf->store, &missing, &error);

    if (status == ASP_OK || exam_ran_out(exam, status))
        return status == ASP_OK;
    finding_fault(&exam->findings, CHECK_STORE, "%s", error.text);
    mount_plan_command(&missing, words);
    finding_fix_command(&exam->findings, true, words);
    return false;
}

/* False: there are no accounts that could be looked at. */
static bool check_store(struct examination *exam)
{
    struct admin *admin = exam->admin;
    struct asp_error error = {0};
    const bool mounted = check_mount(exam);
    bool usable = mounted && asp_store_examine(admin->conf, &admin->kept, add_fault, exam);

    /* Also where its accounts cannot be looked at: the watch's lock perhaps can. */
    if (mounted && asp_store_open(&admin->store, admin->conf, &admin->kept, &error) != ASP_OK &&
        usable) {
        exam_fault(exam, CHECK_STORE, &error);
        usable = false;
    }
    examine_units(exam);
    if (findings_none_of(&exam->findings, CHECK_STORE))
        finding_ok(&exam->findings, CHECK_STORE, "%s is sound, and root's alone",
                   admin->conf->store);
    return mounted && examine_database(exam) && usable;
}

static enum asp_status add_stray(const char *user, void *context)
{
    return name_list_add_once(context, user) ? ASP_OK : ASP_NO_MEMORY;
}

static void clear_strays(struct examination *exam)
{
    struct name_list strays = {0};
    struct asp_buffer names = {0};
    struct asp_error error = {0};
    enum asp_status status =
        asp_store_clear_strays(&exam->admin->store, add_stray, &strays, &error);

    if (status == ASP_NO_MEMORY)
        exam->findings.failed = true;
    else if (status != ASP_OK)
        exam_fault(exam, CHECK_STORE, &error);
    if (strays.count > 0)
        finding_note(&exam->findings, CHECK_STORE,
                     "a kill or a power cut left unfinished files of %s. They are removed, and the "
                     "accounts are as they were",
                     exam_names(exam, &names, &strays));
    asp_buffer_free(&names);
    name_list_clear(&strays);
}

void examine_store(struct examination *exam)
{
    struct primaries primaries = {0};

    /* Before the accounts: they are compared with it while they are looked at. */
    primaries_read(exam->admin->conf, &primaries);
    if (check_store(exam)) {
        clear_strays(exam);
        examine_accounts(exam, &primaries);
    }
    examine_primary(exam, &primaries);
    primaries_free(&primaries);
}
