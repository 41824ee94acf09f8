/* Kills a process with its children, their children, and so on. */
#include "process_tree.h"

#include <signal.h>
#include <stdio.h>

enum { DEPTH = 16, PATH_SIZE = 64 };

/* Each is stopped first: it starts nothing more then, and waits for none of its children, so that
 * their numbers stay theirs. */
static void kill_below(pid_t process, int depth)
{
    char path[PATH_SIZE];
    FILE *file;
    int child;

    (void)kill(process, SIGSTOP);
    (void)snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)process, (int)process);
    file = depth < DEPTH ? fopen(path, "re") : NULL;
    while (file != NULL && fscanf(file, "%d", &child) == 1)
        kill_below(child, depth + 1);
    if (file != NULL)
        (void)fclose(file);
    (void)kill(process, SIGKILL);
}

void process_tree_kill(pid_t process)
{
    kill_below(process, 0);
}
