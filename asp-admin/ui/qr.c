/* A text as a QR code, by libqrencode. */
#include "qr.h"

#include "json.h"

#include <errno.h>
#include <qrencode.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { MARGIN = 4 }; /* modules on each side: as the standard has it */

struct qr {
    QRcode *code;
    size_t side; /* modules */
};

struct qr *qr_make(const char *text)
{
    struct qr *qr = malloc(sizeof *qr);

    if (qr == NULL)
        return NULL;
    qr->code = QRcode_encodeData((int)strlen(text), (const unsigned char *)text, 0, QR_ECLEVEL_L);
    if (qr->code == NULL) {
        free(qr);
        return NULL;
    }
    qr->side = (size_t)qr->code->width;
    return qr;
}

size_t qr_columns(const struct qr *qr)
{
    return qr->side + (size_t)2 * MARGIN;
}

static bool is_dark(const struct qr *qr, size_t row, size_t column)
{
    return (qr->code->data[row * qr->side + column] & 1) != 0;
}

/* The same with the margin. */
static bool is_dark_at(const struct qr *qr, size_t row, size_t column)
{
    return row >= MARGIN && column >= MARGIN && row - MARGIN < qr->side &&
           column - MARGIN < qr->side && is_dark(qr, row - MARGIN, column - MARGIN);
}

void qr_draw(const struct qr *qr, const struct console *console, struct asp_buffer *out)
{
    /* By whether the upper and the lower module are dark: what is light is drawn. */
    static const char *const blocks[2][2] = {{"\xe2\x96\x88", "\xe2\x96\x80"},
                                             {"\xe2\x96\x84", " "}};
    const size_t side = qr_columns(qr);

    for (size_t row = 0; row < side; row += 2) {
        /* White on black, whatever the terminal has. */
        asp_buffer_add(out, console->colour ? "\033[97;40m" : "");
        for (size_t column = 0; column < side; column++) {
            const bool below = row + 1 >= side || is_dark_at(qr, row + 1, column);

            asp_buffer_add(out, blocks[is_dark_at(qr, row, column)][below]);
        }
        asp_buffer_add(out, console->colour ? "\033[0m\n" : "\n");
    }
}

json_t *qr_json(const struct qr *qr)
{
    json_t *rows = json_array();

    for (size_t row = 0; rows != NULL && row < qr->side; row++) {
        json_t *modules = json_array();

        for (size_t column = 0; column < qr->side; column++)
            json_add(&modules, json_integer(is_dark(qr, row, column)));
        json_add(&rows, modules);
    }
    return rows;
}

void qr_free(struct qr *qr)
{
    if (qr == NULL)
        return;
    sodium_memzero(qr->code->data, qr->side * qr->side);
    QRcode_free(qr->code);
    free(qr);
}
