/* The last uses of a store in memory. */
#include "store_memory_rows.h"

#include <stdlib.h>
#include <string.h>

static enum asp_status copy_usage(const struct asp_usage *from, struct asp_usage *usage,
                                  struct asp_error *error)
{
    usage->bytes = malloc(from->length + 1);
    if (usage->bytes == NULL)
        return asp_fail(error, ASP_NO_MEMORY, "out of memory");
    memcpy(usage->bytes, from->bytes, from->length);
    usage->length = from->length;
    return ASP_OK;
}

enum asp_status memory_usage(const struct asp_store *store, const char *name,
                             struct asp_usage *usage, struct asp_error *error)
{
    const struct row *row = find_row(store, name);

    return row == NULL || row->usage.bytes == NULL ? ASP_OK : copy_usage(&row->usage, usage, error);
}

/* What is known of a name's uses, with room at `*place` for one of this id, mended where it is not
 * sound. NULL: out of memory. */
static struct asp_usage *usage_with(const struct asp_store *store, const char *name, time_t now,
                                    const char *id, struct asp_usage_head *head, size_t *place)
{
    struct row *row = make_row(store, name);
    struct asp_usage *usage = row != NULL ? &row->usage : NULL;
    size_t length;
    uint8_t *bytes;

    if (usage == NULL)
        return NULL;
    if (!asp_usage_sound(usage, head) && !asp_usage_mend(usage, now))
        return NULL;
    (void)asp_usage_read_head(usage, head);
    head->begun = head->begun < now ? head->begun : now;
    *place = id != NULL ? asp_usage_place(usage, id) : 0;
    if (id != NULL && *place >= head->slots)
        head->slots = *place + 1;
    length = ASP_HEAD_BYTES + head->slots * ASP_SLOT_BYTES;
    bytes = realloc(usage->bytes, length + 1);
    if (bytes == NULL)
        return NULL;
    usage->bytes = bytes;
    usage->length = length;
    return usage;
}

/* Nor of one that was removed while it was used. */
static void leave_none_of_nobody(const struct asp_store *store, const char *name)
{
    struct row *row = find_row(store, name);

    if (row != NULL && row->text == NULL)
        asp_usage_free(&row->usage);
}

enum asp_status memory_mend_usage(const struct asp_store *store, const char *name,
                                  const struct asp_mending *mending, struct asp_usage *usage,
                                  enum asp_status *mended, struct asp_error *error)
{
    struct row *row = make_row(store, name);

    *mended = ASP_DENIED;
    if (row == NULL)
        return asp_fail(error, ASP_NO_MEMORY, "out of memory");
    if (mending != NULL)
        *mended = asp_usage_mend(&row->usage, mending->now) ? ASP_OK : ASP_NO_MEMORY;
    leave_none_of_nobody(store, name);
    return memory_usage(store, name, usage, error);
}

void memory_sync_usage(const struct asp_store *store)
{
    (void)store;
}

enum asp_status memory_put_usage(const struct asp_store *store, const char *name,
                                 const struct asp_usage *usage, struct asp_error *error)
{
    struct row *row = find_row(store, name);

    if (row == NULL || row->text == NULL)
        return ASP_OK;
    asp_usage_free(&row->usage);
    return usage->length > 0 ? copy_usage(usage, &row->usage, error) : ASP_OK;
}

enum asp_status memory_record(const struct asp_store *store, const char *name,
                              const struct asp_use *use)
{
    struct asp_usage_head head;
    size_t place;
    struct asp_usage *usage = usage_with(store, name, use->last, use->id, &head, &place);

    if (usage == NULL)
        return ASP_NO_MEMORY;
    asp_usage_write_head(&head, usage->bytes);
    asp_usage_write_slot(use, usage->bytes + ASP_HEAD_BYTES + place * ASP_SLOT_BYTES);
    leave_none_of_nobody(store, name);
    return ASP_OK;
}

enum asp_status memory_compared(const struct asp_store *store, const char *name,
                                const struct asp_compared *compared, time_t now)
{
    struct asp_usage_head head;
    size_t place;
    struct asp_usage *usage = usage_with(store, name, now, NULL, &head, &place);

    if (usage == NULL)
        return ASP_NO_MEMORY;
    head.compared = *compared;
    asp_usage_write_head(&head, usage->bytes);
    leave_none_of_nobody(store, name);
    return ASP_OK;
}
