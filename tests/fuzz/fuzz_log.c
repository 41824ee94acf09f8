/*
 * What asp-admin log reads: a file of a system log, and the entries of the journal. The same lines
 * are given to both readers, and both have to count the same.
 */
#include "fuzz.h"

/* For take_entry, which no other file is given: journalctl(1) alone comes to it. */
#include "asp-admin/log/journal.c"
#include "asp-admin/log/log_file.h"
#include "asp-admin/log/syslog_line.h"
#include "asp-admin/ui/json.h"
#include "asp/time_text.h"

#include <sys/mman.h>

enum { NOW = 1794000000, PATH_BYTES = 32 };

static char path[PATH_BYTES];
static int file = -1;

static struct reading begin_reading(void)
{
    return (struct reading){.now = NOW, .begins = ASP_NEVER, .tally = {.view = TALLY_ALL}};
}

static enum asp_status read_file(const uint8_t *data, size_t size, struct reading *reading)
{
    struct asp_error error = {0};
    enum asp_status status;

    if (file < 0) {
        file = memfd_create("log", MFD_CLOEXEC);
        (void)snprintf(path, sizeof path, "/proc/self/fd/%d", file);
        /* What has no year has no zone either. */
        FUZZ_NEED(setenv("TZ", "UTC0", 1) == 0);
    }
    FUZZ_NEED(file >= 0 && ftruncate(file, 0) == 0);
    FUZZ_NEED(pwrite(file, data, size, 0) == (ssize_t)size);
    status = log_file_read(reading, path, &error);
    FUZZ_NEED(status == ASP_OK || status == ASP_CORRUPT);
    FUZZ_NEED((status == ASP_OK) == (error.text[0] == '\0'));
    return status;
}

/* As the journal has it. */
static void add_entry(struct asp_buffer *journal, const struct syslog_line *found)
{
    char microseconds[32];
    json_t *entry;

    (void)snprintf(microseconds, sizeof microseconds, "%lld000000", (long long)found->when);
    entry = json_pack("{s:s, s:s, s:s, s:s}", "__REALTIME_TIMESTAMP", microseconds,
                      "SYSLOG_IDENTIFIER", found->program, "MESSAGE", found->text, "_UID", "0");
    for (unsigned i = 1; i < found->times; i++) {
        json_incref(entry);
        json_add_line(journal, entry);
    }
    json_add_line(journal, entry);
    FUZZ_NEED(!journal->failed);
}

static bool has(const char *line, const char *word)
{
    return strstr(line, word) != NULL;
}

/* A line of the file, as the journal would have had it. False: it has some that it could not. */
static bool add_line(struct asp_buffer *journal, char *line, size_t length)
{
    const bool ours =
        (has(line, "verdict=") && (has(line, "pam_asp(") || has(line, "asp-broker"))) ||
        has(line, "pam_warn(");
    struct syslog_line found;

    if (strlen(line) != length)
        return false;
    if (!ours || !syslog_line_read(line, NOW, &found))
        return true;
    if (found.times > 3 || found.when == 0 || !json_takes_text(found.text) ||
        !json_takes_text(found.program))
        return false;
    add_entry(journal, &found);
    return true;
}

static void read_journal(struct asp_buffer *said, struct reading *reading)
{
    static struct journal_reading journal;

    journal = (struct journal_reading){.reading = reading, .lines = {.take = take_entry}};
    journal.lines.context = &journal;
    FUZZ_NEED(said->length == 0 || lines_add(&journal.lines, said->text, said->length));
    FUZZ_NEED(lines_end(&journal.lines) && !journal.failed);
}

static void compare(struct reading *one, struct reading *other)
{
    tally_sort(&one->tally);
    tally_sort(&other->tally);
    FUZZ_NEED(one->tally.count == other->tally.count);
    FUZZ_NEED(one->waiting.count == other->waiting.count);
    for (size_t i = 0; i < one->tally.count; i++) {
        const struct tally_row *a = one->tally.rows[i];
        const struct tally_row *b = other->tally.rows[i];

        FUZZ_NEED(strcmp(a->user, b->user) == 0 && strcmp(a->service, b->service) == 0);
        FUZZ_NEED(strcmp(a->host, b->host) == 0 && a->verdict == b->verdict);
        FUZZ_NEED(a->count == b->count && a->let_in == b->let_in && a->no_account == b->no_account);
        FUZZ_NEED(a->first == b->first && a->last == b->last);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reading of_file = begin_reading();
    struct reading of_journal = begin_reading();
    struct reading raw = begin_reading();
    struct asp_buffer journal = {0};
    char *text = fuzz_text(data, size);
    bool comparable = read_file(data, size, &of_file) == ASP_OK;

    for (char *line = text; line < text + size;) {
        char *end = memchr(line, '\n', (size_t)(text + size - line));
        size_t length = (size_t)((end == NULL ? text + size : end) - line);

        line[length] = '\0';
        comparable = comparable && add_line(&journal, line, length);
        line += length + 1;
    }
    if (comparable) {
        read_journal(&journal, &of_journal);
        compare(&of_file, &of_journal);
    }
    asp_buffer_free(&journal);
    /* And as if they were entries as they are. */
    asp_buffer_add_bytes(&journal, (const char *)data, size);
    read_journal(&journal, &raw);
    asp_buffer_free(&journal);
    reading_free(&of_file);
    reading_free(&of_journal);
    reading_free(&raw);
    free(text);
    return 0;
}
