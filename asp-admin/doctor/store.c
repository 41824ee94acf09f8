/* doctor: the store, the accounts in it, and where the primary passwords of their users are. */
#include "doctor.h"

#include "asp-admin/primary/primary_source.h"
#include "asp-admin/system/name_list.h"
#include "asp/buffer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FAULTS_MAX = 20 }; /* how many damaged accounts have a fault each */

/* What one pass over all accounts gathers. */
struct pass {
    struct doctor *doctor;
    const struct primary_source *shadow; /* NULL: nothing to compare with */
    size_t accounts;
    struct name_list damaged; /* what cannot be read */
    struct name_list usage;   /* whose usage is damaged */
    struct name_list absent;  /* no line in shadow, and none to be missed */
    struct name_list gone;    /* no line any more */
    struct name_list broken;  /* a line that says nothing */
    struct name_list changed; /* another password than the one remembered */
};

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort(struct name_list *names)
{
    if (names->count > 0)
        qsort(names->list, names->count, sizeof *names->list, by_name);
}

void doctor_add_names(struct asp_buffer *out, struct name_list *names)
{
    size_t shown = names->count <= DOCTOR_NAMES ? names->count : DOCTOR_NAMES;

    sort(names);
    asp_buffer_add(out, "");
    for (size_t i = 0; i < shown; i++) {
        asp_buffer_add(out, i == 0 ? "" : i + 1 == names->count ? " and " : ", ");
        asp_buffer_add(out, names->list[i]);
    }
    if (shown == names->count)
        return;
    asp_buffer_add(out, " and ");
    asp_buffer_add_number(out, names->count - shown);
    asp_buffer_add(out, " more");
}

/* The same as a text of its own, in `out`; empty where memory is short. */
static const char *named(struct doctor *doctor, struct asp_buffer *out, struct name_list *names)
{
    doctor_add_names(out, names);
    doctor->findings.failed = doctor->findings.failed || out->failed;
    return out->failed ? "" : out->text;
}

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

static void add_fault(const struct asp_error *fault, void *context)
{
    struct doctor *doctor = context;

    if (fault->advice[0] == '\0') {
        doctor_fault(doctor, CHECK_STORE, fault);
        return;
    }
    finding_fault(&doctor->findings, CHECK_STORE, "%s", fault->text);
    finding_fix(&doctor->findings, "%s", fault->advice);
}

/* False: there are no accounts that could be looked at. */
static bool check_store(struct doctor *doctor)
{
    struct admin *admin = doctor->admin;
    struct asp_error error = {0};
    bool usable = asp_store_examine(admin->conf, NULL, add_fault, doctor);

    /* Also where its accounts cannot be looked at: the watch's lock perhaps can. */
    if (asp_store_open(&admin->store, admin->conf, NULL, &error) != ASP_OK && usable) {
        doctor_fault(doctor, CHECK_STORE, &error);
        usable = false;
    }
    if (findings_none_of(&doctor->findings, CHECK_STORE))
        finding_ok(&doctor->findings, CHECK_STORE, "%s is sound, and root's alone",
                   admin->conf->store);
    return usable;
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
    enum asp_status status = asp_store_usage(&pass->doctor->admin->store, user, &usage, NULL);
    bool damaged = status != ASP_OK || (usage.length > 0 && !asp_usage_sound(&usage, &head));

    asp_usage_free(&usage);
    return !damaged || name_list_add(&pass->usage, user);
}

static bool look_at_primary(struct pass *pass, const char *user, const struct asp_account *account)
{
    struct asp_primary_now now;
    enum asp_primary primary;
    struct name_list *list = NULL;

    if (pass->shadow == NULL)
        return true;
    primary_source_find(pass->shadow, user, &now);
    primary = asp_primary_compare(&account->primary, &now, pass->doctor->admin->now);
    if (primary == ASP_PRIMARY_ABSENT)
        list = &pass->gone;
    else if (primary == ASP_PRIMARY_CHANGED)
        list = &pass->changed;
    else if (now.says == ASP_SAYS_ABSENT)
        list = &pass->absent;
    else if (now.says == ASP_SAYS_NOTHING)
        list = &pass->broken;
    return list == NULL || name_list_add(list, user);
}

static enum asp_status visit(const char *user, void *context)
{
    struct pass *pass = context;
    struct asp_account account;
    bool added;
    enum asp_status status =
        asp_store_load(&pass->doctor->admin->store, user, NULL, &account, NULL);

    if (status == ASP_NOT_FOUND || status == ASP_NO_MEMORY)
        return status == ASP_NOT_FOUND ? ASP_OK : status;
    pass->accounts++;
    if (status != ASP_OK) {
        added = name_list_add(&pass->damaged, user);
    } else {
        pass->doctor->due += has_due_hook(&account);
        added = look_at_primary(pass, user, &account);
        asp_account_free(&account);
    }
    return added && look_at_usage(pass, user) ? ASP_OK : ASP_NO_MEMORY;
}

static void tell_damaged_account(struct doctor *doctor, const char *user)
{
    struct asp_account account;
    struct asp_error error = {0};
    enum asp_status status = asp_store_load(&doctor->admin->store, user, NULL, &account, &error);

    if (status == ASP_OK) { /* mended meanwhile */
        asp_account_free(&account);
        return;
    }
    finding_fault(&doctor->findings, CHECK_ACCOUNTS, "%s: %s", user, error.text);
    if (status == ASP_NEWER)
        finding_fix(&doctor->findings,
                    "install the version of pam_asp that has written it, or a later one");
    else if (status == ASP_CORRUPT)
        finding_fix(&doctor->findings, "restore it from a backup, or drop it: asp-admin remove %s",
                    user);
    else if (status == ASP_UNSAFE)
        finding_fix(&doctor->findings,
                    "make it a plain file of root's with mode 0600, or drop it: asp-admin remove "
                    "%s",
                    user);
    else
        finding_fix(&doctor->findings, "see what the system's log says of that disk");
}

static void tell_accounts(struct doctor *doctor, struct pass *pass)
{
    struct name_list *damaged = &pass->damaged;

    sort(damaged);
    for (size_t i = 0; i < damaged->count && i < FAULTS_MAX; i++)
        tell_damaged_account(doctor, damaged->list[i]);
    if (damaged->count > FAULTS_MAX) {
        finding_fault(&doctor->findings, CHECK_ACCOUNTS, "%zu more of %zu cannot be read",
                      damaged->count - FAULTS_MAX, pass->accounts);
        finding_fix(&doctor->findings, "asp-admin list names them all");
    }
    if (findings_none_of(&doctor->findings, CHECK_ACCOUNTS))
        finding_ok(&doctor->findings, CHECK_ACCOUNTS, "%zu user%s, each account can be read",
                   pass->accounts, plural(pass->accounts));
}

static void tell_usage(struct doctor *doctor, struct pass *pass)
{
    struct asp_buffer names = {0};

    if (pass->usage.count == 0)
        finding_ok(&doctor->findings, CHECK_USAGE, "the last uses can be read");
    else
        finding_note(&doctor->findings, CHECK_USAGE,
                     "the last uses of %s are damaged. They begin anew with the next login, and so "
                     "does the time that an app password may lie unused",
                     named(doctor, &names, &pass->usage));
    asp_buffer_free(&names);
}

/* Each list that has somebody in it is a row of its own. */
static void tell_shadow(struct doctor *doctor, struct pass *pass)
{
    struct findings *findings = &doctor->findings;
    struct asp_buffer broken = {0};
    struct asp_buffer gone = {0};
    struct asp_buffer changed = {0};
    struct asp_buffer absent = {0};

    if (pass->broken.count > 0) {
        finding_fault(findings, CHECK_PRIMARY,
                      "the line in " ASP_SHADOW_PATH
                      " has not its nine fields for %s: their app passwords are refused",
                      named(doctor, &broken, &pass->broken));
        finding_fix(findings, "mend the line with vipw -s; pwck(8) looks it over");
    }
    if (pass->gone.count > 0)
        finding_note(findings, CHECK_PRIMARY,
                     "%s had a primary password and no line in " ASP_SHADOW_PATH
                     " any more: their app passwords are refused. asp-admin remove forgets them",
                     named(doctor, &gone, &pass->gone));
    if (pass->changed.count > 0)
        finding_note(findings, CHECK_PRIMARY,
                     "the primary password of %s has changed: their app passwords are refused, and "
                     "revoked by the next login or by asp-admin watch --once",
                     named(doctor, &changed, &pass->changed));
    if (pass->absent.count > 0)
        finding_note(findings, CHECK_PRIMARY,
                     "%s: no line in " ASP_SHADOW_PATH
                     ", so a change of the primary password is not seen there. The PAM password "
                     "stack sees one that is made on this machine; a directory can be asked with "
                     "primary.source = \"command\", see asp.conf(5); else say asp-admin revoke",
                     named(doctor, &absent, &pass->absent));
    if (findings_none_of(findings, CHECK_PRIMARY))
        finding_ok(findings, CHECK_PRIMARY, ASP_SHADOW_PATH " can be read%s",
                   pass->accounts > pass->damaged.count
                       ? ", and has a line for every user whose account can be"
                       : "");
    asp_buffer_free(&broken);
    asp_buffer_free(&gone);
    asp_buffer_free(&changed);
    asp_buffer_free(&absent);
}

static void tell_unread_shadow(struct doctor *doctor, const struct asp_error *error)
{
    if (error->status == ASP_UNSAFE) {
        doctor_fault(doctor, CHECK_PRIMARY, error);
        return;
    }
    finding_fault(&doctor->findings, CHECK_PRIMARY, "%s: every app password is refused",
                  error->text);
    finding_fix(&doctor->findings, ASP_SHADOW_PATH " has to be there, and each of its lines needs "
                                                   "an end: pwck(8) looks it over");
}

static void check_command(struct doctor *doctor)
{
    const char *command = doctor->admin->conf->primary_command;
    struct asp_error error = {0};

    if (asp_program_check(command, &error) == ASP_OK) {
        finding_ok(&doctor->findings, CHECK_PRIMARY,
                   "%s is a program that can be trusted; asp-admin watch --once runs it", command);
        return;
    }
    finding_fault(&doctor->findings, CHECK_PRIMARY,
                  "primary.command, %s, is not run, so no change is seen and nothing can be "
                  "created: %s",
                  command, error.text);
    finding_fix(&doctor->findings, "make primary.command in asp.conf a program that is root's, "
                                   "in folders that are, and no link");
}

static void tell_primary(struct doctor *doctor, struct pass *pass, const struct asp_error *error)
{
    const struct asp_source_traits source = asp_source_traits(doctor->admin->conf->primary_source);

    if (source.is_program)
        check_command(doctor);
    else if (!source.is_compared)
        finding_note(&doctor->findings, CHECK_PRIMARY,
                     "primary.source is \"none\": when a primary password changes, the user's app "
                     "passwords go on as they are");
    else if (pass->shadow != NULL)
        tell_shadow(doctor, pass);
    else
        tell_unread_shadow(doctor, error);
}

static void look_at_accounts(struct doctor *doctor, struct pass *pass)
{
    struct asp_error error = {0};
    enum asp_status status = asp_store_each(&doctor->admin->store, visit, pass, &error);

    if (status == ASP_NO_MEMORY) {
        doctor->findings.failed = true;
    } else if (status != ASP_OK) {
        doctor_fault(doctor, CHECK_ACCOUNTS, &error);
    } else {
        tell_accounts(doctor, pass);
        tell_usage(doctor, pass);
    }
}

void doctor_store(struct doctor *doctor)
{
    const struct asp_conf *conf = doctor->admin->conf;
    struct primary_source source = {0};
    struct pass pass = {.doctor = doctor};
    struct asp_error error = {0};

    /* Before the accounts: they are compared with it while they are looked at. */
    if (asp_source_traits(conf->primary_source).at_login &&
        primary_source_read(conf, &source, &error) == ASP_OK)
        pass.shadow = &source;
    if (check_store(doctor))
        look_at_accounts(doctor, &pass);
    tell_primary(doctor, &pass, &error);
    doctor->absent = pass.absent.count;
    primary_source_close(&source);
    name_list_clear(&pass.damaged);
    name_list_clear(&pass.usage);
    name_list_clear(&pass.absent);
    name_list_clear(&pass.gone);
    name_list_clear(&pass.broken);
    name_list_clear(&pass.changed);
}
