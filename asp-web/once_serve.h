/*
 * What is answered at a one-time address.
 */
#ifndef ASP_WEB_ONCE_SERVE_H
#define ASP_WEB_ONCE_SERVE_H

#include "web.h"

/* Serves a request that is whole. */
enum MHD_Result once_serve(struct request *request);

#endif
