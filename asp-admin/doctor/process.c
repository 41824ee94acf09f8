/* doctor: what the status of a process says. */
#include "process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_SIZE = 4096 };

/* True when the number is in a row of them. */
static bool has_number(const char *row, unsigned long wanted)
{
    char *end;
    unsigned long number = strtoul(row, &end, 10);

    for (; end != row; number = strtoul(row, &end, 10)) {
        if (number == wanted)
            return true;
        row = end;
    }
    return false;
}

bool process_read(const char *pid, gid_t group, struct process *process)
{
    char line[LINE_SIZE];
    FILE *file = exam_process_open(pid, "status");
    bool ended = false;

    *process = (struct process){.name = "?"};
    if (file == NULL)
        return false;
    while (fgets(line, sizeof line, file) != NULL) {
        (void)sscanf(line, "Name:\t%63[^\n]", process->name);
        ended = ended || strncmp(line, "State:\tZ", 8) == 0;
        if (strncmp(line, "PPid:", 5) == 0)
            process->parent = strtoul(line + 5, NULL, 10);
        if (strncmp(line, "Uid:", 4) == 0)
            process->uid = strtoul(line + 4, NULL, 10);
        if (strncmp(line, "Gid:", 4) == 0 || strncmp(line, "Groups:", 7) == 0)
            process->in_group = process->in_group || has_number(strchr(line, ':') + 1, group);
    }
    (void)fclose(file);
    return !ended;
}
