/*
 * What is said of a configuration that libconfig does not read. Private to conf.
 */
#ifndef ASP_CONF_UNREAD_H
#define ASP_CONF_UNREAD_H

#include "conf_reader.h"

#include <stddef.h>

/* Right after config_read_string has refused `text`. Returns ASP_INVALID, with the line, the key
 * and, for what is often written wrong, what to write. */
enum asp_status asp_conf_fail_unread(const struct asp_conf_reader *reader, const char *text,
                                     size_t length);

#endif
