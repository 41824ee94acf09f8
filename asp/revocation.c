/* How entries are revoked. */
#include "revocation.h"

bool asp_has_revoked_hook(const struct asp_conf *conf)
{
    return conf->hook_revoked[0] != '\0';
}

struct asp_revocation asp_revocation_of(const struct asp_conf *conf, time_t when, const char *by)
{
    return (struct asp_revocation){
        .when = when,
        .by = by,
        .hook_due = asp_has_revoked_hook(conf) && conf->database.host_count == 0,
        .keep = (size_t)conf->history,
    };
}
