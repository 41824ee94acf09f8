/* Long names: an engine has them whole; of files, which are named by a digest, whose they are
 * stands in the account, or in what is due. */
#include "store_fixture.h"

#include "asp/engine.h"
#include "asp/store_due.h"
#include "asp/store_front.h"
#include "asp/store_watch.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Of 201 bytes, and of 254 with what is escaped in a file. */
static char long_name[202];
static char longest_name[ASP_USER_MAX + 1];

static void make_names(void)
{
    memset(long_name, 'a', sizeof long_name - 1);
    memset(longest_name, 'b', sizeof longest_name - 1);
    memcpy(longest_name, "\"\\ \xc3\xa9", 5);
    longest_name[ASP_USER_MAX - 1] = '"';
}

static void open_store(void)
{
    make_names();
    seen[0] = '\0';
    unit_store(&store);
}

static const char *encoded(const char *user)
{
    static char name[ASP_USER_ENCODED + 1];

    ck_assert(asp_user_encode(user, name));
    ck_assert_uint_gt(strlen(name), ASP_USER_FILE);
    return name;
}

static const char *digest_of(const char *user)
{
    static char file[ASP_USER_FILE + 1];

    asp_user_file(encoded(user), file);
    ck_assert(asp_user_is_digest(file));
    return file;
}

static const char *visited(void)
{
    enum asp_status status = ASP_OK;

    seen[0] = '\0';
    ck_assert_int_eq(asp_store_each(&store, note_user, &status, &store_error), ASP_OK);
    return seen;
}

static const char *users_due(void)
{
    enum asp_status status = ASP_OK;

    seen[0] = '\0';
    ck_assert_int_eq(asp_due_each(&store, note_user, &status, &store_error), ASP_OK);
    return seen;
}

/* The name and a space, as the walks note it. */
static const char *noted(const char *before, const char *user)
{
    static char room[300];

    (void)snprintf(room, sizeof room, "%s%s ", before, user);
    return room;
}

static void put_text(const char *user, const char *text)
{
    unit_put_bytes(&store, user, text, strlen(text));
}

START_TEST(an_account_of_a_long_name_is_kept_and_found)
{
    const char *const users[] = {long_name, longest_name};
    struct asp_account account;
    struct asp_stored stored;

    open_store();
    for (size_t i = 0; i < UNIT_COUNT(users); i++) {
        ck_assert_int_eq(loads(users[i]), ASP_NOT_FOUND);
        ck_assert_int_eq(add_id(users[i], "7k"), ASP_OK);
        ck_assert_int_eq(load(users[i], &account), ASP_OK);
        ck_assert_str_eq(account.user, users[i]);
        ck_assert_uint_eq(account.count, 1);
        asp_account_free(&account);
        ck_assert_str_eq(visited(), noted("", users[i]));
        /* Version 0.1.0 is not to take it for one of its own. */
        ck_assert_int_eq(store.engine->read(&store, NULL, encoded(users[i]), NULL, &stored, NULL),
                         ASP_OK);
        ck_assert_int_eq(strncmp((const char *)stored.bytes, "asp-account 2 user=", 19), 0);
        asp_stored_free(&stored);
        asp_store_begin_usage(&store, users[i], 1000);
        ck_assert_int_eq(asp_store_remove(&store, users[i], &store_error), ASP_OK);
        ck_assert_str_eq(visited(), "");
    }
    ck_assert_int_eq(add_id("alice", "7k"), ASP_OK);
    ck_assert_int_eq(store.engine->read(&store, NULL, "alice", NULL, &stored, NULL), ASP_OK);
    ck_assert_int_eq(strncmp((const char *)stored.bytes, "asp-account 1 user=", 19), 0);
    asp_stored_free(&stored);
    asp_store_close(&store);
}
END_TEST

START_TEST(one_that_is_damaged_is_visited_by_its_name)
{
    char line[300];

    open_store();
    (void)snprintf(line, sizeof line, "asp-account 2 user=\"%s\"\nrubbish\n", long_name);
    put_text(long_name, line);
    ck_assert_str_eq(visited(), noted("", long_name));
    ck_assert_int_eq(loads(long_name), ASP_CORRUPT);
    ck_assert_int_eq(asp_store_remove(&store, long_name, &store_error), ASP_OK);
    ck_assert_str_eq(visited(), "");
    asp_store_close(&store);
}
END_TEST

START_TEST(a_file_that_does_not_say_whose_it_is_is_visited_by_its_own_name)
{
    static const char *const heads[] = {
        "",           "asp-account 2 user=\"", "asp-account 2 user=\"alice\"\n",
        "no line",    "asp-account 2 user=\n", "asp-account 2 user=\"a\\\"\n",
        "x 2 user=\n"};
    char line[300];

    open_store();
    for (size_t i = 0; i < UNIT_COUNT(heads); i++) {
        put_text(long_name, heads[i]);
        ck_assert_str_eq(visited(), noted("/", digest_of(long_name)));
        (void)snprintf(line, sizeof line, "/%s", digest_of(long_name));
        unit_need(loads(line) == ASP_CORRUPT, "%s", heads[i]);
        store_says(digest_of(long_name));
    }
    /* Nobody's name is like that, whatever he is called. */
    ck_assert_int_eq(loads("/alice"), ASP_INVALID);
    ck_assert_int_eq(loads("/"), ASP_INVALID);
    ck_assert_int_eq(loads(digest_of(long_name)), ASP_NOT_FOUND);
    ck_assert_int_eq(asp_store_remove(&store, long_name, &store_error), ASP_OK);
    ck_assert_int_eq(loads(line), ASP_NOT_FOUND);
    asp_store_close(&store);
}
END_TEST

START_TEST(an_account_that_names_another_is_damaged)
{
    struct asp_account account;
    size_t length;
    char *text;

    open_store();
    asp_account_init(&account, longest_name);
    text = unit_account_text(&account, &length);
    unit_put_bytes(&store, long_name, text, length);
    ck_assert_int_eq(loads(long_name), ASP_CORRUPT);
    store_says("another user");
    if (store.engine == &asp_store_files) {
        store_says(digest_of(long_name));
        ck_assert_str_eq(visited(), noted("/", digest_of(long_name)));
    } else {
        ck_assert_str_eq(visited(), noted("", long_name));
    }
    free(text);
    asp_store_close(&store);
}
END_TEST

static enum asp_status add_due(struct asp_account *account, void *context, struct asp_error *why)
{
    struct asp_entry entry;

    (void)context;
    (void)why;
    (void)unit_entry(&entry, account->user, "7k", "7k");
    (void)asp_entry_revoke(&entry, 2000, "ann", "lost", true);
    return asp_account_add(account, &entry);
}

static enum asp_status drop(struct asp_account *account, void *context, struct asp_error *why)
{
    (void)account;
    (void)context;
    (void)why;
    return ASP_DROP;
}

START_TEST(what_is_due_of_a_long_name_is_found_when_the_account_has_gone)
{
    struct asp_turn turn = ASP_TURN_FREE;
    struct asp_due due;

    open_store();
    ck_assert_int_eq(update(longest_name, true, add_due, NULL), ASP_OK);
    ck_assert(asp_due_is_any(&store, longest_name));
    ck_assert_int_eq(update(longest_name, false, drop, NULL), ASP_OK);
    ck_assert_int_eq(loads(longest_name), ASP_NOT_FOUND);
    ck_assert_str_eq(users_due(), noted("", longest_name));
    ck_assert_int_eq(asp_turn_take(&store, longest_name, &turn, &store_error), ASP_OK);
    ck_assert_int_eq(asp_due_read(&store, longest_name, &due, &store_error), ASP_OK);
    ck_assert_uint_eq(due.count, 1);
    ck_assert_int_eq(asp_due_clear(&store, longest_name, &due, 1, 100, &store_error), ASP_OK);
    asp_due_free(&due);
    asp_turn_give(&turn);
    ck_assert_str_eq(users_due(), "");
    asp_store_close(&store);
}
END_TEST

static bool has_file(const char *before, const char *after)
{
    char path[300];

    (void)snprintf(path, sizeof path, "%s%s%s", before, digest_of(longest_name), after);
    return access(in_store(path), F_OK) == 0;
}

START_TEST(each_file_of_a_long_name_has_its_digest_in_its_own)
{
    const struct asp_use use = {.id = "7k", .created = 1000, .last = 2000, .service = "imap"};
    struct asp_turn turn = ASP_TURN_FREE;
    char pattern[512];
    glob_t found;

    open_store();
    ck_assert_int_eq(update(longest_name, true, add_due, NULL), ASP_OK);
    ck_assert_int_eq(asp_store_record(&store, longest_name, &use), ASP_OK);
    ck_assert_int_eq(asp_turn_take(&store, longest_name, &turn, &store_error), ASP_OK);
    ck_assert(has_file("users/", ""));
    ck_assert(has_file("used/", ""));
    ck_assert(has_file("locks/", ""));
    ck_assert(has_file("locks/.", ".hook"));
    ck_assert_int_eq(update(longest_name, false, drop, NULL), ASP_OK);
    asp_turn_give(&turn);
    ck_assert(!has_file("users/", ""));
    ck_assert(!has_file("used/", ""));
    ck_assert(!has_file("locks/", ""));
    ck_assert(!has_file("locks/.", ".hook"));
    ck_assert_uint_eq(unit_names(in_store("due")), 1);
    (void)snprintf(pattern, sizeof pattern, "%s/due/%s.*", store.path, digest_of(longest_name));
    ck_assert_int_eq(glob(pattern, 0, NULL, &found), 0);
    globfree(&found);
    asp_store_close(&store);
}
END_TEST

static void note_change(const char *user, void *context)
{
    (void)context;
    (void)strcat(strcat(seen, user), " ");
}

/* It could be the name of a user, and is not that of her file. */
START_TEST(a_file_with_a_name_that_is_too_long_is_nobodys)
{
    struct asp_store_changes changes = ASP_STORE_UNFOLLOWED;
    bool another;
    char path[300];

    open_store();
    ck_assert_int_eq(asp_store_follow(&store, &changes, &another, &store_error), ASP_OK);
    (void)snprintf(path, sizeof path, "users/%s", long_name);
    file_write(in_store(path), "x", 1);
    ck_assert_str_eq(visited(), "");
    ck_assert_int_eq(loads(long_name), ASP_NOT_FOUND);
    seen[0] = '\0';
    ck_assert(!asp_store_changes_take(&store, &changes, note_change, NULL).lost);
    ck_assert_str_eq(seen, "");
    asp_store_changes_end(&changes);
    asp_store_close(&store);
}
END_TEST

START_TEST(that_it_is_written_is_told_by_name_or_counts_as_lost_while_the_store_is_closed)
{
    struct asp_store_changes changes = ASP_STORE_UNFOLLOWED;
    struct asp_store closed = ASP_STORE_CLOSED;
    struct asp_store_news news;
    bool another;

    open_store();
    ck_assert_int_eq(asp_store_follow(&store, &changes, &another, &store_error), ASP_OK);
    ck_assert_int_eq(add_id(long_name, "7k"), ASP_OK);
    news = asp_store_changes_take(&store, &changes, note_change, NULL);
    ck_assert(!news.lost);
    ck_assert_str_eq(seen, noted("", long_name));
    seen[0] = '\0';
    ck_assert_int_eq(add_id(long_name, "zz"), ASP_OK);
    news = asp_store_changes_take(&closed, &changes, note_change, NULL);
    ck_assert(news.lost);
    ck_assert_str_eq(seen, "");
    /* What is due of one that has gone is found by a look at all. */
    ck_assert_int_eq(asp_store_remove(&store, long_name, &store_error), ASP_OK);
    news = asp_store_changes_take(&store, &changes, note_change, NULL);
    ck_assert(news.lost);
    ck_assert_int_eq(add_id("alice", "7k"), ASP_OK);
    news = asp_store_changes_take(&closed, &changes, note_change, NULL);
    ck_assert(!news.lost);
    ck_assert_str_eq(seen, "alice ");
    asp_store_changes_end(&changes);
    asp_store_close(&store);
}
END_TEST

/* A slash before it, and nothing else, is what says that a digest is meant. */
START_TEST(a_digest_is_named_by_a_slash_before_it)
{
    char name[ASP_USER_ENCODED + 1];
    char user[ASP_USER_FILE + 2];

    make_names();
    (void)snprintf(user, sizeof user, "/%s", digest_of(long_name));
    memset(name, 'x', sizeof name);
    ck_assert_int_eq(asp_store_encode(user, name, &store_error), ASP_OK);
    ck_assert_str_eq(name, user + 1);
    user[0] = '*';
    ck_assert_int_eq(asp_store_encode(user, name, &store_error), ASP_INVALID);
    store_says("not well-formed");
}
END_TEST

START_TEST(what_was_never_finished_of_a_long_name_is_found_and_removed)
{
    enum asp_status status = ASP_OK;
    char path[300];

    open_store();
    ck_assert_int_eq(add_id(long_name, "7k"), ASP_OK);
    (void)snprintf(path, sizeof path, "users/.%s.0123456789abcdef", digest_of(long_name));
    file_write(unit_path(store.path, path), "x", 1);
    (void)snprintf(path, sizeof path, "users/.%s.~0123456789abcdef", digest_of(longest_name));
    file_write(unit_path(store.path, path), "x", 1);
    seen[0] = '\0';
    ck_assert_int_eq(asp_store_clear_strays(&store, note_user, &status, &store_error), ASP_OK);
    ck_assert_ptr_nonnull(strstr(seen, noted("", long_name)));
    ck_assert_ptr_nonnull(strstr(seen, noted("/", digest_of(longest_name))));
    ck_assert_uint_eq(unit_names(unit_path(store.path, "users")), 1);
    asp_store_close(&store);
}
END_TEST

static void fill(Suite *suite)
{
    unit_add_on_engines(suite, an_account_of_a_long_name_is_kept_and_found);
    unit_add_on_engines(suite, one_that_is_damaged_is_visited_by_its_name);
    unit_add_on_engines(suite, an_account_that_names_another_is_damaged);
    unit_add_on_local_engines(suite, what_is_due_of_a_long_name_is_found_when_the_account_has_gone);
    unit_add(suite, a_file_that_does_not_say_whose_it_is_is_visited_by_its_own_name);
    unit_add(suite, each_file_of_a_long_name_has_its_digest_in_its_own);
    unit_add(suite, a_file_with_a_name_that_is_too_long_is_nobodys);
    unit_add(suite, that_it_is_written_is_told_by_name_or_counts_as_lost_while_the_store_is_closed);
    unit_add(suite, a_digest_is_named_by_a_slash_before_it);
    unit_add(suite, what_was_never_finished_of_a_long_name_is_found_and_removed);
}

int main(void)
{
    return unit_run("store-names", fill);
}
