/*
 * Whom the web server runs as: self_service.web_user of asp.conf(5).
 */
#ifndef ASP_ADMIN_SYSTEM_WEB_USER_H
#define ASP_ADMIN_SYSTEM_WEB_USER_H

#include "asp/conf.h"
#include "asp/error.h"

#include <sys/types.h>

/*
 * Finds the uid of self_service.web_user, in /etc/passwd and /etc/group alone. ASP_OK; else why it
 * can be nobody's at the web server's socket: there is none, or it is a user who is or may do
 * something else here.
 */
enum asp_status web_user_find(const struct asp_conf *conf, uid_t *uid, struct asp_error *error);

#endif
