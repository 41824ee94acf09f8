/*
 * What a database answers, whatever is asked of it: rows of any values, as the server of nobody
 * would say them. Connections are made by the functions below, which say what is in the input: its
 * first byte is what is done, and each answer is a number of columns and one of rows, and then
 * their values, each behind its length: a byte, or 0xfe and two; 0xff is NULL.
 */
#include "fuzz.h"

#include "asp-admin/database/check.h"
#include "asp-admin/database/look.h"
#include "asp/name.h"
#include "asp/pgsql/feed.h"
#include "asp/pgsql/lease.h"
#include "asp/pgsql/node_file.h"
#include "asp/pgsql/own.h"
#include "asp/pgsql/result.h"

#include <ctype.h>
#include <libpq-fe.h>
#include <unistd.h>

#define STORE "00112233-4455-6677-8899-aabbccddeeff"
#define PARTS 2

enum { COLUMNS_MAX = 32, NULL_LENGTH = 0xff, LONG_LENGTH = 0xfe, FAILS = 0x80, DOWN = 0x40 };

struct pgsql_connection {
    struct pgsql_failure failure;
};

/* What is left of the input, and the last answer of it, to which question. */
static struct {
    const uint8_t *at;
    const uint8_t *end;
    const char *question;
    bool is_ours; /* the first value of its one row is the store */
    bool is_done; /* its first value is the number 1 */
} said;

static char folder[FUZZ_FOLDER];
static struct asp_database_host host = {.name = "", .address = "/nowhere", .port = 5432};
static struct asp_conf conf;

/* A pause lets others get on, and there are none. */
int clock_nanosleep(clockid_t clock, int flags, const struct timespec *length,
                    struct timespec *left)
{
    (void)clock;
    (void)flags;
    (void)length;
    (void)left;
    return 0;
}

/* Nor does anything have to outlive a power cut. */
int fsync(int fd)
{
    (void)fd;
    return 0;
}

static uint8_t next_byte(void)
{
    return said.at < said.end ? *said.at++ : 0;
}

static void put_value(PGresult *result, int row, int column)
{
    size_t length = next_byte();
    char *copy;

    if (length == NULL_LENGTH) {
        FUZZ_NEED(PQsetvalue(result, row, column, NULL, -1) == 1);
        return;
    }
    if (length == LONG_LENGTH) {
        length = next_byte();
        length = length << 8 | next_byte();
    }
    if (length > (size_t)(said.end - said.at))
        length = (size_t)(said.end - said.at);
    copy = fuzz_text(said.at, length);
    said.at += length;
    FUZZ_NEED(PQsetvalue(result, row, column, copy, (int)length) == 1);
    free(copy);
}

static PGresult *next_answer(int columns)
{
    PGresAttDesc attributes[COLUMNS_MAX] = {{.name = NULL}};
    PGresult *result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
    int rows = next_byte();
    char name[] = "a";
    int64_t number = 0;

    FUZZ_NEED(result != NULL);
    for (int i = 0; i < columns; i++)
        attributes[i].name = name;
    FUZZ_NEED(columns == 0 || PQsetResultAttrs(result, columns, attributes) == 1);
    for (int row = 0; columns > 0 && row < rows && said.at < said.end; row++) {
        for (int column = 0; column < columns; column++)
            put_value(result, row, column);
    }
    said.is_ours = PQntuples(result) == 1 && columns > 0 && PQgetlength(result, 0, 0) == 36 &&
                   memcmp(PQgetvalue(result, 0, 0), STORE, 36) == 0;
    said.is_done = pgsql_number(result, 0, 0, &number) && number == 1;
    return result;
}

/* All that would be sent is read. */
static void need_values(const struct pgsql_statement *statement, const struct pgsql_value *values)
{
    FUZZ_NEED(statement->values <= PGSQL_VALUES_MAX);
    for (size_t i = 0; i < statement->values; i++) {
        char *copy;

        if (values[i].bytes == NULL)
            continue;
        copy = fuzz_text((const uint8_t *)values[i].bytes,
                         values[i].binary ? values[i].length : strlen(values[i].bytes));
        free(copy);
    }
}

struct pgsql_connection *pgsql_connection_new(const char *application)
{
    (void)application;
    return calloc(1, sizeof(struct pgsql_connection));
}

bool pgsql_connection_is_of_another(const struct pgsql_connection *connection,
                                    const struct asp_database *database, const char *role)
{
    (void)connection;
    (void)database;
    (void)role;
    return false;
}

void pgsql_connection_use(struct pgsql_connection *connection, const struct asp_database *database,
                          const char *role)
{
    (void)connection;
    (void)database;
    (void)role;
}

void pgsql_connection_hide(struct pgsql_connection *connection)
{
    (void)connection;
}

void pgsql_connection_read_by(struct pgsql_connection *connection,
                              const struct pgsql_reader *reader)
{
    (void)connection;
    (void)reader;
}

enum asp_status pgsql_ask(struct pgsql_connection *connection,
                          const struct pgsql_statement *statement, const struct pgsql_value *values,
                          int64_t deadline, struct pg_result **result, struct asp_error *error)
{
    const bool over = said.at == said.end;
    const uint8_t head = next_byte();

    (void)deadline;
    need_values(statement, values);
    *result = NULL;
    said.question = statement->name;
    said.is_ours = said.is_done = false;
    connection->failure =
        (struct pgsql_failure){.status = ASP_IO, .closes = true, .down = (head & DOWN) != 0};
    if (over || (head & FAILS) != 0)
        return asp_fail(error, ASP_IO, "no answer");
    *result = next_answer(head % COLUMNS_MAX);
    return ASP_OK;
}

const struct pgsql_failure *pgsql_last_failure(const struct pgsql_connection *connection)
{
    return &connection->failure;
}

uint64_t pgsql_connection_opened(const struct pgsql_connection *connection)
{
    (void)connection;
    return 1;
}

const char *pgsql_connection_host(const struct pgsql_connection *connection)
{
    (void)connection;
    return "db1";
}

void pgsql_connection_close(struct pgsql_connection *connection)
{
    (void)connection;
}

void pgsql_connection_free(struct pgsql_connection *connection)
{
    free(connection);
}

static void need_line(const char *line)
{
    for (; *line != '\0'; line++)
        FUZZ_NEED(isprint((unsigned char)*line));
}

static void load(const struct asp_store *store)
{
    struct asp_account account = {0};
    struct asp_usage usage = {0};
    struct asp_error error = {0};
    enum asp_status status = asp_store_load(store, "alice", "7k", &account, &error);

    FUZZ_NEED(status != ASP_NOT_FOUND || (strcmp(said.question, "load") == 0 && said.is_ours));
    FUZZ_NEED(status != ASP_OK || said.is_ours);
    if (status == ASP_OK)
        asp_account_free(&account);
    else if (status != ASP_NOT_FOUND)
        need_line(error.text);
    /* What came with the account is told once, and asked for then. */
    for (int i = 0; i < 2; i++) {
        (void)asp_store_usage(store, "alice", &usage, NULL);
        asp_usage_free(&usage);
    }
}

static enum asp_status add(struct asp_account *account, void *context, struct asp_error *error)
{
    struct asp_entry entry;

    (void)context;
    (void)error;
    asp_entry_init(&entry);
    strcpy(entry.id, "9x");
    strcpy(entry.label, "Phone");
    strcpy(entry.created_by, "root");
    entry.created = 1000;
    strcpy(entry.verifier, "$hmac-sha256$AAAAAAAAAAAAAAAAAAAAAA$"
                           "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    return asp_account_add(account, &entry);
}

static void update(const struct asp_store *store)
{
    enum asp_status status = asp_store_update(store, "alice", true, add, NULL, NULL);

    FUZZ_NEED(status != ASP_OK || (strcmp(said.question, "write") == 0 && said.is_done));
}

static enum asp_status visit(const char *user, void *context)
{
    (void)context;
    FUZZ_NEED(asp_user_fault(user) == NULL);
    return ASP_OK;
}

/* What a walk has read already, and what is asked for since that was handed out. */
static enum asp_status visit_account(const char *user, void *context)
{
    const struct asp_store *store = context;
    struct asp_error error = {0};

    for (int i = 0; i < 2; i++) {
        struct asp_account account;
        struct asp_usage usage;

        if (asp_store_load(store, user, NULL, &account, &error) == ASP_OK)
            asp_account_free(&account);
        (void)asp_store_usage(store, user, &usage, NULL);
        asp_usage_free(&usage);
    }
    return visit(user, NULL);
}

static enum asp_status hear(void *context, const struct pgsql_event *event, struct asp_error *error)
{
    (void)context;
    (void)error;
    FUZZ_NEED(asp_user_fault(event->user) == NULL && event->count > 0);
    for (size_t i = 0; i < event->count; i++)
        FUZZ_NEED(asp_id_valid(event->entries[i].id));
    return ASP_OK;
}

static void note(void *context, const char *line)
{
    (void)context;
    need_line(line);
}

/* From where a machine has heard before. */
static void follow(struct pgsql_store *own, bool damaged)
{
    const struct pgsql_feed_listener listener = {hear, note, NULL};
    struct pgsql_cursors cursors = {
        .store = STORE, .parts = PARTS, .looked = 1000, .at = {{5, 7}, {0, 0}}};
    struct pgsql_feed_place place;
    struct pgsql_feed *feed = pgsql_feed_new(own);
    struct asp_error error = {0};

    if (damaged)
        cursors.parts = PARTS + 1;
    FUZZ_NEED(feed != NULL && pgsql_cursors_write(folder, &cursors, NULL) == ASP_OK);
    for (int i = 0; i < 2; i++)
        (void)pgsql_feed_look(feed, &listener, &error);
    (void)pgsql_feed_look_at_place(own, &place, &error);
    pgsql_feed_free(feed);
}

static void tell(void *context, const char *name, int part, const char *what)
{
    (void)context;
    FUZZ_NEED(name == NULL || strlen(name) <= ASP_USER_ENCODED);
    FUZZ_NEED(part >= INT16_MIN && part <= INT16_MAX);
    need_line(what);
}

static void ask_of_all(struct pgsql_store *own)
{
    struct database_counts counts;
    struct database_look look;
    struct pgsql_lease lease;
    struct pgsql_pin pin;
    struct asp_error error = {0};

    FUZZ_NEED(pgsql_store_which(own, &pin, &error) != ASP_OK || pin.parts > 0);
    if (pgsql_lease_take(own, "primary", "host", 90, &lease, &error) == ASP_OK)
        FUZZ_NEED(strlen(lease.holder) <= PGSQL_HOLDER_MAX);
    (void)database_look(own, &look, &error);
    (void)database_check(own, tell, NULL, &counts, &error);
}

static void ask_of_passwords(const struct asp_store *store)
{
    struct asp_error error = {0};
    uint64_t mark;
    time_t now = 1000;

    (void)asp_store_now(store, &now, &error);
    (void)asp_store_note_password(store, "alice", &error);
    (void)asp_store_password_mark(store, "alice", &mark, &error);
    (void)asp_store_each(store, visit, NULL, &error);
    (void)asp_store_each_account(store, visit_account, (void *)(uintptr_t)store, &error);
}

static void remove_folder(void)
{
    (void)pgsql_cursors_drop(folder, NULL);
    (void)pgsql_node_file_drop(folder, "store-id", NULL);
    (void)remove(folder);
}

/* A machine that has joined the store. */
static void begin(void)
{
    static const char pin[] = "asp-store-id 1 " STORE " 2\ndigest=3a00381ad45d091d\n";

    if (conf.store != NULL)
        return;
    fuzz_folder(folder);
    FUZZ_NEED(sodium_init() >= 0 && atexit(remove_folder) == 0);
    FUZZ_NEED(pgsql_node_file_write(folder, "store-id", pin, strlen(pin), NULL) == ASP_OK);
    conf = (struct asp_conf){
        .store = folder,
        .database = {.hosts = &host, .host_count = 1, .wait = 100, .fence = 10},
    };
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct asp_store_kept kept;
    struct asp_store store;
    struct pgsql_store *own;
    uint8_t what;

    begin();
    said.at = data;
    said.end = data + size;
    what = next_byte();
    own = pgsql_store_new("fuzz");
    FUZZ_NEED(own != NULL);
    pgsql_store_use(own, &conf, "asp_node", &kept);
    FUZZ_NEED(asp_store_open(&store, &conf, &kept, NULL) == ASP_OK);
    switch (what % 6) {
    case 0:
        load(&store);
        break;
    case 1:
        update(&store);
        break;
    case 2:
        ask_of_passwords(&store);
        break;
    case 3:
        ask_of_all(own);
        break;
    default:
        follow(own, what % 6 == 5);
    }
    asp_store_close(&store);
    pgsql_store_free(own);
    return 0;
}
