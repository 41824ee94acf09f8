/* App passwords in what others wrote: found wherever they stand, and nothing else is taken for one.
 */
#include "unit.h"

#include "asp/redact.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define BARE "7kabcdefghjkmnpqrstvwxyz0"
#define SHOWN "7kabc-defgh-jkmnp-qrstv-wxyz0"

/* A text, and what is left of it. */
struct sample {
    const char *text;
    const char *left;
};

/* In memory of its very size, so that a sanitizer sees a read behind its end. */
static bool needed(const char *text)
{
    char *exact = strdup(text);
    bool found;

    ck_assert_ptr_nonnull(exact);
    found = asp_redact_needed(exact);
    free(exact);
    return found;
}

static void leaves(const struct sample *samples, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char *text = strdup(samples[i].text);

        ck_assert_ptr_nonnull(text);
        unit_need(needed(text), "%s is not known for one", text);
        asp_redact(text);
        ck_assert_str_eq(text, samples[i].left);
        free(text);
    }
}

/* Lesson: a secret where nobody expects one. */
START_TEST(it_is_found_in_every_form_that_it_may_be_typed_in)
{
    static const struct sample samples[] = {
        {BARE, "-"},
        {SHOWN, "-"},
        {"7KABC-DEFGH-JKMNP-QRSTV-WXYZ0", "-"},
        {"7Kabcdefghjkmnpqrstvwxyz0", "-"},
        {"7kabc defgh jkmnp qrstv wxyz0", "-"},
        {"7-k a-b c-d e-f g-h j-k m-n p-q r-s t-v w-x y-z 0", "-"},
        {"7kabc-defgh-\r\n  jkmnp-qrstv-wxyz0\n", "-\n"},
        {"7kabc\xc2\xa0"
         "defgh\xe2\x80\x93jkmnp\xe2\x80\x8bqrstv\twxyz0",
         "-"},
        {"7ka bcde fghj kmnp qrst vwxy z0", "-"},
        {"7ka bcde fghj kmnp qrst vwxy z0 ", "- "},
        {"7ka bcde fghj kmnp qrst vwxy z0 abc.", "-."},
        /* What no reading passes over. */
        {"7kabc\xa0"
         "defgh\xa0"
         "jkmnp\xa0qrstv\xa0wxyz0",
         "-"}, /* of Latin-1 */
        {"7kabc.defgh.jkmnp.qrstv.wxyz0", "-"},
        {"7kabc.defgh.jkmnp.qrstv.wxyz0 ", "- "},
        {"7kabc_defgh_jkmnp_qrstv_wxyz0", "-"},
        {"7kabc / defgh / jkmnp / qrstv / wxyz0", "-"},
        {"7kabc\xc2\xb7"
         "defgh\xc2\xb7jkmnp\xc2\xb7qrstv\xc2\xb7wxyz0",
         "-"}, /* middle dots */
        {"7kabcd\x1b\x7f"
         "efghjkmnpqrstvwxyz0",
         "-"},
        /* Bytes that were written out already. */
        {"7kabc%20defgh%20jkmnp%20qrstv%20wxyz0", "-"},
        {"7kabcd%C2%A0efghjkmnpqrstvwxyz0", "-"},
        {"7kabcd\\xc2\\xa0efghjkmnpqrstvwxyz0", "-"},
        {"7kabcd\\xa0efghjkmnpqrstvwxyz0", "-"},
        {"7kabcdefgh%ffjkmnpqrstvwxyz0", "-"},
        {"7kabcd%20efghjkmnpqrstvwyzx01", "-"},
        /* And those that look like it. */
        {"%7kabcdefghjkmnpqrstvwxyz0", "%-"},
        {"%abcdefghjkmnpqrstvwxyz012", "%-"},
        {"\\xabcdefghjkmnpqrstvwxyz01", "\\-"},
    };

    leaves(samples, UNIT_COUNT(samples));
}
END_TEST

/* Lesson: a secret where nobody expects one. */
START_TEST(it_is_found_whatever_is_around_it)
{
    static const struct sample samples[] = {
        {SHOWN "@example.org", "-@example.org"},
        {"CORP\\" SHOWN, "CORP\\-"},
        {"alice:" BARE, "alice:-"},
        {"alice" SHOWN, "ali-"},
        {"alice." SHOWN ".org", "alice.-.org"},
        {"alice+7kabc.defgh.jkmnp.qrstv.wxyz0", "alice+-"},
        {BARE "ilou", "-ilou"},
        {BARE BARE, "-"},
        {SHOWN ", " SHOWN, "-, -"},
        {SHOWN " " SHOWN "!", "-!"},
        {SHOWN " - " SHOWN, "-"},
        {SHOWN " " BARE, "-"},
        {"the system knows no user " SHOWN ", and there are",
         "the system knows no user -, and there are"},
        {"the system knows no user " BARE ", and there are",
         "the system knows no user -, and there are"},
        {"no user " SHOWN " is known", "no user - is known"},
        /* A word before it may be of five letters too. */
        {"check " SHOWN ": no", "-: no"},
        {"\"" BARE "\" is no name", "\"-\" is no name"},
        {"/var/lib/asp/users/" SHOWN ": damaged", "/var/lib/asp/users/-: damaged"},
        {"\xc3\xa9" BARE "\xc3\xa9", "\xc3\xa9-\xc3\xa9"},
        {"\xff" SHOWN "\xff", "\xff-\xff"},
    };

    leaves(samples, UNIT_COUNT(samples));
}
END_TEST

/* Every secret, in the forms that people may give it, at every place of a text. */
START_TEST(no_secret_that_is_made_is_overlooked)
{
    static const bool none[ASP_IDS];
    static const char *const before[] = {"", "alice", "alice@", "CORP\\", "x ", "\xc3\xa9"};
    static const char *const after[] = {"", "@example.org", " Phone", "0", "lou"};

    for (size_t n = 0; n < unit_many(400); n++) {
        struct asp_secret secret;
        char shown[ASP_SECRET_SHOWN + 1];
        char text[100];
        char *password;

        ck_assert_int_eq(asp_secret_make(none, &secret), ASP_OK);
        asp_secret_show(&secret, shown);
        for (size_t i = 0; i < UNIT_COUNT(before) * UNIT_COUNT(after); i++) {
            (void)snprintf(text, sizeof text, "%s%s%s", before[i % UNIT_COUNT(before)], shown,
                           after[i / UNIT_COUNT(before)]);
            unit_need(needed(text), "%s", text);
            password = strstr(text, shown);
            for (size_t at = 0; at < ASP_SECRET_SHOWN; at++)
                password[at] = (char)(password[at] == '-' ? '.' : password[at]);
            unit_need(needed(text), "%s", text);
            asp_redact(text);
            unit_need(strstr(text, secret.key + 18) == NULL && !needed(text), "%s", text);
        }
    }
}
END_TEST

START_TEST(names_as_people_and_machines_have_them_are_none)
{
    static const char *const names[] = {
        "",
        "alice",
        "7kabcdefghjkmnpqrstvwxyz",
        "7kabc-defgh-jkmnp-qrstv-wxyz",
        "7kabc.defgh.jkmnp.qrstv.wxyz",
        "7kabc.defgh.jkmnp.qrstvw.xyz0",
        "7kabc.defgh.jkmnp.qrstvw.xyz01.23456",
        "7kabc.de.fghjk.mnpqr.stvwx.yz012",
        "a.7kabcdefghjkmnpqrstvwxyz",
        "7kabcidefgh.jkmnp.qrstv.wxyz0",
        "7kabcidefghljkmnpoqrstvuwxyz0",
        "7KABCIDEFGHLJKMNPOQRSTVUWXYZ0",
        "7kabcd%g2efghjkmnpqrstvwxyz0",
        "7kabcd%2gefghjkmnpqrstvwxyz0",
        "7kabcd\\xg2efghjkmnpqrstvwxyz0",
        "7kabcd\\x2gefghjkmnpqrstvwxyz0",
        "7kabcd\\e22fghjkmnpqrstvwxyz01",
        "bernadette.vandersteen@handwerkskammer.example",
        "hans-peter.mertens-van-den-berg@data-center.net",
        "EXAMPLE\\svc-backup-2024-05-03",
        "h\xc3\xa5kan.bj\xc3\xb6rk@example.se",
        "2001:0db8:85a3:0000:0000:8a2e:0370:7334",
        "::ffff:192.0.2.7",
        "fe80::1234:5678:9abc:def0%eth0",
        "2001-0db8-85a3-0000-0000-8a2e-0370-7334",
        "550e8400-e29b-41d4-a716-446655440000",
        "550E8400-E29B-41D4-A716-446655440000@example.org",
        "ec2-203-0-113-25.compute-1.amazonaws.com",
        "Ann's phone (2024-05-03 17:45:12)",
        "The phone that was left on the train",
        "/var/lib/asp/users/alice: Permission denied",
        "$hmac-sha256$",
        "$blake2b$",
        "\xff\xfe",
        "%",
        "\\x",
    };

    for (size_t i = 0; i < UNIT_COUNT(names); i++) {
        char *text = strdup(names[i]);

        ck_assert_ptr_nonnull(text);
        unit_need(!needed(text), "%s is taken for one", text);
        asp_redact(text);
        ck_assert_str_eq(text, names[i]);
        free(text);
    }
}
END_TEST

/* What is no UUID by one character is looked at like all else. */
START_TEST(hexadecimal_digits_are_a_uuid_only_in_its_groups)
{
    static const char *const texts[] = {
        "550e84005e29b541d45a7165446655440000",  "550e8400-e29b-41d4-a716-4466554400",
        "550e8400--e29b-41d4-a716-446655440000", "-550e8400 e29b-41d4-a716-446655440000",
        "550e8400-e29b-41d4-a716-44665544g000",  "a-550e8400-e29b-41d4-a716-446655440000",
        "0123456789abcdef-0123456789abcdef",     "-0123456789abcdef0123456789abcdef",
        "0123456789abcdef0123456789abcdef",      "01234-56789-abcde-f0123-45678",
    };

    for (size_t i = 0; i < UNIT_COUNT(texts); i++)
        unit_need(needed(texts[i]), "%s", texts[i]);
}
END_TEST

/* Where a text is cut at any place, each piece at a time, no piece has a part of one. */
START_TEST(what_may_be_the_beginning_of_one_waits_for_its_end)
{
    static const char within[] = "-" SHOWN;
    static const char text[] = "of Louisa: " SHOWN " and 7kabc.defgh.jkmnp.qrstv.wxyz0, I'm told";

    for (size_t size = 70; size < sizeof text; size++) {
        char piece[sizeof text] = "";
        char now[sizeof text];
        size_t have = 0;
        size_t hidden = 0;

        for (size_t at = 0; at < sizeof text - 1;) {
            size_t cut;

            while (have < size && at < sizeof text - 1)
                piece[have++] = text[at++];
            cut = at == sizeof text - 1 ? have : asp_redact_cut(piece, have);
            ck_assert_uint_gt(cut, 0);
            memcpy(now, piece, cut);
            now[cut] = '\0';
            hidden += needed(now);
            asp_redact(now);
            ck_assert_msg(strstr(now, "abc") == NULL && strstr(now, "xyz") == NULL, "%s", now);
            have -= cut;
            for (size_t i = 0; i < have; i++)
                piece[i] = piece[cut + i];
        }
        ck_assert_uint_ge(hidden, 1);
    }
    ck_assert_uint_eq(asp_redact_cut(within + 1, 29), 0);
    ck_assert_uint_eq(asp_redact_cut("Lou7kabc", 8), 3);
    ck_assert_uint_eq(asp_redact_cut("", 0), 0);
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, it_is_found_in_every_form_that_it_may_be_typed_in);
    unit_add(suite, it_is_found_whatever_is_around_it);
    unit_add(suite, no_secret_that_is_made_is_overlooked);
    unit_add(suite, names_as_people_and_machines_have_them_are_none);
    unit_add(suite, what_may_be_the_beginning_of_one_waits_for_its_end);
    unit_add(suite, hexadecimal_digits_are_a_uuid_only_in_its_groups);
}

int main(void)
{
    return unit_run("redact", fill);
}
