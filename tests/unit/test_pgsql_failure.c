/* What an answer of the database that is no success means. */
#include "unit.h"

#include "asp/pgsql/failure.h"

#include <string.h>

#define OTHER                                                                                      \
    "name in asp.conf the database that the store is in; one that was lost is restored as "        \
    "asp-store(7) has it"
#define WORD "relation \"x\" is not there"

enum {
    CLOSES = 1,
    ANEW = 2,
    AGAIN = 4,
    UNKNOWN = 8, /* where it was to change something */
    DOWN = 16,
    TELLS = 32, /* the line has the server's word */
    NO_STORE = 64,
    BROKEN = CLOSES | ANEW | UNKNOWN | DOWN,
};

static const struct {
    const char *sqlstate;
    enum asp_status status;
    int bits;
    const char *text;
    const char *advice;
} rows[] = {
    {NULL, ASP_IO, BROKEN | TELLS, "no answer",
     "see that PostgreSQL runs there, and that this machine reaches it"},
    {"08000", ASP_IO, BROKEN | TELLS, "connection is broken", ""},
    {"08006", ASP_IO, BROKEN | TELLS, "connection is broken", ""},
    {"08P01", ASP_IO, BROKEN | TELLS, "connection is broken", ""},
    {"57P01", ASP_IO, BROKEN | TELLS, "serves nobody", ""},
    {"57P02", ASP_IO, BROKEN | TELLS, "serves nobody", ""},
    {"57P03", ASP_IO, BROKEN | TELLS, "serves nobody", ""},
    {"57P05", ASP_IO, BROKEN | TELLS, "serves nobody", ""},
    {"25006", ASP_IO, CLOSES | ANEW | DOWN | TELLS, "read-only", ""},
    {"53300", ASP_IO, CLOSES | DOWN | TELLS, "no more connections",
     "max_connections has to do for each machine, as doc/fleet.md has it"},
    {"40001", ASP_AGAIN, AGAIN, "others are at the same", ""},
    {"40P01", ASP_AGAIN, AGAIN, "others are at the same", ""},
    {"40003", ASP_IO, UNKNOWN, "has not said what came of it", ""},
    {"55P03", ASP_BUSY, TELLS, "others hold it", ""},
    {"57014", ASP_BUSY, TELLS, "took too long", ""},
    {"53000", ASP_IO, TELLS, "short of something", ""},
    {"53100", ASP_IO, TELLS, "short of something", ""},
    {"53200", ASP_IO, TELLS, "short of something", ""},
    {"58000", ASP_IO, TELLS, "its system", ""},
    {"58030", ASP_IO, TELLS, "its system", ""},
    {"58P01", ASP_IO, TELLS, "its system", ""},
    {"XX000", ASP_IO, TELLS, "at fault itself", ""},
    {"XX001", ASP_IO, TELLS, "the database's own files are damaged", ""},
    {"XX002", ASP_IO, TELLS, "the database's own files are damaged", ""},
    {"28000", ASP_IO, TELLS, "does not let this node in",
     "let it in by pg_hba.conf, as asp-store(7) has it, and by ALTER ROLE where it is NOLOGIN"},
    {"28P01", ASP_IO, TELLS, "does not let this node in",
     "put the role's password right in database.passfile, or in the database by \\password"},
    {"3D000", ASP_IO, TELLS, "there is no such database",
     "name in asp.conf the one that the store is in; asp-store(7) has how one is made, and how "
     "one that was lost is restored"},
    {"42501", ASP_IO, TELLS, "does not let this node in",
     "run asp-admin store init as who may: it gives the roles their rights"},
    {"42P01", ASP_IO, TELLS | NO_STORE, "there is no store", OTHER},
    {"42703", ASP_IO, TELLS, "one of an older schema", "run asp-admin store init"},
    {"42883", ASP_IO, TELLS, "one of an older schema", "run asp-admin store init"},
    {"3F000", ASP_IO, TELLS | NO_STORE, "there is no store", OTHER},
    {"P0002", ASP_UNSAFE, 0, "no store of ours", ""},
    /* Of what was prepared on a connection that is another one by now. */
    {"0A000", ASP_IO, CLOSES | ANEW, "prepared", ""},
    {"26000", ASP_IO, CLOSES | ANEW, "prepared", ""},
    {"42P05", ASP_IO, CLOSES | ANEW, "prepared", ""},
    /* Relatives of those that are in the table, and others: no word of theirs, which may be of a
     * value. */
    {"00000", ASP_IO, CLOSES, "refuses", ""},
    {"02000", ASP_IO, CLOSES, "refuses", ""},
    {"22P02", ASP_IO, CLOSES, "refuses", ""},
    {"23505", ASP_IO, CLOSES, "refuses", ""},
    {"25P02", ASP_IO, CLOSES, "refuses", ""},
    {"40002", ASP_IO, CLOSES, "refuses", ""},
    {"42601", ASP_IO, CLOSES, "refuses", ""},
    {"55000", ASP_IO, CLOSES, "refuses", ""},
    {"57000", ASP_IO, CLOSES, "refuses", ""},
    {"P0001", ASP_IO, CLOSES, "refuses", ""},
    {"XX999", ASP_IO, CLOSES, "refuses", ""},
    {"ZZZZZ", ASP_IO, CLOSES, "refuses", ""},
    /* None of these is a SQLSTATE. */
    {"", ASP_IO, BROKEN, "no PostgreSQL", ""},
    {"4000", ASP_IO, BROKEN, "no PostgreSQL", ""},
    {"0100", ASP_IO, BROKEN, "no PostgreSQL", ""},
    {"40001x", ASP_IO, BROKEN, "no PostgreSQL", ""},
    {"4000\n", ASP_IO, BROKEN, "no PostgreSQL", ""},
    {"p0002", ASP_IO, BROKEN, "no PostgreSQL", ""},
};

static struct asp_error error;

static void has_bits(const struct pgsql_failure *failure, int bits, const char *of)
{
    unit_need(failure->closes == ((bits & CLOSES) != 0), "%s closes", of);
    unit_need(failure->anew == ((bits & ANEW) != 0), "%s anew", of);
    unit_need(failure->again == ((bits & AGAIN) != 0), "%s again", of);
    unit_need(failure->unknown == ((bits & UNKNOWN) != 0), "%s unknown", of);
    unit_need(failure->down == ((bits & DOWN) != 0), "%s down", of);
    unit_need(failure->no_store == ((bits & NO_STORE) != 0), "%s no store", of);
}

START_TEST(each_row_of_the_table_is_what_it_says)
{
    const char *sqlstate = rows[_i].sqlstate;
    const char *of = sqlstate == NULL ? "none" : sqlstate;
    struct pgsql_answer answer = {.host = "db1", .sqlstate = sqlstate, .word = WORD};
    struct pgsql_failure failure = pgsql_failure_of(&answer, &error);

    unit_need(failure.status == rows[_i].status, "%s is %d", of, failure.status);
    ck_assert_int_eq(error.status, rows[_i].status);
    has_bits(&failure, rows[_i].bits & ~UNKNOWN, of);
    ck_assert_int_eq(strncmp(error.text, "database db1: ", 14), 0);
    unit_need(strstr(error.text, rows[_i].text) != NULL, "%s: %s", of, error.text);
    unit_need((strstr(error.text, WORD) != NULL) == ((rows[_i].bits & TELLS) != 0), "%s: %s", of,
              error.text);
    unit_need((strstr(error.text, "SQLSTATE") != NULL) ==
                  (sqlstate != NULL && strcmp(rows[_i].text, "no PostgreSQL") != 0),
              "%s: %s", of, error.text);
    ck_assert_str_eq(error.advice, rows[_i].advice);
}
END_TEST

START_TEST(of_a_write_it_says_whether_it_is_known_what_came_of_it)
{
    const char *sqlstate = rows[_i].sqlstate;
    const char *of = sqlstate == NULL ? "none" : sqlstate;
    struct pgsql_answer answer = {
        .host = "db1", .sqlstate = sqlstate, .word = WORD, .writes = true};
    struct pgsql_failure failure = pgsql_failure_of(&answer, &error);

    ck_assert_int_eq(failure.status, rows[_i].status);
    has_bits(&failure, rows[_i].bits, of);
    unit_need((strstr(error.text, "whether it was written is not known") != NULL) ==
                  ((rows[_i].bits & UNKNOWN) != 0),
              "%s: %s", of, error.text);
}
END_TEST

START_TEST(nothing_that_the_database_answers_is_a_success_or_not_found)
{
    for (size_t i = 0; i < UNIT_COUNT(rows); i++) {
        ck_assert_int_ne(rows[i].status, ASP_OK);
        ck_assert_int_ne(rows[i].status, ASP_NOT_FOUND);
    }
}
END_TEST

START_TEST(a_warning_at_a_write_is_one_of_its_standby)
{
    static const char *const warnings[] = {PGSQL_WARNING, "01004", "01P01"};

    for (size_t i = 0; i < UNIT_COUNT(warnings); i++) {
        struct pgsql_answer answer = {.sqlstate = warnings[i], .word = WORD, .writes = true};
        struct pgsql_failure failure = pgsql_failure_of(&answer, &error);

        ck_assert_int_eq(failure.status, ASP_IO);
        has_bits(&failure, UNKNOWN, warnings[i]);
        ck_assert_ptr_nonnull(strstr(error.text, "maybe not on the standby"));
        ck_assert_ptr_null(strstr(error.text, "is not known"));
        ck_assert_ptr_nonnull(strstr(error.text, WORD));
        /* At a read it is an error that calls itself a warning. */
        answer.writes = false;
        failure = pgsql_failure_of(&answer, &error);
        ck_assert_int_eq(failure.status, ASP_IO);
        has_bits(&failure, CLOSES, warnings[i]);
    }
}
END_TEST

START_TEST(the_line_is_one_line_whatever_is_said)
{
    static const struct {
        const char *word;
        const char *end;
    } cases[] = {
        {NULL, "database: no answer"},
        {"", "database: no answer"},
        {"\nsecond", "database: no answer"},
        {"first\n\tsecond", "database: no answer: first"},
        {"x", "database: no answer: x"},
        {"bell\a and \x1b[2J", "database: no answer: bell\\x07 and \\x1b[2J"},
        {"caf\xc3\xa9 \xff", "database: no answer: caf\xc3\xa9 \\xff"},
    };
    char much[4096];

    for (size_t i = 0; i < UNIT_COUNT(cases); i++) {
        (void)pgsql_failure_of(&(struct pgsql_answer){.word = cases[i].word}, &error);
        ck_assert_str_eq(error.text, cases[i].end);
    }
    memset(much, '\a', sizeof much);
    much[sizeof much - 1] = '\0';
    (void)pgsql_failure_of(&(struct pgsql_answer){.host = "db\n1", .word = much}, &error);
    ck_assert_int_eq(strncmp(error.text, "database db\\x0a1: no answer: \\x07", 33), 0);
    ck_assert_int_eq(error.status, ASP_IO);
    ck_assert_int_eq(pgsql_failure_of(&(struct pgsql_answer){.sqlstate = "P0002"}, NULL).status,
                     ASP_UNSAFE);
    (void)pgsql_failure_of(&(struct pgsql_answer){.word = "why", .cause = "its certificate"},
                           &error);
    ck_assert_str_eq(error.text, "database: its certificate: why");
    (void)pgsql_failure_of(
        &(struct pgsql_answer){.sqlstate = "40001", .word = "why", .cause = "its certificate"},
        &error);
    ck_assert_str_eq(error.text, "database: others are at the same (SQLSTATE 40001)");
}
END_TEST

START_TEST(a_sqlstate_is_found_in_what_libpq_says_of_a_connection)
{
    static const struct {
        const char *word;
        const char *sqlstate; /* NULL: there is none */
        const char *rest;
    } cases[] = {
        {"connection to server at \"192.0.2.1\", port 5432 failed: FATAL:  28P01: no such "
         "password\n"
         "LOCATION:  auth_failed, auth.c:338\n",
         "28P01", "no such password\nLOCATION:  auth_failed, auth.c:338\n"},
        {"ВАЖНО:  57P03: the database system is starting up", "57P03",
         "the database system is starting up"},
        {"failed: a:  b: FATAL:  3D000: no database", "3D000", "no database"},
        {"connection to server failed: Connection refused", NULL, NULL},
        {"FATAL:  28P01", NULL, NULL},
        {"FATAL:  28P0x: no", NULL, NULL},
        {"FATAL:  28P011: no", NULL, NULL},
        {"FATAL: 28P01: no", NULL, NULL},
        {":  ", NULL, NULL},
        {"", NULL, NULL},
    };
    char sqlstate[PGSQL_SQLSTATE_SIZE + 1];

    for (size_t i = 0; i < UNIT_COUNT(cases); i++) {
        const char *rest;

        memset(sqlstate, 'x', sizeof sqlstate);
        rest = pgsql_sqlstate_in(cases[i].word, sqlstate);

        ck_assert_msg((rest != NULL) == (cases[i].sqlstate != NULL), "%s", cases[i].word);
        if (rest == NULL)
            continue;
        ck_assert_str_eq(sqlstate, cases[i].sqlstate);
        ck_assert_int_eq(sqlstate[PGSQL_SQLSTATE_SIZE], 'x');
        ck_assert_str_eq(rest, cases[i].rest);
    }
}
END_TEST

static void fill(Suite *suite)
{
    unit_loop(suite, each_row_of_the_table_is_what_it_says, UNIT_COUNT(rows));
    unit_loop(suite, of_a_write_it_says_whether_it_is_known_what_came_of_it, UNIT_COUNT(rows));
    unit_add(suite, nothing_that_the_database_answers_is_a_success_or_not_found);
    unit_add(suite, a_warning_at_a_write_is_one_of_its_standby);
    unit_add(suite, the_line_is_one_line_whatever_is_said);
    unit_add(suite, a_sqlstate_is_found_in_what_libpq_says_of_a_connection);
}

int main(void)
{
    return unit_run("pgsql_failure", fill);
}
