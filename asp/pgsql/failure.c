/* What an answer of the database that is no success means. */
#include "failure.h"

#include "asp/buffer.h"

#include <stddef.h>
#include <string.h>

enum { WORD_BYTES_MAX = 400 };

/* One row for all SQLSTATEs that begin so. */
struct row {
    const char *begin;
    const struct pgsql_failure *failure;
    bool tells; /* what the server says is of itself, and of no value that it was given */
    const char *text;
    const char *advice; /* NULL: none */
};

/* It was not done, and the same would be said again. */
static const struct pgsql_failure refused = {.status = ASP_IO};
static const struct pgsql_failure absent = {.status = ASP_IO, .no_store = true};
static const struct pgsql_failure not_ours = {.status = ASP_UNSAFE};
static const struct pgsql_failure held = {.status = ASP_BUSY};
static const struct pgsql_failure crossed = {.status = ASP_AGAIN, .again = true};
static const struct pgsql_failure not_told = {.status = ASP_IO, .unknown = true};
static const struct pgsql_failure full = {.status = ASP_IO, .closes = true, .down = true};
/* It may be of the connection: the next one has nothing of it. */
static const struct pgsql_failure other = {.status = ASP_IO, .closes = true};
/* Who pools connections, or a new schema, has taken away what was prepared on this one. */
static const struct pgsql_failure stale = {.status = ASP_IO, .closes = true, .anew = true};
/* It is not the one to be asked. */
static const struct pgsql_failure elsewhere = {
    .status = ASP_IO, .closes = true, .anew = true, .down = true};
/* It has not said what came of it, or will not be heard any more. */
static const struct pgsql_failure broken = {
    .status = ASP_IO, .closes = true, .anew = true, .unknown = true, .down = true};

#define NOT_PREPARED "what was prepared is not there"
#define NOT_LET_IN "it does not let this node in"
#define NO_STORE "there is no store"
#define OLDER "there is no store, or one of an older schema", "run asp-admin store init"
#define OTHER                                                                                      \
    "name in asp.conf the database that the store is in; one that was lost is restored as "        \
    "asp-store(7) has it"

/* The first one that fits. */
static const struct row rows[] = {
    {"0A000", &stale, false, NOT_PREPARED, NULL},
    {"26000", &stale, false, NOT_PREPARED, NULL},
    {"42P05", &stale, false, NOT_PREPARED, NULL},
    {"25006", &elsewhere, true, "it is read-only", NULL},
    {"3D000", &refused, true, "there is no such database",
     "name in asp.conf the one that the store is in; asp-store(7) has how one is made, and how "
     "one that was lost is restored"},
    {"42501", &refused, true, NOT_LET_IN,
     "run asp-admin store init as who may: it gives the roles their rights"},
    {"3F000", &absent, true, NO_STORE, OTHER},
    {"42703", &refused, true, OLDER},
    {"42883", &refused, true, OLDER},
    {"42P01", &absent, true, NO_STORE, OTHER},
    {"40001", &crossed, false, "others are at the same", NULL},
    {"40P01", &crossed, false, "others are at the same", NULL},
    {"40003", &not_told, false, "it has not said what came of it", NULL},
    {"53300", &full, true, "it takes no more connections",
     "max_connections has to do for each machine, as doc/fleet.md has it"},
    {"55P03", &held, true, "others hold it", NULL},
    {"57014", &held, true, "it took too long", NULL},
    {"P0002", &not_ours, false, "this is no store of ours", NULL},
    {"XX001", &refused, true, "the database's own files are damaged", NULL},
    {"XX002", &refused, true, "the database's own files are damaged", NULL},
    {"XX000", &refused, true, "it is at fault itself", NULL},
    {"57P", &broken, true, "it serves nobody now", NULL},
    {"08", &broken, true, "the connection is broken", NULL},
    {"28P01", &refused, true, NOT_LET_IN,
     "put the role's password right in database.passfile, or in the database by \\password"},
    {"28", &refused, true, NOT_LET_IN,
     "let it in by pg_hba.conf, as asp-store(7) has it, and by ALTER ROLE where it is NOLOGIN"},
    {"53", &refused, true, "it is short of something", NULL},
    {"58", &refused, true, "its system fails it", NULL},
    {"", &other, false, "it refuses what it was asked", NULL},
};

static const struct row no_answer = {
    NULL, &broken, true, "no answer",
    "see that PostgreSQL runs there, and that this machine reaches it"};
/* What no server says that is one. */
static const struct row no_server = {NULL, &broken, false, "what answers is no PostgreSQL", NULL};
/* Written here, and what there is of it on other machines is not known. */
static const struct row warned = {NULL, &not_told, true, "written, and maybe not on the standby",
                                  NULL};

/* Five digits and capitals: SQL:2011, part 2, 24.1. */
static bool is_sqlstate(const char *text)
{
    for (size_t i = 0; i + 1 < PGSQL_SQLSTATE_SIZE; i++) {
        if (!((text[i] >= '0' && text[i] <= '9') || (text[i] >= 'A' && text[i] <= 'Z')))
            return false;
    }
    return true;
}

static const struct row *row_of(const struct pgsql_answer *answer)
{
    const char *sqlstate = answer->sqlstate;
    const struct row *row = rows;

    if (sqlstate == NULL)
        return &no_answer;
    if (!is_sqlstate(sqlstate) || strlen(sqlstate) >= PGSQL_SQLSTATE_SIZE)
        return &no_server;
    if (answer->writes && strncmp(sqlstate, "01", 2) == 0)
        return &warned;
    while (strncmp(sqlstate, row->begin, strlen(row->begin)) != 0)
        row++;
    return row;
}

/* The first line of it: the others say where in whose source it was, or ask. */
static void add_word(struct asp_buffer *line, const char *word)
{
    char first[WORD_BYTES_MAX + 1];
    size_t length = strcspn(word, "\n");

    if (length > WORD_BYTES_MAX)
        length = WORD_BYTES_MAX;
    memcpy(first, word, length);
    first[length] = '\0';
    if (length > 0) {
        asp_buffer_add(line, ": ");
        asp_buffer_add_visible(line, first);
    }
}

static void write_line(const struct pgsql_answer *answer, const struct row *row,
                       struct asp_error *error)
{
    char room[ASP_ERROR_TEXT];
    struct asp_buffer line = asp_buffer_on(room, sizeof room);

    asp_buffer_add(&line, "database");
    if (answer->host != NULL) {
        asp_buffer_add(&line, " ");
        asp_buffer_add_visible(&line, answer->host);
    }
    asp_buffer_add(&line, ": ");
    asp_buffer_add(&line, row == &no_answer && answer->cause != NULL ? answer->cause : row->text);
    if (answer->writes && row->failure->unknown && row != &warned)
        asp_buffer_add(&line, ", and whether it was written is not known");
    if (answer->sqlstate != NULL && row != &no_server) {
        asp_buffer_add(&line, " (SQLSTATE ");
        asp_buffer_add(&line, answer->sqlstate);
        asp_buffer_add(&line, ")");
    }
    if (answer->word != NULL && row->tells)
        add_word(&line, answer->word);
    (void)asp_fail(error, row->failure->status, "%s", room);
    if (row->advice != NULL)
        (void)asp_advise(error, row->failure->status, "%s", row->advice);
    asp_buffer_free(&line);
}

struct pgsql_failure pgsql_failure_of(const struct pgsql_answer *answer, struct asp_error *error)
{
    const struct row *row = row_of(answer);
    struct pgsql_failure failure = *row->failure;

    write_line(answer, row, error);
    failure.unknown = failure.unknown && answer->writes;
    return failure;
}

const char *pgsql_sqlstate_in(const char *word, char sqlstate[PGSQL_SQLSTATE_SIZE])
{
    /* "FATAL:  28P01: password authentication failed", with the first word in any language. */
    for (const char *at = strstr(word, ":  "); at != NULL; at = strstr(at, ":  ")) {
        at += strlen(":  ");
        if (is_sqlstate(at) && strncmp(at + PGSQL_SQLSTATE_SIZE - 1, ": ", 2) == 0) {
            memcpy(sqlstate, at, PGSQL_SQLSTATE_SIZE - 1);
            sqlstate[PGSQL_SQLSTATE_SIZE - 1] = '\0';
            return at + PGSQL_SQLSTATE_SIZE + 1;
        }
    }
    return NULL;
}
