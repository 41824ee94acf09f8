/*
 * A store in files, as one side of a copy, and what has become of it.
 */
#ifndef ASP_STORE_COPY_FILES_H
#define ASP_STORE_COPY_FILES_H

#include "conf.h"
#include "store.h"
#include "store_copy.h"

#include <stdbool.h>
#include <time.h>

/* What has become of a store in files. */
enum asp_moved_how {
    ASP_MOVED_NOT,   /* nothing: it is in use */
    ASP_MOVED_TO,    /* it was left, and is in a database by now */
    ASP_MOVING_TO,   /* it is being left */
    ASP_MOVING_FROM, /* it is being filled from one */
};

enum { ASP_MOVED_STORE_SIZE = 37 };

struct asp_moved {
    enum asp_moved_how how;
    char store[ASP_MOVED_STORE_SIZE]; /* of the database: its id */
    time_t since; /* from when on that knew of uses when this one was left; 0: it was not */
};

/* A store in files that is copied. Begins as ASP_COPY_FILES_CLOSED. */
struct asp_copy_files {
    struct asp_store store; /* its `own.fd` is the folder */
    struct asp_moved moved;
    bool is_in_use; /* its accounts are where they are found */
};

#define ASP_COPY_FILES_CLOSED ((struct asp_copy_files){.store = {.own = {-1}}})

/* Opens the folder of a configuration, whatever has become of it. ASP_BUSY: another process does
 * so. The caller calls asp_copy_files_end in any case. */
enum asp_status asp_copy_files_begin(struct asp_copy_files *files, const struct asp_conf *conf,
                                     struct asp_error *error);
void asp_copy_files_end(struct asp_copy_files *files);

struct asp_copy_side asp_copy_files_side(struct asp_copy_files *files);

#endif
