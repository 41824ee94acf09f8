/* Errors: a status, what is wrong, what to do. */
#include "error.h"

#include "redact.h"

#include <errno.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void asp_error_begin(struct asp_error *error)
{
    error->status = ASP_OK;
    error->text[0] = error->advice[0] = '\0';
}

__attribute__((format(printf, 3, 0))) static void write_text(struct asp_error *error,
                                                             enum asp_status status,
                                                             const char *format, va_list args)
{
    error->status = status;
    error->advice[0] = '\0';
    if (vsnprintf(error->text, sizeof error->text, format, args) < 0)
        error->text[0] = '\0';
}

enum asp_status asp_fail(struct asp_error *error, enum asp_status status, const char *format, ...)
{
    va_list args;

    if (error != NULL) {
        va_start(args, format);
        write_text(error, status, format, args);
        va_end(args);
    }
    return status;
}

static enum asp_status status_of(int number)
{
    switch (number) {
    case ENOENT:
        return ASP_NOT_FOUND;
    case ENOMEM:
        return ASP_NO_MEMORY;
    case EACCES:
    case EPERM:
    case EROFS:
        return ASP_DENIED;
    case EMFILE:
    case ENFILE:
        return ASP_NO_FILES;
    default:
        return ASP_IO;
    }
}

/* What mends it wherever it comes from; NULL: that is not known. */
static const char *mend_of(int number)
{
    switch (number) {
    case ENOSPC:
        return "make room on that disk";
    case EDQUOT:
        return "make room there, or raise the quota";
    default:
        return NULL;
    }
}

enum asp_status asp_fail_errno(struct asp_error *error, const char *format, ...)
{
    int number = errno;
    enum asp_status status = status_of(number);
    /* Whatever language the process has chosen: it is said in the one that the line is in. Both C
     * libraries have this locale ready, so that nothing is allocated and there is none to free. */
    const char *why = strerror_l(number, newlocale(LC_ALL_MASK, "C", NULL));
    va_list args;

    if (error != NULL) {
        va_start(args, format);
        write_text(error, status, format, args);
        va_end(args);
        size_t used = strlen(error->text);
        (void)snprintf(error->text + used, sizeof error->text - used, ": %s", why);
        if (mend_of(number) != NULL)
            (void)asp_advise(error, status, "%s", mend_of(number));
    }
    return status;
}

enum asp_status asp_advise(struct asp_error *error, enum asp_status status, const char *format, ...)
{
    va_list args;
    int length;

    if (error != NULL) {
        va_start(args, format);
        length = vsnprintf(error->advice, sizeof error->advice, format, args);
        if (length < 0 || (size_t)length >= sizeof error->advice)
            error->advice[0] = '\0';
        va_end(args);
    }
    return status;
}

const char *asp_error_line(const struct asp_error *error, char line[ASP_ERROR_LINE])
{
    (void)snprintf(line, ASP_ERROR_LINE, "%s%s%s", error->text,
                   error->advice[0] == '\0' ? "" : "; ", error->advice);
    asp_redact(line);
    return line;
}
