/* doctor: processes that have loaded what is not installed any more. A module stays in memory until
 * its host ends, and does not know what a newer one writes. */
#include "old_processes.h"

#include "started_by.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the kernel adds to the path of a file that was unlinked, or replaced by rename: proc(5). */
#define DELETED " (deleted)"
#define SERVICE_UNIT ".service"
#define USERS_SLICE "user.slice"
#define UNIT_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:_.@\\-"

enum { PROC_PATH = 64 };

/* Processes of one name that one other has started: a server has many. */
struct host {
    char name[PROCESS_NAME];
    struct starter of;   /* where nobody else is known to start them */
    unsigned long first; /* the lowest number, which is that of the one that has begun the others */
    size_t count;
};

struct hosts {
    struct host *list;
    size_t count;
};

/* Those that were found. */
struct old_processes {
    struct hosts of_units;
    struct hosts others;
    struct name_list units; /* each once */
    bool failed;            /* out of memory */
};

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text);

    return length >= strlen(end) && strcmp(text + length - strlen(end), end) == 0;
}

/* A file that was root's, as what is installed is: anybody can map one of his own, of any name.
 * What was unlinked is still there to be looked at, by who has it mapped. */
static bool is_roots(const char *pid, const char *mapped)
{
    char path[PROC_PATH];
    struct stat st;

    (void)snprintf(path, sizeof path, "/proc/%.20s/map_files/%.*s", pid,
                   (int)strcspn(mapped, " \t\n"), mapped);
    return stat(path, &st) == 0 && st.st_uid == 0;
}

static bool has_old_module(const char *pid)
{
    FILE *maps = exam_process_open(pid, "maps");
    char *line = NULL;
    size_t size = 0;
    bool found = false;

    while (maps != NULL && !found && getline(&line, &size, maps) > 0) {
        line[strcspn(line, "\n")] = '\0';
        found = ends_with(line, "/" MODULE_FILE DELETED) && is_roots(pid, line);
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
    struct stat st;
    ssize_t length;

    (void)snprintf(path, sizeof path, "/proc/%.20s/exe", pid);
    length = readlink(path, program, sizeof program - 1);
    if (length < 0)
        return false;
    program[length] = '\0';
    return (ends_with(program, "/asp-broker" DELETED) ||
            ends_with(program, "/asp-admin" DELETED)) &&
           stat(path, &st) == 0 && st.st_uid == 0;
}

/* What systemctl takes for the name of one unit, and for nothing else: systemd.unit(5). */
static bool is_unit(const char *name, size_t length)
{
    return length > sizeof SERVICE_UNIT - 1 && length <= NAME_MAX &&
           strncmp(name + length - (sizeof SERVICE_UNIT - 1), SERVICE_UNIT,
                   sizeof SERVICE_UNIT - 1) == 0 &&
           strchr("-.:@\\", name[0]) == NULL && strspn(name, UNIT_LETTERS) == length;
}

/*
 * The service of the system's that a process belongs to: the first below the slices in the path of
 * its control group. What is below a service is that service's to name, and below a user's what she
 * likes. False: it is none that could be started again; `*session`: it is a user's, which asks PAM
 * no more.
 */
static bool read_unit(const char *pid, char unit[NAME_MAX + 1], bool *session)
{
    FILE *groups = exam_process_open(pid, "cgroup");
    char *line = NULL;
    size_t size = 0;
    bool found = false;

    *session = false;
    while (groups != NULL && !found && !*session && getline(&line, &size, groups) > 0) {
        const char *name = strstr(line, ":/");

        line[strcspn(line, "\n")] = '\0';
        for (name = name != NULL ? name + 2 : ""; *name != '\0' && !found && !*session;) {
            size_t length = strcspn(name, "/");

            *session = length == sizeof USERS_SLICE - 1 && strncmp(name, USERS_SLICE, length) == 0;
            found = is_unit(name, length);
            if (found)
                (void)snprintf(unit, NAME_MAX + 1, "%.*s", (int)length, name);
            name += length + (name[length] == '/');
        }
    }
    free(line);
    if (groups != NULL)
        (void)fclose(groups);
    return found;
}

/* The processes of that name, none as yet where they are new; NULL: out of memory. */
static struct host *host_of(struct hosts *hosts, const char *name, const struct starter *of)
{
    struct host *grown;

    for (size_t i = 0; i < hosts->count; i++) {
        if (hosts->list[i].of.number == of->number && strcmp(hosts->list[i].name, name) == 0)
            return &hosts->list[i];
    }
    grown = reallocarray(hosts->list, hosts->count + 1, sizeof *grown);
    if (grown == NULL)
        return NULL;
    hosts->list = grown;
    grown[hosts->count] = (struct host){.of = *of, .first = ULONG_MAX};
    (void)snprintf(grown[hosts->count].name, PROCESS_NAME, "%s", name);
    return &grown[hosts->count++];
}

/* What a session of a user's runs is passed over. False: out of memory. */
static bool add_process(struct old_processes *old, const char *pid)
{
    const unsigned long number = strtoul(pid, NULL, 10);
    char unit[NAME_MAX + 1];
    struct process process;
    struct starter of = {.number = 0};
    struct host *host;
    bool session;
    bool has_unit = read_unit(pid, unit, &session);

    if (session)
        return true;
    (void)process_read(pid, PROCESS_NO_GROUP, &process);
    if (!has_unit)
        of = started_by(pid);
    if (strcmp(of.name, process.name) == 0)
        of.number = 0; /* one and the same server */
    host = host_of(has_unit ? &old->of_units : &old->others, process.name, &of);
    if (host == NULL)
        return false;
    host->first = number < host->first ? number : host->first;
    host->count++;
    return !has_unit || name_list_add_once(&old->units, unit);
}

/* An exam_process. */
static bool look_at(const char *pid, void *context)
{
    struct old_processes *old = context;

    if (has_old_module(pid) || is_old_program(pid))
        old->failed = !add_process(old, pid) || old->failed;
    return false;
}

/* "auth (process 22 and 3 more, of dovecot, process 20)". */
static void name_host(const struct host *host, char *out, size_t size)
{
    char more[64] = "";
    char of[PROCESS_NAME + 64] = "";

    if (host->count > 1)
        (void)snprintf(more, sizeof more, " and %zu more", host->count - 1);
    if (host->of.number != 0)
        (void)snprintf(of, sizeof of, ", of %s, process %lu", host->of.name, host->of.number);
    (void)snprintf(out, size, "%s (process %lu%s%s)", host->name, host->first, more, of);
}

static bool name_hosts(const struct hosts *hosts, struct name_list *names)
{
    char named[2 * PROCESS_NAME + 256];

    for (size_t i = 0; i < hosts->count; i++) {
        name_host(&hosts->list[i], named, sizeof named);
        if (!name_list_add(names, named))
            return false;
    }
    return true;
}

static bool have_starter(const struct hosts *hosts)
{
    bool have = false;

    for (size_t i = 0; i < hosts->count; i++)
        have = have || hosts->list[i].of.number != 0;
    return have;
}

/* False: there are none. */
static bool tell(struct examination *exam, const struct hosts *hosts)
{
    struct name_list list = {0};
    struct asp_buffer names = {0};

    if (hosts->count == 0)
        return false;
    exam->findings.failed = !name_hosts(hosts, &list) || exam->findings.failed;
    finding_fault(&exam->findings, CHECK_PROCESSES,
                  "what was installed before is still run by %s: to that, an account which this "
                  "version has written may be unavailable",
                  exam_names(exam, &names, &list));
    asp_buffer_free(&names);
    name_list_clear(&list);
    return true;
}

void examine_old_processes(struct examination *exam)
{
    struct old_processes old = {.units = {0}};

    exam_processes(exam, look_at, &old);
    exam->findings.failed = exam->findings.failed || old.failed;
    if (tell(exam, &old.of_units)) {
        for (size_t i = 0; i < old.units.count; i++)
            finding_fix_command(&exam->findings, false,
                                (const char *[]){"systemctl", "restart", old.units.list[i], NULL});
    }
    if (tell(exam, &old.others))
        finding_fix(&exam->findings, "end each of them%s, and start it again",
                    have_starter(&old.others) ? ", or that of which it is" : "");
    free(old.of_units.list);
    free(old.others.list);
    name_list_clear(&old.units);
}
