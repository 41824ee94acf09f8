/* The line of what is remembered of a primary password: each form is read as what it is, and
 * written so again; nothing else is read. */
#include "unit.h"

#include "asp/fingerprint.h"

#include <stdlib.h>
#include <string.h>

#define KEY "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define PRINT "e0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"
#define HASH KEY "," PRINT
#define REALM_60 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz12345678"
#define REALM_64 REALM_60 "9012"

_Static_assert(sizeof REALM_64 - 1 == ASP_REALM_MAX, "the longest realm");

/* In memory of its very size, so that a read behind its end is seen by a sanitizer. */
static bool reads(const char *line, size_t length, struct asp_fingerprint *fingerprint)
{
    char *exact = malloc(length + (length == 0));
    bool read;

    ck_assert_ptr_nonnull(exact);
    memcpy(exact, line, length);
    memset(fingerprint, 'x', sizeof *fingerprint);
    read = asp_fingerprint_read(exact, length, fingerprint);
    free(exact);
    return read;
}

static struct asp_fingerprint read_line(const char *line)
{
    struct asp_fingerprint fingerprint;

    ck_assert_msg(reads(line, strlen(line), &fingerprint), "%s", line);
    return fingerprint;
}

static void is_none(const char *line)
{
    struct asp_fingerprint fingerprint;

    ck_assert_msg(!reads(line, strlen(line), &fingerprint), "%s", line);
}

static struct asp_fingerprint with_hash(struct asp_fingerprint fingerprint)
{
    for (unsigned i = 0; i < ASP_PRINT_BYTES; i++) {
        fingerprint.key[i] = (uint8_t)i;
        fingerprint.print[i] = (uint8_t)(0xe0 + i);
    }
    fingerprint.had = ASP_HAD_HASH;
    return fingerprint;
}

static const struct {
    const char *line;
    bool beyond_1;
    struct asp_fingerprint is; /* but the hash */
} forms[] = {
    {"primary=-", false, {.taken = false}},
    {"primary=shadow,none", false, {.taken = true, .source = ASP_SOURCE_SHADOW}},
    {"primary=command,none", false, {.taken = true, .source = ASP_SOURCE_COMMAND}},
    {"primary=shadow," HASH,
     false,
     {.taken = true, .source = ASP_SOURCE_SHADOW, .had = ASP_HAD_HASH}},
    {"primary=command," HASH,
     false,
     {.taken = true, .source = ASP_SOURCE_COMMAND, .had = ASP_HAD_HASH}},
    {"primary=shadow,no-hash,-",
     true,
     {.taken = true, .source = ASP_SOURCE_SHADOW, .had = ASP_HAD_NO_HASH, .day = ASP_NO_DAY}},
    {"primary=shadow,no-hash,0",
     true,
     {.taken = true, .source = ASP_SOURCE_SHADOW, .had = ASP_HAD_NO_HASH}},
    {"primary=shadow,no-hash,19",
     true,
     {.taken = true, .source = ASP_SOURCE_SHADOW, .had = ASP_HAD_NO_HASH, .day = 19}},
    {"primary=shadow,no-hash,999999999",
     true,
     {.taken = true, .source = ASP_SOURCE_SHADOW, .had = ASP_HAD_NO_HASH, .day = 999999999}},
    {"primary=shadow,no-line",
     true,
     {.taken = true, .source = ASP_SOURCE_SHADOW, .had = ASP_HAD_NO_LINE}},
    {"primary=shadow,no-line,known",
     true,
     {.taken = true,
      .source = ASP_SOURCE_SHADOW,
      .had = ASP_HAD_NO_LINE,
      .named = ASP_NAMED_KNOWN}},
    {"primary=shadow,no-line,missed",
     true,
     {.taken = true,
      .source = ASP_SOURCE_SHADOW,
      .had = ASP_HAD_NO_LINE,
      .named = ASP_NAMED_MISSED}},
    {"primary=shadow,absent," HASH,
     true,
     {.taken = true, .source = ASP_SOURCE_SHADOW, .had = ASP_HAD_HASH, .absent = true}},
    {"primary=shadow,absent,no-hash,7",
     true,
     {.taken = true,
      .source = ASP_SOURCE_SHADOW,
      .had = ASP_HAD_NO_HASH,
      .day = 7,
      .absent = true}},
    {"primary=shadow,absent,no-line",
     true,
     {.taken = true, .source = ASP_SOURCE_SHADOW, .had = ASP_HAD_NO_LINE, .absent = true}},
    {"primary=shadow@a,none", true, {.taken = true, .source = ASP_SOURCE_SHADOW, .realm = "a"}},
    {"primary=shadow@office,none",
     true,
     {.taken = true, .source = ASP_SOURCE_SHADOW, .realm = "office"}},
    {"primary=shadow@" REALM_64 "," HASH,
     true,
     {.taken = true, .source = ASP_SOURCE_SHADOW, .realm = REALM_64, .had = ASP_HAD_HASH}},
};

START_TEST(each_form_is_read_as_what_it_is_and_written_so_again)
{
    const char *line = forms[_i].line;
    const struct asp_fingerprint is =
        forms[_i].is.had == ASP_HAD_HASH ? with_hash(forms[_i].is) : forms[_i].is;
    const struct asp_fingerprint read = read_line(line);
    struct asp_buffer out = {0};

    ck_assert(asp_fingerprint_same(&read, &is));
    ck_assert_int_eq(read.named, is.named);
    ck_assert_int_eq(read.absent, is.absent);
    ck_assert_int_eq(asp_fingerprint_is_beyond_1(&read), forms[_i].beyond_1);
    asp_fingerprint_write(&read, &out);
    ck_assert_uint_eq(out.length, strlen(line) + 1);
    ck_assert_mem_eq(out.text, line, strlen(line));
    ck_assert_int_eq(out.text[out.length - 1], '\n');
    asp_buffer_free(&out);
}
END_TEST

START_TEST(what_is_not_taken_is_in_version_1_whatever_else)
{
    struct asp_fingerprint fingerprint = read_line("primary=shadow@office,absent,no-line");

    fingerprint.taken = false;
    ck_assert(!asp_fingerprint_is_beyond_1(&fingerprint));
}
END_TEST

START_TEST(a_line_that_is_cut_or_longer_is_none)
{
    for (size_t i = 0; i < UNIT_COUNT(forms); i++) {
        const char *line = forms[i].line;
        char longer[512];

        for (size_t length = 0; length < strlen(line); length++) {
            struct asp_fingerprint fingerprint;
            char cut[512];
            bool other = false;

            (void)snprintf(cut, sizeof cut, "%.*s", (int)length, line);
            for (size_t j = 0; j < UNIT_COUNT(forms); j++)
                other = other || strcmp(cut, forms[j].line) == 0;
            /* A day of fewer digits is one, and so is a realm of fewer letters. */
            other = other || (strncmp(cut, "primary=shadow,no-hash,", 23) == 0 && length > 23);
            unit_need(reads(line, length, &fingerprint) == other, "%s", cut);
        }
        (void)snprintf(longer, sizeof longer, "%s,", line);
        is_none(longer);
        (void)snprintf(longer, sizeof longer, "%s ", line);
        is_none(longer);
        (void)snprintf(longer, sizeof longer, " %s", line);
        is_none(longer);
    }
}
END_TEST

START_TEST(what_no_form_has_is_none)
{
    static const char *const lines[] = {
        "",
        "-",
        "shadow,none",
        "primary",
        "primary=,none",
        "primary=none",
        "primary=" HASH,
        "Primary=-",
        "primary=none,none",
        "primary=other,none",
        "primary=shadow,None",
        "primary=shado,none",
        "primary=shadox,none",
        "primary=xommand,none",
        "primary=shadows,none",
        "primary=shadow,no-hash,-1",
        "primary=shadow,no-hash,00",
        "primary=shadow,no-hash,01",
        "primary=shadow,no-hash,/",
        "primary=shadow,no-hash,:",
        "primary=shadow,no-hash,1a",
        "primary=shadow,no-hash,1:",
        "primary=shadow,no-hash,1/",
        "primary=shadow,no-hash,1000000000",
        "primary=shadow,no-line,never",
        "primary=shadow,absent,none",
        "primary=shadow,absent,absent,no-line",
        "primary=command,absent," HASH,
        "primary=command,no-line",
        "primary=command,no-hash,-",
        "primary=command@office,none",
        "primary=shadow@,none",
        "primary=shadow@office",
        "primary=shadow@of fice,none",
        "primary=shadow@" REALM_64 "0,none",
        "primary=shadow," KEY ":" PRINT,
        "primary=shadow," KEY PRINT ",",
        "primary=shadow," KEY ",g0" REALM_60 "00",
    };

    for (size_t i = 0; i < UNIT_COUNT(lines); i++)
        is_none(lines[i]);
}
END_TEST

START_TEST(a_realm_of_any_length_is_read_or_refused)
{
    static struct {
        struct asp_fingerprint fingerprint;
        char behind[4000];
    } place;
    static const char untouched[sizeof place.behind];
    char line[5000];

    for (int length = 1; length < 4000; length += length < 70 ? 1 : 391) {
        (void)snprintf(line, sizeof line, "primary=shadow@%0*d,none", length, 7);
        ck_assert_int_eq(reads(line, strlen(line), &place.fingerprint), length <= ASP_REALM_MAX);
        ck_assert_mem_eq(place.behind, untouched, sizeof untouched);
    }
}
END_TEST

/* What ends a text in C ends none here. */
START_TEST(a_line_with_a_nul_is_none)
{
    static const char in_realm[] = "primary=shadow@off\0ce,none";
    static const char in_day[] = "primary=shadow,no-hash,1\0";
    struct asp_fingerprint fingerprint;

    ck_assert(!reads(in_realm, sizeof in_realm - 1, &fingerprint));
    ck_assert(!reads(in_day, sizeof in_day - 1, &fingerprint));
}
END_TEST

START_TEST(a_hash_is_of_lower_case_digits)
{
    static const char line[] = "primary=shadow," HASH;
    const size_t begin = sizeof "primary=shadow," - 1;
    char other[sizeof line];

    for (size_t at = begin; at < sizeof line - 1; at++) {
        for (unsigned byte = 0; byte < 256; byte++) {
            const bool digit = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f');
            struct asp_fingerprint fingerprint;

            memcpy(other, line, sizeof line);
            if (line[at] == ',')
                continue;
            other[at] = (char)byte;
            unit_need(reads(other, sizeof line - 1, &fingerprint) == digit, "%u at %zu", byte, at);
        }
    }
}
END_TEST

START_TEST(two_looks_are_the_same_but_for_what_was_noted_since)
{
    const struct asp_fingerprint one = with_hash(read_line("primary=shadow@office,no-line"));
    struct asp_fingerprint other = one;

    ck_assert(asp_fingerprint_same(&one, &other));
    other.named = ASP_NAMED_KNOWN;
    ck_assert(asp_fingerprint_same(&one, &other));
    other = one;
    other.absent = true;
    ck_assert(asp_fingerprint_same(&one, &other));
    other = one;
    other.taken = false;
    ck_assert(!asp_fingerprint_same(&one, &other));
    other = one;
    other.source = ASP_SOURCE_COMMAND;
    ck_assert(!asp_fingerprint_same(&one, &other));
    other = one;
    other.realm[0] = 'O';
    ck_assert(!asp_fingerprint_same(&one, &other));
    other = one;
    other.had = ASP_HAD_NO_HASH;
    ck_assert(!asp_fingerprint_same(&one, &other));
    other = one;
    other.day = 1;
    ck_assert(!asp_fingerprint_same(&one, &other));
    other = one;
    other.key[ASP_PRINT_BYTES - 1] ^= 1;
    ck_assert(!asp_fingerprint_same(&one, &other));
    other = one;
    other.print[ASP_PRINT_BYTES - 1] ^= 1;
    ck_assert(!asp_fingerprint_same(&one, &other));
}
END_TEST

START_TEST(what_a_program_said_is_replaced_by_what_else_it_says)
{
    const struct asp_fingerprint none = read_line("primary=-");
    const struct asp_fingerprint before = with_hash(read_line("primary=command,none"));
    const struct asp_fingerprint of_shadow = with_hash(read_line("primary=shadow,none"));
    struct asp_fingerprint now = before;

    ck_assert(!asp_fingerprint_is_replaced(&before, &now));
    ck_assert(!asp_fingerprint_is_replaced(&none, &now));
    ck_assert(!asp_fingerprint_is_replaced(&before, &none));
    ck_assert(!asp_fingerprint_is_replaced(&of_shadow, &now));
    now.print[0] ^= 1;
    ck_assert(asp_fingerprint_is_replaced(&before, &now));
    now = of_shadow;
    now.print[0] ^= 1;
    ck_assert(!asp_fingerprint_is_replaced(&of_shadow, &now));
    now = read_line("primary=command,none");
    ck_assert(asp_fingerprint_is_replaced(&before, &now));
    ck_assert(asp_fingerprint_is_replaced(&now, &before));
    now = before;
    now.taken = false;
    ck_assert(!asp_fingerprint_is_replaced(&now, &before));
}
END_TEST

static void fill(Suite *suite)
{
    unit_loop(suite, each_form_is_read_as_what_it_is_and_written_so_again, UNIT_COUNT(forms));
    unit_add(suite, what_is_not_taken_is_in_version_1_whatever_else);
    unit_add(suite, a_line_that_is_cut_or_longer_is_none);
    unit_add(suite, what_no_form_has_is_none);
    unit_add(suite, a_realm_of_any_length_is_read_or_refused);
    unit_add(suite, a_line_with_a_nul_is_none);
    unit_add(suite, a_hash_is_of_lower_case_digits);
    unit_add(suite, two_looks_are_the_same_but_for_what_was_noted_since);
    unit_add(suite, what_a_program_said_is_replaced_by_what_else_it_says);
}

int main(void)
{
    return unit_run("fingerprint", fill);
}
