/*
 * What a program of this project expects of its own process, whoever started it.
 */
#ifndef ASP_ADMIN_SYSTEM_OWN_PROCESS_H
#define ASP_ADMIN_SYSTEM_OWN_PROCESS_H

#include <stdbool.h>

/*
 * At the begin of main. A closed standard descriptor is occupied: else the next file that is opened
 * would take its place, and a password be written into it. SIGPIPE and SIGXFSZ are ignored: a pipe
 * that nobody reads and a file that may grow no more are errors of writing, which are told. What is
 * run from here has both as they are by default (program.h). A crash leaves no core. False when a
 * descriptor cannot be occupied.
 */
bool own_process_prepare(void);

#endif
