/* A question to the person at the terminal: yes or no. */
#include "ask_yes.h"

#include "read_secret.h"

#include "asp/safeio.h"

#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { ANSWER_MAX = 3 };

bool ask_yes_can(void)
{
    return isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1;
}

bool ask_yes(const char *question)
{
    const struct secret_prompt prompt = {
        .from = STDIN_FILENO, .to = STDERR_FILENO, .text = " [y/N] ", .line = true};
    char reply[ANSWER_MAX + 1] = "";
    size_t length = 0;

    (void)asp_write_all(STDERR_FILENO, question, strlen(question));
    if (!secret_read(&prompt, reply, ANSWER_MAX, &length) || length > ANSWER_MAX)
        return false;
    reply[length] = '\0';
    return strcasecmp(reply, "y") == 0 || strcasecmp(reply, "yes") == 0;
}
