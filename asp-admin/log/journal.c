/* The journal of this machine, read by journalctl(1). */
#include "journal.h"

#include "lines.h"

#include "asp-admin/system/program.h"
#include "asp/buffer.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    TIMEOUT = 600,
    SAID_MAX = 256,
    SINCE_SIZE = 40,
};

struct journal_reading {
    struct reading *reading;
    bool failed;         /* there was no memory */
    char said[SAID_MAX]; /* what journalctl has complained of first */
    struct lines lines;
};

/* Microseconds since 1970, in digits. */
static bool read_time(const char *text, time_t *when)
{
    unsigned long long number = 0;
    size_t digits = text == NULL ? 0 : strspn(text, "0123456789");

    if (digits == 0 || digits > 18 || text[digits] != '\0')
        return false;
    for (size_t i = 0; i < digits; i++)
        number = number * 10 + (unsigned)(text[i] - '0');
    *when = (time_t)(number / 1000000);
    return true;
}

/* A field of an entry; NULL where it is none, or no text, as none of ours is. */
static const char *field(const json_t *entry, const char *name)
{
    return json_string_value(json_object_get(entry, name));
}

static bool is_root(const char *uid)
{
    return uid != NULL && strcmp(uid, "0") == 0;
}

/* An entry of the journal is one line. */
static bool take_entry(void *context, char *line, size_t length)
{
    struct journal_reading *journal = context;
    json_error_t why;
    json_t *entry = json_loadb(line, length, 0, &why);
    const char *program = field(entry, "SYSLOG_IDENTIFIER");
    const char *text = field(entry, "MESSAGE");
    bool kept = true;
    time_t when;

    if (entry == NULL && json_error_code(&why) == json_error_out_of_memory)
        kept = false;
    else if (entry == NULL || !read_time(field(entry, "__REALTIME_TIMESTAMP"), &when))
        journal->reading->broken++;
    else {
        reading_saw(journal->reading, when);
        if (program != NULL && text != NULL && is_root(field(entry, "_UID")))
            kept = reading_take(journal->reading, when, program, text, 1);
        else if (program != NULL && text != NULL)
            reading_doubt(journal->reading, program, text);
    }
    json_decref(entry);
    journal->failed = journal->failed || !kept;
    return kept;
}

static bool take_output(void *context, const char *bytes, size_t length)
{
    struct journal_reading *journal = context;

    return lines_add(&journal->lines, bytes, length);
}

static bool take_errors(void *context, const char *bytes, size_t length)
{
    struct journal_reading *journal = context;
    size_t kept = strlen(journal->said);
    const size_t piece = length < SAID_MAX - 1 - kept ? length : SAID_MAX - 1 - kept;

    memcpy(journal->said + kept, bytes, piece);
    journal->said[kept + piece] = '\0';
    return true;
}

static const char *find_journalctl(void)
{
    static const char *const paths[] = {"/usr/bin/journalctl", "/bin/journalctl"};

    return access(paths[0], F_OK) != 0 && access(paths[1], F_OK) == 0 ? paths[1] : paths[0];
}

enum asp_status journal_read(struct reading *reading, struct asp_error *error)
{
    char since[SINCE_SIZE];
    char *arguments[] = {
        "journalctl",
        "--all",
        "--no-pager",
        "--quiet",
        "--output=json",
        "--output-fields=MESSAGE,SYSLOG_IDENTIFIER,_UID",
        since,
        "_TRANSPORT=syslog",
        "SYSLOG_FACILITY=10",
        NULL,
    };
    char *environment[] = {"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", NULL};
    struct journal_reading journal = {.reading = reading, .lines = {.take = take_entry}};
    const struct program run = {
        .path = find_journalctl(),
        .arguments = arguments,
        .environment = environment,
        .timeout = TIMEOUT,
        .take_output = take_output,
        .take_errors = take_errors,
        .context = &journal,
    };
    struct asp_error why = {0};

    (void)snprintf(since, sizeof since, "--since=@%lld", (long long)reading->since);
    journal.lines.context = &journal;
    switch (program_run(&run, &why)) {
    case PROGRAM_DONE:
        if (lines_end(&journal.lines))
            return ASP_OK;
        break;
    case PROGRAM_FAILED:
    case PROGRAM_NOT_STARTED:
    case PROGRAM_INTERRUPTED:
        break;
    }
    if (journal.failed)
        return asp_fail(error, ASP_NO_MEMORY, "out of memory");
    (void)asp_fail(error, ASP_IO, "the journal cannot be read: %s: %s%s%.*s", run.path, why.text,
                   journal.said[0] != '\0' ? ": " : "", (int)strcspn(journal.said, "\n"),
                   journal.said);
    return asp_advise(error, ASP_IO,
                      "ask for a part of it with --since, or read a file with --file");
}
