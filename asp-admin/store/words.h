/*
 * The words behind `store`. Each prints its answer and returns the exit code.
 */
#ifndef ASP_ADMIN_STORE_WORDS_H
#define ASP_ADMIN_STORE_WORDS_H

#include "asp-admin/admin.h"

enum exit_code store_init(struct admin *admin);
enum exit_code store_join(struct admin *admin);
enum exit_code store_copy(struct admin *admin);
enum exit_code store_check(struct admin *admin);
enum exit_code store_tidy(struct admin *admin);

/* The statements of init, for who runs them otherwise. */
enum exit_code store_print_schema(const struct admin *admin);

#endif
