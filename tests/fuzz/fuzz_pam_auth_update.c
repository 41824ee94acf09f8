/*
 * What pam-auth-update(8) has kept of what it wrote, and a file common-* as it is: the first piece
 * is the one, the second the other, of all five files. What it has kept, written between its marks,
 * is a file that it would change.
 */
#include "machine.h"

#include "asp-admin/doctor/pam_auth_update.h"

#include <ctype.h>

static const char *const types[] = {"auth", "account", "password", "session",
                                    "session-noninteractive"};

enum { TYPES = sizeof types / sizeof *types, PATH_BYTES = 64 };

#define PRIMARY "# here are the per-package modules (the \"Primary\" block)\n"
#define FALLBACK "# here's the fallback if no module succeeds\n"
#define ADDITIONAL "# and here are more per-package modules (the \"Additional\" block)\n"
#define END "# end of pam-auth-update config\n"

static bool would(void)
{
    char edited[PATH_MAX];
    struct examination exam;
    struct admin admin;
    bool is;

    machine_examine(&exam, &admin);
    is = pam_auth_update_would(&exam, edited);
    FUZZ_NEED(!exam.findings.failed && edited[0] == '/');
    return is;
}

static void put_all(const char *kept, const char *text)
{
    char path[PATH_BYTES];

    for (size_t i = 0; i < TYPES; i++) {
        (void)snprintf(path, sizeof path, "/var/lib/pam/%s", types[i]);
        machine_put(path, kept, strlen(kept));
        (void)snprintf(path, sizeof path, "/etc/pam.d/common-%s", types[i]);
        machine_put(path, text, strlen(text));
    }
}

/* A line of what it has kept that is a control, a module and whatever: it is written as it is, with
 * the facility before it. Jumps stand as the word "end" in one and as a number in the other, and so
 * in none of these. */
static bool is_plain(const char *line)
{
    const size_t control = line[0] == '[' ? strcspn(line, "]") + 1 : strcspn(line, " \t");

    return isalpha((unsigned char)line[0] | ('[' == line[0] ? 'a' : 0)) &&
           strstr(line, "end") == NULL && control < strlen(line) &&
           strchr(" \t", line[control]) != NULL && strncmp(line, "Module: ", 8) != 0;
}

static void write_as_kept(char *kept)
{
    struct asp_buffer lines = {0};
    struct asp_buffer text = {0};
    char *rest = kept;

    asp_buffer_add(&text, "# of Debian\n" PRIMARY);
    while (rest != NULL) {
        const char *line = strsep(&rest, "\n");

        if (!is_plain(line))
            continue;
        asp_buffer_add(&lines, line);
        asp_buffer_add(&lines, "\n");
        asp_buffer_add(&text, "auth\t");
        asp_buffer_add(&text, line);
        asp_buffer_add(&text, "\n");
    }
    asp_buffer_add(&lines, "Module: x\n");
    asp_buffer_add(&text, FALLBACK "auth requisite pam_deny.so\n" ADDITIONAL END);
    FUZZ_NEED(!lines.failed && !text.failed);
    put_all(lines.text, text.text);
    /* Of the others the facility is another word, which is a part of the line then. */
    if (strlen(lines.text) == strlen("Module: x\n"))
        FUZZ_NEED(would());
    else {
        char path[PATH_BYTES];
        struct asp_buffer other = {0};

        for (size_t i = 1; i < TYPES; i++) {
            (void)snprintf(path, sizeof path, "/var/lib/pam/%s", types[i]);
            machine_put(path, "", 0);
            asp_buffer_free(&other);
            other = (struct asp_buffer){0};
            asp_buffer_add(&other, PRIMARY FALLBACK ADDITIONAL END);
            (void)snprintf(path, sizeof path, "/etc/pam.d/common-%s", types[i]);
            machine_put(path, other.text, other.length);
        }
        FUZZ_NEED(would());
        asp_buffer_free(&other);
    }
    asp_buffer_free(&lines);
    asp_buffer_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    const size_t first = strlen(text);
    const char *second = first < size ? text + first + 1 : "";

    machine_make();
    put_all(text, second);
    (void)would();
    write_as_kept(text);
    free(text);
    return 0;
}
