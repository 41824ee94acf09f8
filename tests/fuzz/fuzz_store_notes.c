/*
 * What lies in the folder of a store beside the accounts: the note of what has become of it, the
 * one of the watch, and the names of texts that are due. The first line of the first of them is
 * read as it would be written, and no otherwise.
 */
#include "fuzz.h"

#include "asp/store_due.h"
#include "asp/store_files.h"
#include "asp/store_files_moved.h"
#include "asp/store_watch.h"

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATHS = 128, NAMES = 8, NAME_BYTES = 200 };

static char folder[FUZZ_FOLDER];
static struct asp_conf *conf;
static struct asp_store store;

/* Nothing has to outlive a power cut. */
int fsync(int fd)
{
    (void)fd;
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *place)
{
    (void)st;
    (void)kind;
    (void)place;
    return remove(path);
}

static void remove_folder(void)
{
    asp_store_close(&store);
    (void)nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void begin(void)
{
    char text[PATHS];
    bool made;

    if (conf != NULL)
        return;
    fuzz_folder(folder);
    (void)snprintf(text, sizeof text, "store = \"%s/store\";", folder);
    FUZZ_NEED(asp_conf_read("fuzz", text, strlen(text), &conf, NULL) == ASP_OK);
    FUZZ_NEED(asp_store_make(&store, conf, NULL, &made, NULL) == ASP_OK);
    FUZZ_NEED(mkdirat(store.own.fd, DUE_FOLDER, 0700) == 0 && atexit(remove_folder) == 0);
}

static void put(const char *path, const void *bytes, size_t length)
{
    int fd = openat(store.own.fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    FUZZ_NEED(fd >= 0 && write(fd, bytes, length) == (ssize_t)length && close(fd) == 0);
}

static void read_moved(const char *text, size_t size)
{
    struct asp_buffer written = {0};
    struct asp_moved moved;
    struct asp_moved again;
    enum asp_status status;

    put("moved", text, size);
    status = asp_files_read_moved(&store, &moved, NULL);
    FUZZ_NEED((status == ASP_OK) == (moved.how != ASP_MOVED_NOT));
    if (status == ASP_OK) {
        asp_files_moved_text(&moved, &written);
        FUZZ_NEED(!written.failed && size > strcspn(written.text, "\n"));
        FUZZ_NEED(strncmp(written.text, text, strcspn(written.text, "\n") + 1) == 0);
        put("moved", written.text, written.length);
        FUZZ_NEED(asp_files_read_moved(&store, &again, NULL) == ASP_OK);
        FUZZ_NEED(again.how == moved.how && again.since == moved.since);
        FUZZ_NEED(strcmp(again.store, moved.store) == 0);
    }
    asp_buffer_free(&written);
    FUZZ_NEED(unlinkat(store.own.fd, "moved", 0) == 0);
    FUZZ_NEED(asp_files_read_moved(&store, &again, NULL) == ASP_OK && again.how == ASP_MOVED_NOT);
}

static void read_watch(const char *text, size_t size)
{
    struct asp_watch_seen seen = {.process = 0};

    put(LOCKS_FOLDER "/.watch", text, size);
    FUZZ_NEED(asp_files_look_at_watch(&store, &seen, NULL) == ASP_OK);
    FUZZ_NEED(!seen.runs && seen.process >= 0);
    FUZZ_NEED((text[0] >= '0' && text[0] <= '9') || seen.process == 0);
}

/* The names of those that are there, and of those that were visited. */
static struct {
    char names[NAMES][NAME_BYTES];
    size_t count;
    size_t visited;
} due;

static enum asp_status visit(const char *name, const char *key, void *context)
{
    char file[2 * NAME_BYTES];
    bool is_there = false;

    FUZZ_NEED(strlen(key) == ASP_DUE_KEY - 1 && (context == NULL || strcmp(name, context) == 0));
    (void)snprintf(file, sizeof file, "%s.%s", name, key);
    for (size_t i = 0; i < due.count; i++)
        is_there = is_there || strcmp(file, due.names[i]) == 0;
    FUZZ_NEED(is_there);
    due.visited++;
    return ASP_OK;
}

static bool ends_with_key(const char *file)
{
    const char *dot = strrchr(file, '.');

    return dot != NULL && dot > file && (size_t)(dot - file) <= ASP_USER_FILE &&
           strspn(dot + 1, "0123456789abcdef") == ASP_DUE_KEY - 1 &&
           strlen(dot + 1) == ASP_DUE_KEY - 1;
}

/* A name a line. */
static void read_due(char *text)
{
    size_t expected = 0;
    char *rest = text;

    memset(&due, 0, sizeof due);
    while (rest != NULL && due.count < NAMES) {
        const char *name = strsep(&rest, "\n");
        char path[PATHS + NAME_BYTES];

        (void)snprintf(path, sizeof path, DUE_FOLDER "/%.*s", NAME_BYTES - 1, name);
        if (name[0] == '\0' || strchr(name, '/') != NULL || strlen(name) >= NAME_BYTES ||
            faccessat(store.own.fd, path, F_OK, 0) == 0)
            continue;
        put(path, "", 0);
        expected += ends_with_key(name);
        strcpy(due.names[due.count++], name);
    }
    FUZZ_NEED(asp_files_each_due(&store, NULL, visit, NULL, NULL) == ASP_OK);
    FUZZ_NEED(due.visited == expected);
    due.visited = 0;
    FUZZ_NEED(asp_files_each_due(&store, "alice", visit, (char *)"alice", NULL) == ASP_OK);
    FUZZ_NEED(due.visited <= expected);
    for (size_t i = 0; i < due.count; i++) {
        char path[PATHS + NAME_BYTES];

        (void)snprintf(path, sizeof path, DUE_FOLDER "/%s", due.names[i]);
        FUZZ_NEED(unlinkat(store.own.fd, path, 0) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);

    begin();
    read_moved(text, size);
    read_watch(text, size);
    read_due(text);
    free(text);
    return 0;
}
