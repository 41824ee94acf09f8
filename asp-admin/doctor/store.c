/* doctor: the store, and in it the accounts. */
#include "store.h"

#include "accounts.h"
#include "primary.h"

static void add_fault(const struct asp_error *fault, void *context)
{
    exam_fault(context, CHECK_STORE, fault);
}

/* False: there are no accounts that could be looked at. */
static bool check_store(struct examination *exam)
{
    struct admin *admin = exam->admin;
    struct asp_error error = {0};
    bool usable = asp_store_examine(admin->conf, NULL, add_fault, exam);

    /* Also where its accounts cannot be looked at: the watch's lock perhaps can. */
    if (asp_store_open(&admin->store, admin->conf, NULL, &error) != ASP_OK && usable) {
        exam_fault(exam, CHECK_STORE, &error);
        usable = false;
    }
    if (findings_none_of(&exam->findings, CHECK_STORE))
        finding_ok(&exam->findings, CHECK_STORE, "%s is sound, and root's alone",
                   admin->conf->store);
    return usable;
}

void examine_store(struct examination *exam)
{
    struct primaries primaries = {0};

    /* Before the accounts: they are compared with it while they are looked at. */
    primaries_read(exam->admin->conf, &primaries);
    if (check_store(exam))
        examine_accounts(exam, &primaries);
    examine_primary(exam, &primaries);
    primaries_free(&primaries);
}
