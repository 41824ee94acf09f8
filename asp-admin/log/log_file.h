/*
 * A file of a system log.
 */
#ifndef ASP_ADMIN_LOG_LOG_FILE_H
#define ASP_ADMIN_LOG_LOG_FILE_H

#include "reading.h"

#include "asp/error.h"

/*
 * Reads it, or standard input where that is -, from beginning to end, in a memory that does not
 * grow with it. Not one that is compressed, nor one of the journal's own: the advice is how to hand
 * that over. The file need not be trusted.
 */
enum asp_status log_file_read(struct reading *reading, const char *path, struct asp_error *error);

#endif
