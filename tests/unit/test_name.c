/* Names: which are well-formed, and that no two of them share a file. */
#include "unit.h"

#include "asp/name.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is asked of the bytes of a name, written out here once more. */
static bool is_refused_byte(unsigned byte)
{
    return byte < 0x20 || byte == 0x7f || strchr("/:*?", (int)byte) != NULL;
}

static bool is_plain_byte(unsigned byte)
{
    return byte != 0 && strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                               "0123456789_@+-.",
                               (int)byte) != NULL;
}

static void encodes(const char *user, const char *expected)
{
    char encoded[ASP_USER_ENCODED + 1];
    char decoded[ASP_USER_MAX + 1];

    unit_need(asp_user_encode(user, encoded), "%s", user);
    ck_assert_str_eq(encoded, expected);
    unit_need(asp_user_decode(encoded, decoded), "%s", encoded);
    ck_assert_str_eq(decoded, user);
}

/* The name of the user's file. */
static const char *file_of(const char *user)
{
    static char file[ASP_USER_FILE + 1];
    char encoded[ASP_USER_ENCODED + 1];

    unit_need(asp_user_encode(user, encoded), "%s", user);
    asp_user_file(encoded, file);
    return file;
}

static void refuses(const char *user)
{
    char encoded[ASP_USER_ENCODED + 1];

    unit_need(!asp_user_encode(user, encoded), "%s", user);
}

/* Lesson: linux-pam PR 652. */
START_TEST(every_byte_stands_for_itself_or_is_percent_and_two_digits_or_is_refused)
{
    for (unsigned byte = 1; byte < 256; byte++) {
        const char user[] = {'a', (char)byte, 'z', '\0'};
        char expected[8];

        if (is_plain_byte(byte))
            (void)snprintf(expected, sizeof expected, "a%cz", (char)byte);
        else
            (void)snprintf(expected, sizeof expected, "a%%%02Xz", byte);
        if (is_refused_byte(byte))
            refuses(user);
        else
            encodes(user, expected);
    }
}
END_TEST

/* Lesson: linux-pam PR 652. */
START_TEST(the_first_byte_may_be_neither_dash_nor_plain_dot)
{
    for (unsigned byte = 1; byte < 256; byte++) {
        const char user[] = {(char)byte, 'z', '\0'};
        char expected[8];

        if (is_plain_byte(byte) && byte != '.')
            (void)snprintf(expected, sizeof expected, "%cz", (char)byte);
        else
            (void)snprintf(expected, sizeof expected, "%%%02Xz", byte);
        if (is_refused_byte(byte) || byte == '-')
            refuses(user);
        else
            encodes(user, expected);
    }
    encodes(".profile", "%2Eprofile");
    encodes("a.b.", "a.b.");
    encodes("...", "%2E..");
    encodes("+alice", "+alice");
}
END_TEST

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* All names of one byte and of two: as many files as names, and each file gives back its name. */
/* Lesson: useradd. */
START_TEST(no_two_names_have_the_same_file)
{
    size_t most = 256 * 256;
    size_t count = 0;
    char **files = calloc(most, sizeof *files);

    ck_assert_ptr_nonnull(files);
    for (unsigned n = 1; n < most; n++) {
        const char user[] = {(char)(n % 256), (char)(n / 256), '\0'};
        char file[ASP_USER_ENCODED + 1];
        char again[ASP_USER_MAX + 1];

        if (n % 256 == 0 || !asp_user_encode(user, file))
            continue;
        unit_need(asp_user_decode(file, again), "%s", file);
        unit_need(strcmp(again, user) == 0, "%s", file);
        files[count] = strdup(file);
        unit_need(files[count] != NULL, "no memory");
        count++;
    }
    qsort(files, count, sizeof *files, compare);
    for (size_t i = 1; i < count; i++)
        unit_need(strcmp(files[i - 1], files[i]) != 0, "%s", files[i]);
    /* 218 bytes that are no dash, alone and before each of 219; but for . and .. themselves. */
    ck_assert_uint_eq(count, 218 + 218 * 219 - 2);
    for (size_t i = 0; i < count; i++)
        free(files[i]);
    free(files);
}
END_TEST

/* Whatever is found in the folder is a user's file only if that user's name gives this very file.
 */
START_TEST(what_decodes_is_what_encoding_writes)
{
    static const char bytes[] = "%%%24AFaf0.-_@+~ /\x80";
    uint64_t state = 7;

    for (size_t n = 0; n < unit_many(200000); n++) {
        char file[10];
        char user[ASP_USER_MAX + 1];
        char again[ASP_USER_ENCODED + 1];
        size_t length = (size_t)(unit_random(&state) % (sizeof file - 1));

        for (size_t i = 0; i < length; i++)
            file[i] = bytes[unit_random(&state) % (sizeof bytes - 1)];
        file[length] = '\0';
        if (asp_user_decode(file, user)) {
            unit_need(asp_user_encode(user, again), "%s", file);
            unit_need(strcmp(again, file) == 0, "%s", file);
        }
    }
}
END_TEST

START_TEST(a_file_that_is_no_users_is_not_decoded)
{
    static const char *const files[] = {
        "",     ".",     "..",   ".alice",   ".alice.0123456789abcdef",
        "%",    "a%",    "a%4",  "a%4g",     "a%g4",
        "%61",  "a%2Fb", "%2fb", "%2e",      "%C3%a9",
        "%00",  "a%00",  "a b",  "\xc3\xa9", "-a",
        "%2Da", "%2E",   "%2E.", "a/b",      "a%0A",
        "a%3A", "a%2A",  "a%3F", "a%7F",     "a~",
        "%%25", "a%25%",
    };
    char user[ASP_USER_MAX + 1];

    for (size_t i = 0; i < UNIT_COUNT(files); i++)
        unit_need(!asp_user_decode(files[i], user), "%s", files[i]);
}
END_TEST

START_TEST(names_that_try_to_leave_the_store_are_refused)
{
    static const char *const users[] = {
        "",    ".", "..", "/",  "../x", "a/b", "/etc/passwd", "a/../b",  "-",    "-alice", "--",
        "a:b", "*", "a*", "a?", "a\n",  "\na", "a\tb",        "a\x1b[m", "\x7f", "\x01",   "a\r",
    };

    for (size_t i = 0; i < UNIT_COUNT(users); i++)
        refuses(users[i]);
}
END_TEST

START_TEST(alice_and_alice_used_have_files_of_their_own)
{
    encodes("alice", "alice");
    encodes("alice.used", "alice.used");
    encodes("Alice", "Alice");
    encodes("alice@example.org", "alice@example.org");
    encodes("EXAMPLE\\alice", "EXAMPLE%5Calice");
    encodes("al ice", "al%20ice");
    encodes("al%20ice", "al%2520ice");
    encodes("\xc3\xa9", "%C3%A9");
    encodes("\xff", "%FF");
}
END_TEST

static void is_file_of(const char *user, const char *expected)
{
    encodes(user, expected);
    ck_assert_str_eq(file_of(user), expected);
}

static void is_named_by_digest(const char *user, const char *expected)
{
    const char *file = file_of(user);
    char path[ASP_USER_PATH];
    char again[ASP_USER_FILE + 1];
    char encoded[ASP_USER_ENCODED + 1];
    char decoded[ASP_USER_MAX + 1];

    ck_assert_str_eq(file, expected);
    ck_assert(asp_user_is_digest(file));
    ck_assert(!asp_user_decode(file, decoded));
    asp_user_file(expected, again);
    ck_assert_str_eq(again, expected);
    /* All of it is in what has no file. */
    ck_assert(asp_user_encode(user, encoded));
    ck_assert(asp_user_decode(encoded, decoded));
    ck_assert_str_eq(decoded, user);
    asp_user_join(path, "/users/", encoded);
    ck_assert_int_eq(strncmp(path, "/users/", strlen("/users/")), 0);
    ck_assert_str_eq(path + strlen("/users/"), expected);
}

/* The digests are Python's: hashlib.blake2b(name, digest_size=32). */
START_TEST(where_the_name_of_its_file_would_be_over_200_bytes_it_is_a_digest)
{
    char user[260];
    char expected[ASP_USER_FILE + 1];

    memset(user, 'a', sizeof user);
    user[200] = '\0';
    is_file_of(user, user);
    user[200] = 'a';
    user[201] = '\0';
    is_named_by_digest(user, "~-QSy3ukk4HPj9xWFM6iM9VzAFo-BS9TLykAbabfEcl8");
    user[201] = 'a';
    user[254] = '\0';
    is_named_by_digest(user, "~dI10GI-FDhcVP3dswYJKBRwSQVaibFJHlZe86Spllxs");
    user[254] = 'a';
    user[255] = '\0';
    refuses(user);
    user[255] = 'a';
    user[256] = '\0';
    refuses(user);

    /* 66 of three bytes, and 2. */
    memset(user, ' ', sizeof user);
    user[66] = user[67] = 'a';
    user[68] = '\0';
    for (size_t i = 0; i < 66; i++)
        memcpy(expected + 3 * i, "%20", 3);
    memcpy(expected + 198, "aa", 3);
    is_file_of(user, expected);
    memset(user, ' ', 67);
    user[67] = '\0';
    is_named_by_digest(user, "~CltMrX2MVlUup0SnFR5R7iCLECNxY7GPGRuixT8DfXY");

    /* 197 and one of three bytes. */
    memset(user, 'a', sizeof user);
    memset(expected, 'a', sizeof expected);
    strcpy(user + 197, " ");
    strcpy(expected + 197, "%20");
    is_file_of(user, expected);

    /* What is behind the limit is looked at all the same. */
    memset(user, 'a', 203);
    strcpy(user + 203, "/");
    refuses(user);
    strcpy(user + 203, "\n");
    refuses(user);
}
END_TEST

/* Lesson: linux-pam PR 652. */
START_TEST(a_name_is_encoded_whole_however_long_that_is)
{
    char user[ASP_USER_MAX + 2];
    char expected[ASP_USER_ENCODED + 1];

    memset(user, '"', sizeof user);
    user[ASP_USER_MAX] = '\0';
    for (size_t i = 0; i < ASP_USER_MAX; i++)
        memcpy(expected + 3 * i, "%22", 4);
    encodes(user, expected);
    user[ASP_USER_MAX] = '"';
    user[ASP_USER_MAX + 1] = '\0';
    refuses(user);
    /* All but one, or none, stand for themselves. */
    memset(user, 'a', ASP_USER_MAX);
    user[ASP_USER_MAX] = '\0';
    encodes(user, user);
    user[ASP_USER_MAX - 1] = ' ';
    memset(expected, 'a', ASP_USER_MAX);
    strcpy(expected + ASP_USER_MAX - 1, "%20");
    encodes(user, expected);
}
END_TEST

START_TEST(a_digest_is_a_tilde_and_43_letters_of_base64url)
{
    static const char *const others[] = {
        "",
        "~",
        "alice",
        "~0123456789012345678901234567890123456789-_",
        "~0123456789012345678901234567890123456789-_ab",
        "~0123456789012345678901234567890123456789-_+",
        "~+0123456789012345678901234567890123456789-_",
        "~0123456789012345678901234567890123456789-_/",
        "~0123456789012345678901234567890123456789-_=",
        "x0123456789012345678901234567890123456789-_a",
    };
    char name[ASP_USER_ENCODED + 1];
    const char *digest = "~0123456789012345678901234567890123456789-_a";

    ck_assert(asp_user_is_digest(digest));
    for (size_t i = 0; i < UNIT_COUNT(others); i++)
        unit_need(!asp_user_is_digest(others[i]), "%s", others[i]);
    /* A user who is called so has another file. */
    ck_assert(asp_user_encode(digest, name));
    ck_assert_str_eq(name, "%7E0123456789012345678901234567890123456789-_a");
}
END_TEST

START_TEST(what_is_of_more_than_254_bytes_is_not_decoded)
{
    static const char nothing[2000];
    struct {
        char user[ASP_USER_MAX + 1];
        char behind[sizeof nothing];
    } room = {.user = ""};
    char name[sizeof nothing];
    char *user = room.user;

    memset(name, 'a', sizeof name);
    name[254] = '\0';
    ck_assert(asp_user_decode(name, user));
    name[254] = 'a';
    name[255] = '\0';
    ck_assert(!asp_user_decode(name, user));
    name[255] = 'a';
    name[1999] = '\0';
    ck_assert(!asp_user_decode(name, user));
    ck_assert_mem_eq(room.behind, nothing, sizeof nothing);
    for (size_t i = 0; i < 255; i++)
        memcpy(name + 3 * i, "%20", 4);
    ck_assert(!asp_user_decode(name, user));
    /* The last escape is cut, or whole. */
    name[762] = '\0';
    ck_assert(asp_user_decode(name, user));
    name[761] = '\0';
    ck_assert(!asp_user_decode(name, user));
    name[760] = '\0';
    ck_assert(!asp_user_decode(name, user));
}
END_TEST

START_TEST(a_name_that_is_refused_is_told_which_rule_it_breaks)
{
    static char endless[ASP_USER_MAX + 2];
    static const struct {
        const char *user;
        const char *word;
    } cases[] = {
        {"", "empty"},       {"-a", "begins with -"}, {".", "folder"},        {"..", "folder"},
        {"a/b", "/ : * ?"},  {"a:b", "/ : * ?"},      {"a*", "/ : * ?"},      {"a?", "/ : * ?"},
        {"a\n", "control"},  {"a\x7f", "control"},    {endless, "254 bytes"}, {"alice", NULL},
        {"a b/", "/ : * ?"}, {" a", "blank"},         {"a \0-", "blank"},     {" ", "blank"},
        {"a b", NULL},
    };

    memset(endless, 'a', sizeof endless - 1);
    for (size_t i = 0; i < UNIT_COUNT(cases); i++) {
        const char *fault = asp_user_fault(cases[i].user);

        unit_need((fault == NULL) == (cases[i].word == NULL), "%s", cases[i].user);
        unit_need(fault == NULL || strstr(fault, cases[i].word) != NULL, "%s", fault);
    }
}
END_TEST

START_TEST(a_service_is_1_to_64_bytes_of_printable_ascii_but_for_some)
{
    char name[80];

    for (unsigned byte = 1; byte < 256; byte++) {
        const char service[] = {'a', (char)byte, '\0'};
        bool good = byte > 0x20 && byte < 0x7f && strchr("\"\\%/,", (int)byte) == NULL;

        unit_need(asp_service_valid(service) == good, "%u", byte);
        unit_need(asp_service_valid(service + 1) == good, "%u", byte);
    }
    ck_assert(!asp_service_valid(""));
    memset(name, 'a', sizeof name);
    name[64] = '\0';
    ck_assert(asp_service_valid(name));
    name[64] = 'a';
    name[65] = '\0';
    ck_assert(!asp_service_valid(name));
}
END_TEST

START_TEST(services_are_the_same_in_either_case)
{
    ck_assert(asp_service_equal("", ""));
    ck_assert(asp_service_equal("imap", "IMAP"));
    ck_assert(asp_service_equal("GDM-Password", "gdm-password"));
    ck_assert_int_lt(asp_service_compare("a", "B"), 0);
    ck_assert_int_gt(asp_service_compare("B", "a"), 0);
    ck_assert_int_lt(asp_service_compare("imap", "imaps"), 0);
    ck_assert_int_gt(asp_service_compare("\xc3", "z"), 0);
    ck_assert(!asp_service_equal("imap", "imaps"));
    ck_assert(!asp_service_equal("imaps", "imap"));
    ck_assert(!asp_service_equal("imap", ""));
    ck_assert(!asp_service_equal("", "imap"));
    for (unsigned a = 1; a < 256; a++) {
        for (unsigned b = 1; b < 256; b++) {
            const char left[] = {(char)a, '\0'};
            const char right[] = {(char)b, '\0'};
            unsigned low_a = a >= 'A' && a <= 'Z' ? a + 32 : a;
            unsigned low_b = b >= 'A' && b <= 'Z' ? b + 32 : b;

            unit_need(asp_service_equal(left, right) == (low_a == low_b), "%u %u", a, b);
        }
    }
}
END_TEST

START_TEST(a_service_is_one_of_those_that_are_counted_alone)
{
    static const char *const names[] = {"imap", "smtp", "pop3"};
    static const struct asp_names some = {names, 2};

    ck_assert(asp_names_contain(&some, some.count, "IMAP"));
    ck_assert(asp_names_contain(&some, some.count, "smtp"));
    ck_assert(!asp_names_contain(&some, some.count, "pop3"));
    ck_assert(!asp_names_contain(&some, 1, "smtp"));
    ck_assert(!asp_names_contain(&some, 0, "imap"));
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, every_byte_stands_for_itself_or_is_percent_and_two_digits_or_is_refused);
    unit_add(suite, the_first_byte_may_be_neither_dash_nor_plain_dot);
    unit_add(suite, no_two_names_have_the_same_file);
    unit_add(suite, what_decodes_is_what_encoding_writes);
    unit_add(suite, a_file_that_is_no_users_is_not_decoded);
    unit_add(suite, names_that_try_to_leave_the_store_are_refused);
    unit_add(suite, alice_and_alice_used_have_files_of_their_own);
    unit_add(suite, where_the_name_of_its_file_would_be_over_200_bytes_it_is_a_digest);
    unit_add(suite, a_name_is_encoded_whole_however_long_that_is);
    unit_add(suite, a_digest_is_a_tilde_and_43_letters_of_base64url);
    unit_add(suite, what_is_of_more_than_254_bytes_is_not_decoded);
    unit_add(suite, a_name_that_is_refused_is_told_which_rule_it_breaks);
    unit_add(suite, a_service_is_1_to_64_bytes_of_printable_ascii_but_for_some);
    unit_add(suite, services_are_the_same_in_either_case);
    unit_add(suite, a_service_is_one_of_those_that_are_counted_alone);
}

int main(void)
{
    return unit_run("name", fill);
}
