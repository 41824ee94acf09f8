/* How far a machine has heard what the database tells, as it keeps that. */
#include "unit.h"

#include "asp/checksum.h"
#include "asp/pgsql/cursors.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define STORE "00112233-4455-6677-8899-aabbccddeeff"

static const char *folder;
static struct asp_error unit_error;

static void put(const char *bytes, size_t length)
{
    FILE *file = fopen(unit_path(folder, "feed"), "w");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, length, file), length);
    ck_assert_int_eq(fclose(file), 0);
}

static struct pgsql_cursors some(void)
{
    struct pgsql_cursors cursors = {.store = STORE, .parts = 3, .looked = 1764460800};

    cursors.at[0] = (struct pgsql_cursor){7, 1234567890123456789};
    cursors.at[2] = (struct pgsql_cursor){INT64_MAX, INT64_MIN};
    return cursors;
}

/* Those of some(), in a folder of their own. */
static char *written(size_t *length)
{
    const struct pgsql_cursors cursors = some();

    folder = unit_folder();
    ck_assert_int_eq(pgsql_cursors_write(folder, &cursors, &unit_error), ASP_OK);
    return unit_read(unit_path(folder, "feed"), length);
}

static enum asp_status reading(struct pgsql_cursors *cursors)
{
    unit_error = (struct asp_error){0};
    return pgsql_cursors_read(folder, cursors, &unit_error);
}

START_TEST(what_was_heard_is_known_again)
{
    const struct pgsql_cursors before = some();
    struct pgsql_cursors after;
    size_t length;
    char *text = written(&length);

    ck_assert_ptr_nonnull(strstr(text, "asp-feed 1 " STORE " 3 1764460800\n"
                                       "0 7 1234567890123456789\n"
                                       "1 0 0\n"
                                       "2 9223372036854775807 -9223372036854775808\n"
                                       "digest="));
    ck_assert_int_eq(reading(&after), ASP_OK);
    ck_assert_str_eq(after.store, before.store);
    ck_assert_int_eq(after.parts, before.parts);
    ck_assert_int_eq(after.looked, before.looked);
    ck_assert_mem_eq(after.at, before.at, sizeof after.at);
    ck_assert_uint_eq(unit_mode(unit_path(folder, "feed")), 0600);
    ck_assert_uint_eq(unit_names(folder), 1);
    free(text);
}
END_TEST

START_TEST(where_nothing_was_heard_there_is_no_file)
{
    struct pgsql_cursors cursors;

    folder = unit_folder();
    ck_assert_int_eq(reading(&cursors), ASP_NOT_FOUND);
    ck_assert_str_eq(cursors.store, "");
}
END_TEST

START_TEST(a_store_has_one_part_or_as_many_as_there_may_be)
{
    static const int parts[] = {1, PGSQL_PARTS_MAX};
    struct {
        struct pgsql_cursors cursors;
        char behind[sizeof(struct pgsql_cursor)];
    } after;
    char untouched[sizeof after.behind];

    memset(untouched, 'x', sizeof untouched);
    folder = unit_folder();
    for (size_t i = 0; i < UNIT_COUNT(parts); i++) {
        struct pgsql_cursors before = {.store = STORE, .parts = parts[i], .looked = 1764460800};

        before.at[parts[i] - 1] = (struct pgsql_cursor){7, 8};
        memset(&after, 'x', sizeof after);
        ck_assert_int_eq(pgsql_cursors_write(folder, &before, &unit_error), ASP_OK);
        ck_assert_int_eq(reading(&after.cursors), ASP_OK);
        ck_assert_int_eq(after.cursors.parts, parts[i]);
        ck_assert_mem_eq(after.cursors.at, before.at, sizeof before.at);
        ck_assert_mem_eq(after.behind, untouched, sizeof untouched);
    }
}
END_TEST

START_TEST(without_memory_nothing_is_written_and_nothing_is_damaged)
{
    struct pgsql_cursors cursors = some();
    bool is_short = true;

    folder = unit_folder();
    for (unsigned nth = 1; is_short; nth++) {
        const struct unit_plan plan = {.call = "malloc", .first = nth, .number = ENOMEM};
        enum asp_status status;

        unit_calls_begin(&plan);
        status = pgsql_cursors_write(folder, &cursors, &unit_error);
        is_short = unit_calls_end();
        ck_assert_int_eq(status, is_short ? ASP_NO_MEMORY : ASP_OK);
        ck_assert_uint_eq(unit_names(folder), is_short ? 0 : 1);
    }
    is_short = true;
    for (unsigned nth = 1; is_short; nth++) {
        const struct unit_plan plan = {.call = "malloc", .first = nth, .number = ENOMEM};
        enum asp_status status;

        unit_calls_begin(&plan);
        status = reading(&cursors);
        is_short = unit_calls_end();
        ck_assert_int_eq(status, is_short ? ASP_NO_MEMORY : ASP_OK);
        ck_assert_int_eq(unit_error.status, status);
    }
}
END_TEST

static void is_damaged(const char *bytes, size_t length)
{
    struct pgsql_cursors cursors;
    struct stat st;

    put(bytes, length);
    ck_assert_int_eq(stat(unit_path(folder, "feed"), &st), 0);
    ck_assert_int_eq(reading(&cursors), ASP_CORRUPT);
    ck_assert_ptr_nonnull(strstr(unit_error.text, "/feed is not what we wrote"));
    ck_assert_str_eq(cursors.store, "");
    ck_assert_int_eq(cursors.parts, 0);
    ck_assert_int_eq(cursors.looked, st.st_mtime);
}

START_TEST(one_that_was_cut_is_not_believed)
{
    size_t length;
    char *text = written(&length);

    for (size_t cut = 0; cut < length; cut++)
        is_damaged(text, cut);
    free(text);
}
END_TEST

START_TEST(one_with_another_bit_is_not_believed)
{
    size_t length;
    char *text = written(&length);

    for (size_t i = 0; i < length; i++) {
        text[i] ^= 1;
        is_damaged(text, length);
        text[i] ^= 1;
    }
    free(text);
}
END_TEST

START_TEST(one_with_more_behind_it_is_not_believed)
{
    size_t length;
    char *text = written(&length);
    char more[1024];

    (void)snprintf(more, sizeof more, "%s\n", text);
    is_damaged(more, length + 1);
    free(text);
}
END_TEST

/* With the digest of what it says. */
START_TEST(one_that_says_what_cannot_be_is_not_believed)
{
    static const char *const heads[] = {
        STORE " 0 1764460800\n",
        STORE " -1 1764460800\n",
        STORE "f 1 1764460800\n0 1 1\n",
        "0011223-4455-6677-8899-aabbccddeef 1 1764460800\n0 1 1\n",
        STORE " 0 0\n",
        "g0112233-4455-6677-8899-aabbccddeeff 1 1764460800\n0 1 1\n",
        " 0 0\n",
        STORE " 257 1764460800\n0 1 1\n",
        "0011 1 1764460800\n0 1 1\n",
        STORE " 1 1764460800\n1 1 1\n",
        STORE " 1 1764460800\n0 1\n",
    };

    folder = unit_folder();
    for (size_t i = 0; i < UNIT_COUNT(heads); i++) {
        char text[256];
        int length = snprintf(text, sizeof text, "asp-feed 1 %s", heads[i]);

        length += snprintf(text + length, sizeof text - (size_t)length, "digest=%016llx\n",
                           (unsigned long long)asp_checksum(text, (size_t)length));
        is_damaged(text, (size_t)length);
    }
}
END_TEST

START_TEST(whose_it_is_is_told_with_it)
{
    struct pgsql_cursors cursors = some();
    struct pgsql_cursors after;

    folder = unit_folder();
    cursors.store[0] = 'f';
    ck_assert_int_eq(pgsql_cursors_write(folder, &cursors, &unit_error), ASP_OK);
    ck_assert_int_eq(reading(&after), ASP_OK);
    ck_assert_str_eq(after.store, cursors.store);
}
END_TEST

START_TEST(what_is_forgotten_is_not_there)
{
    size_t length;
    struct pgsql_cursors cursors;

    free(written(&length));
    ck_assert_int_eq(pgsql_cursors_drop(folder, &unit_error), ASP_OK);
    ck_assert_int_eq(reading(&cursors), ASP_NOT_FOUND);
    ck_assert_int_eq(pgsql_cursors_drop(folder, &unit_error), ASP_OK);
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, what_was_heard_is_known_again);
    unit_add(suite, where_nothing_was_heard_there_is_no_file);
    unit_add(suite, a_store_has_one_part_or_as_many_as_there_may_be);
    unit_add(suite, without_memory_nothing_is_written_and_nothing_is_damaged);
    unit_add(suite, one_that_was_cut_is_not_believed);
    unit_add(suite, one_with_another_bit_is_not_believed);
    unit_add(suite, one_with_more_behind_it_is_not_believed);
    unit_add(suite, one_that_says_what_cannot_be_is_not_believed);
    unit_add(suite, whose_it_is_is_told_with_it);
    unit_add(suite, what_is_forgotten_is_not_there);
}

int main(void)
{
    return unit_run("pgsql-cursors", fill);
}
