/* What is well-formed in an export and has no place here. */
#include "import_check.h"

#include "asp-admin/app.h"
#include "asp/scope.h"
#include "asp/time_text.h"

#include <string.h>

static uint32_t larger(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

/* Who can name an id makes the machine hash, before she has proven anything. */
static enum asp_status check_cost(const struct admin *admin, const struct asp_account *account,
                                  struct asp_error *error)
{
    const uint32_t memory = larger(admin->conf->cost.memory, ASP_MEMORY_DEFAULT);
    const uint32_t passes = larger(admin->conf->cost.passes, ASP_PASSES_DEFAULT);
    const struct asp_entry *dear = NULL;
    struct asp_cost most = {ASP_ARGON2ID, memory, passes};
    struct asp_cost cost;

    for (size_t i = 0; i < account->count; i++) {
        const struct asp_entry *entry = &account->entries[i];

        asp_verifier_cost(entry->verifier, &cost);
        if (cost.memory <= memory && cost.passes <= passes)
            continue;
        dear = dear == NULL ? entry : dear;
        most.memory = larger(most.memory, cost.memory);
        most.passes = larger(most.passes, cost.passes);
    }
    if (dear == NULL)
        return ASP_OK;
    return asp_fail(error, ASP_INVALID,
                    "each login that names the app password %s of %s would cost more memory or "
                    "passes than are set here; to take it, set in asp.conf hash: { memory = %u; "
                    "passes = %u; };",
                    dear->id, account->user, most.memory, most.passes);
}

static enum asp_status check_labels(const struct admin *admin, const struct asp_account *account,
                                    const struct asp_usage *usage, struct asp_error *error)
{
    for (size_t i = 0; i < account->count; i++) {
        const struct asp_entry *entry = &account->entries[i];

        if (asp_usage_state(usage, entry, admin->now) != ASP_ACTIVE)
            continue;
        for (size_t j = 0; j < i; j++) {
            const struct asp_entry *other = &account->entries[j];

            /* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): there are `count` of them */
            if (strcmp(other->label, entry->label) == 0 &&
                asp_usage_state(usage, other, admin->now) == ASP_ACTIVE)
                return asp_fail(error, ASP_INVALID, "the label of %s is that of %s: %s has both",
                                entry->id, other->id, account->user);
        }
    }
    return ASP_OK;
}

/* One that is nothing here in any case may be an app that will be. */
static enum asp_status check_apps(const struct admin *admin, const struct asp_account *account,
                                  struct asp_error *error)
{
    char app[ASP_SERVICE_MAX + 1];

    for (size_t i = 0; i < account->count; i++) {
        const struct asp_entry *entry = &account->entries[i];

        asp_scope_app(admin->conf, entry->app, app);
        if (entry->revoked == ASP_NEVER && strcmp(entry->app, app) != 0 &&
            !app_is_unknown(admin->conf, entry->app))
            return asp_fail(error, ASP_INVALID,
                            "the app of %s is %s, which opens nothing: that of this name is "
                            "written %s",
                            entry->id, entry->app, app);
    }
    return ASP_OK;
}

enum asp_status import_check(const struct admin *admin, const struct asp_account *account,
                             const struct asp_usage *usage, struct asp_error *error)
{
    enum asp_status status = check_cost(admin, account, error);

    if (status == ASP_OK)
        status = check_labels(admin, account, usage, error);
    if (status == ASP_OK)
        status = check_apps(admin, account, error);
    return status;
}
