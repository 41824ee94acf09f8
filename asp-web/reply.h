/*
 * Answers. Each has the headers by which a browser takes nothing from elsewhere, keeps nothing and
 * is framed by nobody.
 */
#ifndef ASP_WEB_REPLY_H
#define ASP_WEB_REPLY_H

#include "web.h"

#include <jansson.h>

struct reply_head {
    const char *name;
    const char *value;
};

struct reply {
    unsigned status;
    json_t *document;               /* NULL: there was no memory for it */
    const struct cookie *cookie;    /* that is set in place of the one that is there, or NULL */
    bool signs_out;                 /* the browser forgets all it has of this host */
    const struct reply_head *heads; /* more of them, up to one without a name; or NULL */
};

/* Answers by a document, which is freed. */
enum MHD_Result reply_send(struct request *request, struct reply reply);

/* Answers why it is not done. */
enum MHD_Result reply_refuse(struct request *request, unsigned status, const char *why);

enum MHD_Result reply_file(struct request *request);

/* Answers at a one-time address: by a text that lasts, or by a profile, which is handed over. */
enum MHD_Result reply_page(struct request *request, unsigned status, const char *text);
enum MHD_Result reply_profile(struct request *request, uint8_t *profile, size_t length);

#endif
