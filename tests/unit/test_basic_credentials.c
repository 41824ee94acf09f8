/* The credentials of HTTP's Basic scheme, and the name that is answered. */
#include "unit.h"

#include "asp-web/basic_credentials.h"
#include "asp-web/remote_user.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

/* The header that a client makes of these bytes. */
static const char *header_of(const char *bytes, size_t length)
{
    static char header[4096];

    (void)strcpy(header, "Basic ");
    (void)sodium_bin2base64(header + 6, sizeof header - 6, (const unsigned char *)bytes, length,
                            sodium_base64_VARIANT_ORIGINAL);
    return header;
}

static void is_read(const char *header, const char *user, const char *password)
{
    struct basic_credentials credentials;

    ck_assert_msg(basic_credentials_read(header, &credentials), "%s", header);
    ck_assert_str_eq(credentials.user, user);
    ck_assert_str_eq(credentials.password, password);
    ck_assert_uint_eq(credentials.password_length, strlen(password));
}

static void is_not_read(const char *header)
{
    static const struct basic_credentials nothing;
    struct basic_credentials credentials;

    memset(&credentials, 'x', sizeof credentials);
    ck_assert_msg(!basic_credentials_read(header, &credentials), "%s", header);
    ck_assert_mem_eq(&credentials, &nothing, sizeof nothing);
}

/* RFC 7617, 2 and 2.1. */
START_TEST(the_examples_of_the_standard_are_read)
{
    is_read("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin", "open sesame");
    is_read("Basic dGVzdDoxMjPCow==", "test", "123\xc2\xa3");
    is_read("bASIC   dGVzdDoxMjPCow==", "test", "123\xc2\xa3");
}
END_TEST

START_TEST(the_first_colon_ends_the_name)
{
    is_read(header_of("alice:a:b:", 10), "alice", "a:b:");
    is_read(header_of(":x", 2), "", "x");
    is_read(header_of("al ice: x ", 10), "al ice", " x ");
}
END_TEST

START_TEST(what_is_no_utf_8_is_latin_1)
{
    is_read(header_of("j\xc3\xbcrgen:\xe2\x80\x93", 11), "j\xc3\xbcrgen", "\xe2\x80\x93");
    is_read(header_of("j\xfcrgen:\xa3", 8), "j\xc3\xbcrgen", "\xc2\xa3");
    /* One bad byte, and all of it is. */
    is_read(header_of("\xc3\xbc:\xff", 4), "\xc3\x83\xc2\xbc", "\xc3\xbf");
    is_read(header_of("\xed\xa0\x80:x", 5), "\xc3\xad\xc2\xa0\xc2\x80", "x");
}
END_TEST

START_TEST(without_a_user_and_a_password_there_are_none)
{
    static const char *const headers[] = {
        "",
        "Basic",
        "Basic ",
        "Basic =",
        "Basic ====",
        "Bearer QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
        "Basil QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
        "BasicQWxhZGRpbjpvcGVuIHNlc2FtZQ==",
        "Basic\tQWxhZGRpbjpvcGVuIHNlc2FtZQ==",
        " Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
    };

    is_not_read(NULL);
    for (size_t i = 0; i < UNIT_COUNT(headers); i++)
        is_not_read(headers[i]);
    is_not_read(header_of("", 0));
    is_not_read(header_of("alice", 5));
    is_not_read(header_of("alice:", 6));
    is_not_read(header_of(":", 1));
}
END_TEST

/* RFC 4648, 3: no other alphabet, nothing left out and nothing beside it. */
START_TEST(base64_is_strict)
{
    static const char *const headers[] = {
        "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ",
        "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=",
        "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ===",
        "Basic QWxhZGRpbjpvcGVuIHNlc2FtZR==",
        "Basic QWxhZGRpbjpv cGVuIHNlc2FtZQ==",
        "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ== ",
        "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==,",
        "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==QQ==",
        "Basic YTo_Pw==",
        "Basic YT\xc3\xbcQ",
        "Basic realm=\"x\"",
        "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\n",
    };

    is_read("Basic YTo/Pw==", "a", "??");
    for (size_t i = 0; i < UNIT_COUNT(headers); i++)
        is_not_read(headers[i]);
}
END_TEST

START_TEST(base64_is_of_ascii)
{
    for (unsigned byte = 0x80; byte < 256; byte++) {
        for (size_t at = 0; at < 8; at++) {
            char header[] = "Basic YWxpY2U6eHl6";

            header[6 + at] = (char)byte;
            is_not_read(header);
        }
    }
}
END_TEST

START_TEST(a_control_byte_anywhere_is_refused)
{
    for (unsigned byte = 0; byte < 256; byte++) {
        const bool is_control = byte < 0x20 || byte == 0x7f;

        for (size_t at = 0; at < 7; at++) {
            char bytes[] = "alice:x";
            struct basic_credentials credentials;

            if (at == 5 || byte == ':')
                continue;
            bytes[at] = (char)byte;
            ck_assert_msg(basic_credentials_read(header_of(bytes, 7), &credentials) == !is_control,
                          "byte %u at %zu", byte, at);
        }
    }
}
END_TEST

START_TEST(a_kibibyte_is_read_and_no_more)
{
    static char bytes[BASIC_CREDENTIALS_MAX + 1];
    struct basic_credentials credentials;

    memset(bytes, 'a', sizeof bytes);
    bytes[8] = ':';
    ck_assert(basic_credentials_read(header_of(bytes, sizeof bytes - 1), &credentials));
    ck_assert_uint_eq(credentials.password_length, sizeof bytes - 1 - 9);
    is_not_read(header_of(bytes, sizeof bytes));
    /* Each is two bytes of UTF-8. */
    memset(bytes, 0xe4, sizeof bytes);
    is_not_read(header_of(bytes, sizeof bytes - 1));
    bytes[8] = ':';
    ck_assert(basic_credentials_read(header_of(bytes, sizeof bytes - 1), &credentials));
    ck_assert_uint_eq(strlen(credentials.user), 16);
    ck_assert_uint_eq(credentials.password_length, (size_t)2 * (sizeof bytes - 1 - 9));
}
END_TEST

static void is_told_as(const char *account, const char *expected)
{
    char text[REMOTE_USER_SIZE];

    remote_user_write(account, text);
    ck_assert_str_eq(text, expected);
}

START_TEST(a_name_is_one_word_of_a_header)
{
    is_told_as("alice", "alice");
    is_told_as("Alice+x_y.z-1@example.org", "Alice+x_y.z-1@example.org");
    is_told_as("a b", "a%20b");
    is_told_as("a%41,b;c\"d'e", "a%2541%2Cb%3Bc%22d%27e");
    is_told_as("j\xc3\xbcrgen\x7f\x01", "j%C3%BCrgen%7F%01");
    is_told_as("!#$&()<=>[\\]^`{|}~", "!#$&()<=>[\\]^`{|}~");
}
END_TEST

START_TEST(the_longest_name_fits)
{
    char account[ASP_USER_MAX + 1];
    char text[REMOTE_USER_SIZE];

    memset(account, 0xff, sizeof account);
    account[ASP_USER_MAX] = '\0';
    remote_user_write(account, text);
    ck_assert_uint_eq(strlen(text), REMOTE_USER_SIZE - 1);
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, the_examples_of_the_standard_are_read);
    unit_add(suite, the_first_colon_ends_the_name);
    unit_add(suite, what_is_no_utf_8_is_latin_1);
    unit_add(suite, without_a_user_and_a_password_there_are_none);
    unit_add(suite, base64_is_strict);
    unit_add(suite, base64_is_of_ascii);
    unit_add(suite, a_control_byte_anywhere_is_refused);
    unit_add(suite, a_kibibyte_is_read_and_no_more);
    unit_add(suite, a_name_is_one_word_of_a_header);
    unit_add(suite, the_longest_name_fits);
}

int main(void)
{
    return unit_run("basic_credentials", fill);
}
