/* What every command stands on: the configuration, the store, who asks. */
#include "admin.h"

#include "asp-admin/database/database.h"
#include "asp-admin/system/absolute_path.h"
#include "asp-admin/system/mount_plan.h"
#include "asp-admin/system/users.h"
#include "asp-admin/ui/command_line.h"
#include "asp/buffer.h"
#include "asp/redact.h"
#include "asp/shell_word.h"
#include "asp/time_text.h"
#include "pam_asp/name_service.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

/* Each byte of a name or a label may become four in the log. */
enum { LOGGED_SIZE = 4 * (ASP_BY_SIZE + 2 * ASP_LABEL_SIZE + 256) + 128 };

bool admin_conf_path(const struct admin *admin, char path[PATH_MAX])
{
    const char *given = admin->options->config;

    if (given != NULL)
        return absolute_path(given, path);
    strcpy(path, ASP_CONF_DEFAULT);
    return true;
}

enum asp_status admin_load_conf(struct admin *admin, const char *path, bool required,
                                struct asp_identity *identity, struct asp_error *error)
{
    struct asp_conf *conf;
    struct asp_store_kept kept;
    enum asp_status status = asp_conf_load(path, required, &conf, identity, error);

    if (status != ASP_OK)
        return status;
    if (!database_use(&admin->database, conf, conf->database.admin, "asp-admin", &kept)) {
        asp_conf_free(conf);
        return asp_fail(error, ASP_NO_MEMORY, "out of memory");
    }
    asp_store_close(&admin->store); /* it has the path of the old one */
    asp_conf_free(admin->conf);
    admin->conf = conf;
    admin->kept = kept;
    return ASP_OK;
}

enum exit_code admin_read_conf(struct admin *admin)
{
    bool given = admin->options->config != NULL;
    char path[PATH_MAX];
    struct asp_identity identity;
    struct asp_error error = {0};
    char room[ASP_ERROR_LINE];
    const char *line;

    if (!admin_conf_path(admin, path))
        return fail_with(admin->console, EXIT_CONF, "%s: no such configuration",
                         admin->options->config);
    if (admin_load_conf(admin, path, given, &identity, &error) == ASP_OK)
        return EXIT_DONE;
    line = asp_error_line(&error, room);
    if (error.status == ASP_NO_MEMORY)
        return fail_unreadable(admin->console, &error);
    if (error.status == ASP_NOT_FOUND)
        return fail_with(admin->console, EXIT_CONF, "%s; name a configuration that is there", line);
    return fail_with(admin->console, EXIT_CONF, "%s", line);
}

enum exit_code admin_open(struct admin *admin, const struct options *options,
                          const struct console *console, const char *by)
{
    enum exit_code code;

    *admin = (struct admin){
        .options = options,
        .console = console,
        .typed_config = options->config,
        .store = ASP_STORE_CLOSED,
        .now = time(NULL),
    };
    openlog("asp-admin", LOG_PID, LOG_AUTHPRIV);
    code = admin_read_conf(admin);
    if (code != EXIT_DONE)
        return code;
    if (by != NULL)
        (void)snprintf(admin->by, sizeof admin->by, "%s", by);
    else
        user_acting(admin->by, sizeof admin->by);
    return EXIT_DONE;
}

/* An asp_name_service's ask. No question of USER is put twice in one command: a directory may take
 * its time, and could answer otherwise by then. */
static enum asp_answer ask_once(void *context, const char *typed, char *name, size_t size)
{
    struct admin *admin = context;
    struct admin_answer *answer = &admin->answers[strcmp(typed, admin->typed) == 0 ? 0 : 1];

    if (!answer->given) {
        answer->says =
            name_service.ask(name_service.context, typed, answer->name, sizeof answer->name);
        answer->given = true;
    }
    (void)snprintf(name, size, "%s", strlen(answer->name) < size ? answer->name : "");
    return answer->says;
}

/* Finds whose account USER is, in a store that may be NULL. */
static enum asp_status find_name(struct admin *admin, const struct asp_store *store,
                                 struct asp_account_name *found, struct asp_error *error)
{
    const struct asp_name_service names = {ask_once, admin};

    return asp_account_name(admin->conf, store, &names, admin->typed, found, error);
}

enum exit_code admin_ask_user(struct admin *admin, struct asp_account_name *found)
{
    struct asp_error error = {0};
    enum asp_status status = find_name(admin, NULL, found, &error);

    return status == ASP_NOT_FOUND ? EXIT_DONE : fail_with_error(admin->console, &error);
}

/* The line without the blanks around USER, or with a word for the one that is missing. */
static void add_well_formed(const struct admin *admin, struct asp_buffer *out)
{
    const char *typed = admin->typed + strspn(admin->typed, " ");
    size_t length = strlen(typed);
    char name[ASP_USER_MAX + 1];
    struct options_line line = {.argument = admin->typed, .by = name};

    while (length > 0 && typed[length - 1] == ' ')
        length--;
    (void)snprintf(name, sizeof name, "%.*s", length > 0 ? (int)length : ASP_USER_MAX,
                   length > 0 ? typed : "USER");
    options_add_line(out, admin->options, &line);
}

static enum exit_code fail_ill_formed(const struct admin *admin)
{
    const char *fault = asp_user_fault(admin->typed);
    const size_t length = strlen(admin->typed);
    struct asp_buffer meant = {0};

    if (length == 0 ||
        ((admin->typed[0] == ' ' || admin->typed[length - 1] == ' ') && length <= ASP_USER_MAX))
        add_well_formed(admin, &meant);
    (void)fail_with(admin->console, EXIT_USAGE, "\"%s\" is not a well-formed user name: it %s%s%s",
                    admin->typed, fault != NULL ? fault : "is none without its domain",
                    meant.length > 0 ? ": " : "", meant.length > 0 ? meant.text : "");
    asp_buffer_free(&meant);
    return EXIT_USAGE;
}

enum exit_code admin_take_user(struct admin *admin)
{
    const struct options *options = admin->options;
    char encoded[ASP_USER_ENCODED + 1];
    struct asp_account_name found;
    enum exit_code code;

    admin->typed = options->argument_count > 0 ? options->arguments[0] : NULL;
    if (admin->typed == NULL || asp_user_fault(admin->typed) == NULL ||
        (admin->takes_exact && asp_user_encode(admin->typed, encoded)))
        return EXIT_DONE;
    code = admin_ask_user(admin, &found);
    if (code != EXIT_DONE || found.name[0] != '\0')
        return code;
    return fail_ill_formed(admin);
}

const char *admin_command(const struct admin *admin, struct asp_buffer *out,
                          const char *const words[])
{
    command_line_add(out, admin->typed_config, words);
    return out->failed ? "asp-admin" : out->text;
}

const char *admin_remove_command(const struct admin *admin, const char *user,
                                 struct asp_buffer *out)
{
    if (!asp_redact_needed(user))
        return admin_command(admin, out, (const char *[]){"remove", user, NULL});
    (void)admin_command(admin, out, (const char *[]){"remove", NULL});
    asp_buffer_add(out, ", with the name that stands in ");
    if (admin->conf->database.host_count > 0) {
        asp_buffer_add(out, "the table asp.account");
    } else {
        asp_shell_word_add(out, admin->conf->store);
        asp_buffer_add(out, "/users");
    }
    asp_buffer_add(out, " and is not written here, since it may be an app password");
    return out->failed ? "asp-admin" : out->text;
}

void admin_complete_advice(const struct admin *admin, const char *user, struct asp_error *error)
{
    const char *before = error->status == ASP_AMBIGUOUS
                             ? "make new ones for the user who is meant, then drop these"
                             : "restore it from a backup, or drop it";
    struct asp_buffer out = {0};
    const char *command;

    /* Whose a file is that has no name in it, is not known. */
    if (error->advice[0] == '\0' || user[0] == '/' ||
        (error->status != ASP_AMBIGUOUS && error->status != ASP_CORRUPT))
        return;
    command = admin_remove_command(admin, user, &out);
    if (!out.failed && strlen(before) + strlen(command) + 3 < sizeof error->advice)
        (void)asp_advise(error, error->status, "%s: %s", before, command);
    asp_buffer_free(&out);
}

enum exit_code admin_fail(const struct admin *admin, const char *user, struct asp_error *error)
{
    admin_complete_advice(admin, user, error);
    return fail_with_error(admin->console, error);
}

static enum exit_code take_clock(struct admin *admin)
{
    struct asp_error error = {0};

    if (asp_store_now(&admin->store, &admin->now, &error) == ASP_OK)
        return EXIT_DONE;
    return fail_unreadable(admin->console, &error);
}

enum exit_code admin_find_user(struct admin *admin)
{
    struct asp_error error = {0};
    struct asp_account_name found;
    char encoded[ASP_USER_ENCODED + 1];
    enum asp_status status = find_name(admin, &admin->store, &found, &error);

    if (status == ASP_AMBIGUOUS && admin->takes_exact && asp_user_encode(admin->typed, encoded)) {
        memcpy(admin->user, admin->typed, strlen(admin->typed) + 1);
        return take_clock(admin);
    }
    if (status != ASP_OK && status != ASP_NOT_FOUND)
        return admin_fail(admin, admin->typed, &error);
    if (found.name[0] == '\0')
        return fail_ill_formed(admin);
    memcpy(admin->user, found.name, sizeof admin->user);
    admin->known = found.known;
    return take_clock(admin);
}

static void ignore(const struct asp_error *fault, const char *path, void *context)
{
    (void)fault;
    (void)path;
    (void)context;
}

enum asp_status admin_open_beside(const struct admin *admin, struct asp_store *store,
                                  struct asp_error *error)
{
    struct asp_store_kept kept = admin->kept;

    return asp_store_open(store, admin->conf, &kept, error);
}

enum asp_status admin_find_store(struct admin *admin, bool make, struct asp_error *error)
{
    const struct asp_conf *conf = admin->conf;
    struct mount_missing missing;
    enum asp_status status = mount_plan_check(&mount_plan, conf->store, &missing, error);

    /* One that is there is used: it may have been made before the mount was planned. */
    if (status != ASP_OK && !asp_store_examine(conf, &admin->kept, ignore, NULL))
        return status;
    status = make ? asp_store_make(&admin->store, conf, &admin->kept, &admin->new_store, error)
                  : asp_store_open(&admin->store, conf, &admin->kept, error);
    if (status == ASP_OK)
        admin->store.via = admin_via(admin);
    return status;
}

enum exit_code admin_open_store(struct admin *admin, bool make)
{
    struct asp_error error = {0};

    if (admin_find_store(admin, make, &error) != ASP_OK)
        return fail_unreadable(admin->console, &error);
    return admin->typed != NULL ? admin_find_user(admin) : take_clock(admin);
}

enum exit_code admin_check_account(const struct admin *admin)
{
    struct asp_account account;
    struct asp_error error = {0};

    if (asp_store_load(&admin->store, admin->user, "", &account, &error) != ASP_OK)
        return admin_fail(admin, admin->user, &error);
    asp_account_free(&account);
    return EXIT_DONE;
}

enum exit_code admin_open_account(struct admin *admin)
{
    enum exit_code code = admin_open_store(admin, false);

    return code == EXIT_DONE ? admin_check_account(admin) : code;
}

/* Whether it is known when its entries were not used decides something. */
static bool has_unused_limit(const struct asp_account *account)
{
    for (size_t i = 0; i < account->count; i++) {
        if (account->entries[i].revoked == ASP_NEVER &&
            account->entries[i].unused_limit != ASP_NEVER)
            return true;
    }
    return false;
}

enum asp_status admin_read_usage(const struct admin *admin, const struct asp_account *account,
                                 bool walk, struct asp_usage *usage, enum asp_status *mended,
                                 struct asp_error *error)
{
    const struct asp_mending mending = {.now = admin->now, .walk = walk};
    struct asp_usage_head head;
    enum asp_status status = asp_store_usage(&admin->store, account->user, usage, error);

    *mended = ASP_UNCHANGED;
    if (status != ASP_OK || asp_usage_sound(usage, &head) ||
        (usage->bytes == NULL && !has_unused_limit(account)))
        return status;
    if (admin->now < account->written.tv_sec) {
        *mended = asp_fail(error, ASP_IO, "the clock is behind what is stored");
        return status;
    }
    asp_usage_free(usage);
    return asp_store_mend_usage(&admin->store, account->user, &mending, usage, mended, error);
}

void admin_say_mended(const struct admin *admin, const char *first, size_t users,
                      enum asp_status mended, const struct asp_error *error)
{
    char line[ASP_ERROR_LINE];
    char more[64] = "";

    if (users > 1)
        (void)snprintf(more, sizeof more, " and of %zu more", users - 1);
    if (mended == ASP_OK)
        console_say(admin->console,
                    "the last uses of %s%s were damaged or lost: what was lost begins anew now, "
                    "and so does the time that an app password may lie unused",
                    first, more);
    else if (mended < ASP_OK)
        console_say(admin->console,
                    "the last uses of %s%s are damaged or lost and cannot be written, so the time "
                    "that an app password may lie unused counts from when it was made or bound: %s",
                    first, more, asp_error_line(error, line));
}

enum exit_code admin_load_account(struct admin *admin, struct asp_account *account,
                                  struct asp_usage *usage)
{
    struct asp_error error = {0};
    enum exit_code code = admin_open_store(admin, false);
    enum asp_status mended = ASP_UNCHANGED;
    enum asp_status status;

    if (code != EXIT_DONE)
        return code;
    status = asp_store_load(&admin->store, admin->user, NULL, account, &error);
    if (status == ASP_NOT_FOUND && admin->known) {
        asp_account_init(account, admin->user);
        return EXIT_DONE;
    }
    if (status == ASP_NOT_FOUND)
        return fail_with(admin->console, EXIT_NOT_FOUND,
                         "the system knows no user %s, and there are no app passwords",
                         admin->user);
    if (status == ASP_OK)
        status = admin_read_usage(admin, account, false, usage, &mended, &error);
    if (status != ASP_OK)
        return admin_fail(admin, admin->user, &error);
    admin_say_mended(admin, admin->user, 1, mended, &error);
    return EXIT_DONE;
}

struct guarded {
    const struct admin_guard *guard;
    asp_change *change;
    void *context;
};

/* An asp_change. */
static enum asp_status change_guarded(struct asp_account *account, void *context,
                                      struct asp_error *error)
{
    const struct guarded *guarded = context;
    enum asp_status status = ASP_OK;

    if (guarded->guard != NULL)
        status = guarded->guard->check(guarded->guard->context, account, error);
    if (status == ASP_OK)
        status = guarded->change(account, guarded->context, error);
    if (status == ASP_OK && guarded->guard != NULL)
        guarded->guard->changed(guarded->guard->context, account);
    return status;
}

enum asp_status admin_update(const struct admin *admin, bool make, asp_change *change,
                             void *context, struct asp_error *error)
{
    struct guarded guarded = {admin->guard, change, context};
    enum asp_status status =
        asp_store_update(&admin->store, admin->user, make, change_guarded, &guarded, error);

    if (status == ASP_OK && admin->guard != NULL)
        admin->guard->stored(admin->guard->context);
    return status;
}

enum exit_code admin_change_account(const struct admin *admin, asp_change *change, void *context)
{
    struct asp_error error = {0};
    enum asp_status status = admin_update(admin, false, change, context, &error);

    if (status == ASP_OK || status == ASP_UNCHANGED)
        return EXIT_DONE;
    return admin_fail(admin, admin->user, &error);
}

enum asp_status admin_check_label(const struct admin *admin, const struct asp_account *account,
                                  const struct asp_usage *usage, const char *label,
                                  const char *except, struct asp_error *error)
{
    for (size_t i = 0; i < account->count; i++) {
        const struct asp_entry *other = &account->entries[i];

        if ((except == NULL || strcmp(other->id, except) != 0) &&
            strcmp(other->label, label) == 0 &&
            asp_usage_state(usage, other, admin->now) == ASP_ACTIVE)
            return asp_fail(error, ASP_TAKEN,
                            "%s already has an active app password with this label (%s): choose "
                            "another, or revoke that one first",
                            admin->user, other->id);
    }
    return ASP_OK;
}

void admin_close(struct admin *admin)
{
    asp_store_close(&admin->store);
    database_end(&admin->database);
    asp_conf_free(admin->conf);
    admin->conf = NULL;
}

void admin_log_change(const struct admin *admin, const char *user, const char *event,
                      const struct asp_entry *entry, const char *reason)
{
    struct asp_log_change change = {
        .event = event, .by = admin->by, .user = user, .reason = reason, .via = admin_via(admin)};
    char room[LOGGED_SIZE];
    struct asp_buffer line = asp_buffer_on(room, sizeof room); /* logged, whatever has run out */

    if (entry != NULL) {
        change.id = entry->id;
        change.label = entry->label;
    }
    asp_log_line_change(&change, &line);
    syslog(LOG_NOTICE, "%s", line.text);
    asp_buffer_free(&line);
}
