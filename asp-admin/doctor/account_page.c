/* doctor: the account page: who serves it, and who lets users in there. */
#include "account_page.h"

#include "broker_sockets.h"
#include "own_stack.h"
#include "package.h"
#include "process.h"
#include "proxy_socket.h"
#include "unit_state.h"
#include "units.h"

#include "asp-admin/app.h"
#include "asp-admin/system/web_user.h"
#include "asp/broker_login.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WEB "asp-web" /* the program, its user and its package */
#define PROGRAM LIBEXECDIR "/" WEB
#define GUIDE DOCDIR "/doc/account-page.md"
#define NAME_OURS "say in asp.conf: self_service: { web_user = \"" WEB "\"; };"

static bool is_installed(void)
{
    return access(PROGRAM, F_OK) == 0 || unit_is_there(UNIT_WEB_SOCKET);
}

/* Who may sign users in. False: nobody may. */
static bool check_user(struct examination *exam, uid_t *uid)
{
    struct findings *findings = &exam->findings;
    const char *name = exam->admin->conf->self_web_user;
    struct asp_error error = {0};
    char line[ASP_ERROR_LINE];

    if (web_user_find(exam->admin->conf, uid, &error) == ASP_OK)
        return true;
    finding_fault(findings, CHECK_ACCOUNT_PAGE, "nobody signs in from a browser: %s",
                  asp_error_line(&error, line));
    if (strcmp(name, WEB) != 0 && is_installed())
        finding_fix(findings, NAME_OURS);
    else if (getpwnam(name) != NULL)
        finding_fix(findings, "name in asp.conf a user of the system's who is nothing else, such "
                              "as " WEB);
    else if (strcmp(name, WEB) == 0 && !is_installed())
        package_fix(findings, WEB, WEB);
    else
        finding_fix_command(findings, true,
                            (const char *[]){"useradd", "--system", "--user-group",
                                             "--no-create-home", "--shell", "/usr/sbin/nologin",
                                             name, NULL});
    return false;
}

/* A socket of systemd's that is there now and not after the next start of the machine. */
static void note_not_enabled(struct examination *exam, const char *unit)
{
    struct unit_state state;

    if (unit_state_ask(unit, &state) && strcmp(state.active, "active") == 0 &&
        strcmp(state.file, "disabled") == 0)
        finding_note(&exam->findings, CHECK_ACCOUNT_PAGE,
                     "%s is active, and not enabled: after the next start of the machine it is "
                     "not there; systemctl enable %s",
                     unit, unit);
}

/* asp-web is there, and runs as this user. */
static bool is_of_ours(uid_t uid)
{
    const struct passwd *ours = getpwnam(WEB);

    return is_installed() && ours != NULL && ours->pw_uid == uid;
}

/* Where the broker is asked, by that user alone. */
static void check_socket(struct examination *exam, uid_t uid)
{
    const struct asp_conf *conf = exam->admin->conf;
    struct asp_error error = {0};
    char line[ASP_ERROR_LINE];
    struct stat st;
    const enum asp_status status = broker_socket_probe(conf->self_web_socket, &error);

    if (status == ASP_NOT_FOUND) {
        /* What the module says names another socket. */
        finding_fault(&exam->findings, CHECK_ACCOUNT_PAGE,
                      "nobody signs in from a browser: nobody listens at %s",
                      conf->self_web_socket);
        broker_fix_start(exam, UNIT_SELF_WEB_SOCKET);
    } else if (status != ASP_OK) {
        finding_fault(&exam->findings, CHECK_ACCOUNT_PAGE, "nobody signs in from a browser: %s",
                      asp_error_line(&error, line));
        broker_fix_start(exam, UNIT_SELF_WEB_SOCKET);
    } else if (stat(conf->self_web_socket, &st) == 0 && st.st_uid != uid) {
        finding_fault(&exam->findings, CHECK_ACCOUNT_PAGE,
                      "nobody signs in from a browser: %s belongs to uid %lu, and not to %s "
                      "(where systemd makes it, SocketUser= of " UNIT_SELF_WEB_SOCKET " says whose "
                      "it is)",
                      conf->self_web_socket, (unsigned long)st.st_uid, conf->self_web_user);
        if (is_of_ours(st.st_uid))
            finding_fix(&exam->findings, NAME_OURS);
        else
            broker_socket_fix(exam, conf->self_web_socket, conf->self_web_user, "600");
    } else {
        note_not_enabled(exam, UNIT_SELF_WEB_SOCKET);
    }
}

/* Who is looked for among the processes. */
struct server {
    uid_t uid;
    bool runs;
};

/* An exam_process: whether it is asp-web, as that user. As another one it answers proxies, or is of
 * no use to anybody. */
static bool is_server(const char *pid, void *context)
{
    struct server *server = context;
    struct process process;

    server->runs = process_read(pid, PROCESS_NO_GROUP, &process) &&
                   strcmp(process.name, WEB) == 0 && process.uid == server->uid;
    return server->runs;
}

/* It listens where systemd or its command line says: what there is, is its socket or its process.
 */
static bool is_served(struct examination *exam, uid_t uid)
{
    struct unit_state state;
    struct server server = {.uid = uid};

    if (unit_state_ask(UNIT_WEB_SOCKET, &state) && strcmp(state.active, "active") == 0)
        return true;
    exam_processes(exam, is_server, &server);
    return server.runs;
}

/* asp-web, the one that we know of those who may serve. */
static void check_server(struct examination *exam, uid_t uid)
{
    struct findings *findings = &exam->findings;
    struct unit_state state;

    if (!is_installed()) {
        finding_fault(findings, CHECK_ACCOUNT_PAGE,
                      "self_service.web_user is " WEB ", and " WEB " is not installed");
        package_fix(findings, WEB, WEB);
        return;
    }
    if (exam->admin->conf->web_origin[0] == '\0') {
        finding_fault(findings, CHECK_ACCOUNT_PAGE,
                      "web.origin is not set, and without it " WEB " does not start");
        finding_fix(findings, "say in asp.conf how browsers reach the page: "
                              "web: { origin = \"https://passwords.example.org\"; };");
    }
    if (unit_state_ask(UNIT_WEB_SOCKET, &state) && strcmp(state.active, "failed") == 0) {
        finding_fault(findings, CHECK_ACCOUNT_PAGE,
                      "nobody serves the account page: " UNIT_WEB_SOCKET " has failed");
        finding_fix(findings,
                    "journalctl -u " UNIT_WEB_SOCKET " says why: such as a SocketGroup= "
                    "in a drop-in that is no group; then systemctl restart " UNIT_WEB_SOCKET);
    } else if (!is_served(exam, uid)) {
        finding_fault(findings, CHECK_ACCOUNT_PAGE, "nobody serves the account page");
        if (!unit_fix_start(findings, UNIT_WEB_SOCKET))
            finding_fix(findings, "start " PROGRAM ", and keep it running: asp-web(8)");
    } else {
        note_not_enabled(exam, UNIT_WEB_SOCKET);
        proxy_socket_tell(exam, CHECK_ACCOUNT_PAGE, PROXY_SOCKET_PAGE);
    }
}

/* asp-web is there for proxies, which ask it in another way. */
static bool is_for_proxies(const struct asp_conf *conf)
{
    for (size_t i = 0; i < conf->client_count; i++) {
        if (strcmp(conf->clients[i].user, ASP_BROKER_AUTHORIZER) == 0)
            return true;
    }
    return false;
}

/* Nobody signs in: a fault where the page is served, and else not known to be meant. */
static void tell_none(struct examination *exam)
{
    const struct asp_conf *conf = exam->admin->conf;
    const struct passwd *ours = getpwnam(WEB);

    if (!is_installed())
        return;
    if (conf->web_origin[0] != '\0' && ours != NULL && is_served(exam, ours->pw_uid)) {
        finding_fault(&exam->findings, CHECK_ACCOUNT_PAGE,
                      WEB " serves the account page, and nobody signs in there: "
                          "self_service.web_user is not set");
        finding_fix(&exam->findings, NAME_OURS);
    } else if (!is_for_proxies(conf)) {
        finding_note(&exam->findings, CHECK_ACCOUNT_PAGE,
                     WEB
                     " is installed, and self_service.web_user is not set: nobody signs in from "
                     "a browser; " GUIDE " has what there is to do");
    }
}

void examine_account_page(struct examination *exam)
{
    const struct asp_conf *conf = exam->admin->conf;
    const bool is_ours = strcmp(conf->self_web_user, WEB) == 0;
    const bool is_open = conf->self_enabled && conf->self_web_user[0] != '\0';
    uid_t uid;

    own_stack_check(exam, CHECK_ACCOUNT_PAGE, SERVICE_WEB, is_open);
    /* That all of self-service is switched off is said of users at terminals. */
    if (conf->self_enabled && !is_open)
        tell_none(exam);
    if (!is_open || !check_user(exam, &uid))
        return;
    check_socket(exam, uid);
    if (is_ours)
        check_server(exam, uid);
    if (findings_none_of(&exam->findings, CHECK_ACCOUNT_PAGE))
        finding_ok(&exam->findings, CHECK_ACCOUNT_PAGE, "users sign in by %s%s%s",
                   conf->self_web_user, is_ours ? ", at " : "", is_ours ? conf->web_origin : "");
}
