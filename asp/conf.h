/*
 * The configuration file -> an immutable struct. Every key of asp.conf(5) is checked, also those
 * that another program reads.
 */
#ifndef ASP_CONF_H
#define ASP_CONF_H

#include "account.h"
#include "database.h"
#include "error.h"
#include "name.h"
#include "safeio.h"
#include "verifier.h"

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#define ASP_CONF_DEFAULT "/etc/asp/asp.conf"

enum { ASP_CONF_BYTES_MAX = 256 * 1024 };

/* PAM services under a name that a person knows. */
struct asp_app {
    const char *name;
    struct asp_names services;
};

/* What the configuration says of one service that it names. */
struct asp_service {
    const char *name; /* as it was written: compared in lower case */
    const char *app;  /* the app that lists it, or NULL */
    bool guarded;
};

/* The service names that a client of the broker may claim. */
struct asp_client {
    const char *user;
    struct asp_names services;
};

/* What a configuration profile for a device says: empty where that is not known. In these, %u is
 * the user's name and %% a percent sign. */
struct asp_profile {
    const char *organization;
    const char *name;
    const char *mail_address;
    const char *mail_user;
    const char *mail_imap; /* see url.h */
    const char *mail_smtp;
    const char *calendar_url; /* CalDAV and CardDAV */
    const char *calendar_user;
    const char *sign_certificate; /* paths; both, or neither */
    const char *sign_key;
};

struct asp_conf {
    const char *store;
    int limit;
    int history;
    int usage_interval; /* seconds */
    bool fold_user_names;
    struct asp_names user_domains; /* those of the system's own users */
    bool virtual_users;
    const char *default_app; /* ASP_APP_FIRST_USE or an app's name */
    time_t expires;          /* a length of time or ASP_NEVER */
    time_t unused;           /* the same */
    bool log_accepted;
    struct asp_cost cost;
    const struct asp_app *apps;
    size_t app_count;
    struct asp_names guarded;
    const struct asp_service *services; /* those of apps and guarded, each once, in their order */
    size_t service_count;

    enum asp_source primary_source;
    int primary_interval;
    const char *primary_command;
    const char *primary_realm; /* the machines whose shadow files are one; empty: none is named */

    const char *hook_created;
    const char *hook_revoked;
    int hook_timeout;

    const char *broker_socket;
    int broker_workers;
    const struct asp_client *clients;
    size_t client_count;

    bool self_enabled;
    bool self_silent; /* who was asked nothing may be let in */
    const char *self_socket;
    const char *self_group;
    struct asp_names self_apps;
    const char *self_web_user; /* the web server's; empty: nobody signs in by one */
    const char *self_web_socket;

    const char *web_origin;         /* https://HOST[:PORT], or empty */
    const char *web_address_header; /* a name, or empty */

    struct asp_profile profile;

    struct asp_database database;

    void *owned; /* what asp_conf_free frees */
};

/*
 * Reads the file at `path`. When it is not there, that is an error with `required`, else all values
 * are the built-in ones. `identity` says which state of the file was read. ASP_OK: the caller calls
 * asp_conf_free. Else ASP_NO_MEMORY or any other status, with a line that names the file and, where
 * there is one, the line in it.
 */
enum asp_status asp_conf_load(const char *path, bool required, struct asp_conf **conf,
                              struct asp_identity *identity, struct asp_error *error);

/* The same from text of `length` bytes; `path` is for the error line. */
enum asp_status asp_conf_read(const char *path, const char *text, size_t length,
                              struct asp_conf **conf, struct asp_error *error);

void asp_conf_free(struct asp_conf *conf);

#endif
