/* The second half of the decision: may the entry serve the request; every verdict, and the order of
 * the rules. */
#include "unit.h"

#include "asp/check.h"
#include "asp/network.h"
#include "asp/time_text.h"

#include <stdlib.h>
#include <string.h>

enum { NOW = 1000000 };

/* What an entry was made for; IMAP_ALONE while that service was in no group. */
enum kind { MAIL, MAIL_BY_FIRST_USE, IMAP_ALONE, OTHER_APP, ANY, FIRST_USE, KINDS };

/* Where a request comes in. MAIL_GUARDED is guarded and listed, LOGIN guarded and an app of its
 * own. */
enum service { IMAP, RADIO, MAIL_GUARDED, LOGIN, ILL_FORMED, SERVICES };

/* The networks of an entry, and the host of a request. */
enum reach { NO_NETWORKS, NO_NETWORKS_NO_HOST, INSIDE, OUTSIDE, NO_HOST, A_NAME, REACHES };

enum { PRIMARIES = ASP_PRIMARY_ELSEWHERE + 1, STATES = 8 };

static const struct asp_scope scopes[SERVICES] = {
    [IMAP] = {"imap", "mail", false, "imap"},
    [RADIO] = {"radio", "radio", false, "radio"},
    [MAIL_GUARDED] = {"pop3", "mail", true, "pop3"},
    [LOGIN] = {"login", "login", true, "login"},
    [ILL_FORMED] = {"", "", false, ""},
};

static const char *const hosts[REACHES] = {"203.0.113.1", NULL, "192.0.2.7",
                                           "203.0.113.1", NULL, "host.example.org"};

static struct asp_entry entry_of(enum kind kind, enum reach reach, unsigned state)
{
    static const char *const apps[KINDS] = {"mail",     "mail",      "imap",
                                            "calendar", ASP_APP_ANY, ASP_APP_FIRST_USE};
    struct asp_entry entry;

    unit_plain_entry(&entry, "7k", "Phone");
    strcpy(entry.app, apps[kind]);
    if (kind == MAIL_BY_FIRST_USE) {
        entry.bound = 2000;
        strcpy(entry.bound_service, "imap");
    }
    if (reach != NO_NETWORKS && reach != NO_NETWORKS_NO_HOST) {
        entry.network_count = 2;
        ck_assert(asp_network_read("198.51.100.0/24", &entry.networks[0]));
        ck_assert(asp_network_read("192.0.2.0/24", &entry.networks[1]));
    }
    if ((state & 1) != 0)
        ck_assert(asp_entry_revoke(&entry, 3000, "ann", "lost", false));
    if ((state & 2) != 0)
        entry.expires = NOW;
    if ((state & 4) != 0)
        entry.unused_limit = 100;
    return entry;
}

/* The rules once more, in the words of their description. */
static bool may_open(enum kind kind, enum service service)
{
    switch (service) {
    case IMAP:
        return kind == MAIL || kind == MAIL_BY_FIRST_USE || kind == IMAP_ALONE || kind == ANY ||
               kind == FIRST_USE;
    case RADIO:
        return kind == ANY || kind == FIRST_USE;
    case MAIL_GUARDED:
        return kind == MAIL;
    default:
        return false;
    }
}

static enum asp_verdict expected_verdict(enum kind kind, enum service service, enum reach reach,
                                         unsigned state, enum asp_primary primary)
{
    static const enum asp_verdict of_primary[PRIMARIES] = {
        [ASP_PRIMARY_UNKNOWN] = ASP_UNAVAILABLE,
        [ASP_PRIMARY_SAME] = ASP_ACCEPTED,
        [ASP_PRIMARY_CHANGED] = ASP_PRIMARY_CHANGED_SINCE,
        [ASP_PRIMARY_LOCKED] = ASP_PRIMARY_IS_LOCKED,
        [ASP_PRIMARY_ABSENT] = ASP_PRIMARY_IS_LOCKED,
        [ASP_PRIMARY_ELSEWHERE] = ASP_ACCEPTED,
    };

    if ((state & 1) != 0)
        return ASP_IS_REVOKED;
    if ((state & 2) != 0)
        return ASP_IS_EXPIRED;
    if ((state & 4) != 0)
        return ASP_IS_UNUSED;
    if (!may_open(kind, service))
        return ASP_WRONG_APP;
    if (reach == OUTSIDE || reach == NO_HOST || reach == A_NAME)
        return ASP_WRONG_NETWORK;
    return of_primary[primary];
}

static enum asp_action expected_action(enum kind kind, enum asp_verdict verdict)
{
    if (verdict == ASP_PRIMARY_CHANGED_SINCE)
        return ASP_REVOKE_ALL;
    return verdict == ASP_ACCEPTED && kind == FIRST_USE ? ASP_WRITE_BINDING : ASP_WRITE_NOTHING;
}

/* Every state of an entry at every service, from everywhere, under every primary password. */
START_TEST(the_rules_hold_in_their_order_in_every_combination)
{
    enum kind kind = (enum kind)_i;

    for (unsigned n = 0; n < (unsigned)SERVICES * REACHES * STATES * PRIMARIES; n++) {
        enum service service = (enum service)(n % SERVICES);
        enum reach reach = (enum reach)(n / SERVICES % REACHES);
        unsigned state = n / SERVICES / REACHES % STATES;
        enum asp_primary primary = (enum asp_primary)(n / SERVICES / REACHES / STATES);
        struct asp_entry entry = entry_of(kind, reach, state);
        struct asp_entry before = entry;
        struct asp_facts facts = {&scopes[service], hosts[reach], ASP_NEVER, primary, NOW};
        enum asp_verdict expected = expected_verdict(kind, service, reach, state, primary);
        enum asp_action action = (enum asp_action)99;
        enum asp_verdict verdict = asp_check_entry(&entry, &facts, &action);

        unit_need(verdict == expected,
                  "kind %d service %d reach %d state %u primary %d: %s and not %s", kind, service,
                  reach, state, primary, asp_verdict_word(verdict), asp_verdict_word(expected));
        unit_need(action == expected_action(kind, expected),
                  "kind %d service %d reach %d state %u primary %d: action %d", kind, service,
                  reach, state, primary, action);
        unit_need(memcmp(&entry, &before, sizeof entry) == 0, "the entry was changed");
    }
}
END_TEST

static void decides(const struct asp_entry *entry, const struct asp_facts *facts,
                    enum asp_verdict expected, enum asp_action expected_to_write)
{
    enum asp_action action = (enum asp_action)99;

    ck_assert_str_eq(asp_verdict_word(asp_check_entry(entry, facts, &action)),
                     asp_verdict_word(expected));
    ck_assert_int_eq(action, expected_to_write);
}

START_TEST(a_refusal_under_a_changed_primary_revokes_nothing)
{
    struct asp_entry entry = entry_of(MAIL, INSIDE, 0);
    struct asp_facts facts = {&scopes[IMAP], "192.0.2.7", ASP_NEVER, ASP_PRIMARY_CHANGED, NOW};

    decides(&entry, &facts, ASP_PRIMARY_CHANGED_SINCE, ASP_REVOKE_ALL);
    facts.host = "203.0.113.1";
    decides(&entry, &facts, ASP_WRONG_NETWORK, ASP_WRITE_NOTHING);
    facts.scope = &scopes[RADIO];
    decides(&entry, &facts, ASP_WRONG_APP, ASP_WRITE_NOTHING);
    entry.unused_limit = 1;
    decides(&entry, &facts, ASP_IS_UNUSED, ASP_WRITE_NOTHING);
    entry.expires = NOW;
    decides(&entry, &facts, ASP_IS_EXPIRED, ASP_WRITE_NOTHING);
    ck_assert(asp_entry_revoke(&entry, 3000, "ann", "lost", false));
    decides(&entry, &facts, ASP_IS_REVOKED, ASP_WRITE_NOTHING);
}
END_TEST

START_TEST(a_primary_that_cannot_be_told_binds_and_destroys_nothing)
{
    struct asp_entry entry = entry_of(FIRST_USE, NO_NETWORKS, 0);
    struct asp_facts facts = {&scopes[IMAP], NULL, ASP_NEVER, ASP_PRIMARY_UNKNOWN, NOW};

    decides(&entry, &facts, ASP_UNAVAILABLE, ASP_WRITE_NOTHING);
    facts.primary = ASP_PRIMARY_LOCKED;
    decides(&entry, &facts, ASP_PRIMARY_IS_LOCKED, ASP_WRITE_NOTHING);
    facts.primary = ASP_PRIMARY_ABSENT;
    decides(&entry, &facts, ASP_PRIMARY_IS_LOCKED, ASP_WRITE_NOTHING);
    facts.primary = (enum asp_primary)77;
    decides(&entry, &facts, ASP_UNAVAILABLE, ASP_WRITE_NOTHING);
    facts.primary = ASP_PRIMARY_CHANGED;
    decides(&entry, &facts, ASP_PRIMARY_CHANGED_SINCE, ASP_REVOKE_ALL);
    facts.primary = ASP_PRIMARY_SAME;
    decides(&entry, &facts, ASP_ACCEPTED, ASP_WRITE_BINDING);
}
END_TEST

START_TEST(one_network_is_a_limit_too)
{
    struct asp_entry entry = entry_of(MAIL, NO_NETWORKS, 0);
    struct asp_facts facts = {&scopes[IMAP], "192.0.2.7", ASP_NEVER, ASP_PRIMARY_SAME, NOW};

    entry.network_count = 1;
    ck_assert(asp_network_read("192.0.2.0/24", &entry.networks[0]));
    decides(&entry, &facts, ASP_ACCEPTED, ASP_WRITE_NOTHING);
    facts.host = "192.0.3.7";
    decides(&entry, &facts, ASP_WRONG_NETWORK, ASP_WRITE_NOTHING);
    facts.host = NULL;
    decides(&entry, &facts, ASP_WRONG_NETWORK, ASP_WRITE_NOTHING);
}
END_TEST

START_TEST(a_guarded_service_opens_for_what_was_created_for_it_alone)
{
    struct asp_entry entry = entry_of(MAIL, NO_NETWORKS, 0);
    struct asp_facts facts = {&scopes[LOGIN], NULL, ASP_NEVER, ASP_PRIMARY_SAME, NOW};

    decides(&entry, &facts, ASP_WRONG_APP, ASP_WRITE_NOTHING);
    strcpy(entry.app, ASP_APP_ANY);
    decides(&entry, &facts, ASP_WRONG_APP, ASP_WRITE_NOTHING);
    strcpy(entry.app, ASP_APP_FIRST_USE);
    decides(&entry, &facts, ASP_WRONG_APP, ASP_WRITE_NOTHING);
    strcpy(entry.app, "login");
    decides(&entry, &facts, ASP_ACCEPTED, ASP_WRITE_NOTHING);
    entry.bound = 2000;
    strcpy(entry.bound_service, "login");
    decides(&entry, &facts, ASP_WRONG_APP, ASP_WRITE_NOTHING);
}
END_TEST

START_TEST(a_use_that_is_known_keeps_an_entry_from_being_unused)
{
    struct asp_entry entry = entry_of(MAIL, NO_NETWORKS, 4);
    struct asp_facts facts = {&scopes[IMAP], NULL, NOW - 99, ASP_PRIMARY_SAME, NOW};

    decides(&entry, &facts, ASP_ACCEPTED, ASP_WRITE_NOTHING);
    facts.used--;
    decides(&entry, &facts, ASP_IS_UNUSED, ASP_WRITE_NOTHING);
}
END_TEST

/* 1970, the year 9999 and back: what is stored is not touched, and the verdict is as it was. */
START_TEST(a_wrong_clock_refuses_for_as_long_as_it_is_wrong)
{
    struct asp_entry entry = entry_of(MAIL, NO_NETWORKS, 0);
    struct asp_facts facts = {&scopes[IMAP], NULL, NOW - 10, ASP_PRIMARY_SAME, NOW};

    entry.unused_limit = 1000;
    entry.expires = NOW + 1000;
    decides(&entry, &facts, ASP_ACCEPTED, ASP_WRITE_NOTHING);
    facts.now = 0;
    decides(&entry, &facts, ASP_ACCEPTED, ASP_WRITE_NOTHING);
    facts.now = ASP_TIME_MAX;
    decides(&entry, &facts, ASP_IS_EXPIRED, ASP_WRITE_NOTHING);
    entry.expires = ASP_NEVER;
    decides(&entry, &facts, ASP_IS_UNUSED, ASP_WRITE_NOTHING);
    facts.now = NOW;
    decides(&entry, &facts, ASP_ACCEPTED, ASP_WRITE_NOTHING);
}
END_TEST

static const struct {
    enum asp_verdict verdict;
    const char *word;
} words[] = {
    {ASP_ACCEPTED, "accepted"},
    {ASP_NO_ACCOUNT, "no-account"},
    {ASP_NOT_AN_APP_PASSWORD, "not-an-app-password"},
    {ASP_WRONG_SECRET, "wrong-secret"},
    {ASP_WRONG_CASE, "wrong-case"},
    {ASP_IS_REVOKED, "revoked"},
    {ASP_IS_EXPIRED, "expired"},
    {ASP_IS_UNUSED, "unused"},
    {ASP_WRONG_APP, "wrong-app"},
    {ASP_WRONG_NETWORK, "wrong-network"},
    {ASP_PRIMARY_CHANGED_SINCE, "primary-changed"},
    {ASP_PRIMARY_IS_LOCKED, "primary-locked"},
    {ASP_UNAVAILABLE, "unavailable"},
};

START_TEST(every_verdict_has_its_word)
{
    for (size_t i = 0; i < UNIT_COUNT(words); i++)
        ck_assert_str_eq(asp_verdict_word(words[i].verdict), words[i].word);
    /* What a verdict is before there is one is no acceptance. */
    ck_assert_int_eq((enum asp_verdict)0, ASP_UNAVAILABLE);
}
END_TEST

START_TEST(every_word_is_read_as_its_verdict)
{
    for (size_t i = 0; i < UNIT_COUNT(words); i++) {
        enum asp_verdict verdict = (enum asp_verdict)99;

        ck_assert_msg(asp_verdict_read(words[i].word, &verdict), "%s is no word", words[i].word);
        ck_assert_int_eq(verdict, words[i].verdict);
    }
}
END_TEST

START_TEST(a_word_of_no_verdict_is_read_as_unavailable)
{
    static const char *const others[] = {"", "a", "accepte", "accepted ", "ACCEPTED", "zzz", "1"};

    for (size_t i = 0; i < UNIT_COUNT(others); i++) {
        enum asp_verdict verdict = ASP_ACCEPTED;

        ck_assert_msg(!asp_verdict_read(others[i], &verdict), "\"%s\" is a word", others[i]);
        ck_assert_int_eq(verdict, ASP_UNAVAILABLE);
    }
}
END_TEST

static void fill(Suite *suite)
{
    unit_loop(suite, the_rules_hold_in_their_order_in_every_combination, KINDS);
    unit_add(suite, a_refusal_under_a_changed_primary_revokes_nothing);
    unit_add(suite, a_primary_that_cannot_be_told_binds_and_destroys_nothing);
    unit_add(suite, one_network_is_a_limit_too);
    unit_add(suite, a_guarded_service_opens_for_what_was_created_for_it_alone);
    unit_add(suite, a_use_that_is_known_keeps_an_entry_from_being_unused);
    unit_add(suite, a_wrong_clock_refuses_for_as_long_as_it_is_wrong);
    unit_add(suite, every_verdict_has_its_word);
    unit_add(suite, every_word_is_read_as_its_verdict);
    unit_add(suite, a_word_of_no_verdict_is_read_as_unavailable);
}

int main(void)
{
    return unit_run("check", fill);
}
