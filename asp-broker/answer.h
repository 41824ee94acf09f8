/*
 * What a client asks at broker.sock, and what it is answered.
 */
#ifndef ASP_BROKER_ANSWER_H
#define ASP_BROKER_ANSWER_H

#include "lanes.h"
#include "log_throttle.h"
#include "password_work.h"
#include "worker_database.h"

#include "asp/account_name.h"
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
    bool quick; /* what needs a slow hash is passed on */
    /* Who may be asked who a user is, and the same for the name of a uid that is not in
     * /etc/passwd; NULL: nobody, and what needs that is passed on. */
    const struct asp_name_service *name_service;
    void (*ask_uid)(void *context, uid_t uid, char *name, size_t size);
    struct password_works works; /* begun by whoever is asked about passwords */
    struct worker_database database;
    struct client_name {
        char name[ASP_BY_SIZE];
        bool is_number; /* the name service was not asked */
        uid_t uid;
        int64_t until_ms;  /* 0: none is known */
    } names[CLIENT_NAMES]; /* the answers' own; begins as {0} */
};

enum answered {
    ANSWER_NOTHING_SAID, /* yet */
    ANSWER_DONE,         /* nothing more is to be done but to close the connection */
    /* It is as it was, and for another worker: */
    ANSWER_BY_QUESTION, /* the name service has to be asked */
    ANSWER_SLOWLY,      /* a slow hash has to be made */
};

/* Reads what a client has said and answers it, unless it has hung up. */
enum answered answer_client(struct answering *answering, struct lane_client *client);

/* True for a `struct lane_client` who does not wait for the answer any more: what it asked for is
 * not to be done, and not to be logged as if it had been. */
bool answer_has_no_taker(void *client);

/* True when a client has said something. `*has_ended`: it has not, and will not any more. */
bool answer_has_spoken(const struct lane_client *client, bool *has_ended);

/* Says that the name service is asked about too many others. */
void answer_too_many(const struct answering *answering, const struct lane_client *client);

/* Logs that too many of its uid are here, and tells it so if it has spoken. */
void answer_crowded(struct log_throttle *log_throttle, const struct lane_client *client,
                    bool has_spoken);

#endif
