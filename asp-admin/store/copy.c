/*
 * store copy: a whole store goes from files into a database, or back.
 *
 * One of the two is closed at any time, so that nobody finds half of the accounts, or changes those
 * that were left: where the copy goes from the beginning on, and where it comes from as soon as all
 * but the last changes are there. A copy that was stopped is closed on both sides at worst, and
 * goes on when it is said again.
 */
#include "copying.h"
#include "words.h"

#include "asp-admin/database/look.h"
#include "asp-admin/system/machine.h"
#include "asp-admin/ui/json.h"
#include "asp-admin/ui/plural.h"
#include "asp-admin/ui/progress.h"
#include "asp/checksum.h"
#include "asp/store_copy_closing.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { PATH_SHORT = DATABASE_HOLDER_SIZE - MACHINE_NAME_SIZE - 1 };

/* Which store of which machine it is, for others: its path, or a sum of one that is long. */
static void name_holder(const struct admin *admin, char holder[DATABASE_HOLDER_SIZE])
{
    const char *path = admin->conf->store;
    const size_t length = strlen(path);
    char machine[MACHINE_NAME_SIZE];

    machine_name(machine);
    if (length <= PATH_SHORT)
        (void)snprintf(holder, DATABASE_HOLDER_SIZE, "%s:%s", machine, path);
    else
        (void)snprintf(holder, DATABASE_HOLDER_SIZE, "%s:%016" PRIx64, machine,
                       asp_checksum((const uint8_t *)path, length));
}

/* What may be copied */

static enum asp_status closed_elsewhere(const struct copying *copying, struct asp_error *error)
{
    return asp_fail(error, ASP_UNSAFE, "the database %.*s was left: what was in it is in %s",
                    DATABASE_ID_SHORT, copying->state.id,
                    copying->state.holder[0] != '\0' ? copying->state.holder : "another place");
}

static enum asp_status of_another(const struct copying *copying, struct asp_error *error)
{
    return asp_fail(error, ASP_UNSAFE,
                    "%s was copied from, or to, the database %.*s, and this is another",
                    copying->files.store.path, DATABASE_ID_SHORT, copying->files.moved.store);
}

/* To say it again, by the configuration that it was said with. */
static enum asp_status advise_copy(const struct copying *copying, enum asp_status status,
                                   const char *before, const char *const words[],
                                   struct asp_error *error)
{
    struct asp_buffer out = {0};

    (void)asp_advise(error, status, "%s%s", before, admin_command(copying->admin, &out, words));
    asp_buffer_free(&out);
    return status;
}

static const char *const into_database[] = {"store", "copy", "files", "database", NULL};
static const char *const into_files[] = {"store", "copy", "database", "files", NULL};

static enum asp_status unfinished(const struct copying *copying, const char *const words[],
                                  struct asp_error *error)
{
    (void)asp_fail(error, ASP_UNSAFE, "an earlier copy of %s was not finished",
                   copying->files.store.path);
    return advise_copy(copying, ASP_UNSAFE, "", words, error);
}

/* Whether the database was closed by a copy that this machine has made, or was making. */
static bool is_ours(const struct copying *copying)
{
    return strcmp(copying->state.holder, copying->holder) == 0;
}

static enum asp_status may_copy(const struct copying *copying, struct asp_error *error)
{
    const struct asp_moved *moved = &copying->files.moved;
    const bool is_closed = copying->state.is_closed;

    if (moved->how != ASP_MOVED_NOT && strcmp(moved->store, copying->state.id) != 0)
        return of_another(copying, error);
    if (copying->to_database && moved->how == ASP_MOVED_TO)
        return asp_fail(error, ASP_UNSAFE, "the app passwords of %s are in the database already",
                        copying->files.store.path);
    if (copying->to_database && moved->how == ASP_MOVING_FROM)
        return unfinished(copying, into_files, error);
    if (!copying->to_database && moved->how == ASP_MOVING_TO)
        return unfinished(copying, into_database, error);
    if (is_closed &&
        (!is_ours(copying) || (!copying->to_database && moved->how != ASP_MOVING_FROM)))
        return closed_elsewhere(copying, error);
    return ASP_OK;
}

/* The realm of this machine is that of its /etc/shadow, if files that it has brought from nowhere
 * else are copied: for a person to say. */
static enum asp_status advise_realm(const struct copying *copying, struct asp_error *error)
{
    const char *realm = copying->admin->conf->primary_realm;
    const bool named = realm[0] != '\0';
    const char *const words[] = {
        "store", "copy", "files", "database", "--realm", named ? realm : "NAME", NULL};

    return advise_copy(copying, ASP_INVALID,
                       named ? "if it was that of this machine: "
                             : "with the name that primary.realm has there: ",
                       words, error);
}

/* All of it can be read, and can be where it goes. */
static enum asp_status look(struct copying *copying, struct asp_error *error)
{
    enum asp_status status = copying_look(copying, error);

    if (status == ASP_OK && copying->damaged == 1)
        return asp_fail(error, ASP_CORRUPT,
                        "1 account cannot be read, and nothing is copied: restore it from a "
                        "backup, or remove it");
    if (status == ASP_OK && copying->damaged > 0)
        return asp_fail(error, ASP_CORRUPT,
                        "%zu accounts cannot be read, and nothing is copied: restore them from a "
                        "backup, or remove them",
                        copying->damaged);
    if (status == ASP_OK && copying->to_database && copying->without_realm[0] != '\0' &&
        copying->realm == NULL) {
        (void)asp_fail(
            error, ASP_INVALID,
            "it is not known of which machines the /etc/shadow was with which the primary "
            "password of %s was compared",
            copying->without_realm);
        return advise_realm(copying, error);
    }
    return status;
}

/* Into the database */

struct telling {
    struct copying *copying;
    bool hears; /* this machine hears of what it tells */
};

/* An asp_copy_due_visit. */
static enum asp_status tell_due(const char *user, const struct asp_entry *entries, size_t count,
                                void *context, struct asp_error *error)
{
    struct telling *telling = context;
    const struct copying *copying = telling->copying;
    const struct admin *admin = copying->admin;
    enum asp_status status = ASP_OK;

    if (!telling->hears)
        status = database_copy_begin_hearing(&copying->database, admin->conf->store, error);
    telling->hears = true;
    return status == ASP_OK ? asp_store_tell_ended(&admin->store, user, entries, count, error)
                            : status;
}

/* The database is in use, and this machine is of it from now on: what is due is told by it, and the
 * files are left. */
static enum asp_status leave_files(struct copying *copying, struct asp_error *error)
{
    struct telling telling = {.copying = copying};
    struct asp_moved moved = {.how = ASP_MOVED_TO, .since = copying->database.since};
    enum asp_status status = database_join(copying->admin->database, error);

    if (status == ASP_OK || status == ASP_UNCHANGED)
        status = asp_copy_files_each_due(&copying->files, tell_due, &telling, error);
    (void)snprintf(moved.store, sizeof moved.store, "%s", copying->state.id);
    return status == ASP_OK ? asp_copy_files_close(&copying->files, &moved, error) : status;
}

/* While both are closed. */
static enum asp_status fill_database(struct copying *copying, struct asp_error *error)
{
    struct asp_moved moved = {.how = ASP_MOVING_TO};
    enum asp_status status;

    (void)snprintf(moved.store, sizeof moved.store, "%s", copying->state.id);
    status = asp_copy_files_close(&copying->files, &moved, error);
    if (status == ASP_OK)
        status = copying_fill(copying, error);
    if (status == ASP_OK)
        status = copying_compare(copying, error);
    if (status == ASP_OK)
        status = database_copy_begin_uses(&copying->database, error);
    moved.since = copying->database.since;
    if (status == ASP_OK)
        status = asp_copy_files_close(&copying->files, &moved, error);
    if (status != ASP_OK)
        (void)asp_copy_files_open(&copying->files, NULL);
    return status;
}

/* A copy that was stopped had its database opened: by itself, when all was there, or by somebody
 * else, as a restore of another day does. */
static enum asp_status go_on_leaving(struct copying *copying, struct asp_error *error)
{
    if (copying->files.moved.since == copying->state.since)
        return leave_files(copying, error);
    (void)asp_fail(error, ASP_UNSAFE,
                   "the database %.*s was opened by something else than the copy of %s, which was "
                   "not finished: it is not known what is in it",
                   DATABASE_ID_SHORT, copying->state.id, copying->files.store.path);
    return advise_copy(copying, ASP_UNSAFE,
                       "close it again, in the database: SELECT asp.close_store(0); and then: ",
                       into_database, error);
}

static enum asp_status copy_to_database(struct copying *copying, struct asp_error *error)
{
    enum asp_status status = look(copying, error);

    if (copying->files.moved.how == ASP_MOVING_TO && !copying->state.is_closed)
        return go_on_leaving(copying, error);
    if (status == ASP_OK && !copying->state.is_closed)
        status = copying_check(copying, error);
    if (status == ASP_OK)
        status = database_copy_hold(&copying->database, copying->holder, error);
    if (status == ASP_OK)
        status = database_copy_close(&copying->database, error);
    if (status == ASP_OK && copying->files.is_in_use)
        status = copying_fill(copying, error);
    if (status == ASP_OK)
        status = fill_database(copying, error);
    if (status == ASP_OK)
        status = database_copy_open(&copying->database, error);
    return status == ASP_OK ? leave_files(copying, error) : status;
}

/* Into files */

static enum asp_status check_heard(const struct copying *copying, struct asp_error *error)
{
    bool heard = false;
    enum asp_status status =
        database_copy_has_heard(&copying->database, copying->admin->conf->store, &heard, error);

    if (status != ASP_OK || heard)
        return status;
    (void)asp_fail(error, ASP_BUSY,
                   "this machine has not heard yet of all that was revoked, and hooks are due");
    return asp_advise(error, ASP_BUSY, "run asp-admin watch --once, and say it again");
}

static enum asp_status close_files(struct copying *copying, struct asp_error *error)
{
    struct asp_moved moved = copying->files.moved;

    moved.how = ASP_MOVING_FROM;
    (void)snprintf(moved.store, sizeof moved.store, "%s", copying->state.id);
    return asp_copy_files_close(&copying->files, &moved, error);
}

/* While both are closed. */
static enum asp_status fill_files(struct copying *copying, struct asp_error *error)
{
    enum asp_status status = copying->state.is_closed ? ASP_OK : check_heard(copying, error);

    if (status == ASP_OK)
        status = copying_fill(copying, error);
    if (status == ASP_OK)
        status = copying_compare(copying, error);
    if (status != ASP_OK)
        (void)database_copy_open(&copying->database, NULL);
    return status;
}

static enum asp_status copy_to_files(struct copying *copying, struct asp_error *error)
{
    struct asp_copy_files *files = &copying->files;
    const bool is_closed = copying->state.is_closed;
    enum asp_status status;

    /* Then all was there before it was stopped. */
    if (is_closed && files->is_in_use) {
        status = copying_look(copying, error);
        return status == ASP_OK ? asp_copy_files_open(files, error) : status;
    }
    status = is_closed ? ASP_OK : check_heard(copying, error);
    if (status == ASP_OK)
        status = look(copying, error);
    if (status == ASP_OK && files->moved.how == ASP_MOVED_NOT && files->is_in_use)
        status = copying_check(copying, error);
    if (status == ASP_OK)
        status = database_copy_hold(&copying->database, copying->holder, error);
    if (status == ASP_OK)
        status = close_files(copying, error);
    if (status == ASP_OK && !is_closed)
        status = copying_fill(copying, error);
    if (status == ASP_OK)
        status = database_copy_close(&copying->database, error);
    if (status == ASP_OK)
        status = fill_files(copying, error);
    return status == ASP_OK ? asp_copy_files_open(files, error) : status;
}

/* The command */

static bool say(const struct copying *copying)
{
    const struct admin *admin = copying->admin;
    const char *const words[] = {"files", "database"};
    const int to = copying->to_database ? 1 : 0;
    struct asp_buffer out = {0};

    if (admin->options->json)
        return json_write(admin->console,
                          json_pack("{s:s, s:s, s:I, s:I, s:I}", "from", words[1 - to], "to",
                                    words[to], "accounts", (json_int_t)copying->accounts, "entries",
                                    (json_int_t)copying->entries, "dropped",
                                    (json_int_t)copying->dropped));
    asp_buffer_add(&out, "copied and compared ");
    plural_add(&out, copying->accounts, "account");
    asp_buffer_add(&out, ", with ");
    plural_add(&out, copying->entries, "app password");
    if (copying->dropped > 0) {
        asp_buffer_add(&out, "; took away ");
        asp_buffer_add_number(&out, copying->dropped);
        asp_buffer_add(&out, " that were there from before");
    }
    if (copying->to_database) {
        asp_buffer_add(&out, "; they are in the database ");
        asp_buffer_add_bytes(&out, copying->state.id, DATABASE_ID_SHORT);
        asp_buffer_add(&out, " from now on, which asp.conf has to name on each machine\n");
    } else {
        asp_buffer_add(&out, "; they are in ");
        asp_buffer_add(&out, admin->conf->store);
        asp_buffer_add(&out,
                       " from now on, and asp.conf must name no database any more: then remove ");
        asp_buffer_add(&out, admin->conf->store);
        asp_buffer_add(&out, "/store-id\n");
    }
    return console_print_sentences(admin->console, &out);
}

static enum asp_status copy(struct copying *copying, struct asp_error *error)
{
    const struct admin *admin = copying->admin;
    const struct asp_copy_side files = asp_copy_files_side(&copying->files);
    const struct asp_copy_side database = database_copy_side(&copying->database);
    enum asp_status status = asp_copy_files_begin(&copying->files, admin->conf, error);

    copying->from = copying->to_database ? files : database;
    copying->to = copying->to_database ? database : files;
    if (status == ASP_OK)
        status = database_copy_begin(&copying->database, admin->database, &copying->state, error);
    if (status == ASP_OK)
        status = may_copy(copying, error);
    if (status != ASP_OK)
        return status;
    return copying->to_database ? copy_to_database(copying, error) : copy_to_files(copying, error);
}

enum exit_code store_copy(struct admin *admin)
{
    char holder[DATABASE_HOLDER_SIZE];
    struct copying copying = {
        .admin = admin,
        .to_database = strcmp(admin->options->arguments[1], "files") == 0,
        .realm = admin->options->realm,
        .files = ASP_COPY_FILES_CLOSED,
        .holder = holder,
    };
    struct asp_error error = {0};
    /* Whether it is closed or not. Files that are not there are not begun to be copied from. */
    enum asp_status status = admin_find_store(admin, !copying.to_database, &error);

    if (status != ASP_OK)
        return fail_unreadable(admin->console, &error);
    name_holder(admin, holder);
    progress_begin("accounts read");
    status = copy(&copying, &error);
    progress_end();
    asp_copy_files_end(&copying.files);
    if (status == ASP_INVALID)
        return fail_with_error(admin->console, &error);
    if (status != ASP_OK)
        return fail_unreadable(admin->console, &error);
    return say(&copying) ? EXIT_DONE : EXIT_STORE;
}
