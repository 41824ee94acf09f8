/* Whether pam_asp is in the auth stack of one service. */
#include "pam_service.h"

#include "examination.h"
#include "pam_folder.h"

#include "asp/name.h"

#include <ctype.h>
#include <stdio.h>

bool pam_service_asks(struct pam_folder *folder, const struct pam_file *file)
{
    struct pam_stack stack = {0};
    bool ours = false;

    pam_folder_stack(folder, file, FACILITY_AUTH, &stack);
    for (size_t i = 0; i < stack.count; i++)
        ours = ours || pam_line_has(stack.entries[i].line, MODULE_FILE);
    pam_stack_free(&stack);
    return ours;
}

enum pam_service pam_service_look(const char *service)
{
    struct pam_folder folder = {0};
    const struct pam_file *file;
    const struct pam_file *other;
    char name[ASP_SERVICE_MAX + 1];
    enum pam_service answer;

    (void)snprintf(name, sizeof name, "%s", service);
    for (char *p = name; *p != '\0'; p++)
        *p = (char)tolower((unsigned char)*p);
    pam_folder_read(&folder);
    file = pam_folder_find(&folder, name);
    other = pam_folder_find(&folder, "other");
    if (file != NULL)
        answer = pam_service_asks(&folder, file) ? PAM_SERVICE_ASKS : PAM_SERVICE_SILENT;
    else
        answer = other != NULL && pam_service_asks(&folder, other) ? PAM_SERVICE_ASKS
                                                                   : PAM_SERVICE_NO_FILE;
    if (folder.failed)
        answer = PAM_SERVICE_ASKS;
    pam_folder_free(&folder);
    return answer;
}
