/* A private /dev/log: what the module hands to syslog, as it arrives. */
#ifndef ASP_TESTS_DEVLOG_H
#define ASP_TESTS_DEVLOG_H

#include <stdbool.h>
#include <stddef.h>

#define LOG_LINES_MAX 8
#define LOG_TEXT_MAX 65536

struct logged {
    int count;
    struct {
        int priority;            /* the level, without the facility */
        int facility;            /* as LOG_AUTHPRIV */
        char text[LOG_TEXT_MAX]; /* behind time, program and "pam_asp(SERVICE:auth): " */
        char raw[LOG_TEXT_MAX];  /* all of it */
    } line[LOG_LINES_MAX];
};

/*
 * Puts the process into a mount namespace of its own with a bare /dev, and opens a socket at
 * /dev/log in it. Returns NULL, or what was refused. To be called before the process logs for the
 * first time.
 */
const char *devlog_open(void);
/* Ends the program with 77 (skipped) and the reason where devlog_open is refused. */
void devlog_require(void);
/* Takes what has arrived since the last call; it must fit. */
struct logged *devlog_take(void);

#endif
