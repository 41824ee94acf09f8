/* /etc/shadow: its lines, and that it is read whole and at one moment. */
#include "unit.h"

#include "asp/shadow.h"
#include "asp/time_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STRANGER = 54321, NOW = 1700000000, DAY = 86400 };

#define REST ":19000:0:99999:7:::"

static struct asp_error error;
static char path[UNIT_PATH];

static void write_shadow(const char *text)
{
    (void)snprintf(path, sizeof path, "%.400s/shadow", unit_folder());
    file_write(path, text, strlen(text));
}

/* What the text says of a user; the hash is copied to `hash`. */
static struct asp_primary_now find(const char *text, const char *user, char hash[128])
{
    struct asp_shadow shadow = {NULL, 0, {.present = false}};
    struct asp_primary_now now;

    write_shadow(text);
    ck_assert_msg(asp_shadow_read(path, &shadow, &error) == ASP_OK, "%s", error.text);
    asp_shadow_find(&shadow, user, "", &now);
    ck_assert_int_eq(now.source, ASP_SOURCE_SHADOW);
    hash[0] = '\0';
    if (now.says == ASP_SAYS_HASH) {
        ck_assert_uint_lt(now.length, 128);
        memcpy(hash, now.hash, now.length);
        hash[now.length] = '\0';
    }
    asp_shadow_free(&shadow);
    ck_assert_ptr_null(shadow.text);
    return now;
}

static void has_hash(const char *text, const char *user, const char *expected)
{
    char hash[128];

    ck_assert_int_eq(find(text, user, hash).says, ASP_SAYS_HASH);
    ck_assert_str_eq(hash, expected);
}

START_TEST(a_users_line_is_found_by_the_whole_name)
{
    static const char text[] =
        "root:*" REST "\nal:$a" REST "\nalice:$b" REST "\nalice2:$c" REST "\nAlice:$d" REST "\n";
    char hash[128];

    has_hash(text, "alice", "$b");
    has_hash(text, "al", "$a");
    has_hash(text, "alice2", "$c");
    has_hash(text, "Alice", "$d");
    has_hash(text, "root", "*");
    ck_assert_int_eq(find(text, "ali", hash).says, ASP_SAYS_ABSENT);
    ck_assert_int_eq(find(text, "alice3", hash).says, ASP_SAYS_ABSENT);
    ck_assert_int_eq(find(text, "bob", hash).says, ASP_SAYS_ABSENT);
    ck_assert_int_eq(find(text, "$b", hash).says, ASP_SAYS_ABSENT);
    ck_assert_int_eq(find(text, "19000", hash).says, ASP_SAYS_ABSENT);
}
END_TEST

/* Whom her account follows. */
START_TEST(where_a_user_has_no_line_the_other_ones_is_found)
{
    static const struct {
        const char *user;
        const char *follows;
        const char *hash; /* NULL: there is no line */
    } cases[] = {
        {"alice", "", "A"},      {"alice", "carol", "A"}, {"Alice", "alice", "A"},
        {"Alice", "carol", "C"}, {"Alice", "", NULL},     {"Alice", "dave", NULL},
    };
    struct asp_shadow shadow = {NULL, 0, {.present = false}};
    struct asp_primary_now now;

    write_shadow("alice:A:1::::::\ncarol:C:1::::::\n");
    ck_assert_int_eq(asp_shadow_read(path, &shadow, &error), ASP_OK);
    for (size_t i = 0; i < UNIT_COUNT(cases); i++) {
        asp_shadow_find(&shadow, cases[i].user, cases[i].follows, &now);
        unit_need((now.says == ASP_SAYS_ABSENT) == (cases[i].hash == NULL), "%s", cases[i].user);
        unit_need(cases[i].hash == NULL || (now.length == 1 && now.hash[0] == cases[i].hash[0]),
                  "%s", cases[i].follows);
        /* Whoever compares tells by it that the account follows another by then. */
        ck_assert_ptr_eq(now.follows, cases[i].follows);
    }
    asp_shadow_free(&shadow);
}
END_TEST

START_TEST(the_first_line_of_a_user_counts)
{
    has_hash("alice:$a" REST "\nalice:$b" REST "\n", "alice", "$a");
}
END_TEST

START_TEST(every_form_of_the_hash_field_is_handed_on_as_it_is)
{
    has_hash("alice:" REST "\n", "alice", "");
    has_hash("alice:!" REST "\n", "alice", "!");
    has_hash("alice:!!" REST "\n", "alice", "!!");
    has_hash("alice:*" REST "\n", "alice", "*");
    has_hash("alice:!$y$x" REST "\n", "alice", "!$y$x");
}
END_TEST

START_TEST(a_line_with_fewer_than_nine_fields_says_nothing)
{
    static const char fields[] = "alice:$a:1:2:3:4:5:6:7";
    char line[64];
    char hash[128];

    for (size_t colons = 1; colons <= 8; colons++) {
        const char *at = fields;

        for (size_t i = 0; i <= colons; i++)
            at += strcspn(at, ":") + (i < colons);
        (void)snprintf(line, sizeof line, "%.*s\n", (int)(at - fields), fields);
        ck_assert_int_eq(find(line, "alice", hash).says,
                         colons == 8 ? ASP_SAYS_HASH : ASP_SAYS_NOTHING);
    }
    ck_assert_int_eq(find("alice\n", "alice", hash).says, ASP_SAYS_ABSENT);
    ck_assert_int_eq(find("\n\n:\nbob:$b" REST "\n", "alice", hash).says, ASP_SAYS_ABSENT);
    has_hash("alice:$a:1:2:3:4:5:6:7:8:9\n", "alice", "$a");
}
END_TEST

/* Of what was split before nothing is taken over. */
START_TEST(a_line_that_is_cut_says_nothing_behind_one_that_is_whole)
{
    static const char whole[] = "alice:$a:1:2:3:4:5:6:7";
    struct asp_primary_now before;
    struct asp_primary_now now;

    for (size_t length = sizeof whole; length-- > 0;) {
        asp_shadow_line(whole, sizeof whole - 1, &before);
        asp_shadow_line(whole, length, &now);
        ck_assert_int_eq(before.says, ASP_SAYS_HASH);
        ck_assert_int_eq(now.says, length >= sizeof whole - 2 ? ASP_SAYS_HASH : ASP_SAYS_NOTHING);
    }
}
END_TEST

START_TEST(field_3_is_the_day_on_which_the_password_was_changed)
{
    static const struct {
        const char *field;
        int32_t day;
    } cases[] = {
        {"19000", 19000},  {"0", 0},           {"999999999", 999999999}, {"", ASP_NO_DAY},
        {"x", ASP_NO_DAY}, {"-1", ASP_NO_DAY}, {"1 ", ASP_NO_DAY},       {"1000000000", ASP_NO_DAY},
    };
    char line[64];
    char hash[128];

    for (size_t i = 0; i < UNIT_COUNT(cases); i++) {
        struct asp_primary_now now;

        (void)snprintf(line, sizeof line, "alice:$a:%s:0:99999:7:::\n", cases[i].field);
        now = find(line, "alice", hash);
        unit_need(now.says == ASP_SAYS_HASH && now.day == cases[i].day, "%s", cases[i].field);
    }
}
END_TEST

static time_t expires(const char *field, bool *known)
{
    char line[128];
    char hash[128];
    struct asp_primary_now now;

    (void)snprintf(line, sizeof line, "alice:$a:19000:0:99999:7::%s:\n", field);
    now = find(line, "alice", hash);
    *known = now.says == ASP_SAYS_HASH;
    return now.expires;
}

START_TEST(field_8_is_the_day_on_which_the_account_expires)
{
    static const char *const bad[] = {
        "x",   "1x",  "x1", "1 ",   " 1",  "-2",         "-",
        "--1", "-1x", "1-", "0x10", "1.5", "9999999999", "99999999999999999999"};
    bool known;

    ck_assert_int_eq(expires("", &known), ASP_NEVER);
    ck_assert(known);
    ck_assert_int_eq(expires("-1", &known), ASP_NEVER);
    ck_assert(known);
    ck_assert_int_eq(expires("0", &known), 0);
    ck_assert(known);
    ck_assert_int_eq(expires("1", &known), DAY);
    ck_assert(known);
    ck_assert_int_eq(expires("19700", &known), (time_t)19700 * DAY);
    ck_assert(known);
    ck_assert_int_eq(expires("999999999", &known), (time_t)999999999 * DAY);
    ck_assert(known);
    for (size_t i = 0; i < UNIT_COUNT(bad); i++) {
        (void)expires(bad[i], &known);
        unit_need(!known, "%s", bad[i]);
    }
}
END_TEST

/* What is not known */

static enum asp_status reads(void)
{
    struct asp_shadow shadow = {NULL, 0, {.present = false}};
    enum asp_status status;

    error = (struct asp_error){0};
    status = asp_shadow_read(path, &shadow, &error);
    ck_assert_int_eq(status == ASP_OK, shadow.text != NULL);
    ck_assert(status == ASP_OK || error.text[0] != '\0');
    asp_shadow_free(&shadow);
    return status;
}

START_TEST(a_file_that_is_missing_or_not_to_be_trusted_is_not_known)
{
    write_shadow("alice:$a" REST "\n");
    ck_assert_int_eq(reads(), ASP_OK);
    ck_assert_int_eq(chmod(path, 0640), 0); /* as it is shipped, for its group to read */
    ck_assert_int_eq(reads(), ASP_OK);
    ck_assert_int_eq(chmod(path, 0660), 0);
    ck_assert_int_eq(reads(), ASP_UNSAFE);
    ck_assert_int_eq(chmod(path, 0600), 0);
    if (unit_is_root()) {
        ck_assert_int_eq(chown(path, STRANGER, 0), 0);
        ck_assert_int_eq(reads(), ASP_UNSAFE);
    }
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(reads(), ASP_IO);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    ck_assert_int_eq(reads(), ASP_UNSAFE);
    ck_assert_int_eq(rmdir(path), 0);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    ck_assert_int_eq(reads(), ASP_UNSAFE);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(symlink("/etc/shadow", path), 0);
    ck_assert_int_eq(reads(), ASP_UNSAFE);
}
END_TEST

START_TEST(a_file_that_is_not_whole_is_not_known)
{
    static const char *const texts[] = {"", "alice:$a" REST, "alice:$a" REST "\nbo"};

    for (size_t i = 0; i < UNIT_COUNT(texts); i++) {
        write_shadow(texts[i]);
        ck_assert_int_eq(reads(), ASP_BUSY);
        ck_assert_ptr_nonnull(strstr(error.text, "is not whole"));
    }
    write_shadow("\n");
    ck_assert_int_eq(reads(), ASP_OK);
}
END_TEST

static void replace_it(void)
{
    static unsigned turn;
    char other[UNIT_PATH + 16];
    char text[64];

    (void)snprintf(other, sizeof other, "%s.new", path);
    (void)snprintf(text, sizeof text, "alice:$%u" REST "\n", ++turn);
    file_write(other, text, strlen(text));
    if (rename(other, path) != 0)
        abort();
}

START_TEST(a_file_that_is_replaced_while_it_is_read_is_read_again)
{
    struct unit_plan plan = {.call = "read", .first = 1, .times = 1, .at = replace_it};
    struct asp_shadow shadow = {NULL, 0, {.present = false}};
    struct asp_identity identity;
    enum asp_status status;

    write_shadow("alice:$0" REST "\n");
    unit_calls_begin(&plan);
    status = asp_shadow_read(path, &shadow, &error);
    ck_assert(unit_calls_end());
    ck_assert_int_eq(status, ASP_OK);
    ck_assert_uint_eq(unit_calls("read"), 2);
    ck_assert_str_eq(shadow.text, "alice:$1" REST "\n");
    ck_assert_int_eq(asp_identity_at(path, &identity, &error), ASP_OK);
    ck_assert(asp_identity_same(&identity, &shadow.identity));
    asp_shadow_free(&shadow);

    /* Not for ever. */
    plan.times = 0;
    unit_calls_begin(&plan);
    status = asp_shadow_read(path, &shadow, &error);
    ck_assert(unit_calls_end());
    ck_assert_int_eq(status, ASP_BUSY);
    ck_assert_ptr_nonnull(strstr(error.text, "was changed while it was read"));
    ck_assert_ptr_null(shadow.text);
    ck_assert_uint_eq(unit_calls("read"), 5);
}
END_TEST

START_TEST(what_cannot_be_read_is_not_read_again)
{
    static const struct unit_plan plan = {.call = "read", .first = 1, .number = EIO};
    struct asp_shadow shadow = {NULL, 0, {.present = false}};
    enum asp_status status;

    write_shadow("alice:$0" REST "\n");
    unit_calls_begin(&plan);
    status = asp_shadow_read(path, &shadow, &error);
    ck_assert(unit_calls_end());
    ck_assert_int_eq(status, ASP_IO);
    ck_assert_uint_eq(unit_calls("read"), 1);
}
END_TEST

/* Where it lay, past what the allocator writes there itself. */
START_TEST(no_hash_is_left_in_memory_that_is_given_back)
{
    static const char hash[] = "0123456789abcdefghijklmnopqrstuv";
    char left[sizeof hash - 1] = "";
    struct asp_shadow shadow = {NULL, 0, {.present = false}};
    uintptr_t at;
    int fd;

    write_shadow("root:*" REST "\nmail:*" REST "\nalice:0123456789abcdefghijklmnopqrstuv" REST
                 "\n");
    ck_assert_int_eq(asp_shadow_read(path, &shadow, &error), ASP_OK);
    at = (uintptr_t)strstr(shadow.text, hash);
    ck_assert_int_ge(fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC), 0);
    ck_assert_int_eq(pread(fd, left, sizeof left, (off_t)at), sizeof left);
    ck_assert_mem_eq(left, hash, sizeof left);
    asp_shadow_free(&shadow);
    memset(left, 0, sizeof left);
    (void)!pread(fd, left, sizeof left, (off_t)at);
    ck_assert_mem_ne(left, hash, sizeof left);
    ck_assert_int_eq(close(fd), 0);
}
END_TEST

START_TEST(a_failed_call_is_not_known_and_keeps_nothing)
{
    size_t before;
    bool reached = true;

    write_shadow("alice:$0" REST "\n");
    before = unit_names("/proc/self/fd");
    for (unsigned nth = 1; reached; nth++) {
        struct unit_plan plan = {.first = nth, .times = 1, .number = EIO};
        struct asp_shadow shadow = {NULL, 0, {.present = false}};
        enum asp_status status;

        unit_calls_begin(&plan);
        status = asp_shadow_read(path, &shadow, &error);
        reached = unit_calls_end();
        unit_need((status == ASP_OK) == (shadow.text != NULL), "call %u: %d", nth, status);
        asp_shadow_free(&shadow);
    }
    ck_assert_uint_eq(unit_names("/proc/self/fd"), before);
}
END_TEST

/* Under the lock of an account nothing may be done by it then. */
START_TEST(what_it_says_is_stale_once_it_is_another_file)
{
    struct asp_shadow shadow = {NULL, 0, {.present = false}};
    struct asp_primary_now now;

    unit_shadow("alice:A:1::::::\n");
    ck_assert_int_eq(asp_shadow_read(ASP_SHADOW_PATH, &shadow, &error), ASP_OK);
    asp_shadow_find(&shadow, "alice", NULL, &now);
    ck_assert(!asp_shadow_is_stale(&now));
    unit_shadow("alice:B:1::::::\n");
    ck_assert(asp_shadow_is_stale(&now));
    asp_shadow_find(&shadow, "bob", NULL, &now);
    ck_assert(asp_shadow_is_stale(&now));
    now.read = NULL; /* of no file */
    ck_assert(!asp_shadow_is_stale(&now));
    asp_shadow_free(&shadow);
}
END_TEST

START_TEST(a_state_younger_than_two_seconds_is_not_trusted)
{
    struct asp_identity identity = {.present = true, .ctime_s = NOW};

    ck_assert(!asp_shadow_is_settled(&identity, NOW));
    ck_assert(!asp_shadow_is_settled(&identity, NOW + 2));
    ck_assert(!asp_shadow_is_settled(&identity, NOW - 1000)); /* a clock that was set back */
    ck_assert(asp_shadow_is_settled(&identity, NOW + 3));
    ck_assert(asp_shadow_is_settled(&identity, NOW + 100000));
    identity.present = false;
    ck_assert(!asp_shadow_is_settled(&identity, NOW + 100000));
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, a_users_line_is_found_by_the_whole_name);
    unit_add(suite, where_a_user_has_no_line_the_other_ones_is_found);
    unit_add(suite, the_first_line_of_a_user_counts);
    unit_add(suite, every_form_of_the_hash_field_is_handed_on_as_it_is);
    unit_add(suite, a_line_with_fewer_than_nine_fields_says_nothing);
    unit_add(suite, a_line_that_is_cut_says_nothing_behind_one_that_is_whole);
    unit_add(suite, field_3_is_the_day_on_which_the_password_was_changed);
    unit_add(suite, field_8_is_the_day_on_which_the_account_expires);
    unit_add(suite, a_file_that_is_missing_or_not_to_be_trusted_is_not_known);
    unit_add(suite, a_file_that_is_not_whole_is_not_known);
    unit_add(suite, a_file_that_is_replaced_while_it_is_read_is_read_again);
    unit_add(suite, what_cannot_be_read_is_not_read_again);
    unit_add(suite, no_hash_is_left_in_memory_that_is_given_back);
    unit_add(suite, a_failed_call_is_not_known_and_keeps_nothing);
    unit_add(suite, what_it_says_is_stale_once_it_is_another_file);
    unit_add(suite, a_state_younger_than_two_seconds_is_not_trusted);
}

int main(void)
{
    return unit_run("shadow", fill);
}
