/* Where a browser is, as a proxy tells it, and who is counted as one. */
#include "unit.h"

#include "asp-web/address.h"

START_TEST(an_address_is_read_in_one_form)
{
    static const char *const rows[][2] = {
        {"192.0.2.7", "192.0.2.7"},
        {"2001:db8::1", "2001:db8::1"},
        {"2001:0DB8:0:0:0:0:0:1", "2001:db8::1"},
        {"::1", "::1"},
    };
    char address[ASP_NETWORK_SIZE];

    for (size_t i = 0; i < UNIT_COUNT(rows); i++) {
        ck_assert(address_read(rows[i][0], address));
        ck_assert_str_eq(address, rows[i][1]);
    }
}
END_TEST

START_TEST(what_is_no_address_is_none)
{
    static const char *const none[] = {
        NULL,
        "",
        "localhost",
        "192.0.2.0/24",
        "2001:db8::/32",
        "fe80::1%eth",
        "192.0.2.7:80",
        "192.0.2.7, 192.0.2.8",
        "192.0.2",
        "fe80::1%",
        "[::1]",
        "a.example",
        "192.0.2.7 ",
        "192.0.2.7/",
        "2001:db8::1/128",
    };
    char address[ASP_NETWORK_SIZE];

    for (size_t i = 0; i < UNIT_COUNT(none); i++) {
        strcpy(address, "x");
        ck_assert_msg(!address_read(none[i], address), "%s", none[i]);
        ck_assert_str_eq(address, "");
    }
}
END_TEST

START_TEST(those_of_one_subscriber_are_near)
{
    static const struct {
        const char *one;
        const char *other;
        bool near;
    } rows[] = {
        {"192.0.2.7", "192.0.2.7", true},
        {"192.0.2.7", "192.0.2.8", false},
        {"2001:db8:0:1::1", "2001:db8:0:1::1", true},
        {"2001:db8:0:1::1", "2001:db8:0:1:ffff:ffff:ffff:ffff", true},
        {"2001:db8:0:1::1", "2001:db8:0:2::1", false},
        {"2001:db8:0:1::1", "2001:db9:0:1::1", false},
        {"2001:db8:0:1::1", "192.0.2.7", false},
        {"192.0.2.7", "2001:db8:0:1::1", false},
        {"192.0.2.7", "::1",
         false}, /* whose first half is as that of what an IPv4 address is read into */
        {"::1", "192.0.2.7", false},
        {"", "", true},
        {"", "192.0.2.7", false},
        {"", "::1", false},
        /* What is no address is near to none. */
        {":", ":", false},
        {"::1", ":", false},
        {":", "::1", false},
    };

    for (size_t i = 0; i < UNIT_COUNT(rows); i++)
        ck_assert_msg(address_is_near(rows[i].one, rows[i].other) == rows[i].near, "%s %s",
                      rows[i].one, rows[i].other);
}
END_TEST

START_TEST(all_strangers_are_one_and_who_is_not_known_is_nobody)
{
    static const struct origin unknown = {.kind = FROM_UNKNOWN};
    static const struct origin stranger = {.kind = FROM_STRANGER};
    static const struct origin other_stranger = {.kind = FROM_STRANGER, .address = "192.0.2.7"};
    static const struct origin known = {.kind = FROM_ADDRESS, .address = "192.0.2.7"};
    static const struct origin other = {.kind = FROM_ADDRESS, .address = "192.0.2.8"};

    ck_assert(!origin_is_near(&unknown, &unknown));
    ck_assert(!origin_is_near(&unknown, &known));
    ck_assert(!origin_is_near(&known, &unknown));
    ck_assert(origin_is_near(&stranger, &other_stranger));
    ck_assert(!origin_is_near(&other_stranger, &known));
    ck_assert(!origin_is_near(&known, &other_stranger));
    ck_assert(origin_is_near(&known, &known));
    ck_assert(!origin_is_near(&known, &other));
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, an_address_is_read_in_one_form);
    unit_add(suite, what_is_no_address_is_none);
    unit_add(suite, those_of_one_subscriber_are_near);
    unit_add(suite, all_strangers_are_one_and_who_is_not_known_is_nobody);
}

int main(void)
{
    return unit_run("web_address", fill);
}
