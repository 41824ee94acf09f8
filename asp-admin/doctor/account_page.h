/*
 * The look at the account page.
 */
#ifndef ASP_ADMIN_DOCTOR_ACCOUNT_PAGE_H
#define ASP_ADMIN_DOCTOR_ACCOUNT_PAGE_H

#include "examination.h"

/* Whether users can sign in by a web server where self_service.web_user says that they do, and
 * whether asp-web serves its page. */
void examine_account_page(struct examination *exam);

#endif
