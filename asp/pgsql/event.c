/* The app passwords of an event, told apart again. */
#include "event.h"

#include "asp/account.h"
#include "asp/label.h"
#include "asp/name.h"

#include <stdlib.h>
#include <string.h>

/* Takes what stands before the next one of `between`. False: it does not go into the room. */
static bool take(const char **at, char between, char *word, size_t size)
{
    const char *end = strchrnul(*at, between);
    const size_t length = (size_t)(end - *at);
    const bool fits = length < size;

    if (fits) {
        memcpy(word, *at, length);
        word[length] = '\0';
    }
    *at = *end == '\0' ? end : end + 1;
    return fits;
}

/* An account has no more of them than there are ids. */
static size_t count_words(const char *at)
{
    size_t count = *at != '\0';

    for (; *at != '\0' && count < ASP_IDS; at++)
        count += *at == ' ';
    return count;
}

/* The next one of each text. */
static void take_entry(struct pgsql_event_texts *rest, time_t when, struct asp_entry *entry)
{
    char service[sizeof entry->bound_service];

    asp_entry_init(entry);
    if (!take(&rest->ids, ' ', entry->id, sizeof entry->id) || !asp_id_valid(entry->id))
        entry->id[0] = '\0';
    if (!take(&rest->labels, '\n', entry->label, sizeof entry->label) ||
        !asp_label_valid(entry->label))
        entry->label[0] = '\0';
    if (!take(&rest->apps, ' ', entry->app, sizeof entry->app) || !asp_service_valid(entry->app))
        strcpy(entry->app, ASP_APP_ANY); /* whose name is one of a service as well */
    if (take(&rest->services, ' ', service, sizeof service) &&
        strcmp(service, PGSQL_UNBOUND) != 0 && asp_service_valid(service)) {
        strcpy(entry->bound_service, service);
        entry->bound = when;
    }
}

enum asp_status pgsql_event_read(const struct pgsql_event_texts *texts, time_t at,
                                 struct asp_entry **entries, size_t *count, struct asp_error *error)
{
    struct pgsql_event_texts rest = *texts;
    size_t words = count_words(texts->ids);

    *count = 0;
    *entries = calloc(words + 1, sizeof **entries);
    if (*entries == NULL)
        return asp_fail(error, ASP_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < words; i++) {
        struct asp_entry *entry = &(*entries)[*count];

        take_entry(&rest, at, entry);
        *count += entry->id[0] != '\0';
    }
    return ASP_OK;
}

const char *pgsql_event_reason(const char *told)
{
    return asp_label_valid(told) ? told : "";
}

const char *pgsql_event_by(const char *told)
{
    return strlen(told) <= ASP_USER_MAX && asp_by_valid(told) ? told : "";
}

const char *pgsql_event_via(const char *told)
{
    return asp_service_valid(told) ? told : "";
}
