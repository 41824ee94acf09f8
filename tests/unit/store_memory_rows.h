/*
 * What a store in memory keeps, for the files that it is made of; and, as asp_store_engine has it,
 * what of it is about last uses.
 */
#ifndef ASP_TESTS_STORE_MEMORY_ROWS_H
#define ASP_TESTS_STORE_MEMORY_ROWS_H

#include "asp/engine.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

enum { PATH_SIZE = 512, NEWS_MAX = 64 };

/* What is due of one name beside its account. */
struct aside {
    struct aside *next;
    char key[ASP_DUE_KEY];
    uint8_t *text;
    size_t length;
};

/* What is kept under one name. */
struct row {
    struct row *next;
    char name[ASP_USER_ENCODED + 1];
    uint8_t *text; /* NULL: there is no account */
    size_t length;
    struct timespec written;
    struct asp_usage usage;
    uint64_t mark;
    bool held;
    bool turn;
    struct aside *asides;
};

/* One store. */
struct place {
    struct place *next;
    char path[PATH_SIZE];
    struct row *rows;
    bool watched;
    bool marked;
    time_t looked;
    int told; /* who follows it; -1: nobody */
    char news[NEWS_MAX][ASP_USER_ENCODED + 1];
    size_t news_count;
};

struct place *place_of(const struct asp_store *store);

/* NULL: there is none of this name. */
struct row *find_row(const struct asp_store *store, const char *name);

/* The row of this name, a new one where there is none. NULL: out of memory. */
struct row *make_row(const struct asp_store *store, const char *name);

enum asp_status memory_usage(const struct asp_store *store, const char *name,
                             struct asp_usage *usage, struct asp_error *error);
enum asp_status memory_mend_usage(const struct asp_store *store, const char *name,
                                  const struct asp_mending *mending, struct asp_usage *usage,
                                  enum asp_status *mended, struct asp_error *error);
void memory_sync_usage(const struct asp_store *store);
enum asp_status memory_put_usage(const struct asp_store *store, const char *name,
                                 const struct asp_usage *usage, struct asp_error *error);
enum asp_status memory_record(const struct asp_store *store, const char *name,
                              const struct asp_use *use);
enum asp_status memory_compared(const struct asp_store *store, const char *name,
                                const struct asp_compared *compared, time_t now);

#endif
