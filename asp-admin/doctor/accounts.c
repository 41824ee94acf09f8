/* doctor: every account, and its usage. */
#include "accounts.h"

#include "asp/buffer.h"
#include "asp/usage.h"

enum { FAULTS_MAX = 20 }; /* how many damaged accounts have a fault each */

/* What one pass over all accounts gathers. */
struct pass {
    struct examination *exam;
    struct primaries *primaries;
    size_t accounts;
    struct name_list damaged; /* what cannot be read */
    struct name_list usage;   /* whose usage is damaged */
};

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

static bool has_due_hook(const struct asp_account *account)
{
    for (size_t i = 0; i < account->count; i++) {
        if (account->entries[i].hook_due)
            return true;
    }
    return false;
}

static bool look_at_usage(struct pass *pass, const char *user)
{
    struct asp_usage usage = {0};
    struct asp_usage_head head;
    enum asp_status status = asp_store_usage(&pass->exam->admin->store, user, &usage, NULL);
    bool damaged = status != ASP_OK || (usage.length > 0 && !asp_usage_sound(&usage, &head));

    asp_usage_free(&usage);
    return !damaged || name_list_add(&pass->usage, user);
}

static enum asp_status visit(const char *user, void *context)
{
    struct pass *pass = context;
    struct asp_account account;
    bool added;
    enum asp_status status = asp_store_load(&pass->exam->admin->store, user, NULL, &account, NULL);

    if (status == ASP_NOT_FOUND || status == ASP_NO_MEMORY)
        return status == ASP_NOT_FOUND ? ASP_OK : status;
    pass->accounts++;
    if (status != ASP_OK) {
        added = name_list_add(&pass->damaged, user);
    } else {
        pass->exam->due += has_due_hook(&account);
        added = primaries_compare(pass->primaries, user, &account, pass->exam->admin->now);
        asp_account_free(&account);
    }
    return added && look_at_usage(pass, user) ? ASP_OK : ASP_NO_MEMORY;
}

static void tell_damaged_account(struct examination *exam, const char *user)
{
    struct asp_account account;
    struct asp_error error = {0};
    enum asp_status status = asp_store_load(&exam->admin->store, user, NULL, &account, &error);

    if (status == ASP_OK) { /* fixed meanwhile */
        asp_account_free(&account);
        return;
    }
    finding_fault(&exam->findings, CHECK_ACCOUNTS, "%s: %s", user, error.text);
    if (status == ASP_NEWER)
        finding_fix(&exam->findings,
                    "install the version of pam_asp that has written it, or a later one");
    else if (status == ASP_CORRUPT)
        finding_fix(&exam->findings, "restore it from a backup, or drop it: asp-admin remove %s",
                    user);
    else if (status == ASP_UNSAFE)
        finding_fix(&exam->findings,
                    "make it a plain file of root's with mode 0600, or drop it: asp-admin remove "
                    "%s",
                    user);
    else
        finding_fix(&exam->findings, "see what the system's log says of that disk");
}

static void tell_accounts(struct examination *exam, struct pass *pass)
{
    struct name_list *damaged = &pass->damaged;

    name_list_sort(damaged);
    for (size_t i = 0; i < damaged->count && i < FAULTS_MAX; i++)
        tell_damaged_account(exam, damaged->list[i]);
    if (damaged->count > FAULTS_MAX) {
        finding_fault(&exam->findings, CHECK_ACCOUNTS, "%zu more of %zu cannot be read",
                      damaged->count - FAULTS_MAX, pass->accounts);
        finding_fix(&exam->findings, "asp-admin list names them all");
    }
    if (findings_none_of(&exam->findings, CHECK_ACCOUNTS))
        finding_ok(&exam->findings, CHECK_ACCOUNTS, "%zu user%s, each account can be read",
                   pass->accounts, plural(pass->accounts));
}

static void tell_usage(struct examination *exam, struct pass *pass)
{
    struct asp_buffer names = {0};

    if (pass->usage.count == 0)
        finding_ok(&exam->findings, CHECK_USAGE, "the last uses can be read");
    else
        finding_note(&exam->findings, CHECK_USAGE,
                     "the last uses of %s are damaged. They begin anew with the next login, and so "
                     "does the time that an app password may lie unused",
                     exam_names(exam, &names, &pass->usage));
    asp_buffer_free(&names);
}

void examine_accounts(struct examination *exam, struct primaries *primaries)
{
    struct pass pass = {.exam = exam, .primaries = primaries};
    struct asp_error error = {0};
    enum asp_status status = asp_store_each(&exam->admin->store, visit, &pass, &error);

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
    name_list_clear(&pass.usage);
}
