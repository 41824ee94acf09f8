/*
 * Which services a client of the broker may ask for: broker.clients of asp.conf(5).
 */
#ifndef ASP_BROKER_CLIENT_POLICY_H
#define ASP_BROKER_CLIENT_POLICY_H

#include "asp/conf.h"
#include "asp/login.h"

#include <sys/types.h>

/*
 * ASP_OK when the process of user `name` may ask for what the request says. One that stands among
 * the clients may ask for its services, and for the apps that they are in. One that does not may
 * ask for any when there are no clients at all, or when it is root's; but ASP_BROKER_AUTHORIZER
 * has to stand there, and may ask for no guarded service. Else, and for self_service.web_user,
 * ASP_DENIED, and why.
 */
enum asp_status client_policy_check(const struct asp_conf *conf, uid_t uid, const char *name,
                                    const struct asp_request *request, struct asp_error *error);

#endif
