/* Kills a process with its children, their children, and so on. */
#include "process_tree.h"

#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

enum { PROCESSES = 256, PATH_SIZE = 64, NUMBERS_SIZE = 4096 };

struct tree {
    pid_t processes[PROCESSES]; /* each behind the one that has started it */
    size_t count;
};

static void add_children(struct tree *tree, pid_t process)
{
    char path[PATH_SIZE];
    char numbers[NUMBERS_SIZE];
    size_t length = 0;
    FILE *file;
    char *at = numbers;
    char *end;

    (void)snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)process, (int)process);
    file = fopen(path, "re");
    if (file != NULL) {
        length = fread(numbers, 1, sizeof numbers - 1, file);
        (void)fclose(file);
    }
    numbers[length] = '\0';
    while (tree->count < PROCESSES) {
        const long child = strtol(at, &end, 10);

        if (child <= 0 || end == at || *end != ' ') /* a number that is cut off is another's */
            return;
        tree->processes[tree->count++] = (pid_t)child;
        at = end;
    }
}

void process_tree_kill(pid_t process)
{
    struct tree tree = {.processes = {process}, .count = 1};

    /* Each is stopped first: it starts nothing more then, and waits for none of its children, so
     * that their numbers stay theirs. */
    for (size_t i = 0; i < tree.count; i++) {
        (void)kill(tree.processes[i], SIGSTOP);
        add_children(&tree, tree.processes[i]);
    }
    while (tree.count > 0)
        (void)kill(tree.processes[--tree.count], SIGKILL);
}
