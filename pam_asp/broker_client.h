/*
 * The module's way to asp-broker, for hosts that are not root or are fenced in.
 */
#ifndef PAM_ASP_BROKER_CLIENT_H
#define PAM_ASP_BROKER_CLIENT_H

#include "asp/broker_password.h"
#include "asp/login.h"

/*
 * Asks the broker of the configuration. ASP_OK: `outcome` is its answer, it owns nothing, and the
 * broker has logged it. Else `error` says what to start or to fix. Returns within a second, with
 * hash.scheme = "argon2id" within five. Sends only to a process of root's or of this one's own
 * user. The host's signals and descriptors are as they were.
 */
enum asp_status broker_client_ask(const struct asp_conf *conf, const struct asp_request *request,
                                  struct asp_outcome *outcome, struct asp_error *error);

/*
 * Hands the work that a primary password which was set makes to the broker, which has a second to
 * accept it and is asked again while it is busy, and waits for it until `deadline` (see
 * asp_clock_ms). True: it is the broker's, and `*done` when it has done it already. False: it is
 * left to the caller, for there is no broker, or it refuses, is an older one, did not accept it in
 * time, or could not do it. The broker does nothing of what it has not accepted in time.
 */
bool broker_client_hand_over(const struct asp_conf *conf, const struct asp_broker_password *set,
                             int64_t deadline, bool *done);

#endif
