/* doctor: every account, and its usage. */
#include "accounts.h"

#include "asp-admin/ui/plural.h"
#include "asp-admin/ui/progress.h"
#include "asp/buffer.h"
#include "asp/store_due.h"
#include "asp/usage.h"

#include <stdio.h>

enum { FAULTS_MAX = 20 }; /* how many damaged accounts have a fault each */

/* What one pass over all accounts gathers. */
struct pass {
    struct examination *exam;
    struct primaries *primaries;
    size_t accounts;
    struct name_list damaged;    /* what cannot be read */
    struct name_list ill_formed; /* whose name is none any more, in quotation marks */
    char last_ill_formed[ASP_USER_MAX + 1];
    struct name_list mended; /* whose usage was damaged */
    struct name_list stuck;  /* whose usage is, and cannot be written */
    struct asp_error why;    /* of the last of those */
};

static bool has_due_hook(const struct asp_account *account)
{
    for (size_t i = 0; i < account->count; i++) {
        if (account->entries[i].hook_due)
            return true;
    }
    return false;
}

static bool look_at_usage(struct pass *pass, const struct asp_account *account)
{
    struct asp_usage usage = {0};
    struct asp_error error = {0};
    enum asp_status mended;
    enum asp_status status =
        admin_read_usage(pass->exam->admin, account, true, &usage, &mended, &error);

    asp_usage_free(&usage);
    if (status == ASP_NO_MEMORY || mended == ASP_NO_MEMORY)
        return false;
    if (status == ASP_OK && mended == ASP_UNCHANGED)
        return true;
    if (status == ASP_OK && mended == ASP_OK)
        return name_list_add(&pass->mended, account->user);
    pass->why = error;
    return name_list_add(&pass->stuck, account->user);
}

/* A blank at an end is seen in quotation marks alone. */
static bool list_ill_formed(struct pass *pass, const char *user)
{
    char quoted[ASP_USER_MAX + 3];

    if (asp_user_fault(user) == NULL)
        return true;
    (void)snprintf(quoted, sizeof quoted, "\"%s\"", user);
    (void)snprintf(pass->last_ill_formed, sizeof pass->last_ill_formed, "%s", user);
    return name_list_add(&pass->ill_formed, quoted);
}

static enum asp_status visit(const char *user, void *context)
{
    struct pass *pass = context;
    struct asp_account account;
    bool added;
    enum asp_status status;

    progress_count();
    status = asp_store_load(&pass->exam->admin->store, user, NULL, &account, NULL);
    if (status == ASP_NOT_FOUND) {
        /* Its maker was killed, or the power went. */
        asp_store_drop_stale(&pass->exam->admin->store, user);
        return ASP_OK;
    }
    if (status == ASP_NO_MEMORY)
        return status;
    pass->accounts++;
    if (status != ASP_OK) {
        added = name_list_add(&pass->damaged, user);
    } else {
        pass->exam->due += has_due_hook(&account);
        added = list_ill_formed(pass, user) &&
                primaries_compare(pass->primaries, user, &account, pass->exam->admin->now) &&
                look_at_usage(pass, &account);
        asp_account_free(&account);
    }
    return added ? ASP_OK : ASP_NO_MEMORY;
}

/* Of accounts that have gone, or had no room for it. */
static enum asp_status count_aside(const char *user, void *context)
{
    struct pass *pass = context;

    (void)user;
    pass->exam->due++;
    return ASP_OK;
}

/* Owner and mode of an account's file are set right by commands; what it is else is not. */
static bool fix_file(struct examination *exam, const char *user)
{
    char name[ASP_USER_ENCODED + 1];
    char file[ASP_USER_FILE + 1];
    char path[PATH_MAX];

    if (!asp_user_encode(user, name))
        return false;
    asp_user_file(name, file);
    (void)snprintf(path, sizeof path, "%s/users/%s", exam->admin->conf->store, file);
    return path_fix(&exam->findings, path, PATH_PRIVATE);
}

static void tell_damaged_account(struct examination *exam, const char *user)
{
    struct asp_account account;
    struct asp_error error = {0};
    struct asp_buffer command = {0};
    enum asp_status status = asp_store_load(&exam->admin->store, user, NULL, &account, &error);

    if (status == ASP_OK) { /* fixed meanwhile */
        asp_account_free(&account);
        return;
    }
    if (exam_ran_out(exam, status))
        return;
    finding_fault(&exam->findings, CHECK_ACCOUNTS, "%s: %s", user, error.text);
    if (status == ASP_NEWER)
        finding_fix(&exam->findings,
                    "install the version of pam_asp that has written it, or a later one");
    else if (user[0] == '/') /* whose it was is not known */
        finding_fix(&exam->findings, "restore that file from a backup, or remove it");
    else if (status == ASP_CORRUPT)
        finding_fix(&exam->findings, "restore it from a backup, or drop it: %s",
                    exam_remove(exam, &command, 1, user));
    else if (status == ASP_UNSAFE && !fix_file(exam, user))
        finding_fix(&exam->findings,
                    "make it a plain file of root's with mode 0600, or drop it: %s",
                    exam_remove(exam, &command, 1, user));
    else if (status != ASP_UNSAFE)
        finding_fix(&exam->findings, "see what the system's log says of that disk");
    asp_buffer_free(&command);
}

static void tell_accounts(struct examination *exam, struct pass *pass)
{
    struct name_list *damaged = &pass->damaged;
    struct asp_buffer ill_formed = {0};
    struct asp_buffer command = {0};

    name_list_sort(damaged);
    for (size_t i = 0; i < damaged->count && i < FAULTS_MAX; i++)
        tell_damaged_account(exam, damaged->list[i]);
    if (damaged->count > FAULTS_MAX) {
        finding_fault(&exam->findings, CHECK_ACCOUNTS, "%zu more of %zu cannot be read",
                      damaged->count - FAULTS_MAX, pass->accounts);
        finding_fix(&exam->findings, "to see them all: %s",
                    exam_command(exam, &command, (const char *[]){"list", NULL}));
    }
    if (pass->ill_formed.count > 0) {
        finding_fault(&exam->findings, CHECK_ACCOUNTS,
                      "a name has no blank at either end since this version, and nobody can log in "
                      "to these accounts: %s",
                      exam_names(exam, &ill_formed, &pass->ill_formed));
        asp_buffer_free(&command);
        finding_fix(&exam->findings,
                    "have each make new app passwords, then forget the account by that "
                    "spelling: %s",
                    exam_remove(exam, &command, pass->ill_formed.count, pass->last_ill_formed));
    }
    asp_buffer_free(&command);
    asp_buffer_free(&ill_formed);
    if (findings_none_of(&exam->findings, CHECK_ACCOUNTS))
        finding_ok(&exam->findings, CHECK_ACCOUNTS, "%zu user%s, each account can be read",
                   pass->accounts, plural(pass->accounts));
}

static void tell_usage(struct examination *exam, struct pass *pass)
{
    struct asp_buffer mended = {0};
    struct asp_buffer stuck = {0};
    char line[ASP_ERROR_LINE];

    if (pass->mended.count > 0) {
        asp_store_sync_usage(&exam->admin->store);
        finding_note(&exam->findings, CHECK_USAGE,
                     "the last uses of %s are damaged or lost. What is lost begins anew now, and "
                     "so does the time that an app password may lie unused",
                     exam_names(exam, &mended, &pass->mended));
    }
    if (pass->stuck.count > 0)
        finding_note(&exam->findings, CHECK_USAGE,
                     "the last uses of %s are damaged or lost and cannot be written, so the time "
                     "that an app password may lie unused counts from when it was made or bound: "
                     "%s",
                     exam_names(exam, &stuck, &pass->stuck), asp_error_line(&pass->why, line));
    if (findings_none_of(&exam->findings, CHECK_USAGE))
        finding_ok(&exam->findings, CHECK_USAGE, "the last uses can be read");
    asp_buffer_free(&mended);
    asp_buffer_free(&stuck);
}

void examine_accounts(struct examination *exam, struct primaries *primaries)
{
    struct pass pass = {.exam = exam, .primaries = primaries};
    struct asp_error error = {0};
    const struct asp_store *store = &exam->admin->store;
    enum asp_status status = asp_store_each_account(store, visit, &pass, &error);

    if (status == ASP_OK)
        status = asp_due_each(store, count_aside, &pass, &error);
    if (status == ASP_NO_MEMORY) {
        exam->findings.failed = true;
    } else if (status != ASP_OK) {
        exam_fault(exam, CHECK_ACCOUNTS, &error);
    } else {
        tell_accounts(exam, &pass);
        tell_usage(exam, &pass);
    }
    primaries->readable = pass.accounts - pass.damaged.count;
    name_list_clear(&pass.damaged);
    name_list_clear(&pass.ill_formed);
    name_list_clear(&pass.mended);
    name_list_clear(&pass.stuck);
}
