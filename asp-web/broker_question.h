/*
 * A login that the broker is asked to decide, by who waits for nobody.
 */
#ifndef ASP_WEB_BROKER_QUESTION_H
#define ASP_WEB_BROKER_QUESTION_H

#include "asp/error.h"
#include "asp/login.h"

/*
 * Asks the broker at `path`, at once. ASP_OK: its answer comes at `*fd`, which the caller closes.
 * ASP_BUSY: the broker takes no more just now, and was told nothing; any other status is why there
 * is no answer to come. `*fd` is -1 then.
 */
enum asp_status broker_question_ask(const char *path, const struct asp_request *request, int *fd,
                                    struct asp_error *error);

/* Reads the answer when there is something to be read. On any other status than ASP_OK there is
 * none, and `outcome` is ASP_UNAVAILABLE. It owns nothing. */
enum asp_status broker_question_hear(int fd, struct asp_outcome *outcome, struct asp_error *error);

#endif
