/* What a look at a database has found, in words. */
#include "database_findings.h"

#include "asp-admin/database/hosts.h"
#include "asp-admin/ui/plural.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CLOCK_MS = 2000, MS = 1000 };

/* What there is to be said of a role. */
struct role {
    const char *name;
    const char *user;  /* who comes as it */
    const char *group; /* the one of the schema that it has its rights from */
    bool may;          /* all that it is to */
    const char *beyond[2];
};

void database_add_way(const struct database_look *look, char way[DATABASE_WAY_SIZE])
{
    if (look->has_socket)
        (void)snprintf(way, DATABASE_WAY_SIZE, "%s, a Unix socket: the system says who comes",
                       look->host);
    else if (look->tls[0] != '\0')
        (void)snprintf(way, DATABASE_WAY_SIZE, "%s, by %s", look->host, look->tls);
    else
        (void)snprintf(way, DATABASE_WAY_SIZE, "%s, without TLS, on this machine", look->host);
}

bool database_find_schema(struct findings *findings, const char *check,
                          const struct database_look *look)
{
    if (look->is_closed) {
        finding_fault(findings, check, "the store was closed: it has moved to another place");
        finding_fix(findings,
                    "name the database that it has moved to, and join that; or none, on the "
                    "machine that has it in files now: see asp-store(7)");
    } else if (!look->is_known) {
        finding_fault(findings, check, "its schema is %d, for later versions of pam_asp alone",
                      look->identity.schema);
        finding_fix(findings, "upgrade pam_asp on this machine");
    } else if (look->is_older) {
        finding_fault(findings, check,
                      "its schema is %d, and has not all that this version makes use of",
                      look->identity.schema);
        finding_fix(findings, "as who may: asp-admin store init");
    }
    return !look->is_closed && look->is_known;
}

bool database_find_owners(struct findings *findings, const char *check,
                          const struct database_look *look)
{
    if (look->owners[0] == '\0')
        return true;
    finding_fault(findings, check,
                  "functions or tables of the store belong to %s, and not to asp_owner, as where a "
                  "dump was restored without owners: who calls a function has all rights of its "
                  "owner in that",
                  look->owners);
    finding_fix(findings, "as who may: asp-admin store init, which gives them to asp_owner");
    return false;
}

static struct role role_of(const struct asp_conf *conf, enum database_role role,
                           const struct database_look *look)
{
    if (role == DATABASE_BROKER)
        return (struct role){conf->database.user,
                             "asp-broker",
                             "asp_node",
                             look->is_node,
                             {look->beyond_admin, look->beyond_node}};
    return (struct role){conf->database.admin,
                         "asp-admin",
                         "asp_admin",
                         look->is_node && look->is_admin,
                         {look->beyond_admin, ""}};
}

/* Whose password, or whose way in, does more than it has to when others have it. */
static bool find_beyond(struct findings *findings, const char *check, const struct role *role,
                        bool is_super)
{
    const bool both = role->beyond[0][0] != '\0' && role->beyond[1][0] != '\0';

    if (is_super) {
        finding_fault(findings, check, "%s is a superuser, which %s need not be", role->name,
                      role->user);
        finding_fix(findings,
                    "in the database: ALTER ROLE %s NOSUPERUSER; or name in asp.conf "
                    "another role, in its place",
                    role->name);
        return false;
    }
    if (role->beyond[0][0] == '\0' && role->beyond[1][0] == '\0')
        return true;
    finding_fault(findings, check, "%s may more than %s needs: it %s%s%s", role->name, role->user,
                  role->beyond[0], both ? ", " : "", role->beyond[1]);
    finding_fix(findings,
                "in the database: ALTER ROLE %s NOCREATEROLE NOCREATEDB NOREPLICATION, and REVOKE "
                "all that it was granted but %s",
                role->name, role->group);
    return false;
}

/* What tells of a change waits for the standbys whatever this is: the functions of the store see to
 * that, and to nothing else. */
static bool find_commit(struct findings *findings, const char *check, const struct role *role,
                        const char *commit)
{
    if (strcmp(commit, "on") == 0 || strcmp(commit, "remote_apply") == 0)
        return true;
    finding_fault(findings, check,
                  "synchronous_commit is %s for %s: that changes of accounts are safe when they "
                  "are reported is left to the functions of the store alone",
                  commit, role->name);
    finding_fix(findings, "in the database: ALTER ROLE %s SET synchronous_commit = on", role->name);
    return false;
}

bool database_find_role(struct findings *findings, const char *check, const struct asp_conf *conf,
                        enum database_role which, const struct database_look *look)
{
    const struct role role = role_of(conf, which, look);
    bool well = role.may;

    if (!role.may) {
        finding_fault(findings, check, "%s may not all that %s does", role.name, role.user);
        if (strcmp(role.group, role.name) == 0)
            finding_fix(findings, "as who may: asp-admin store init, which gives it its rights");
        else
            finding_fix(findings, "in the database: GRANT %s TO %s", role.group, role.name);
    }
    well = find_beyond(findings, check, &role, look->is_super) && well;
    return find_commit(findings, check, &role, look->commit) && well;
}

bool database_find_broker(struct findings *findings, const char *check, const struct asp_conf *conf)
{
    const char *role = conf->database.user;
    struct database_look look;
    struct asp_error error = {0};

    if (database_look_as_broker(conf, &look, &error) == ASP_OK)
        return database_find_role(findings, check, conf, DATABASE_BROKER, &look);
    findings->failed = findings->failed || error.status == ASP_NO_MEMORY;
    finding_fault(findings, check, "%s, asp-broker's role, is not let in: %s", role, error.text);
    finding_fix(findings, "%s",
                error.advice[0] != '\0' ? error.advice : "let it in as asp-store(7) has it");
    return false;
}

bool database_find_hosts(struct findings *findings, const char *check, const struct asp_conf *conf)
{
    struct database_written written;

    if (conf->database.host_count == 1)
        return true;
    if (!database_find_written(conf, conf->database.admin, &written))
        findings->failed = true;
    if (written.count <= 1)
        return true;
    finding_fault(findings, check,
                  "%zu hosts are written to, %s: each login and each change comes to any of them, "
                  "and who was revoked by one is let in by another",
                  written.count, written.names);
    finding_fix(findings, "stop the server that was replaced, and start it again as a standby of "
                          "the other alone (pg_rewind)");
    return false;
}

bool database_find_clock(struct findings *findings, const char *check,
                         const struct database_look *look)
{
    const long long apart = llabs((long long)look->ahead_ms);

    if (apart <= CLOCK_MS + look->told_ms)
        return true;
    finding_fault(findings, check, "the database's clock is %lld s %s this machine's", apart / MS,
                  look->ahead_ms > 0 ? "ahead of" : "behind");
    finding_fix(findings, "have both follow one time server");
    return false;
}

/* What comes of a standby that is not there: ", and after 10 s nobody is let in". */
static void add_end_of_logins(const struct asp_conf *conf, char text[64])
{
    text[0] = '\0';
    if (conf->database.fence > 0)
        (void)snprintf(text, 64, ", and after %d s nobody is let in", conf->database.fence);
}

/* Whoever names several hosts means that one of them takes over. */
static bool find_none(struct findings *findings, const char *check, size_t hosts, size_t followers)
{
    if (followers == 0 && hosts == 1) {
        finding_note(findings, check,
                     "synchronous_standby_names is empty: what was reported, a revocation too, can "
                     "be lost when a standby takes over");
        return false;
    }
    if (followers == 0)
        finding_fault(findings, check,
                      "synchronous_standby_names is empty, and asp.conf names %zu hosts: what was "
                      "reported, a revocation too, is lost where another takes over, and one that "
                      "was replaced and not stopped lets in who was revoked since, for as long as "
                      "it runs",
                      hosts);
    else
        finding_fault(findings, check,
                      "synchronous_standby_names is empty, and %zu standby%s: what was reported, a "
                      "revocation too, is lost where one takes over that had not heard of it yet",
                      followers, followers == 1 ? " follows" : "s follow");
    finding_fix(findings, "in the database, with the application_name of two of them: ALTER SYSTEM "
                          "SET synchronous_standby_names = 'ANY 1 (NAME, NAME)'; SELECT "
                          "pg_reload_conf()");
    return false;
}

bool database_find_standbys(struct findings *findings, const char *check,
                            const struct asp_conf *conf, const struct database_look *look)
{
    const struct database_standbys *standbys = &look->standbys;
    char end[64];

    if (standbys->needed == 0)
        return find_none(findings, check, conf->database.host_count, standbys->followers);
    add_end_of_logins(conf, end);
    if (standbys->connected < standbys->needed) {
        finding_fault(findings, check,
                      "a commit waits for %zu standby%s, and %zu of those that it may be are "
                      "there: no change of an account is made%s",
                      standbys->needed, plural(standbys->needed), standbys->connected, end);
        finding_fix(findings, "bring its standbys back, or take out of synchronous_standby_names "
                              "those that will not come");
        return false;
    }
    if (standbys->listed > standbys->needed && standbys->connected > standbys->needed)
        return true;
    finding_note(findings, check,
                 "a commit waits for %zu standby%s, and there is no other%s: where one is lost no "
                 "change of an account is made%s; ANY 1 of two standbys avoids that, see "
                 "asp-store(7)",
                 standbys->needed, plural(standbys->needed),
                 standbys->listed > standbys->needed ? " now"
                                                     : " that synchronous_standby_names lists",
                 end);
    return false;
}

bool database_find_answers(struct findings *findings, const char *check, struct pgsql_store *own)
{
    struct asp_error error = {0};

    if (database_answers(own, &error) == ASP_OK)
        return true;
    findings->failed = findings->failed || error.status == ASP_NO_MEMORY;
    finding_fault(findings, check, "nobody is let in: %s", error.text);
    finding_fix(findings, "%s",
                error.advice[0] != '\0'
                    ? error.advice
                    : "bring back the standbys that its commits wait for; or, where another server "
                      "has taken over, stop this one, and let hosts in asp.conf name that too");
    return false;
}
