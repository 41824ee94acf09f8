/* asp-admin --json, read with jansson. */
#include "stored.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DOCUMENT_MAX (1 << 20)

/* The document that asp-admin prints, an array. */
static json_t *ask(const struct world *world, const char *command, const char *user,
                   const char *option)
{
    json_error_t error;
    char *text = malloc(DOCUMENT_MAX);

    ck_assert(text != NULL);
    int status = admin(world, text, DOCUMENT_MAX, "--json", command, user, option, NULL);
    ck_assert_msg(status == 0, "asp-admin %s %s ended with %d", command, user, status);
    json_t *document = json_loads(text, 0, &error);
    ck_assert_msg(json_is_array(document), "asp-admin --json %s: %s\n%s", command, error.text,
                  text);
    free(text);
    return document;
}

static void copy(char *out, size_t size, const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    (void)snprintf(out, size, "%s", text == NULL ? "" : text);
}

struct stored stored_entry(const struct world *world, const char *user, const char *password)
{
    struct stored stored = {.found = false};
    json_t *document = ask(world, "list", user, "--all"), *entry;
    size_t index;

    json_array_foreach(document, index, entry)
    {
        const char *id = json_string_value(json_object_get(entry, "id"));
        if (id == NULL || strcmp(id, id_of(password)) != 0)
            continue;
        const json_t *bound = json_object_get(entry, "bound");
        const json_t *used = json_object_get(entry, "last_used");
        stored.found = true;
        stored.used = json_is_object(used);
        copy(stored.app, sizeof stored.app, entry, "app");
        copy(stored.state, sizeof stored.state, entry, "state");
        copy(stored.bound_service, sizeof stored.bound_service, bound, "service");
        copy(stored.used_service, sizeof stored.used_service, used, "service");
        copy(stored.used_rhost, sizeof stored.used_rhost, used, "rhost");
    }
    json_decref(document);
    return stored;
}

int stored_events(const struct world *world, const char *user, const char *password,
                  const char *kind)
{
    json_t *document = ask(world, "history", user, NULL), *event;
    size_t index;
    int count = 0;

    json_array_foreach(document, index, event)
    {
        const char *id = json_string_value(json_object_get(event, "id"));
        const char *is = json_string_value(json_object_get(event, "event"));
        if (id != NULL && is != NULL && strcmp(id, id_of(password)) == 0 && strcmp(is, kind) == 0)
            count++;
    }
    json_decref(document);
    return count;
}
