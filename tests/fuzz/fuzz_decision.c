/*
 * A line of the system's log: what is taken for one of pam_asp's is one that it writes, and what it
 * writes is read as it was meant, whatever is in its names.
 */
#include "fuzz.h"

#include "asp-admin/log/decision.h"
#include "asp-admin/log/lines.h"
#include "asp-admin/log/syslog_line.h"
#include "asp/log_line.h"
#include "asp/redact.h"

enum { NOW = 1790000000, LINE = 16384 };

static void need_sound(const struct decision *decision)
{
    FUZZ_NEED(strlen(decision->user) <= DECISION_USER_MAX);
    FUZZ_NEED(decision->id[0] == '\0' || asp_id_valid(decision->id));
    FUZZ_NEED(decision->host[0] == '\0' || asp_host_valid(decision->host));
    FUZZ_NEED(!asp_redact_needed(decision->user) && !asp_redact_needed(decision->label));
    FUZZ_NEED((unsigned)decision->verdict < ASP_VERDICTS);
}

static bool take_line(void *context, char *line, size_t length)
{
    size_t *lines = context;
    struct syslog_line found;
    struct decision decision;

    FUZZ_NEED(line[length] == '\0' && memchr(line, '\n', length) == NULL);
    (*lines)++;
    if (!syslog_line_read(line, NOW, &found))
        return true;
    FUZZ_NEED(found.when >= 0 && found.times >= 1 && found.times <= SYSLOG_TIMES_MAX);
    FUZZ_NEED(found.text > line && found.text <= line + length);
    if (decision_read(found.program, found.text, &decision) == DECISION_READ)
        need_sound(&decision);
    return true;
}

/* As at the beginning: what is in the room does not matter. */
static void begin_lines(struct lines *lines, size_t *count)
{
    lines->take = take_line;
    lines->context = count;
    lines->length = 0;
    lines->too_long = false;
}

/* The same bytes, in whatever pieces they come. */
static void read_file(const uint8_t *data, size_t size)
{
    static struct lines whole;
    static struct lines pieces;
    size_t lines = 0;
    size_t again = 0;

    begin_lines(&whole, &lines);
    begin_lines(&pieces, &again);
    FUZZ_NEED(lines_add(&whole, (const char *)data, size) && lines_end(&whole));
    for (size_t at = 0; at < size; at += 7)
        FUZZ_NEED(lines_add(&pieces, (const char *)data + at, size - at < 7 ? size - at : 7));
    FUZZ_NEED(lines_end(&pieces) && again == lines);
}

static bool refuse(void *context, char *line, size_t length)
{
    (void)context;
    (void)line;
    (void)length;
    return false;
}

/* Behind what nearly fills the room, the first line is too long; and who wants no more gets none.
 */
static void read_otherwise(const uint8_t *data, size_t size)
{
    static struct lines lines;
    const uint8_t *end = size > 0 ? memchr(data, '\n', size) : NULL;
    bool any = false;
    size_t count = 0;

    if (lines.take == NULL)
        memset(lines.bytes, 'x', LINES_ROOM - 1);
    begin_lines(&lines, &count);
    lines.length = LINES_ROOM - 1;
    FUZZ_NEED(lines_add(&lines, (const char *)data, end == NULL ? size : (size_t)(end - data) + 1));
    FUZZ_NEED(lines.too_long == (end == NULL && size > 0));
    FUZZ_NEED(count == (end == data));
    lines.take = refuse;
    lines.length = 0;
    lines.too_long = false;
    for (size_t i = 1; i < size; i++)
        any = any || (data[i] == '\n' && data[i - 1] != '\n');
    FUZZ_NEED(lines_add(&lines, (const char *)data, size) != any);
}

static void need_same(const char *read, const char *written, size_t most)
{
    const bool shown = written != NULL && !asp_redact_needed(written);

    FUZZ_NEED(strncmp(read, shown ? written : "", most) == 0);
}

/* What the module says, behind what a system log puts before it. */
static enum decision_read read_back(const char *before, const struct asp_buffer *said,
                                    struct decision *decision)
{
    static char line[LINE];
    struct syslog_line found;
    int length = snprintf(line, sizeof line, "%s%s", before, said->text);

    FUZZ_NEED(!said->failed && length > 0 && length < LINE);
    FUZZ_NEED(syslog_line_read(line, NOW, &found));
    return decision_read(found.program, found.text, decision);
}

/* What others choose: the bytes, a NUL between them. */
enum name { USER, SERVICE, HOST, ACCOUNT, LABEL, CAUSE, NAMES };

enum { NAME_MAX_BYTES = 256 };

static void split(const uint8_t *data, size_t size, char names[NAMES][NAME_MAX_BYTES + 1])
{
    size_t name = 0;
    size_t at = 0;

    memset(names, 0, NAMES * (NAME_MAX_BYTES + 1));
    for (size_t i = 0; i < size && name < NAMES; i++) {
        if (data[i] == '\0' || at == NAME_MAX_BYTES)
            name++, at = 0;
        else
            names[name][at++] = (char)data[i];
    }
    names[ACCOUNT][ASP_USER_MAX] = '\0';
}

/* What may be an app password is not written, and a host only if it looks like one. */
static void need_who(const struct decision *decision, char names[NAMES][NAME_MAX_BYTES + 1])
{
    const bool of_account = names[ACCOUNT][0] != '\0' && !asp_redact_needed(names[ACCOUNT]);

    need_sound(decision);
    need_same(decision->user, of_account ? names[ACCOUNT] : names[USER], DECISION_USER_MAX);
    need_same(decision->service, names[SERVICE], ASP_SERVICE_MAX);
    need_same(decision->host, asp_host_valid(names[HOST]) ? names[HOST] : "", ASP_HOST_MAX);
}

static void write_login(enum asp_verdict verdict, char names[NAMES][NAME_MAX_BYTES + 1])
{
    const struct asp_request request = {
        .user = names[USER], .service = names[SERVICE], .host = names[HOST]};
    struct asp_outcome outcome = {.verdict = verdict, .id = "7k"};
    struct asp_buffer line = {0};
    struct decision decision;

    memcpy(outcome.account, names[ACCOUNT], sizeof outcome.account);
    memcpy(outcome.label, names[LABEL], sizeof outcome.label);
    (void)asp_fail(&outcome.cause, ASP_IO, "%s", names[CAUSE]);
    asp_log_line_login(&request, &outcome, &line);
    FUZZ_NEED(read_back("Nov  2 07:00:01 h auth[1]: pam_asp(imap:auth): ", &line, &decision) ==
              DECISION_READ);
    FUZZ_NEED(decision.verdict == verdict && !decision.let_in);
    need_who(&decision, names);
    need_same(decision.label, names[LABEL], NAME_MAX_BYTES);
    asp_buffer_free(&line);
}

/* pam_warn escapes nothing: what has a bracket, or a line end, in it is no line of its. */
static void write_warning(char names[NAMES][NAME_MAX_BYTES + 1])
{
    const bool plain =
        strpbrk(names[USER], "[]\n") == NULL && strpbrk(names[SERVICE], "[]\n") == NULL &&
        strpbrk(names[HOST], "[]\n") == NULL && strlen(names[SERVICE]) <= ASP_SERVICE_MAX &&
        strlen(names[HOST]) <= ASP_HOST_MAX;
    struct asp_buffer line = {0};
    struct decision decision;
    enum decision_read found;

    asp_buffer_add(&line,
                   "pam_warn(imap:auth): function=[pam_sm_authenticate] flags=0x8000 service=[");
    asp_buffer_add(&line, names[SERVICE]);
    asp_buffer_add(&line, "] terminal=[<unknown>] user=[");
    asp_buffer_add(&line, names[USER]);
    asp_buffer_add(&line, "] ruser=[<unknown>] rhost=[");
    asp_buffer_add(&line, names[HOST]);
    asp_buffer_add(&line, "]");
    found = read_back("2026-11-02T07:00:01Z h auth: ", &line, &decision);
    FUZZ_NEED(found == DECISION_READ || (!plain && found == DECISION_NONE));
    if (found == DECISION_READ) {
        FUZZ_NEED(decision.let_in);
        need_sound(&decision);
    }
    asp_buffer_free(&line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char names[NAMES][NAME_MAX_BYTES + 1];

    read_file(data, size);
    read_otherwise(data, size);
    if (size == 0)
        return 0;
    split(data + 1, size - 1, names);
    write_login((enum asp_verdict)(data[0] % ASP_VERDICTS), names);
    write_warning(names);
    return 0;
}
