/*
 * The engine of the store for many machines: accounts in PostgreSQL.
 *
 * A row of the database has the text of an account, whole, as a file would have it, and a tag that
 * each write makes another. Nothing is locked: an update reads, changes and writes where the tag is
 * still the one that it has read, and else begins again. Where an answer was lost the very same
 * statement is said again; the row knows the tags that it had.
 *
 * What is of this machine alone stays in the folder `store` of asp.conf: which database it is of,
 * and the lock of its watch. A login writes nothing there.
 */
#ifndef ASP_PGSQL_STORE_H
#define ASP_PGSQL_STORE_H

#include "breaker.h"
#include "credentials.h"

#include "asp/conf.h"
#include "asp/engine.h"

extern const struct asp_store_engine asp_store_pgsql;

/* What a process keeps for it: the connection, and uses that were not written yet. It is of one
 * thread, and a process that is forked makes its own. */
struct pgsql_store;

/* `application` is what the database is told of this program, and is not copied. NULL: no memory.
 */
struct pgsql_store *pgsql_store_new(const char *application);

/*
 * Brings it up to a configuration, which lasts until the next call has returned or the end, and
 * `kept` to it: where a database is named there, stores that are opened with `kept` are in it, and
 * `role` is who connects. Else they are in files. Where another database is named than before, or
 * the same in other words, uses that were recorded are written, and it is connected anew.
 */
void pgsql_store_use(struct pgsql_store *own, const struct asp_conf *conf, const char *role,
                     struct asp_store_kept *kept);

/* From now on it is asked as all who share the breaker, which is not freed, find the database. */
void pgsql_store_share(struct pgsql_store *own, struct pgsql_breaker *breaker);

/* For a process that is not root: another reads for it what root alone may read. It is not copied.
 */
void pgsql_store_read_by(struct pgsql_store *own, const struct pgsql_reader *reader);

/* Reads which database a machine with this folder is of. ASP_NOT_FOUND: it is of none yet. `file`,
 * unless it is NULL, begins as -1 and is open then where there is such a file, for the caller to
 * close. */
enum asp_status pgsql_pin_read(const char *folder, struct pgsql_pin *pin, int *file,
                               struct asp_error *error);

/* Whether it is down, as far as they know. */
bool pgsql_store_is_down(const struct pgsql_store *own);

/* As pgsql_connection_hide. */
void pgsql_store_hide(struct pgsql_store *own);

/* Its connection, for who asks of the database as a whole. */
struct pgsql_connection *pgsql_store_connection(struct pgsql_store *own);

/* Asks the database which one it is. */
enum asp_status pgsql_store_which(struct pgsql_store *own, struct pgsql_pin *found,
                                  struct asp_error *error);

/* Remembers in the folder of this machine which database it is of, of which it must know nothing
 * yet, or the same. Any other is refused from then on. */
enum asp_status pgsql_store_join(struct pgsql_store *own, struct asp_error *error);

/* ASP_OK: the database is the one that this machine has joined, which is `*found`. */
enum asp_status pgsql_store_is_joined(struct pgsql_store *own, struct pgsql_pin *found,
                                      struct asp_error *error);

/* The same; where this machine has joined none yet, this process alone takes it for joined. */
enum asp_status pgsql_store_may_join(struct pgsql_store *own, struct pgsql_pin *found,
                                     struct asp_error *error);

/* Asks for no account in particular, as a login asks for one. ASP_OK: a login is answered now. */
enum asp_status pgsql_store_answers(struct pgsql_store *own, struct asp_error *error);

/* In which of so many parts an account of this name is: the first byte of the name's BLAKE2b-256,
 * made here, for a database's own hash may be another in its next version. */
int pgsql_part(const char *name, int parts);

/* Whether the database has its expiry in a row of its own. */
bool pgsql_expires(const struct asp_entry *entry);

/* Tries it where it is down and it is time: nobody who logs in has to. In how many milliseconds
 * that is; -1: it is not down. */
void pgsql_store_try(struct pgsql_store *own);
int pgsql_store_try_ms(const struct pgsql_store *own);

/* Writes the uses that were recorded and not written; what cannot be written is dropped. */
void pgsql_store_flush(struct pgsql_store *own);

/* In how many milliseconds that is to be done: until then others may come; -1: there is none. */
int pgsql_store_flush_ms(const struct pgsql_store *own);

/* Flushes, and closes the connection. NULL is nothing. */
void pgsql_store_free(struct pgsql_store *own);

#endif
