/* The message that begins a session in a browser. */
#include "unit.h"

#include "asp/broker_sign_in.h"

static bool is_read(const char *user, const char *address, struct asp_broker_sign_in *read,
                    struct asp_network *network)
{
    static struct asp_message message;
    static struct asp_message_read said;
    const struct asp_broker_sign_in sign_in = {user, address};

    asp_broker_sign_in_write(&sign_in, &message);
    ck_assert(!message.failed);
    ck_assert_int_eq(asp_message_read(message.bytes, message.length, "x", &said, NULL), ASP_OK);
    return asp_broker_sign_in_read(&said, read, network);
}

START_TEST(what_is_written_is_read)
{
    struct asp_broker_sign_in read;
    struct asp_network network;
    char text[ASP_NETWORK_SIZE];

    ck_assert(is_read("alice", "192.0.2.7", &read, &network));
    ck_assert_str_eq(read.user, "alice");
    asp_network_write(&network, text);
    ck_assert_str_eq(text, "192.0.2.7");
    ck_assert(is_read("EXAMPLE\\\xc3\xa4", "2001:db8::1", &read, &network));
    ck_assert_str_eq(read.user, "EXAMPLE\\\xc3\xa4");
    ck_assert(is_read("alice", NULL, &read, &network));
    ck_assert_ptr_null(read.address);
}
END_TEST

START_TEST(a_name_that_is_none_and_an_address_that_is_none_are_refused)
{
    static const char *const addresses[] = {
        "", "192.0.2", "192.0.2.0/24", "host", "fe80::1%", "fe80::1%eth0", "::1 ", "1.2.3.4:5"};
    struct asp_broker_sign_in read;
    struct asp_network network;
    char longest[ASP_USER_MAX + 2];

    for (size_t i = 0; i < UNIT_COUNT(addresses); i++)
        ck_assert_msg(!is_read("alice", addresses[i], &read, &network), "%s", addresses[i]);
    ck_assert(!is_read("", "192.0.2.7", &read, &network));
    ck_assert(!is_read(NULL, "192.0.2.7", &read, &network));
    ck_assert(!is_read("a\nb", "192.0.2.7", &read, &network));
    ck_assert(!is_read("a\x7f", "192.0.2.7", &read, &network));
    ck_assert(!is_read("\na", "192.0.2.7", &read, &network));
    ck_assert(is_read("a b", "192.0.2.7", &read, &network));
    ck_assert(is_read("a", "192.0.2.7", &read, &network));
    memset(longest, 'a', sizeof longest);
    longest[ASP_USER_MAX + 1] = '\0';
    ck_assert(!is_read(longest, NULL, &read, &network));
    longest[ASP_USER_MAX] = '\0';
    ck_assert(is_read(longest, NULL, &read, &network));
}
END_TEST

START_TEST(another_type_and_another_number_of_fields_are_none)
{
    struct asp_broker_sign_in read;
    struct asp_network network;
    struct asp_message message;
    struct asp_message_read said;

    for (int i = 0; i < 8; i++) {
        const int fields = i / 2;
        const bool is_sign_in = i % 2 == 0;

        asp_message_begin(&message, is_sign_in ? ASP_MESSAGE_SIGN_IN : ASP_MESSAGE_COMMAND);
        for (int field = 0; field < fields; field++)
            asp_message_text(&message, field == 0 ? "alice" : NULL, ASP_USER_MAX);
        ck_assert_int_eq(asp_message_read(message.bytes, message.length, "x", &said, NULL), ASP_OK);
        ck_assert_int_eq(asp_broker_sign_in_read(&said, &read, &network),
                         fields == 2 && is_sign_in);
    }
    asp_message_begin(&message, ASP_MESSAGE_SIGN_IN);
    asp_message_text(&message, "alice", ASP_USER_MAX);
    asp_message_bytes(&message, "192.0.2.7", 9);
    ck_assert_int_eq(asp_message_read(message.bytes, message.length, "x", &said, NULL), ASP_OK);
    ck_assert(!asp_broker_sign_in_read(&said, &read, &network));
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, what_is_written_is_read);
    unit_add(suite, a_name_that_is_none_and_an_address_that_is_none_are_refused);
    unit_add(suite, another_type_and_another_number_of_fields_are_none);
}

int main(void)
{
    return unit_run("broker_sign_in", fill);
}
