/* doctor: processes that have loaded what is not installed any more. A module stays in memory until
 * its host ends, and does not know what a newer one writes. */
#include "old_processes.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What the kernel adds to the path of a file that was unlinked, or replaced by rename: proc(5). */
#define DELETED " (deleted)"
#define SERVICE_UNIT ".service"

enum { PROC_PATH = 64, NAME_SIZE = 64 };

/* Processes of one name: a server has many. */
struct host {
    char name[NAME_SIZE];
    unsigned long first; /* the lowest number, which is that of the one that has begun the others */
    size_t count;
};

/* Those that were found. */
struct old_processes {
    struct host *hosts;
    size_t count;
    struct name_list units; /* each once; those that no unit has are left out */
    bool without_unit;
};

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text);

    return length >= strlen(end) && strcmp(text + length - strlen(end), end) == 0;
}

static FILE *open_of(const char *pid, const char *file)
{
    char path[PROC_PATH];

    (void)snprintf(path, sizeof path, "/proc/%.20s/%s", pid, file);
    return fopen(path, "re");
}

static bool has_old_module(const char *pid)
{
    FILE *maps = open_of(pid, "maps");
    char *line = NULL;
    size_t size = 0;
    bool found = false;

    while (maps != NULL && !found && getline(&line, &size, maps) > 0) {
        line[strcspn(line, "\n")] = '\0';
        found = ends_with(line, "/" MODULE_FILE DELETED);
    }
    free(line);
    if (maps != NULL)
        (void)fclose(maps);
    return found;
}

static bool is_old_program(const char *pid)
{
    char path[PROC_PATH];
    char program[PATH_MAX];
    ssize_t length;

    (void)snprintf(path, sizeof path, "/proc/%.20s/exe", pid);
    length = readlink(path, program, sizeof program - 1);
    if (length < 0)
        return false;
    program[length] = '\0';
    return ends_with(program, "/asp-broker" DELETED) || ends_with(program, "/asp-admin" DELETED);
}

/* The unit of systemd that a process belongs to, the last name of its control group. False: it is
 * none that could be started again. */
static bool read_unit(const char *pid, char unit[NAME_MAX + 1])
{
    FILE *groups = open_of(pid, "cgroup");
    char *line = NULL;
    size_t size = 0;
    bool found = false;

    while (groups != NULL && !found && getline(&line, &size, groups) > 0) {
        const char *name = strrchr(line, '/');

        line[strcspn(line, "\n")] = '\0';
        found = name != NULL && ends_with(name, SERVICE_UNIT) && strlen(name + 1) <= NAME_MAX;
        if (found)
            (void)snprintf(unit, NAME_MAX + 1, "%s", name + 1);
    }
    free(line);
    if (groups != NULL)
        (void)fclose(groups);
    return found;
}

static bool add_unit(struct name_list *units, const char *unit)
{
    for (size_t i = 0; i < units->count; i++) {
        if (strcmp(units->list[i], unit) == 0)
            return true;
    }
    return name_list_add(units, unit);
}

static void read_name(const char *pid, char name[NAME_SIZE])
{
    FILE *comm = open_of(pid, "comm");

    if (comm == NULL || fgets(name, NAME_SIZE, comm) == NULL)
        (void)snprintf(name, NAME_SIZE, "?");
    name[strcspn(name, "\n")] = '\0';
    if (comm != NULL)
        (void)fclose(comm);
}

/* The processes of that name, none as yet where they are new; NULL: out of memory. */
static struct host *host_of(struct old_processes *old, const char *name)
{
    struct host *grown;

    for (size_t i = 0; i < old->count; i++) {
        if (strcmp(old->hosts[i].name, name) == 0)
            return &old->hosts[i];
    }
    grown = reallocarray(old->hosts, old->count + 1, sizeof *grown);
    if (grown == NULL)
        return NULL;
    old->hosts = grown;
    grown[old->count] = (struct host){.first = ULONG_MAX};
    (void)snprintf(grown[old->count].name, NAME_SIZE, "%s", name);
    return &grown[old->count++];
}

/* False: out of memory. */
static bool add_process(struct old_processes *old, const char *pid)
{
    const unsigned long number = strtoul(pid, NULL, 10);
    char unit[NAME_MAX + 1];
    char name[NAME_SIZE];
    struct host *host;

    read_name(pid, name);
    host = host_of(old, name);
    if (host == NULL)
        return false;
    host->first = number < host->first ? number : host->first;
    host->count++;
    if (read_unit(pid, unit))
        return add_unit(&old->units, unit);
    old->without_unit = true;
    return true;
}

static void find(struct examination *exam, struct old_processes *old)
{
    DIR *dir = opendir("/proc");
    struct dirent *entry;

    exam->findings.failed = exam->findings.failed || (dir == NULL && errno == ENOMEM);
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        const char *pid = entry->d_name;

        if (pid[strspn(pid, "0123456789")] == '\0' && (has_old_module(pid) || is_old_program(pid)))
            exam->findings.failed = !add_process(old, pid) || exam->findings.failed;
    }
    if (dir != NULL)
        (void)closedir(dir);
}

/* "imap-login (process 7)" of each host, or "imap-login (process 7 and 3 more)". */
static bool name_hosts(const struct old_processes *old, struct name_list *names)
{
    char named[NAME_SIZE + 64];

    for (size_t i = 0; i < old->count; i++) {
        const struct host *host = &old->hosts[i];

        if (host->count == 1)
            (void)snprintf(named, sizeof named, "%s (process %lu)", host->name, host->first);
        else
            (void)snprintf(named, sizeof named, "%s (process %lu and %zu more)", host->name,
                           host->first, host->count - 1);
        if (!name_list_add(names, named))
            return false;
    }
    return true;
}

void examine_old_processes(struct examination *exam)
{
    struct old_processes old = {.without_unit = false};
    struct name_list hosts = {0};
    struct asp_buffer names = {0};

    find(exam, &old);
    exam->findings.failed = !name_hosts(&old, &hosts) || exam->findings.failed;
    if (hosts.count > 0) {
        finding_fault(
            &exam->findings, CHECK_PROCESSES,
            "what was installed before is still run by %s: it answers \"unavailable\" for "
            "accounts that this version has written",
            exam_names(exam, &names, &hosts));
        if (old.without_unit)
            finding_fix(&exam->findings, "end each of them, and start it again");
        else
            for (size_t i = 0; i < old.units.count; i++)
                finding_fix_command(
                    &exam->findings, false,
                    (const char *[]){"systemctl", "restart", old.units.list[i], NULL});
    }
    asp_buffer_free(&names);
    name_list_clear(&hosts);
    free(old.hosts);
    name_list_clear(&old.units);
}
