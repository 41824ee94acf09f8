/* The app passwords of an event: four texts, each behind a NUL, of which the database's are words
 * and lines. */
#include "fuzz.h"

#include "asp/account.h"
#include "asp/pgsql/event.h"
#include "asp/time_text.h"

enum { WHEN = 1764460800 };

/* An account has no more than that. */
static size_t count_ids(const char *ids)
{
    size_t count = 0;

    for (size_t words = 0; *ids != '\0' && words < ASP_IDS; words++) {
        char word[ASP_ID_CHARS + 1] = "";
        size_t length = strcspn(ids, " ");

        if (length < sizeof word)
            memcpy(word, ids, length);
        count += asp_id_valid(word);
        ids += length + (ids[length] == ' ');
    }
    return count;
}

/* What is told is what was read, or nothing. */
static void need_told(const char *text)
{
    const char *const told[] = {pgsql_event_reason(text), pgsql_event_by(text),
                                pgsql_event_via(text)};

    for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
        FUZZ_NEED(told[i] == text || told[i][0] == '\0');
        for (const char *at = told[i]; *at != '\0'; at++)
            FUZZ_NEED((unsigned char)*at >= ' ' && *at != '\x7f');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    const char *texts[4] = {"", "", "", ""};
    struct pgsql_event_texts event;
    struct asp_entry *entries;
    size_t count;

    for (size_t at = 0, i = 0; at < size && i < 4; at += strlen(text + at) + 1, i++)
        texts[i] = text + at;
    event = (struct pgsql_event_texts){texts[0], texts[1], texts[2], texts[3]};
    FUZZ_NEED(pgsql_event_read(&event, WHEN, &entries, &count, NULL) == ASP_OK);
    FUZZ_NEED(count == count_ids(texts[0]));
    for (size_t i = 0; i < count; i++) {
        const struct asp_entry *entry = &entries[i];

        FUZZ_NEED(asp_id_valid(entry->id) && entry->app[0] != '\0');
        FUZZ_NEED(entry->label[0] == '\0' || strstr(texts[1], entry->label) != NULL);
        FUZZ_NEED(strchr(entry->label, '\n') == NULL && strchr(entry->app, ' ') == NULL);
        FUZZ_NEED((entry->bound == ASP_NEVER) == (entry->bound_service[0] == '\0'));
        FUZZ_NEED(entry->bound == ASP_NEVER || entry->bound == WHEN);
    }
    asp_entries_free(entries, count);
    need_told(texts[0]);
    free(text);
    return 0;
}
