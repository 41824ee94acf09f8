/* How far this machine has heard what the database tells. */
#include "cursors.h"

#include "node_file.h"

#include "asp/buffer.h"
#include "asp/checksum.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FEED_FILE "feed"
#define FEED_HEAD "asp-feed 1 "

enum { FEED_MAX = 16384, LINE_ROOM = 80, DECIMAL = 10 };

/*
 * asp-feed 1 ID PARTS LOOKED
 * PART SEQ TAG
 * ...
 * digest=SUM
 */
static void add_text(struct asp_buffer *out, const struct pgsql_cursors *cursors)
{
    char line[LINE_ROOM];

    asp_buffer_add(out, FEED_HEAD);
    asp_buffer_add(out, cursors->store);
    (void)snprintf(line, sizeof line, " %d %" PRId64 "\n", cursors->parts,
                   (int64_t)cursors->looked);
    asp_buffer_add(out, line);
    for (int part = 0; part < cursors->parts; part++) {
        const struct pgsql_cursor *cursor = &cursors->at[part];

        (void)snprintf(line, sizeof line, "%d %" PRId64 " %" PRId64 "\n", part, cursor->seq,
                       cursor->tag);
        asp_buffer_add(out, line);
    }
    if (out->failed)
        return;
    (void)snprintf(line, sizeof line, "digest=%016" PRIx64 "\n",
                   asp_checksum(out->text, out->length));
    asp_buffer_add(out, line);
}

/* What stands there as numbers, whatever is between them: see is_text_of. */
static int64_t take_number(const char **at)
{
    char *end;
    int64_t number = strtoll(*at, &end, DECIMAL);

    *at = end;
    return number;
}

static bool take(const char *at, struct pgsql_cursors *cursors)
{
    if (strncmp(at, FEED_HEAD, strlen(FEED_HEAD)) != 0)
        return false;
    at += strlen(FEED_HEAD);
    if (strspn(at, "0123456789abcdef-") != PGSQL_ID_CHARS)
        return false;
    memcpy(cursors->store, at, PGSQL_ID_CHARS);
    at += PGSQL_ID_CHARS;
    cursors->parts = (int)take_number(&at);
    if (cursors->parts < 1 || cursors->parts > PGSQL_PARTS_MAX)
        return false;
    cursors->looked = (time_t)take_number(&at);
    for (int part = 0; part < cursors->parts; part++) {
        (void)take_number(&at);
        cursors->at[part].seq = take_number(&at);
        cursors->at[part].tag = take_number(&at);
    }
    return true;
}

/* There is one text for what was read, to the byte, with its digest. */
static enum asp_status is_text_of(const struct pgsql_cursors *cursors, const uint8_t *bytes,
                                  size_t length, struct asp_error *error)
{
    struct asp_buffer text = {0};
    enum asp_status status = ASP_CORRUPT;

    add_text(&text, cursors);
    if (text.failed)
        status = asp_fail(error, ASP_NO_MEMORY, "out of memory");
    else if (text.length == length && memcmp(text.text, bytes, length) == 0)
        status = ASP_OK;
    asp_buffer_free(&text);
    return status;
}

enum asp_status pgsql_cursors_read(const char *folder, struct pgsql_cursors *cursors,
                                   struct asp_error *error)
{
    uint8_t *bytes = NULL;
    size_t length = 0;
    time_t written = 0;
    enum asp_status status;

    *cursors = (struct pgsql_cursors){0};
    status = pgsql_node_file_read(folder, FEED_FILE, FEED_MAX, &bytes, &length, &written, error);
    if (status == ASP_OK)
        status = take((const char *)bytes, cursors) ? is_text_of(cursors, bytes, length, error)
                                                    : ASP_CORRUPT;
    free(bytes);
    if (status != ASP_CORRUPT)
        return status;
    *cursors = (struct pgsql_cursors){.looked = written};
    return asp_fail(error, ASP_CORRUPT, "%s/" FEED_FILE " is not what we wrote", folder);
}

enum asp_status pgsql_cursors_write(const char *folder, const struct pgsql_cursors *cursors,
                                    struct asp_error *error)
{
    struct asp_buffer text = {0};
    enum asp_status status;

    add_text(&text, cursors);
    status = text.failed ? asp_fail(error, ASP_NO_MEMORY, "out of memory")
                         : pgsql_node_file_write(folder, FEED_FILE, text.text, text.length, error);
    asp_buffer_free(&text);
    return status;
}

enum asp_status pgsql_cursors_drop(const char *folder, struct asp_error *error)
{
    return pgsql_node_file_drop(folder, FEED_FILE, error);
}
