/* The documents of --json, by jansson. */
#include "json.h"

#include "asp/buffer.h"
#include "asp/label.h"
#include "asp/network.h"
#include "asp/time_text.h"

#include <malloc.h>
#include <setjmp.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* Where to go on when there is no memory to read a document; NULL: none is read. */
static jmp_buf *unread;

/*
 * jansson 2.14 passes over that it could not keep a part of a text (load.c, lex_save), and reads on
 * behind the end of what it has kept. So what it cannot have while it reads ends the reading.
 */
static void *allocate(size_t size)
{
    void *memory = malloc(size);

    if (memory == NULL && unread != NULL)
        longjmp(*unread, 1);
    return memory;
}

/* A document can hold a password: what jansson gives back is wiped. */
static void wiping_free(void *memory)
{
    if (memory != NULL)
        sodium_memzero(memory, malloc_usable_size(memory));
    free(memory);
}

bool json_takes_text(const char *text)
{
    unsigned long value;
    size_t length = 1;

    for (; *text != '\0' && length > 0; text += length)
        length = asp_utf8_next(text, &value);
    return length > 0;
}

json_t *json_from_text(const char *text)
{
    json_t *value = NULL;
    struct asp_buffer escaped = {0};

    if (text == NULL || text[0] == '\0')
        return json_null();
    if (json_takes_text(text))
        return json_string(text);

    /* What is none is shown with the bytes as the log has them. */
    asp_buffer_add_escaped(&escaped, text);
    if (!escaped.failed)
        value = json_string(escaped.text);
    asp_buffer_free(&escaped);
    return value;
}

json_t *json_from_time(time_t when)
{
    char text[ASP_TIME_SIZE];

    if (when == ASP_NEVER)
        return json_null();
    asp_time_format(when, text);
    return json_string(text);
}

void json_add(json_t **array, json_t *element)
{
    if (json_array_append_new(*array, element) == 0)
        return;
    json_decref(*array);
    *array = NULL;
}

void json_put(json_t **object, const char *key, json_t *value)
{
    if (json_object_set_new(*object, key, value) == 0)
        return;
    json_decref(*object);
    *object = NULL;
}

json_t *json_from_networks(const struct asp_entry *entry)
{
    char text[ASP_NETWORK_SIZE];
    json_t *list = json_array();

    for (size_t i = 0; i < entry->network_count; i++) {
        asp_network_write(&entry->networks[i], text);
        json_add(&list, json_string(text));
    }
    return list;
}

json_t *json_from_binding(const struct asp_entry *entry)
{
    if (entry->bound == ASP_NEVER)
        return json_null();
    return json_pack("{s:o, s:o}", "time", json_from_time(entry->bound), "service",
                     json_from_text(entry->bound_service));
}

json_t *json_from_use(const struct asp_entry *entry, const struct asp_usage *usage)
{
    struct asp_use use;

    if (!asp_usage_find(usage, entry->id, entry->created, &use))
        return json_null();
    return json_pack("{s:o, s:o, s:o}", "time", json_from_time(use.last), "service",
                     json_from_text(use.service), "rhost", json_from_text(use.host));
}

static json_t *revoked_of(const struct asp_entry *entry)
{
    if (entry->revoked == ASP_NEVER)
        return json_null();
    return json_pack("{s:o, s:o, s:o}", "time", json_from_time(entry->revoked), "by",
                     json_from_text(entry->revoked_by), "reason", json_from_text(entry->reason));
}

json_t *json_from_entry(const char *user, const struct asp_entry *entry,
                        const struct asp_usage *usage, time_t now)
{
    json_t *unused =
        entry->unused_limit == ASP_NEVER ? json_null() : json_integer(entry->unused_limit);

    return json_pack("{s:o, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "user",
                     json_from_text(user), "id", entry->id, "label", entry->label, "app",
                     entry->app, "state", asp_state_word(asp_usage_state(usage, entry, now)),
                     "created", json_from_time(entry->created), "created_by",
                     json_from_text(entry->created_by), "bound", json_from_binding(entry),
                     "expires", json_from_time(entry->expires), "unused", unused, "networks",
                     json_from_networks(entry), "last_used", json_from_use(entry, usage), "revoked",
                     revoked_of(entry));
}

json_t *json_read(const char *text, size_t length, enum asp_status *status, json_error_t *fault)
{
    jmp_buf here;
    json_t *document;

    if (setjmp(here) != 0) {
        unread = NULL;
        *status = ASP_NO_MEMORY;
        return NULL;
    }
    unread = &here;
    document = json_loadb(text, length, JSON_REJECT_DUPLICATES, fault);
    unread = NULL;
    *status = document != NULL ? ASP_OK : ASP_INVALID;
    return document;
}

static int take_piece(const char *text, size_t length, void *context)
{
    struct asp_buffer *out = context;

    asp_buffer_add_bytes(out, text, length);
    return out->failed ? -1 : 0;
}

/*
 * Not by json_dumps, whose text may lack a piece for which there was no memory. Only ASCII leaves:
 * a document on a terminal is a screen too.
 */
static void add_dumped(struct asp_buffer *out, json_t *document, size_t form)
{
    if (document == NULL ||
        json_dump_callback(document, take_piece, out, form | JSON_ENSURE_ASCII) != 0)
        out->failed = true;
    asp_buffer_add(out, "\n");
    json_decref(document);
}

/* The same for an element: its lines stand further in. */
static int take_indented(const char *text, size_t length, void *context)
{
    struct asp_buffer *out = context;

    for (const char *end = text + length; text < end;) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        const char *next = newline != NULL ? newline + 1 : end;

        asp_buffer_add_bytes(out, text, (size_t)(next - text));
        asp_buffer_add(out, newline != NULL ? "  " : "");
        text = next;
    }
    return out->failed ? -1 : 0;
}

void json_add_element(struct asp_buffer *out, json_t *document, size_t number)
{
    asp_buffer_add(out, number == 0 ? "[\n  " : ",\n  ");
    if (document == NULL ||
        json_dump_callback(document, take_indented, out, JSON_INDENT(2) | JSON_ENSURE_ASCII) != 0)
        out->failed = true;
    json_decref(document);
}

void json_add_end(struct asp_buffer *out, size_t count)
{
    asp_buffer_add(out, count == 0 ? "[]\n" : "\n]\n");
}

void json_add_line(struct asp_buffer *out, json_t *document)
{
    add_dumped(out, document, JSON_COMPACT);
}

bool json_write(const struct console *console, json_t *document)
{
    struct asp_buffer out = {0};

    add_dumped(&out, document, JSON_INDENT(2));
    return console_print_and_free(console, &out);
}

/* Before main, since jansson keeps to the functions with which it has begun. */
__attribute__((constructor)) static void wipe_documents(void)
{
    json_set_alloc_funcs(allocate, wiping_free);
}
