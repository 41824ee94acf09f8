/* Commands that are printed, whole. */
#include "command_line.h"

#include "asp/shell_word.h"

void command_line_add(struct asp_buffer *out, const char *config, const char *const words[])
{
    asp_buffer_add(out, "asp-admin");
    for (; *words != NULL; words++) {
        asp_buffer_add(out, " ");
        asp_shell_word_add(out, *words);
    }
    if (config == NULL)
        return;
    asp_buffer_add(out, " --config ");
    asp_shell_word_add(out, config);
}
