/*
 * Whether PAM asks pam_asp for a service, as the files of this machine have it.
 */
#ifndef ASP_ADMIN_DOCTOR_PAM_SERVICE_H
#define ASP_ADMIN_DOCTOR_PAM_SERVICE_H

#include "pam_folder.h"

#include <stdbool.h>

enum pam_service {
    PAM_SERVICE_ASKS,    /* or it is not known: memory has run out */
    PAM_SERVICE_SILENT,  /* the service has a file, and pam_asp is not in its auth stack */
    PAM_SERVICE_NO_FILE, /* it has none, and pam_asp is not in that of `other` */
};

/* Whether a file of the folder comes to pam_asp, by an auth line of its own or of what it brings
 * in. Out of memory `folder` is failed. */
bool pam_service_asks(struct pam_folder *folder, const struct pam_file *file);

/* Looks at the files of a service, of which libpam folds the name. */
enum pam_service pam_service_look(const char *service);

#endif
