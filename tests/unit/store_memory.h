/*
 * The smallest engine: a store in the memory of one process, gone when that ends. What the store
 * promises is tested on it as on files, so that nothing of files is in the promise.
 */
#ifndef ASP_TESTS_STORE_MEMORY_H
#define ASP_TESTS_STORE_MEMORY_H

#include "asp/engine.h"

extern const struct asp_store_engine store_memory;

/* What the last update there has ended: "ID:REASON " for each. */
extern char memory_ended[1024];

#endif
