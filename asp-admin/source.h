/*
 * Where primary passwords are kept, as create and watch read it: the shadow file, or the output of
 * a command.
 */
#ifndef ASP_ADMIN_SOURCE_H
#define ASP_ADMIN_SOURCE_H

#include "admin.h"

#include "asp/primary.h"
#include "asp/shadow.h"

/* What was read, for every user at one moment. Begins as {0}. It holds hashes: source_close wipes
 * it. */
struct source {
    enum asp_source kind;
    struct asp_shadow shadow;
};

/* Reads it. EXIT_DONE, or EXIT_STORE after a complaint: then nothing is known of anybody. */
enum exit_code source_open(const struct asp_conf *conf, struct source *source);

/* What it says of one user. With `none` as source it says nothing, and there is nothing to compare.
 */
void source_find(const struct source *source, const char *user, struct asp_primary_now *now);

void source_close(struct source *source);

/* How entries of this configuration are revoked when the primary password has changed. */
struct asp_revocation revocation_of(const struct admin *admin, bool hook_due);

#endif
