/*
 * The name by which a machine is told from others, in what several of them share.
 */
#ifndef ASP_ADMIN_SYSTEM_MACHINE_H
#define ASP_ADMIN_SYSTEM_MACHINE_H

#include <stddef.h>

enum { MACHINE_NAME_SIZE = 80 };

/* Its name and, behind a blank, what tells it from another that is called so. */
void machine_name(char name[MACHINE_NAME_SIZE]);

/* How many bytes of such a name, from the first on, are for people. */
int machine_name_length(const char *name);

#endif
