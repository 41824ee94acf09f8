/*
 * A machine of its own for what reads files at places that are fixed: empty folders at /etc and
 * /var/lib, which this process alone has. The files are pieces of an input, a NUL between them.
 */
#ifndef ASP_TESTS_FUZZ_MACHINE_H
#define ASP_TESTS_FUZZ_MACHINE_H

#include "fuzz.h"

#include "asp-admin/doctor/examination.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define MACHINE_STORE "/srv/asp"

enum { MACHINE_SKIPPED = 77 };

/* A file with its folders. */
static inline void machine_put(const char *path, const void *bytes, size_t length)
{
    char folder[256];
    int fd;

    for (const char *at = path; (at = strchr(at + 1, '/')) != NULL;) {
        (void)snprintf(folder, sizeof folder, "%.*s", (int)(at - path), path);
        (void)mkdir(folder, 0755);
    }
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    FUZZ_NEED(fd >= 0 && write(fd, bytes, length) == (ssize_t)length && close(fd) == 0);
}

static inline bool machine_say(const char *path, const char *text)
{
    const int fd = open(path, O_WRONLY | O_CLOEXEC);
    const bool said = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

    return fd >= 0 && close(fd) == 0 && said;
}

/* For who is not root: a namespace whose root he is, or no file could be made in it. */
static inline bool machine_be_root(void)
{
    const unsigned user = getuid();
    const unsigned group = getgid();
    char users[32];
    char groups[32];

    (void)snprintf(users, sizeof users, "0 %u 1", user);
    (void)snprintf(groups, sizeof groups, "0 %u 1", group);
    return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 && machine_say("/proc/self/uid_map", users) &&
           machine_say("/proc/self/setgroups", "deny") && machine_say("/proc/self/gid_map", groups);
}

/* Once. Where there are no mount namespaces nothing can be tried. */
static inline void machine_make(void)
{
    static const char *const folders[] = {"/etc", "/var/lib"};
    static bool made;

    if (made)
        return;
    /* In a root that is no mount what is mounted could come to others. */
    if ((unshare(CLONE_NEWNS) != 0 && !machine_be_root()) ||
        mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) != 0) {
        (void)printf("skipped: no folders of our own can be mounted here: %s\n", strerror(errno));
        exit(MACHINE_SKIPPED);
    }
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        FUZZ_NEED(mount("tmpfs", folders[i], "tmpfs", 0, NULL) == 0);
    made = true;
}

/* The pieces of an input, each at its path; a path without one, or with an empty one, has no file.
 */
static inline void machine_fill(const uint8_t *data, size_t size, const char *const paths[],
                                size_t count)
{
    const uint8_t *const end = data + size;

    machine_make();
    for (size_t i = 0; i < count; i++) {
        const uint8_t *stop = size > 0 ? memchr(data, '\0', (size_t)(end - data)) : NULL;
        size_t length = (size_t)((stop == NULL ? end : stop) - data);

        if (length > 0)
            machine_put(paths[i], data, length);
        else
            (void)unlink(paths[i]);
        data = stop == NULL ? end : stop + 1;
    }
}

/* An examination of it, by a configuration that is made once. Its findings are the caller's to
 * free. */
static inline void machine_examine(struct examination *exam, struct admin *admin)
{
    static const char text[] =
        "store = \"" MACHINE_STORE
        "\"; primary: { realm = \"x\"; }; database: { hosts = ( { name = \"db\"; "
        "address = \"192.0.2.7\"; } ); ca = \"/etc/ca\"; passfile = \"/etc/p\"; };";
    static struct asp_conf *conf;
    struct asp_error error = {0};

    if (conf == NULL && asp_conf_read("fuzz", text, sizeof text - 1, &conf, &error) != ASP_OK) {
        (void)fprintf(stderr, "%s\n", error.text);
        abort();
    }
    *admin = (struct admin){.conf = conf};
    *exam = (struct examination){.admin = admin, .conf_path = ASP_CONF_DEFAULT};
}

/* What is shown of a machine disturbs no terminal once console has it; here: that it is whole, and
 * that each fault has a fix. */
static inline void machine_look(const struct findings *findings)
{
    FUZZ_NEED(!findings->failed);
    for (size_t i = 0; i < findings->count; i++) {
        FUZZ_NEED(findings->list[i].message != NULL && findings->list[i].message[0] != '\0');
        FUZZ_NEED(findings->list[i].ok || findings->list[i].fix != NULL);
    }
}

#endif
