/*
 * The services of a log: for which pam_asp decides, and whose stack says when the primary password
 * was right.
 */
#ifndef ASP_ADMIN_LOG_SERVICES_H
#define ASP_ADMIN_LOG_SERVICES_H

#include "asp/name.h"

#include <stdbool.h>
#include <stddef.h>

enum { SERVICES_MAX = 1024 }; /* of those that are more nothing is known */

struct log_service {
    char name[ASP_SERVICE_MAX + 1];
    bool decides;            /* there was a decision of pam_asp's */
    bool tells;              /* there was a line of pam_warn's that belongs to one */
    unsigned long long lost; /* lines of pam_warn's that belong to none that was seen */
};

/* Begins as {0}. */
struct services {
    void *tree; /* for tsearch(3) */
    struct log_service *all[SERVICES_MAX];
    size_t count;
};

/* The one of this name, made where there is none yet; `*service` is NULL where there are too many.
 * False: no memory. */
bool services_note(struct services *services, const char *name, struct log_service **service);

/* Whether pam_warn was seen to say of this one who was let in by the primary password. */
bool services_tells(const struct services *services, const char *name);

/* The same of any. */
bool services_any_tells(const struct services *services);

/* How many lines of pam_warn's belong to no decision, for services that pam_asp decides for. */
unsigned long long services_lost(const struct services *services);

void services_free(struct services *services);

#endif
