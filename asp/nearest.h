/*
 * The word that was meant by one that is none: a letter was left out, added, taken for another or
 * swapped with the next one.
 */
#ifndef ASP_NEAREST_H
#define ASP_NEAREST_H

#include <stddef.h>

/* Begins with `typed`; `word` is then the nearest of those that were tried, or NULL. */
struct asp_nearest {
    const char *typed;
    const char *word;
    size_t slips; /* how far it is away */
};

/*
 * Tries another word. It is near when it is one slip away, or two where it has more than five
 * bytes; capitals count for nothing. A word whose first three bytes or more were typed is nearer
 * than any other. Of those that are as near the first one stays. No word is near to one byte
 * or to more than 64.
 */
void asp_nearest_try(struct asp_nearest *nearest, const char *word);

#endif
