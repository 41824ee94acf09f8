/* Which texts are a host or a network, of both families, and which addresses are in a network. */
#include "unit.h"

#include "asp/network.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct asp_network read_one(const char *text)
{
    struct asp_network network;

    unit_need(asp_network_read(text, &network), "%s", text);
    return network;
}

static void shows(const char *text, const char *expected)
{
    struct asp_network network = read_one(text);
    struct asp_network again;
    char shown[ASP_NETWORK_SIZE];

    asp_network_write(&network, shown);
    ck_assert_str_eq(shown, expected);
    again = read_one(shown);
    ck_assert_mem_eq(again.address, network.address, sizeof network.address);
    ck_assert_uint_eq(again.bits, network.bits);
}

START_TEST(a_network_is_shown_in_one_form)
{
    shows("192.0.2.7", "192.0.2.7");
    shows("192.0.2.7/32", "192.0.2.7");
    shows("192.0.2.0/24", "192.0.2.0/24");
    shows("0.0.0.0/0", "0.0.0.0/0");
    shows("128.0.0.0/1", "128.0.0.0/1");
    shows("2001:DB8::", "2001:db8::");
    shows("2001:db8::/32", "2001:db8::/32");
    shows("2001:db8:0:0:0:0:0:1/128", "2001:db8::1");
    shows("::/0", "::/0");
    shows("::1", "::1");
    shows("::ffff:192.0.2.7", "192.0.2.7");
    shows("::ffff:c000:207", "192.0.2.7");
    shows("::ffff:192.0.2.0/120", "192.0.2.0/24");
    shows("::ffff:0:0/96", "0.0.0.0/0");
    shows("::/95", "::/95");
    shows("fe80::/10", "fe80::/10");
    shows("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.254/127",
          "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe/127");
}
END_TEST

START_TEST(anything_else_is_no_network)
{
    static const char *const texts[] = {
        "",
        " ",
        "any",
        "localhost",
        "192.0.2",
        "192.0.2.7.1",
        "192.0.2.256",
        "192.0.2.07",
        "0xc0.0.2.7",
        "3221225991",
        " 192.0.2.7",
        "192.0.2.7 ",
        "192.0.2.0/",
        "192.0.2.0/-1",
        "192.0.2.0/+24",
        "192.0.2.0/ 24",
        "192.0.2.0/24 ",
        "192.0.2.0/024",
        "192.0.2.0/33",
        "192.0.2.0/128",
        "192.0.2.0/256",
        "192.0.2.0/280",
        "192.0.2.0/4294967320",
        "192.0.2.0/255.255.255.0",
        "192.0.2.0/24/24",
        "/24",
        "/",
        "2001:db8::/129",
        "2001:db8::/1000",
        "2001:db8::/288",
        "2001:db8:::/32",
        "2001:db8::g",
        "2001:db8::1%eth0",
        "[2001:db8::1]",
        "1:2:3:4:5:6:7:8:9",
        "::ffff:192.0.2.256",
        "192.0.2.7,192.0.2.8",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    };
    struct asp_network network;

    for (size_t i = 0; i < UNIT_COUNT(texts); i++)
        unit_need(!asp_network_read(texts[i], &network), "%s", texts[i]);
}
END_TEST

START_TEST(host_bits_that_are_set_are_an_error)
{
    static const char *const texts[] = {
        "192.0.2.1/24",    "192.0.2.7/31",         "128.0.0.0/0",   "0.0.0.1/0",
        "10.1.0.0/8",      "2001:db8::1/64",       "::1/0",         "8000::/0",
        "2001:db8::1/127", "::ffff:192.0.2.1/120", "::ffff:0:0/95", "::ffff:0:0/0",
    };
    struct asp_network network;

    for (size_t i = 0; i < UNIT_COUNT(texts); i++)
        unit_need(!asp_network_read(texts[i], &network), "%s", texts[i]);
}
END_TEST

/* Whatever the length, the network that is read is the one in which the address is, and no larger.
 */
START_TEST(host_bits_that_are_set_can_be_taken_away)
{
    struct asp_network network;
    char text[64];

    for (int length = 0; length <= 128; length++) {
        bool v4 = length <= 32;

        for (int family = v4 ? 0 : 1; family < 2; family++) {
            const char *address =
                family == 0 ? "255.255.255.255" : "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
            unsigned bits = (unsigned)length + (family == 0 ? 96 : 0);

            (void)snprintf(text, sizeof text, "%s/%d", address, length);
            ck_assert(asp_network_read_any(text, &network));
            ck_assert_uint_eq(network.bits, bits);
            for (unsigned bit = family == 0 ? 96 : 0; bit < 128; bit++)
                ck_assert_int_eq((network.address[bit / 8] >> (7 - bit % 8)) & 1, bit < bits);
        }
    }
    ck_assert(!asp_network_read_any("10.0.0.1/33", &network));
    ck_assert(!asp_network_read_any("10.0.0/8", &network));
    ck_assert(!asp_network_read_any("", &network));
}
END_TEST

/* Of a network whose host bits are clear at any length, so that the length alone is refused. */
START_TEST(a_length_is_digits_without_a_leading_zero)
{
    static const char *const texts[] = {
        "0.0.0.0/",   "0.0.0.0/x",  "0.0.0.0/00", "0.0.0.0/08", "0.0.0.0/000", "0.0.0.0/0000",
        "0.0.0.0/0x", "0.0.0.0/33", "::/",        "::/x",       "::/00",       "::/012",
        "::/0 ",      "::/ 0",      "::/-0",      "::/129",     "::/1000",
    };
    struct asp_network network;

    for (size_t i = 0; i < UNIT_COUNT(texts); i++)
        unit_need(!asp_network_read(texts[i], &network), "%s", texts[i]);
}
END_TEST

/* Every length of both families: the address itself is in, and with any one bit flipped it is in
 * when that bit is one of the host's. */
static void every_length(int family, const char *host, unsigned most)
{
    uint8_t address[16];
    char text[INET6_ADDRSTRLEN];
    char cidr[INET6_ADDRSTRLEN + 8];

    for (unsigned bits = 0; bits <= most; bits++) {
        uint8_t base[16];
        struct asp_network network;

        ck_assert_int_eq(inet_pton(family, host, address), 1);
        memcpy(base, address, sizeof base);
        for (unsigned bit = bits; bit < most; bit++)
            base[bit / 8] = (uint8_t)(base[bit / 8] & ~(0x80U >> bit % 8));
        (void)inet_ntop(family, base, text, sizeof text);
        (void)snprintf(cidr, sizeof cidr, "%s/%u", text, bits);
        network = read_one(cidr);
        unit_need(asp_networks_contain(&network, 1, host), "%s in %s", host, cidr);
        for (unsigned bit = 0; bit < most; bit++) {
            address[bit / 8] = (uint8_t)(address[bit / 8] ^ 0x80U >> bit % 8);
            (void)inet_ntop(family, address, text, sizeof text);
            unit_need(asp_networks_contain(&network, 1, text) == (bit >= bits), "%s in %s", text,
                      cidr);
            address[bit / 8] = (uint8_t)(address[bit / 8] ^ 0x80U >> bit % 8);
        }
    }
}

START_TEST(membership_is_by_the_bits_of_the_network_alone)
{
    every_length(AF_INET, "203.0.113.165", 32);
    every_length(AF_INET6, "2001:db8:a5a5:5a5a:1234:5678:9abc:def1", 128);
}
END_TEST

static bool contains(const char *network, const char *host)
{
    struct asp_network one = read_one(network);

    return asp_networks_contain(&one, 1, host);
}

START_TEST(a_mapped_address_is_the_v4_one_and_never_v6)
{
    ck_assert(contains("192.0.2.0/24", "::ffff:192.0.2.9"));
    ck_assert(contains("192.0.2.0/24", "::ffff:c000:209"));
    ck_assert(contains("::ffff:192.0.2.0/120", "192.0.2.9"));
    ck_assert(contains("0.0.0.0/0", "::ffff:1.2.3.4"));
    ck_assert(!contains("0.0.0.0/0", "2001:db8::1"));
    ck_assert(!contains("0.0.0.0/0", "::1.2.3.4"));
    ck_assert(!contains("::/0", "192.0.2.9"));
    ck_assert(!contains("::/0", "::ffff:192.0.2.9"));
    ck_assert(!contains("::/80", "::ffff:192.0.2.9"));
    ck_assert(contains("::/0", "::fffe:192.0.2.9"));
    ck_assert(contains("::/0", "::"));
}
END_TEST

START_TEST(what_is_no_address_is_in_no_network)
{
    static const char *const hosts[] = {
        "",
        "localhost",
        "mail.example.org",
        "192.0.2",
        "192.0.2.7 ",
        " 192.0.2.7",
        "192.0.2.7x",
        "192.0.2.07",
        "192.0.2.7/32",
        "192.0.2.0/24",
        "::ffff:",
        "[::1]",
        "%",
        "%192.0.2.7",
        "3221225991",
        "192.0.2.7\n",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    };
    struct asp_network all[2] = {read_one("0.0.0.0/0"), read_one("::/0")};

    for (size_t i = 0; i < UNIT_COUNT(hosts); i++) {
        unit_need(!asp_networks_contain(all, 2, hosts[i]), "%s", hosts[i]);
        unit_need(!asp_host_is_address(hosts[i]), "%s", hosts[i]);
    }
}
END_TEST

START_TEST(the_zone_of_a_link_local_address_is_passed_over)
{
    ck_assert(contains("fe80::/10", "fe80::1%eth0"));
    ck_assert(contains("fe80::1", "fe80::1%2"));
    ck_assert(!contains("fe80::2", "fe80::1%eth0"));
    ck_assert(asp_host_is_address("fe80::1%eth0"));
    ck_assert(!asp_host_is_address("fe80::1%"));
    ck_assert(!asp_host_is_address("fe80::1%%"));
    ck_assert(!asp_host_is_address("fe80::1%%eth0"));
    ck_assert(!asp_host_is_address("fe80::1%eth0%"));
    ck_assert(!asp_host_is_address("fe80::1%eth 0"));
    ck_assert(!asp_host_is_address("192.0.2.7%eth0"));
}
END_TEST

START_TEST(what_reaches_this_machine_alone_is_loopback)
{
    ck_assert(asp_host_is_loopback("127.0.0.1"));
    ck_assert(asp_host_is_loopback("127.255.255.254"));
    ck_assert(asp_host_is_loopback("::ffff:127.0.0.1"));
    ck_assert(asp_host_is_loopback("::1"));
    ck_assert(!asp_host_is_loopback("128.0.0.1"));
    ck_assert(!asp_host_is_loopback("126.255.255.255"));
    ck_assert(!asp_host_is_loopback("::2"));
    ck_assert(!asp_host_is_loopback("localhost"));
}
END_TEST

START_TEST(any_one_of_several_networks_is_enough_and_none_is_not)
{
    struct asp_network several[3] = {read_one("198.51.100.0/24"), read_one("2001:db8::/32"),
                                     read_one("192.0.2.7")};

    ck_assert(asp_networks_contain(several, 3, "198.51.100.255"));
    ck_assert(asp_networks_contain(several, 3, "2001:db8:1::1"));
    ck_assert(asp_networks_contain(several, 3, "192.0.2.7"));
    ck_assert(!asp_networks_contain(several, 2, "192.0.2.7"));
    ck_assert(!asp_networks_contain(several, 3, "192.0.2.8"));
    ck_assert(!asp_networks_contain(several, 0, "192.0.2.7"));
}
END_TEST

START_TEST(a_host_is_what_looks_like_an_address_or_a_name)
{
    static const char *const good[] = {
        "192.0.2.7",        "::1",       "::", "2001:db8::7",       "fe80::1%eth0",
        "::ffff:192.0.2.7", "localhost", "a",  "MAIL.example.org.", "a-b_c.example",
        "127.0.0.1",
    };
    static const char *const bad[] = {
        "",         ".example",
        "-a",       "_a",
        "%eth0",    " a",
        "a ",       "a b",
        "a\n",      "a\"",
        "a\\",      "a\x1b[m",
        "a=b",      "a/b",
        "a,b",      "a;b",
        "\xc3\xa9", "a\x80",
        "a'",       "a@b",
        "a[b]",     "verdict=accepted x",
        "a\x7f",
    };
    char host[ASP_HOST_MAX + 2];

    for (size_t i = 0; i < UNIT_COUNT(good); i++)
        unit_need(asp_host_valid(good[i]), "%s", good[i]);
    for (size_t i = 0; i < UNIT_COUNT(bad); i++)
        unit_need(!asp_host_valid(bad[i]), "%s", bad[i]);
    memset(host, 'a', sizeof host);
    host[ASP_HOST_MAX] = '\0';
    ck_assert(asp_host_valid(host));
    host[ASP_HOST_MAX] = 'a';
    host[ASP_HOST_MAX + 1] = '\0';
    ck_assert(!asp_host_valid(host));
}
END_TEST

START_TEST(every_byte_of_a_host_is_of_a_few)
{
    for (unsigned byte = 1; byte < 256; byte++) {
        const char first[] = {(char)byte, '\0'};
        const char inner[] = {'a', (char)byte, '\0'};
        bool plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                     (byte >= '0' && byte <= '9') || byte == ':';

        unit_need(asp_host_valid(first) == plain, "%u", byte);
        unit_need(asp_host_valid(inner) == (plain || strchr("-._%", (int)byte) != NULL), "%u",
                  byte);
    }
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, a_network_is_shown_in_one_form);
    unit_add(suite, anything_else_is_no_network);
    unit_add(suite, host_bits_that_are_set_are_an_error);
    unit_add(suite, host_bits_that_are_set_can_be_taken_away);
    unit_add(suite, a_length_is_digits_without_a_leading_zero);
    unit_add(suite, membership_is_by_the_bits_of_the_network_alone);
    unit_add(suite, a_mapped_address_is_the_v4_one_and_never_v6);
    unit_add(suite, what_is_no_address_is_in_no_network);
    unit_add(suite, the_zone_of_a_link_local_address_is_passed_over);
    unit_add(suite, what_reaches_this_machine_alone_is_loopback);
    unit_add(suite, any_one_of_several_networks_is_enough_and_none_is_not);
    unit_add(suite, a_host_is_what_looks_like_an_address_or_a_name);
    unit_add(suite, every_byte_of_a_host_is_of_a_few);
}

int main(void)
{
    return unit_run("network", fill);
}
