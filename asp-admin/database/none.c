/* Built without libpq: then no configuration names a database. */
#include "database.h"

#include "check.h"
#include "copy.h"
#include "files.h"
#include "hosts.h"
#include "init.h"
#include "look.h"
#include "tidy.h"

bool database_is_built(void)
{
    return false;
}

void database_begin_program(void)
{
}

bool database_use(struct pgsql_store **own, const struct asp_conf *conf, const char *role,
                  const char *application, struct asp_store_kept *kept)
{
    (void)own;
    (void)conf;
    (void)role;
    (void)application;
    *kept = (struct asp_store_kept){0};
    return true;
}

bool database_breaker_make(struct pgsql_breaker **breaker, pgsql_log *log)
{
    *breaker = NULL;
    (void)log;
    return true;
}

void database_share(struct pgsql_store *own, struct pgsql_breaker *breaker)
{
    (void)own;
    (void)breaker;
}

void database_read_by(struct pgsql_store *own, const struct pgsql_reader *reader)
{
    (void)own;
    (void)reader;
}

void database_credentials_close(struct pgsql_credentials *credentials)
{
    (void)credentials;
}

bool database_is_down(const struct pgsql_store *own)
{
    (void)own;
    return false;
}

void database_hide(struct pgsql_store *own)
{
    (void)own;
}

void database_rest(struct pgsql_store *own)
{
    (void)own;
}

void database_flush(struct pgsql_store *own)
{
    (void)own;
}

void database_idle(struct pgsql_store *own)
{
    (void)own;
}

int database_idle_ms(const struct pgsql_store *own)
{
    (void)own;
    return -1;
}

struct pgsql_feed *database_feed_new(struct pgsql_store *own)
{
    (void)own;
    return NULL;
}

enum asp_status database_feed_look(struct pgsql_feed *feed,
                                   const struct pgsql_feed_listener *listener,
                                   struct asp_error *error)
{
    (void)feed;
    (void)listener;
    return asp_fail(error, ASP_DENIED, "this program is built without a database");
}

void database_feed_free(struct pgsql_feed *feed)
{
    (void)feed;
}

enum asp_status database_feed_forget(const char *folder, struct asp_error *error)
{
    (void)folder;
    (void)error;
    return ASP_OK;
}

void database_end(struct pgsql_store **own)
{
    (void)own;
}

/* Nobody comes to what follows. */
static enum asp_status none(struct asp_error *error)
{
    return asp_fail(error, ASP_DENIED, "this pam_asp was built without a database");
}

enum asp_status database_pin_read(const struct asp_conf *conf, struct pgsql_pin *pin, int *file,
                                  struct asp_error *error)
{
    (void)conf;
    (void)file;
    *pin = (struct pgsql_pin){0};
    return none(error);
}

enum asp_status database_credentials_open(const struct asp_conf *conf,
                                          struct pgsql_credentials *credentials,
                                          struct asp_error *error)
{
    (void)conf;
    *credentials = PGSQL_NO_CREDENTIALS;
    return none(error);
}

enum asp_status database_lease_take(struct pgsql_store *own, const char *what, const char *holder,
                                    int seconds, struct pgsql_lease *lease, struct asp_error *error)
{
    (void)own;
    (void)what;
    (void)holder;
    (void)seconds;
    *lease = (struct pgsql_lease){0};
    return none(error);
}

enum asp_status database_lease_look(struct pgsql_store *own, const char *what, const char *holder,
                                    int seconds, struct pgsql_lease *lease, struct asp_error *error)
{
    return database_lease_take(own, what, holder, seconds, lease, error);
}

const char database_begin_uses[] = "";

const char *const *database_schema(void)
{
    static const char *const empty[] = {NULL};

    return empty;
}

enum asp_status database_init(const struct asp_conf *conf, const char *role, bool uses_lost,
                              struct database_identity *identity, int *before,
                              struct asp_error *error)
{
    (void)conf;
    (void)role;
    (void)uses_lost;
    (void)identity;
    *before = 0;
    return none(error);
}

enum asp_status database_join(struct pgsql_store *own, struct asp_error *error)
{
    (void)own;
    return none(error);
}

enum asp_status database_is_joined(struct pgsql_store *own, struct asp_error *error)
{
    (void)own;
    return none(error);
}

enum asp_status database_answers(struct pgsql_store *own, struct asp_error *error)
{
    (void)own;
    return none(error);
}

void database_examine_files(const struct asp_conf *conf, database_file_fault *tell, void *context)
{
    (void)conf;
    (void)tell;
    (void)context;
}

enum asp_status database_feed_look_at_place(struct pgsql_store *own, struct pgsql_feed_place *place,
                                            struct asp_error *error)
{
    (void)own;
    *place = (struct pgsql_feed_place){0};
    return none(error);
}

enum asp_status database_look(struct pgsql_store *own, struct database_look *look,
                              struct asp_error *error)
{
    (void)own;
    *look = (struct database_look){0};
    return none(error);
}

enum asp_status database_look_as_broker(const struct asp_conf *conf, struct database_look *look,
                                        struct asp_error *error)
{
    (void)conf;
    *look = (struct database_look){0};
    return none(error);
}

bool database_find_written(const struct asp_conf *conf, const char *role,
                           struct database_written *written)
{
    (void)conf;
    (void)role;
    *written = (struct database_written){0};
    return true;
}

enum asp_status database_check(struct pgsql_store *own, database_fault *tell, void *context,
                               struct database_counts *counts, struct asp_error *error)
{
    (void)own;
    (void)tell;
    (void)context;
    *counts = (struct database_counts){0};
    return none(error);
}

enum asp_status database_tidy(struct pgsql_store *own, struct database_tidied *tidied,
                              struct asp_error *error)
{
    (void)own;
    *tidied = (struct database_tidied){0};
    return none(error);
}

enum asp_status database_copy_begin(struct database_copy *copy, struct pgsql_store *own,
                                    struct database_copy_state *state, struct asp_error *error)
{
    (void)own;
    *copy = (struct database_copy){0};
    *state = (struct database_copy_state){0};
    return none(error);
}

enum asp_status database_copy_hold(const struct database_copy *copy, const char *holder,
                                   struct asp_error *error)
{
    (void)copy;
    (void)holder;
    return none(error);
}

enum asp_status database_copy_close(const struct database_copy *copy, struct asp_error *error)
{
    (void)copy;
    return none(error);
}

enum asp_status database_copy_open(const struct database_copy *copy, struct asp_error *error)
{
    (void)copy;
    return none(error);
}

enum asp_status database_copy_begin_uses(struct database_copy *copy, struct asp_error *error)
{
    (void)copy;
    return none(error);
}

struct asp_copy_side database_copy_side(struct database_copy *copy)
{
    return (struct asp_copy_side){.own = copy};
}

enum asp_status database_copy_has_heard(const struct database_copy *copy, const char *folder,
                                        bool *heard, struct asp_error *error)
{
    (void)copy;
    (void)folder;
    *heard = false;
    return none(error);
}

enum asp_status database_copy_begin_hearing(const struct database_copy *copy, const char *folder,
                                            struct asp_error *error)
{
    (void)copy;
    (void)folder;
    return none(error);
}
