/*
 * Where the primary passwords are kept: every kind of place that there is, and what follows from it
 * for whoever asks. What reads them is shadow.h here, and asp-admin/primary.
 */
#ifndef ASP_SOURCE_H
#define ASP_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

enum asp_source { ASP_SOURCE_NONE, ASP_SOURCE_SHADOW, ASP_SOURCE_COMMAND };

/* Their words in asp.conf and in the store, by their values, with a NULL after the last. */
extern const char *const asp_source_words[];

/* What a source is good for. */
struct asp_source_traits {
    bool is_compared; /* there is something to compare with at all */
    bool at_login;    /* it is /etc/shadow: a login and the PAM password stack compare it too */
    bool is_program;  /* asked at its interval alone; very many changes at once are held back */
};

struct asp_source_traits asp_source_traits(enum asp_source source);

/* The source that a fingerprint may be of, by its word: `length` bytes. False for any other. */
bool asp_source_read(const char *word, size_t length, enum asp_source *source);

#endif
