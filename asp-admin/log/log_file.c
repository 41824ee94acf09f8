/* A file of a system log, read from beginning to end. */
#include "log_file.h"

#include "lines.h"
#include "syslog_line.h"

#include "asp/safeio.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { PIECE = 32768 };

struct file_reading {
    struct reading *reading;
    const char *path;
    bool any;    /* there was a line */
    bool is_log; /* one had a time */
    struct lines lines;
};

static bool holds(const char *line, size_t length, const char *word)
{
    return memmem(line, length, word, strlen(word)) != NULL;
}

/* Most lines of a log are others': these are not looked at more closely. */
static bool may_be_ours(const char *line, size_t length)
{
    return (holds(line, length, "verdict=") &&
            (holds(line, length, "pam_asp(") || holds(line, length, "asp-broker"))) ||
           holds(line, length, "pam_warn(");
}

static bool take_line(void *context, char *line, size_t length)
{
    struct file_reading *file = context;
    struct reading *reading = file->reading;
    struct syslog_line found;
    const char *after;

    file->any = true;
    if (!file->is_log && syslog_line_time(line, reading->now, &found.when, &after)) {
        file->is_log = true;
        reading_saw(reading, found.when);
    }
    if (!may_be_ours(line, length))
        return true;
    if (strlen(line) != length || !syslog_line_read(line, reading->now, &found)) {
        reading->broken++;
        return true;
    }
    return reading_take(reading, found.when, found.program, found.text, found.times);
}

/* What begins so is no text, and how to make one of it. */
static enum asp_status check_form(const char *path, const char *bytes, size_t length,
                                  struct asp_error *error)
{
    static const struct {
        const char *begin;
        const char *is;
        const char *program;
    } forms[] = {
        {"\x1f\x8b", "compressed", "zcat"},
        {"\xfd"
         "7zXZ",
         "compressed", "xzcat"},
        {"\x28\xb5\x2f\xfd", "compressed", "zstdcat"},
        {"BZh", "compressed", "bzcat"},
        {"LPKSHHRH", "of the journal, and no text", "journalctl --output=short-iso --file"},
    };

    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        const size_t size = strlen(forms[i].begin);

        if (length < size || memcmp(bytes, forms[i].begin, size) != 0)
            continue;
        (void)asp_fail(error, ASP_CORRUPT, "%s is %s", path, forms[i].is);
        return asp_advise(error, ASP_CORRUPT, "%s FILE | asp-admin log --file -", forms[i].program);
    }
    return ASP_OK;
}

static enum asp_status read_all(struct file_reading *file, int fd, struct asp_error *error)
{
    char piece[PIECE];
    bool first = true;

    for (;;) {
        const ssize_t got = read(fd, piece, sizeof piece);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return asp_fail_errno(error, "%s cannot be read", file->path);
        if (first && check_form(file->path, piece, (size_t)got, error) != ASP_OK)
            return error->status;
        first = false;
        if (got == 0 ? !lines_end(&file->lines) : !lines_add(&file->lines, piece, (size_t)got))
            return asp_fail(error, ASP_NO_MEMORY, "out of memory");
        if (got == 0)
            return ASP_OK;
    }
}

enum asp_status log_file_read(struct reading *reading, const char *path, struct asp_error *error)
{
    const bool piped = strcmp(path, "-") == 0;
    struct file_reading file = {
        .reading = reading,
        .path = piped ? "standard input" : path,
        .lines = {.take = take_line},
    };
    const int fd = piped ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    enum asp_status status;

    if (fd < 0)
        return asp_fail_errno(error, "%s cannot be opened", path);
    file.lines.context = &file;
    status = read_all(&file, fd, error);
    if (!piped)
        asp_close(fd);
    if (status == ASP_OK && file.any && !file.is_log)
        return asp_fail(error, ASP_CORRUPT, "%s is no log: no line in it begins with a time",
                        file.path);
    return status;
}
