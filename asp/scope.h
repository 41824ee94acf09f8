/*
 * Which app a service belongs to, and whether an entry serves it.
 */
#ifndef ASP_SCOPE_H
#define ASP_SCOPE_H

#include "conf.h"
#include "entry.h"

#include <stdbool.h>

/* Where a request comes in. */
struct asp_scope {
    char service[ASP_SERVICE_MAX + 1]; /* lower case; empty when it is not well-formed */
    char app[ASP_SERVICE_MAX + 1];     /* the same */
    bool guarded;
    char own[ASP_SERVICE_MAX + 1]; /* the app that the service is where no group lists it; empty
                                      where that is the name of a group */
};

/*
 * The scope of a service: the app that lists it, else an app of its own name. `app`, when not NULL,
 * is an app's or a service's name that stands in for the service's app; whether it is guarded
 * is the service's alone. An ill-formed name gives a scope that no entry serves.
 */
void asp_scope_of(const struct asp_conf *conf, const char *service, const char *app,
                  struct asp_scope *scope);

/* The name of an app as it is stored: that of a group as it stands, any other in lower case, as
 * libpam makes services. */
void asp_scope_app(const struct asp_conf *conf, const char *name, char app[ASP_SERVICE_MAX + 1]);

enum asp_admission { ASP_ADMIT_NO, ASP_ADMIT_YES, ASP_ADMIT_BIND };

/*
 * ASP_ADMIT_BIND: the entry waits for its first use, and this is it. An entry of a service's own
 * name, made while that was in no group, stays good for it when a group takes it in. A guarded
 * service is served by none but an entry that was created for its app: neither `any`, nor a first
 * use, nor an entry that a first use has bound.
 */
enum asp_admission asp_scope_admits(const struct asp_scope *scope, const struct asp_entry *entry);

/* The app in whose list a service stands, or NULL. */
const char *asp_scope_listed(const struct asp_conf *conf, const char *service);

/* Whether `guarded` names a service. */
bool asp_scope_is_guarded(const struct asp_conf *conf, const char *service);

/* True for the name of a group in the configuration. */
bool asp_scope_is_group(const struct asp_conf *conf, const char *name);

#endif
