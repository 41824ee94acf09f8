/* doctor: the processes above one, by /proc. */
#include "started_by.h"

#include "examination.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LINE_SIZE = 4096,
    ABOVE_MAX = 100, /* they change while they are looked at: there could be a circle */
};

void process_read(const char *pid, char name[PROCESS_NAME], unsigned long *parent)
{
    FILE *status = exam_process_open(pid, "status");
    char line[LINE_SIZE];

    (void)snprintf(name, PROCESS_NAME, "?");
    *parent = 0;
    while (status != NULL && fgets(line, sizeof line, status) != NULL) {
        (void)sscanf(line, "Name:\t%63[^\n]", name);
        if (strncmp(line, "PPid:", strlen("PPid:")) == 0)
            *parent = strtoul(line + strlen("PPid:"), NULL, 10);
    }
    if (status != NULL)
        (void)fclose(status);
}

static bool is_way_in(const char *name)
{
    static const char *const names[] = {
        "sh",  "bash", "dash", "ash", "busybox",      "ksh",       "zsh",  "fish",
        "csh", "tcsh", "sshd", "su",  "sshd-session", "sshd-auth", "sudo", "login"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(name, names[i]) == 0)
            return true;
    }
    return false;
}

struct starter started_by(const char *pid)
{
    struct starter found = {.number = 0};
    char name[PROCESS_NAME];
    char number[32];
    unsigned long parent;

    process_read(pid, name, &parent);
    for (size_t i = 0; i < ABOVE_MAX && parent > 1; i++) {
        const unsigned long above = parent;

        (void)snprintf(number, sizeof number, "%lu", above);
        process_read(number, name, &parent);
        if (strcmp(name, "?") == 0 || is_way_in(name))
            continue;
        found.number = above;
        memcpy(found.name, name, sizeof name);
    }
    return found;
}
