/* What a program that serves by itself says. */
#include "daemon.h"

#include "asp/buffer.h"

#include <syslog.h>

enum exit_code daemon_report(const char *program, enum exit_code code, const char *text)
{
    const struct console console = console_of_process(program);

    syslog(LOG_ERR, "%s", text);
    return fail_with(&console, code, "%s", text);
}

enum exit_code daemon_report_error(const char *program, enum exit_code code,
                                   const struct asp_error *error)
{
    char room[ASP_ERROR_LINE];

    return daemon_report(program, code, asp_error_line(error, room));
}

enum exit_code daemon_print(const char *program, const char *text)
{
    const struct console console = console_of_process(program);
    struct asp_buffer out = {0};

    asp_buffer_add(&out, text);
    return console_print_and_free(&console, &out) ? EXIT_DONE : EXIT_STORE;
}
