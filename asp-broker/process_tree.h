/*
 * A process and all that it has started.
 */
#ifndef ASP_BROKER_PROCESS_TREE_H
#define ASP_BROKER_PROCESS_TREE_H

#include <sys/types.h>

/*
 * Kills a child of this process that was not waited for yet, and what runs below it, also in
 * sessions of its own: a PAM module may have started a program in one. What was given up by the
 * process that had started it is not found, nor are more than 256.
 */
void process_tree_kill(pid_t process);

#endif
