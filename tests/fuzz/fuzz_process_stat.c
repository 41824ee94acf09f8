/*
 * /proc/PID/stat, from which the broker has where a user was let in: a line as the kernel writes
 * it, of a process with whatever name, says what it says; and in any other text, too, nothing that
 * stands where a name does is taken for a number.
 */
#include "fuzz.h"

#include "asp-broker/tickets.h"

enum { NAME_MAX_BYTES = 64, LINE = 1024 };

static bool same(const struct ticket_place *one, const struct ticket_place *other)
{
    return one->session == other->session && one->terminal == other->terminal &&
           one->begun == other->begun;
}

/* What is before the last bracket is another name. */
static void rename_it(const char *text)
{
    const char *after = strrchr(text, ')');
    struct ticket_place place = {0};
    struct ticket_place again = {0};
    bool read = ticket_place_read(text, &place);
    size_t size = strlen(text) + 16;
    char *renamed = malloc(size);

    FUZZ_NEED(renamed != NULL);
    FUZZ_NEED(!read || after != NULL);
    if (after != NULL) {
        (void)snprintf(renamed, size, "7 ((1) S 2 3%s", after);
        FUZZ_NEED(ticket_place_read(renamed, &again) == read);
        FUZZ_NEED(!read || same(&place, &again));
    }
    free(renamed);
}

/* What it says behind the name, proc(5). */
struct stat_line {
    int session;
    int terminal;
    unsigned long long begun;
    unsigned long long other; /* in each of the other fields */
};

/* Returns where the last of the fields begins that are needed. */
static size_t write_line(char text[LINE], const char *name, const struct stat_line *line)
{
    const unsigned long long x = line->other;
    const int y = (int)(x & 0x7fffffff) - (int)(x & 1);
    int length = snprintf(text, LINE,
                          "%d (%s) S %d %d %d %d %d %u %llu %llu %llu %llu %llu %llu %d %d %d %d "
                          "%d 0 ",
                          y, name, y, y, line->session, line->terminal, -1, (unsigned)y, x, x, x, x,
                          x, x, y, -y, 20, -20, y);

    FUZZ_NEED(length > 0 && length < LINE);
    (void)snprintf(text + length, LINE - (size_t)length, "%llu %llu 0 -1 1 1 0 0\n", line->begun,
                   x);
    return (size_t)length;
}

/* The first bytes are the numbers, the others the name; the kernel writes no line end in one. */
static void read_line(const uint8_t *data, size_t size)
{
    char text[LINE];
    char name[NAME_MAX_BYTES + 1] = "";
    struct stat_line line;
    struct ticket_place expected;
    struct ticket_place place = {0};
    size_t bracket;
    size_t last;

    if (size < sizeof line)
        return;
    memcpy(&line, data, sizeof line);
    size -= sizeof line;
    memcpy(name, data + sizeof line, size < NAME_MAX_BYTES ? size : NAME_MAX_BYTES);
    for (char *at = name; (at = strchr(at, '\n')) != NULL;)
        *at = '?';
    last = write_line(text, name, &line);
    expected = (struct ticket_place){.session = line.session,
                                     .terminal = (unsigned long)(unsigned)line.terminal,
                                     .begun = line.begun};
    FUZZ_NEED(ticket_place_read(text, &place) && same(&place, &expected));
    text[last] = '\0';
    FUZZ_NEED(!ticket_place_read(text, &place));
    bracket = (size_t)(strrchr(text, ')') - text) + 1;
    text[bracket + data[0] % (last - bracket)] = '\0';
    FUZZ_NEED(!ticket_place_read(text, &place));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);

    rename_it(text);
    read_line(data, size);
    free(text);
    return 0;
}
