/*
 * The module's way to asp-broker, for hosts that are not root or are fenced in.
 */
#ifndef PAM_ASP_BROKER_CLIENT_H
#define PAM_ASP_BROKER_CLIENT_H

#include "asp/login.h"

/*
 * Asks the broker of the configuration. ASP_OK: `outcome` is its answer, it owns nothing, and the
 * broker has logged it. Else `error` says what to start or to fix. Returns within a second, with
 * hash.scheme = "argon2id" within five. Sends only to a process of root's or of this one's own
 * user. The host's signals and descriptors are as they were.
 */
enum asp_status broker_client_ask(const struct asp_conf *conf, const struct asp_request *request,
                                  struct asp_outcome *outcome, struct asp_error *error);

#endif
