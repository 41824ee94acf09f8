/*
 * The unit of the broker and two of its drop-ins: whether it may write where the store is, and
 * whether it reaches the database. What doctor gives as the fix, done as it says, makes it so.
 */
#include "machine.h"
#include "shell.h"

#include "asp-admin/doctor/database_unit.h"
#include "asp-admin/doctor/units.h"

#define FOLDER "/etc/systemd/system/"
#define BEFORE ".d && printf '%s\\n'"

static const char *const paths[] = {FOLDER "asp-broker.service",
                                    FOLDER "asp-broker.service.d/asp-a.conf",
                                    FOLDER "asp-broker.service.d/asp-b.conf"};

enum { PATHS = sizeof paths / sizeof *paths, SCRIPT_BYTES = 4096, WORDS_MAX = 16 };

/* mkdir -p FOLDER && printf '%s\n' 'LINE' ... >PATH */
static void carry_out(const char *script)
{
    const char *words_at = strstr(script, BEFORE);
    const char *to = strstr(script, " >" FOLDER);
    char text[SCRIPT_BYTES];
    struct asp_buffer file = {0};
    char *words[WORDS_MAX];
    int count;

    FUZZ_NEED(words_at != NULL && to != NULL && to > words_at);
    words_at += strlen(BEFORE);
    (void)snprintf(text, sizeof text, "%.*s", (int)(to - words_at), words_at);
    count = shell_split(text, words, WORDS_MAX);
    FUZZ_NEED(count > 0);
    for (int i = 0; i < count; i++) {
        asp_buffer_add(&file, words[i]);
        asp_buffer_add(&file, "\n");
    }
    to += 2;
    (void)snprintf(text, sizeof text, "%.*s", (int)strcspn(to, " "), to);
    machine_put(text, file.text, file.length);
    asp_buffer_free(&file);
}

static size_t examine(void (*look)(struct examination *exam), bool mend)
{
    struct examination exam;
    struct admin admin;
    size_t faults;

    machine_examine(&exam, &admin);
    look(&exam);
    machine_look(&exam.findings);
    faults = exam.findings.faults;
    for (size_t i = 0; mend && i < exam.findings.count; i++) {
        const struct finding *finding = &exam.findings.list[i];

        /* What names another folder goes by a command, rm. */
        if (!finding->ok && finding->command_count == 0)
            carry_out(finding->fix);
    }
    findings_free(&exam.findings);
    return faults;
}

static void drop_ours(void)
{
    (void)unlink(FOLDER "asp-broker.service.d/asp-store.conf");
    (void)unlink(FOLDER "asp-broker.service.d/asp-database.conf");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    machine_fill(data, size, paths, PATHS);
    drop_ours();
    if (examine(examine_units, true) > 0)
        FUZZ_NEED(examine(examine_units, false) == 0);
    if (examine(database_unit_check, true) > 0)
        FUZZ_NEED(examine(database_unit_check, false) == 0);
    drop_ours();
    return 0;
}
