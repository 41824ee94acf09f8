/*
 * The store's front: names, the choice of an engine, and what is the same for all of them.
 *
 * Every engine MUST
 *  - show whoever reads, and whoever comes back after a power cut or a kill, the old state of an
 * account or the new one, whole;
 *  - let readers wait for nobody, and two users' updates not for each other;
 *  - let an update wait 5 seconds at most, and not beyond the store's deadline, and then say for
 * whom, where that can be known;
 *  - leave the old state where it reports a failure, the new one where it reports success;
 *  - read while it holds an account what was there when it was held: an update that begins after a
 * revocation was reported sees it;
 *  - trust only what nobody but root or the process's own user can have written.
 *
 * It MUST NOT
 *  - say that there is no account unless the place where it would be was seen and found sound;
 *  - let a failed write of a last use decide anything, or wait for one.
 */
#include "store_front.h"

#include <string.h>

/* The one that a process brings along, else that for files. NULL: accounts are where it has no way
 * to. */
static const struct asp_store_engine *engine_of(const struct asp_conf *conf,
                                                const struct asp_store_kept *kept)
{
    if (kept != NULL && kept->engine != NULL)
        return kept->engine;
    return conf->database.host_count == 0 ? &asp_store_files : NULL;
}

/* What is left of one that could not be opened is closed. */
static enum asp_status opened(struct asp_store *store, enum asp_status status)
{
    if (status != ASP_OK)
        asp_store_close(store);
    return status;
}

static enum asp_status no_engine(struct asp_error *error)
{
    return asp_fail(error, ASP_DENIED,
                    "accounts are kept in a database, and this process has no way to it: "
                    "asp-broker has");
}

enum asp_status asp_store_open(struct asp_store *store, const struct asp_conf *conf,
                               struct asp_store_kept *kept, struct asp_error *error)
{
    *store = ASP_STORE_CLOSED;
    store->engine = engine_of(conf, kept);
    store->path = conf->store;
    return opened(store, store->engine != NULL ? store->engine->open(store, conf, kept, error)
                                               : no_engine(error));
}

enum asp_status asp_store_make(struct asp_store *store, const struct asp_conf *conf,
                               const struct asp_store_kept *kept, bool *made,
                               struct asp_error *error)
{
    *made = false;
    *store = ASP_STORE_CLOSED;
    store->engine = engine_of(conf, kept);
    store->path = conf->store;
    return opened(store, store->engine != NULL ? store->engine->make(store, conf, kept, made, error)
                                               : no_engine(error));
}

bool asp_store_is_open(const struct asp_store *store)
{
    return store->engine != NULL;
}

void asp_store_close(struct asp_store *store)
{
    if (store->engine != NULL)
        store->engine->close(store);
    *store = ASP_STORE_CLOSED;
}

enum asp_status asp_store_now(const struct asp_store *store, time_t *now, struct asp_error *error)
{
    return store->engine->now(store, now, error);
}

enum asp_status asp_store_load(const struct asp_store *store, const char *user, const char *only,
                               struct asp_account *account, struct asp_error *error)
{
    char name[ASP_USER_ENCODED + 1];
    enum asp_status status = asp_store_encode(user, name, error);

    if (status == ASP_OK)
        status = asp_store_read_account(store, NULL, name, user, only, account, error);
    if (status == ASP_OK && account->not_yet) {
        asp_account_free(account);
        return asp_store_no_account(error, user);
    }
    return status;
}

enum asp_status asp_store_peek_usage(const struct asp_store *store, const char *user,
                                     struct asp_usage *usage, struct asp_error *error)
{
    char name[ASP_USER_ENCODED + 1];
    enum asp_status status = asp_store_encode(user, name, error);

    memset(usage, 0, sizeof *usage);
    return status == ASP_OK ? store->engine->usage(store, name, usage, error) : status;
}

bool asp_store_usage_breaks(const struct asp_store *store)
{
    return store->engine->mend_usage != NULL;
}

enum asp_status asp_store_mend_usage(const struct asp_store *store, const char *user,
                                     const struct asp_mending *mending, struct asp_usage *usage,
                                     enum asp_status *mended, struct asp_error *error)
{
    char name[ASP_USER_ENCODED + 1];
    struct asp_usage_head head;
    enum asp_status status = asp_store_peek_usage(store, user, usage, error);

    *mended = ASP_UNCHANGED;
    if (status != ASP_OK || !asp_store_usage_breaks(store) || asp_usage_sound(usage, &head))
        return status;
    asp_usage_free(usage);
    (void)asp_user_encode(user, name);
    return store->engine->mend_usage(store, name, mending, usage, mended, error);
}

enum asp_status asp_store_usage(const struct asp_store *store, const char *user,
                                struct asp_usage *usage, struct asp_error *error)
{
    enum asp_status mended;

    return asp_store_mend_usage(store, user, NULL, usage, &mended, error);
}

void asp_store_sync_usage(const struct asp_store *store)
{
    store->engine->sync_usage(store);
}

void asp_store_begin_usage(const struct asp_store *store, const char *user, time_t now)
{
    struct asp_mending mending = {.now = now};
    struct asp_usage usage;
    enum asp_status mended;

    if (asp_store_peek_usage(store, user, &usage, NULL) == ASP_OK) {
        mending.walk = usage.bytes == NULL;
        asp_usage_free(&usage);
        (void)asp_store_mend_usage(store, user, &mending, &usage, &mended, NULL);
    }
    asp_usage_free(&usage);
}

enum asp_status asp_store_put_usage(const struct asp_store *store, const char *user,
                                    const struct asp_usage *usage, struct asp_error *error)
{
    char name[ASP_USER_ENCODED + 1];
    enum asp_status status = asp_store_encode(user, name, error);

    return status == ASP_OK ? store->engine->put_usage(store, name, usage, error) : status;
}

enum asp_status asp_store_record(const struct asp_store *store, const char *user,
                                 const struct asp_use *use)
{
    char name[ASP_USER_ENCODED + 1];

    return asp_user_encode(user, name) ? store->engine->record(store, name, use) : ASP_INVALID;
}

enum asp_status asp_store_compared(const struct asp_store *store, const char *user,
                                   const struct asp_compared *compared, time_t now)
{
    char name[ASP_USER_ENCODED + 1];

    return asp_user_encode(user, name) ? store->engine->compared(store, name, compared, now)
                                       : ASP_INVALID;
}

enum asp_status asp_store_note_password(const struct asp_store *store, const char *user,
                                        struct asp_error *error)
{
    char name[ASP_USER_ENCODED + 1];
    enum asp_status status = asp_store_encode(user, name, error);

    return status == ASP_OK ? store->engine->note_password(store, name, error) : status;
}

enum asp_status asp_store_password_mark(const struct asp_store *store, const char *user,
                                        uint64_t *mark, struct asp_error *error)
{
    char name[ASP_USER_ENCODED + 1];

    *mark = 0;
    return asp_user_encode(user, name) ? store->engine->password_mark(store, name, mark, error)
                                       : ASP_OK;
}

struct walk {
    const struct asp_store *store;
    asp_visit *visit;
    void *context;
};

/* What an engine finds besides accounts is passed over. */
static enum asp_status visit_name(const char *name, void *context)
{
    const struct walk *walk = context;
    char user[ASP_USER_MAX + 1];

    return asp_store_user_of(walk->store, name, user) ? walk->visit(user, walk->context) : ASP_OK;
}

enum asp_status asp_store_each(const struct asp_store *store, asp_visit *visit, void *context,
                               struct asp_error *error)
{
    struct walk walk = {store, visit, context};

    return store->engine->each(store, false, visit_name, &walk, error);
}

enum asp_status asp_store_each_account(const struct asp_store *store, asp_visit *visit,
                                       void *context, struct asp_error *error)
{
    struct walk walk = {store, visit, context};

    return store->engine->each(store, true, visit_name, &walk, error);
}

enum asp_status asp_store_clear_strays(const struct asp_store *store, asp_visit *visit,
                                       void *context, struct asp_error *error)
{
    struct walk walk = {store, visit, context};

    return store->engine->clear_strays(store, visit_name, &walk, error);
}

bool asp_store_examine(const struct asp_conf *conf, const struct asp_store_kept *kept,
                       asp_store_fault *tell, void *context)
{
    const struct asp_store_engine *engine = engine_of(conf, kept);
    struct asp_error fault = {0};

    if (engine != NULL)
        return engine->examine(conf, tell, context);
    (void)no_engine(&fault);
    tell(&fault, conf->store, context);
    return false;
}

bool asp_store_is_own(const struct asp_conf *conf, const struct asp_store_kept *kept)
{
    const struct asp_store_engine *engine = engine_of(conf, kept);

    return engine != NULL && engine->is_own(conf);
}
