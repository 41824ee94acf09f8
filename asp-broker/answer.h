/*
 * What a client asks at broker.sock, and what it is answered.
 */
#ifndef ASP_BROKER_ANSWER_H
#define ASP_BROKER_ANSWER_H

#include "lanes.h"
#include "log_throttle.h"
#include "password_work.h"

#include "asp/entry.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { CLIENT_NAMES = 16 };

/* By what it is answered. */
struct answering {
    const char *conf_path;
    bool conf_required;
    struct log_throttle *log_throttle;
    struct password_works works;
    struct client_name {
        char name[ASP_BY_SIZE];
        uid_t uid;
        int64_t until_ms;  /* 0: none is known */
    } names[CLIENT_NAMES]; /* the answers' own; begins as {0} */
};

/* Reads what a client has said and answers it, unless it has hung up. False when it has said
 * nothing yet; else nothing more is to be done but to close its connection. */
bool answer_client(struct answering *answering, struct lane_client *client);

#endif
