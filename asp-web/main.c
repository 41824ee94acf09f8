/* asp-web: the account page's server, and the one that answers proxies that have no PAM. */
#include "authorize.h"
#include "own_rights.h"
#include "server.h"
#include "web_socket.h"

#include "asp-admin/system/own_process.h"
#include "asp-admin/ui/console.h"
#include "asp-admin/ui/daemon.h"
#include "asp-admin/ui/option_fault.h"
#include "asp/broker_login.h"
#include "asp/random.h"
#include "asp/safeio.h"

#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <limits.h>
#include <locale.h>
#include <pwd.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#define PROGRAM "asp-web"

enum { SECRET_MIN = 16 }; /* bytes of what a proxy says */

struct settings {
    const char *conf_path;
    bool conf_required;
    bool authorize;     /* and serve no page */
    const char *page;   /* NULL: PAGE_DIR */
    const char *listen; /* NULL: at the socket below */
    const char *secret; /* a file, or NULL */
    const char *group;  /* of that socket, or NULL */
};

/* What is one process's, and not the other's. */
struct identity {
    const char *user;
    const char *group; /* beside the user's own, or NULL */
    const char *socket;
};

static const struct identity page = {"asp-web", NULL, "/run/asp/web.sock"};
static const struct identity authorization = {ASP_BROKER_AUTHORIZER, "asp",
                                              "/run/asp/authorize.sock"};

static const char usage[] =
    "usage: asp-web [--config FILE] [--page FOLDER] [--group NAME | --listen 127.0.0.1:PORT]\n"
    "               [--proxy-secret FILE]\n"
    "       asp-web --authorize [--config FILE] [--group NAME | --listen 127.0.0.1:PORT]\n"
    "               [--proxy-secret FILE]\n"
    "\n"
    "  serve the account page, behind a web server that speaks HTTPS; or tell a proxy that has\n"
    "  no PAM whose app password it was sent\n"
    "\n"
    "  --authorize              answer GET /authorize/SERVICE, and nothing else\n"
    "  --config FILE            in place of " ASP_CONF_DEFAULT "\n"
    "  --page FOLDER            the files of the page, in place of " PAGE_DIR "\n"
    "  --group NAME             who is in it may connect to /run/asp/web.sock, or\n"
    "                           /run/asp/authorize.sock\n"
    "  --listen 127.0.0.1:PORT  listen there, in place of that socket\n"
    "  --proxy-secret FILE      at a port, believe web.address_header only beside a header\n"
    "                           X-Asp-Proxy with what is in that file\n"
    "  --help                   print this\n"
    "  --version                print the version\n"
    "\n"
    "examples:\n"
    "  asp-web --group web-proxy\n"
    "  asp-web --listen 127.0.0.1:8042 --proxy-secret /etc/asp/proxy-secret\n"
    "  asp-web --authorize --group caddy\n"
    "\n"
    "Where it is handed a socket, as by systemd, it listens at that one.\n"
    "See asp-web(8).\n";

/* What other programs call what is asked for. */
static const struct option_synonym synonyms[] = {
    {"file", "--config FILE"},
    {"port", "--listen 127.0.0.1:PORT"},
    {"bind", "--listen 127.0.0.1:PORT"},
    {"root", "--page FOLDER"},
    {NULL, NULL},
};

static const struct identity *identity_of(const struct settings *settings)
{
    return settings->authorize ? &authorization : &page;
}

/* EXIT_DONE with *done true: what was asked for is printed, and there is nothing else to do. */
static enum exit_code read_options(int argc, char **argv, struct settings *settings, bool *done)
{
    enum { CONFIG = 1, PAGE, GROUP, LISTEN, PROXY_SECRET, AUTHORIZE, HELP, VERSION_NUMBER };
    static const struct option table[] = {
        {"authorize", no_argument, NULL, AUTHORIZE},
        {"config", required_argument, NULL, CONFIG},
        {"page", required_argument, NULL, PAGE},
        {"group", required_argument, NULL, GROUP},
        {"listen", required_argument, NULL, LISTEN},
        {"proxy-secret", required_argument, NULL, PROXY_SECRET},
        {"help", no_argument, NULL, HELP},
        {"version", no_argument, NULL, VERSION_NUMBER},
        {NULL, 0, NULL, 0},
    };
    const char **const places[] = {
        [CONFIG] = &settings->conf_path,    [PAGE] = &settings->page,
        [GROUP] = &settings->group,         [LISTEN] = &settings->listen,
        [PROXY_SECRET] = &settings->secret,
    };
    const struct console console = console_of_process(PROGRAM);
    int found;

    *done = false;
    opterr = 0;
    while ((found = getopt_long(argc, argv, ":", table, NULL)) != -1) {
        if (found == HELP || found == VERSION_NUMBER) {
            *done = true;
            return daemon_print(PROGRAM, found == HELP ? usage : "asp-web " VERSION "\n");
        }
        if (found == AUTHORIZE) {
            settings->authorize = true;
            continue;
        }
        if (found < CONFIG || found > PROXY_SECRET) {
            const struct option_fault fault = option_fault_take(found, argv, table);

            return option_fault_say(&console, &fault, table, synonyms, "asp-web --help");
        }
        *places[found] = optarg;
        settings->conf_required = settings->conf_required || found == CONFIG;
    }
    if (optind < argc)
        return fail_with(&console, EXIT_USAGE, "%s: asp-web takes no arguments: see asp-web --help",
                         argv[optind]);
    if (settings->group != NULL && settings->listen != NULL)
        return fail_with(&console, EXIT_USAGE,
                         "--group is for %s, and --listen for a port: say one",
                         identity_of(settings)->socket);
    if (settings->authorize && settings->page != NULL)
        return fail_with(&console, EXIT_USAGE, "with --authorize no page is served: say one");
    return EXIT_DONE;
}

/* Makes the path whole: files are opened from the top. NULL: it cannot. */
static char *whole_path(const char *path, struct asp_error *error)
{
    char *whole = realpath(path, NULL);

    if (whole == NULL)
        (void)asp_fail_errno(error, "%s", path);
    return whole;
}

/* Started as that user, which systemd does, it reads only what its group may. */
static bool is_group_of(const char *name, gid_t group)
{
    const struct passwd *user = getpwnam(name);

    return user != NULL && user->pw_gid == group;
}

/* What the proxy says to be believed: one line of printable bytes, which nobody else may read. */
static enum asp_status read_secret_file(const struct settings *settings, struct web *web,
                                        struct asp_error *error)
{
    const char *path = settings->secret;
    struct stat st;
    int fd = -1;
    uint8_t *bytes = NULL;
    size_t length = 0;
    char *whole = whole_path(path, error);
    enum asp_status status = whole != NULL ? ASP_OK : error->status;

    if (status == ASP_OK)
        status = asp_path_open(whole, &fd, &st, error);
    if (status == ASP_OK &&
        ((st.st_mode & S_IROTH) != 0 ||
         ((st.st_mode & S_IRGRP) != 0 && !is_group_of(identity_of(settings)->user, st.st_gid))))
        status = asp_fail(error, ASP_UNSAFE, "%s can be read by others: chmod 600 it", path);
    if (status == ASP_OK)
        status = asp_file_read(fd, NULL, path, &st, WEB_SECRET_MAX, &bytes, &length, error);
    if (status == ASP_OK) {
        length = strcspn((char *)bytes, "\n");
        memcpy(web->proxy_secret, bytes, length);
        if (length < SECRET_MIN)
            status = asp_advise(error, asp_fail(error, ASP_INVALID, "%s: it is too short", path),
                                "make one by openssl rand -hex 32");
    }
    if (bytes != NULL)
        sodium_memzero(bytes, length);
    free(bytes);
    free(whole);
    asp_close(fd);
    return status;
}

static enum exit_code read_conf(const struct settings *settings, struct asp_conf **conf,
                                struct web *web)
{
    struct asp_identity identity;
    struct asp_error error = {0};
    char *path = settings->conf_required ? whole_path(settings->conf_path, &error)
                                         : strdup(settings->conf_path);
    enum asp_status status = path != NULL ? ASP_OK : ASP_NO_MEMORY;

    if (path == NULL && error.status != ASP_OK)
        status = error.status;
    if (status == ASP_OK)
        status = asp_conf_load(path, settings->conf_required, conf, &identity, &error);
    if (status == ASP_OK && !settings->authorize && (*conf)->web_origin[0] == '\0')
        status = asp_fail(&error, ASP_INVALID,
                          "%s: web.origin is not set: say there how browsers reach this page, for "
                          "example \"https://passwords.example.org\"",
                          path);
    if (status == ASP_OK && !settings->authorize)
        web->host = (*conf)->web_origin + strlen("https://");
    free(path);
    web->conf = *conf;
    if (status != ASP_OK)
        return daemon_report_error(PROGRAM, status == ASP_NO_MEMORY ? EXIT_STORE : EXIT_CONF,
                                   &error);
    return EXIT_DONE;
}

static enum exit_code read_page(const struct settings *settings, struct web *web)
{
    struct asp_error error = {0};
    char *path = whole_path(settings->page != NULL ? settings->page : PAGE_DIR, &error);
    enum asp_status status = path != NULL ? ASP_OK : error.status;

    if (status == ASP_OK)
        status = page_files_read(path, &web->files, &error);
    free(path);
    return status == ASP_OK ? EXIT_DONE : daemon_report_error(PROGRAM, EXIT_STORE, &error);
}

static enum exit_code open_socket(const struct settings *settings, struct web *web, int *listener)
{
    struct asp_error error = {0};
    const struct group *group = NULL;
    enum exit_code code = EXIT_STORE;
    enum asp_status status = web_socket_take(listener, &web->is_tcp, &error);

    if (status == ASP_OK && *listener < 0 && settings->listen != NULL) {
        web->is_tcp = true;
        status = web_socket_listen(settings->listen, listener, &error);
        code = status == ASP_INVALID ? EXIT_USAGE : EXIT_STORE;
    } else if (status == ASP_OK && *listener < 0) {
        group = settings->group != NULL ? getgrnam(settings->group) : NULL;
        if (settings->group != NULL && group == NULL)
            status = asp_fail(&error, ASP_NOT_FOUND, "there is no group %s", settings->group);
        else
            status = web_socket_make(identity_of(settings)->socket,
                                     group != NULL ? group->gr_gid : (gid_t)-1, listener, &error);
    }
    return status == ASP_OK ? EXIT_DONE : daemon_report_error(PROGRAM, code, &error);
}

/* The process is who it will be: that is who has to be listed. */
static enum exit_code prepare_authorizer(struct authorizer *authorizer, struct web *web)
{
    struct asp_error error = {0};

    web->authorizer = authorizer;
    return authorize_begin(authorizer, web->conf, &error) == ASP_OK
               ? EXIT_DONE
               : daemon_report_error(PROGRAM, EXIT_CONF, &error);
}

/* With all that root alone can open; what serves is nobody. */
static enum exit_code prepare(const struct settings *settings, struct web *web,
                              struct asp_conf **conf, int *listener)
{
    const struct identity *identity = identity_of(settings);
    struct asp_error error = {0};
    enum exit_code code = read_conf(settings, conf, web);

    if (code == EXIT_DONE && !settings->authorize)
        code = read_page(settings, web);
    if (code == EXIT_DONE && settings->secret != NULL &&
        read_secret_file(settings, web, &error) != ASP_OK)
        code = daemon_report_error(PROGRAM, EXIT_STORE, &error);
    if (code == EXIT_DONE)
        code = open_socket(settings, web, listener);
    if (code == EXIT_DONE && own_rights_drop(identity->user, identity->group, &error) != ASP_OK)
        code = daemon_report_error(PROGRAM, EXIT_STORE, &error);
    return code;
}

static enum exit_code serve(const struct settings *settings)
{
    static struct web web = {.epoll = -1};
    struct authorizer authorizer;
    struct asp_conf *conf = NULL;
    struct asp_error error = {0};
    int listener = -1;
    enum exit_code code = prepare(settings, &web, &conf, &listener);

    if (code == EXIT_DONE && settings->authorize)
        code = prepare_authorizer(&authorizer, &web);
    if (code == EXIT_DONE) {
        own_rights_shut();
        cookie_jar_open(&web.jar);
        if (server_run(&web, listener, &error) != ASP_OK)
            code = daemon_report_error(PROGRAM, EXIT_STORE, &error);
    }
    cookie_jar_close(&web.jar);
    sodium_memzero(web.proxy_secret, sizeof web.proxy_secret);
    page_files_free(&web.files);
    asp_conf_free(conf);
    return code;
}

int main(int argc, char **argv)
{
    struct settings settings = {.conf_path = ASP_CONF_DEFAULT};
    struct asp_error error = {0};
    sigset_t ends;
    enum exit_code code;
    bool done;

    if (!own_process_prepare())
        return EXIT_STORE;
    (void)setlocale(LC_CTYPE, "C.UTF-8");
    openlog(PROGRAM, LOG_PID, LOG_AUTHPRIV);
    code = read_options(argc, argv, &settings, &done);
    if (code != EXIT_DONE || done)
        return (int)code;
    if (asp_random_check_start(&error) != ASP_OK)
        return (int)daemon_report_error(PROGRAM, EXIT_STORE, &error);
    if (sodium_init() < 0)
        return (int)daemon_report(PROGRAM, EXIT_STORE, "libsodium does not start");
    /* They are taken in the loop. */
    (void)sigemptyset(&ends);
    (void)sigaddset(&ends, SIGTERM);
    (void)sigaddset(&ends, SIGINT);
    (void)sigprocmask(SIG_BLOCK, &ends, NULL);
    code = serve(&settings);
    closelog();
    return (int)code;
}
