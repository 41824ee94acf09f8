/*
 * One world with a user for each verdict that the module can reach: made once by a program, before
 * its tests, and only read by them.
 */
#ifndef ASP_TESTS_CAST_H
#define ASP_TESTS_CAST_H

#include "harness.h"

/* A login and what must come out of it. */
struct scene {
    const char *verdict;
    const char *user;
    const char *service;
    const char *rhost;
    char password[PASSWORD_MAX];
    int code;
    const char *label; /* that of the entry, NULL unless the secret is right */
    bool hashed;       /* well-shaped, of an enrolled user: exactly one hash */
};

#define SCENES_MAX 16

struct cast {
    struct world world;
    struct scene scenes[SCENES_MAX];
    size_t count;
};

/* SETTINGS as for world_make. Takes two seconds, in which one password expires and one falls out of
 * use. */
void cast_make(struct cast *cast, const char *settings);
/* The first scene with VERDICT. */
const struct scene *cast_find(const struct cast *cast, const char *verdict);
/* Logs in as SCENE says; returns the code. */
int cast_login(const struct cast *cast, const struct scene *scene);

#endif
