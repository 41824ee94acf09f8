/* Where the settings of a configuration stand, and which of them stands there twice. */
#include "unit.h"

#include "asp/conf_place.h"

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
    unit_add(suite, the_key_that_a_line_belongs_to_is_the_last_above_it);
    unit_add(suite, what_is_cut_short_or_longer_than_its_room_is_read_no_further);
}

int main(void)
{
    return unit_run("conf_place", fill);
}
