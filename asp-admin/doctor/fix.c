/* doctor --fix: who is at the terminal is asked for each command, which is run without a shell. */
#include "fix.h"

#include "asp-admin/system/program.h"
#include "asp-admin/ui/ask_yes.h"
#include "asp/shell_word.h"

#include <string.h>

enum {
    SECONDS = 60, /* for one command: systemctl waits for what it starts */
    ERRORS_MAX = 1000,
};

enum exit_code fix_check(const struct admin *admin)
{
    if (admin->options->json)
        return fail_with(admin->console, EXIT_USAGE,
                         "doctor --fix asks a person, and takes no --json");
    if (!admin->console->terminal || !ask_yes_can())
        return fail_with(admin->console, EXIT_USAGE,
                         "doctor --fix asks before each command: say it at a terminal, or take the "
                         "commands that doctor prints");
    return EXIT_DONE;
}

static bool drop(void *context, const char *bytes, size_t length)
{
    (void)context;
    (void)bytes;
    (void)length;
    return true;
}

/* The beginning of what it says is enough. */
static bool keep(void *context, const char *bytes, size_t length)
{
    struct asp_buffer *errors = context;
    size_t room = ERRORS_MAX - errors->length;

    asp_buffer_add_bytes(errors, bytes, length < room ? length : room);
    return true;
}

/* False: out of memory. */
static bool run(const struct finding_command *command, const struct console *console)
{
    struct asp_buffer errors = {0};
    struct asp_error why = {0};
    bool said;
    char path[PROGRAM_PATH_SIZE];
    const struct program program = {
        .path = path,
        .arguments = command->words,
        .environment = program_environment,
        .timeout = SECONDS,
        .take_output = drop,
        .take_errors = keep,
        .context = &errors,
    };

    if (!program_find(command->words[0], path)) {
        console_say(console, "%s: there is no such program that could be trusted",
                    command->words[0]);
        return true;
    }
    asp_buffer_add(&errors, "");
    if (program_run(&program, &why) != PROGRAM_DONE && !errors.failed) {
        errors.text[strcspn(errors.text, "\n")] = '\0';
        console_say(console, "%s: %s", command->words[0],
                    errors.text[0] != '\0' ? errors.text : why.text);
    }
    said = !errors.failed;
    asp_buffer_free(&errors);
    return said;
}

static bool is_new(struct fixing *fixing, const char *question)
{
    if (name_list_has(&fixing->asked, question))
        return false;
    if (name_list_add(&fixing->asked, question))
        return true;
    fixing->failed = true;
    return false;
}

/* Asks for one; the fault stands before its first question. */
static void fix_one(struct fixing *fixing, const struct finding *finding,
                    const struct finding_command *command, bool *shown,
                    const struct console *console)
{
    struct asp_buffer question = {0};
    struct asp_buffer row = {0};

    for (size_t i = 0; command->words[i] != NULL; i++) {
        asp_buffer_add(&question, i > 0 ? " " : "");
        asp_shell_word_add(&question, command->words[i]);
    }
    fixing->failed = fixing->failed || question.text == NULL || question.failed;
    if (!fixing->failed && is_new(fixing, question.text)) {
        if (!*shown) {
            finding_add_row(console, &row, finding);
            *shown = console_print_and_free(console, &row);
        }
        if (*shown && ask_yes(question.text)) {
            fixing->failed = !run(command, console);
            fixing->ran = true;
        }
    }
    asp_buffer_free(&question);
}

void fix_faults(struct fixing *fixing, const struct findings *findings,
                const struct console *console)
{
    fixing->ran = false;
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->list[i];
        bool shown = false;

        for (size_t k = 0; k < finding->command_count; k++) {
            if (finding->commands[k].safe && !fixing->failed)
                fix_one(fixing, finding, &finding->commands[k], &shown, console);
        }
    }
}
