/*
 * A whole store goes from one engine to another: accounts as they are kept, to the byte, some of
 * them at a time. Either side is a struct asp_copy_side.
 */
#ifndef ASP_STORE_COPY_H
#define ASP_STORE_COPY_H

#include "account.h"
#include "error.h"
#include "store.h"
#include "usage.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

enum {
    ASP_COPY_AT_ONCE = 1000,
    ASP_COPY_BYTES = 8 * 1024 * 1024, /* of texts, after which a page has no more of them */
};

/* One account as it is kept. */
struct asp_copied {
    /* Whose it is. Where nobody can tell it begins with a sign /, and what stands behind that is
     * how it is called in its store. */
    char user[ASP_USER_MAX + 1];
    uint8_t *bytes; /* NULL: there is none */
    size_t length;
    struct timespec written;
    struct asp_usage usage; /* the last uses that are known; empty: none */
};

/* Some of them. Begins as {0}. */
struct asp_copy_page {
    struct asp_copied *accounts; /* with room for ASP_COPY_AT_ONCE */
    size_t count;
    size_t bytes; /* of their texts */
};

/* A new one at the end, in which nothing is set but `user`; NULL: out of memory. There is room for
 * ASP_COPY_AT_ONCE of them. */
struct asp_copied *asp_copy_page_add(struct asp_copy_page *page, const char *user);

/* Gives one that is there a copy of these bytes. False: out of memory. */
bool asp_copied_set(struct asp_copy_page *page, struct asp_copied *copied, const void *bytes,
                    size_t length);

bool asp_copy_page_is_full(const struct asp_copy_page *page);

/* Wipes what is in it: it can be filled again. */
void asp_copy_page_clear(struct asp_copy_page *page);

/* The same, and frees it. */
void asp_copy_page_free(struct asp_copy_page *page);

/* May change what is in the page. Anything but ASP_OK ends the walk and is handed on. */
typedef enum asp_status asp_copy_visit(struct asp_copy_page *page, void *context,
                                       struct asp_error *error);

/* Accounts of one side. `own` is handed to each. */
struct asp_copy_side {
    /* Visits every account that is there, with what is known of its uses, page by page. */
    enum asp_status (*each)(void *own, asp_copy_visit *visit, void *context,
                            struct asp_error *error);
    /* Reads those of `asked` into `found`, which is empty, in the same order: without their uses.
     */
    enum asp_status (*get)(void *own, const struct asp_copy_page *asked,
                           struct asp_copy_page *found, struct asp_error *error);
    /* Puts each in the place of what is there. Of uses the later one stays. */
    enum asp_status (*put)(void *own, const struct asp_copy_page *page, struct asp_error *error);
    /* Takes these away, with all that is kept of them. */
    enum asp_status (*drop)(void *own, const struct asp_copy_page *page, struct asp_error *error);
    void *own;
};

/* Has a store that hears what has ended tell these of a user, though nothing is changed: see
 * engine.h. */
enum asp_status asp_store_tell_ended(const struct asp_store *store, const char *user,
                                     const struct asp_entry *ended, size_t count,
                                     struct asp_error *error);

#endif
