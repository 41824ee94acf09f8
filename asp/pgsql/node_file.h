/*
 * Small files of this machine, in the folder `store` of asp.conf: each is written whole or not at
 * all. Private to the engine.
 */
#ifndef ASP_PGSQL_NODE_FILE_H
#define ASP_PGSQL_NODE_FILE_H

#include "asp/error.h"

#include <stddef.h>
#include <stdint.h>
#include <time.h>

/*
 * Reads the file of this name, of at most `most` bytes. ASP_NOT_FOUND: it is not there. ASP_OK: the
 * caller frees `*bytes`, which has a NUL after its `*length` bytes; `*written`, which may be NULL,
 * is when that was.
 */
enum asp_status pgsql_node_file_read(const char *folder, const char *name, size_t most,
                                     uint8_t **bytes, size_t *length, time_t *written,
                                     struct asp_error *error);

/* Puts it in the place of the one that is there, once it is safe from a power cut. */
enum asp_status pgsql_node_file_write(const char *folder, const char *name, const char *bytes,
                                      size_t length, struct asp_error *error);

/* Takes it away. ASP_OK also where it is not there. */
enum asp_status pgsql_node_file_drop(const char *folder, const char *name, struct asp_error *error);

#endif
