/* One-time addresses: what is kept of a document, and how long. */
#include "unit.h"

#include "asp-web/once.h"
#include "asp-web/once_page.h"
#include "asp-web/sessions.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { NOW = 1000, SECOND = 1000 };

/* A document of create with a profile of so many bytes. The caller frees it. */
static char *document_with(size_t size)
{
    static const char before[] = "{\"id\": \"7k\", \"profile\": \"";
    const size_t room = sodium_base64_encoded_len(size, sodium_base64_VARIANT_ORIGINAL);
    unsigned char *profile = malloc(size + 1);
    char *document = malloc(sizeof before + room + sizeof "\"}");

    ck_assert_int_ge(sodium_init(), 0);
    ck_assert(profile != NULL && document != NULL);
    memset(profile, 'p', size);
    (void)strcpy(document, before);
    (void)sodium_bin2base64(document + sizeof before - 1, room, profile, size,
                            sodium_base64_VARIANT_ORIGINAL);
    (void)strcat(document, "\"}");
    free(profile);
    return document;
}

static enum asp_status keep(struct once *once, size_t size)
{
    char *document = document_with(size);
    enum asp_status status = once_keep(once, document, strlen(document), NOW);

    free(document);
    return status;
}

/* Of an app password that is alive. */
static struct once_token open_one(struct once *once)
{
    struct once_token token;

    ck_assert_int_eq(keep(once, 5), ASP_OK);
    once_settle(once, true);
    ck_assert_int_eq(once->state, ONCE_ALIVE);
    once_open(once, NOW, &token);
    return token;
}

START_TEST(a_profile_is_given_once_at_its_address)
{
    struct once once = {0};
    const struct once_token token = open_one(&once);
    uint8_t *profile;
    size_t length;

    ck_assert(once_is(&once, &token));
    profile = once_take(&once, &length);
    ck_assert_uint_eq(length, 5);
    ck_assert_mem_eq(profile, "ppppp", 5);
    sodium_free(profile);
    ck_assert(!once_is(&once, &token));
    ck_assert_int_eq(once.state, ONCE_TAKEN);
    ck_assert(once.profile == NULL);
    ck_assert_uint_eq(once.length, 0);
    /* That it was taken is known for good. */
    ck_assert_int_eq(once_look(&once, NOW + 3600 * SECOND), INT64_MAX);
    once_settle(&once, true);
    once_hear(&once, NOW);
    ck_assert_int_eq(once.state, ONCE_TAKEN);
}
END_TEST

START_TEST(each_address_is_another_and_the_last_one_is_good)
{
    struct once once = {0};
    struct once_token first = {{0}};
    struct once_token second = {{0}};

    ck_assert_int_eq(keep(&once, 5), ASP_OK);
    once_settle(&once, true);
    once_open(&once, NOW, &first);
    once_settle(&once, false);
    ck_assert(once_is(&once, &first));
    once_open(&once, NOW, &second);
    ck_assert(!once_is(&once, &first));
    ck_assert(once_is(&once, &second));
    once_end(&once);
}
END_TEST

START_TEST(of_what_has_ended_or_is_replaced_nothing_is_left)
{
    static const struct once nothing;
    struct once once = {0};
    unsigned long before;
    unsigned long one;

    ck_assert_int_ge(sodium_init(), 0);
    before = unit_locked_kib();
    (void)open_one(&once);
    one = unit_locked_kib();
    ck_assert_int_eq(keep(&once, 6), ASP_OK);
    ck_assert_uint_eq(unit_locked_kib(), one);
    once_end(&once);
    ck_assert_mem_eq(&once, &nothing, sizeof nothing);
    ck_assert_uint_eq(unit_locked_kib(), before);
}
END_TEST

START_TEST(without_memory_there_is_none_and_that_is_said)
{
    const struct rlimit none = {0, 0};
    struct once once = {0};
    char *document = document_with(5);
    enum asp_status status;

    unit_calls_begin(&(const struct unit_plan){.call = "malloc", .first = 1});
    status = once_keep(&once, document, strlen(document), NOW);
    (void)unit_calls_end();
    ck_assert_int_eq(status, ASP_NO_MEMORY);
    ck_assert_int_eq(once.state, ONCE_NONE);
    if (!unit_is_watched()) {
        ck_assert_int_eq(setrlimit(RLIMIT_AS, &none), 0);
        ck_assert_int_eq(once_keep(&once, document, strlen(document), NOW), ASP_NO_MEMORY);
        ck_assert_int_eq(once.state, ONCE_NONE);
    }
    free(document);
}
END_TEST

START_TEST(every_other_bit_is_another_address)
{
    struct once once = {0};
    struct once_token token = open_one(&once);

    for (size_t i = 0; i < sizeof token.bytes * 8; i++) {
        token.bytes[i / 8] ^= (uint8_t)(1 << i % 8);
        ck_assert(!once_is(&once, &token));
        token.bytes[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    ck_assert(once_is(&once, &token));
    once_end(&once);
    ck_assert(!once_is(&once, &token));
}
END_TEST

/* A hundred and twenty-eight, each of which is set in some of so many and not set in others. */
START_TEST(every_bit_of_an_address_is_drawn)
{
    struct once_token set = {{0}};
    struct once_token clear = {{0}};

    ck_assert_uint_eq(sizeof set.bytes * 8, 128);
    for (int tries = 0; tries < 100; tries++) {
        struct once once = {0};
        const struct once_token token = open_one(&once);

        for (size_t i = 0; i < sizeof token.bytes; i++) {
            set.bytes[i] |= token.bytes[i];
            clear.bytes[i] |= (uint8_t)~token.bytes[i];
        }
        once_end(&once);
    }
    for (size_t i = 0; i < sizeof set.bytes; i++)
        ck_assert_int_eq(set.bytes[i] & clear.bytes[i], 0xff);
}
END_TEST

START_TEST(there_is_none_before_the_password_is_alive)
{
    static const struct once_token nothing;
    struct once once = {0};

    ck_assert(!once_is(&once, &nothing));
    ck_assert_int_eq(keep(&once, 5), ASP_OK);
    ck_assert_int_eq(once.state, ONCE_KEPT);
    ck_assert(!once_is(&once, &nothing));
    once_settle(&once, false);
    ck_assert_int_eq(once.state, ONCE_NONE);
    ck_assert(once.profile == NULL);
    once_settle(&once, true);
    ck_assert_int_eq(once.state, ONCE_NONE);
}
END_TEST

START_TEST(it_ends_after_15_seconds_of_silence)
{
    struct once once = {0};

    (void)open_one(&once);
    ck_assert_int_eq(once_look(&once, NOW), NOW + 15 * SECOND);
    once_hear(&once, NOW + 14 * SECOND);
    ck_assert_int_eq(once_look(&once, NOW + 20 * SECOND), NOW + 29 * SECOND);
    ck_assert_int_eq(once_look(&once, NOW + 29 * SECOND), INT64_MAX);
    ck_assert_int_eq(once.state, ONCE_NONE);
    ck_assert(once.profile == NULL);
    once_hear(&once, NOW + 29 * SECOND);
    ck_assert_int_eq(once.state, ONCE_NONE);
}
END_TEST

START_TEST(it_ends_after_five_minutes_whatever_happens)
{
    struct once once = {0};
    const struct once_token token = open_one(&once);
    int64_t now = NOW;

    for (; now < NOW + 300 * SECOND; now += 5 * SECOND) {
        ck_assert_int_gt(once_look(&once, now), now);
        once_hear(&once, now);
        ck_assert(once_is(&once, &token));
    }
    ck_assert_int_eq(once_look(&once, now), INT64_MAX);
    ck_assert(!once_is(&once, &token));
    ck_assert(once.profile == NULL);
}
END_TEST

START_TEST(a_profile_whose_password_is_never_shown_is_not_kept)
{
    struct once once = {0};

    ck_assert_int_eq(keep(&once, 5), ASP_OK);
    once_hear(&once, NOW);
    ck_assert_int_eq(once_look(&once, NOW), NOW + 60 * SECOND);
    once_hear(&once, NOW + 59 * SECOND);
    ck_assert_int_eq(once_look(&once, NOW + 60 * SECOND), INT64_MAX);
    ck_assert(once.profile == NULL);
}
END_TEST

START_TEST(a_profile_has_64_kib_at_most)
{
    static const size_t fits[] = {1, 2, 3, ONCE_PROFILE_MAX - 1, ONCE_PROFILE_MAX};
    static const size_t too_long[] = {ONCE_PROFILE_MAX + 1, ONCE_PROFILE_MAX + 2,
                                      ONCE_PROFILE_MAX + 3, 4 * ONCE_PROFILE_MAX};
    struct once once = {0};
    char *document;

    for (size_t i = 0; i < sizeof fits / sizeof *fits; i++) {
        ck_assert_int_eq(keep(&once, fits[i]), ASP_OK);
        ck_assert_uint_eq(once.length, fits[i]);
    }
    for (size_t i = 0; i < sizeof too_long / sizeof *too_long; i++) {
        ck_assert_int_eq(keep(&once, too_long[i]), ASP_FULL);
        ck_assert_int_eq(once.state, ONCE_NONE);
        ck_assert(once.profile == NULL);
    }
    /* Whatever it is that is longer: it is not read. */
    document = document_with(2 * ONCE_PROFILE_MAX);
    memset(strchr(document, 'c'), '*', 4);
    ck_assert_int_eq(once_keep(&once, document, strlen(document), NOW), ASP_FULL);
    free(document);
}
END_TEST

START_TEST(a_document_without_a_profile_leaves_none)
{
    static const char *const documents[] = {
        "{}",
        "[]",
        "nonsense",
        "",
        "{\"id\": 1}",
        "{\"profile\"",
        "{\"profile\": \"\"}",
        "{\"profile\": 7}",
        "[\"profile\"]",
        "{\"profile\": \"*???\"}",
    };
    struct once once = {0};

    for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
        ck_assert_int_eq(keep(&once, 5), ASP_OK);
        ck_assert_int_eq(once_keep(&once, documents[i], strlen(documents[i]), NOW), ASP_NOT_FOUND);
        ck_assert_int_eq(once.state, ONCE_NONE);
        ck_assert(once.profile == NULL);
    }
}
END_TEST

START_TEST(an_address_is_read_as_it_was_written)
{
    static const char origin[] = "https://passwords.example.org";
    struct once once = {0};
    const struct once_token token = open_one(&once);
    struct once_token again;
    struct asp_buffer text = {0};

    once_token_add(&text, origin, &token);
    ck_assert_uint_eq(text.length, strlen(origin) + strlen("/once/") + 32);
    ck_assert(once_token_read(text.text + strlen(origin), &again));
    ck_assert_mem_eq(again.bytes, token.bytes, sizeof token.bytes);
    asp_buffer_free(&text);
    once_end(&once);
}
END_TEST

START_TEST(what_is_written_otherwise_is_none)
{
    static const char *const paths[] = {
        "",
        "/once/",
        "/once/0123456789abcdef0123456789abcde",
        "/once/0123456789abcdef0123456789abcdef0",
        "/once/0123456789ABCDEF0123456789abcdef",
        "/once/0123456789abcdef0123456789abcdeg",
        "/once/0123456789abcdef0123456789abcde/",
        "/once/0123456789abcdef0123456789abcdef/",
        "/once//0123456789abcdef0123456789abcde",
        "/once/%30123456789abcdef0123456789abcd",
        "/Once/0123456789abcdef0123456789abcdef",
        "/once/01:23456789abcdef0123456789abcdef",
    };
    struct once_token token;

    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        ck_assert_msg(!once_token_read(paths[i], &token), "%s", paths[i]);
    ck_assert(once_token_read("/once/0123456789abcdef0123456789abcdef", &token));
}
END_TEST

START_TEST(each_session_has_one_of_its_own_which_ends_with_it)
{
    struct sessions sessions;
    struct once_token tokens[SESSIONS_MAX];
    const struct origin nowhere = {.kind = FROM_UNKNOWN};
    struct session *session;

    ck_assert(sessions_open(&sessions));
    for (size_t i = 0; i < SESSIONS_MAX; i++) {
        session = sessions_add(&sessions, &nowhere);
        ck_assert_ptr_nonnull(session);
        tokens[i] = open_one(&session->once);
    }
    for (size_t i = 0; i < SESSIONS_MAX; i++)
        ck_assert_ptr_eq(sessions_find_once(&sessions, NOW, &tokens[i]), &sessions.list[i]);
    session_end(&sessions.list[7]);
    ck_assert_ptr_null(sessions_find_once(&sessions, NOW, &tokens[7]));
    ck_assert_ptr_nonnull(sessions_find_once(&sessions, NOW, &tokens[8]));
    ck_assert_ptr_null(sessions_find_once(&sessions, NOW + 15 * SECOND, &tokens[8]));
    sessions_close(&sessions);
}
END_TEST

START_TEST(the_page_is_in_the_first_language_that_there_are_words_for)
{
    static const struct {
        const char *header;
        enum once_language language;
    } rows[] = {
        {NULL, ONCE_ENGLISH},
        {"", ONCE_ENGLISH},
        {"*", ONCE_ENGLISH},
        {"de", ONCE_GERMAN},
        {"DE-at, en;q=0.5", ONCE_GERMAN},
        {"it-IT,it;q=0.9,fr;q=0.8,en;q=0.7", ONCE_FRENCH},
        {"fr;q=1", ONCE_FRENCH},
        {"en, de", ONCE_ENGLISH},
        {" ,\t, fr", ONCE_FRENCH},
        {"den, frr, enm", ONCE_ENGLISH},
        {"x-de, de", ONCE_GERMAN},
        {"d", ONCE_ENGLISH},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        ck_assert_int_eq(once_page_language(rows[i].header), rows[i].language);
    for (enum once_language one = 0; one < ONCE_LANGUAGES; one++) {
        ck_assert_ptr_nonnull(strstr(once_page_text(one, true), "<form method=\"post\">"));
        ck_assert_ptr_null(strstr(once_page_text(one, false), "<form"));
    }
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, a_profile_is_given_once_at_its_address);
    unit_add(suite, each_address_is_another_and_the_last_one_is_good);
    unit_add(suite, of_what_has_ended_or_is_replaced_nothing_is_left);
    unit_add(suite, without_memory_there_is_none_and_that_is_said);
    unit_add(suite, every_other_bit_is_another_address);
    unit_add(suite, every_bit_of_an_address_is_drawn);
    unit_add(suite, there_is_none_before_the_password_is_alive);
    unit_add(suite, it_ends_after_15_seconds_of_silence);
    unit_add(suite, it_ends_after_five_minutes_whatever_happens);
    unit_add(suite, a_profile_whose_password_is_never_shown_is_not_kept);
    unit_add(suite, a_profile_has_64_kib_at_most);
    unit_add(suite, a_document_without_a_profile_leaves_none);
    unit_add(suite, an_address_is_read_as_it_was_written);
    unit_add(suite, what_is_written_otherwise_is_none);
    unit_add(suite, each_session_has_one_of_its_own_which_ends_with_it);
    unit_add(suite, the_page_is_in_the_first_language_that_there_are_words_for);
}

int main(void)
{
    return unit_run("web_once", fill);
}
