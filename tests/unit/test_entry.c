/* One record and its one line of text, and what it is at a time. */
#include "unit.h"

#include "asp/buffer.h"
#include "asp/entry.h"
#include "asp/network.h"
#include "asp/time_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HMAC_ZERO "$hmac-sha256$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define ARGON_ZERO                                                                                 \
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$"                                       \
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define PLAIN                                                                                      \
    "id=7k label=\"Phone\" app=first-use created=1970-01-01T00:16:40Z by=\"root\" bound=- "        \
    "expires=never unused=never from=any revoked=- verifier=" HMAC_ZERO
#define FULL                                                                                       \
    "id=zz label=\"An \\\"old\\\" \\\\ phone \xc3\xa9\" app=mail created=2023-11-14T22:13:20Z "    \
    "by=\"EX\\\\ann \xff\" bound=2023-11-14T22:13:21Z,imap expires=2024-11-14T22:13:20Z "          \
    "unused=2592000 from=192.0.2.0/24,198.51.100.7,2001:db8::/32 revoked=2024-01-01T00:00:00Z "    \
    "revoked_by=\"pam:passwd\" reason=\"lost \\\"it\\\"\" replaced_by=00 hook=due "                \
    "verifier=" ARGON_ZERO

static void full_entry(struct asp_entry *entry)
{
    unit_plain_entry(entry, "zz", "An \"old\" \\ phone \xc3\xa9");
    strcpy(entry->app, "mail");
    strcpy(entry->verifier, ARGON_ZERO);
    entry->created = 1700000000;
    strcpy(entry->created_by, "EX\\ann \xff");
    entry->bound = 1700000001;
    strcpy(entry->bound_service, "imap");
    entry->expires = 1731622400;
    entry->unused_limit = 2592000;
    entry->network_count = 3;
    ck_assert(asp_network_read("192.0.2.0/24", &entry->networks[0]));
    ck_assert(asp_network_read("198.51.100.7", &entry->networks[1]));
    ck_assert(asp_network_read("2001:db8::/32", &entry->networks[2]));
    entry->revoked = 1704067200;
    strcpy(entry->revoked_by, "pam:passwd");
    strcpy(entry->reason, "lost \"it\"");
    strcpy(entry->replaced_by, "00");
    entry->hook_due = true;
}

static void writes(const struct asp_entry *entry, const char *line)
{
    struct asp_buffer out = {0};

    asp_entry_write(entry, &out);
    ck_assert(!out.failed);
    ck_assert_uint_eq(out.length, strlen(line) + 1);
    ck_assert_int_eq(out.text[out.length - 1], '\n');
    out.text[out.length - 1] = '\0';
    ck_assert_str_eq(out.text, line);
    asp_buffer_free(&out);
}

/* Reads from memory of the line's very size. */
static enum asp_status read_line(const char *line, size_t length, struct asp_entry *entry)
{
    char *exact = malloc(length + (length == 0));
    enum asp_status status;

    unit_need(exact != NULL, "no memory");
    memcpy(exact, line, length);
    memset(entry, 'x', sizeof *entry);
    status = asp_entry_read(exact, length, entry);
    free(exact);
    return status;
}

static void is_corrupt(const char *line, size_t length)
{
    struct asp_entry entry;
    struct asp_entry nothing;

    asp_entry_init(&nothing);
    unit_need(read_line(line, length, &entry) == ASP_CORRUPT, "%.*s", (int)length, line);
    unit_need(memcmp(&entry, &nothing, sizeof entry) == 0, "something is left of %.*s", (int)length,
              line);
}

START_TEST(a_record_is_one_line_with_every_field_in_its_place)
{
    struct asp_entry entry;
    struct asp_entry again;

    unit_plain_entry(&entry, "7k", "Phone");
    writes(&entry, PLAIN);
    ck_assert_int_eq(read_line(PLAIN, strlen(PLAIN), &again), ASP_OK);
    unit_same_entry(&again, &entry);

    full_entry(&entry);
    writes(&entry, FULL);
    ck_assert_int_eq(read_line(FULL, strlen(FULL), &again), ASP_OK);
    unit_same_entry(&again, &entry);
    ck_assert(again.hook_due);
}
END_TEST

/* What is read is what would be written, to the byte: nothing else is a line of ours. */
static void one_text(const char *line, size_t length)
{
    struct asp_entry entry;
    struct asp_buffer out = {0};

    if (read_line(line, length, &entry) != ASP_OK)
        return;
    asp_entry_write(&entry, &out);
    unit_need(out.length == length + 1 && memcmp(out.text, line, length) == 0, "%.*s became %s",
              (int)length, line, out.text);
    asp_buffer_free(&out);
}

START_TEST(there_is_one_text_for_a_record)
{
    static const char *const lines[] = {PLAIN, FULL};
    const char *line = lines[_i];
    size_t length = strlen(line);
    unsigned step = unit_is_watched() ? 31 : 1;
    char changed[1024];

    for (size_t at = 0; at <= length; at++) {
        is_corrupt(line, at == length ? 0 : at);
        for (unsigned byte = 0; byte < 256; byte += step) {
            memcpy(changed, line, length);
            if (at < length) {
                changed[at] = (char)byte;
                one_text(changed, length);
            }
            memcpy(changed, line, at);
            changed[at] = (char)byte;
            memcpy(changed + at + 1, line + at, length - at);
            one_text(changed, length + 1);
        }
        if (at < length) {
            memcpy(changed, line, at);
            memcpy(changed + at, line + at + 1, length - at - 1);
            one_text(changed, length - 1);
        }
    }
}
END_TEST

START_TEST(a_nul_anywhere_is_corrupt)
{
    char line[] = FULL;

    for (size_t at = 0; at < sizeof line - 1; at++) {
        char kept = line[at];

        line[at] = '\0';
        is_corrupt(line, sizeof line - 1);
        line[at] = kept;
    }
    is_corrupt(line, sizeof line);
}
END_TEST

/* PLAIN with one piece replaced. */
static void with(const char *piece, const char *other, bool good)
{
    char line[8192];
    const char *at = strstr(PLAIN, piece);
    struct asp_entry entry;
    int length;

    unit_need(at != NULL, "%s", piece);
    length = snprintf(line, sizeof line, "%.*s%s%s", (int)(at - PLAIN), PLAIN, other,
                      at + strlen(piece));
    if (!good) {
        is_corrupt(line, (size_t)length);
    } else {
        unit_need(read_line(line, (size_t)length, &entry) == ASP_OK, "%s", line);
        one_text(line, (size_t)length);
    }
}

START_TEST(each_field_has_its_form)
{
    static const struct {
        const char *piece;
        const char *other;
        bool good;
    } cases[] = {
        {"id=7k", "id=00", true},
        {"id=7k", "id=7", false},
        {"id=7k", "id=7kk", false},
        {"id=7k", "id=7i", false},
        {"id=7k", "id=7K", false},
        {"id=7k", "id=", false},
        {"id=7k", " id=7k", false},
        {"id=7k", "ID=7k", false},
        {"id=7k ", "id=7k  ", false},
        {"\"Phone\"", "\"\"", false},
        {"\"Phone\"", "Phone", false},
        {"\"Phone\"", "\"Ph\\one\"", false},
        {"\"Phone\"", "\"Ph\"one\"", false},
        {"\"Phone\"", "\"Phone\\\"", false},
        {"\"Phone\"", "\"Ph\tone\"", false},
        {"\"Phone\"", "\"Ph\xff one\"", false},
        {"\"Phone\"", "\"Ph\xe2\x80\xae one\"", false},
        {"\"Phone\"", "\"=,- app=\"", true},
        {"app=first-use", "app=any", true},
        {"app=first-use", "app=mail", true},
        {"app=first-use", "app=", false},
        {"app=first-use", "app=\"mail\"", false},
        {"app=first-use", "app=ma,il", false},
        {"app=first-use", "app=ma/il", false},
        {"app=first-use", "app=ma%il", false},
        {"created=1970-01-01T00:16:40Z", "created=-", false},
        {"created=1970-01-01T00:16:40Z", "created=never", false},
        {"created=1970-01-01T00:16:40Z", "created=1970-01-01T00:16:60Z", false},
        {"created=1970-01-01T00:16:40Z", "created=1000", false},
        {"by=\"root\"", "by=\"\"", true},
        {"by=\"root\"", "by=", false},
        {"by=\"root\"", "by=root", false},
        {"by=\"root\"", "by=\"ro\not\"", false},
        {"by=\"root\"", "by=\"ro\x7fot\"", false},
        {"bound=-", "bound=", false},
        {"bound=-", "bound=never", false},
        {"bound=-", "bound=-,imap", false},
        {"bound=-", "bound=1970-01-01T00:16:40Z", false},
        {"bound=-", "bound=1970-01-01T00:16:40Z,imap", false}, /* the app is still first-use */
        {"expires=never", "expires=-", false},
        {"expires=never", "expires=", false},
        {"expires=never", "expires=1970-01-01T00:00:00Z", true},
        {"expires=never", "expires=9999-12-31T23:59:59Z", true},
        {"unused=never", "unused=0", false},
        {"unused=never", "unused=1", true},
        {"unused=never", "unused=01", false},
        {"unused=never", "unused=-1", false},
        {"unused=never", "unused=+1", false},
        {"unused=never", "unused=1s", false},
        {"unused=never", "unused=", false},
        {"unused=never", "unused=3153600000", true},
        {"unused=never", "unused=3153600001", false},
        {"unused=never", "unused=99999999999", false},
        {"unused=never", "unused=18446744073709551617", false},
        {"from=any", "from=", false},
        {"from=any", "from=-", false},
        {"from=any", "from=any,192.0.2.7", false},
        {"from=any", "from=192.0.2.7", true},
        {"from=any", "from=192.0.2.7,", false},
        {"from=any", "from=,192.0.2.7", false},
        {"from=any", "from=192.0.2.7,192.0.2.7", true},
        {"from=any", "from=192.0.2.7/32", false},
        {"from=any", "from=192.0.2.7/24", false},
        {"from=any", "from=::ffff:192.0.2.7", false},
        {"from=any", "from=2001:DB8::1", false},
        {"from=any", "from=2001:db8:0::1", false},
        {"from=any", "from=::/0", true},
        {"from=any", "from=localhost", false},
        {"revoked=-", "revoked=never", false},
        {"revoked=-", "revoked=1970-01-01T00:16:40Z", false},
        {"revoked=-", "revoked=- revoked_by=\"ann\"", false},
        {"revoked=-",
         "revoked=1970-01-01T00:16:40Z revoked_by=\"ann\" reason=\"admin\" replaced_by=- hook=-",
         true},
        {"revoked=-",
         "revoked=1970-01-01T00:16:40Z revoked_by=\"ann\" reason=\"\" replaced_by=- hook=-", false},
        {"revoked=-",
         "revoked=1970-01-01T00:16:40Z revoked_by=\"ann\" reason=\"admin\" replaced_by= hook=-",
         false},
        {"revoked=-",
         "revoked=1970-01-01T00:16:40Z revoked_by=\"ann\" reason=\"admin\" replaced_by=7i hook=-",
         false},
        {"revoked=-",
         "revoked=1970-01-01T00:16:40Z revoked_by=\"ann\" reason=\"admin\" replaced_by=- hook=yes",
         false},
        {"revoked=-",
         "revoked=1970-01-01T00:16:40Z revoked_by=\"a\tn\" reason=\"admin\" replaced_by=- hook=-",
         false},
        {"verifier=" HMAC_ZERO, "verifier=" ARGON_ZERO, true},
        {"verifier=" HMAC_ZERO, "verifier=", false},
        {"verifier=" HMAC_ZERO, "verifier=*", false},
        {"verifier=" HMAC_ZERO, "verifier=" HMAC_ZERO " ", false},
        {"verifier=" HMAC_ZERO, "verifier=" HMAC_ZERO ",", false},
        {"verifier=" HMAC_ZERO, "verifier=" HMAC_ZERO "\n", false},
        {"verifier=" HMAC_ZERO, "verifier=" HMAC_ZERO " more=1", false},
        {" verifier=" HMAC_ZERO, "", false},
        {" from=any", "", false},
        {" expires=never unused=never", " unused=never expires=never", false},
    };

    for (size_t i = 0; i < UNIT_COUNT(cases); i++)
        with(cases[i].piece, cases[i].other, cases[i].good);
}
END_TEST

START_TEST(a_value_longer_than_its_place_is_corrupt)
{
    char other[4096];
    size_t length;

    memset(other, 'a', sizeof other);
    (void)snprintf(other, sizeof other, "app=%064d", 1);
    with("app=first-use", other, true);
    (void)snprintf(other, sizeof other, "app=%065d", 1);
    with("app=first-use", other, false);
    (void)snprintf(other, sizeof other, "by=\"%0*d\"", ASP_BY_SIZE - 1, 1);
    with("by=\"root\"", other, true);
    (void)snprintf(other, sizeof other, "by=\"%0*d\"", ASP_BY_SIZE, 1);
    with("by=\"root\"", other, false);
    (void)snprintf(other, sizeof other, "by=\"%0*d", ASP_BY_SIZE - 1, 1);
    with("by=\"root\"", other, false);
    (void)snprintf(other, sizeof other, "\"%064d\"", 1);
    with("\"Phone\"", other, true);
    (void)snprintf(other, sizeof other, "\"%065d\"", 1);
    with("\"Phone\"", other, false);
    (void)snprintf(other, sizeof other, "\"%04000d\"", 1);
    with("\"Phone\"", other, false);
    (void)snprintf(other, sizeof other, "verifier=%04000d", 1);
    with("verifier=" HMAC_ZERO, other, false);

    length = (size_t)snprintf(other, sizeof other, "from=10.0.0.0");
    for (int n = 1; n < ASP_NETWORKS_MAX; n++)
        length += (size_t)snprintf(other + length, sizeof other - length, ",10.0.0.%d", n);
    with("from=any", other, true);
    (void)snprintf(other + length, sizeof other - length, ",10.0.1.0");
    with("from=any", other, false);
    while (length + 4 < sizeof other)
        length += (size_t)snprintf(other + length, sizeof other - length, ",::");
    with("from=any", other, false);
}
END_TEST

/* Each field on its own made wrong: the validator names it. */
START_TEST(the_validator_sees_every_field)
{
    struct asp_entry good;
    struct asp_entry bad;

    full_entry(&good);
    ck_assert_ptr_null(asp_entry_fault(&good));
#define FAULT(word, change)                                                                        \
    do {                                                                                           \
        const char *fault;                                                                         \
                                                                                                   \
        bad = good;                                                                                \
        change;                                                                                    \
        fault = asp_entry_fault(&bad);                                                             \
        unit_need(fault != NULL && strstr(fault, word) != NULL, "%s: %s", #change,                 \
                  fault != NULL ? fault : "no fault");                                             \
    } while (0)
    FAULT("id", bad.id[0] = '\0');
    FAULT("id", bad.id[1] = 'l');
    FAULT("label", bad.label[0] = '\0');
    FAULT("label", bad.label[3] = '\n');
    FAULT("app", bad.app[0] = '\0');
    FAULT("app", bad.app[0] = ' ');
    FAULT("verifier", bad.verifier[0] = 'x');
    FAULT("created", bad.created = ASP_NEVER);
    FAULT("created", bad.created = ASP_TIME_MAX + 1);
    FAULT("created", bad.created_by[0] = '\n');
    FAULT("binding", bad.bound = ASP_NEVER);
    FAULT("binding", bad.bound = -2);
    FAULT("binding", bad.bound = ASP_TIME_MAX + 1);
    FAULT("binding", bad.bound_service[0] = '\0');
    FAULT("binding", strcpy(bad.app, ASP_APP_ANY));
    FAULT("binding", strcpy(bad.app, ASP_APP_FIRST_USE));
    FAULT("expiry", bad.expires = -2);
    FAULT("expiry", bad.expires = ASP_TIME_MAX + 1);
    FAULT("unused", bad.unused_limit = 0);
    FAULT("unused", bad.unused_limit = -2);
    FAULT("unused", bad.unused_limit = ASP_DURATION_MAX + 1);
    FAULT("networks", bad.network_count = ASP_NETWORKS_MAX + 1);
    FAULT("revocation", bad.revoked = ASP_NEVER);
    FAULT("revocation", bad.revoked = -2);
    FAULT("revocation", bad.revoked_by[2] = '\x1b');
    FAULT("revocation", bad.reason[0] = '\0');
    FAULT("revocation", bad.reason[0] = '\r');
    FAULT("revocation", bad.replaced_by[0] = 'o');
    FAULT("revocation", bad.replaced_by[1] = '\0');

    unit_plain_entry(&good, "7k", "Phone");
    ck_assert_ptr_null(asp_entry_fault(&good));
    FAULT("revocation", bad.revoked_by[0] = 'a');
    FAULT("revocation", bad.reason[0] = 'a');
    FAULT("revocation", bad.replaced_by[0] = '0');
    FAULT("revocation", bad.hook_due = true);
    FAULT("binding", bad.bound_service[0] = 'i');
#undef FAULT
}
END_TEST

START_TEST(an_entry_is_revoked_once)
{
    struct asp_entry entry;
    struct asp_entry first;

    unit_plain_entry(&entry, "7k", "Phone");
    ck_assert(asp_entry_revoke(&entry, 2000, "ann", "lost", true));
    ck_assert_int_eq(entry.revoked, 2000);
    ck_assert_str_eq(entry.revoked_by, "ann");
    ck_assert_str_eq(entry.reason, "lost");
    ck_assert(entry.hook_due);
    ck_assert_ptr_null(asp_entry_fault(&entry));
    first = entry;
    ck_assert(!asp_entry_revoke(&entry, 3000, "bob", "admin", false));
    ck_assert_mem_eq(&entry, &first, sizeof entry);
}
END_TEST

/* States */

enum { CREATED = 1000000, DAYS = 86400, YEAR_9999 = 2147483647 };

START_TEST(a_state_is_computed_from_the_times_at_hand)
{
    static const struct {
        time_t bound;
        time_t expires;
        time_t unused;
        time_t revoked;
        time_t used;
        time_t now;
        enum asp_state state;
    } cases[] = {
        /* nothing set: active whatever the time */
        {-1, -1, -1, -1, -1, CREATED, ASP_ACTIVE},
        {-1, -1, -1, -1, -1, 0, ASP_ACTIVE},
        {-1, -1, -1, -1, -1, ASP_TIME_MAX, ASP_ACTIVE},
        /* expiry: up to the second before */
        {-1, CREATED + 100, -1, -1, -1, CREATED + 99, ASP_ACTIVE},
        {-1, CREATED + 100, -1, -1, -1, CREATED + 100, ASP_EXPIRED},
        {-1, CREATED + 100, -1, -1, -1, CREATED + 101, ASP_EXPIRED},
        {-1, CREATED + 100, -1, -1, CREATED + 99, CREATED + 100, ASP_EXPIRED},
        {-1, 0, -1, -1, -1, 0, ASP_EXPIRED},
        /* unused since created */
        {-1, -1, 100, -1, -1, CREATED + 99, ASP_ACTIVE},
        {-1, -1, 100, -1, -1, CREATED + 100, ASP_UNUSED},
        /* since bound, where that is later */
        {CREATED + 50, -1, 100, -1, -1, CREATED + 149, ASP_ACTIVE},
        {CREATED + 50, -1, 100, -1, -1, CREATED + 150, ASP_UNUSED},
        {CREATED - 50, -1, 100, -1, -1, CREATED + 99, ASP_ACTIVE},
        {CREATED - 50, -1, 100, -1, -1, CREATED + 100, ASP_UNUSED},
        /* since its use, where that is the latest */
        {-1, -1, 100, -1, CREATED + 70, CREATED + 169, ASP_ACTIVE},
        {-1, -1, 100, -1, CREATED + 70, CREATED + 170, ASP_UNUSED},
        {CREATED + 50, -1, 100, -1, CREATED + 70, CREATED + 169, ASP_ACTIVE},
        {CREATED + 50, -1, 100, -1, CREATED + 70, CREATED + 170, ASP_UNUSED},
        {CREATED + 50, -1, 100, -1, CREATED + 20, CREATED + 149, ASP_ACTIVE},
        {CREATED + 50, -1, 100, -1, CREATED + 20, CREATED + 150, ASP_UNUSED},
        {-1, -1, 100, -1, CREATED - 500, CREATED + 99, ASP_ACTIVE},
        {-1, -1, 100, -1, 0, CREATED + 100, ASP_UNUSED},
        /* a clock in 1970 makes nothing older */
        {-1, CREATED + 100, 100, -1, CREATED + 70, 0, ASP_ACTIVE},
        {-1, -1, 1, -1, -1, 5, ASP_ACTIVE},
        {-1, -1, ASP_DURATION_MAX, -1, -1, ASP_TIME_MAX, ASP_UNUSED},
        /* revoked comes before expired, expired before unused */
        {-1, CREATED + 1, 1, CREATED + 5, -1, CREATED + 9, ASP_REVOKED},
        {-1, CREATED + 1, 1, -1, -1, CREATED + 9, ASP_EXPIRED},
        {-1, -1, -1, CREATED + 5, -1, 0, ASP_REVOKED},
        {-1, -1, -1, 0, -1, CREATED, ASP_REVOKED},
    };

    for (size_t i = 0; i < UNIT_COUNT(cases); i++) {
        struct asp_entry entry;

        unit_plain_entry(&entry, "7k", "Phone");
        entry.created = CREATED;
        entry.bound = cases[i].bound;
        entry.expires = cases[i].expires;
        entry.unused_limit = cases[i].unused;
        entry.revoked = cases[i].revoked;
        unit_need(asp_entry_state(&entry, cases[i].used, cases[i].now) == cases[i].state,
                  "case %zu", i);
    }
}
END_TEST

START_TEST(each_state_has_its_word)
{
    ck_assert_str_eq(asp_state_word(ASP_ACTIVE), "active");
    ck_assert_str_eq(asp_state_word(ASP_REVOKED), "revoked");
    ck_assert_str_eq(asp_state_word(ASP_EXPIRED), "expired");
    ck_assert_str_eq(asp_state_word(ASP_UNUSED), "unused");
}
END_TEST

/* The clock goes to 1970, to the year 9999 and back: the record is not touched and all is as it
 * was. */
/* Lesson: a boot in 1970, a lost usage file. */
START_TEST(a_wrong_clock_set_right_loses_nothing)
{
    const time_t wrong[] = {0, 1, ASP_TIME_MAX, (time_t)YEAR_9999 * 1000, CREATED + 10000L * DAYS};
    struct asp_entry entry;
    struct asp_entry before;

    unit_plain_entry(&entry, "7k", "Phone");
    entry.created = CREATED;
    entry.expires = CREATED + 100L * DAYS;
    entry.unused_limit = 10L * DAYS;
    before = entry;
    for (size_t i = 0; i < UNIT_COUNT(wrong); i++) {
        (void)asp_entry_state(&entry, CREATED + 5L * DAYS, wrong[i]);
        ck_assert_int_eq(asp_entry_state(&entry, CREATED + 5L * DAYS, CREATED + 14L * DAYS),
                         ASP_ACTIVE);
        ck_assert_mem_eq(&entry, &before, sizeof entry);
    }
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, a_record_is_one_line_with_every_field_in_its_place);
    unit_loop(suite, there_is_one_text_for_a_record, 2);
    unit_add(suite, a_nul_anywhere_is_corrupt);
    unit_add(suite, each_field_has_its_form);
    unit_add(suite, a_value_longer_than_its_place_is_corrupt);
    unit_add(suite, the_validator_sees_every_field);
    unit_add(suite, an_entry_is_revoked_once);
    unit_add(suite, a_state_is_computed_from_the_times_at_hand);
    unit_add(suite, each_state_has_its_word);
    unit_add(suite, a_wrong_clock_set_right_loses_nothing);
}

int main(void)
{
    return unit_run("entry", fill);
}
