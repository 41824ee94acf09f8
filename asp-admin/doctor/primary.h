/*
 * doctor: where the primary passwords of the users are, and what they are now.
 */
#ifndef ASP_ADMIN_DOCTOR_PRIMARY_H
#define ASP_ADMIN_DOCTOR_PRIMARY_H

#include "examination.h"

#include "asp-admin/primary/primary_source.h"

/* What the shadow file says of the users, by the names of those of whom something is to be told.
 * Begins as {0}. */
struct primaries {
    bool has_shadow; /* it is what a login compares with, and it was read */
    bool asks;       /* the name service, for who has no line in it */
    const struct asp_conf *conf;
    bool is_silent; /* the name service: it has failed */
    struct primary_source shadow;
    struct asp_error error;   /* why it was not */
    size_t readable;          /* accounts that could be compared */
    struct name_list absent;  /* no line in it, and none to be missed */
    struct name_list gone;    /* no line any more, or written absent */
    struct name_list missed;  /* no line, and not known any more to the name service */
    struct name_list spelled; /* no line, and the name stands for another, who is named too */
    char last_spelled[ASP_USER_MAX + 1]; /* the account of the last of those */
    struct name_list broken;             /* a line that says nothing */
    struct name_list changed;            /* another password than the one remembered */
    struct name_list elsewhere; /* of another realm, which is named too, or of none that is known */
};

/* Reads it, where it is the source. The caller calls primaries_free in any case. */
void primaries_read(const struct asp_conf *conf, struct primaries *primaries);

/* Compares one account. False: out of memory. */
bool primaries_compare(struct primaries *primaries, const char *user,
                       const struct asp_account *account, time_t at);

/* primary: tells of them all. */
void examine_primary(struct examination *exam, struct primaries *primaries);

void primaries_free(struct primaries *primaries);

#endif
