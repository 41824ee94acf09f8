#include "console.h"

#include "read_secret.h"

#include "asp/safeio.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { WIDTH = 80, WIDTH_MIN = 20 };

static bool say(void *context, enum console_stream stream, const char *text, size_t length)
{
    (void)context;
    return asp_write_all(stream == CONSOLE_OUT ? STDOUT_FILENO : STDERR_FILENO, text, length);
}

static bool read_secret(void *context, char *typed, size_t size, size_t *length)
{
    const struct secret_prompt prompt = {
        .from = STDIN_FILENO,
        .to = isatty(STDIN_FILENO) == 1 ? STDERR_FILENO : -1,
        .text = "App password: ",
        .hidden = true,
    };

    (void)context;
    return secret_read(&prompt, typed, size, length);
}

static bool wants_colour(void)
{
    const char *no_colour = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");

    return (no_colour == NULL || no_colour[0] == '\0') &&
           (terminal == NULL || strcmp(terminal, "dumb") != 0);
}

struct console console_of_process(void)
{
    struct console console = {.say = say, .read_secret = read_secret, .width = WIDTH};
    struct winsize size;

    console.terminal = isatty(STDOUT_FILENO) == 1;
    console.colour = console.terminal && wants_colour();
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= WIDTH_MIN)
        console.width = size.ws_col;
    return console;
}

static struct console current = {.say = say, .read_secret = read_secret, .width = WIDTH};

void console_use(const struct console *console)
{
    current = *console;
}

const struct console *console_now(void)
{
    return &current;
}
