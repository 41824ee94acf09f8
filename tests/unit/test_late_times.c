/* Times that 32 bits do not hold, from one end to the other: a login, what is stored, read and
 * shown of it. Not the year 2038 itself: what is cut to 32 bits there may be the right second by
 * chance. */
#include "login_fixture.h"

#include "asp-admin/log/syslog_line.h"
#include "asp-admin/ui/json.h"

#include "asp/time_text.h"
#include "asp/usage.h"

#include <string.h>
#include <sys/types.h>

/* 2100-01-01T00:00:00Z */
static const time_t late = 4102444800;

static void for_mail_until_then(struct asp_entry *entry)
{
    for_mail(entry);
    entry->expires = late + 100;
}

static void log_in(time_t when, const char *verdict)
{
    struct asp_request request = request_of("alice", "imap", typed);

    ck_assert_str_eq(decide(&request, when - NOW), verdict);
}

START_TEST(a_login_then_is_decided_by_the_time_and_recorded_with_it)
{
    struct asp_use use;

    begin("", for_mail_until_then);
    log_in(late, "accepted");
    ck_assert(use_now(&use));
    ck_assert_int_eq(use.last, late);
    ck_assert_int_eq(entry_now().expires, late + 100);
    log_in(late + 99, "accepted");
    log_in(late + 101, "expired");
    ck_assert(use_now(&use));
    ck_assert_int_eq(use.last, late + 99);
    end();
}
END_TEST

START_TEST(a_binding_and_a_revocation_then_are_stored_with_their_time)
{
    struct asp_entry entry;
    struct asp_entry read;

    begin("", NULL);
    log_in(late, "accepted");
    ck_assert_int_eq(entry_now().bound, late);
    entry = entry_now();
    entry.created = late - 1;
    ck_assert(asp_entry_revoke(&entry, late, "ann", "lost", false));
    unit_put(&store, "bob", &entry, 1);
    struct asp_account account;
    ck_assert_int_eq(asp_store_load(&store, "bob", NULL, &account, &store_error), ASP_OK);
    read = account.entries[0];
    unit_same_entry(&read, &entry);
    ck_assert_int_eq(read.revoked, late);
    asp_account_free(&account);
    end();
}
END_TEST

static void shows(const json_t *document, const char *field, const char *expected)
{
    const char *text = json_string_value(json_object_get(document, field));

    ck_assert_ptr_nonnull(text);
    ck_assert_str_eq(text, expected);
}

START_TEST(a_document_shows_them)
{
    struct asp_entry entry;
    struct asp_usage usage;
    json_t *document;

    begin("", for_mail_until_then);
    log_in(late, "accepted");
    entry = entry_now();
    usage = unit_usage(&store, "alice");
    document = json_from_entry("alice", &entry, &usage, late + 101);
    ck_assert_ptr_nonnull(document);
    shows(document, "expires", "2100-01-01T00:01:40Z");
    shows(document, "state", "expired");
    shows(json_object_get(document, "last_used"), "time", "2100-01-01T00:00:00Z");
    json_decref(document);
    asp_usage_free(&usage);
    end();
}
END_TEST

START_TEST(a_line_of_the_log_is_of_its_time)
{
    static const char *const texts[] = {
        "2100-01-01T00:00:00Z host asp: text", "2100-01-01T01:30:00+01:30 host asp: text",
        "Jan  1 00:00:00 host asp: text", /* in the year that is nearest */
    };
    struct syslog_line read;
    char line[64];

    for (size_t i = 0; i < UNIT_COUNT(texts); i++) {
        strcpy(line, texts[i]);
        ck_assert_msg(syslog_line_read(line, late + 3600, &read), "%s", texts[i]);
        ck_assert_int_eq(read.when, late);
    }
}
END_TEST

START_TEST(lengths_of_files_are_as_long)
{
    ck_assert_uint_ge(sizeof(off_t), 8);
    ck_assert_uint_ge(sizeof(ino_t), 8);
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, a_login_then_is_decided_by_the_time_and_recorded_with_it);
    unit_add(suite, a_binding_and_a_revocation_then_are_stored_with_their_time);
    unit_add(suite, a_document_shows_them);
    unit_add(suite, a_line_of_the_log_is_of_its_time);
    unit_add(suite, lengths_of_files_are_as_long);
}

int main(void)
{
    return unit_run("late times", fill);
}
