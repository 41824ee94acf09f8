/* The text of an app password: what it is made of, how it is made, and how it is read. */
#include "unit.h"

#include <ctype.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { LETTERS = 32, SAMPLES = 64000 };

/*
 * Quantiles of chi-square at p < 1e-9, from Wilson and Hilferty's approximation, rounded
 * outwards: 31 degrees of freedom for one letter, 1023 for two letters and for an id.
 */
static const double one_letter_most = 110;
static const double two_letters_most = 1350;
static const double two_letters_least = 760;

static const bool none_taken[ASP_IDS];

static size_t letter(char c)
{
    const char *at = strchr(ASP_ALPHABET, c);

    unit_need(c != '\0' && at != NULL, "%#x is not of the alphabet", (unsigned char)c);
    return (size_t)(at - ASP_ALPHABET);
}

static double chi_square(const unsigned *counts, size_t cells, size_t samples)
{
    double expected = (double)samples / (double)cells;
    double sum = 0;

    for (size_t i = 0; i < cells; i++)
        sum += (counts[i] - expected) * (counts[i] - expected) / expected;
    return sum;
}

static struct asp_secret make(const bool taken[ASP_IDS])
{
    struct asp_secret secret;

    unit_need(asp_secret_make(taken, &secret) == ASP_OK, "no secret was made");
    return secret;
}

/* What is the entropy of a secret: the bits of a letter times the letters, both counted. */
/* Lesson: Kanidm. */
START_TEST(the_secret_has_115_bits_counted_from_alphabet_and_length)
{
    bool seen[256] = {false};
    struct asp_secret secret = make(none_taken);
    size_t letters = 0;
    size_t bits = 0;

    for (const char *c = ASP_ALPHABET; *c != '\0'; c++) {
        letters += !seen[(unsigned char)*c];
        seen[(unsigned char)*c] = true;
        unit_need(islower((unsigned char)*c) || isdigit((unsigned char)*c), "%c", *c);
    }
    while ((size_t)1 << bits < letters)
        bits++;

    ck_assert_uint_eq(letters, strlen(ASP_ALPHABET));
    ck_assert_uint_eq((size_t)1 << bits, letters);
    ck_assert(!seen['i'] && !seen['l'] && !seen['o'] && !seen['u']);
    ck_assert_uint_eq(strlen(secret.key), 23);
    ck_assert_uint_eq(strlen(secret.key) * bits, 115);
    ck_assert_int_eq(ASP_ENTROPY_BITS, 115);
    ck_assert_uint_eq(strlen(secret.id), 2);
    ck_assert_int_eq(ASP_IDS, 1024);
}
END_TEST

START_TEST(it_is_shown_as_five_groups_of_five_and_read_back)
{
    struct asp_secret secret = make(none_taken);
    struct asp_secret again;
    char shown[ASP_SECRET_SHOWN + 1];

    asp_secret_show(&secret, shown);
    ck_assert_uint_eq(strlen(shown), 29);
    for (size_t i = 0; i < 29; i++)
        unit_need((shown[i] == '-') == (i % 6 == 5), "%s", shown);
    ck_assert_mem_eq(shown, secret.id, 2);
    ck_assert(asp_secret_read(shown, strlen(shown), &again));
    ck_assert_mem_eq(&again, &secret, sizeof secret);
}
END_TEST

/* All values of the random byte at one place, in turn; the others are 0. */
static size_t fed_place;
static unsigned fed_value;

static void feed(void *bytes, size_t length)
{
    ck_assert_uint_eq(length, 23);
    memset(bytes, 0, length);
    ((unsigned char *)bytes)[fed_place] = (unsigned char)fed_value;
}

/* Lesson: Kanidm. */
START_TEST(each_letter_comes_of_as_many_random_bytes_as_any_other_and_of_no_other_place)
{
    unsigned counts[LETTERS] = {0};

    fed_place = (size_t)_i;
    unit_random_bytes = feed;
    for (fed_value = 0; fed_value < 256; fed_value++) {
        struct asp_secret secret = make(none_taken);

        for (size_t i = 0; i < ASP_KEY_CHARS; i++) {
            if (i == fed_place)
                counts[letter(secret.key[i])]++;
            else
                ck_assert_int_eq(secret.key[i], ASP_ALPHABET[0]);
        }
    }
    for (size_t i = 0; i < LETTERS; i++)
        ck_assert_uint_eq(counts[i], 256 / LETTERS);
}
END_TEST

/* Lesson: mailcow #6763, PostfixAdmin. */
START_TEST(the_randomness_is_the_kernels)
{
    unit_calls_begin(NULL);
    (void)make(none_taken);
    (void)unit_calls_end();
    ck_assert_uint_eq(unit_calls("randombytes_buf"), 1);
    ck_assert_uint_eq(unit_calls("randombytes_uniform"), 1);
    ck_assert_str_eq(randombytes_implementation_name(), "sysrandom");
}
END_TEST

/* A statistic that is far too small is no accident either: numbers in turn, and not random ones. */
START_TEST(every_letter_pair_of_neighbours_and_id_is_as_likely_as_another)
{
    static unsigned single[ASP_KEY_CHARS][LETTERS];
    static unsigned pair[ASP_KEY_CHARS][LETTERS * LETTERS];
    static unsigned ids[ASP_IDS];
    size_t samples = unit_many(SAMPLES);

    for (size_t n = 0; n < samples; n++) {
        struct asp_secret secret = make(none_taken);

        for (size_t i = 0; i < ASP_KEY_CHARS; i++) {
            size_t here = letter(secret.key[i]);
            size_t next = letter(secret.key[(i + 1) % ASP_KEY_CHARS]);

            single[i][here]++;
            pair[i][here * LETTERS + next]++;
        }
        ids[letter(secret.id[0]) * LETTERS + letter(secret.id[1])]++;
    }
    for (size_t i = 0; i < ASP_KEY_CHARS; i++) {
        ck_assert_double_lt(chi_square(single[i], LETTERS, samples), one_letter_most);
        ck_assert_double_lt(chi_square(pair[i], UNIT_COUNT(pair[i]), samples), two_letters_most);
    }
    ck_assert_double_lt(chi_square(ids, ASP_IDS, samples), two_letters_most);
    ck_assert_double_gt(chi_square(ids, ASP_IDS, samples), two_letters_least);
}
END_TEST

static uint32_t chosen;
static uint32_t asked;

static uint32_t choose(uint32_t bound)
{
    asked = bound;
    return chosen;
}

/* The n-th of the free ids for each n: each once, the taken ones never. */
START_TEST(an_id_is_any_of_the_free_ones_and_never_a_taken_one)
{
    bool taken[ASP_IDS];
    bool made[ASP_IDS] = {false};
    uint64_t state = 1;
    uint32_t free_ids = 0;

    for (size_t i = 0; i < ASP_IDS; i++) {
        taken[i] = unit_random(&state) % 3 == 0 || i == 0 || i == ASP_IDS - 1;
        free_ids += !taken[i];
    }
    unit_random_below = choose;
    for (chosen = 0; chosen < free_ids; chosen++) {
        struct asp_secret secret = make(taken);
        size_t index = asp_id_index(secret.id);

        ck_assert_uint_eq(asked, free_ids);
        ck_assert(!taken[index] && !made[index]);
        made[index] = true;
    }
}
END_TEST

START_TEST(the_last_free_id_is_found_wherever_it_is)
{
    bool taken[ASP_IDS];

    memset(taken, true, sizeof taken);
    for (size_t i = 0; i < ASP_IDS; i++) {
        char id[ASP_ID_CHARS + 1];

        taken[i] = false;
        unit_id(i, id);
        ck_returned_str_eq(make(taken).id, id);
        ck_assert_uint_eq(asp_id_index(id), i);
        taken[i] = true;
    }
}
END_TEST

START_TEST(with_every_id_taken_it_is_full_and_no_secret_is_made)
{
    static const struct asp_secret nothing;
    struct asp_secret secret;
    bool taken[ASP_IDS];

    memset(taken, true, sizeof taken);
    memset(&secret, 'x', sizeof secret);
    ck_assert_int_eq(asp_secret_make(taken, &secret), ASP_FULL);
    ck_assert_mem_eq(&secret, &nothing, sizeof secret);
}
END_TEST

START_TEST(an_id_is_two_letters_of_the_alphabet_and_no_more)
{
    static const char *const wrong[] = {"",   "a",  "abc", "A0", "0A", "i0", "0l",
                                        "o0", "0u", "a ",  " a", "-a", "a-", "\xc3\xa9"};
    char id[ASP_ID_CHARS + 1];

    for (size_t i = 0; i < ASP_IDS; i++) {
        unit_id(i, id);
        ck_assert(asp_id_valid(id));
    }
    for (size_t i = 0; i < UNIT_COUNT(wrong); i++)
        unit_need(!asp_id_valid(wrong[i]), "%s", wrong[i]);
}
END_TEST

#define BARE "7kabcdefghjkmnpqrstvwxyz0"

enum reading { NOT_OURS, OURS, CAPITALS };

/* How it is read. What is read is always the same secret. */
static enum reading reading_of(const char *typed, size_t length)
{
    static const struct asp_secret nothing;
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    struct asp_secret secret;
    bool ours;
    char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    /* Behind it nothing can be read. */
    char *end = pages + page;

    unit_need(pages != MAP_FAILED && mprotect(end, page, PROT_NONE) == 0, "no pages");
    memcpy(end - length, typed, length);
    memset(&secret, 'x', sizeof secret);
    ours = asp_secret_read(end - length, length, &secret);
    (void)munmap(pages, 2 * page);
    if (!ours) {
        ck_assert_mem_eq(&secret, &nothing, sizeof secret);
        return NOT_OURS;
    }
    ck_assert_str_eq(secret.id, "7k");
    ck_assert_str_eq(secret.key, "abcdefghjkmnpqrstvwxyz0");
    return secret.capitals ? CAPITALS : OURS;
}

static bool reads(const char *typed, size_t length)
{
    return reading_of(typed, length) == OURS;
}

START_TEST(white_space_dashes_and_line_ends_are_passed_over_anywhere)
{
    static const char *const typed[] = {
        BARE,
        "7kabc-defgh-jkmnp-qrstv-wxyz0",
        "7kabc defgh jkmnp qrstv wxyz0",
        " 7kabc - defgh - jkmnp - qrstv - wxyz0 ",
        "---7kabcdefghjkmnpqrstvwxyz0---",
        "7-k-a-b-c-d-e-f-g-h-j-k-m-n-p-q-r-s-t-v-w-x-y-z-0",
        BARE "\n",
        BARE "\r\n",
        BARE " \n",
        BARE "\n\n",
        BARE "\n\r",
        "\n" BARE,
        "7kabc\tdefghjkmnpqrstvwxyz0\v\f",
        "7kabc-defgh-\r\n    jkmnp-qrstv-wxyz0", /* a wrapped line */
        "7kabc\xe2\x80\x93"
        "defgh\xe2\x80\x94"
        "jkmnp\xe2\x80\x91"
        "qrstv\xe2\x88\x92"
        "wxyz0", /* en dash, em dash, non-breaking hyphen, minus */
        "7kabc\xc2\xa0"
        "defgh\xc2\xad"
        "jkmnpqrstv\xe2\x80\x8b"
        "wxyz0", /* no-break space, soft hyphen, zero-width space */
        "\xef\xbb\xbf" BARE "\xe2\x80\xa9",
        BARE "\xe3\x80\x80\xf0\x90\xba\xad", /* the last of each length of UTF-8 */
    };

    for (size_t i = 0; i < UNIT_COUNT(typed); i++)
        unit_need(reads(typed[i], strlen(typed[i])), "%s", typed[i]);
}
END_TEST

/* White_Space and Pd of Unicode 15.0, and the other characters that the manual names: written down
 * once more, one by one and in another order. */
static bool is_named(unsigned long value)
{
    static const unsigned long white_space[] = {
        0x09,   0x0a,   0x0b,   0x0c,   0x0d,   0x20,   0x85,   0xa0,   0x1680,
        0x2000, 0x2001, 0x2002, 0x2003, 0x2004, 0x2005, 0x2006, 0x2007, 0x2008,
        0x2009, 0x200a, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000,
    };
    static const unsigned long dashes[] = {
        0x10ead, 0xff0d, 0xfe63, 0xfe58, 0xfe32, 0xfe31, 0x30a0, 0x3030, 0x301c,
        0x2e5d,  0x2e40, 0x2e3b, 0x2e3a, 0x2e1a, 0x2e17, 0x2015, 0x2014, 0x2013,
        0x2012,  0x2011, 0x2010, 0x1806, 0x1400, 0x05be, 0x058a, 0x002d,
    };
    static const unsigned long others[] = {
        0xfeff, 0x2212, 0x00ad, 0x200b, 0x200c, 0x200d, 0x200e, 0x200f, 0x202a,
        0x202b, 0x202c, 0x202d, 0x202e, 0x2060, 0x2066, 0x2067, 0x2068, 0x2069,
    };

    for (size_t i = 0; i < UNIT_COUNT(white_space); i++)
        if (white_space[i] == value)
            return true;
    for (size_t i = 0; i < UNIT_COUNT(dashes); i++)
        if (dashes[i] == value)
            return true;
    for (size_t i = 0; i < UNIT_COUNT(others); i++)
        if (others[i] == value)
            return true;
    return false;
}

/* The bytes of a character; 0 for a surrogate. */
static size_t write_utf8(unsigned long value, char bytes[4])
{
    if (value < 0x80) {
        bytes[0] = (char)value;
        return 1;
    }
    if (value < 0x800) {
        bytes[0] = (char)(0xc0 | value >> 6);
        bytes[1] = (char)(0x80 | (value & 0x3f));
        return 2;
    }
    if (value < 0x10000) {
        bytes[0] = (char)(0xe0 | value >> 12);
        bytes[1] = (char)(0x80 | (value >> 6 & 0x3f));
        bytes[2] = (char)(0x80 | (value & 0x3f));
        return value >= 0xd800 && value < 0xe000 ? 0 : 3;
    }
    bytes[0] = (char)(0xf0 | value >> 18);
    bytes[1] = (char)(0x80 | (value >> 12 & 0x3f));
    bytes[2] = (char)(0x80 | (value >> 6 & 0x3f));
    bytes[3] = (char)(0x80 | (value & 0x3f));
    return 4;
}

/* Lesson: what phones do to a password. */
START_TEST(of_all_characters_those_are_passed_over_that_the_manual_names_and_no_other)
{
    char typed[sizeof BARE + 8];

    for (unsigned long value = 0; value <= 0x10ffff; value++) {
        char character[4];
        size_t length = write_utf8(value, character);
        struct asp_secret secret;

        if (length == 0)
            continue;
        memcpy(typed, BARE, 7);
        memcpy(typed + 7, character, length);
        memcpy(typed + 7 + length, &BARE[7], 18);
        unit_need(asp_secret_read(typed, 25 + length, &secret) == is_named(value), "U+%04lX",
                  value);
    }
}
END_TEST

START_TEST(capitals_are_understood_and_said)
{
    static const char *const typed[] = {
        "7Kabcdefghjkmnpqrstvwxyz0",
        "7KABCDEFGHJKMNPQRSTVWXYZ0",
        "7kabc-defgh-jkmnp-qrstv-wxyZ0",
        "7KABC-DEFGH-JKMNP-QRSTV-WXYZ0\n",
        ("7kabc\xc2\xa0"
         "Defghjkmnpqrstvwxyz0"),
    };

    for (size_t i = 0; i < UNIT_COUNT(typed); i++)
        unit_need(reading_of(typed[i], strlen(typed[i])) == CAPITALS, "%s", typed[i]);
}
END_TEST

START_TEST(anything_else_is_none_of_ours)
{
    static const char *const typed[] = {
        "",
        " ",
        "\n",
        "-",
        "7kabcdefghjkmnpqrstvwxyz",
        "7KABCDEFGHJKMNPQRSTVWXYZ",
        BARE "0",
        BARE "A",
        "7kabc_defgh_jkmnp_qrstv_wxyz0",
        "7kabc.defgh.jkmnp.qrstv.wxyz0",
        "\xef\xbc\x97kabcdefghjkmnpqrstvwxyz0", /* a full-width 7 */
        "7\xc4\xb8"
        "abcdefghjkmnpqrstvwxyz0", /* a kra */
        "7\xe2\x84\xaa"
        "abcdefghjkmnpqrstvwxyz0", /* the sign for kelvin */
        "7kabc\xa0"
        "defghjkmnpqrstvwxyz0", /* a no-break space of Latin-1 */
        "7kabc\xe2\x80"
        "defghjkmnpqrstvwxyz0",      /* half a dash */
        "7kabc_Efghjkmnpqrstvwxyz0", /* a capital behind what is none of ours */
        BARE "\xe2\x80",
        BARE "\xc2",
        BARE "\xc0\xa0",     /* a space, longer than need be */
        BARE "\xed\xa0\x80", /* a surrogate */
        "\b\n\r\177INCORRECT",
        BARE "\x1b",
        BARE "\x7f",
    };
    static const char out[] = "iloIuLOU";

    for (size_t i = 0; i < UNIT_COUNT(typed); i++)
        unit_need(reading_of(typed[i], strlen(typed[i])) == NOT_OURS, "%s", typed[i]);
    for (const char *c = out; *c != '\0'; c++) {
        char one[] = BARE;

        one[9] = *c;
        ck_assert_int_eq(reading_of(one, 25), NOT_OURS);
    }
}
END_TEST

/* At each place, each of the 256 bytes: only a letter makes 25 of them. */
START_TEST(one_wrong_byte_anywhere_makes_it_another_secret_or_none)
{
    char typed[sizeof BARE];

    for (size_t at = 0; at < sizeof BARE - 1; at++) {
        for (unsigned byte = 0; byte < 256; byte++) {
            struct asp_secret secret;
            bool capital = byte >= 'A' && byte <= 'Z';
            char small = (char)(capital ? byte - 'A' + 'a' : byte);
            bool letter_of_ours = byte != 0 && strchr(ASP_ALPHABET, small) != NULL;

            memcpy(typed, BARE, sizeof typed);
            typed[at] = (char)byte;
            unit_need(asp_secret_read(typed, 25, &secret) == letter_of_ours, "%u at %zu", byte, at);
            if (letter_of_ours)
                unit_need((at < 2 ? secret.id[at] : secret.key[at - 2]) == small &&
                              secret.capitals == capital,
                          "%u at %zu", byte, at);
        }
    }
}
END_TEST

START_TEST(an_embedded_nul_is_never_the_end)
{
    ck_assert(!reads(BARE "\0", 26));
    ck_assert(!reads("\0" BARE, 26));
    ck_assert(!reads(BARE "\0garbage", 33));
    ck_assert(!reads("7kabc\0defghjkmnpqrstvwxyz0", 26));
    ck_assert(!reads("7kabc\0efghjkmnpqrstvwxyz0", 25));
    ck_assert(!reads(BARE "\n\0", 27));
}
END_TEST

/* Lesson: linux-pam CVE-2015-3238. */
START_TEST(up_to_512_bytes_are_read_and_513_are_not)
{
    char typed[2048];

    memset(typed, ' ', sizeof typed);
    memcpy(typed, BARE, 25);
    ck_assert(reads(typed, 511));
    ck_assert(reads(typed, 512));
    ck_assert(!reads(typed, 513));
    memset(typed, '-', sizeof typed);
    memcpy(typed + 487, BARE, 25);
    ck_assert(reads(typed, 512));
    typed[511] = '\n';
    memcpy(typed + 486, BARE, 25);
    ck_assert(reads(typed, 512));
    ck_assert(!reads(typed, 513));
    memset(typed, 'a', sizeof typed);
    for (size_t length = 0; length <= sizeof typed; length++) {
        struct asp_secret secret;

        unit_need(asp_secret_read(typed, length, &secret) == (length == 25), "%zu", length);
    }
}
END_TEST

START_TEST(a_wiped_secret_is_all_zeros)
{
    static const struct asp_secret nothing;
    struct asp_secret secret = make(none_taken);

    asp_secret_wipe(&secret);
    ck_assert_mem_eq(&secret, &nothing, sizeof secret);
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, the_secret_has_115_bits_counted_from_alphabet_and_length);
    unit_add(suite, it_is_shown_as_five_groups_of_five_and_read_back);
    unit_loop(suite, each_letter_comes_of_as_many_random_bytes_as_any_other_and_of_no_other_place,
              ASP_KEY_CHARS);
    unit_add(suite, the_randomness_is_the_kernels);
    unit_add(suite, every_letter_pair_of_neighbours_and_id_is_as_likely_as_another);
    unit_add(suite, an_id_is_any_of_the_free_ones_and_never_a_taken_one);
    unit_add(suite, the_last_free_id_is_found_wherever_it_is);
    unit_add(suite, with_every_id_taken_it_is_full_and_no_secret_is_made);
    unit_add(suite, an_id_is_two_letters_of_the_alphabet_and_no_more);
    unit_add(suite, white_space_dashes_and_line_ends_are_passed_over_anywhere);
    unit_add(suite, of_all_characters_those_are_passed_over_that_the_manual_names_and_no_other);
    unit_add(suite, capitals_are_understood_and_said);
    unit_add(suite, anything_else_is_none_of_ours);
    unit_add(suite, one_wrong_byte_anywhere_makes_it_another_secret_or_none);
    unit_add(suite, an_embedded_nul_is_never_the_end);
    unit_add(suite, up_to_512_bytes_are_read_and_513_are_not);
    unit_add(suite, a_wiped_secret_is_all_zeros);
}

int main(void)
{
    return unit_run("secret", fill);
}
