#include "source.h"

#include "asp/when.h"

enum exit_code source_open(const struct asp_conf *conf, struct source *source)
{
    struct asp_error error = {ASP_OK, ""};

    *source = (struct source){.kind = conf->primary_source};
    if (source->kind == ASP_SOURCE_SHADOW &&
        asp_shadow_read(ASP_SHADOW_PATH, &source->shadow, &error) != ASP_OK) {
        (void)complain_of(&error);
        return EXIT_STORE;
    }
    return EXIT_DONE;
}

void source_find(const struct source *source, const char *user, struct asp_primary_now *now)
{
    *now = (struct asp_primary_now){.source = source->kind, .expires = ASP_NEVER};
    if (source->kind == ASP_SOURCE_SHADOW)
        asp_shadow_find(&source->shadow, user, now);
}

void source_close(struct source *source)
{
    asp_shadow_free(&source->shadow);
}

struct asp_revocation revocation_of(const struct admin *admin, bool hook_due)
{
    return (struct asp_revocation){
        .when = admin->now,
        .by = admin->by,
        .hook_due = hook_due,
        .keep = (size_t)admin->conf->history,
    };
}
