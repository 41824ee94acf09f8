/*
 * doctor: looks this machine over, and says what is wrong and what mends it. It changes nothing: it
 * opens files for reading, and holds the watch's lock for a moment at most.
 *
 * Each function below is one part of the look, and adds what it finds. Those that need the
 * configuration are not called when there is none.
 */
#ifndef ASP_ADMIN_DOCTOR_DOCTOR_H
#define ASP_ADMIN_DOCTOR_DOCTOR_H

#include "findings.h"
#include "pam_folder.h"

#include "asp-admin/admin.h"
#include "asp/buffer.h"
#include "asp/store_watch.h"

/* The command. */
enum exit_code command_doctor(struct admin *admin);

/* The names of the checks. */
#define CHECK_CONFIGURATION "configuration"
#define CHECK_STORE "store"
#define CHECK_ACCOUNTS "accounts"
#define CHECK_USAGE "usage"
#define CHECK_PRIMARY "primary"
#define CHECK_WATCH "watch"
#define CHECK_HOOKS "hooks"
#define CHECK_PAM "pam"
#define CHECK_PASSWORD_STACK "password-stack"
#define CHECK_BROKER "broker"
#define CHECK_SELF_SERVICE "self-service"

#define DOCTOR_MODULE "pam_asp.so"

struct doctor {
    struct admin *admin; /* its conf is NULL when it cannot be read */
    char conf_path[PATH_MAX];
    struct findings findings;
    struct pam_folder pam;
    struct asp_watch_seen watch;
    size_t due;    /* users with a hook that is due */
    size_t absent; /* users with no line in the shadow file */
};

/* store, accounts, usage, primary */
void doctor_store(struct doctor *doctor);

/* watch, hooks */
void doctor_watch(struct doctor *doctor);

/* pam: also without a configuration */
void doctor_pam(struct doctor *doctor);

void doctor_password_stack(struct doctor *doctor);

/* broker, self-service */
void doctor_broker(struct doctor *doctor);

/* A fault for what the core says. */
void doctor_fault(struct doctor *doctor, const char *check, const struct asp_error *error);

enum { DOCTOR_NAMES = 10 }; /* how many of many are named */

struct name_list;

/* Adds "alice, bob and 3 more"; the names are put in order. */
void doctor_add_names(struct asp_buffer *out, struct name_list *names);

#endif
