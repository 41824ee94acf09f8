/*
 * A text as a QR code (ISO/IEC 18004).
 */
#ifndef ASP_ADMIN_UI_QR_H
#define ASP_ADMIN_UI_QR_H

#include "console.h"

#include <jansson.h>

struct qr;

/* Of error correction level L. NULL with errno: ERANGE, the text is too long for one; ENOMEM. The
 * caller calls qr_free, which wipes it. */
struct qr *qr_make(const char *text);

/* How many columns of a terminal it takes, with the light margin that a camera needs. */
size_t qr_columns(const struct qr *qr);

/*
 * Adds it to what is written to the console: two rows of modules in a line of text. With colour it
 * is black on white; without, for light text on a dark ground, what most terminals have.
 */
void qr_draw(const struct qr *qr, const struct console *console, struct asp_buffer *out);

/* Its rows as arrays of 0 and 1, without a margin. NULL: out of memory. */
json_t *qr_json(const struct qr *qr);

void qr_free(struct qr *qr);

#endif
