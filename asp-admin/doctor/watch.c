/* doctor: the watch, and the hooks that it runs. */
#include "watch.h"

#include "unit_state.h"
#include "units.h"

#include "asp-admin/system/machine.h"
#include "asp/buffer.h"
#include "asp/revocation.h"
#include "asp/time_text.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RUN_ALL "run-all"
#define HOOKS "/etc/asp/hooks"

enum {
    PASS_SECONDS = 15 * 60, /* a pass that was made since then is taken for one of many */
    LATE_MINUTES = 5,       /* how far was heard is kept once a minute, and a hook takes its time */
    MINUTE = 60,
    MS = 1000,
};

static void advise_watch(struct examination *exam)
{
    struct asp_buffer watch = {0};
    struct asp_buffer once = {0};

    if (unit_fix_start(&exam->findings, UNIT_WATCH))
        return;
    finding_fix(&exam->findings,
                "start this with the machine: %s; or let cron run this every 10 "
                "minutes: %s",
                exam_command(exam, &watch, (const char *[]){"watch", NULL}),
                exam_command(exam, &once, (const char *[]){"watch", "--once", NULL}));
    asp_buffer_free(&watch);
    asp_buffer_free(&once);
}

/* True when a pass was made so lately that there will be others, and no hook waits. */
static bool is_passed_often(const struct examination *exam)
{
    time_t looked = exam->watch.looked;

    return exam->due == 0 && looked != ASP_NEVER && looked <= exam->admin->now &&
           exam->admin->now - looked <= PASS_SECONDS;
}

/* Whoever stops a watch lets it say goodbye. */
static void tell_dead_watch(struct examination *exam)
{
    finding_fault(
        &exam->findings, CHECK_WATCH,
        "the watch is dead: process %ld ended without saying so, and nobody does its work "
        "since; the system's log may say what ended it",
        exam->watch.process);
    advise_watch(exam);
}

/* That it is to run is said by systemd. False: it is not, or there is none. */
static bool tell_unit_down(struct examination *exam)
{
    struct unit_state unit;

    if (strcmp(exam->conf_path, ASP_CONF_DEFAULT) != 0 || !unit_state_ask(UNIT_WATCH, &unit) ||
        !unit_state_is_down(&unit))
        return false;
    finding_fault(&exam->findings, CHECK_WATCH,
                  "no watch runs, and " UNIT_WATCH
                  " is enabled: systemd says of it %s (%s), and of its last run %s, status %s",
                  unit.active, unit.sub, unit.result, unit.status);
    finding_fix(&exam->findings, "see why: journalctl -u asp-watch; and once that is mended: "
                                 "systemctl restart " UNIT_WATCH);
    return true;
}

/* Hooks are left undone. With a database each machine runs its own: of no account is one due. */
static void tell_hooks_unrun(struct examination *exam)
{
    struct findings *findings = &exam->findings;
    const struct pgsql_feed_place *place = &exam->place;

    if (!exam->has_database)
        finding_fault(findings, CHECK_WATCH,
                      "no watch runs: nobody runs hooks.revoked for what a login or the password "
                      "stack has revoked, nor for what expires (users who wait for it now: %zu)",
                      exam->due);
    else if (place->now != 0)
        finding_fault(findings, CHECK_WATCH,
                      "no watch runs on this machine: nobody runs hooks.revoked here for what is "
                      "revoked, on whichever machine, nor for what expires (revocations that wait "
                      "for it, since it was heard %lld minutes ago: %lld)",
                      (long long)(place->now - place->heard) / MINUTE, (long long)place->behind);
    else
        finding_fault(findings, CHECK_WATCH,
                      "no watch runs on this machine: nobody runs hooks.revoked here for what is "
                      "revoked, on whichever machine, nor for what expires; what comes before one "
                      "has run is told to none");
    advise_watch(exam);
}

/* Whether another machine compares the primary passwords for all: by a watch, or by passes. */
static bool is_compared_elsewhere(const struct examination *exam)
{
    const struct pgsql_lease *lease = &exam->lease;

    return lease->holder[0] != '\0' && !lease->is_ours && lease->left > -PASS_SECONDS * (int64_t)MS;
}

/* No watch runs: whether anything is left undone by that. */
static void judge_no_watch(struct examination *exam)
{
    const struct asp_conf *conf = exam->admin->conf;
    const struct asp_source_traits source = asp_source_traits(conf->primary_source);
    struct findings *findings = &exam->findings;

    if (tell_unit_down(exam))
        return;
    if (exam->watch.process != 0 && (asp_has_revoked_hook(conf) || source.is_compared)) {
        tell_dead_watch(exam);
    } else if (!asp_has_revoked_hook(conf) && is_compared_elsewhere(exam)) {
        finding_ok(findings, CHECK_WATCH,
                   "no watch runs on this machine, and there is nothing for it to do: "
                   "primary.command is run by %.*s",
                   machine_name_length(exam->lease.holder), exam->lease.holder);
    } else if ((asp_has_revoked_hook(conf) || source.is_program) && is_passed_often(exam)) {
        finding_note(findings, CHECK_WATCH,
                     "no watch runs now; the last pass was made %lld minutes ago, and changes, "
                     "hooks and expired sessions wait for the next",
                     (long long)(exam->admin->now - exam->watch.looked) / MINUTE);
    } else if (asp_has_revoked_hook(conf)) {
        tell_hooks_unrun(exam);
    } else if (source.is_program) {
        finding_fault(findings, CHECK_WATCH,
                      "no watch runs: a change that primary.command tells of is seen by asp-admin "
                      "create alone, and by no login");
        advise_watch(exam);
    } else if (source.at_login) {
        finding_note(findings, CHECK_WATCH,
                     "no watch runs. A login sees a changed primary password by itself, and so do "
                     "the PAM password stack and asp-admin create and rotate; what nobody uses is "
                     "revoked by none of them, and stays listed as active");
    } else {
        finding_ok(findings, CHECK_WATCH, "no watch runs, and there is nothing for it to do");
    }
}

/* True: one that runs has not heard for long what a database tells, and hooks wait. */
static bool tell_deaf(struct examination *exam)
{
    const struct pgsql_feed_place *place = &exam->place;
    const long long minutes = (long long)(place->now - place->heard) / MINUTE;

    if (place->now == 0 || !asp_has_revoked_hook(exam->admin->conf) || minutes < LATE_MINUTES)
        return false;
    finding_fault(&exam->findings, CHECK_WATCH,
                  "for %lld minutes the watch has heard nothing of what was revoked, and "
                  "hooks.revoked is not run; revocations that wait for it: %lld",
                  minutes, (long long)place->behind);
    finding_fix(&exam->findings, "the system's log says what it waits for: the database, or a hook "
                                 "that cannot be started or does not end");
    return true;
}

static void check_watch(struct examination *exam)
{
    const struct asp_store *store = &exam->admin->store;
    struct asp_error error = {0};
    enum asp_status status = asp_watch_lock_look(store, &exam->watch, &error);

    if (status != ASP_OK && status != ASP_NO_MEMORY &&
        findings_have_fault(&exam->findings, CHECK_STORE))
        finding_note(&exam->findings, CHECK_WATCH,
                     "whether a watch runs is not known before the store is mended: %s",
                     error.text);
    else if (status != ASP_OK)
        exam_fault(exam, CHECK_WATCH, &error);
    else if (!exam->watch.runs)
        judge_no_watch(exam);
    else if (!tell_deaf(exam))
        finding_ok(&exam->findings, CHECK_WATCH, "process %ld watches %s", exam->watch.process,
                   store->path);
}

static void tell_hook(struct examination *exam, const char *key, const char *path,
                      const struct asp_error *error)
{
    finding_fault(&exam->findings, CHECK_HOOKS, "%s, %s, is not run: %s", key, path, error->text);
    if (!path_fix(&exam->findings, path, PATH_PROGRAM) &&
        !path_fix_place(&exam->findings, key, path, HOOKS))
        finding_fix(&exam->findings,
                    "let %s name a program that is root's, in folders that are, and no link; HOOKS "
                    "in asp.conf(5) says more",
                    key);
}

/* The shipped run-all runs the programs beside it, and passes over what anybody could have put
 * there. */
static void check_beside(struct examination *exam, const char *key, const char *path)
{
    const int folder = (int)(strrchr(path, '/') - path);
    char beside[PATH_MAX];
    struct asp_error error = {0};
    struct dirent *entry;
    struct stat st;
    DIR *dir;

    (void)snprintf(beside, sizeof beside, "%.*s/", folder, path);
    dir = opendir(beside);
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        (void)snprintf(beside, sizeof beside, "%.*s/%s", folder, path, entry->d_name);
        if (entry->d_name[0] != '.' && strcmp(beside, path) != 0 && stat(beside, &st) == 0 &&
            S_ISREG(st.st_mode) && access(beside, X_OK) == 0 &&
            asp_program_check(beside, &error) != ASP_OK)
            tell_hook(exam, key, beside, &error);
    }
    if (dir != NULL)
        (void)closedir(dir);
}

static void check_hook(struct examination *exam, const char *key, const char *path)
{
    struct asp_error error = {0};

    if (path[0] == '\0')
        return;
    if (asp_program_check(path, &error) != ASP_OK)
        tell_hook(exam, key, path, &error);
    else if (strcmp(strrchr(path, '/') + 1, RUN_ALL) == 0)
        check_beside(exam, key, path);
}

void examine_watch(struct examination *exam)
{
    const struct asp_conf *conf = exam->admin->conf;
    struct findings *findings = &exam->findings;

    if (asp_store_is_open(&exam->admin->store))
        check_watch(exam);
    check_hook(exam, "hooks.created", conf->hook_created);
    check_hook(exam, "hooks.revoked", conf->hook_revoked);
    if (!findings_none_of(findings, CHECK_HOOKS))
        return;
    if (!asp_has_revoked_hook(conf))
        finding_ok(findings, CHECK_HOOKS,
                   "hooks.revoked is not set: a session that is open when its app password is "
                   "revoked stays open");
    else
        finding_ok(findings, CHECK_HOOKS, "what is set are programs that can be trusted");
}
