/* A line of an export: what is read could have been stored, and is written as it was read. */
#include "fuzz.h"

#include "asp-admin/commands/account_json.h"
#include "asp/account_file.h"

/* What the store writes of it, it can read. */
static void is_storable(const struct asp_account *account)
{
    struct asp_buffer stored = {0};
    struct asp_account again;

    asp_account_write(account, &stored);
    FUZZ_NEED(!stored.failed);
    FUZZ_NEED(asp_account_read((const uint8_t *)stored.text, stored.length, account->user, NULL,
                               &again, NULL) == ASP_OK);
    FUZZ_NEED(again.count == account->count);
    asp_account_free(&again);
    asp_buffer_free(&stored);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *line = fuzz_text(data, size);
    struct asp_account account;
    struct asp_account again;
    struct asp_usage usage;
    struct asp_usage usage_again;
    struct asp_usage_head head;
    struct asp_error error = {0};
    struct asp_buffer out = {0};
    struct asp_buffer out_again = {0};
    enum asp_status status = account_json_read(line, size, &account, &usage, &error);

    FUZZ_NEED(status == ASP_OK || status == ASP_INVALID || status == ASP_NEWER);
    FUZZ_NEED((status == ASP_OK) == (error.text[0] == '\0'));
    free(line);
    if (status != ASP_OK)
        return 0;
    FUZZ_NEED(usage.length == 0 || asp_usage_sound(&usage, &head));
    is_storable(&account);
    account_json_add(&out, &account, &usage);
    FUZZ_NEED(!out.failed && out.length > 0 && out.length <= ACCOUNT_JSON_MAX);
    FUZZ_NEED(account_json_read(out.text, out.length - 1, &again, &usage_again, NULL) == ASP_OK);
    account_json_add(&out_again, &again, &usage_again);
    FUZZ_NEED(out_again.length == out.length && memcmp(out.text, out_again.text, out.length) == 0);
    asp_buffer_free(&out);
    asp_buffer_free(&out_again);
    asp_account_free(&account);
    asp_account_free(&again);
    asp_usage_free(&usage);
    asp_usage_free(&usage_again);
    return 0;
}
