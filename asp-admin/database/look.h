/*
 * A machine joins the store of a database, and looks at that.
 */
#ifndef ASP_ADMIN_DATABASE_LOOK_H
#define ASP_ADMIN_DATABASE_LOOK_H

#include "init.h"
#include "standbys.h"

#include "asp/conf.h"
#include "asp/error.h"

#include <stdbool.h>
#include <stdint.h>

struct pgsql_store;

enum { DATABASE_HOST_SIZE = 256, DATABASE_WORD_SIZE = 64, DATABASE_WORDS_SIZE = 256 };

/* What is seen of it by a role that has come in. */
struct database_look {
    struct database_identity identity;
    bool is_closed; /* it has moved to another place */
    bool is_known;  /* its schema may be used by this version */
    bool is_older;  /* and has not all that this version makes use of */
    char host[DATABASE_HOST_SIZE];
    bool has_socket;              /* it is reached by a Unix socket */
    char tls[DATABASE_WORD_SIZE]; /* the version; empty: none */
    bool is_super;                /* the role may do everything */
    bool is_node;                 /* the role may do what a broker does */
    bool is_admin;                /* it may read the tables and tidy them too */
    /* What it does, in words, that not even root's asp-admin needs; and what a broker does not need
     * beside that. Empty: nothing. */
    char beyond_admin[DATABASE_WORDS_SIZE];
    char beyond_node[DATABASE_WORDS_SIZE];
    char owners[DATABASE_WORDS_SIZE]; /* of tables and functions, but asp_owner */
    int64_t ahead_ms;                 /* of the database's clock, before this machine's */
    int64_t told_ms;                  /* in which that was told: it is not known more exactly */
    struct database_standbys standbys;
    char commit[DATABASE_WORD_SIZE]; /* synchronous_commit, of this role */
};

/* Remembers which database this machine is of: ASP_OK; ASP_UNCHANGED where it did already; else it
 * is of another one, or what is there is no store. */
enum asp_status database_join(struct pgsql_store *own, struct asp_error *error);

/* ASP_OK: it is the one that this machine has joined. */
enum asp_status database_is_joined(struct pgsql_store *own, struct asp_error *error);

/* ASP_OK: a login that asks now is answered. Where nobody answers there is no advice: a commit that
 * waits for a standby looks like a server that hangs. */
enum asp_status database_answers(struct pgsql_store *own, struct asp_error *error);

/* Looks, by the connection that is there. */
enum asp_status database_look(struct pgsql_store *own, struct database_look *look,
                              struct asp_error *error);

/* The same as the broker does, by its role and a connection of its own: as the user who is its
 * workers where there is one, for whom what root alone may read is read by this process, root's. */
enum asp_status database_look_as_broker(const struct asp_conf *conf, struct database_look *look,
                                        struct asp_error *error);

#endif
