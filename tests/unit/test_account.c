/* A user's entries: found, removed, revoked and, of those revoked, dropped. */
#include "unit.h"

#include "asp/time_text.h"

#include <stdlib.h>
#include <string.h>

START_TEST(an_entry_is_found_removed_and_its_id_counted)
{
    struct asp_account account;
    bool taken[ASP_IDS];
    size_t count = 0;

    unit_three_entries(&account);
    ck_assert_ptr_null(asp_account_find(&account, "01"));
    ck_assert_str_eq(asp_account_find(&account, "00")->label, "Old \"phone\"");
    memset(taken, true, sizeof taken);
    asp_account_ids(&account, taken);
    for (size_t i = 0; i < ASP_IDS; i++)
        count += taken[i];
    ck_assert_uint_eq(count, 3);
    ck_assert(taken[asp_id_index("7k")] && taken[asp_id_index("00")] && taken[asp_id_index("zz")]);

    asp_account_remove(&account, asp_account_find(&account, "00"));
    ck_assert_uint_eq(account.count, 2);
    ck_assert_ptr_null(asp_account_find(&account, "00"));
    ck_assert_str_eq(account.entries[0].id, "7k");
    ck_assert_str_eq(account.entries[1].id, "zz");
    asp_account_remove(&account, &account.entries[1]);
    asp_account_remove(&account, &account.entries[0]);
    ck_assert_uint_eq(account.count, 0);
    asp_account_free(&account);
}
END_TEST

/* By when they were revoked, not by where they stand; of the same time the older entry first. */
START_TEST(those_revoked_first_are_dropped_first_and_no_others)
{
    static const struct {
        const char *id;
        time_t revoked;
    } entries[] = {{"00", 500}, {"01", -1}, {"02", 100}, {"03", 300},
                   {"04", 100}, {"05", -1}, {"06", 400}};
    static const char *const left[] = {
        "01 05",
        "00 01 05",
        "00 01 05 06",
        "00 01 03 05 06",
        "00 01 03 04 05 06",
        "00 01 02 03 04 05 06",
        "00 01 02 03 04 05 06",
    };

    for (size_t keep = 0; keep < UNIT_COUNT(left); keep++) {
        struct asp_account account;
        char ids[64] = "";

        asp_account_init(&account, "alice");
        for (size_t i = 0; i < UNIT_COUNT(entries); i++) {
            struct asp_entry entry;

            unit_plain_entry(&entry, entries[i].id, "Phone");
            if (entries[i].revoked >= 0)
                ck_assert(asp_entry_revoke(&entry, entries[i].revoked, "ann", "x", false));
            ck_assert_int_eq(asp_account_add(&account, &entry), ASP_OK);
        }
        asp_account_prune(&account, keep);
        for (size_t i = 0; i < account.count; i++) {
            strcat(ids, i == 0 ? "" : " ");
            strcat(ids, account.entries[i].id);
        }
        ck_assert_str_eq(ids, left[keep]);
        asp_account_free(&account);
    }
}
END_TEST

START_TEST(what_there_is_no_room_for_is_set_aside)
{
    struct asp_account account;
    struct asp_entry entry;

    asp_account_init(&account, "alice");
    for (size_t i = 0; i < 4; i++) {
        char id[ASP_ID_CHARS + 1];

        unit_id(i, id);
        unit_plain_entry(&entry, id, "Phone");
        ck_assert(asp_entry_revoke(&entry, (time_t)(100 + i), "ann", "x", i % 2 == 0));
        ck_assert_int_eq(asp_account_add(&account, &entry), ASP_OK);
    }
    asp_account_prune(&account, 4);
    ck_assert_uint_eq(account.count, 4);
    ck_assert_uint_eq(account.aside_count, 0);
    asp_account_prune(&account, 2);
    ck_assert_uint_eq(account.count, 2);
    ck_assert_ptr_null(asp_account_find(&account, "00"));
    ck_assert_ptr_null(asp_account_find(&account, "01"));
    ck_assert_uint_eq(account.aside_count, 2);
    ck_assert_str_eq(account.aside[1].id, "01");
    asp_account_prune(&account, 0);
    ck_assert_uint_eq(account.count, 0);
    ck_assert_uint_eq(account.aside_count, 4);
    for (size_t i = 0; i < 4; i++) {
        char id[ASP_ID_CHARS + 1];

        unit_id(i, id);
        ck_assert_str_eq(account.aside[i].id, id);
        ck_assert_int_eq(account.aside[i].hook_due, i % 2 == 0);
    }
    asp_account_free(&account);
}
END_TEST

START_TEST(what_is_revoked_and_has_no_room_has_ended_as_it_was_revoked)
{
    struct asp_account account;
    struct asp_entry *before;
    size_t count;

    unit_three_entries(&account);
    ck_assert_int_eq(asp_account_copy(&account, false, &before, &count), ASP_OK);
    ck_assert_uint_eq(count, 2);
    asp_account_remove(&account, asp_account_find(&account, "00"));
    ck_assert(asp_entry_revoke(asp_account_find(&account, "7k"), 3000, "ann", "lost", false));
    ck_assert(asp_entry_revoke(asp_account_find(&account, "zz"), 3001, "bob", "sold", false));
    asp_account_prune(&account, 0);
    ck_assert_uint_eq(account.count, 0);
    ck_assert_uint_eq(asp_account_ended(&account, false, before, count), 2);
    ck_assert_str_eq(before[0].id, "7k");
    ck_assert_str_eq(before[0].reason, "lost");
    ck_assert_str_eq(before[0].revoked_by, "ann");
    ck_assert_str_eq(before[1].id, "zz");
    ck_assert_str_eq(before[1].reason, "sold");
    ck_assert_str_eq(before[1].revoked_by, "bob");
    asp_entries_free(before, count);
    asp_account_free(&account);
}
END_TEST

START_TEST(revoking_all_revokes_those_that_are_not_yet)
{
    struct asp_account account;

    unit_three_entries(&account);
    ck_assert_uint_eq(asp_account_revoke_all(&account, 3000, "watch", "primary-password", true), 2);
    ck_assert_int_eq(asp_account_find(&account, "7k")->revoked, 3000);
    ck_assert_str_eq(asp_account_find(&account, "zz")->reason, "primary-password");
    ck_assert(asp_account_find(&account, "zz")->hook_due);
    ck_assert_int_eq(asp_account_find(&account, "00")->revoked, 2000);
    ck_assert_str_eq(asp_account_find(&account, "00")->revoked_by, "ann");
    ck_assert_uint_eq(asp_account_revoke_all(&account, 4000, "watch", "x", true), 0);
    asp_account_free(&account);
}
END_TEST

START_TEST(a_copy_has_all_or_those_that_are_not_revoked)
{
    struct asp_account account;
    struct asp_entry *copies;
    size_t count;

    unit_three_entries(&account);
    ck_assert_int_eq(asp_account_copy(&account, true, &copies, &count), ASP_OK);
    ck_assert_uint_eq(count, 3);
    ck_assert_str_eq(copies[1].id, account.entries[1].id);
    asp_entries_free(copies, count);
    ck_assert_int_eq(asp_account_copy(&account, false, &copies, &count), ASP_OK);
    ck_assert_uint_eq(count, 2);
    for (size_t i = 0; i < count; i++)
        ck_assert_str_ne(copies[i].id, "00");
    asp_entries_free(copies, count);
    asp_account_free(&account);
}
END_TEST

/* An account of one entry, which is the one that was made of this id. */
static void one_entry(struct asp_account *account, const char *id)
{
    struct asp_entry entry;

    asp_account_init(account, "alice");
    unit_plain_entry(&entry, id, "Phone");
    ck_assert_int_eq(asp_account_add(account, &entry), ASP_OK);
}

START_TEST(what_another_account_does_not_have_alive_is_revoked_and_set_aside_where_its_hook_is_due)
{
    struct asp_account account;
    struct asp_account by;

    unit_three_entries(&account); /* 7k, 00 revoked, zz */
    one_entry(&by, "zz");
    memcpy(by.entries[0].verifier, account.entries[2].verifier, sizeof by.entries[0].verifier);
    by.entries[0].created++; /* it is the same app password all the same */
    memcpy(account.follows, "bob", sizeof "bob");
    ck_assert(asp_account_has_alive(&account, &by.entries[0]));
    ck_assert_int_eq(asp_account_replace(&account, &by, 3000, "ann", "removed", true), ASP_OK);
    ck_assert_uint_eq(account.count, 1);
    ck_assert_str_eq(account.entries[0].id, "zz");
    ck_assert_int_eq(account.entries[0].revoked, ASP_NEVER);
    ck_assert_str_eq(account.follows, "");
    ck_assert(!account.primary.taken);
    ck_assert_uint_eq(account.aside_count, 1);
    ck_assert_str_eq(account.aside[0].id, "7k");
    ck_assert_int_eq(account.aside[0].revoked, 3000);
    ck_assert_str_eq(account.aside[0].reason, "removed");
    asp_account_free(&account);
    asp_account_free(&by);
}
END_TEST

START_TEST(what_has_the_id_of_another_is_another)
{
    struct asp_account account;
    struct asp_account by;

    one_entry(&account, "7k");
    one_entry(&by, "7k");
    by.entries[0].verifier[strlen(by.entries[0].verifier) - 1] ^= 4;
    ck_assert(!asp_account_has_alive(&by, &account.entries[0]));
    ck_assert_int_eq(asp_account_replace(&account, &by, 3000, "ann", "removed", true), ASP_OK);
    ck_assert_uint_eq(account.aside_count, 1);
    ck_assert_int_eq(account.entries[0].revoked, ASP_NEVER);
    asp_account_free(&account);
    asp_account_free(&by);
}
END_TEST

START_TEST(the_mark_of_what_another_account_has_as_revoked_is_handed_on)
{
    struct asp_account account;
    struct asp_account by;

    one_entry(&account, "7k");
    one_entry(&by, "7k");
    (void)asp_entry_revoke(&by.entries[0], 2000, "ann", "lost", false);
    ck_assert_int_eq(asp_account_replace(&account, &by, 3000, "ann", "removed", true), ASP_OK);
    ck_assert_uint_eq(account.aside_count, 0);
    ck_assert(account.entries[0].hook_due);
    ck_assert_str_eq(account.entries[0].reason, "lost");
    ck_assert_int_eq(account.entries[0].revoked, 2000);
    asp_account_free(&account);
    asp_account_free(&by);
}
END_TEST

START_TEST(the_primary_password_is_that_of_the_account_that_replaces)
{
    struct asp_account account;
    struct asp_account by;
    char id[ASP_ID_CHARS + 1];
    struct asp_entry entry;

    unit_three_entries(&account);
    one_entry(&by, "zz");
    by.primary = (struct asp_fingerprint){.taken = true, .day = 7};
    ck_assert_int_eq(asp_account_replace(&account, &by, 3000, "ann", "removed", false), ASP_OK);
    ck_assert(account.primary.taken && account.primary.day == 7);
    /* Without a hook there is nothing to be run. */
    ck_assert_uint_eq(account.aside_count, 0);
    /* What it had room for before is gone. */
    ck_assert_uint_eq(account.room, 2);
    for (size_t i = 0; i < 20; i++) {
        unit_id(i, id);
        unit_plain_entry(&entry, id, "Phone");
        ck_assert_int_eq(asp_account_add(&account, &entry), ASP_OK);
    }
    ck_assert_str_eq(account.entries[0].id, "zz");
    for (size_t i = 0; i < 20; i++) {
        unit_id(i, id);
        ck_assert_ptr_eq(asp_account_find(&account, id), &account.entries[i + 1]);
    }
    asp_account_free(&account);
    asp_account_free(&by);
}
END_TEST

/* What was revoked, and is alive or another in the account that replaces. */
START_TEST(a_mark_is_handed_to_the_very_same_alone)
{
    for (int kind = 0; kind < 3; kind++) {
        struct asp_account account;
        struct asp_account by;

        one_entry(&account, "7k");
        one_entry(&by, "7k");
        (void)asp_entry_revoke(&account.entries[0], 2000, "ann", "lost", true);
        if (kind > 0)
            (void)asp_entry_revoke(&by.entries[0], 2000, "ann", "lost", false);
        if (kind == 2)
            by.entries[0].created++;
        ck_assert_int_eq(asp_account_replace(&account, &by, 3000, "ann", "removed", true), ASP_OK);
        ck_assert_int_eq(account.entries[0].hook_due, kind == 1);
        ck_assert_uint_eq(account.aside_count, kind == 2);
        asp_account_free(&account);
        asp_account_free(&by);
    }
}
END_TEST

START_TEST(what_is_pending_goes_with_the_account_that_another_replaces)
{
    struct asp_pending pending = {.made = 1000, .id = "zz"};
    struct asp_account account;
    struct asp_account by;

    one_entry(&by, "7k");
    asp_account_init(&account, "alice");
    account.not_yet = true;
    memcpy(pending.verifier, by.entries[0].verifier, sizeof pending.verifier);
    ck_assert_int_eq(asp_account_add_pending(&account, &pending), ASP_OK);
    ck_assert_int_eq(asp_account_replace(&account, &by, 3000, "ann", "removed", true), ASP_OK);
    ck_assert(!account.not_yet);
    ck_assert_uint_eq(account.pending_count, 0);
    asp_account_free(&account);
    asp_account_free(&by);
}
END_TEST

/* Alive before: what there still is of it, and whether it has ended. */
START_TEST(what_was_alive_has_ended_when_it_is_revoked_another_or_gone)
{
    struct asp_account account;
    struct asp_entry *before;
    struct asp_entry entry;
    size_t count;

    asp_account_init(&account, "alice");
    for (size_t i = 0; i < 5; i++) {
        char id[ASP_ID_CHARS + 1];

        unit_id(i, id);
        unit_plain_entry(&entry, id, "Phone");
        ck_assert_int_eq(asp_account_add(&account, &entry), ASP_OK);
    }
    ck_assert_int_eq(asp_account_copy(&account, false, &before, &count), ASP_OK);
    ck_assert_uint_eq(asp_account_ended(&account, false, before, count), 0);
    ck_assert(asp_entry_revoke(&account.entries[1], 3000, "ann", "lost", false));
    account.entries[2].verifier[strlen(account.entries[2].verifier) - 1] ^= 4;
    asp_account_remove(&account, &account.entries[3]);
    account.entries[account.count] = before[3]; /* behind the last nothing counts */
    ck_assert_uint_eq(asp_account_ended(&account, false, before, count), 3);
    ck_assert_str_eq(before[0].id, "01");
    ck_assert_str_eq(before[0].reason, "lost");
    ck_assert_str_eq(before[1].id, "02");
    ck_assert_str_eq(before[1].reason, ASP_REASON_REMOVED);
    ck_assert_str_eq(before[2].id, "03");
    ck_assert_str_eq(before[2].reason, ASP_REASON_REMOVED);
    asp_entries_free(before, count);
    /* With the account all go. */
    ck_assert_int_eq(asp_account_copy(&account, false, &before, &count), ASP_OK);
    ck_assert_uint_eq(asp_account_ended(&account, true, before, count), 3);
    for (size_t i = 0; i < count; i++)
        ck_assert_str_eq(before[i].reason, ASP_REASON_REMOVED);
    asp_entries_free(before, count);
    asp_account_free(&account);
}
END_TEST

START_TEST(of_what_is_removed_nothing_is_left)
{
    static const struct asp_entry nothing;
    static const struct asp_account no_account;
    struct asp_account account;

    unit_three_entries(&account);
    asp_account_remove(&account, asp_account_find(&account, "zz"));
    ck_assert_mem_eq(&account.entries[2], &nothing, sizeof nothing);
    ck_assert_ptr_null(asp_account_find(&account, ""));
    asp_account_remove(&account, asp_account_find(&account, "7k"));
    ck_assert_mem_eq(&account.entries[1], &nothing, sizeof nothing);
    ck_assert_str_eq(account.entries[0].id, "00");
    asp_account_free(&account);
    ck_assert_mem_eq(&account, &no_account, sizeof no_account);
}
END_TEST

/* The memory that is taken next is what was given back last of that size. */
static void is_left_nowhere(const struct asp_entry *entry, size_t entries)
{
    const size_t size = entries * sizeof(struct asp_entry);
    char *volatile next = malloc(size);

    ck_assert_ptr_nonnull(next);
    ck_assert_ptr_null(memmem(next, size, entry->verifier, strlen(entry->verifier)));
    free(next);
}

START_TEST(of_what_is_given_back_nothing_is_left_in_memory)
{
    struct asp_account account;
    struct asp_entry *copies;
    struct asp_entry entry;
    size_t count;

    if (unit_is_watched())
        return;
    one_entry(&account, "7k");
    unit_plain_entry(&entry, "zz", "Phone");
    ck_assert_int_eq(asp_account_add(&account, &entry), ASP_OK);
    is_left_nowhere(&entry, 1);
    ck_assert_int_eq(asp_account_copy(&account, true, &copies, &count), ASP_OK);
    asp_entries_free(copies, count);
    is_left_nowhere(&entry, 3);
    (void)asp_account_revoke_all(&account, 3000, "ann", "lost", true);
    asp_account_prune(&account, 1);
    asp_account_prune(&account, 0);
    is_left_nowhere(&entry, 1);
    asp_account_free(&account);
    is_left_nowhere(&entry, 2);
}
END_TEST

START_TEST(a_new_account_is_empty_whatever_was_there)
{
    struct asp_account account;
    char name[ASP_USER_MAX + 2];

    memset(&account, 'x', sizeof account);
    asp_account_init(&account, "alice");
    ck_assert(account.is_new && !account.not_yet && !account.primary.taken);
    ck_assert_str_eq(account.user, "alice");
    ck_assert_str_eq(account.follows, "");
    ck_assert_uint_eq(account.count + account.pending_count + account.aside_count, 0);
    memset(name, 'a', sizeof name);
    name[sizeof name - 1] = '\0';
    asp_account_init(&account, name);
    ck_assert_uint_eq(strlen(account.user), ASP_USER_MAX);
}
END_TEST

START_TEST(what_is_pending_is_found_by_its_id_until_it_is_dropped)
{
    static const char *const ids[] = {"00", "01", "02"};
    struct asp_account account;

    asp_account_init(&account, "alice");
    for (size_t i = 0; i < UNIT_COUNT(ids); i++) {
        struct asp_pending pending = {.made = (time_t)(1000 + i), .verifier = "v"};

        memcpy(pending.id, ids[i], sizeof pending.id);
        ck_assert_int_eq(asp_account_add_pending(&account, &pending), ASP_OK);
    }
    for (size_t i = 0; i < UNIT_COUNT(ids); i++)
        ck_assert_int_eq(asp_account_find_pending(&account, ids[i])->made, (time_t)(1000 + i));
    ck_assert(!asp_account_drop_pending(
        &account, &(const struct asp_pending){.id = "01", .verifier = "another"}));
    ck_assert(asp_account_drop_pending(&account,
                                       &(const struct asp_pending){.id = "01", .verifier = "v"}));
    ck_assert_ptr_null(asp_account_find_pending(&account, "01"));
    ck_assert_int_eq(asp_account_find_pending(&account, "02")->made, 1002);
    ck_assert(asp_account_drop_pending(&account,
                                       &(const struct asp_pending){.id = "02", .verifier = "v"}));
    ck_assert_ptr_null(asp_account_find_pending(&account, "02"));
    ck_assert(asp_account_drop_all_pending(&account));
    ck_assert(!asp_account_drop_all_pending(&account));
    asp_account_free(&account);
}
END_TEST

static void no_memory(unsigned nth)
{
    unit_calls_begin(&(const struct unit_plan){.call = "malloc", .first = nth});
}

START_TEST(without_memory_an_account_stays_as_it_is)
{
    const struct asp_pending pending = {.id = "00", .verifier = "v"};
    struct asp_account account;
    struct asp_account by;
    struct asp_entry entry;
    struct asp_entry *copies;
    enum asp_status added;
    enum asp_status made;
    enum asp_status copied;
    size_t count = 7;

    one_entry(&account, "7k");
    ck_assert_int_eq(asp_account_add_pending(&account, &pending), ASP_OK);
    unit_plain_entry(&entry, "zz", "Phone");
    no_memory(1);
    added = asp_account_add(&account, &entry);
    made = asp_account_add_pending(&account, &pending);
    copied = asp_account_copy(&account, true, &copies, &count);
    (void)unit_calls_end();
    ck_assert(added == ASP_NO_MEMORY && made == ASP_NO_MEMORY && copied == ASP_NO_MEMORY);
    ck_assert(account.count == 1 && account.pending_count == 1 && count == 0);
    ck_assert_ptr_null(copies);
    ck_assert_str_eq(account.entries[0].id, "7k");

    one_entry(&by, "zz");
    for (unsigned nth = 1; nth <= 2; nth++) {
        no_memory(nth);
        made = asp_account_replace(&account, &by, 3000, "ann", "removed", true);
        (void)unit_calls_end();
        ck_assert_int_eq(made, ASP_NO_MEMORY);
        ck_assert_uint_eq(account.count, 1);
        ck_assert_str_eq(account.entries[0].id, "7k");
        ck_assert_int_eq(account.entries[0].revoked, nth == 1 ? ASP_NEVER : 3000);
    }
    no_memory(1);
    asp_account_prune(&account, 0);
    (void)unit_calls_end();
    ck_assert(account.count == 1 && account.aside_count == 0);
    asp_account_free(&account);
    asp_account_free(&by);
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, an_entry_is_found_removed_and_its_id_counted);
    unit_add(suite, those_revoked_first_are_dropped_first_and_no_others);
    unit_add(suite, what_there_is_no_room_for_is_set_aside);
    unit_add(suite, what_is_revoked_and_has_no_room_has_ended_as_it_was_revoked);
    unit_add(suite, revoking_all_revokes_those_that_are_not_yet);
    unit_add(suite, a_copy_has_all_or_those_that_are_not_revoked);
    unit_add(
        suite,
        what_another_account_does_not_have_alive_is_revoked_and_set_aside_where_its_hook_is_due);
    unit_add(suite, what_has_the_id_of_another_is_another);
    unit_add(suite, the_mark_of_what_another_account_has_as_revoked_is_handed_on);
    unit_add(suite, the_primary_password_is_that_of_the_account_that_replaces);
    unit_add(suite, a_mark_is_handed_to_the_very_same_alone);
    unit_add(suite, what_is_pending_goes_with_the_account_that_another_replaces);
    unit_add(suite, what_was_alive_has_ended_when_it_is_revoked_another_or_gone);
    unit_add(suite, of_what_is_removed_nothing_is_left);
    unit_add(suite, of_what_is_given_back_nothing_is_left_in_memory);
    unit_add(suite, a_new_account_is_empty_whatever_was_there);
    unit_add(suite, what_is_pending_is_found_by_its_id_until_it_is_dropped);
    unit_add(suite, without_memory_an_account_stays_as_it_is);
}

int main(void)
{
    return unit_run("account", fill);
}
