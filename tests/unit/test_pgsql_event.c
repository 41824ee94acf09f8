/* The app passwords of an event, told apart again. */
#include "unit.h"

#include "asp/account.h"
#include "asp/pgsql/event.h"
#include "asp/time_text.h"

#include <errno.h>
#include <string.h>

enum { WHEN = 1764460800 };

static struct asp_entry *entries;
static size_t count;

static void reading(const char *ids, const char *labels, const char *apps, const char *services)
{
    const struct pgsql_event_texts texts = {ids, labels, apps, services};
    struct asp_error error = {0};

    ck_assert_int_eq(pgsql_event_read(&texts, WHEN, &entries, &count, &error), ASP_OK);
}

static void is_entry(size_t index, const char *id, const char *label, const char *app,
                     const char *service)
{
    const struct asp_entry *entry = &entries[index];

    ck_assert_str_eq(entry->id, id);
    ck_assert_str_eq(entry->label, label);
    ck_assert_str_eq(entry->app, app);
    ck_assert_str_eq(entry->bound_service, service);
    ck_assert_int_eq(entry->bound, service[0] == '\0' ? ASP_NEVER : WHEN);
}

START_TEST(each_gets_its_own_word_of_every_text)
{
    reading("7k 9x 2a", "Old phone\nLaptop\nTV", "first-use mail any", "- imap -");
    ck_assert_uint_eq(count, 3);
    is_entry(0, "7k", "Old phone", "first-use", "");
    is_entry(1, "9x", "Laptop", "mail", "imap");
    is_entry(2, "2a", "TV", "any", "");
    asp_entries_free(entries, count);
}
END_TEST

START_TEST(what_is_not_told_is_not_set)
{
    reading("7k 9x", "Phone", "", "");
    ck_assert_uint_eq(count, 2);
    is_entry(0, "7k", "Phone", "any", "");
    is_entry(1, "9x", "", "any", "");
    asp_entries_free(entries, count);
}
END_TEST

START_TEST(what_is_no_id_is_passed_over_with_its_words)
{
    char label[2 * ASP_LABEL_SIZE];

    memset(label, 'x', sizeof label);
    label[sizeof label - 1] = '\0';
    reading("../..  9x", label, "a b mail", "a b imap");
    ck_assert_uint_eq(count, 1);
    is_entry(0, "9x", "", "mail", "imap");
    asp_entries_free(entries, count);
    reading(".. 9x -- 7", "No\nPhone\nNo\nNo", "any mail any any", "- imap - -");
    ck_assert_uint_eq(count, 1);
    is_entry(0, "9x", "Phone", "mail", "imap");
    asp_entries_free(entries, count);
    reading("   7k", "\n\n\nX", "   m", "   i");
    ck_assert_uint_eq(count, 1);
    is_entry(0, "7k", "X", "m", "i");
    asp_entries_free(entries, count);
    reading("", "", "", "");
    ck_assert_uint_eq(count, 0);
    asp_entries_free(entries, count);
}
END_TEST

/* A hook of root's is told of it, on each machine; and any of them can have the database tell it.
 */
START_TEST(what_we_could_not_have_written_is_not_told)
{
    reading("7k 9x 2a", "Old\tphone\nLap\x1btop\nTV", "a/b ../mail mail", "/bin/sh ../imap -");
    ck_assert_uint_eq(count, 3);
    is_entry(0, "7k", "", "any", "");
    is_entry(1, "9x", "", "any", "");
    is_entry(2, "2a", "TV", "mail", "");
    asp_entries_free(entries, count);
}
END_TEST

START_TEST(a_word_that_has_no_room_harms_nothing)
{
    static char endless[4096];

    memset(endless, 'x', sizeof endless - 1);
    reading("7k", "Phone", "mail", endless);
    is_entry(0, "7k", "Phone", "mail", "");
    asp_entries_free(entries, count);
    reading("7k 9x", "Phone\nLaptop", endless, "");
    is_entry(0, "7k", "Phone", "any", "");
    is_entry(1, "9x", "Laptop", "any", "");
    asp_entries_free(entries, count);
    reading("7k 9x", endless, "", "");
    is_entry(0, "7k", "", "any", "");
    asp_entries_free(entries, count);
    reading(endless, "Phone", "", "");
    ck_assert_uint_eq(count, 0);
    asp_entries_free(entries, count);
}
END_TEST

START_TEST(without_memory_nothing_is_told)
{
    const struct pgsql_event_texts texts = {"7k", "Phone", "any", "-"};
    const struct unit_plan plan = {.call = "malloc", .first = 1, .number = ENOMEM};
    struct asp_error error = {0};
    enum asp_status status;

    count = 1;
    unit_calls_begin(&plan);
    status = pgsql_event_read(&texts, WHEN, &entries, &count, &error);
    ck_assert(unit_calls_end());
    ck_assert_int_eq(status, ASP_NO_MEMORY);
    ck_assert_int_eq(error.status, ASP_NO_MEMORY);
    ck_assert_uint_eq(count, 0);
    ck_assert_ptr_null(entries);
}
END_TEST

START_TEST(the_reason_who_it_was_and_the_way_are_told_where_they_are_well_formed)
{
    char endless[2 * ASP_USER_MAX];

    memset(endless, 'x', sizeof endless);
    endless[sizeof endless - 1] = '\0';
    ck_assert_str_eq(pgsql_event_reason("primary-password"), "primary-password");
    ck_assert_str_eq(pgsql_event_by("pam:dovecot"), "pam:dovecot");
    ck_assert_str_eq(pgsql_event_via("web"), "web");
    ck_assert_str_eq(pgsql_event_by(endless + sizeof endless - 1 - ASP_USER_MAX),
                     endless + sizeof endless - 1 - ASP_USER_MAX);
    ck_assert_str_eq(pgsql_event_by(endless + sizeof endless - 2 - ASP_USER_MAX), "");
    for (size_t i = 0; i < 2; i++) {
        const char *told = i == 0 ? "a\nb" : endless;

        ck_assert_str_eq(pgsql_event_reason(told), "");
        ck_assert_str_eq(pgsql_event_by(told), "");
        ck_assert_str_eq(pgsql_event_via(told), "");
    }
}
END_TEST

START_TEST(there_are_no_more_than_an_account_can_have)
{
    static char ids[20000 * 3 + 1];

    for (size_t at = 0; at + 3 < sizeof ids; at += 3)
        memcpy(ids + at, "7k ", 3);
    reading(ids, "", "", "");
    ck_assert_uint_eq(count, ASP_IDS);
    asp_entries_free(entries, count);
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, each_gets_its_own_word_of_every_text);
    unit_add(suite, what_is_not_told_is_not_set);
    unit_add(suite, what_is_no_id_is_passed_over_with_its_words);
    unit_add(suite, what_we_could_not_have_written_is_not_told);
    unit_add(suite, a_word_that_has_no_room_harms_nothing);
    unit_add(suite, without_memory_nothing_is_told);
    unit_add(suite, the_reason_who_it_was_and_the_way_are_told_where_they_are_well_formed);
    unit_add(suite, there_are_no_more_than_an_account_can_have);
}

int main(void)
{
    return unit_run("pgsql-event", fill);
}
