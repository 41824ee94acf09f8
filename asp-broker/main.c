/*
 * asp-broker: answers the logins of hosts that are not root, or are fenced in.
 */
#include "lanes.h"
#include "listener.h"
#include "log_throttle.h"
#include "login_worker.h"
#include "process_pool.h"
#include "question_worker.h"
#include "self_listener.h"
#include "slow_worker.h"
#include "waiting_room.h"
#include "web_listener.h"

#include "asp-admin/database/database.h"
#include "asp-admin/system/own_process.h"
#include "asp-admin/system/web_user.h"
#include "asp-admin/ui/console.h"
#include "asp-admin/ui/daemon.h"
#include "asp-admin/ui/option_fault.h"
#include "asp/conf.h"
#include "asp/random.h"

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

#define PROGRAM "asp-broker"
#define GROUP "asp"

struct broker {
    const char *conf_path;
    bool conf_required;
    const char *socket; /* NULL: the configuration's */
    struct asp_conf *conf;
    struct listener listener; /* for hosts */
    struct listener self;     /* for users on their own accounts */
    struct listener web;      /* for the web server by which users sign in */
    struct lane_sets lanes;
    struct log_throttle *log; /* these of all workers */
    struct pgsql_breaker *breaker;
    struct worker_user user;
    struct credentials_ends credentials;
};

static const char usage[] =
    "usage: asp-broker [--config FILE] [--socket PATH]\n"
    "\n"
    "  check app passwords for services that are not root, and carry out what users\n"
    "  do on their own accounts\n"
    "\n"
    "  --config FILE  in place of " ASP_CONF_DEFAULT "\n"
    "  --socket PATH  listen here, in place of broker.socket of the configuration\n"
    "  --help         print this\n"
    "  --version      print the version\n"
    "\n"
    "examples:\n"
    "  asp-broker\n"
    "  asp-broker --config /root/test.conf --socket /run/test.sock\n"
    "\n"
    "Where it is handed a socket, as by systemd, it listens at that one.\n"
    "See asp-broker(8).\n";

/* What other programs call what is asked for. */
static const struct option_synonym synonyms[] = {
    {"file", "--config FILE"},
    {"path", "--socket PATH"},
    {"listen", "--socket PATH"},
    {NULL, NULL},
};

/* EXIT_DONE with *done true: what was asked for is printed, and there is nothing else to do. */
static enum exit_code read_options(int argc, char **argv, struct broker *broker, bool *done)
{
    enum { CONFIG = 1, SOCKET, HELP, VERSION_NUMBER };
    static const struct option table[] = {
        {"config", required_argument, NULL, CONFIG},
        {"socket", required_argument, NULL, SOCKET},
        {"help", no_argument, NULL, HELP},
        {"version", no_argument, NULL, VERSION_NUMBER},
        {NULL, 0, NULL, 0},
    };
    const struct console console = console_of_process(PROGRAM);
    int found;

    *done = false;
    opterr = 0;
    while ((found = getopt_long(argc, argv, ":", table, NULL)) != -1) {
        if (found == CONFIG) {
            broker->conf_path = optarg;
            broker->conf_required = true;
        } else if (found == SOCKET) {
            broker->socket = optarg;
        } else if (found == HELP || found == VERSION_NUMBER) {
            *done = true;
            return daemon_print(PROGRAM, found == HELP ? usage : "asp-broker " VERSION "\n");
        } else {
            const struct option_fault fault = option_fault_take(found, argv, table);

            return option_fault_say(&console, &fault, table, synonyms, "asp-broker --help");
        }
    }
    if (optind < argc)
        return fail_with(&console, EXIT_USAGE,
                         "%s: asp-broker takes no arguments: see asp-broker "
                         "--help",
                         argv[optind]);
    return EXIT_DONE;
}

/* A configuration that there is no memory for need not be wrong. */
static enum exit_code report_conf(const struct asp_error *error)
{
    return daemon_report_error(PROGRAM, error->status == ASP_NO_MEMORY ? EXIT_STORE : EXIT_CONF,
                               error);
}

static enum exit_code read_conf(struct broker *broker)
{
    static char absolute[PATH_MAX];
    struct asp_identity identity;
    struct asp_error error = {0};

    /* The workers go to /. */
    if (broker->conf_path[0] != '/') {
        if (realpath(broker->conf_path, absolute) == NULL) {
            (void)asp_fail_errno(&error, "%s", broker->conf_path);
            return report_conf(&error);
        }
        broker->conf_path = absolute;
    }
    if (asp_conf_load(broker->conf_path, broker->conf_required, &broker->conf, &identity, &error) !=
        ASP_OK)
        return report_conf(&error);
    return EXIT_DONE;
}

/* Members of the group may ask. Without the group root alone may, and that is said. */
static gid_t find_group(void)
{
    const struct group *entry = getgrnam(GROUP);

    if (entry != NULL || geteuid() != 0)
        return entry != NULL && geteuid() == 0 ? entry->gr_gid : (gid_t)-1;
    (void)daemon_report(PROGRAM, EXIT_DONE,
                        "there is no group " GROUP ", so only root can ask. Make it, put into "
                        "it each user whose service is to ask, and start asp-broker again: "
                        "groupadd --system " GROUP " && usermod -aG " GROUP " www-data");
    return (gid_t)-1;
}

/* Who gets at the broker's listener is trusted, so that everybody may not: why a path will not do,
 * or NULL. One that cannot be looked at may be open to all. */
static const char *why_open(const char *path)
{
    struct stat st;

    if (path[0] != '/' || stat(path, &st) != 0)
        return "who can write to it cannot be looked at";
    return (st.st_mode & S_IWOTH) != 0 ? "everybody can write to it" : NULL;
}

/* Whose socket it is that was handed over, by its path; any other is the broker's. */
static struct listener *listener_at(struct broker *broker, const char *path)
{
    if (strcmp(path, broker->conf->self_socket) == 0)
        return &broker->self;
    return strcmp(path, broker->conf->self_web_socket) == 0 ? &broker->web : &broker->listener;
}

static enum exit_code take_listeners(struct broker *broker)
{
    struct listener listeners[LISTENERS_MAX];
    size_t count;
    struct asp_error error = {0};

    if (listeners_take(listeners, &count, &error) != ASP_OK)
        return daemon_report_error(PROGRAM, EXIT_STORE, &error);
    for (size_t i = 0; i < count; i++) {
        struct listener *listener = listener_at(broker, listeners[i].path);
        const char *why = listener != &broker->self ? why_open(listeners[i].path) : NULL;

        if (why != NULL) {
            (void)asp_fail(&error, ASP_UNSAFE,
                           "%s was handed over, and %s: it is not self_service.socket, so it must "
                           "be at a path, with mode 0660",
                           listeners[i].path[0] != '\0' ? listeners[i].path : "a socket", why);
            return daemon_report_error(PROGRAM, EXIT_STORE, &error);
        }
        if (listener->fd >= 0)
            return daemon_report(PROGRAM, EXIT_STORE, "two sockets for the same were handed over");
        *listener = listeners[i];
    }
    return EXIT_DONE;
}

/* Logins are answered without users' own listener and the web server's too. */
static void go_on_without(const struct asp_error *why, const char *what)
{
    struct asp_error error = {0};

    (void)asp_fail(&error, why->status, "%.900s: logins are answered, and users are not %s",
                   why->text, what);
    (void)daemon_report_error(PROGRAM, EXIT_DONE, &error);
}

/* The web server's, if there is one. */
static enum exit_code make_web_listener(struct broker *broker, const char *hosts)
{
    const struct asp_conf *conf = broker->conf;
    struct asp_error error = {0};
    uid_t user;

    if (!conf->self_enabled || conf->self_web_user[0] == '\0')
        return EXIT_DONE;
    if (strcmp(conf->self_web_socket, conf->self_socket) == 0 ||
        strcmp(conf->self_web_socket, hosts) == 0)
        return daemon_report(PROGRAM, EXIT_CONF, "self_service.web_socket is another socket's too");
    if (web_user_find(conf, &user, &error) != ASP_OK)
        return daemon_report_error(PROGRAM, EXIT_CONF, &error);
    if (listener_make(conf->self_web_socket, 0600, user, (gid_t)-1, &broker->web, &error) != ASP_OK)
        go_on_without(&error, "signed in from a browser");
    return EXIT_DONE;
}

static enum exit_code make_listeners(struct broker *broker)
{
    struct asp_error error = {0};
    const char *path = broker->socket != NULL ? broker->socket : broker->conf->broker_socket;
    enum asp_status status;

    if (broker->conf->self_enabled && strcmp(path, broker->conf->self_socket) == 0)
        return daemon_report(PROGRAM, EXIT_CONF,
                             "the socket for services and self_service.socket are the same");
    status = listener_make(path, 0660, (uid_t)-1, find_group(), &broker->listener, &error);
    if (status == ASP_INVALID && broker->socket != NULL)
        return daemon_report_error(PROGRAM, EXIT_USAGE, &error);
    if (status != ASP_OK)
        return daemon_report_error(PROGRAM, EXIT_STORE, &error);
    if (broker->conf->self_enabled && listener_make(broker->conf->self_socket, 0666, (uid_t)-1,
                                                    (gid_t)-1, &broker->self, &error) != ASP_OK)
        go_on_without(&error, "served on their own accounts");
    return make_web_listener(broker, path);
}

static enum exit_code open_listeners(struct broker *broker)
{
    enum exit_code code = take_listeners(broker);

    struct asp_error error = {0};
    uid_t user;

    if (code == EXIT_DONE && broker->web.fd >= 0 &&
        web_user_find(broker->conf, &user, &error) != ASP_OK)
        return daemon_report_error(PROGRAM, EXIT_CONF, &error);
    if (code == EXIT_DONE && broker->listener.fd < 0 && broker->self.fd < 0 && broker->web.fd < 0)
        code = make_listeners(broker);
    return code;
}

/* From now on nobody new finds the sockets, and this process is none that puts logins into lanes:
 * they are over with the workers that do. */
static void begin_to_stop(void *context)
{
    struct broker *broker = context;

    listener_hide(&broker->listener);
    listener_hide(&broker->self);
    listener_hide(&broker->web);
    lane_sets_stop(&broker->lanes);
    credentials_close(&broker->credentials);
}

struct jobs {
    struct process_pool_job *list;
    size_t count;
};

static void add_jobs(struct jobs *jobs, int number, struct process_pool_job job)
{
    for (int i = 0; i < number; i++)
        jobs->list[jobs->count++] = job;
}

/* One for so many workers each, and at least one. */
static int share(int workers, int each)
{
    return workers > 0 && workers < each ? 1 : workers / each;
}

/* As many workers as configured for logins, a quarter as many for those that need the name service,
 * half as many for those whose hash is slow, and processes that keep those who have said nothing
 * yet, the users' listener and the web server's, and that read for workers which are not root. */
static enum exit_code work(struct broker *broker)
{
    const struct lane_sets *lanes = &broker->lanes;
    const char *path = broker->conf_path;
    const bool required = broker->conf_required;
    struct credentials_ends *ends = &broker->credentials;
    const int workers = broker->listener.fd >= 0 ? broker->conf->broker_workers : 0;
    struct worker worker = {.lanes = lanes,
                            .conf_path = path,
                            .conf_required = required,
                            .log_throttle = broker->log,
                            .breaker = broker->breaker,
                            .user = &broker->user,
                            .credentials = ends,
                            .others = {broker->self.fd, broker->web.fd}};
    struct login_worker login = {broker->listener.fd, &worker};
    struct credentials_worker credentials = {ends, lanes, path, required};
    struct self_listener self = {broker->self.fd,
                                 {broker->listener.fd, broker->web.fd, ends->asking, ends->hearing},
                                 lanes,
                                 path,
                                 required};
    struct web_listener web = {broker->web.fd,
                               {broker->listener.fd, broker->self.fd, ends->asking, ends->hearing},
                               lanes,
                               path,
                               required};
    struct jobs jobs = {.list = calloc(2 * (size_t)workers + 5, sizeof *jobs.list)};
    enum exit_code code;

    if (jobs.list == NULL)
        return daemon_report(PROGRAM, EXIT_STORE, "out of memory");
    add_jobs(&jobs, workers,
             (struct process_pool_job){.work = login_worker_run, .context = &login});
    add_jobs(&jobs, share(workers, 4),
             (struct process_pool_job){
                 .work = question_worker_run, .context = &worker, .is_last = true});
    add_jobs(
        &jobs, share(workers, 2),
        (struct process_pool_job){.work = slow_worker_run, .context = &worker, .is_last = true});
    add_jobs(&jobs, workers > 0 ? 1 : 0,
             (struct process_pool_job){.work = waiting_room_run, .context = &worker});
    add_jobs(&jobs, ends->hearing >= 0 ? 1 : 0,
             (struct process_pool_job){
                 .work = credentials_worker_run, .context = &credentials, .finishes = true});
    add_jobs(
        &jobs, self.listener >= 0 ? 1 : 0,
        (struct process_pool_job){.work = self_listener_run, .context = &self, .finishes = true});
    add_jobs(
        &jobs, web.listener >= 0 ? 1 : 0,
        (struct process_pool_job){.work = web_listener_run, .context = &web, .finishes = true});
    code = process_pool_run(jobs.list, jobs.count, begin_to_stop, broker) ? EXIT_DONE : EXIT_STORE;
    free(jobs.list);
    return code;
}

/* What is found out of the database is logged for all workers. */
static void log_database(bool is_fault, const char *line)
{
    syslog(is_fault ? LOG_ERR : LOG_NOTICE, "%s", line);
}

/* What workers ask by who are not root: where accounts are in a database. */
static bool make_credentials(struct broker *broker)
{
    worker_user_find(&broker->user);
    return broker->listener.fd < 0 || broker->conf->database.host_count == 0 ||
           !broker->user.is_there || credentials_make(&broker->credentials);
}

static enum exit_code make_lanes_and_work(struct broker *broker)
{
    enum exit_code code;

    broker->log = log_throttle_make();
    if (lane_sets_make(&broker->lanes) && broker->log != NULL &&
        database_breaker_make(&broker->breaker, log_database) && make_credentials(broker))
        code = work(broker);
    else
        code = daemon_report(PROGRAM, EXIT_STORE, "out of memory, or of descriptors");
    lane_sets_close(&broker->lanes);
    credentials_close(&broker->credentials);
    return code;
}

/* Secrets pass through: no core, and no other process looks in. */
static void become_private(void)
{
    const struct rlimit none = {0, 0};

    (void)prctl(PR_SET_DUMPABLE, 0);
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)umask(077);
}

int main(int argc, char **argv)
{
    struct broker broker = {.conf_path = ASP_CONF_DEFAULT,
                            .listener = LISTENER_CLOSED,
                            .self = LISTENER_CLOSED,
                            .web = LISTENER_CLOSED,
                            .credentials = {-1, -1}};
    struct asp_error error = {0};
    enum exit_code code;
    bool done;

    if (!own_process_prepare())
        return EXIT_STORE;
    become_private();
    database_begin_program();
    openlog(PROGRAM, LOG_PID, LOG_AUTHPRIV);
    code = read_options(argc, argv, &broker, &done);
    if (code != EXIT_DONE || done)
        return (int)code;
    if (asp_random_check_start(&error) != ASP_OK)
        return (int)daemon_report_error(PROGRAM, EXIT_STORE, &error);
    if (sodium_init() < 0)
        return (int)daemon_report(PROGRAM, EXIT_STORE, "libsodium does not start");
    code = read_conf(&broker);
    if (code == EXIT_DONE)
        code = open_listeners(&broker);
    if (code == EXIT_DONE && chdir("/") != 0)
        code = daemon_report(PROGRAM, EXIT_STORE, "the folder / cannot be entered");
    if (code == EXIT_DONE)
        code = make_lanes_and_work(&broker);
    listener_hide(&broker.listener);
    listener_hide(&broker.self);
    listener_hide(&broker.web);
    listener_close(&broker.listener);
    listener_close(&broker.self);
    listener_close(&broker.web);
    asp_conf_free(broker.conf);
    return (int)code;
}
