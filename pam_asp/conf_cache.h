/*
 * The parsed configuration, kept in the process. It is the only thing that the module keeps: no
 * secret and no descriptor is in it.
 */
#ifndef PAM_ASP_CONF_CACHE_H
#define PAM_ASP_CONF_CACHE_H

#include "asp/conf.h"
#include "asp/store.h"

/* A configuration that several threads may hold at once. */
struct shared_conf;

/*
 * The configuration at `path`, from the cache while the file is the same. ASP_OK: the caller gives
 * it back with conf_cache_release; what it reads of it by conf_cache_read does not change
 * meanwhile.
 */
enum asp_status conf_cache_acquire(const char *path, bool required, struct shared_conf **shared,
                                   struct asp_error *error);

const struct asp_conf *conf_cache_read(const struct shared_conf *shared);

/* What is kept of its store, for asp_login. */
const struct asp_store_kept *conf_cache_kept(const struct shared_conf *shared);

/* Holds it once more: who does gives it back once more. */
void conf_cache_hold(struct shared_conf *shared);

/* NULL is passed over. */
void conf_cache_release(struct shared_conf *shared);

#endif
