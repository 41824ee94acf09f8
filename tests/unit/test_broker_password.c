/* A primary password that was set, as a message: what one side writes the other reads, and nothing
 * else. */
#include "unit.h"

#include "asp/broker_password.h"

#include <string.h>

enum { USER, SERVICE, CONF_PATH, CONF_STATE, FIELDS };

static const struct asp_broker_password set = {"alice", "passwd", "/etc/asp/asp.conf", "1 2 3"};

static void parse(const struct asp_message *written, struct asp_message_read *message)
{
    ck_assert(!written->failed);
    ck_assert_int_eq(asp_message_read(written->bytes, written->length, "x", message, NULL), ASP_OK);
}

/* Written by hand: the first `count` fields, one of them with other bytes. */
static bool is_read(enum asp_message_type type, size_t count, size_t other, const char *bytes,
                    size_t length)
{
    struct asp_message message;
    struct asp_message_read read;
    struct asp_broker_password heard;

    asp_message_begin(&message, type);
    for (size_t i = 0; i < count; i++)
        asp_message_bytes(&message, i == other ? bytes : "text", i == other ? length : 5);
    parse(&message, &read);
    return asp_broker_password_read(&read, &heard);
}

START_TEST(what_was_set_arrives_as_it_was_told)
{
    struct asp_message message;
    struct asp_message_read read;
    struct asp_broker_password heard;

    asp_broker_password_write(&set, &message);
    parse(&message, &read);
    ck_assert_uint_eq(read.version, 3); /* an older broker refuses it, and is known for older */
    ck_assert(asp_broker_password_read(&read, &heard));
    ck_assert_str_eq(heard.user, set.user);
    ck_assert_str_eq(heard.service, set.service);
    ck_assert_str_eq(heard.conf_path, set.conf_path);
    ck_assert_str_eq(heard.conf_state, set.conf_state);
}
END_TEST

START_TEST(what_is_too_long_is_not_cut_but_not_sent)
{
    static char user[ASP_MESSAGE_MAX + 1];
    const struct asp_broker_password longer = {user, "passwd", "/etc/asp/asp.conf", "1"};
    struct asp_message message;

    memset(user, 'a', sizeof user - 1);
    asp_broker_password_write(&longer, &message);
    ck_assert(message.failed);
}
END_TEST

START_TEST(it_has_its_type_and_its_number_of_texts)
{
    for (unsigned type = 0; type < 256; type++)
        ck_assert_int_eq(is_read((enum asp_message_type)type, FIELDS, FIELDS, NULL, 0),
                         type == ASP_MESSAGE_PASSWORD);
    for (size_t count = 0; count < 8; count++)
        ck_assert_int_eq(is_read(ASP_MESSAGE_PASSWORD, count, FIELDS + 8, NULL, 0),
                         count == FIELDS);
    for (size_t field = USER; field < FIELDS; field++) {
        ck_assert(!is_read(ASP_MESSAGE_PASSWORD, FIELDS, field, NULL, 0));
        ck_assert(!is_read(ASP_MESSAGE_PASSWORD, FIELDS, field, "text", 4));
        ck_assert(!is_read(ASP_MESSAGE_PASSWORD, FIELDS, field, "a\0b", 4));
        ck_assert(is_read(ASP_MESSAGE_PASSWORD, FIELDS, field, "text", 5));
    }
}
END_TEST

START_TEST(each_state_of_a_configuration_has_a_text_of_its_own)
{
    const struct asp_identity is = {true, 1, 2, 3, 4, 5, 6, 7};
    const struct asp_identity greatest = {true,      UINT64_MAX, UINT64_MAX, INT64_MIN,
                                          INT64_MIN, INT64_MIN,  INT64_MIN,  INT64_MIN};
    struct asp_identity others[] = {is, is, is, is, is, is, is, is};
    char state[ASP_BROKER_CONF_STATE];
    char other[ASP_BROKER_CONF_STATE];

    others[0].present = false;
    others[1].device = 9;
    others[2].inode = 9;
    others[3].size = 9;
    others[4].mtime_s = 9;
    others[5].mtime_ns = 9;
    others[6].ctime_s = 9;
    others[7].ctime_ns = 9;
    asp_broker_conf_state(&is, state);
    asp_broker_conf_state(&is, other);
    ck_assert_str_eq(other, state);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        asp_broker_conf_state(&others[i], other);
        ck_assert_str_ne(other, state);
    }
    asp_broker_conf_state(&greatest, state);
    ck_assert_uint_lt(strlen(state), sizeof state - 1); /* nothing of it is cut off */
    ck_assert_str_eq(state + strlen(state) - 20, "-9223372036854775808");
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, what_was_set_arrives_as_it_was_told);
    unit_add(suite, what_is_too_long_is_not_cut_but_not_sent);
    unit_add(suite, it_has_its_type_and_its_number_of_texts);
    unit_add(suite, each_state_of_a_configuration_has_a_text_of_its_own);
}

int main(void)
{
    return unit_run("broker_password", fill);
}
