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

/* How many slips make one of the other: each way is tried. */
static size_t slips_of(const char *a, const char *b)
{
    size_t least;
    size_t other;

    if (a[0] == '\0' || b[0] == '\0')
        return strlen(a) + strlen(b);
    least = slips_of(a + 1, b + 1) + (a[0] != b[0]);
    other = slips_of(a + 1, b) + 1;
    least = other < least ? other : least;
    other = slips_of(a, b + 1) + 1;
    least = other < least ? other : least;
    if (a[0] == b[1] && a[1] == b[0]) {
        other = slips_of(a + 2, b + 2) + 1;
        least = other < least ? other : least;
    }
    return least;
}

static void is_as_near_as_counted(const char *typed, const char *word)
{
    struct asp_nearest nearest = {.typed = typed};
    const size_t length = strlen(typed);
    const size_t shorter = length < strlen(word) ? length : strlen(word);
    const bool begun = length >= 3 && strncmp(word, typed, length) == 0;
    const size_t slips = begun ? 0 : slips_of(typed, word);
    const bool near = length >= 2 && slips <= (shorter > 5 ? 2 : 1);

    asp_nearest_try(&nearest, word);
    unit_need((nearest.word != NULL) == near, "%s, %s: %zu", typed, word, slips);
    unit_need(!near || nearest.slips == slips, "%s, %s: %zu and not %zu", typed, word,
              nearest.slips, slips);
}

/* Of letters of which there are so few that each of the ways comes. */
static void draw(uint64_t *state, size_t most, char *word)
{
    size_t length = unit_random(state) % (most + 1);

    for (size_t i = 0; i < length; i++)
        word[i] = (char)('a' + unit_random(state) % 3);
    word[length] = '\0';
}

START_TEST(slips_are_counted_as_they_are_by_trying_each_way)
{
    uint64_t state = 1;
    char typed[16];
    char word[16];

    for (size_t i = 0; i < unit_many(20000); i++) {
        draw(&state, 5, typed);
        draw(&state, 5, word);
        is_as_near_as_counted(typed, word);
    }
    /* And of words that are close to each other, as two that are drawn seldom are. */
    for (size_t i = 0; i < unit_many(4000); i++) {
        draw(&state, 7, typed);
        strcpy(word, typed);
        for (size_t at = 0; at < 3 && word[0] != '\0'; at++)
            word[unit_random(&state) % strlen(word)] = (char)('a' + unit_random(&state) % 3);
        is_as_near_as_counted(typed, word);
        is_as_near_as_counted(word, typed);
    }
}
END_TEST

static size_t slips_in(const char *typed, const char *word)
{
    struct asp_nearest nearest = {.typed = typed};

    asp_nearest_try(&nearest, word);
    return nearest.word != NULL ? nearest.slips : 99;
}

START_TEST(words_of_up_to_64_bytes_are_compared)
{
    enum { MOST = 64 };
    char word[MOST + 2];
    char typed[MOST + 2];

    for (size_t i = 0; i < MOST + 1; i++)
        word[i] = (char)('a' + i % 23);
    word[MOST + 1] = '\0';
    memcpy(typed, word, sizeof word);
    ck_assert_uint_eq(slips_in(typed, word), 99);
    typed[MOST] = '\0';
    ck_assert_uint_eq(slips_in(typed, word), 99);
    word[MOST] = '\0';
    ck_assert_uint_eq(slips_in(typed, word), 0);
    for (size_t at = 0; at < MOST; at++) {
        typed[at] = '-';
        ck_assert_uint_eq(slips_in(typed, word), 1);
        typed[at] = word[at];
    }
    typed[0] = typed[MOST - 1] = '-';
    ck_assert_uint_eq(slips_in(typed, word), 2);
    typed[1] = '-';
    ck_assert_uint_eq(slips_in(typed, word), 99);
    memcpy(typed, word, sizeof word);
    typed[MOST] = 'x';
    ck_assert_uint_eq(slips_in(typed, word), 99);
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, a_slip_of_the_hand_is_seen_through);
    unit_add(suite, what_is_another_word_is_near_to_none);
    unit_add(suite, the_nearer_one_wins_and_then_the_first);
    unit_add(suite, slips_are_counted_as_they_are_by_trying_each_way);
    unit_add(suite, words_of_up_to_64_bytes_are_compared);
}

int main(void)
{
    return unit_run("nearest", fill);
}
