/*
 * The apps of this machine: those of asp.conf, and the services of PAM's in none of them.
 */
#ifndef ASP_ADMIN_COMMANDS_APP_LIST_H
#define ASP_ADMIN_COMMANDS_APP_LIST_H

#include "asp-admin/admin.h"
#include "asp-admin/doctor/pam_folder.h"

#include <stdbool.h>
#include <stddef.h>

struct listed_app {
    const char *name;
    struct asp_names services; /* it opens these */
    bool asks; /* it is one of asp.conf, or its stack asks for app passwords: what they are for */
    bool open; /* whoever asks may make app passwords for it */
};

/* Begins as {0}. */
struct app_list {
    struct listed_app *apps; /* those of asp.conf in its order, then the services */
    size_t count;
    struct pam_folder pam; /* the names of the services lie in it */
};

/* Collects them. False: out of memory. The caller calls app_list_free in any case. */
bool app_list_read(const struct admin *admin, struct app_list *list);

void app_list_free(struct app_list *list);

#endif
