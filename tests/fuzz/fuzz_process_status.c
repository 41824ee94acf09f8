/*
 * What /proc says of a process: status, cgroup and maps, which are pieces of the input, a NUL
 * between them. A status as the kernel writes it, of a process with whatever name, says what it
 * says; a unit that is found is one that systemctl(1) takes for nothing else.
 */
#include "fuzz.h"

/* For what reads cgroup and maps, which is for the processes of this machine alone. */
#include "asp-admin/doctor/old_processes.c"

#include <fcntl.h>

enum { PIECES = 3, PATHS = 64, TEXT = 1024, GROUP = 990 };

static char folder[] = "/tmp/aXXXXXX";
static char pid[PATHS]; /* as a number of a process leads to its folder in /proc */
static char paths[PIECES][PATHS];

static void remove_folder(void)
{
    for (size_t i = 0; i < PIECES; i++)
        (void)remove(paths[i]);
    (void)remove(folder);
}

static void begin(void)
{
    static const char *const names[PIECES] = {"status", "cgroup", "maps"};

    if (pid[0] != '\0')
        return;
    FUZZ_NEED(mkdtemp(folder) != NULL && atexit(remove_folder) == 0);
    (void)snprintf(pid, sizeof pid, "..%s", folder);
    for (size_t i = 0; i < PIECES; i++)
        (void)snprintf(paths[i], PATHS, "%s/%s", folder, names[i]);
}

static void put(const char *path, const void *bytes, size_t length)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    FUZZ_NEED(fd >= 0 && write(fd, bytes, length) == (ssize_t)length && close(fd) == 0);
}

/* proc(5); of the name it escapes the line end and the backslash. */
static void write_status(const uint8_t *data, size_t size)
{
    const bool ended = size > 4 && data[4] % 2 == 1;
    const bool in_group = size > 5 && data[5] % 2 == 1;
    uint32_t number = 0;
    char name[16] = "a";
    char text[TEXT];
    struct process process;
    int length;

    memcpy(&number, data, size < sizeof number ? size : sizeof number);
    for (size_t i = 6, at = 1; i < size && at < sizeof name - 1; i++) {
        if (data[i] != '\0' && data[i] != '\n' && data[i] != '\\')
            name[at++] = (char)data[i];
    }
    length = snprintf(
        text, sizeof text,
        "Name:\t%s\nUmask:\t0022\nState:\t%s\nTgid:\t7\nPid:\t7\nPPid:\t%u\nTracerPid:\t0\n"
        "Uid:\t%u\t1\t2\t3\nGid:\t%u\t4\t5\t6\nFDSize:\t64\nGroups:\t4 24 %u \nVmPeak:\t8 kB\n",
        name, ended ? "Z (zombie)" : "S (sleeping)", number, ~number, number % 900,
        in_group ? GROUP : GROUP + 1);
    put(paths[0], text, (size_t)length);
    FUZZ_NEED(process_read(pid, GROUP, &process) == !ended);
    FUZZ_NEED(strcmp(process.name, name) == 0 && process.parent == number);
    FUZZ_NEED(process.uid == (uint32_t)~number && process.in_group == in_group);
}

static void read_pieces(const uint8_t *data, size_t size)
{
    const uint8_t *const end = data + size;
    char unit[NAME_MAX + 1] = "";
    struct process process;
    bool session = false;

    for (size_t i = 0; i < PIECES; i++) {
        const uint8_t *stop = data < end ? memchr(data, '\0', (size_t)(end - data)) : NULL;
        size_t length = (size_t)((stop == NULL ? end : stop) - data);

        put(paths[i], data, length);
        data = stop == NULL ? end : stop + 1;
    }
    (void)process_read(pid, GROUP, &process);
    FUZZ_NEED(process.name[0] != '\0' && strlen(process.name) < PROCESS_NAME);
    if (read_unit(pid, unit, &session)) {
        FUZZ_NEED(!session && is_unit(unit, strlen(unit)) && strchr(unit, '/') == NULL);
        FUZZ_NEED(unit[0] != '-' && ends_with(unit, SERVICE_UNIT));
    }
    /* What is mapped there is nobody's. */
    FUZZ_NEED(!has_old_module(pid));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct process process;

    begin();
    read_pieces(data, size);
    write_status(data, size);
    FUZZ_NEED(!process_read("../nowhere", GROUP, &process) && process.parent == 0);
    return 0;
}
