/*
 * What libpq or a server says of a question that has failed, in whatever words: the line that is
 * made of it disturbs no log, and it never is that all is well or that there is no account. The
 * SQLSTATE in it is found where the server puts it.
 */
#include "fuzz.h"

#include "asp/pgsql/certificate.h"
#include "asp/pgsql/failure.h"

#include <ctype.h>

static struct asp_database_host host = {.name = "db1", .address = "192.0.2.1", .port = 5432};
static struct asp_database database = {.hosts = &host,
                                       .host_count = 1,
                                       .ca = "/etc/asp/ca.pem",
                                       .cert = "/etc/asp/my cert.pem",
                                       .key = "/etc/asp/key.pem"};

static void judge(const char *sqlstate, const char *word, bool writes)
{
    const struct pgsql_answer answer = {
        .host = word, .sqlstate = sqlstate, .word = word, .writes = writes};
    struct asp_error error = {0};
    const struct pgsql_failure failure = pgsql_failure_of(&answer, &error);

    FUZZ_NEED(failure.status != ASP_OK && failure.status != ASP_NOT_FOUND);
    FUZZ_NEED(failure.status == error.status && error.text[0] != '\0');
    FUZZ_NEED(writes || !failure.unknown);
    for (const char *at = error.text; *at != '\0'; at++)
        FUZZ_NEED((unsigned char)*at >= ' ' && *at != '\x7f');
}

static void find_certificate(const char *word)
{
    const struct pgsql_certificate_fault *fault = pgsql_certificate_fault_in(word);
    struct asp_error error = {0};

    if (fault == NULL)
        return;
    FUZZ_NEED(pgsql_certificate_cause(fault)[0] != '\0');
    (void)asp_fail(&error, ASP_IO, "x");
    pgsql_certificate_advise(fault, &database, &host, &error);
    FUZZ_NEED(error.advice[0] != '\0');
}

/* As libpq writes it, with the word of the server behind. */
static void write_again(const char *sqlstate, const char *word)
{
    const size_t size = strlen(word) + 64;
    char *said = malloc(size);
    char again[PGSQL_SQLSTATE_SIZE];
    const char *behind;

    FUZZ_NEED(said != NULL);
    (void)snprintf(said, size, "connection to server failed: FATAL:  %s: %s", sqlstate, word);
    behind = pgsql_sqlstate_in(said, again);
    FUZZ_NEED(behind != NULL && strcmp(again, sqlstate) == 0 && strcmp(behind, word) == 0);
    free(said);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    char sqlstate[PGSQL_SQLSTATE_SIZE];
    char first[PGSQL_SQLSTATE_SIZE + 1] = "";
    const char *word = pgsql_sqlstate_in(text, sqlstate);

    if (word != NULL) {
        FUZZ_NEED(word > text && word <= text + strlen(text) && strlen(sqlstate) == 5);
        for (size_t i = 0; i < 5; i++)
            FUZZ_NEED(isdigit((unsigned char)sqlstate[i]) || isupper((unsigned char)sqlstate[i]));
        write_again(sqlstate, word);
        judge(sqlstate, word, true);
        judge(sqlstate, word, false);
    }
    strncpy(first, text, PGSQL_SQLSTATE_SIZE);
    judge(first, text, true);
    judge(first, text, false);
    judge(NULL, text, size % 2 == 0);
    find_certificate(text);
    free(text);
    return 0;
}
