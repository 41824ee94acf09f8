/* What a worker may, by its configuration. */
#include "worker.h"

#include "asp/safeio.h"
#include "asp/source.h"
#include "pam_asp/conf_cache.h"

#include <syslog.h>
#include <unistd.h>

/* What a command says of primary passwords is not asked at a login. But when one was set it is
 * compared by a process of the worker's, which looks whether its user has a line in shadow. */
static struct worker_rights rights_for(const struct asp_conf *conf)
{
    const bool has_database = conf->database.host_count > 0;

    return (struct worker_rights){
        has_database, has_database && asp_source_traits(conf->primary_source).is_compared};
}

/* What cannot be read asks for nothing. */
static struct worker_rights rights_now(const struct worker *worker)
{
    struct worker_rights rights = {0};
    struct shared_conf *conf = NULL;

    if (conf_cache_acquire(worker->conf_path, worker->conf_required, &conf, NULL) == ASP_OK)
        rights = rights_for(conf_cache_read(conf));
    conf_cache_release(conf);
    return rights;
}

/* Where it cannot, it answers as root: who is to be let in is not refused for it. */
static bool give_up(const struct worker *worker, struct worker_rights rights)
{
    struct asp_error error = {0};

    if (geteuid() != 0)
        return false; /* it never was */
    if (!rights.is_unprivileged) {
        privileges_stay();
        return false;
    }
    if (!worker->user->is_there)
        (void)asp_fail(&error, ASP_DENIED,
                       "there is no user " DATABASE_USER ". Make it, and start asp-broker again: "
                       "useradd --system --user-group --no-create-home --shell "
                       "/usr/sbin/nologin " DATABASE_USER);
    else if (worker->credentials->asking < 0)
        (void)asp_fail(&error, ASP_DENIED,
                       "asp-broker was started before the database was named: restart it");
    else if (privileges_give_up(worker->user, rights.shadow, worker->conf_path, &error))
        return true;
    log_once(worker->log_throttle, LOGGED_ROOT, LOG_ERR, "logins are answered as root: %s",
             error.text);
    return false;
}

static void close_others(const struct worker *worker)
{
    for (size_t i = 0; i < WORKER_OTHERS; i++)
        asp_close(worker->others[i]);
}

void worker_begin(const struct worker *worker, struct worker_state *state)
{
    struct credentials_ends *ends = worker->credentials;

    *state = (struct worker_state){
        .answering =
            {
                .conf_path = worker->conf_path,
                .conf_required = worker->conf_required,
                .log_throttle = worker->log_throttle,
                .database.breaker = worker->breaker,
            },
        .rights = rights_now(worker),
    };
    close_others(worker);
    asp_close(ends->hearing); /* what others ask for is not for it */
    state->has_given_up = give_up(worker, state->rights);
    if (state->has_given_up) {
        state->reader = credentials_reader(&ends->asking);
        state->answering.database.reader = &state->reader;
    } else {
        asp_close(ends->asking);
        ends->asking = -1;
    }
    password_works_begin(&state->answering.works, worker->conf_path, worker->conf_required,
                         ends->asking);
}

bool worker_fits(const struct worker_state *state)
{
    const struct answering *answering = &state->answering;
    struct worker_rights rights;
    struct shared_conf *conf = NULL;
    const enum asp_status status =
        conf_cache_acquire(answering->conf_path, answering->conf_required, &conf, NULL);

    if (status != ASP_OK)
        return status != ASP_DENIED || !state->has_given_up;
    rights = rights_for(conf_cache_read(conf));
    conf_cache_release(conf);
    return rights.is_unprivileged == state->rights.is_unprivileged &&
           rights.shadow == state->rights.shadow;
}

void worker_end(struct worker_state *state)
{
    worker_database_end(&state->answering.database);
}

void worker_give_up(const struct worker *worker)
{
    struct worker_rights rights = rights_now(worker);

    rights.shadow = false;
    close_others(worker);
    (void)give_up(worker, rights);
    credentials_close(worker->credentials);
}
