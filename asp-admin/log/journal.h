/*
 * The journal of this machine.
 */
#ifndef ASP_ADMIN_LOG_JOURNAL_H
#define ASP_ADMIN_LOG_JOURNAL_H

#include "reading.h"

#include "asp/error.h"

/*
 * Reads it since `reading->since`, by journalctl(1): what was said by syslog(3) with the facility
 * authpriv. Who has said it the journal has from the kernel: only programs of root's are
 * believed.
 */
enum asp_status journal_read(struct reading *reading, struct asp_error *error);

#endif
