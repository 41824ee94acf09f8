/* The lease of primary.command. */
#include "primary_lease.h"

#include "asp-admin/system/machine.h"
#include "asp/clock.h"
#include "asp/source.h"

#include <stdio.h>
#include <string.h>

enum {
    MS = 1000,
    PROLONG_MS = 30 * MS, /* so that two answers may fail to come */
    LOOK_MS = 5 * MS,     /* when it is another's: it may have been given up */
};

_Static_assert((int)MACHINE_NAME_SIZE <= PGSQL_HOLDER_MAX + 1, "a machine can have a lease");

static bool is_needed(const struct asp_conf *conf)
{
    return conf->database.host_count > 0 && asp_source_traits(conf->primary_source).is_program;
}

static enum asp_status ask(struct primary_lease *lease, const struct admin *admin,
                           struct asp_error *error)
{
    char name[MACHINE_NAME_SIZE];
    struct pgsql_lease told;
    const int64_t asked = asp_clock_ms();
    enum asp_status status;

    machine_name(name);
    status = database_lease_take(admin->database, PGSQL_LEASE_PRIMARY, name,
                                 PGSQL_LEASE_PRIMARY_SECONDS, &told, error);
    lease->next = asp_clock_ms() + LOOK_MS;
    if (status != ASP_OK)
        return status;
    lease->is_ours = told.is_ours;
    memcpy(lease->holder, told.holder, sizeof lease->holder);
    if (told.is_ours) {
        lease->ends = asked + PGSQL_LEASE_PRIMARY_SECONDS * (int64_t)MS;
        lease->next = asked + PROLONG_MS;
    } else if (told.left < LOOK_MS) {
        lease->next = asked + told.left + 1;
    }
    return ASP_OK;
}

enum asp_status primary_lease_keep(struct primary_lease *lease, const struct admin *admin,
                                   struct asp_error *error)
{
    enum asp_status status = ASP_OK;

    if (!is_needed(admin->conf)) {
        *lease = (struct primary_lease){0};
        return ASP_OK;
    }
    if (asp_clock_ms() >= lease->next || lease->holder[0] == '\0')
        status = ask(lease, admin, error);
    lease->is_ours = lease->is_ours && asp_clock_ms() < lease->ends;
    if (lease->is_ours)
        return ASP_OK;
    return status == ASP_OK ? ASP_UNCHANGED : status;
}

bool primary_lease_comes(struct primary_lease *lease, const struct admin *admin)
{
    const bool was_ours = lease->is_ours;

    (void)primary_lease_keep(lease, admin, NULL);
    return lease->is_ours && !was_ours;
}

int64_t primary_lease_wait(const struct primary_lease *lease, const struct asp_conf *conf)
{
    const int64_t left = lease->next - asp_clock_ms();

    if (!is_needed(conf))
        return -1;
    return left > 0 ? left : 0;
}

void primary_lease_give(struct primary_lease *lease, const struct admin *admin)
{
    struct pgsql_lease told;

    if (lease->is_ours)
        (void)database_lease_take(admin->database, PGSQL_LEASE_PRIMARY, lease->holder, 0, &told,
                                  NULL);
    *lease = (struct primary_lease){0};
}

const char *primary_lease_holder(const struct primary_lease *lease, char name[PGSQL_HOLDER_MAX + 1])
{
    (void)snprintf(name, PGSQL_HOLDER_MAX + 1, "%.*s", machine_name_length(lease->holder),
                   lease->holder);
    return name;
}
