/* doctor: where the primary passwords of the users are, and what they are now. */
#include "primary.h"

#include "asp-admin/system/machine.h"
#include "asp/buffer.h"
#include "asp/safeio.h"
#include "pam_asp/name_service.h"

#include <stdio.h>
#include <string.h>

enum { MS = 1000 };

void primaries_read(const struct asp_conf *conf, struct primaries *primaries)
{
    primaries->has_shadow =
        asp_source_traits(conf->primary_source).at_login &&
        primary_source_read(conf, &primaries->shadow, &primaries->error) == ASP_OK;
    primaries->asks = !conf->virtual_users;
    primaries->conf = conf;
}

/* Who was known to the name service and is not now. */
static bool is_missed(const struct primaries *primaries, const char *user,
                      const struct asp_fingerprint *stored)
{
    char name[ASP_USER_MAX + 1];

    return primaries->asks && stored->had == ASP_HAD_NO_LINE && stored->named != ASP_NAMED_NEVER &&
           name_service.ask(NULL, user, name, sizeof name) == ASP_USER_NOT_KNOWN;
}

/* Puts who is called otherwise on her list. A name service that fails once is asked no more: doctor
 * would wait for it as often as there are accounts. False: out of memory. */
static bool list_spelled(struct primaries *primaries, const char *user, bool *listed)
{
    char both[2 * ASP_USER_MAX + 8];
    struct asp_account_name found;
    enum asp_status status = ASP_IO;

    if (!primaries->is_silent)
        status = asp_account_name(primaries->conf, NULL, &name_service, user, &found, NULL);
    primaries->is_silent = status != ASP_NOT_FOUND;
    *listed = !primaries->is_silent && found.name[0] != '\0' && strcmp(found.name, user) != 0;
    if (!*listed)
        return true;
    (void)snprintf(both, sizeof both, "%s (%s)", user, found.name);
    (void)snprintf(primaries->last_spelled, sizeof primaries->last_spelled, "%s", user);
    return name_list_add(&primaries->spelled, both);
}

/* With the realm that the account is of. */
static bool list_elsewhere(struct primaries *primaries, const char *user,
                           const struct asp_fingerprint *stored)
{
    char both[ASP_USER_MAX + ASP_REALM_MAX + 8];

    (void)snprintf(both, sizeof both, "%s (%s)", user,
                   stored->realm[0] != '\0' ? stored->realm : "none");
    return name_list_add(&primaries->elsewhere, both);
}

bool primaries_compare(struct primaries *primaries, const char *user,
                       const struct asp_account *account, time_t at)
{
    struct asp_primary_now now;
    enum asp_primary primary;
    struct name_list *list = NULL;
    bool listed = false;

    if (!primaries->has_shadow)
        return list_spelled(primaries, user, &listed);
    primary_source_find(&primaries->shadow, user, account->follows, &now);
    if (asp_primary_is_elsewhere(&account->primary, &now))
        return list_elsewhere(primaries, user, &account->primary);
    if ((now.says == ASP_SAYS_ABSENT || account->follows[0] != '\0') &&
        !list_spelled(primaries, user, &listed))
        return false;
    if (listed)
        return true;
    primary = asp_primary_compare(&account->primary, &now, at);
    if (primary == ASP_PRIMARY_ABSENT)
        list = &primaries->gone;
    else if (primary == ASP_PRIMARY_CHANGED)
        list = &primaries->changed;
    else if (now.says == ASP_SAYS_ABSENT && is_missed(primaries, user, &account->primary))
        list = &primaries->missed;
    else if (now.says == ASP_SAYS_ABSENT)
        list = &primaries->absent;
    else if (now.says == ASP_SAYS_NOTHING)
        list = &primaries->broken;
    return list == NULL || name_list_add(list, user);
}

/* Accounts whose user is gone: whoever gets the name next is to find nothing there. */
static void tell_gone(struct examination *exam, struct primaries *primaries)
{
    struct findings *findings = &exam->findings;
    struct asp_buffer gone = {0};
    struct asp_buffer missed = {0};
    struct asp_buffer command = {0};

    if (primaries->gone.count > 0) {
        finding_fault(findings, CHECK_PRIMARY,
                      "the user is gone of the account %s: app passwords are refused there",
                      exam_names(exam, &gone, &primaries->gone));
        finding_fix(findings, "forget each that is not to come back: %s",
                    exam_remove(exam, &command, primaries->gone.count, primaries->gone.list[0]));
    }
    if (primaries->missed.count > 0) {
        finding_fault(findings, CHECK_PRIMARY,
                      "%s: no line in " ASP_SHADOW_PATH
                      ", and not known to the system any more. Their app passwords go on until "
                      "asp-admin watch has missed them twice",
                      exam_names(exam, &missed, &primaries->missed));
        asp_buffer_free(&command);
        finding_fix(
            findings,
            "see why the directory does not know them, or forget each that is not to come "
            "back: %s",
            exam_remove(exam, &command, primaries->missed.count, primaries->missed.list[0]));
    }
    asp_buffer_free(&command);
    asp_buffer_free(&gone);
    asp_buffer_free(&missed);
}

/* Accounts that an older version, or another configuration, has made of one user. */
static void tell_spelled(struct examination *exam, struct primaries *primaries)
{
    struct asp_buffer spelled = {0};
    struct asp_buffer command = {0};

    if (primaries->spelled.count == 0)
        return;
    finding_fault(&exam->findings, CHECK_PRIMARY,
                  "accounts under another spelling of the user who is named behind them: %s. "
                  "No change of her primary password is seen there, but for that of her line "
                  "of " ASP_SHADOW_PATH ", which asp-admin watch has them follow",
                  exam_names(exam, &spelled, &primaries->spelled));
    finding_fix(&exam->findings,
                "have each make new app passwords, then forget the account by that spelling: %s",
                exam_remove(exam, &command, primaries->spelled.count, primaries->last_spelled));
    asp_buffer_free(&command);
    asp_buffer_free(&spelled);
}

/* Accounts that no machine with this configuration compares. */
static void tell_elsewhere(struct examination *exam, struct primaries *primaries)
{
    const char *realm = primaries->conf->primary_realm;
    struct findings *findings = &exam->findings;
    struct asp_buffer names = {0};

    if (primaries->elsewhere.count == 0)
        return;
    finding_fault(
        findings, CHECK_PRIMARY,
        "this machine is of %s%s, and not of the realm that is named behind each of %s: a "
        "change of their primary passwords is not seen here, and nothing is created here",
        realm[0] == '\0' ? "no realm" : "the realm ", realm,
        exam_names(exam, &names, &primaries->elsewhere));
    finding_fix(findings,
                "see primary.realm in asp.conf(5): say the same realm on all machines "
                "whose " ASP_SHADOW_PATH
                " is one, and primary.source = \"none\" on the others; what is of "
                "a realm that no machine has any more comes into this one by: asp-admin export "
                "USER | asp-admin import --replace");
    asp_buffer_free(&names);
}

/* Each list that has somebody in it is a row of its own. */
static void tell_shadow(struct examination *exam, struct primaries *primaries)
{
    struct findings *findings = &exam->findings;
    struct asp_buffer broken = {0};
    struct asp_buffer changed = {0};
    struct asp_buffer absent = {0};
    struct asp_buffer command = {0};

    if (primaries->broken.count > 0) {
        finding_fault(findings, CHECK_PRIMARY,
                      "the line in " ASP_SHADOW_PATH
                      " has not its nine fields for %s: their app passwords are refused",
                      exam_names(exam, &broken, &primaries->broken));
        finding_fix(findings, "mend the line with vipw -s; pwck(8) looks it over");
    }
    tell_gone(exam, primaries);
    tell_elsewhere(exam, primaries);
    if (primaries->changed.count > 0)
        finding_note(findings, CHECK_PRIMARY,
                     "the primary password of %s has changed: their app passwords are refused, and "
                     "revoked by the next login, or now by this: %s",
                     exam_names(exam, &changed, &primaries->changed),
                     exam_command(exam, &command, (const char *[]){"watch", "--once", NULL}));
    if (primaries->absent.count > 0)
        finding_note(findings, CHECK_PRIMARY,
                     "%s: no line in " ASP_SHADOW_PATH
                     ", so a change of the primary password is not seen there. The PAM password "
                     "stack sees one that is made on this machine; a directory can be asked with "
                     "primary.source = \"command\", see asp.conf(5); else say asp-admin revoke",
                     exam_names(exam, &absent, &primaries->absent));
    if (findings_none_of(findings, CHECK_PRIMARY))
        finding_ok(findings, CHECK_PRIMARY, ASP_SHADOW_PATH " can be read%s",
                   primaries->readable > 0 ? ", and has a line for every user whose account can be"
                                           : "");
    asp_buffer_free(&broken);
    asp_buffer_free(&changed);
    asp_buffer_free(&absent);
    asp_buffer_free(&command);
}

static void tell_unread_shadow(struct examination *exam, const struct asp_error *error)
{
    if (error->status == ASP_UNSAFE || error->status == ASP_NO_MEMORY) {
        exam_fault(exam, CHECK_PRIMARY, error);
        return;
    }
    finding_fault(&exam->findings, CHECK_PRIMARY, "%s: every app password is refused", error->text);
    finding_fix(&exam->findings, ASP_SHADOW_PATH " has to be there, and each of its lines needs "
                                                 "an end: pwck(8) looks it over");
}

/* Of a command that one machine runs for all. */
static void tell_who_runs(struct examination *exam, const char *command)
{
    struct findings *findings = &exam->findings;
    const struct pgsql_lease *lease = &exam->lease;
    const int length = machine_name_length(lease->holder);

    if (lease->holder[0] == '\0')
        finding_note(findings, CHECK_PRIMARY,
                     "%s is a program that can be trusted, and no machine has run it: the first "
                     "watch of one that shares the store does, or asp-admin watch --once",
                     command);
    else if (lease->left <= 0)
        finding_note(findings, CHECK_PRIMARY,
                     "%s is a program that can be trusted, and no watch runs it: %.*s was the last "
                     "whose watch did, and its lease ended %lld s ago",
                     command, length, lease->holder, (long long)-lease->left / MS);
    else
        finding_ok(findings, CHECK_PRIMARY,
                   "%s is a program that can be trusted; %.*s%s runs it for all that share the "
                   "store, and has the lease of it for %lld s more unless that is prolonged",
                   command, length, lease->holder, lease->is_ours ? ", this machine," : "",
                   (long long)lease->left / MS);
}

static void check_command(struct examination *exam)
{
    const char *command = exam->admin->conf->primary_command;
    struct asp_error error = {0};

    if (asp_program_check(command, &error) == ASP_OK) {
        if (exam->knows_lease)
            tell_who_runs(exam, command);
        else
            finding_ok(&exam->findings, CHECK_PRIMARY,
                       "%s is a program that can be trusted; asp-admin watch --once runs it",
                       command);
        return;
    }
    finding_fault(&exam->findings, CHECK_PRIMARY,
                  "primary.command, %s, is not run, so no change is seen and nothing can be "
                  "created: %s",
                  command, error.text);
    if (!path_fix(&exam->findings, command, PATH_PROGRAM) &&
        !path_fix_place(&exam->findings, "primary.command", command, "/etc/asp"))
        finding_fix(&exam->findings, "let primary.command in asp.conf name a program that is "
                                     "root's, in folders that are, and no link");
}

void examine_primary(struct examination *exam, struct primaries *primaries)
{
    const struct asp_source_traits source = asp_source_traits(exam->admin->conf->primary_source);

    exam->absent = primaries->absent.count;
    tell_spelled(exam, primaries);
    if (source.is_program)
        check_command(exam);
    else if (!source.is_compared)
        finding_note(&exam->findings, CHECK_PRIMARY,
                     "primary.source is \"none\": when a primary password changes, the user's app "
                     "passwords go on as they are");
    else if (primaries->has_shadow)
        tell_shadow(exam, primaries);
    else
        tell_unread_shadow(exam, &primaries->error);
}

void primaries_free(struct primaries *primaries)
{
    primary_source_close(&primaries->shadow);
    name_list_clear(&primaries->absent);
    name_list_clear(&primaries->gone);
    name_list_clear(&primaries->missed);
    name_list_clear(&primaries->spelled);
    name_list_clear(&primaries->broken);
    name_list_clear(&primaries->changed);
    name_list_clear(&primaries->elsewhere);
}
