/* doctor: the store, and in it the accounts. */
#include "store.h"

#include "accounts.h"
#include "primary.h"

#include <string.h>

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

static enum asp_status add_stray(const char *user, void *context)
{
    struct name_list *strays = context;

    for (size_t i = 0; i < strays->count; i++) {
        if (strcmp(strays->list[i], user) == 0)
            return ASP_OK;
    }
    return name_list_add(strays, user) ? ASP_OK : ASP_NO_MEMORY;
}

static void clear_strays(struct examination *exam)
{
    struct name_list strays = {0};
    struct asp_buffer names = {0};
    struct asp_error error = {0};
    enum asp_status status =
        asp_store_clear_strays(&exam->admin->store, add_stray, &strays, &error);

    if (status == ASP_NO_MEMORY)
        exam->findings.failed = true;
    else if (status != ASP_OK)
        exam_fault(exam, CHECK_STORE, &error);
    if (strays.count > 0)
        finding_note(&exam->findings, CHECK_STORE,
                     "a kill or a power cut left unfinished files of %s. They are removed, and the "
                     "accounts are as they were",
                     exam_names(exam, &names, &strays));
    asp_buffer_free(&names);
    name_list_clear(&strays);
}

void examine_store(struct examination *exam)
{
    struct primaries primaries = {0};

    /* Before the accounts: they are compared with it while they are looked at. */
    primaries_read(exam->admin->conf, &primaries);
    if (check_store(exam)) {
        clear_strays(exam);
        examine_accounts(exam, &primaries);
    }
    examine_primary(exam, &primaries);
    primaries_free(&primaries);
}
