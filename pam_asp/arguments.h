/*
 * What stands behind pam_asp.so in a PAM file.
 */
#ifndef PAM_ASP_ARGUMENTS_H
#define PAM_ASP_ARGUMENTS_H

#include <stdbool.h>

struct arguments {
    const char *conf_path;
    bool conf_required; /* it was named, so it must be there */
    const char *app;    /* instead of the service's, or NULL */
    bool use_first_pass;
    bool debug;
};

/* Reads them all. NULL, or the first argument that is wrong. */
const char *arguments_read(int argc, const char **argv, struct arguments *arguments);

#endif
