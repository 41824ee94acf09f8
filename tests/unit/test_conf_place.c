/* Where the settings of a configuration stand, and which of them stands there twice. */
#include "unit.h"

#include "asp/conf_place.h"

/* Lesson: a snippet that breaks what it is added to. */
START_TEST(a_key_that_its_group_has_twice_is_found_with_both_lines)
{
    static const struct {
        const char *text;
        const char *key;
        size_t line;
        size_t first;
    } twice[] = {
        {"limit = 1;\nlimit = 2;\n", "limit", 2, 1},
        {"limit = 1; limit : 2;", "limit", 1, 1},
        {"limit\n=\n1\nhistory = 2\nlimit = 3", "limit", 5, 1},
        {"hooks: { revoked = \"a\"; };\n\nhooks:\n{ timeout = 1; };", "hooks", 3, 1},
        {"hooks: {\n revoked = \"a\";\n created = \"b\";\n revoked = \"c\";\n};", "hooks.revoked",
         4, 2},
        {"apps: (\n{ name = \"a\"; name = \"b\"; }\n);", "apps.name", 2, 2},
        {"apps: ( { name = \"a\"; },\n { name = \"b\";\n name = \"c\"; } );", "apps.name", 3, 2},
        {"/* limit = 1;\n*/ limit = 1; # limit = 1\n// limit = 1\nlimit = 3;", "limit", 4, 2},
        {"store = \"limit = 1; \\\" {\";\nlimit = 1;\nlimit = 1;", "limit", 3, 2},
        {"a = [ \"x\", \"y\" ]; b = { c = 1; };\na = 2", "a", 2, 1},
        {"a = 1;\nb: { a = 1; };\nb: { a = 1; };", "b", 3, 2},
    };
    static const char *const once[] = {
        "",
        "limit = 1;",
        "limit = 1;\nLimit = 2;",
        "limit = 1;\nlimits = 1;",
        "apps: ( { name = \"a\"; }, { name = \"b\"; } );",
        "a: { x = 1; }; b: { x = 1; };",
        "x = 1; a: { x = 1; };",
        "guarded = [ \"a\", \"a\" ];",
        "a = \"a = 1\"; # a = 2",
        "a = a;",
    };
    struct asp_conf_place place;

    for (size_t i = 0; i < UNIT_COUNT(twice); i++) {
        ck_assert_msg(asp_conf_place_twice(twice[i].text, strlen(twice[i].text), &place), "%zu", i);
        ck_assert_str_eq(place.key, twice[i].key);
        ck_assert_msg(place.line == twice[i].line && place.first == twice[i].first,
                      "%s: %zu and %zu", twice[i].text, place.first, place.line);
    }
    for (size_t i = 0; i < UNIT_COUNT(once); i++)
        ck_assert_msg(!asp_conf_place_twice(once[i], strlen(once[i]), &place), "%s: %s", once[i],
                      place.key);
}
END_TEST

#define KEY_OF_32 "abcdefghijklmnopqrstuvwxyz_abcde"
#define LONG_KEY KEY_OF_32 KEY_OF_32 KEY_OF_32 KEY_OF_32 KEY_OF_32

START_TEST(what_a_person_may_well_write_is_found)
{
    static const struct {
        const char *text;
        const char *key;
        const char *word;
        size_t line;
        bool is_dotted;
        bool in_list;
    } slips[] = {
        {"log = refused;", "log", "refused", 1, false, false},
        {"limit = 5 log = refused limit = 3", "log", "refused", 1, false, false},
        {"log =\n refused # or all", "log", "refused", 2, false, false},
        {"hooks: {\n revoked = /x/y };", "hooks.revoked", "/x/y", 2, false, false},
        {"log = 'all';", "log", "all", 1, false, false},
        {"store = /my store ;", "store", "/my store", 1, false, false},
        {"unused = 90d", "unused", "90d", 1, false, false},
        {"a = 0x1G", "a", "0x1G", 1, false, false},
        {"guarded = [ \"a\",\n b ];", "guarded", "b", 2, false, true},
        {"apps: ( { services = [ imap ]; } );", "apps.services", "imap", 1, false, true},
        {"hooks.revoked = \"/x\";", "", "hooks.revoked", 1, true, false},
        {"a = 1;\nb: { c.d: 1; };", "b", "c.d", 2, true, false},
    };
    static const char *const none[] = {
        "",
        "limit = 5; log = \"refused.x = y\"; # hooks.revoked = x\n/* a = b */ a = true; b = FALSE",
        "a = 5.5; b = -1; c = 0xfF; d = 1e5; e = 3L; f = [ 1, 2.5, true ]; g = ( 1.5, { h = 1; } )",
        "a = /* x */ 1; b = // x\n 1;",
        "limit = 1.5.2;",
        "limit = 25\xc2\xa0;",
        "limit = a\x01;",
        "a 3;",
        /* what is beside a dot is a key, and neither is longer than one */
        "hooks . revoked = 1;",
        "hooks .revoked = 1;",
        "hooks. = 1;",
        "hooks.",
        LONG_KEY ".revoked = 1;",
    };
    struct asp_conf_slip slip;

    for (size_t i = 0; i < UNIT_COUNT(slips); i++) {
        ck_assert_msg(asp_conf_place_slip(slips[i].text, strlen(slips[i].text), &slip), "%zu", i);
        ck_assert_str_eq(slip.place.key, slips[i].key);
        ck_assert_str_eq(slip.word, slips[i].word);
        ck_assert_msg(slip.place.line == slips[i].line && slip.is_dotted == slips[i].is_dotted &&
                          slip.in_list == slips[i].in_list,
                      "%s: %zu", slips[i].text, slip.place.line);
    }
    for (size_t i = 0; i < UNIT_COUNT(none); i++)
        ck_assert_msg(!asp_conf_place_slip(none[i], strlen(none[i]), &slip), "%s: %s", none[i],
                      slip.word);
}
END_TEST

START_TEST(the_key_that_a_line_belongs_to_is_the_last_above_it)
{
    static const char text[] = "\nlimit = 1;\nhooks: {\n timeout = 1\n\n 5;\n};\nlog = \"all\"\n";
    static const char *const keys[] = {"",
                                       "",
                                       "limit",
                                       "hooks",
                                       "hooks.timeout",
                                       "hooks.timeout",
                                       "hooks.timeout",
                                       "hooks.timeout",
                                       "log",
                                       "log"};
    struct asp_conf_place place;

    for (size_t line = 1; line < UNIT_COUNT(keys); line++) {
        bool found = asp_conf_place_before(text, strlen(text), line, &place);

        ck_assert_msg(found == (keys[line][0] != '\0'), "%zu", line);
        if (found)
            ck_assert_str_eq(place.key, keys[line]);
    }
}
END_TEST

START_TEST(what_is_cut_short_or_longer_than_its_room_is_read_no_further)
{
    char text[600];
    struct asp_conf_place place;

    memset(text, 'a', sizeof text);
    memcpy(text + sizeof text - 6, " = 1;", 6);
    ck_assert(asp_conf_place_before(text, strlen(text), 1, &place));
    ck_assert_uint_eq(strlen(place.key), ASP_CONF_KEY_SIZE - 1);
    for (size_t i = 0; i < 4; i++) {
        static const char *const open[] = {"a = \"\\", "a = 1; /*", "a: { b: {", "a = 1 /"};

        ck_assert(asp_conf_place_before(open[i], strlen(open[i]), 1, &place));
        ck_assert(!asp_conf_place_twice(open[i], strlen(open[i]), &place));
    }
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, a_key_that_its_group_has_twice_is_found_with_both_lines);
    unit_add(suite, what_a_person_may_well_write_is_found);
    unit_add(suite, the_key_that_a_line_belongs_to_is_the_last_above_it);
    unit_add(suite, what_is_cut_short_or_longer_than_its_room_is_read_no_further);
}

int main(void)
{
    return unit_run("conf_place", fill);
}
