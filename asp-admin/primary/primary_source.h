/*
 * Where primary passwords are kept, as create and watch read it: the shadow file, or the output of
 * a command.
 */
#ifndef ASP_ADMIN_PRIMARY_PRIMARY_SOURCE_H
#define ASP_ADMIN_PRIMARY_PRIMARY_SOURCE_H

#include "asp/buffer.h"
#include "asp/conf.h"
#include "asp/primary.h"
#include "asp/shadow.h"

#include <stdint.h>
#include <time.h>

/* What was read, for every user at one moment. Begins as {0}. It holds hashes: primary_source_close
 * wipes it. */
struct primary_source {
    enum asp_source kind;
    struct asp_realm realm; /* of the shadow file; borrowed from the configuration */
    struct timespec asked;  /* before it was read */
    struct asp_shadow shadow;
    struct asp_buffer printed; /* by the command */
    const char *text;          /* of one of the two; NULL: nothing was read */
    size_t length;
    char separator;  /* behind a user's name */
    uint32_t *lines; /* where they begin in it, in the order of names: there may be a million */
    size_t count;
};

/* Reads it, once. ASP_OK, or why nothing is known of anybody; ASP_INTERRUPTED: this process is to
 * end. The caller calls primary_source_close in any case. */
enum asp_status primary_source_read(const struct asp_conf *conf, struct primary_source *source,
                                    struct asp_error *error);

/*
 * The same for who asks for many users in turn: reads it where that was not done yet, where the
 * file is another by now, or at `now` the interval is over after which it is looked at anyway. Else
 * what was read holds.
 */
enum asp_status primary_source_renew(const struct asp_conf *conf, struct primary_source *source,
                                     time_t now, struct asp_error *error);

/* Its second half: makes what was read, the `shadow` or what was `printed`, ready to be asked,
 * where it has the form of that. */
enum asp_status primary_source_index(const struct asp_conf *conf, struct primary_source *source,
                                     struct asp_error *error);

/*
 * What it says of one user; where she is absent, of the one whom her account follows, unless that
 * is empty. The shadow file speaks with the user's first line, and of who has none
 * it says that she is absent. The command says nothing of who has no line, more than one, or an
 * empty text. With `none` as source nothing is said, and there is nothing to compare.
 */
void primary_source_find(const struct primary_source *source, const char *user, const char *follows,
                         struct asp_primary_now *now);

/* Why it could not be read, for who is not root and has a store of her own: what to do is another
 * thing than to become root. */
void primary_source_advise(const struct asp_conf *conf, struct asp_error *error);

void primary_source_close(struct primary_source *source);

#endif
