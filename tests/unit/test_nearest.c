/* Which word was meant by one that is none. */
#include "unit.h"

#include "asp/nearest.h"

static const char *const words[] = {"create", "list", "label", "rotate", "revoke", "history"};

static const char *nearest_to(const char *typed)
{
    struct asp_nearest nearest = {.typed = typed};

    for (size_t i = 0; i < UNIT_COUNT(words); i++)
        asp_nearest_try(&nearest, words[i]);
    return nearest.word != NULL ? nearest.word : "";
}

START_TEST(a_slip_of_the_hand_is_seen_through)
{
    static const struct {
        const char *typed;
        const char *word;
    } slips[] = {
        {"crate", "create"},  /* left out */
        {"lisst", "list"},    /* added */
        {"lust", "list"},     /* taken for another */
        {"lable", "label"},   /* swapped */
        {"rtoaet", "rotate"}, /* twice, in a long word */
        {"LIST", "list"},     /* in capitals */
        {"Lsit", "list"},     /* in capitals, swapped */
        {"his", "history"},   /* begun */
        {"hist", "history"},  /* begun, though list is a slip away */
        {"rev", "revoke"},    {"rotates", "rotate"},
    };

    for (size_t i = 0; i < UNIT_COUNT(slips); i++)
        ck_assert_str_eq(nearest_to(slips[i].typed), slips[i].word);
}
END_TEST

START_TEST(what_is_another_word_is_near_to_none)
{
    static const char *const others[] = {
        "",
        "l",
        "li",
        "re",
        "rust?",
        "lost!",
        "stil",
        "lab?l?",
        "revolver!",
        "frobnicate",
        "\xc3\xa9t\xc3\xa9",
    };
    char longest[200];

    for (size_t i = 0; i < UNIT_COUNT(others); i++)
        ck_assert_msg(nearest_to(others[i])[0] == '\0', "%s: %s", others[i], nearest_to(others[i]));
    memset(longest, 'l', sizeof longest - 1);
    for (size_t length = sizeof longest - 1; length > 0; length--) {
        longest[length] = '\0';
        ck_assert_str_eq(nearest_to(longest), "");
    }
}
END_TEST

START_TEST(the_nearer_one_wins_and_then_the_first)
{
    struct asp_nearest nearest = {.typed = "cart"};

    asp_nearest_try(&nearest, "card");
    ck_assert_str_eq(nearest.word, "card");
    asp_nearest_try(&nearest, "carp");
    ck_assert_str_eq(nearest.word, "card");
    asp_nearest_try(&nearest, "CART");
    ck_assert_str_eq(nearest.word, "CART");
    asp_nearest_try(&nearest, "card");
    ck_assert_str_eq(nearest.word, "CART");
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, a_slip_of_the_hand_is_seen_through);
    unit_add(suite, what_is_another_word_is_near_to_none);
    unit_add(suite, the_nearer_one_wins_and_then_the_first);
}

int main(void)
{
    return unit_run("nearest", fill);
}
