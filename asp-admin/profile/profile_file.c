/* The file that a profile is written to. */
#include "profile_file.h"

#include "asp/safeio.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool write_stream(void *context, enum console_stream stream, const char *text, size_t length)
{
    const struct profile_file *file = context;

    if (stream == CONSOLE_PROFILE)
        return asp_write_all(file->fd, text, length);
    return file->outer->write(file->outer->context, stream, text, length);
}

static bool read_secret(void *context, const char *user, char *typed, size_t size, size_t *length)
{
    const struct profile_file *file = context;

    return file->outer->read_secret(file->outer->context, user, typed, size, length);
}

enum exit_code profile_file_open(struct profile_file *file, const char *path,
                                 const struct console *console)
{
    const mode_t mode = S_IRUSR | S_IWUSR;

    file->path = path;
    file->outer = console;
    file->console = *console;
    file->console.write = write_stream;
    file->console.read_secret = read_secret;
    file->console.context = file;
    file->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOCTTY | O_CLOEXEC, mode);
    if (file->fd < 0 && errno == EEXIST)
        return fail_with(console, EXIT_USAGE, "--profile %s: it is there already: name a new file",
                         path);
    if (file->fd < 0)
        return fail_with(console, EXIT_STORE, "--profile %s: %s", path, strerror(errno));
    return EXIT_DONE;
}

void profile_file_close(struct profile_file *file, bool keep)
{
    if (!keep)
        (void)unlink(file->path);
    asp_close(file->fd);
}
