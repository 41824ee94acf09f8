/* The messages between a host and the broker: what is written is read, and nothing else is. */
#include "unit.h"

#include "asp/broker_message.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEAD = 8, VERSION_AT = 3, TYPE_AT = 4, COUNT_AT = 5, LENGTH_AT = 6 };

/* Reads a copy of its very size, so that valgrind and a sanitizer see a byte too many. */
static enum asp_status read_status(const uint8_t *bytes, size_t length, struct asp_error *error)
{
    uint8_t *exact = malloc(length + (length == 0));
    struct asp_message_read message;
    enum asp_status status;

    ck_assert_ptr_nonnull(exact);
    memcpy(exact, bytes, length);
    status = asp_message_read(exact, length, "www-data", &message, error);
    for (size_t i = 0; status == ASP_OK && i < message.count; i++)
        (void)asp_message_field(&message, i);
    free(exact);
    return status;
}

static void is_none(const uint8_t *bytes, size_t length)
{
    struct asp_error error = {0};

    ck_assert_int_eq(read_status(bytes, length, &error), ASP_CORRUPT);
    ck_assert_str_eq(error.text, "what www-data says is no message");
}

static void read_good(const struct asp_message *written, struct asp_message_read *message)
{
    struct asp_error error = {0};

    ck_assert(!written->failed);
    ck_assert_msg(asp_message_read(written->bytes, written->length, "www-data", message, &error) ==
                      ASP_OK,
                  "%s", error.text);
}

/* An empty text, a text, bytes, a missing value, a number: in an order in which no other length of
 * one of them leaves those behind it in step. */
static void write_some(struct asp_message *message)
{
    asp_message_begin(message, ASP_MESSAGE_COMMAND);
    asp_message_text(message, "", 100);
    asp_message_text(message, "alice", 100);
    asp_message_bytes(message, "\0\xff\n", 3);
    asp_message_text(message, NULL, 100);
    asp_message_number(message, 4294967295U);
}

static void put_length(uint8_t *bytes, size_t length)
{
    bytes[0] = (uint8_t)(length & 0xff);
    bytes[1] = (uint8_t)(length >> 8);
}

START_TEST(what_is_written_is_read)
{
    struct asp_message written;
    struct asp_message_read message;

    write_some(&written);
    read_good(&written, &message);
    ck_assert_int_eq(message.type, ASP_MESSAGE_COMMAND);
    ck_assert_uint_eq(message.count, 5);
    ck_assert_str_eq(asp_message_field(&message, 0), "");
    ck_assert_str_eq(asp_message_field(&message, 1), "alice");
    ck_assert_uint_eq(message.fields[2].length, 3);
    ck_assert_mem_eq(message.fields[2].bytes, "\0\xff\n", 3);
    ck_assert_ptr_null(message.fields[3].bytes);
    ck_assert_ptr_null(asp_message_field(&message, 3));
    ck_assert_str_eq(asp_message_field(&message, 4), "4294967295");
    ck_assert_ptr_null(asp_message_field(&message, 5));
    ck_assert_ptr_null(asp_message_field(&message, SIZE_MAX));
}
END_TEST

/* What an older module and a newer broker have in common. It must never change. */
START_TEST(the_bytes_are_those_of_version_1)
{
    static const uint8_t expected[] = {'a', 's', 'p', 1, 1, 2, 14, 0, 2, 0, 'x', '\0', 0, 0};
    struct asp_message message;

    asp_message_begin(&message, ASP_MESSAGE_REFUSED);
    asp_message_text(&message, "x", 10);
    asp_message_text(&message, NULL, 10);
    ck_assert_uint_eq(message.length, sizeof expected);
    ck_assert_mem_eq(message.bytes, expected, sizeof expected);
}
END_TEST

/* Whoever answers may be told of any version, and has those three. */
START_TEST(a_message_is_of_the_version_that_is_nearest_to_the_one_asked_for)
{
    struct asp_message written;
    struct asp_message_read message;

    for (unsigned version = 0; version < 300; version++) {
        const unsigned expected = version < 1 ? 1 : version > 4 ? 4 : version;
        size_t length;

        write_some(&written);
        length = written.length;
        asp_message_set_version(&written, version);
        ck_assert_uint_eq(written.length, length);
        read_good(&written, &message);
        ck_assert_uint_eq(message.version, expected);
        ck_assert_str_eq(asp_message_field(&message, 1), "alice");
    }
}
END_TEST

START_TEST(a_message_without_fields_is_one)
{
    struct asp_message written;
    struct asp_message_read message;

    asp_message_begin(&written, ASP_MESSAGE_REPLY);
    read_good(&written, &message);
    ck_assert_uint_eq(message.count, 0);
    ck_assert_ptr_null(asp_message_field(&message, 0));
}
END_TEST

START_TEST(a_message_that_is_cut_or_goes_on_is_none)
{
    struct asp_message message;

    write_some(&message);
    for (size_t length = 0; length < message.length; length++) {
        is_none(message.bytes, length);
        /* Also when its head agrees that it is over here. */
        if (length >= HEAD) {
            put_length(message.bytes + LENGTH_AT, length);
            is_none(message.bytes, length);
            put_length(message.bytes + LENGTH_AT, message.length);
        }
    }
    message.bytes[message.length] = 0;
    is_none(message.bytes, message.length + 1);
    put_length(message.bytes + LENGTH_AT, message.length + 1);
    is_none(message.bytes, message.length + 1);
}
END_TEST

START_TEST(a_length_that_lies_is_no_message)
{
    struct asp_message message;
    size_t at = HEAD;

    write_some(&message);
    for (unsigned field = 0; field < message.bytes[COUNT_AT]; field++) {
        size_t length = (size_t)message.bytes[at] | (size_t)message.bytes[at + 1] << 8;

        for (size_t lie = 0; lie <= 0xffff; lie += lie < 300 ? 1 : 251) {
            put_length(message.bytes + at, lie);
            unit_need((read_status(message.bytes, message.length, NULL) == ASP_OK) ==
                          (lie == length),
                      "field %u of %zu bytes", field, lie);
        }
        put_length(message.bytes + at, length);
        at += 2 + length;
    }
    ck_assert_uint_eq(at, message.length);
    for (size_t lie = 0; lie <= 0xffff; lie++) {
        put_length(message.bytes + LENGTH_AT, lie);
        unit_need((read_status(message.bytes, message.length, NULL) == ASP_OK) ==
                      (lie == message.length),
                  "%zu bytes in all", lie);
    }
}
END_TEST

START_TEST(a_number_of_fields_that_lies_is_no_message)
{
    struct asp_message message;
    uint8_t count;

    write_some(&message);
    count = message.bytes[COUNT_AT];
    for (unsigned lie = 0; lie < 256; lie++) {
        message.bytes[COUNT_AT] = (uint8_t)lie;
        unit_need(read_status(message.bytes, message.length, NULL) ==
                      (lie == count ? ASP_OK : ASP_CORRUPT),
                  "%u fields", lie);
    }
}
END_TEST

START_TEST(what_does_not_begin_as_ours_is_no_message)
{
    struct asp_message message;

    for (size_t at = 0; at < VERSION_AT; at++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            write_some(&message);
            message.bytes[at] = (uint8_t)(message.bytes[at] ^ 1U << bit);
            is_none(message.bytes, message.length);
        }
    }
}
END_TEST

START_TEST(another_version_is_told_with_both_numbers)
{
    struct asp_message message;
    struct asp_error error;
    char expected[200];

    for (unsigned version = 0; version < 256; version++) {
        write_some(&message);
        message.bytes[VERSION_AT] = (uint8_t)version;
        error = (struct asp_error){0};
        if (version >= 1 && version <= 4) {
            ck_assert_int_eq(read_status(message.bytes, message.length, &error), ASP_OK);
            continue;
        }
        ck_assert_int_eq(read_status(message.bytes, message.length, &error), ASP_NEWER);
        (void)snprintf(expected, sizeof expected,
                       "www-data speaks version %u of the messages and not 4: after an upgrade, "
                       "restart asp-broker and the services that ask it",
                       version);
        ck_assert_str_eq(error.text, expected);
        /* Another version may have other fields behind the head. */
        message.bytes[COUNT_AT] = 200;
        ck_assert_int_eq(read_status(message.bytes, message.length, NULL), ASP_NEWER);
    }
}
END_TEST

START_TEST(a_refusal_is_read_whatever_its_version)
{
    struct asp_message written;
    struct asp_message_read message;

    for (unsigned version = 0; version < 256; version++) {
        asp_message_begin(&written, ASP_MESSAGE_REFUSED);
        asp_message_text(&written, "too old", 100);
        written.bytes[VERSION_AT] = (uint8_t)version;
        read_good(&written, &message);
        ck_assert_uint_eq(message.version, version);
        ck_assert_int_eq(message.type, ASP_MESSAGE_REFUSED);
        ck_assert_str_eq(asp_message_field(&message, 0), "too old");
        is_none(written.bytes, written.length - 1);
    }
}
END_TEST

START_TEST(a_refusal_says_why)
{
    struct asp_message written;
    struct asp_message_read message;

    memset(&written, 'x', sizeof written);
    asp_message_refuse(&written, "too old");
    read_good(&written, &message);
    ck_assert_int_eq(message.type, ASP_MESSAGE_REFUSED);
    ck_assert_uint_eq(message.count, 1);
    ck_assert_str_eq(asp_message_field(&message, 0), "too old");
}
END_TEST

/* The bytes go on behind what has come. */
START_TEST(of_half_a_head_nothing_is_read)
{
    struct asp_message message;
    struct asp_message_read read;

    for (size_t length = 0; length < HEAD; length++) {
        write_some(&message);
        message.bytes[VERSION_AT] = 9;
        put_length(message.bytes + LENGTH_AT, length);
        ck_assert_int_eq(asp_message_read(message.bytes, length, "x", &read, NULL), ASP_CORRUPT);
    }
}
END_TEST

START_TEST(a_text_ends_with_the_one_nul_that_is_in_it)
{
    static const struct {
        const char *bytes;
        size_t length;
        bool text;
    } cases[] = {
        {"a\0", 2, true},   {"\0", 1, true},     {"a", 1, false},      {"ab", 2, false},
        {"", 0, false},     {"\0a", 2, false},   {"a\0b\0", 4, false}, {"a\0\0", 3, false},
        {"\0\0", 2, false}, {"\0a\0", 3, false},
    };

    for (size_t i = 0; i < UNIT_COUNT(cases); i++) {
        struct asp_message written;
        struct asp_message_read message;
        const char *text;

        asp_message_begin(&written, ASP_MESSAGE_LOGIN);
        asp_message_bytes(&written, cases[i].bytes, cases[i].length);
        /* The NUL of the next one is not that of this one. */
        asp_message_bytes(&written, "\0", 1);
        read_good(&written, &message);
        text = asp_message_field(&message, 0);
        ck_assert_msg((text != NULL) == cases[i].text, "case %zu", i);
        if (text != NULL)
            ck_assert_str_eq(text, cases[i].bytes);
    }
}
END_TEST

START_TEST(a_text_is_cut_to_what_it_may_have)
{
    static const struct {
        const char *text;
        size_t most;
        const char *read;
    } cases[] = {{"abc", 4, "abc"}, {"abc", 3, "abc"}, {"abc", 2, "ab"}, {"abc", 0, ""}};

    for (size_t i = 0; i < UNIT_COUNT(cases); i++) {
        struct asp_message written;
        struct asp_message_read message;

        asp_message_begin(&written, ASP_MESSAGE_LOGIN);
        asp_message_text(&written, cases[i].text, cases[i].most);
        read_good(&written, &message);
        ck_assert_str_eq(asp_message_field(&message, 0), cases[i].read);
    }
}
END_TEST

START_TEST(a_full_message_is_read_and_one_byte_more_fails_it)
{
    static uint8_t bytes[2 * 65536];
    static const size_t too_long[] = {ASP_MESSAGE_MAX - HEAD - 1,
                                      ASP_MESSAGE_MAX - 1,
                                      ASP_MESSAGE_MAX,
                                      65535,
                                      65536,
                                      65537,
                                      sizeof bytes,
                                      SIZE_MAX - 1,
                                      SIZE_MAX};
    struct asp_message written;
    struct asp_message_read message;

    memset(bytes, 'x', sizeof bytes);
    asp_message_begin(&written, ASP_MESSAGE_SAY);
    asp_message_bytes(&written, bytes, ASP_MESSAGE_MAX - HEAD - 2);
    ck_assert_uint_eq(written.length, ASP_MESSAGE_MAX);
    read_good(&written, &message);
    ck_assert_uint_eq(message.fields[0].length, ASP_MESSAGE_MAX - HEAD - 2);
    /* Not even a value that is missing has room now. */
    asp_message_text(&written, NULL, 1);
    ck_assert(written.failed);

    for (size_t i = 0; i < UNIT_COUNT(too_long); i++) {
        asp_message_begin(&written, ASP_MESSAGE_SAY);
        ck_assert(!written.failed);
        asp_message_bytes(&written, bytes, too_long[i]);
        ck_assert(written.failed);
        ck_assert_uint_eq(written.length, HEAD);
        /* It stays so, whatever would have had room behind it. */
        asp_message_text(&written, "a", 1);
        ck_assert(written.failed);
        ck_assert_uint_eq(written.length, HEAD);
    }
}
END_TEST

START_TEST(the_nul_of_a_text_needs_room_too)
{
    static char text[ASP_MESSAGE_MAX + HEAD];
    struct asp_message written;
    struct asp_message_read message;

    memset(text, 'x', sizeof text - 1);
    for (size_t length = ASP_MESSAGE_MAX - HEAD - 2; length < sizeof text; length++) {
        asp_message_begin(&written, ASP_MESSAGE_SAY);
        asp_message_text(&written, text, length);
        ck_assert(written.failed);
        ck_assert_uint_eq(written.length, HEAD);
    }
    asp_message_begin(&written, ASP_MESSAGE_SAY);
    asp_message_text(&written, text, ASP_MESSAGE_MAX - HEAD - 2 - 1);
    read_good(&written, &message);
    ck_assert_uint_eq(strlen(asp_message_field(&message, 0)), ASP_MESSAGE_MAX - HEAD - 2 - 1);
}
END_TEST

START_TEST(there_are_as_many_fields_as_a_byte_can_count)
{
    struct asp_message written;
    struct asp_message_read message;

    asp_message_begin(&written, ASP_MESSAGE_COMMAND);
    for (unsigned i = 0; i < ASP_MESSAGE_FIELDS; i++)
        asp_message_number(&written, i);
    read_good(&written, &message);
    ck_assert_uint_eq(message.count, ASP_MESSAGE_FIELDS);
    for (unsigned i = 0; i < ASP_MESSAGE_FIELDS; i++) {
        int number = -1;

        ck_assert(asp_message_read_number(&message, i, &number));
        ck_assert_int_eq(number, (int)i);
    }
    asp_message_text(&written, NULL, 1);
    ck_assert(written.failed);
}
END_TEST

START_TEST(a_number_is_digits_alone_and_no_more_than_an_int)
{
    static const struct {
        const char *text;
        int number; /* -1: it is none */
    } cases[] = {
        {"0", 0},
        {"7", 7},
        {"007", 7},
        {"2147483647", INT_MAX},
        {"2147483648", -1},
        {"4294967296", -1},
        {"18446744073709551616", -1},
        {"21474836470", -1},
        {"", -1},
        {"-1", -1},
        {"+1", -1},
        {" 1", -1},
        {"1 ", -1},
        {"1\n", -1},
        {"0x1", -1},
        {"1a", -1},
        {"a", -1},
        {"/", -1},
        {":", -1},
        {NULL, -1},
    };

    for (size_t i = 0; i < UNIT_COUNT(cases); i++) {
        struct asp_message written;
        struct asp_message_read message;
        int number = -7;

        asp_message_begin(&written, ASP_MESSAGE_DONE);
        asp_message_text(&written, cases[i].text, 100);
        read_good(&written, &message);
        ck_assert_int_eq(asp_message_read_number(&message, 0, &number), cases[i].number >= 0);
        ck_assert_int_eq(number, cases[i].number >= 0 ? cases[i].number : -7);
        ck_assert(!asp_message_read_number(&message, 1, &number));
    }
}
END_TEST

START_TEST(a_message_that_is_wiped_has_nothing_left)
{
    static const struct asp_message nothing;
    struct asp_message message;

    memset(&message, 0, sizeof message);
    write_some(&message);
    message.failed = true;
    asp_message_wipe(&message);
    ck_assert_mem_eq(&message, &nothing, sizeof message);
}
END_TEST

/* Most of the room was never touched: to write there costs more than all the rest of a login. */
START_TEST(what_was_not_written_is_not_wiped)
{
    struct asp_message message;
    size_t length;

    memset(&message, 0xa5, sizeof message);
    write_some(&message);
    asp_message_bytes(&message, "x", 1);
    length = message.length;
    asp_message_wipe(&message);
    for (size_t at = 0; at < sizeof message.bytes; at++)
        unit_need(message.bytes[at] == (at < length ? 0 : 0xa5), "the byte %zu", at);
}
END_TEST

START_TEST(what_is_no_message_has_no_version_and_no_type)
{
    struct asp_message_read read;

    memset(&read, 'x', sizeof read);
    ck_assert_int_eq(asp_message_read((const uint8_t *)"asp", 3, "x", &read, NULL), ASP_CORRUPT);
    ck_assert_uint_eq(read.version, 0);
    ck_assert_int_eq((int)read.type, 0);
    ck_assert_uint_eq(read.count, 0);
}
END_TEST

/* Whatever comes, what is read lies within it. */
START_TEST(of_a_message_that_is_none_nothing_is_left_to_read)
{
    uint64_t state = 1;
    struct asp_message message;

    for (size_t n = 0; n < unit_many(200000); n++) {
        struct asp_message_read read;
        uint64_t random = unit_random(&state);

        write_some(&message);
        for (unsigned change = 0; change <= random % 3; change++) {
            uint64_t where = unit_random(&state);

            message.bytes[VERSION_AT + where % (message.length - VERSION_AT)] =
                (uint8_t)(where >> 32);
        }
        if (asp_message_read(message.bytes, message.length, "x", &read, NULL) != ASP_OK) {
            unit_need(asp_message_field(&read, 0) == NULL, "%zu", n);
            continue;
        }
        for (size_t i = 0; i < read.count; i++)
            unit_need(read.fields[i].bytes == NULL ||
                          (read.fields[i].bytes >= message.bytes + HEAD &&
                           read.fields[i].bytes + read.fields[i].length <=
                               message.bytes + message.length),
                      "%zu: field %zu", n, i);
    }
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, what_is_written_is_read);
    unit_add(suite, the_bytes_are_those_of_version_1);
    unit_add(suite, a_message_is_of_the_version_that_is_nearest_to_the_one_asked_for);
    unit_add(suite, a_message_without_fields_is_one);
    unit_add(suite, a_message_that_is_cut_or_goes_on_is_none);
    unit_add(suite, a_length_that_lies_is_no_message);
    unit_add(suite, a_number_of_fields_that_lies_is_no_message);
    unit_add(suite, what_does_not_begin_as_ours_is_no_message);
    unit_add(suite, another_version_is_told_with_both_numbers);
    unit_add(suite, a_refusal_is_read_whatever_its_version);
    unit_add(suite, a_refusal_says_why);
    unit_add(suite, of_half_a_head_nothing_is_read);
    unit_add(suite, a_text_ends_with_the_one_nul_that_is_in_it);
    unit_add(suite, a_text_is_cut_to_what_it_may_have);
    unit_add(suite, a_full_message_is_read_and_one_byte_more_fails_it);
    unit_add(suite, the_nul_of_a_text_needs_room_too);
    unit_add(suite, there_are_as_many_fields_as_a_byte_can_count);
    unit_add(suite, a_number_is_digits_alone_and_no_more_than_an_int);
    unit_add(suite, a_message_that_is_wiped_has_nothing_left);
    unit_add(suite, what_was_not_written_is_not_wiped);
    unit_add(suite, what_is_no_message_has_no_version_and_no_type);
    unit_add(suite, of_a_message_that_is_none_nothing_is_left_to_read);
}

int main(void)
{
    return unit_run("broker_message", fill);
}
