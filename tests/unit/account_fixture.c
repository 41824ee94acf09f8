/* The bytes of an account's file. */
#include "account_fixture.h"

#include "asp/account_file.h"
#include "asp/checksum.h"

#include <stdlib.h>

struct asp_error read_error;

enum asp_status read_bytes(const char *bytes, size_t length, const char *user, const char *only,
                           struct asp_account *account)
{
    uint8_t *exact = malloc(length + (length == 0));
    enum asp_status status;

    unit_need(exact != NULL, "no memory");
    memcpy(exact, bytes, length);
    read_error = (struct asp_error){0};
    status = asp_account_read(exact, length, user, only, account, &read_error);
    unit_need(status == ASP_OK || (read_error.status == status && read_error.text[0] != '\0'),
              "no line says what is wrong");
    unit_need(status == ASP_OK || account->entries == NULL, "there is something to free");
    free(exact);
    return status;
}

enum asp_status read_body_bytes(const char *body, size_t length, const char *user, const char *only,
                                struct asp_account *account)
{
    char text[8192];

    ck_assert_uint_lt(length + 32, sizeof text);
    memcpy(text, body, length);
    length += (size_t)snprintf(text + length, 32, "digest=%016llx\n",
                               (unsigned long long)asp_checksum(body, length));
    return read_bytes(text, length, user, only, account);
}

enum asp_status read_body(const char *body, const char *user, struct asp_account *account)
{
    return read_body_bytes(body, strlen(body), user, NULL, account);
}

void same_account(const struct asp_account *a, const struct asp_account *b)
{
    ck_assert_str_eq(a->user, b->user);
    ck_assert_int_eq(a->primary.taken, b->primary.taken);
    ck_assert_int_eq(a->primary.source, b->primary.source);
    ck_assert_str_eq(a->primary.realm, b->primary.realm);
    ck_assert_int_eq(a->primary.had, b->primary.had);
    ck_assert_int_eq(a->primary.absent, b->primary.absent);
    ck_assert_int_eq(a->primary.day, b->primary.day);
    ck_assert_int_eq(a->primary.named, b->primary.named);
    ck_assert_mem_eq(a->primary.key, b->primary.key, ASP_PRINT_BYTES);
    ck_assert_mem_eq(a->primary.print, b->primary.print, ASP_PRINT_BYTES);
    ck_assert_uint_eq(a->count, b->count);
    for (size_t i = 0; i < a->count; i++)
        unit_same_entry(&a->entries[i], &b->entries[i]);
}
