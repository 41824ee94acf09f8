/* A worker's way to accounts in a database, while its configuration becomes another. */
#include "unit.h"

#include "asp-admin/database/database.h"
#include "asp-broker/worker_database.h"
#include "pam_asp/conf_cache.h"

#include <malloc.h>
#include <sys/stat.h>

#define STORE "00112233-4455-6677-8899-aabbccddeeff"
#define PIN "asp-store-id 1 " STORE " 64\ndigest=abcd94482b60da73\n"

static struct worker_database database;
static char path[UNIT_PATH];
static char folder[UNIT_PATH];

/* Nobody is at its socket: to write there fails at once. Without a wait it names no database. Each
 * is of another length than the one before, so that the file is another one by more than its time.
 */
static void write_conf(int wait)
{
    char text[4 * UNIT_PATH];
    int length =
        snprintf(text, sizeof text, "store = \"%s\";\nprimary: { source = \"none\"; };\n", folder);

    if (wait > 0)
        length += snprintf(text + length, sizeof text - (size_t)length,
                           "database: { hosts = ( { address = \"%s\"; } ); wait = %d; };\n", folder,
                           wait);
    file_write(path, text, (size_t)length);
    ck_assert_int_eq(chmod(path, 0644), 0);
}

static struct shared_conf *acquire(void)
{
    struct shared_conf *shared = NULL;
    struct asp_error error = {0};

    ck_assert_msg(conf_cache_acquire(path, true, &shared, &error) == ASP_OK, "%s", error.text);
    return shared;
}

static void record_use(const struct asp_store_kept *kept, const struct shared_conf *shared)
{
    const struct asp_use use = {.id = "7k", .created = 1000, .last = 2000, .service = "imap"};
    struct asp_store_kept own = *kept;
    struct asp_store store;
    struct asp_error error = {0};

    ck_assert_ptr_nonnull(own.engine);
    ck_assert_msg(asp_store_open(&store, conf_cache_read(shared), &own, &error) == ASP_OK, "%s",
                  error.text);
    ck_assert_int_eq(asp_store_record(&store, "alice", &use), ASP_OK);
    asp_store_close(&store);
    ck_assert_int_ge(database_idle_ms(database.store), 0);
}

/* A login by the configuration that there is, which leaves a use to be written; then that of the
 * worker is the only one who has it. */
static void begin(void)
{
    struct shared_conf *shared;
    struct asp_store_kept room;

#ifdef M_PERTURB
    /* What is freed is no configuration any more. The malloc of a sanitizer knows nothing of that,
     * and does it by itself. */
    (void)mallopt(M_PERTURB, 0x55);
#endif
    (void)snprintf(folder, sizeof folder, "%s", unit_folder());
    (void)snprintf(path, sizeof path, "%s", unit_path(unit_folder(), "asp.conf"));
    file_write(unit_path(folder, "store-id"), PIN, strlen(PIN));
    ck_assert_int_eq(chmod(unit_path(folder, "store-id"), 0600), 0);
    write_conf(800);
    shared = acquire();
    record_use(worker_database_use(&database, shared, &room), shared);
    conf_cache_release(shared);
}

/* As one does who is refused: nobody asks the store by it. */
static void another_is_read(int wait)
{
    write_conf(wait);
    conf_cache_release(acquire());
}

START_TEST(what_is_still_to_be_written_is_written_by_the_configuration_that_it_was_asked_by)
{
    begin();
    another_is_read(1000);
    database_idle(database.store);
    ck_assert_int_eq(database_idle_ms(database.store), -1);
    worker_database_end(&database);
}
END_TEST

START_TEST(so_it_is_at_the_end)
{
    begin();
    another_is_read(1000);
    worker_database_end(&database);
    ck_assert_ptr_null(database.store);
    ck_assert_ptr_null(database.conf);
}
END_TEST

static void ignore(bool is_fault, const char *line)
{
    (void)is_fault;
    (void)line;
}

START_TEST(what_one_worker_finds_of_the_database_all_know)
{
    struct pgsql_breaker *breaker = NULL;
    struct asp_store_kept room;
    struct shared_conf *shared;
    struct asp_store store;
    struct asp_account account;

    ck_assert(database_breaker_make(&breaker, ignore));
    database.breaker = breaker;
    begin();
    shared = acquire();
    (void)worker_database_use(&database, shared, &room);
    ck_assert_int_eq(asp_store_open(&store, conf_cache_read(shared), &room, NULL), ASP_OK);
    ck_assert_int_eq(asp_store_load(&store, "alice", NULL, &account, NULL), ASP_IO);
    ck_assert(database_is_down(database.store));
    asp_store_close(&store);
    conf_cache_release(shared);
    worker_database_end(&database);
}
END_TEST

START_TEST(one_that_names_no_database_closes_it)
{
    struct asp_store_kept room;
    struct shared_conf *shared;

    begin();
    write_conf(0);
    shared = acquire();
    ck_assert_ptr_eq(worker_database_use(&database, shared, &room), conf_cache_kept(shared));
    ck_assert_ptr_null(database.store);
    conf_cache_release(shared);
    worker_database_end(&database);
}
END_TEST

START_TEST(one_that_names_it_again_goes_on_with_what_is_to_be_written)
{
    struct asp_store_kept room;
    struct shared_conf *shared;
    const struct pgsql_store *store;

    begin();
    store = database.store;
    write_conf(1000);
    shared = acquire();
    ck_assert_ptr_ne(worker_database_use(&database, shared, &room), conf_cache_kept(shared));
    conf_cache_release(shared);
    ck_assert_ptr_eq(database.store, store);
    another_is_read(900);
    ck_assert_int_ge(database_idle_ms(database.store), 0);
    worker_database_end(&database);
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite,
             what_is_still_to_be_written_is_written_by_the_configuration_that_it_was_asked_by);
    unit_add(suite, so_it_is_at_the_end);
    unit_add(suite, what_one_worker_finds_of_the_database_all_know);
    unit_add(suite, one_that_names_no_database_closes_it);
    unit_add(suite, one_that_names_it_again_goes_on_with_what_is_to_be_written);
}

int main(void)
{
    return unit_run("worker_database", fill);
}
