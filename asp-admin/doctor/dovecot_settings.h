/*
 * What doveconf(1) prints -> what it means for app passwords. Pure. Settings are written in two
 * ways, by Dovecot 2.3 and from 2.4 on.
 */
#ifndef ASP_ADMIN_DOCTOR_DOVECOT_SETTINGS_H
#define ASP_ADMIN_DOCTOR_DOVECOT_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

enum { DOVECOT_PROTOCOLS = 4, DOVECOT_DRIVER_SIZE = 32 };

/* Those in which a user logs in, as PAM services are called. */
extern const char *const dovecot_protocols[DOVECOT_PROTOCOLS];

struct dovecot_settings {
    bool has_protocol[DOVECOT_PROTOCOLS];
    bool has_cache;   /* of logins */
    bool asks_pam;    /* by a passdb */
    bool keeps_pam;   /* what PAM has answered would be kept in a cache */
    bool by_protocol; /* PAM is asked by the name of the protocol, else by one name for all */
    char primary[DOVECOT_DRIVER_SIZE]; /* a passdb beside PAM that knows the system's own passwords;
                                          empty: there is none */
    char other[DOVECOT_DRIVER_SIZE];   /* one that takes passwords of somewhere else */
};

/* Takes the text apart. `*settings` is set anew. */
void dovecot_settings_read(char *text, struct dovecot_settings *settings);

#endif
