/* The configuration, parsed once and kept while its file is the same, and what is kept of its
 * store.
 */
#include "conf_cache.h"

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct shared_conf {
    atomic_uint holders;
    struct asp_conf *conf;
    struct asp_store_kept kept; /* of its store, as it was when the file was read */
};

static struct {
    pthread_mutex_t mutex; /* only ever tried: after a fork it may stay locked for good */
    char path[PATH_MAX];
    bool required;
    struct asp_identity identity;
    struct shared_conf *shared; /* NULL: empty */
} cache = {.mutex = PTHREAD_MUTEX_INITIALIZER};

const struct asp_conf *conf_cache_read(const struct shared_conf *shared)
{
    return shared->conf;
}

const struct asp_store_kept *conf_cache_kept(const struct shared_conf *shared)
{
    return &shared->kept;
}

void conf_cache_hold(struct shared_conf *shared)
{
    (void)atomic_fetch_add(&shared->holders, 1);
}

void conf_cache_release(struct shared_conf *shared)
{
    if (shared == NULL || atomic_fetch_sub(&shared->holders, 1) > 1)
        return;
    asp_conf_free(shared->conf);
    free(shared);
}

/* The cached one, or NULL when it is another, or another thread is at the cache. */
static struct shared_conf *look(const char *path, bool required,
                                const struct asp_identity *identity)
{
    struct shared_conf *found = NULL;

    if (pthread_mutex_trylock(&cache.mutex) != 0)
        return NULL;
    if (cache.shared != NULL && cache.required == required && strcmp(cache.path, path) == 0 &&
        asp_identity_same(&cache.identity, identity)) {
        found = cache.shared;
        conf_cache_hold(found);
    }
    (void)pthread_mutex_unlock(&cache.mutex);
    return found;
}

static void keep(const char *path, bool required, const struct asp_identity *identity,
                 struct shared_conf *shared)
{
    struct shared_conf *old;

    if (strlen(path) >= sizeof cache.path || pthread_mutex_trylock(&cache.mutex) != 0)
        return;
    old = cache.shared;
    conf_cache_hold(shared);
    cache.shared = shared;
    cache.required = required;
    cache.identity = *identity;
    strcpy(cache.path, path);
    (void)pthread_mutex_unlock(&cache.mutex);
    conf_cache_release(old);
}

/* What is kept of the store is found out once for each configuration. */
static void look_at_store(struct shared_conf *shared)
{
    struct asp_store store;

    (void)asp_store_open(&store, shared->conf, &shared->kept, NULL);
    asp_store_close(&store);
}

enum asp_status conf_cache_acquire(const char *path, bool required, struct shared_conf **shared,
                                   struct asp_error *error)
{
    struct asp_identity identity;
    enum asp_status status = asp_identity_at(path, &identity, error);

    *shared = NULL;
    if (status != ASP_OK)
        return status;
    *shared = look(path, required, &identity);
    if (*shared != NULL)
        return ASP_OK;

    *shared = calloc(1, sizeof **shared);
    if (*shared == NULL)
        return asp_fail(error, ASP_NO_MEMORY, "out of memory");
    atomic_init(&(*shared)->holders, 1);
    status = asp_conf_load(path, required, &(*shared)->conf, &identity, error);
    if (status == ASP_OK) {
        look_at_store(*shared);
        keep(path, required, &identity, *shared);
        return ASP_OK;
    }
    free(*shared);
    *shared = NULL;
    return status;
}
