/* The store in a database that lets everybody connect, and says nothing: what all processes are
 * told of it by one who has waited. */
#include "unit.h"

#include "asp/clock.h"
#include "asp/pgsql/store.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define PIN "asp-store-id 1 00112233-4455-6677-8899-aabbccddeeff 64\ndigest=abcd94482b60da73\n"

enum { WAIT = 1000, LEAST = 100, NO_TIME = 20, TIMES = 20, PORT = 5432, BACKLOG = 2 * TIMES };

static struct asp_database_host host = {.name = "", .port = PORT};
static struct asp_conf conf;
static struct asp_store_kept kept;
static struct pgsql_store *own;
static struct pgsql_breaker *breaker;
static unsigned lines;

static void count(bool is_fault, const char *line)
{
    (void)is_fault;
    (void)line;
    lines++;
}

/* Who connects is in its queue, and is never let in. */
static void listen_in(const char *folder)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int length =
        snprintf(address.sun_path, sizeof address.sun_path, "%s/.s.PGSQL.%d", folder, PORT);

    ck_assert_int_lt(length, (int)sizeof address.sun_path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(fd, BACKLOG), 0);
}

static void begin(void)
{
    lines = 0;
    host.address = strdup(unit_folder());
    conf = (struct asp_conf){
        .store = strdup(unit_folder()),
        .database = {.hosts = &host,
                     .host_count = 1,
                     .name = "asp",
                     .ca = "",
                     .cert = "",
                     .key = "",
                     .passfile = "",
                     .wait = WAIT},
    };
    listen_in(host.address);
    file_write(unit_path(conf.store, "store-id"), PIN, strlen(PIN));
    ck_assert_int_eq(chmod(unit_path(conf.store, "store-id"), 0600), 0);
    own = pgsql_store_new("tests");
    breaker = pgsql_breaker_make(count);
    ck_assert(own != NULL && breaker != NULL);
    pgsql_store_use(own, &conf, "asp_node", &kept);
    pgsql_store_share(own, breaker);
}

/* A login by an account, which may wait for so long. */
static void ask_for(int64_t milliseconds)
{
    struct asp_store store;
    struct asp_account account;
    struct asp_error error = {0};

    ck_assert_int_eq(asp_store_open(&store, &conf, &kept, &error), ASP_OK);
    store.deadline = asp_clock_ms() + milliseconds;
    ck_assert_int_eq(asp_store_load(&store, "alice", NULL, &account, &error), ASP_IO);
    asp_store_close(&store);
}

START_TEST(who_had_next_to_no_time_tells_nobody_that_it_is_down)
{
    begin();
    ask_for(NO_TIME);
    ck_assert(!pgsql_store_is_down(own));
    ck_assert_uint_eq(lines, 0);
    pgsql_store_free(own);
}
END_TEST

START_TEST(who_has_waited_for_it_tells_all)
{
    begin();
    ask_for(WAIT);
    ck_assert(pgsql_store_is_down(own));
    ck_assert_uint_eq(lines, 1);
    pgsql_store_free(own);
}
END_TEST

/* Nobody may wait for longer: one millisecond less is next to no time. */
START_TEST(where_that_is_all_that_one_may_wait_it_is_enough)
{
    begin();
    conf.database.wait = LEAST;
    for (int i = 0; i < TIMES && !pgsql_store_is_down(own); i++)
        ask_for(WAIT);
    ck_assert(pgsql_store_is_down(own));
    pgsql_store_free(own);
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, who_had_next_to_no_time_tells_nobody_that_it_is_down);
    unit_add(suite, who_has_waited_for_it_tells_all);
    unit_add(suite, where_that_is_all_that_one_may_wait_it_is_enough);
}

int main(void)
{
    return unit_run("pgsql_store", fill);
}
