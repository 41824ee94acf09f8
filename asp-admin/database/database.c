/* The way of a program to accounts in a database. */
#include "database.h"

#include "asp/pgsql/connection.h"
#include "asp/pgsql/cursors.h"
#include "asp/pgsql/environment.h"
#include "asp/pgsql/store.h"

bool database_is_built(void)
{
    return true;
}

void database_begin_program(void)
{
    pgsql_forget_environment();
}

bool database_use(struct pgsql_store **own, const struct asp_conf *conf, const char *role,
                  const char *application, struct asp_store_kept *kept)
{
    *kept = (struct asp_store_kept){0};
    if (conf->database.host_count == 0)
        return true;
    if (*own == NULL)
        *own = pgsql_store_new(application);
    if (*own == NULL)
        return false;
    pgsql_store_use(*own, conf, role, kept);
    return true;
}

bool database_breaker_make(struct pgsql_breaker **breaker, pgsql_log *log)
{
    *breaker = pgsql_breaker_make(log);
    return *breaker != NULL;
}

void database_share(struct pgsql_store *own, struct pgsql_breaker *breaker)
{
    pgsql_store_share(own, breaker);
}

void database_read_by(struct pgsql_store *own, const struct pgsql_reader *reader)
{
    pgsql_store_read_by(own, reader);
}

enum asp_status database_pin_read(const struct asp_conf *conf, struct pgsql_pin *pin, int *file,
                                  struct asp_error *error)
{
    return pgsql_pin_read(conf->store, pin, file, error);
}

enum asp_status database_credentials_open(const struct asp_conf *conf,
                                          struct pgsql_credentials *credentials,
                                          struct asp_error *error)
{
    return pgsql_credentials_open(&conf->database, conf->database.user, credentials, error);
}

void database_credentials_close(struct pgsql_credentials *credentials)
{
    pgsql_credentials_close(credentials);
}

bool database_is_down(const struct pgsql_store *own)
{
    return pgsql_store_is_down(own);
}

void database_hide(struct pgsql_store *own)
{
    if (own != NULL)
        pgsql_store_hide(own);
}

void database_rest(struct pgsql_store *own)
{
    if (own != NULL)
        pgsql_connection_close(pgsql_store_connection(own));
}

void database_flush(struct pgsql_store *own)
{
    if (own != NULL)
        pgsql_store_flush(own);
}

void database_idle(struct pgsql_store *own)
{
    if (own == NULL)
        return;
    pgsql_store_try(own);
    pgsql_store_flush(own);
}

int database_idle_ms(const struct pgsql_store *own)
{
    const int flush = own != NULL ? pgsql_store_flush_ms(own) : -1;
    const int again = own != NULL ? pgsql_store_try_ms(own) : -1;

    return flush < 0 || (again >= 0 && again < flush) ? again : flush;
}

struct pgsql_feed *database_feed_new(struct pgsql_store *own)
{
    return pgsql_feed_new(own);
}

enum asp_status database_feed_look(struct pgsql_feed *feed,
                                   const struct pgsql_feed_listener *listener,
                                   struct asp_error *error)
{
    return pgsql_feed_look(feed, listener, error);
}

enum asp_status database_feed_look_at_place(struct pgsql_store *own, struct pgsql_feed_place *place,
                                            struct asp_error *error)
{
    return pgsql_feed_look_at_place(own, place, error);
}

void database_feed_free(struct pgsql_feed *feed)
{
    pgsql_feed_free(feed);
}

enum asp_status database_feed_forget(const char *folder, struct asp_error *error)
{
    return pgsql_cursors_drop(folder, error);
}

enum asp_status database_lease_take(struct pgsql_store *own, const char *what, const char *holder,
                                    int seconds, struct pgsql_lease *lease, struct asp_error *error)
{
    return pgsql_lease_take(own, what, holder, seconds, lease, error);
}

enum asp_status database_lease_look(struct pgsql_store *own, const char *what, const char *holder,
                                    int seconds, struct pgsql_lease *lease, struct asp_error *error)
{
    return pgsql_lease_look(own, what, holder, seconds, lease, error);
}

void database_end(struct pgsql_store **own)
{
    pgsql_store_free(*own);
    *own = NULL;
}
