/*
 * How many app passwords there are, and how many of them work.
 */
#ifndef ASP_ADMIN_COMMANDS_COUNTED_H
#define ASP_ADMIN_COMMANDS_COUNTED_H

#include "asp/account.h"
#include "asp/buffer.h"
#include "asp/usage.h"

#include <stddef.h>
#include <time.h>

struct counted {
    size_t entries; /* revoked ones too */
    size_t active;
};

struct counted counted_of(const struct asp_account *account, const struct asp_usage *usage,
                          time_t now);

/* Adds it in words: "5 app passwords, 2 of them active". */
void counted_add(struct asp_buffer *out, const struct counted *counted);

#endif
