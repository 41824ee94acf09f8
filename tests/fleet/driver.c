/*
 * Asks a database by what it is told on standard input, a line for each thing, whose words have a
 * tab between them; says what came of each question on standard output.
 *
 *   set KEY VALUE                        of struct asp_database, or `role`
 *   hosts                                from now on there is none
 *   host NAME ADDRESS PORT               and one more
 *   read MS NAME TEXT VALUE...           asks, within MS
 *   write MS NAME TEXT VALUE...          a VALUE is NULL, =TEXT, or # and the digits of a bytea
 *   forked read ...                      in a process of its own, which ends
 *   close
 *
 *   ok HOST ROWS COLUMNS VALUE...        NULL, or # and the digits
 *   failed STATUS BITS TEXT ADVICE       BITS: the letters of what the failure has
 */
#include "asp/clock.h"
#include "asp/pgsql/connection.h"
#include "asp/pgsql/environment.h"
#include "asp/pgsql/result.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORDS = 24, HOSTS = 4, STATEMENTS = 64, COPIES = 512 };

struct driver {
    struct pgsql_connection *connection;
    struct asp_database database;
    struct asp_database_host hosts[HOSTS];
    const char *role;
    struct pgsql_statement statements[STATEMENTS];
    size_t statement_count;
    char *copies[COPIES];
    size_t copy_count;
};

/* Kept to the end. */
static const char *copy(struct driver *driver, const char *text)
{
    if (driver->copy_count == COPIES)
        abort();
    driver->copies[driver->copy_count] = strdup(text);
    if (driver->copies[driver->copy_count] == NULL)
        abort();
    return driver->copies[driver->copy_count++];
}

static void set(struct driver *driver, const char *key, const char *value)
{
    struct asp_database *database = &driver->database;
    const struct {
        const char *key;
        const char **text;
    } texts[] = {
        {"name", &database->name},         {"user", &database->user},
        {"admin", &database->admin},       {"ca", &database->ca},
        {"cert", &database->cert},         {"key", &database->key},
        {"passfile", &database->passfile}, {"role", &driver->role},
    };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (strcmp(key, texts[i].key) == 0)
            *texts[i].text = copy(driver, value);
    }
    if (strcmp(key, "tls") == 0)
        database->tls = strcmp(value, "verify-full") == 0;
    if (strcmp(key, "wait") == 0)
        database->wait = atoi(value);
}

static void add_host(struct driver *driver, char *words[])
{
    if (driver->database.host_count == HOSTS)
        abort();
    driver->hosts[driver->database.host_count++] =
        (struct asp_database_host){copy(driver, words[1]), copy(driver, words[2]), atoi(words[3])};
}

/* The same one for the same name, as a program has it. */
static const struct pgsql_statement *statement_of(struct driver *driver, char *words[],
                                                  size_t values)
{
    for (size_t i = 0; i < driver->statement_count; i++) {
        if (strcmp(driver->statements[i].name, words[2]) == 0)
            return &driver->statements[i];
    }
    if (driver->statement_count == STATEMENTS)
        abort();
    driver->statements[driver->statement_count] = (struct pgsql_statement){
        copy(driver, words[2]), copy(driver, words[3]), values, strcmp(words[0], "write") == 0};
    return &driver->statements[driver->statement_count++];
}

static struct pgsql_value value_of(char *word)
{
    size_t length = strlen(word);
    size_t bytes = 0;

    if (word[0] == '=')
        return (struct pgsql_value){word + 1, 0, false};
    if (word[0] != '#')
        return (struct pgsql_value){NULL, 0, false};
    if (sodium_hex2bin((unsigned char *)word, length, word + 1, length - 1, NULL, &bytes, NULL) !=
        0)
        abort();
    return (struct pgsql_value){word, bytes, true};
}

static void show(const struct pg_result *result, const char *host)
{
    size_t rows = pgsql_row_count(result);
    size_t columns = pgsql_column_count(result);

    (void)printf("ok\t%s\t%zu\t%zu", host, rows, columns);
    for (size_t i = 0; i < rows * columns; i++) {
        const uint8_t *bytes;
        size_t length;

        if (!pgsql_bytes(result, i / columns, i % columns, &bytes, &length)) {
            (void)printf("\tNULL");
            continue;
        }
        (void)printf("\t#");
        for (size_t at = 0; at < length; at++)
            (void)printf("%02x", bytes[at]);
    }
    (void)printf("\n");
}

static void ask(struct driver *driver, char *words[], size_t count)
{
    struct pgsql_value values[WORDS];
    struct pg_result *result = NULL;
    struct asp_error error = {0};
    const struct pgsql_statement *statement = statement_of(driver, words, count - 4);
    const struct pgsql_failure *failure = pgsql_last_failure(driver->connection);
    enum asp_status status;

    for (size_t i = 4; i < count; i++)
        values[i - 4] = value_of(words[i]);
    pgsql_connection_use(driver->connection, &driver->database, driver->role);
    status = pgsql_ask(driver->connection, statement, values, asp_clock_ms() + atoi(words[1]),
                       &result, &error);
    if (status == ASP_OK)
        show(result, pgsql_connection_host(driver->connection));
    else if (result != NULL || failure->status != status || error.status != status)
        (void)printf("failed\tof itself\n");
    else
        (void)printf("failed\t%d\t%s%s%s%s%s\t%s\t%s\n", (int)status, failure->closes ? "c" : "",
                     failure->anew ? "n" : "", failure->again ? "a" : "",
                     failure->unknown ? "u" : "", failure->down ? "d" : "", error.text,
                     error.advice);
    pgsql_result_free(result);
    (void)fflush(stdout);
}

static void obey(struct driver *driver, char *words[], size_t count);

static void obey_forked(struct driver *driver, char *words[], size_t count)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        obey(driver, words, count);
        pgsql_connection_free(driver->connection);
        _exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
        abort();
}

static void obey(struct driver *driver, char *words[], size_t count)
{
    if (strcmp(words[0], "set") == 0 && count == 3)
        set(driver, words[1], words[2]);
    else if (strcmp(words[0], "hosts") == 0)
        driver->database.host_count = 0;
    else if (strcmp(words[0], "host") == 0 && count == 4)
        add_host(driver, words);
    else if ((strcmp(words[0], "read") == 0 || strcmp(words[0], "write") == 0) && count >= 4)
        ask(driver, words, count);
    else if (strcmp(words[0], "close") == 0)
        pgsql_connection_close(driver->connection);
    else if (strcmp(words[0], "forked") == 0 && count > 1)
        obey_forked(driver, words + 1, count - 1);
    else
        abort();
}

int main(void)
{
    static struct driver driver = {
        .database = {.name = "", .user = "", .admin = "", .ca = "", .cert = "", .key = ""},
        .role = "",
    };
    char *line = NULL;
    size_t room = 0;
    ssize_t length;

    pgsql_forget_environment();
    if (sodium_init() < 0)
        return 1;
    driver.connection = pgsql_connection_new("driver");
    if (driver.connection == NULL)
        return 1;
    driver.database.passfile = "";
    driver.database.hosts = driver.hosts;
    while ((length = getline(&line, &room, stdin)) > 0) {
        char *words[WORDS] = {line};
        size_t count = 0;
        char *rest = line;

        line[length - 1] = '\0';
        while (rest != NULL && count < WORDS)
            words[count++] = strsep(&rest, "\t");
        obey(&driver, words, count);
    }
    pgsql_connection_free(driver.connection);
    free(line);
    return 0;
}
