/* The bytes of an account's file. */
#include "account_fixture.h"

#include "asp/account_file.h"
#include "asp/checksum.h"

#include <stdlib.h>

enum asp_status read_bytes(const char *bytes, size_t length, const char *user, const char *only,
                           struct asp_account *account)
{
    struct asp_error error = {0};
    uint8_t *exact = malloc(length + (length == 0));
    enum asp_status status;

    unit_need(exact != NULL, "no memory");
    memcpy(exact, bytes, length);
    status = asp_account_read(exact, length, user, only, account, &error);
    unit_need(status == ASP_OK || (error.status == status && error.text[0] != '\0'),
              "no line says what is wrong");
    unit_need(status == ASP_OK || account->entries == NULL, "there is something to free");
    free(exact);
    return status;
}

enum asp_status read_body(const char *body, const char *user, struct asp_account *account)
{
    char text[8192];
    int length = snprintf(text, sizeof text, "%sdigest=%016llx\n", body,
                          (unsigned long long)asp_checksum(body, strlen(body)));

    ck_assert_int_lt(length, (int)sizeof text);
    return read_bytes(text, (size_t)length, user, NULL, account);
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
