/* Words that are close to what was typed: the distance of Damerau, between neighbours alone. */
#include "nearest.h"

#include "name.h"

#include <stdbool.h>
#include <string.h>

enum {
    BYTES_MAX = 64,
    BEGUN = 3, /* so much of a word is taken for its beginning */
    SHORT = 5, /* of up to so many bytes, two slips make another word */
};

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static bool is_same(char a, char b)
{
    return asp_fold(a) == asp_fold(b);
}

static bool begins_with(const char *word, const char *typed)
{
    while (*typed != '\0' && is_same(*typed, *word)) {
        typed++;
        word++;
    }
    return *typed == '\0';
}

/* Row by row: `now[j]` is how far the first bytes of `a` are from the first j of `b`. */
static size_t distance(const char *a, const char *b)
{
    size_t rows[3][BYTES_MAX + 1];
    const size_t width = strlen(b);
    size_t *before = rows[0];
    size_t *last = rows[1];
    size_t *now = rows[2];

    for (size_t j = 0; j <= width; j++)
        last[j] = j;
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        size_t *oldest = before;

        now[0] = i;
        for (size_t j = 1; j <= width; j++) {
            now[j] = last[j - 1] + !is_same(a[i - 1], b[j - 1]);
            now[j] = least(now[j], 1 + least(last[j], now[j - 1]));
            if (i > 1 && j > 1 && is_same(a[i - 1], b[j - 2]) && is_same(a[i - 2], b[j - 1]))
                now[j] = least(now[j], before[j - 2] + 1);
        }
        before = last;
        last = now;
        now = oldest;
    }
    return last[width];
}

void asp_nearest_try(struct asp_nearest *nearest, const char *word)
{
    const size_t typed = strlen(nearest->typed);
    const size_t length = strlen(word);
    size_t slips;

    if (typed <= 1 || typed > BYTES_MAX || length > BYTES_MAX)
        return;
    slips = distance(nearest->typed, word);
    if (typed >= BEGUN && begins_with(word, nearest->typed))
        slips = 0;
    if (slips > (least(typed, length) > SHORT ? 2 : 1) ||
        (nearest->word != NULL && slips >= nearest->slips))
        return;
    nearest->word = word;
    nearest->slips = slips;
}
