/* The store's front for the one who watches it. */
#include "engine.h"
#include "time_text.h"

enum asp_status asp_watch_lock_acquire(const struct asp_store *store, time_t now,
                                       struct asp_watch_lock *lock, time_t *looked,
                                       struct asp_error *error)
{
    enum asp_status status;

    *lock = ASP_WATCH_LOCK_FREE;
    status = store->engine->take_watch(store, now, lock, looked, error);
    if (status == ASP_OK)
        lock->engine = store->engine;
    return status;
}

bool asp_watch_lock_is_held(const struct asp_watch_lock *lock)
{
    return lock->engine != NULL;
}

bool asp_watch_lock_is_of(const struct asp_watch_lock *lock, const struct asp_store *store)
{
    return lock->engine != NULL && lock->engine == store->engine &&
           lock->engine->watch_is_of(lock, store);
}

void asp_watch_lock_mark(const struct asp_watch_lock *lock, time_t looked)
{
    if (lock->engine != NULL)
        lock->engine->mark_watch(lock, looked);
}

void asp_watch_lock_release(struct asp_watch_lock *lock)
{
    if (lock->engine != NULL)
        lock->engine->give_watch(lock);
    *lock = ASP_WATCH_LOCK_FREE;
}

enum asp_status asp_watch_lock_look(const struct asp_store *store, struct asp_watch_seen *seen,
                                    struct asp_error *error)
{
    *seen = (struct asp_watch_seen){.looked = ASP_NEVER};
    return store->engine->look_at_watch(store, seen, error);
}

enum asp_status asp_store_follow(const struct asp_store *store, struct asp_store_changes *changes,
                                 bool *another, struct asp_error *error)
{
    *another = false;
    /* What one engine has begun the other cannot go on with. */
    if (changes->engine != store->engine)
        asp_store_changes_end(changes);
    changes->engine = store->engine;
    return store->engine->follow(store, changes, another, error);
}

struct told {
    const struct asp_store *store;
    asp_changed *changed;
    void *context;
    bool lost;
};

static void tell_name(const char *name, void *context)
{
    struct told *told = context;
    char user[ASP_USER_MAX + 1];
    bool is_digest = asp_user_is_digest(name);

    if (is_digest ? asp_store_is_open(told->store) && asp_store_user_of(told->store, name, user) &&
                        user[0] != '/'
                  : asp_user_decode(name, user))
        told->changed(user, told->context);
    else if (is_digest) /* the account may have gone, and left something that is due */
        told->lost = true;
}

struct asp_store_news asp_store_changes_take(const struct asp_store *store,
                                             struct asp_store_changes *changes,
                                             asp_changed *changed, void *context)
{
    struct told told = {store, changed, context, false};
    struct asp_store_news news = {.lost = false};

    if (changes->engine != NULL)
        news = changes->engine->take_changes(changes, tell_name, &told);
    news.lost = news.lost || told.lost;
    return news;
}

void asp_store_changes_end(struct asp_store_changes *changes)
{
    if (changes->engine != NULL)
        changes->engine->end_changes(changes);
    *changes = ASP_STORE_UNFOLLOWED;
}

bool asp_store_is_another(const struct asp_store *store)
{
    return store->engine == NULL || store->engine->is_another(store);
}
