/* doctor: systemctl is asked for a unit. */
#include "unit_state.h"

#include "units.h"

#include "asp-admin/system/program.h"
#include "asp/buffer.h"

#include <stdio.h>
#include <string.h>

enum {
    SECONDS = 10,
    OUTPUT_MAX = 4096,
};

static bool take(void *context, const char *bytes, size_t length)
{
    struct asp_buffer *output = context;

    asp_buffer_add_bytes(output, bytes, length);
    return output->length <= OUTPUT_MAX;
}

static bool drop(void *context, const char *bytes, size_t length)
{
    (void)context;
    (void)bytes;
    (void)length;
    return true;
}

static void read_word(const char *line, const char *key, char word[UNIT_WORD])
{
    const size_t length = strlen(key);

    if (strncmp(line, key, length) == 0)
        (void)snprintf(word, UNIT_WORD, "%s", line + length);
}

static void read_lines(char *text, struct unit_state *state)
{
    char *rest = NULL;

    for (char *line = strtok_r(text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        read_word(line, "UnitFileState=", state->file);
        read_word(line, "ActiveState=", state->active);
        read_word(line, "SubState=", state->sub);
        read_word(line, "Result=", state->result);
        read_word(line, "ExecMainStatus=", state->status);
    }
}

bool unit_state_ask(const char *unit, struct unit_state *state)
{
    char properties[] = "--property=UnitFileState,ActiveState,SubState,Result,ExecMainStatus";
    char *words[] = {(char *)"systemctl", (char *)"show", properties, (char *)unit, NULL};
    char path[PROGRAM_PATH_SIZE];
    struct asp_buffer output = {0};
    struct asp_error why = {0};
    const struct program run = {
        .path = path,
        .arguments = words,
        .environment = program_environment,
        .timeout = SECONDS,
        .take_output = take,
        .take_errors = drop,
        .context = &output,
    };
    bool said = false;

    *state = (struct unit_state){.file = ""};
    if (units_run() && program_find(words[0], path) && program_run(&run, &why) == PROGRAM_DONE &&
        !output.failed && output.length > 0) {
        read_lines(output.text, state);
        said = state->active[0] != '\0';
    }
    asp_buffer_free(&output);
    return said;
}

bool unit_state_is_down(const struct unit_state *state)
{
    const bool begins = strcmp(state->active, "activating") == 0 &&
                        strncmp(state->sub, "start", strlen("start")) == 0;

    return strncmp(state->file, "enabled", strlen("enabled")) == 0 && !begins &&
           strcmp(state->active, "active") != 0 && strcmp(state->active, "reloading") != 0;
}
