/*
 * One world with a user for each verdict that the module can reach: made once by a program, before
 * its tests, and only read by them.
 */
#ifndef ASP_TESTS_VERDICT_FIXTURE_H
#define ASP_TESTS_VERDICT_FIXTURE_H

#include "harness.h"

/* A login and what must come out of it. */
struct verdict_sample {
    const char *verdict;
    const char *user;
    const char *service;
    const char *rhost;
    char password[PASSWORD_MAX];
    int code;
    const char *label; /* that of the entry, NULL unless the secret is right */
    char id[3];        /* the same, else empty */
    bool hashed;       /* well-shaped, of an enrolled user: exactly one hash */
};

#define VERDICT_SAMPLES_MAX 20

struct verdict_fixture {
    struct world world;
    struct verdict_sample samples[VERDICT_SAMPLES_MAX];
    size_t count;
};

/* SETTINGS as for world_make. Takes two seconds, in which one password expires and one falls out of
 * use. */
void verdict_fixture_make(struct verdict_fixture *fixture, const char *settings);
/* The first sample with VERDICT. */
const struct verdict_sample *verdict_fixture_find(const struct verdict_fixture *fixture,
                                                  const char *verdict);
/* Logs in as SAMPLE says; returns the code. */
int verdict_fixture_login(const struct verdict_fixture *fixture,
                          const struct verdict_sample *sample);

#endif
