/* The documents of --json, by jansson. */
#include "json.h"

#include "asp/buffer.h"
#include "asp/network.h"
#include "asp/time_text.h"

#include <malloc.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* A document can hold a password: what jansson gives back is wiped. */
static void wiping_free(void *memory)
{
    if (memory != NULL)
        sodium_memzero(memory, malloc_usable_size(memory));
    free(memory);
}

json_t *json_from_text(const char *text)
{
    json_t *value;
    struct asp_buffer visible = {0};

    if (text == NULL || text[0] == '\0')
        return json_null();
    value = json_string(text);
    if (value != NULL)
        return value;

    /* A name that is no UTF-8 is shown as the log shows it. */
    asp_buffer_add_logged(&visible, text);
    if (!visible.failed)
        value = json_stringn(visible.text + 1, visible.length - 2);
    asp_buffer_free(&visible);
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

static json_t *networks_of(const struct asp_entry *entry)
{
    char text[ASP_NETWORK_SIZE];
    json_t *list = json_array();

    for (size_t i = 0; i < entry->network_count; i++) {
        asp_network_write(&entry->networks[i], text);
        json_add(&list, json_string(text));
    }
    return list;
}

static json_t *binding_of(const struct asp_entry *entry)
{
    if (entry->bound == ASP_NEVER)
        return json_null();
    return json_pack("{s:o, s:o}", "time", json_from_time(entry->bound), "service",
                     json_from_text(entry->bound_service));
}

static json_t *use_of(const struct asp_entry *entry, const struct asp_usage *usage)
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

    return json_pack(
        "{s:o, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "user",
        json_from_text(user), "id", entry->id, "label", entry->label, "app", entry->app, "state",
        asp_state_word(asp_usage_state(usage, entry, now)), "created",
        json_from_time(entry->created), "created_by", json_from_text(entry->created_by), "bound",
        binding_of(entry), "expires", json_from_time(entry->expires), "unused", unused, "networks",
        networks_of(entry), "last_used", use_of(entry, usage), "revoked", revoked_of(entry));
}

bool json_write(const struct console *console, json_t *document)
{
    struct asp_buffer out = {0};
    char *text = NULL;
    bool emitted = false;

    /* Only ASCII leaves: a document on a terminal is a screen too. */
    if (document != NULL)
        text = json_dumps(document, JSON_INDENT(2) | JSON_ENSURE_ASCII);
    if (text != NULL) {
        asp_buffer_add(&out, text);
        asp_buffer_add(&out, "\n");
        emitted = console_print(console, &out);
    } else {
        (void)fail_with(console, EXIT_STORE, "out of memory");
    }
    wiping_free(text);
    asp_buffer_free(&out);
    json_decref(document);
    return emitted;
}

/* Before main, since jansson keeps to the functions with which it has begun. */
__attribute__((constructor)) static void wipe_documents(void)
{
    json_set_alloc_funcs(malloc, wiping_free);
}
