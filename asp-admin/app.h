/*
 * The app that a password is to be made for.
 */
#ifndef ASP_ADMIN_APP_H
#define ASP_ADMIN_APP_H

#include "admin.h"

/* The PAM services by which users come to their own app passwords: at a terminal, and at the
 * account page. */
#define SERVICE_TERMINAL "asp-admin"
#define SERVICE_WEB "asp-web"

/* True of those two. Whatever their stacks say and whatever app lists them, no app password lets
 * anybody in by them. */
bool app_is_own_service(const char *service);

/* True for an app that is nothing that the system knows: neither app nor service of asp.conf, and
 * no service with a file of PAM's. Such a one may be meant, and more often it is a slip of the
 * hand. */
bool app_is_unknown(const struct asp_conf *conf, const char *app);

/* ASP_OK when a password for that app may be made, also for a service that one of those has taken
 * in; else ASP_DENIED, and for which ones. */
enum asp_status app_check(const struct admin *admin, const char *app, struct asp_error *error);

#endif
