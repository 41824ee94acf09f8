/* doctor: asp-broker, for hosts that are not root, and for users on their own accounts. */
#include "broker.h"

#include "broker_sockets.h"
#include "own_stack.h"
#include "proxy_socket.h"
#include "service_users.h"
#include "unit_state.h"
#include "units.h"

#include "asp-admin/app.h"
#include "asp-admin/system/users.h"
#include "asp/broker_login.h"
#include "asp/buffer.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>

#define GROUP SERVICE_GROUP

static void check_client(struct examination *exam, const char *name, bool has_group, gid_t group)
{
    const struct passwd *user = getpwnam(name);

    if (user == NULL) {
        finding_fault(&exam->findings, CHECK_BROKER,
                      "broker.clients names %s, whom the system does not know", name);
        if (strcmp(name, ASP_BROKER_AUTHORIZER) == 0)
            finding_fix_command(&exam->findings, true,
                                (const char *[]){"useradd", "--system", "--user-group", "--groups",
                                                 GROUP, "--no-create-home", "--shell",
                                                 "/usr/sbin/nologin", name, NULL});
        else
            finding_fix(&exam->findings, "put that name right in asp.conf, or take it out");
    } else if (has_group && user->pw_uid != 0 && !user_is_member(name, group)) {
        finding_fault(
            &exam->findings, CHECK_BROKER,
            "broker.clients names %s, who is not in the group " GROUP " and so may not ask", name);
        finding_fix_command(&exam->findings, true,
                            (const char *[]){"usermod", "-aG", GROUP, name, NULL});
    }
}

/* The socket is the group's. False: there is no such group. */
static bool check_group(struct examination *exam, gid_t *group)
{
    const struct asp_conf *conf = exam->admin->conf;
    const struct group *entry = getgrnam(GROUP);
    struct stat st;

    if (entry == NULL) {
        finding_fault(&exam->findings, CHECK_BROKER,
                      "there is no group " GROUP ", so none but root can ask asp-broker");
        finding_fix_command(&exam->findings, true,
                            (const char *[]){"groupadd", "--system", GROUP, NULL});
        return false;
    }
    *group = entry->gr_gid;
    if (stat(conf->broker_socket, &st) == 0 && st.st_gid == *group && (st.st_mode & S_IWGRP) != 0)
        return true;
    finding_fault(&exam->findings, CHECK_BROKER,
                  "%s cannot be written by the group " GROUP ": none but root can ask",
                  conf->broker_socket);
    broker_socket_fix(exam, conf->broker_socket, "root:" GROUP, "660");
    return true;
}

static void tell_members(struct examination *exam)
{
    const struct group *entry = getgrnam(GROUP);
    struct name_list names = {0};
    struct asp_buffer members = {0};

    if (entry != NULL && !users_in_group(entry, &names))
        exam->findings.failed = true;
    if (names.count == 0)
        finding_note(&exam->findings, CHECK_BROKER,
                     "asp-broker listens at %s, and the group " GROUP
                     " has no members: put the users of services that are not root into it",
                     exam->admin->conf->broker_socket);
    else
        finding_ok(&exam->findings, CHECK_BROKER,
                   "asp-broker listens at %s; the group " GROUP " has %s",
                   exam->admin->conf->broker_socket, exam_names(exam, &members, &names));
    asp_buffer_free(&members);
    name_list_clear(&names);
}

/* Nobody has set a broker up. The module has no way to accounts in a database but by one. */
static void tell_nobody(struct examination *exam)
{
    const struct asp_conf *conf = exam->admin->conf;

    if (conf->database.host_count == 0) {
        broker_note_nobody(
            exam, CHECK_BROKER, UNIT_BROKER_SOCKET, conf->broker_socket,
            ", which is well as long as every service that asks pam_asp is root. nginx and "
            "Apache are not: for them ",
            "start asp-broker");
        return;
    }
    finding_fault(&exam->findings, CHECK_BROKER,
                  "nobody listens at %s: accounts are in a database, which asp-broker alone asks, "
                  "so no app password is accepted on this machine",
                  conf->broker_socket);
    broker_fix_start(exam, UNIT_BROKER_SOCKET);
}

static void check_broker(struct examination *exam)
{
    const struct asp_conf *conf = exam->admin->conf;
    struct service_users users = {0};
    struct asp_error error = {0};
    char line[ASP_ERROR_LINE];
    bool has_group = false;
    gid_t group = 0;

    service_users_find(exam, &users);
    if (conf->client_count == 0 && users.count == 0 &&
        !broker_socket_is_there(conf->broker_socket)) {
        tell_nobody(exam);
        return;
    }
    if (broker_socket_probe(conf->broker_socket, &error) != ASP_OK) {
        finding_fault(&exam->findings, CHECK_BROKER, "%s", asp_error_line(&error, line));
        broker_fix_start(exam, UNIT_BROKER_SOCKET);
    } else {
        has_group = check_group(exam, &group);
    }
    for (size_t i = 0; i < conf->client_count; i++)
        check_client(exam, conf->clients[i].user, has_group, group);
    service_users_check(exam, &users);
    if (findings_none_of(&exam->findings, CHECK_BROKER))
        tell_members(exam);
}

static void check_self_service(struct examination *exam)
{
    const struct asp_conf *conf = exam->admin->conf;
    struct findings *findings = &exam->findings;
    struct asp_error error = {0};
    char line[ASP_ERROR_LINE];
    bool there = broker_socket_is_there(conf->self_socket);
    struct stat st;

    if (!conf->self_enabled) {
        finding_ok(findings, CHECK_SELF_SERVICE, "it is switched off in asp.conf");
        return;
    }
    if (there && broker_socket_probe(conf->self_socket, &error) != ASP_OK) {
        finding_fault(findings, CHECK_SELF_SERVICE, "%s", asp_error_line(&error, line));
        broker_fix_start(exam, UNIT_SELF_SOCKET);
    } else if (there && stat(conf->self_socket, &st) == 0 && (st.st_mode & S_IWOTH) == 0) {
        finding_fault(findings, CHECK_SELF_SERVICE, "%s is not open to users (mode %04o)",
                      conf->self_socket, (unsigned)(st.st_mode & 07777));
        broker_socket_fix(exam, conf->self_socket, "root:root", "666");
    }
    if (conf->self_group[0] != '\0' && getgrnam(conf->self_group) == NULL) {
        finding_fault(findings, CHECK_SELF_SERVICE,
                      "self_service.group is %s, and there is no such group: nobody may use it",
                      conf->self_group);
        finding_fix(findings, "put its name right in asp.conf, or make the group: groupadd %s",
                    conf->self_group);
    }
    own_stack_check(exam, CHECK_SELF_SERVICE, SERVICE_TERMINAL, there);
    if (!findings_none_of(findings, CHECK_SELF_SERVICE))
        return;
    if (there)
        finding_ok(findings, CHECK_SELF_SERVICE, "users are served at %s", conf->self_socket);
    else
        broker_note_nobody(
            exam, CHECK_SELF_SERVICE, UNIT_SELF_SOCKET, conf->self_socket,
            ": users at a terminal or in Cockpit cannot act on their own app passwords; where "
            "they are to: ",
            "start asp-self.socket");
}

/* asp-web --authorize, which ends at once where it may ask for nothing. */
static void check_authorizer(struct examination *exam)
{
    const struct asp_conf *conf = exam->admin->conf;
    struct unit_state state;
    bool listed = false;

    if (!unit_is_there(UNIT_AUTHORIZE_SOCKET) || !unit_state_ask(UNIT_AUTHORIZE_SOCKET, &state) ||
        strcmp(state.active, "active") != 0)
        return;
    for (size_t i = 0; i < conf->client_count; i++)
        listed = listed || strcmp(conf->clients[i].user, ASP_BROKER_AUTHORIZER) == 0;
    if (listed) {
        proxy_socket_tell(exam, CHECK_BROKER, PROXY_SOCKET_AUTHORIZE);
        return;
    }
    finding_fault(&exam->findings, CHECK_BROKER,
                  UNIT_AUTHORIZE_SOCKET
                  " is active, and broker.clients lists no service for " ASP_BROKER_AUTHORIZER
                  ": proxies get no answer");
    finding_fix(&exam->findings, "say in asp.conf for which services proxies may ask: broker: { "
                                 "clients = ( { user = \"" ASP_BROKER_AUTHORIZER
                                 "\"; services = [ \"caldav\" ]; } ); };");
}

void examine_broker(struct examination *exam)
{
    check_authorizer(exam);
    check_broker(exam);
    check_self_service(exam);
}
