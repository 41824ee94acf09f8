/*
 * The files of a machine that has joined a store in a database: which one that is, how far it has
 * heard, and the passwords by which it comes. What is believed of the first two is what would be
 * written, to the byte; both also with a digest that is right.
 */
#include "fuzz.h"

#include "asp/checksum.h"
#include "asp/pgsql/cursors.h"
#include "asp/pgsql/own.h"
#include "asp/pgsql/passfile.h"

#include <fcntl.h>
#include <unistd.h>

#define DIGEST "digest="

enum { PATH_SIZE = 64, DIGEST_SIZE = 26 };

static char folder[FUZZ_FOLDER];

/* Nothing has to outlive a power cut. */
int fsync(int fd)
{
    (void)fd;
    return 0;
}

static const char *path_of(const char *name)
{
    static char path[PATH_SIZE];

    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void remove_folder(void)
{
    static const char *const names[] = {"store-id", "feed", "pass", ""};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        (void)remove(path_of(names[i]));
}

static void put(const char *name, const void *bytes, size_t length)
{
    int fd = open(path_of(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    FUZZ_NEED(fd >= 0 && write(fd, bytes, length) == (ssize_t)length && close(fd) == 0);
}

/* Whether the file is that, and nothing more. */
static bool is_file(const char *name, const char *bytes, size_t length)
{
    int fd = open(path_of(name), O_RDONLY | O_CLOEXEC);
    char *found = malloc(length + 1);
    bool same;

    FUZZ_NEED(fd >= 0 && found != NULL);
    same = read(fd, found, length + 1) == (ssize_t)length && memcmp(found, bytes, length) == 0;
    free(found);
    FUZZ_NEED(close(fd) == 0);
    return same;
}

static void read_pin(const char *bytes, size_t size)
{
    struct pgsql_pin pin = {0};
    char text[128];
    int length;

    put("store-id", bytes, size);
    if (pgsql_pin_read(folder, &pin, NULL, NULL) != ASP_OK)
        return;
    FUZZ_NEED(strlen(pin.id) == PGSQL_ID_CHARS && pin.parts > 0 && pin.parts <= PGSQL_PARTS_MAX);
    length = snprintf(text, sizeof text, "asp-store-id 1 %s %d\n", pin.id, pin.parts);
    length += snprintf(text + length, sizeof text - (size_t)length, DIGEST "%016llx\n",
                       (unsigned long long)asp_checksum(text, (size_t)length));
    FUZZ_NEED(size == (size_t)length && memcmp(bytes, text, size) == 0);
}

static void read_cursors(const char *bytes, size_t length)
{
    struct pgsql_cursors cursors;

    put("feed", bytes, length);
    if (pgsql_cursors_read(folder, &cursors, NULL) != ASP_OK) {
        FUZZ_NEED(cursors.store[0] == '\0' && cursors.parts == 0);
        return;
    }
    FUZZ_NEED(cursors.parts > 0 && cursors.parts <= PGSQL_PARTS_MAX);
    FUZZ_NEED(pgsql_cursors_write(folder, &cursors, NULL) == ASP_OK);
    FUZZ_NEED(is_file("feed", bytes, length));
}

/* Up to its last line, and a digest of that. */
static void read_with_digest(const uint8_t *data, size_t size,
                             void (*read_bytes)(const char *bytes, size_t length))
{
    const uint8_t *end = size > 0 ? memmem(data, size, DIGEST, strlen(DIGEST)) : NULL;
    const size_t length = end != NULL ? (size_t)(end - data) : size;
    char *text = malloc(length + DIGEST_SIZE);

    FUZZ_NEED(text != NULL);
    if (length > 0)
        memcpy(text, data, length);
    (void)snprintf(text + length, DIGEST_SIZE, DIGEST "%016llx\n",
                   (unsigned long long)asp_checksum(text, length));
    read_bytes(text, length + strlen(text + length));
    free(text);
}

static void read_password(const uint8_t *data, size_t size)
{
    char password[PGSQL_PASSWORD_MAX + 1] = "";
    char line[PGSQL_PASSWORD_MAX + 16];
    const char *found;
    char *text;

    put("pass", data, size);
    if (pgsql_password_read(path_of("pass"), "asp_node", password, NULL) != ASP_OK)
        return;
    text = fuzz_text(data, size);
    (void)snprintf(line, sizeof line, "asp_node\t%s", password);
    found = memmem(text, size, line, strlen(line));
    FUZZ_NEED(password[0] != '\0' && found != NULL && (found == text || memchr(text, '\n', size)));
    for (const char *at = password; *at != '\0'; at++)
        FUZZ_NEED((unsigned char)*at >= ' ');
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (folder[0] == '\0') {
        fuzz_folder(folder);
        FUZZ_NEED(atexit(remove_folder) == 0);
    }
    read_pin((const char *)data, size);
    read_with_digest(data, size, read_pin);
    read_cursors((const char *)data, size);
    read_with_digest(data, size, read_cursors);
    read_password(data, size);
    return 0;
}
