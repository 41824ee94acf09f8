/* A socket at /dev/log, in a mount namespace of its own. */
#include "devlog.h"

#include <check.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

static int receiver = -1;

/* A /dev that has what libraries and shells open. */
static bool make_dev(void)
{
    static const struct {
        const char *path;
        unsigned minor;
    } nodes[] = {{"/dev/null", 3},
                 {"/dev/zero", 5},
                 {"/dev/full", 7},
                 {"/dev/random", 8},
                 {"/dev/urandom", 9}};

    if (mount("tmpfs", "/dev", "tmpfs", MS_NOSUID, "mode=755,size=1m") != 0)
        return false;
    for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++) {
        if (mknod(nodes[i].path, S_IFCHR | 0666, makedev(1, nodes[i].minor)) != 0 ||
            chmod(nodes[i].path, 0666) != 0)
            return false;
    }
    return true;
}

const char *devlog_open(void)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};

    if (unshare(CLONE_NEWNS) != 0)
        return "unshare refuses a mount namespace";
    if (mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) != 0)
        return "mount refuses private propagation";
    if (!make_dev())
        return "mount refuses a private /dev";
    receiver = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (receiver < 0 || bind(receiver, (struct sockaddr *)&name, sizeof name) != 0)
        return "no socket at /dev/log";
    return NULL;
}

void devlog_require(void)
{
    int status = 0;

    (void)fflush(stdout);
    pid_t trial = fork();
    if (trial == 0) {
        const char *refused = devlog_open();
        if (refused != NULL)
            printf("skipped: the log: %s: %s\n", refused, strerror(errno));
        (void)fflush(stdout);
        _exit(refused == NULL ? 0 : 77);
    }
    if (trial < 0 || waitpid(trial, &status, 0) != trial || status != 0)
        exit(77);
}

/* "<85>Nov  2 10:00:00 program[1]: pam_asp(imap:auth): text", or "PAM text" where the service is
 * not to be said. */
static void parse(struct logged *logged, const char *raw)
{
    int priority = -1, at = logged->count++;

    ck_assert_msg(sscanf(raw, "<%d>", &priority) == 1, "no priority in \"%s\"", raw);
    logged->line[at].priority = LOG_PRI(priority);
    logged->line[at].facility = priority & LOG_FACMASK;
    const char *text = strstr(raw, ":auth): ");
    const char *bare = text == NULL ? strstr(raw, ": PAM ") : NULL;
    if (text != NULL || bare != NULL)
        text = text != NULL ? text + 8 : bare + 6;
    (void)snprintf(logged->line[at].text, LOG_TEXT_MAX, "%s", text == NULL ? "" : text);
    (void)snprintf(logged->line[at].raw, LOG_TEXT_MAX, "%s", raw);
}

struct logged *devlog_take(void)
{
    static struct logged logged;
    static char raw[LOG_TEXT_MAX];

    logged.count = 0;
    for (;;) {
        ssize_t length = recv(receiver, raw, sizeof raw - 1, 0);
        if (length < 0) {
            ck_assert_msg(errno == EAGAIN, "recv: %s", strerror(errno));
            return &logged;
        }
        raw[length] = '\0';
        ck_assert_msg(strlen(raw) == (size_t)length, "a NUL is in the line \"%s\"", raw);
        ck_assert(logged.count < LOG_LINES_MAX);
        parse(&logged, raw);
    }
}
