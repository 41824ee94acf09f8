/* The store's contract, which every engine keeps. */
#include "store_database.h"
#include "usage_fixture.h"

#include "asp/time_text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

START_TEST(a_store_that_is_not_there_is_an_error_like_any_other)
{
    char path[UNIT_PATH];
    struct asp_store_kept kept = *unit_kept();

    (void)snprintf(path, sizeof path, "%.400s/store", unit_folder());
    ck_assert_int_eq(asp_store_open(&store, UNIT_CONF_OF(path), &kept, &store_error), ASP_IO);
    store_says(path);
    store_says("mount");
    ck_assert(!asp_store_is_open(&store));
    asp_store_close(&store);
}
END_TEST

START_TEST(a_store_that_was_made_is_there_for_whoever_opens_it)
{
    struct asp_store_kept kept = *unit_kept();
    struct asp_store other;
    struct asp_account account;
    bool made = true;

    unit_store(&store);
    ck_assert(asp_store_is_open(&store));
    ck_assert_int_eq(add_id("alice", "7k"), ASP_OK);
    /* Whatever was kept of it, and however often. */
    for (size_t i = 0; i < 3; i++) {
        struct asp_store_kept *known = &kept;
        struct asp_store_kept nothing = {kept.engine, {0}};

        if (i == 2 && !database_is_there()) /* whose connection is what is kept */
            known = &nothing;

        ck_assert_int_eq(asp_store_open(&other, UNIT_CONF_OF(store.path), known, &store_error),
                         ASP_OK);
        ck_assert_int_eq(asp_store_load(&other, "alice", NULL, &account, &store_error), ASP_OK);
        asp_account_free(&account);
        asp_store_close(&other);
        ck_assert(!asp_store_is_open(&other));
    }
    ck_assert_int_eq(asp_store_make(&other, UNIT_CONF_OF(store.path), &kept, &made, &store_error),
                     ASP_OK);
    ck_assert(!made);
    ck_assert_int_eq(asp_store_load(&other, "alice", NULL, &account, &store_error), ASP_OK);
    asp_account_free(&account);
    asp_store_close(&other);
    asp_store_close(&store);
}
END_TEST

START_TEST(no_account_is_told_where_its_place_was_seen_and_is_empty)
{
    unit_store(&store);
    ck_assert_int_eq(loads("alice"), ASP_NOT_FOUND);
    store_says("alice has no app passwords");
    ck_assert_int_eq(update("alice", false, add, NULL), ASP_NOT_FOUND);
    ck_assert_int_eq(asp_store_remove(&store, "alice", &store_error), ASP_NOT_FOUND);
    ck_assert_int_eq(add_id("alice", "7k"), ASP_OK);
    ck_assert_int_eq(loads("alice"), ASP_OK);
    ck_assert_int_eq(loads("alic"), ASP_NOT_FOUND);
    ck_assert_int_eq(loads("alice2"), ASP_NOT_FOUND);
    asp_store_close(&store);
}
END_TEST

START_TEST(a_name_that_is_not_well_formed_opens_no_door)
{
    static const char *const users[] = {"", ".", "..", "../alice", "a/b", "-a", "a*", "a\n"};
    enum asp_status status = ASP_OK;

    unit_store(&store);
    for (size_t i = 0; i < UNIT_COUNT(users); i++) {
        struct asp_usage usage;
        struct asp_use use = {.id = "7k", .service = "imap"};

        ck_assert_int_eq(loads(users[i]), ASP_INVALID);
        ck_assert_int_eq(add_id(users[i], "7k"), ASP_INVALID);
        ck_assert_int_eq(asp_store_remove(&store, users[i], &store_error), ASP_INVALID);
        ck_assert_int_eq(asp_store_usage(&store, users[i], &usage, &store_error), ASP_INVALID);
        ck_assert_ptr_null(usage.bytes);
        ck_assert_int_ne(asp_store_record(&store, users[i], &use), ASP_OK);
    }
    ck_assert_int_eq(asp_store_each(&store, note_user, &status, &store_error), ASP_OK);
    ck_assert_str_eq(seen, "");
    asp_store_close(&store);
}
END_TEST

/* The line begins with the path, as `file` ends it, or, of what is kept elsewhere, with `other`. */
static void check_place(const char *file, const char *other)
{
    const size_t length = strlen(store.path);
    const char *line = store_error.text;

    if (strncmp(line, store.path, length) == 0)
        ck_assert_msg(strncmp(line + length, file, strlen(file)) == 0, "%s", line);
    else
        ck_assert_msg(strncmp(line, other, strlen(other)) == 0, "%s", line);
}

START_TEST(what_is_no_account_is_told_of_and_can_be_removed)
{
    static const struct {
        const char *text;
        enum asp_status status;
        const char *word;
    } cases[] = {
        {"damaged", ASP_CORRUPT, "asp-admin remove"},
        {"", ASP_CORRUPT, "asp-admin remove"},
        {"asp-account 3 user=\"alice\"\n", ASP_NEWER, "newer"},
    };

    unit_store(&store);
    for (size_t i = 0; i < UNIT_COUNT(cases); i++) {
        unit_put_bytes(&store, "alice", cases[i].text, strlen(cases[i].text));
        ck_assert_int_eq(loads("alice"), cases[i].status);
        check_place("/users/alice: ", "alice in ");
        store_says(cases[i].word);
        ck_assert_str_eq(store_error.advice,
                         cases[i].status == ASP_CORRUPT
                             ? "restore it from a backup, or drop it with asp-admin remove"
                             : "");
        ck_assert_int_eq(add_id("alice", "7k"), cases[i].status);
        ck_assert_int_eq(asp_store_remove(&store, "alice", &store_error), ASP_OK);
        ck_assert_int_eq(loads("alice"), ASP_NOT_FOUND);
    }
    asp_store_close(&store);
}
END_TEST

/* Updates */

START_TEST(what_was_changed_is_there)
{
    struct asp_account account;

    unit_store(&store);
    for (size_t i = 0; i < ODD_NAMES; i++) {
        ck_assert_int_eq(add_id(odd_names[i], "7k"), ASP_OK);
        ck_assert_int_eq(add_id(odd_names[i], "zz"), ASP_OK);
        asp_store_begin_usage(&store, odd_names[i], 1000);
    }
    for (size_t i = 0; i < ODD_NAMES; i++) {
        ck_assert_int_eq(load(odd_names[i], &account), ASP_OK);
        ck_assert_str_eq(account.user, odd_names[i]);
        ck_assert_uint_eq(account.count, 2);
        ck_assert_str_eq(account.entries[1].id, "zz");
        asp_account_free(&account);
        ck_assert_int_eq(asp_store_load(&store, odd_names[i], "zz", &account, &store_error),
                         ASP_OK);
        ck_assert_uint_eq(account.count, 1);
        ck_assert_str_eq(account.entries[0].id, "zz");
        asp_account_free(&account);
    }
    asp_store_close(&store);
}
END_TEST

/* When an account was written is told with it, and by no clock but that of its store. */
START_TEST(an_account_knows_when_it_was_written)
{
    struct asp_account account;
    time_t before = time(NULL);

    unit_store(&store);
    ck_assert_int_eq(add_id("alice", "7k"), ASP_OK);
    ck_assert_int_eq(load("alice", &account), ASP_OK);
    ck_assert(account.written.tv_sec >= before - 1 && account.written.tv_sec <= time(NULL) + 1);
    asp_account_free(&account);
    asp_store_close(&store);
}
END_TEST

START_TEST(a_change_that_ends_otherwise_is_not_written)
{
    static enum asp_status ends[] = {ASP_UNCHANGED, ASP_TAKEN,   ASP_FULL,
                                     ASP_NOT_FOUND, ASP_INVALID, ASP_NO_MEMORY};
    struct asp_account account;

    unit_store(&store);
    ck_assert_int_eq(add_id("alice", "7k"), ASP_OK);
    for (size_t i = 0; i < UNIT_COUNT(ends); i++) {
        ck_assert_int_eq(update("alice", false, end_with, &ends[i]), ends[i]);
        ck_assert_str_eq(store_error.text, ends[i] < ASP_OK ? "as it was told" : "");
        ck_assert_int_eq(update("bob", true, end_with, &ends[i]), ends[i]);
        ck_assert_int_eq(loads("bob"), ASP_NOT_FOUND);
    }
    ck_assert_int_eq(load("alice", &account), ASP_OK);
    ck_assert_str_eq(account.entries[0].label, "7k");
    asp_account_free(&account);
    asp_store_close(&store);
}
END_TEST

static enum asp_status spoil(struct asp_account *account, void *context, struct asp_error *why)
{
    (void)context;
    (void)why;
    account->entries[0].label[0] = '\n';
    return ASP_OK;
}

START_TEST(what_could_not_be_read_again_is_never_written)
{
    unit_store(&store);
    ck_assert_int_eq(add_id("alice", "7k"), ASP_OK);
    ck_assert_int_eq(update("alice", false, spoil, NULL), ASP_INVALID);
    ck_assert_int_eq(store_error.status, ASP_INVALID);
    store_says("7k");
    store_says("label");
    ck_assert_uint_eq(entries_of("alice"), 1);
    asp_store_close(&store);
}
END_TEST

START_TEST(a_change_that_drops_the_account_leaves_none)
{
    static enum asp_status drop = ASP_DROP;

    unit_store(&store);
    ck_assert_int_eq(add_id("alice", "7k"), ASP_OK);
    ck_assert_int_eq(update("alice", false, end_with, &drop), ASP_OK);
    ck_assert_int_eq(loads("alice"), ASP_NOT_FOUND);
    asp_store_close(&store);
}
END_TEST

/* Removing and walking */

START_TEST(removing_takes_account_and_usage_away)
{
    struct asp_usage usage;

    unit_store(&store);
    ck_assert_int_eq(add_id("alice", "7k"), ASP_OK);
    ck_assert_int_eq(add_id("alice.used", "7k"), ASP_OK);
    for (size_t i = 0; i < 2; i++) { /* usage that was left alone goes too */
        asp_store_begin_usage(&store, "alice", 1000);
        asp_store_begin_usage(&store, "alice.used", 1000);
        ck_assert_int_eq(asp_store_remove(&store, "alice", &store_error),
                         i == 0 ? ASP_OK : ASP_NOT_FOUND);
        ck_assert_int_eq(loads("alice"), ASP_NOT_FOUND);
        usage = unit_usage(&store, "alice");
        ck_assert_uint_eq(usage.length, 0);
        asp_usage_free(&usage);
        usage = unit_usage(&store, "alice.used");
        ck_assert_uint_gt(usage.length, 0);
        asp_usage_free(&usage);
    }
    ck_assert_uint_eq(entries_of("alice.used"), 1);
    asp_store_close(&store);
}
END_TEST

START_TEST(each_user_with_an_account_is_visited_once)
{
    enum asp_status status = ASP_OK;

    unit_store(&store);
    ck_assert_int_eq(asp_store_each(&store, note_user, &status, &store_error), ASP_OK);
    ck_assert_str_eq(seen, "");
    ck_assert_int_eq(add_id("al ice", "7k"), ASP_OK);
    ck_assert_int_eq(add_id("carol", "7k"), ASP_OK);
    ck_assert_int_eq(add_id("bob", "7k"), ASP_OK);
    ck_assert_int_eq(asp_store_remove(&store, "carol", &store_error), ASP_OK);
    asp_store_begin_usage(&store, "dave", 1000);
    ck_assert_int_eq(asp_store_each(&store, note_user, &status, &store_error), ASP_OK);
    ck_assert(strcmp(seen, "al ice bob ") == 0 || strcmp(seen, "bob al ice ") == 0);

    /* Anything but ASP_OK ends the walk. */
    seen[0] = '\0';
    status = ASP_TAKEN;
    ck_assert_int_eq(asp_store_each(&store, note_user, &status, &store_error), ASP_TAKEN);
    ck_assert(strcmp(seen, "al ice ") == 0 || strcmp(seen, "bob ") == 0);
    asp_store_close(&store);
}
END_TEST

/* Of each there is one entry, and of alice's a use. */
static enum asp_status read_and_change(const char *user, void *context)
{
    const bool is_alice = strcmp(user, "alice") == 0;
    struct asp_usage of_another = unit_usage(&store, "dave");
    size_t *visited = context;

    ck_assert_uint_eq(entries_of("dave"), 2);
    ck_assert_int_eq(asp_usage_last(&of_another, "7k", 1000), ASP_NEVER);
    asp_usage_free(&of_another);
    if (strcmp(user, "dave") == 0)
        return ASP_OK;
    for (size_t i = 0; i < 2; i++) { /* what was read with others, and what is read again */
        struct asp_account account;
        struct asp_usage usage;

        ck_assert_int_eq(asp_store_load(&store, user, NULL, &account, &store_error), ASP_OK);
        ck_assert_str_eq(account.user, user);
        ck_assert_uint_eq(account.count, i + 1);
        ck_assert_str_eq(account.entries[0].id, "7k");
        ck_assert(account.written.tv_sec > 0);
        asp_account_free(&account);
        usage = unit_usage(&store, user);
        ck_assert_int_eq(asp_usage_last(&usage, "7k", 1000), is_alice ? 2000 : ASP_NEVER);
        ck_assert_int_eq(asp_usage_last(&usage, "8m", 1000), is_alice && i == 1 ? 3000 : ASP_NEVER);
        asp_usage_free(&usage);
        if (i == 0)
            ck_assert_int_eq(add_id(user, "8m"), ASP_OK);
        if (i == 0 && is_alice)
            ck_assert(record("8m", 3000));
    }
    (*visited)++;
    return ASP_OK;
}

START_TEST(each_account_is_read_as_it_is_and_again_as_it_was_changed_meanwhile)
{
    size_t visited = 0;

    begin_store();
    ck_assert(record("7k", 2000));
    ck_assert_int_eq(add_id("bob", "7k"), ASP_OK);
    ck_assert_int_eq(add_id("carol", "7k"), ASP_OK);
    ck_assert_int_eq(add_id("dave", "7k"), ASP_OK);
    ck_assert_int_eq(add_id("dave", "8m"), ASP_OK);
    ck_assert_int_eq(asp_store_each_account(&store, read_and_change, &visited, &store_error),
                     ASP_OK);
    ck_assert_uint_eq(visited, 3);
    asp_store_close(&store);
}
END_TEST

START_TEST(nothing_is_left_open)
{
    enum asp_status status = ASP_OK;
    struct asp_store_kept kept = *unit_kept();
    size_t before;

    unit_store(&store);
    before = unit_names("/proc/self/fd");
    for (size_t i = 0; i < 20; i++) {
        struct asp_usage usage;
        struct asp_store other;

        ck_assert_int_eq(asp_store_open(&other, UNIT_CONF_OF(store.path), &kept, &store_error),
                         ASP_OK);
        asp_store_close(&other);
        ck_assert_int_eq(add_id("alice", "7k"), ASP_OK);
        ck_assert_int_eq(loads("alice"), ASP_OK);
        ck_assert_int_eq(loads("bob"), ASP_NOT_FOUND);
        asp_store_begin_usage(&store, "alice", 1000);
        usage = unit_usage(&store, "alice");
        asp_usage_free(&usage);
        seen[0] = '\0';
        ck_assert_int_eq(asp_store_each(&store, note_user, &status, &store_error), ASP_OK);
        ck_assert_int_eq(asp_store_remove(&store, "alice", &store_error), ASP_OK);
    }
    ck_assert_uint_eq(unit_names("/proc/self/fd"), before);
    asp_store_close(&store);
}
END_TEST

/* The use of each of these ids, the first of all that there are. */
static struct asp_usage usage_of(size_t count, time_t last)
{
    const struct asp_usage_head head = {.begun = 1000, .slots = count};
    struct asp_usage usage = {.length = ASP_HEAD_BYTES + count * ASP_SLOT_BYTES};

    usage.bytes = malloc(usage.length);
    ck_assert_ptr_nonnull(usage.bytes);
    asp_usage_write_head(&head, usage.bytes);
    for (size_t i = 0; i < count; i++) {
        char id[ASP_ID_CHARS + 1];
        struct asp_use use;

        unit_id(i, id);
        use = use_of(id, last);
        asp_usage_write_slot(&use, usage.bytes + ASP_HEAD_BYTES + i * ASP_SLOT_BYTES);
    }
    return usage;
}

static void all_were_last_used(size_t count, time_t last)
{
    struct asp_usage usage = unit_usage(&store, "alice");

    for (size_t i = 0; i < count; i++) {
        char id[ASP_ID_CHARS + 1];

        unit_id(i, id);
        ck_assert_int_eq(asp_usage_last(&usage, id, 1000), last);
    }
    asp_usage_free(&usage);
}

START_TEST(uses_that_are_put_are_there_however_many_they_are)
{
    const size_t counts[] = {1, 255, 256, 257, 512, ASP_IDS};

    begin_store();
    for (size_t i = 0; i < UNIT_COUNT(counts); i++) {
        const time_t last = 2000 + (time_t)i;
        struct asp_usage usage = usage_of(counts[i], last);

        ck_assert_int_eq(asp_store_put_usage(&store, "alice", &usage, &store_error), ASP_OK);
        all_were_last_used(counts[i], last);
        asp_usage_free(&usage);
    }
    asp_store_close(&store);
}
END_TEST

START_TEST(uses_that_are_recorded_are_there_however_many_come_at_once)
{
    enum { COUNT = 600 };

    begin_store();
    for (size_t i = 0; i < COUNT; i++) {
        char id[ASP_ID_CHARS + 1];

        unit_id(i, id);
        ck_assert(record(id, 2000));
    }
    all_were_last_used(COUNT, 2000);
    asp_store_close(&store);
}
END_TEST

START_TEST(uses_for_which_there_is_no_memory_are_said_to_be_none_and_never_to_be_written)
{
    bool failed;
    unsigned nth = 0;

    begin_store();
    do {
        const struct unit_plan plan = {
            .call = "malloc", .first = ++nth, .times = 1, .number = ENOMEM};
        const time_t last = 2000 + (time_t)nth;
        struct asp_usage usage = usage_of(1, last);
        struct asp_usage found = {0};
        enum asp_status status;

        unit_calls_begin(&plan);
        status = asp_store_put_usage(&store, "alice", &usage, &store_error);
        failed = unit_calls_end();
        if (status == ASP_OK)
            all_were_last_used(1, last);
        else
            ck_assert_int_eq(status, ASP_NO_MEMORY);
        asp_usage_free(&usage);

        unit_calls_begin(&plan);
        status = asp_store_usage(&store, "alice", &found, &store_error);
        failed = unit_calls_end() || failed;
        ck_assert(status == ASP_OK ||
                  (status == ASP_NO_MEMORY && found.bytes == NULL && found.length == 0));
        asp_usage_free(&found);
    } while (failed);
    ck_assert_uint_gt(nth, 1);
    asp_store_close(&store);
}
END_TEST

/* That of the database is on this machine too. */
START_TEST(its_clock_is_asked_and_where_it_is_that_of_this_machine_the_time_is_the_same)
{
    time_t now = 1700000000;

    unit_store(&store);
    ck_assert_int_eq(asp_store_now(&store, &now, &store_error), ASP_OK);
    ck_assert_int_eq(now, 1700000000);
    asp_store_close(&store);
}
END_TEST

static void fill(Suite *suite)
{
    unit_add_on_engines(
        suite, its_clock_is_asked_and_where_it_is_that_of_this_machine_the_time_is_the_same);
    unit_add_on_engines(suite, a_store_that_is_not_there_is_an_error_like_any_other);
    unit_add_on_engines(suite, a_store_that_was_made_is_there_for_whoever_opens_it);
    unit_add_on_engines(suite, no_account_is_told_where_its_place_was_seen_and_is_empty);
    unit_add_on_engines(suite, a_name_that_is_not_well_formed_opens_no_door);
    unit_add_on_engines(suite, what_is_no_account_is_told_of_and_can_be_removed);
    unit_add_on_engines(suite, what_was_changed_is_there);
    unit_add_on_engines(suite, an_account_knows_when_it_was_written);
    unit_add_on_engines(suite, a_change_that_ends_otherwise_is_not_written);
    unit_add_on_engines(suite, what_could_not_be_read_again_is_never_written);
    unit_add_on_engines(suite, a_change_that_drops_the_account_leaves_none);
    unit_add_on_local_engines(suite, removing_takes_account_and_usage_away);
    unit_add_on_engines(suite, each_user_with_an_account_is_visited_once);
    unit_add_on_engines(suite, each_account_is_read_as_it_is_and_again_as_it_was_changed_meanwhile);
    unit_add_on_engines(suite, nothing_is_left_open);
    unit_add_on_engines(suite, uses_that_are_put_are_there_however_many_they_are);
    unit_add_on_engines(suite, uses_that_are_recorded_are_there_however_many_come_at_once);
    unit_add_on_engines(
        suite, uses_for_which_there_is_no_memory_are_said_to_be_none_and_never_to_be_written);
}

int main(void)
{
    return unit_run("store", fill);
}
