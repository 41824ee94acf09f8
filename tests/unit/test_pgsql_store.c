/* The store in a database that lets everybody connect, and says nothing: what all processes are
 * told of it by one who has waited. */
#include "unit.h"

#include "asp/clock.h"
#include "asp/pgsql/store.h"
#include "asp/store_watch.h"

#include <errno.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define PIN "asp-store-id 1 00112233-4455-6677-8899-aabbccddeeff 64\ndigest=abcd94482b60da73\n"

enum { WAIT = 1000, LEAST = 100, NO_TIME = 20, TIMES = 20, PORT = 5432, BACKLOG = 2 * TIMES };
/* At least so many: what was opened, and for each host what is to be known of it. */
enum { ALLOCATIONS = 3 };

static struct asp_database_host host = {.name = "", .port = PORT};
static struct asp_conf conf;
static struct asp_store_kept kept;
static struct pgsql_store *own;
static struct pgsql_breaker *breaker;
static unsigned lines;
static bool libpq_has_memory = true;

PGconn *__real_PQconnectStartParams(const char *const *keys, const char *const *values, int expand);
PGconn *__wrap_PQconnectStartParams(const char *const *keys, const char *const *values, int expand);
PGconn *__wrap_PQconnectStartParams(const char *const *keys, const char *const *values, int expand)
{
    return libpq_has_memory ? __real_PQconnectStartParams(keys, values, expand) : NULL;
}

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

/* A login by an account, which may wait for so long. What comes of it, which `error` says too. */
static enum asp_status come_of(int64_t milliseconds, struct asp_error *error)
{
    struct asp_store store;
    struct asp_account account;
    enum asp_status status = asp_store_open(&store, &conf, &kept, error);

    if (status == ASP_OK) {
        store.deadline = asp_clock_ms() + milliseconds;
        status = asp_store_load(&store, "alice", NULL, &account, error);
    }
    asp_store_close(&store);
    return status;
}

static void ask_for(int64_t milliseconds)
{
    struct asp_error error = {0};

    ck_assert_int_eq(come_of(milliseconds, &error), ASP_IO);
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

/* It is nothing of the database's that this process has no memory. */
START_TEST(who_has_no_memory_is_told_that_and_nobody_that_it_is_down)
{
    unsigned nth = 0;
    bool failed;

    begin();
    do {
        const struct unit_plan plan = {
            .call = "malloc", .first = ++nth, .times = 1, .number = ENOMEM};
        struct asp_error error = {0};
        enum asp_status status;

        unit_calls_begin(&plan);
        status = come_of(NO_TIME, &error);
        failed = unit_calls_end();
        ck_assert_int_eq(status, failed ? ASP_NO_MEMORY : ASP_IO);
        ck_assert_int_eq(error.status, status);
        ck_assert(!pgsql_store_is_down(own));
    } while (failed);
    ck_assert_uint_ge(nth, ALLOCATIONS);
    pgsql_store_free(own);
}
END_TEST

START_TEST(where_libpq_has_no_memory_it_is_the_same)
{
    struct asp_error error = {0};

    begin();
    libpq_has_memory = false;
    ck_assert_int_eq(come_of(WAIT, &error), ASP_NO_MEMORY);
    ck_assert_str_eq(error.text, "out of memory");
    ck_assert(!pgsql_store_is_down(own));
    pgsql_store_free(own);
}
END_TEST

START_TEST(without_memory_there_is_no_store)
{
    for (unsigned nth = 1; nth <= 2; nth++) {
        const struct unit_plan plan = {
            .call = "malloc", .first = nth, .times = 1, .number = ENOMEM};

        unit_calls_begin(&plan);
        own = pgsql_store_new("tests");
        ck_assert(unit_calls_end());
        ck_assert_ptr_null(own);
    }
}
END_TEST

static int64_t shown_ms;

static int64_t clock_ms(void)
{
    return shown_ms;
}

static void record_at(const struct asp_store *store, int64_t milliseconds)
{
    const struct asp_use use = {.id = "7k", .created = 1000, .last = 2000, .service = "imap"};

    shown_ms = milliseconds;
    (void)asp_store_record(store, "alice", &use);
}

/* What was to be written is dropped then: nobody answers. */
START_TEST(uses_wait_for_those_of_a_second_and_for_no_more_than_there_is_room_for)
{
    enum { BEGIN = 5000, SECOND = 1000, ROOM = 256 };

    struct asp_store store;
    struct asp_error error = {0};

    begin();
    conf.database.wait = 1;
    unit_clock_ms = clock_ms;
    shown_ms = BEGIN;
    ck_assert_int_eq(asp_store_open(&store, &conf, &kept, &error), ASP_OK);
    ck_assert_int_eq(pgsql_store_flush_ms(own), -1);
    record_at(&store, BEGIN);
    ck_assert_int_eq(pgsql_store_flush_ms(own), SECOND);
    record_at(&store, BEGIN + SECOND - 1);
    ck_assert_int_eq(pgsql_store_flush_ms(own), 1);
    shown_ms = BEGIN + SECOND;
    ck_assert_int_eq(pgsql_store_flush_ms(own), 0);
    shown_ms = BEGIN + 2 * SECOND;
    ck_assert_int_eq(pgsql_store_flush_ms(own), 0);
    record_at(&store, BEGIN + 2 * SECOND);
    ck_assert_int_eq(pgsql_store_flush_ms(own), -1);

    for (size_t i = 0; i < ROOM - 1; i++)
        record_at(&store, BEGIN);
    ck_assert_int_eq(pgsql_store_flush_ms(own), SECOND);
    record_at(&store, BEGIN);
    ck_assert_int_eq(pgsql_store_flush_ms(own), -1);
    asp_store_close(&store);
    pgsql_store_free(own);
    unit_clock_ms = NULL;
}
END_TEST

static unsigned pins_told;
static int pin_file;
static enum asp_status pin_status = ASP_OK;
static const char *pin_id = "00112233-4455-6677-8899-aabbccddeeff";

/* A file that another has opened, which stays the same; or what came of it where it could not. */
static enum asp_status tell_pin(void *context, int64_t deadline, struct pgsql_pin *pin, int *file,
                                struct asp_error *error)
{
    (void)context;
    (void)deadline;
    pins_told++;
    if (pin_status != ASP_OK)
        return asp_fail(error, pin_status, "so it is");
    (void)snprintf(pin->id, sizeof pin->id, "%s", pin_id);
    pin->parts = 64;
    *file = pin_file = open("/dev/null", O_RDONLY | O_CLOEXEC);
    return ASP_OK;
}

static enum asp_status tell_no_credentials(void *context, int64_t deadline,
                                           struct pgsql_credentials *credentials,
                                           struct asp_error *error)
{
    (void)context;
    (void)deadline;
    (void)credentials;
    return asp_fail(error, ASP_IO, "nobody reads them");
}

START_TEST(what_another_reads_is_read_again_where_it_is_another_and_closed_in_the_end)
{
    const struct pgsql_reader reader = {tell_pin, tell_no_credentials, NULL};
    char *folder = strdup(unit_path(unit_folder(), "moved"));
    size_t open_files;

    begin();
    pgsql_store_read_by(own, &reader);
    ask_for(WAIT);
    ck_assert_uint_eq(pins_told, 1);
    open_files = unit_names("/proc/self/fd");
    ask_for(WAIT);
    ck_assert_uint_eq(pins_told, 1);

    ck_assert_int_eq(rename(conf.store, folder), 0);
    for (unsigned i = 2; i <= 3; i++) { /* as long as there is no folder */
        ask_for(WAIT);
        ck_assert_uint_eq(pins_told, i);
    }
    ck_assert_int_eq(mkdir(conf.store, 0700), 0);
    for (size_t i = 0; i < 2; i++) {
        ask_for(WAIT);
        ck_assert_uint_eq(pins_told, 4);
    }
    ck_assert_uint_eq(unit_names("/proc/self/fd"), open_files);
    pgsql_store_free(own);
    ck_assert_int_eq(fcntl(pin_file, F_GETFD), -1);
    free(folder);
}
END_TEST

START_TEST(what_another_cannot_read_is_not_known_until_it_can)
{
    const struct pgsql_reader reader = {tell_pin, tell_no_credentials, NULL};
    struct asp_error error = {0};

    begin();
    pgsql_store_read_by(own, &reader);
    pin_status = ASP_NO_FILES;
    ck_assert_int_eq(come_of(WAIT, &error), ASP_NO_FILES);
    ck_assert_str_eq(error.text, "so it is");
    pin_status = ASP_NOT_FOUND;
    ck_assert_int_eq(come_of(WAIT, &error), ASP_UNSAFE);
    ck_assert_str_eq(error.advice, "asp-admin store join");
    pin_status = ASP_OK;
    ck_assert_int_eq(come_of(WAIT, &error), ASP_IO);
    ck_assert_str_eq(error.text, "nobody reads them");
    ck_assert_uint_eq(pins_told, 3);
    pgsql_store_free(own);
}
END_TEST

/* It is read again where its folder is another. */
static void read_pin_again(enum asp_status what, const char *id)
{
    struct asp_error error = {0};

    ck_assert_int_eq(rename(conf.store, unit_path(unit_folder(), "moved")), 0);
    ck_assert_int_eq(mkdir(conf.store, 0700), 0);
    pin_status = what;
    pin_id = id;
    ck_assert_int_ne(come_of(WAIT, &error), ASP_OK);
}

START_TEST(uses_that_are_to_be_written_are_of_the_store_that_was_joined_then)
{
    const struct pgsql_reader reader = {tell_pin, tell_no_credentials, NULL};
    const enum asp_status between[] = {ASP_OK, ASP_NO_FILES, ASP_NOT_FOUND, ASP_CORRUPT};
    const char *other = "00112233-4455-6677-8899-aabbccddee00";
    const char *joined = pin_id;
    struct asp_store store;
    struct asp_error error = {0};

    begin();
    pgsql_store_read_by(own, &reader);
    unit_clock_ms = clock_ms;
    ask_for(WAIT);
    ck_assert_int_eq(asp_store_open(&store, &conf, &kept, &error), ASP_OK);
    for (size_t i = 0; i < UNIT_COUNT(between); i++) {
        record_at(&store, 1);
        read_pin_again(between[i], joined);
        read_pin_again(ASP_OK, joined);
        ck_assert_int_ne(pgsql_store_flush_ms(own), -1);
        read_pin_again(between[i], other);
        read_pin_again(ASP_OK, other);
        ck_assert_int_eq(pgsql_store_flush_ms(own), -1);
        read_pin_again(ASP_OK, joined);
    }
    asp_store_close(&store);
    pgsql_store_free(own);
    unit_clock_ms = NULL;
}
END_TEST

START_TEST(uses_that_could_not_be_put_are_said_not_to_be_there)
{
    const struct asp_usage_head head = {.begun = 1000, .slots = 1};
    const struct asp_use use = {.id = "7k", .created = 1000, .last = 2000, .service = "imap"};
    uint8_t bytes[ASP_HEAD_BYTES + ASP_SLOT_BYTES];
    const struct asp_usage none = {.bytes = bytes, .length = ASP_HEAD_BYTES};
    const struct asp_usage one = {.bytes = bytes, .length = sizeof bytes};
    struct asp_store store;
    struct asp_error error = {0};

    asp_usage_write_head(&head, bytes);
    asp_usage_write_slot(&use, bytes + ASP_HEAD_BYTES);
    begin();
    conf.database.wait = LEAST;
    ck_assert_int_eq(asp_store_open(&store, &conf, &kept, &error), ASP_OK);
    ck_assert_int_eq(asp_store_put_usage(&store, "alice", &one, &error), ASP_IO);
    ck_assert_ptr_nonnull(strstr(error.text, "it has said nothing in time"));
    ck_assert_int_eq(asp_store_put_usage(&store, "alice", &none, &error), ASP_OK);

    /* Then nobody waits for it. */
    conf.database.wait = WAIT;
    ask_for(WAIT);
    ck_assert(pgsql_store_is_down(own));
    ck_assert_int_eq(asp_store_put_usage(&store, "alice", &one, &error), ASP_IO);
    ck_assert_str_eq(error.text, "the database does not answer");
    ck_assert_int_eq(asp_store_put_usage(&store, "alice", &none, &error), ASP_OK);
    asp_store_close(&store);
    pgsql_store_free(own);
}
END_TEST

/* Nobody is asked for that. */
START_TEST(who_follows_it_is_told_once_that_all_may_be_another)
{
    struct asp_store store;
    struct asp_store_changes changes = ASP_STORE_UNFOLLOWED;
    struct asp_error error = {0};

    begin();
    ck_assert_int_eq(asp_store_open(&store, &conf, &kept, &error), ASP_OK);
    for (size_t i = 0; i < 2; i++) {
        bool another = false;

        ck_assert_int_eq(asp_store_follow(&store, &changes, &another, &error), ASP_OK);
        ck_assert(another);
        ck_assert_int_eq(asp_store_follow(&store, &changes, &another, &error), ASP_OK);
        ck_assert(!another);
        asp_store_changes_end(&changes);
    }
    asp_store_close(&store);
    pgsql_store_free(own);
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, uses_that_could_not_be_put_are_said_not_to_be_there);
    unit_add(suite, uses_that_are_to_be_written_are_of_the_store_that_was_joined_then);
    unit_add(suite, what_another_cannot_read_is_not_known_until_it_can);
    unit_add(suite, who_follows_it_is_told_once_that_all_may_be_another);
    unit_add(suite, what_another_reads_is_read_again_where_it_is_another_and_closed_in_the_end);
    unit_add(suite, uses_wait_for_those_of_a_second_and_for_no_more_than_there_is_room_for);
    unit_add(suite, without_memory_there_is_no_store);
    unit_add(suite, who_has_no_memory_is_told_that_and_nobody_that_it_is_down);
    unit_add(suite, where_libpq_has_no_memory_it_is_the_same);
    unit_add(suite, who_had_next_to_no_time_tells_nobody_that_it_is_down);
    unit_add(suite, who_has_waited_for_it_tells_all);
    unit_add(suite, where_that_is_all_that_one_may_wait_it_is_enough);
}

int main(void)
{
    return unit_run("pgsql_store", fill);
}
