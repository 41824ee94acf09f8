/*
 * The users as whom servers that are not root ask PAM, and whether they may ask asp-broker.
 */
#ifndef ASP_ADMIN_DOCTOR_SERVICE_USERS_H
#define ASP_ADMIN_DOCTOR_SERVICE_USERS_H

#include "examination.h"

#define SERVICE_GROUP "asp" /* who may ask */

enum { SERVICE_SERVERS = 7 };

/* Begins as {0}. */
struct service_users {
    struct service_user {
        const struct service_server *server;
        const struct pam_file *file; /* by which it asks for app passwords */
        const char *name;            /* as whom */
    } list[SERVICE_SERVERS];
    size_t count;
};

/* Those of servers for which a PAM file asks for app passwords. */
void service_users_find(struct examination *exam, struct service_users *users);

/* Each is in the group, and so are the processes that run as that user. */
void service_users_check(struct examination *exam, const struct service_users *users);

#endif
