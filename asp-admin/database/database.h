/*
 * The way of a program to accounts in a database, where the configuration names one.
 */
#ifndef ASP_ADMIN_DATABASE_H
#define ASP_ADMIN_DATABASE_H

#include "asp/conf.h"
#include "asp/pgsql/breaker.h"
#include "asp/pgsql/credentials.h"
#include "asp/pgsql/feed.h"
#include "asp/pgsql/lease.h"
#include "asp/store.h"

/* As whom the workers of asp-broker(8) come to it. */
#define DATABASE_USER "asp-broker"

/* False: this pam_asp was built without libpq. */
bool database_is_built(void);

/* Takes what libpq would hear out of the environment. At the start of each program that may open a
 * database. */
void database_begin_program(void);

/*
 * Brings `*own`, which begins as NULL, and `kept` up to a configuration that lasts until the next
 * call or the end: stores that are opened with `kept` are in the database, as `role`, where the
 * configuration names one, else in files. False: out of memory. `application` is not copied.
 */
bool database_use(struct pgsql_store **own, const struct asp_conf *conf, const char *role,
                  const char *application, struct asp_store_kept *kept);

/* What the processes of a program that are forked from now on know together of the database, for
 * database_share; `log` is called for all of them by the one that finds it out. False: no memory.
 */
bool database_breaker_make(struct pgsql_breaker **breaker, pgsql_log *log);

/* It is asked as all who share the breaker find it (asp/pgsql/breaker.h). */
void database_share(struct pgsql_store *own, struct pgsql_breaker *breaker);

/* For a process that is not root: another reads for it what root alone may read. It is not copied.
 */
void database_read_by(struct pgsql_store *own, const struct pgsql_reader *reader);

/* For who is asked to: which database this machine is of (ASP_NOT_FOUND: of none yet), and by what
 * the broker's role is let in, which the caller gives to database_credentials_close in any case. */
enum asp_status database_pin_read(const struct asp_conf *conf, struct pgsql_pin *pin, int *file,
                                  struct asp_error *error);
enum asp_status database_credentials_open(const struct asp_conf *conf,
                                          struct pgsql_credentials *credentials,
                                          struct asp_error *error);
void database_credentials_close(struct pgsql_credentials *credentials);

/* Whether it is down, as far as they know. */
bool database_is_down(const struct pgsql_store *own);

/* From now on a user who is not root is told of it no more than that it does not answer. NULL is
 * nothing. */
void database_hide(struct pgsql_store *own);

/* While a user is waited for: it keeps no connection, of which there are not many for all machines.
 * The next who asks makes another. NULL is nothing. */
void database_rest(struct pgsql_store *own);

/* Writes what is still to be written. NULL is nothing. */
void database_flush(struct pgsql_store *own);

/* While nobody asks: that, and a database that is down is tried where it is time for that. */
void database_idle(struct pgsql_store *own);

/* In how many milliseconds that is to be done; -1: there is nothing to be done. */
int database_idle_ms(const struct pgsql_store *own);

/* As pgsql_feed_new, pgsql_feed_look and pgsql_feed_free, for a database that is in use. */
struct pgsql_feed *database_feed_new(struct pgsql_store *own);
enum asp_status database_feed_look(struct pgsql_feed *feed,
                                   const struct pgsql_feed_listener *listener,
                                   struct asp_error *error);
void database_feed_free(struct pgsql_feed *feed);

/* As pgsql_feed_look_at_place. */
enum asp_status database_feed_look_at_place(struct pgsql_store *own, struct pgsql_feed_place *place,
                                            struct asp_error *error);

/* Who hears of it next in this folder hears what is told from then on. */
enum asp_status database_feed_forget(const char *folder, struct asp_error *error);

/* As pgsql_lease_take, for a database that is in use. */
enum asp_status database_lease_take(struct pgsql_store *own, const char *what, const char *holder,
                                    int seconds, struct pgsql_lease *lease,
                                    struct asp_error *error);

/* As pgsql_lease_look, the same. */
enum asp_status database_lease_look(struct pgsql_store *own, const char *what, const char *holder,
                                    int seconds, struct pgsql_lease *lease,
                                    struct asp_error *error);

/* Closes it, after that. */
void database_end(struct pgsql_store **own);

#endif
