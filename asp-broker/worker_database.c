/* A worker's way to accounts in a database. */
#include "worker_database.h"

#include "asp-admin/database/database.h"
#include "pam_asp/conf_cache.h"

const struct asp_store_kept *worker_database_use(struct worker_database *database,
                                                 struct shared_conf *shared,
                                                 struct asp_store_kept *kept)
{
    const struct asp_conf *conf = conf_cache_read(shared);
    const bool used = database_use(&database->store, conf, conf->database.user, "asp-broker", kept);

    if (conf->database.host_count == 0) {
        database_end(&database->store); /* there was one until now */
    } else if (used) {
        database_share(database->store, database->breaker);
        database_read_by(database->store, database->reader);
    }
    if (database->conf != shared) {
        conf_cache_hold(shared);
        conf_cache_release(database->conf);
        database->conf = shared;
    }
    return used && kept->engine != NULL ? kept : conf_cache_kept(shared);
}

void worker_database_end(struct worker_database *database)
{
    database_end(&database->store);
    conf_cache_release(database->conf);
    database->conf = NULL;
}
