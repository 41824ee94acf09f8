/*
 * What doctor looks at, and what was found so far. Each part of the look is a file of its own, adds
 * what it finds, and is called once; those that need the configuration are not called when there is
 * none.
 */
#ifndef ASP_ADMIN_DOCTOR_EXAMINATION_H
#define ASP_ADMIN_DOCTOR_EXAMINATION_H

#include "findings.h"
#include "pam_folder.h"
#include "path_fix.h"

#include "asp-admin/admin.h"
#include "asp-admin/database/database.h"
#include "asp-admin/system/name_list.h"
#include "asp/buffer.h"
#include "asp/store_watch.h"

#include <glob.h>
#include <stdio.h>

/* The names of the checks. */
#define CHECK_CONFIGURATION "configuration"
#define CHECK_STORE "store"
#define CHECK_DATABASE "database"
#define CHECK_ACCOUNTS "accounts"
#define CHECK_USAGE "usage"
#define CHECK_PRIMARY "primary"
#define CHECK_WATCH "watch"
#define CHECK_HOOKS "hooks"
#define CHECK_PAM "pam"
#define CHECK_PASSWORD_STACK "password-stack"
#define CHECK_BROKER "broker"
#define CHECK_SELF_SERVICE "self-service"
#define CHECK_ACCOUNT_PAGE "account-page"
#define CHECK_DOVECOT "dovecot"
#define CHECK_BESIDE_PAM "beside-pam"
#define CHECK_PROCESSES "processes"

struct examination {
    struct admin *admin; /* its conf is NULL when it cannot be read */
    char conf_path[PATH_MAX];
    struct findings findings;
    struct pam_folder pam;
    struct asp_watch_seen watch;
    bool has_database;             /* accounts are in one, which answers */
    bool knows_lease;              /* of primary.command, where accounts are in a database */
    struct pgsql_lease lease;      /* and that; without a holder nobody has ever had it */
    struct pgsql_feed_place place; /* how far this machine has heard what a database tells; `now` is
                                      0 where it never has, or that is not known */
    size_t due;                    /* users with a hook that is due */
    size_t absent;                 /* users with no line in the shadow file */
};

/* True for out of memory. It is no finding: all that was found is incomplete then. */
bool exam_ran_out(struct examination *exam, enum asp_status status);

/* A fault for what the core says, with its advice or, where it has none, what its status asks for.
 */
void exam_fault(struct examination *exam, const char *check, const struct asp_error *error);

/* The same for what is at `path`, a file or a folder of pam_asp's that cannot be trusted as it is:
 * where commands set that right these are the fix. */
void exam_fault_at(struct examination *exam, const char *check, const struct asp_error *error,
                   const char *path, enum path_wanted wanted);

/* The fix of that alone, for the fault that was added last. */
void exam_fix_at(struct examination *exam, const struct asp_error *error, const char *path,
                 enum path_wanted wanted);

/* A command as it can be pasted, in `out`, which the caller frees; `words` ends with NULL. */
const char *exam_command(struct examination *exam, struct asp_buffer *out,
                         const char *const words[]);

/* A word of another command, such as a path, for that. */
const char *exam_word(struct examination *exam, struct asp_buffer *out, const char *word);

/* As exam_command, for remove: of `user`, or where it is not one account but `count` of them, of
 * USER. */
const char *exam_remove(struct examination *exam, struct asp_buffer *out, size_t count,
                        const char *user);

/* The file in which the PAM service of this name asks for app passwords, by a line of its own or of
 * what it brings in; NULL: it does not. */
const struct pam_file *exam_asks(struct examination *exam, const char *service);

/* The same of the first of these services that does, a row that ends with NULL; NULL: none does. */
const struct pam_file *exam_first_asking(struct examination *exam, const char *const services[]);

/* The text of a plain file, which the caller frees; links are followed. NULL: it cannot be read, or
 * there is no memory. */
char *exam_text(struct examination *exam, const char *path);

/* Each process that there is, by its number, until `look` says that it is enough. */
typedef bool exam_process(const char *pid, void *context);
void exam_processes(struct examination *exam, exam_process *look, void *context);

/* What /proc has of a process under that name; NULL: nothing. */
FILE *exam_process_open(const char *pid, const char *name);

/* The paths that are there of a pattern, which the caller gives to globfree; and those of another
 * one, behind them. */
void exam_glob(struct examination *exam, const char *pattern, glob_t *paths);
void exam_glob_also(struct examination *exam, const char *pattern, glob_t *paths);

/* "alice, bob and 3 more", in `out`, which the caller frees; empty where memory is short. The names
 * are put in order. */
const char *exam_names(struct examination *exam, struct asp_buffer *out, struct name_list *names);

#endif
