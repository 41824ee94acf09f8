/*
 * asp-broker: answers the logins of hosts that are not root, or are fenced in.
 */
#include "door.h"
#include "notice.h"
#include "pool.h"
#include "worker.h"

#include "asp/conf.h"

#include <getopt.h>
#include <grp.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#define GROUP "asp"

enum exit_code { EXIT_DONE = 0, EXIT_USAGE = 2, EXIT_BROKEN = 5, EXIT_CONF = 6 };

struct broker {
    const char *conf_path;
    bool conf_required;
    const char *socket; /* NULL: the configuration's */
    struct asp_conf *conf;
    struct door doors[DOORS_MAX];
    size_t door_count;
};

static const char usage[] =
    "usage: asp-broker [--config FILE] [--socket PATH]\n"
    "\n"
    "Checks app passwords for services that are not root. Listens at PATH, else at the socket of\n"
    "the configuration, or at one that it is handed. See asp-broker(8).\n";

static enum exit_code complain(enum exit_code code, const char *text)
{
    (void)fprintf(stderr, "asp-broker: %s\n", text);
    syslog(LOG_ERR, "%s", text);
    return code;
}

/* EXIT_DONE with *done true: what was asked for is printed, and there is nothing else to do. */
static enum exit_code read_options(int argc, char **argv, struct broker *broker, bool *done)
{
    static const struct option table[] = {
        {"config", required_argument, NULL, 'c'},
        {"socket", required_argument, NULL, 's'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},
        {NULL, 0, NULL, 0},
    };
    int letter;

    *done = false;
    while ((letter = getopt_long(argc, argv, "", table, NULL)) != -1) {
        if (letter == 'c') {
            broker->conf_path = optarg;
            broker->conf_required = true;
        } else if (letter == 's') {
            broker->socket = optarg;
        } else if (letter == 'h' || letter == 'v') {
            *done = true;
            return fputs(letter == 'h' ? usage : "asp-broker " VERSION "\n", stdout) < 0 ||
                           fflush(stdout) != 0
                       ? EXIT_BROKEN
                       : EXIT_DONE;
        } else {
            return EXIT_USAGE; /* getopt has said what is wrong */
        }
    }
    if (optind < argc)
        return complain(EXIT_USAGE, "takes no arguments: see asp-broker --help");
    return EXIT_DONE;
}

static enum exit_code read_conf(struct broker *broker)
{
    static char absolute[PATH_MAX];
    struct asp_identity identity;
    struct asp_error error = {ASP_OK, ""};

    /* The workers go to /. */
    if (broker->conf_path[0] != '/') {
        if (realpath(broker->conf_path, absolute) == NULL) {
            (void)asp_fail_errno(&error, "%s", broker->conf_path);
            return complain(EXIT_CONF, error.text);
        }
        broker->conf_path = absolute;
    }
    if (asp_conf_load(broker->conf_path, broker->conf_required, &broker->conf, &identity, &error) !=
        ASP_OK)
        return complain(EXIT_CONF, error.text);
    return EXIT_DONE;
}

/* Members of the group may ask. Without the group root alone may, and that is said. */
static gid_t find_group(void)
{
    const struct group *entry = getgrnam(GROUP);

    if (entry != NULL || geteuid() != 0)
        return entry != NULL && geteuid() == 0 ? entry->gr_gid : (gid_t)-1;
    (void)complain(EXIT_DONE, "there is no group " GROUP ", so only root can ask: `groupadd "
                              "--system " GROUP "`, then start again");
    return (gid_t)-1;
}

static enum exit_code open_doors(struct broker *broker)
{
    struct asp_error error = {ASP_OK, ""};

    if (doors_take(broker->doors, &broker->door_count, &error) != ASP_OK)
        return complain(EXIT_BROKEN, error.text);
    if (broker->door_count > 0)
        return EXIT_DONE;
    if (door_make(broker->socket != NULL ? broker->socket : broker->conf->broker_socket, 0660,
                  find_group(), &broker->doors[0], &error) != ASP_OK)
        return complain(EXIT_BROKEN, error.text);
    broker->door_count = 1;
    return EXIT_DONE;
}

static void hide_doors(void *context)
{
    struct broker *broker = context;

    for (size_t i = 0; i < broker->door_count; i++)
        door_hide(&broker->doors[i]);
}

static enum exit_code work(struct broker *broker)
{
    const size_t count = (size_t)broker->conf->broker_workers;
    struct worker worker = {
        .door = broker->doors[0].fd,
        .conf_path = broker->conf_path,
        .conf_required = broker->conf_required,
        .notices = notices_make(),
    };
    struct pool_job *jobs = calloc(count, sizeof *jobs);
    enum exit_code code = EXIT_BROKEN;

    if (jobs == NULL || worker.notices == NULL) {
        (void)complain(EXIT_BROKEN, "out of memory");
    } else {
        for (size_t i = 0; i < count; i++)
            jobs[i] = (struct pool_job){.work = worker_run, .context = &worker};
        code = pool_run(jobs, count, hide_doors, broker) ? EXIT_DONE : EXIT_BROKEN;
    }
    free(jobs);
    return code;
}

/* Secrets pass through: no core, nobody's eyes. */
static void become_private(void)
{
    const struct rlimit none = {0, 0};

    (void)prctl(PR_SET_DUMPABLE, 0);
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)umask(077);
}

int main(int argc, char **argv)
{
    struct broker broker = {.conf_path = ASP_CONF_DEFAULT};
    enum exit_code code;
    bool done;

    become_private();
    openlog("asp-broker", LOG_PID, LOG_AUTHPRIV);
    code = read_options(argc, argv, &broker, &done);
    if (code != EXIT_DONE || done)
        return code;
    if (sodium_init() < 0)
        return complain(EXIT_BROKEN, "libsodium does not start");
    code = read_conf(&broker);
    if (code == EXIT_DONE)
        code = open_doors(&broker);
    if (code == EXIT_DONE && chdir("/") != 0)
        code = complain(EXIT_BROKEN, "the folder / cannot be entered");
    if (code == EXIT_DONE)
        code = work(&broker);
    hide_doors(&broker);
    for (size_t i = 0; i < broker.door_count; i++)
        door_close(&broker.doors[i]);
    asp_conf_free(broker.conf);
    return code;
}
