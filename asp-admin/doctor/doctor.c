/* doctor: the command, and its look at the configuration, the watch and the hooks. */
#include "doctor.h"

#include "asp/revocation.h"
#include "asp/time_text.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    PASS_SECONDS = 15 * 60, /* a pass that was made since then is taken for one of many */
    MINUTE = 60,
};

void doctor_fault(struct doctor *doctor, const char *check, const struct asp_error *error)
{
    char line[ASP_ERROR_LINE];

    finding_fault(&doctor->findings, check, "%s", asp_error_line(error, line));
    if (error->status == ASP_UNSAFE)
        finding_fix(&doctor->findings, "it and every folder above it have to be root's, writable "
                                       "by nobody else, and no link");
    else
        finding_fix(&doctor->findings, "see what the system's log says of it");
}

/* Services that are not root read it too, and so do users. */
static void check_readable(struct doctor *doctor)
{
    struct stat st;

    if (stat(doctor->conf_path, &st) != 0 || (st.st_mode & S_IROTH) != 0)
        return;
    finding_fault(&doctor->findings, CHECK_CONFIGURATION,
                  "%s cannot be read by services and users that are not root (mode %04o)",
                  doctor->conf_path, (unsigned)(st.st_mode & 07777));
    finding_fix(&doctor->findings, "chmod 644 %s: it holds no secret", doctor->conf_path);
}

static void check_configuration(struct doctor *doctor)
{
    struct admin *admin = doctor->admin;
    const char *given = admin->options->config;
    struct asp_error error = {0};
    struct asp_identity identity = {.present = false};

    if (!admin_conf_path(admin, doctor->conf_path))
        (void)asp_fail(&error, ASP_NOT_FOUND, "%s: no such configuration", given);
    else if (asp_conf_load(doctor->conf_path, given != NULL, &admin->conf, &identity, &error) ==
             ASP_OK)
        check_readable(doctor);
    if (admin->conf == NULL && error.status == ASP_UNSAFE) {
        doctor_fault(doctor, CHECK_CONFIGURATION, &error);
    } else if (admin->conf == NULL) {
        finding_fault(&doctor->findings, CHECK_CONFIGURATION,
                      "%s: nobody gets in with an app password, and what it decides was not looked "
                      "at",
                      error.text);
        finding_fix(&doctor->findings, "mend it as asp.conf(5) has it, and look again");
    } else if (!identity.present) {
        finding_ok(&doctor->findings, CHECK_CONFIGURATION,
                   "there is no %s: the built-in values hold", doctor->conf_path);
    } else if (findings_none_of(&doctor->findings, CHECK_CONFIGURATION)) {
        finding_ok(&doctor->findings, CHECK_CONFIGURATION, "%s has no error", doctor->conf_path);
    }
}

static void mend_watch(struct doctor *doctor)
{
    finding_fix(&doctor->findings, "systemctl enable --now asp-watch, or start asp-admin watch "
                                   "with the machine; cron can run asp-admin watch --once");
}

/* True when a pass that runs hooks was made so lately that there will be others. */
static bool is_passed_often(const struct doctor *doctor)
{
    time_t looked = doctor->watch.looked;

    return doctor->due == 0 && looked != ASP_NEVER && looked <= doctor->admin->now &&
           doctor->admin->now - looked <= PASS_SECONDS;
}

/* No watch runs: whether anything is left undone by that. */
static void judge_no_watch(struct doctor *doctor)
{
    const struct asp_conf *conf = doctor->admin->conf;
    const struct asp_source_traits source = asp_source_traits(conf->primary_source);
    struct findings *findings = &doctor->findings;

    if (asp_has_revoked_hook(conf) && is_passed_often(doctor)) {
        finding_note(findings, CHECK_WATCH,
                     "no watch runs now; the last pass was made %lld minutes ago, and changes, "
                     "hooks and expired sessions wait for the next",
                     (long long)(doctor->admin->now - doctor->watch.looked) / MINUTE);
    } else if (asp_has_revoked_hook(conf)) {
        finding_fault(findings, CHECK_WATCH,
                      "no watch runs: nobody runs hooks.revoked for what a login or the password "
                      "stack has revoked, nor for what expires (users who wait for it now: %zu)",
                      doctor->due);
        mend_watch(doctor);
    } else if (source.is_program) {
        finding_fault(findings, CHECK_WATCH,
                      "no watch runs: a change that primary.command tells of is seen by asp-admin "
                      "create alone, and by no login");
        mend_watch(doctor);
    } else if (source.at_login) {
        finding_note(findings, CHECK_WATCH,
                     "no watch runs. A login sees a changed primary password by itself, and so do "
                     "the PAM password stack and asp-admin create; what nobody uses is revoked by "
                     "none of them, and stays listed as active");
    } else {
        finding_ok(findings, CHECK_WATCH, "no watch runs, and there is nothing for it to do");
    }
}

static void check_watch(struct doctor *doctor)
{
    const struct asp_store *store = &doctor->admin->store;
    struct asp_error error = {0};

    if (asp_watch_lock_look(store, &doctor->watch, &error) != ASP_OK)
        doctor_fault(doctor, CHECK_WATCH, &error);
    else if (doctor->watch.runs)
        finding_ok(&doctor->findings, CHECK_WATCH, "process %ld watches %s", doctor->watch.process,
                   store->path);
    else
        judge_no_watch(doctor);
}

static void check_hook(struct doctor *doctor, const char *key, const char *path)
{
    struct asp_error error = {0};

    if (path[0] == '\0' || asp_program_check(path, &error) == ASP_OK)
        return;
    finding_fault(&doctor->findings, CHECK_HOOKS, "%s, %s, is not run: %s", key, path, error.text);
    finding_fix(&doctor->findings, "make it a program that is root's, in folders that are, and no "
                                   "link; HOOKS in asp.conf(5) says more");
}

void doctor_watch(struct doctor *doctor)
{
    const struct asp_conf *conf = doctor->admin->conf;
    struct findings *findings = &doctor->findings;

    if (asp_store_is_open(&doctor->admin->store))
        check_watch(doctor);
    check_hook(doctor, "hooks.created", conf->hook_created);
    check_hook(doctor, "hooks.revoked", conf->hook_revoked);
    if (!findings_none_of(findings, CHECK_HOOKS))
        return;
    if (!asp_has_revoked_hook(conf))
        finding_ok(findings, CHECK_HOOKS,
                   "hooks.revoked is not set: a session that is open when its app password is "
                   "revoked stays open");
    else
        finding_ok(findings, CHECK_HOOKS, "what is set are programs that can be trusted");
}

static void look_over(struct doctor *doctor)
{
    check_configuration(doctor);
    pam_folder_read(&doctor->pam);
    if (doctor->admin->conf != NULL) {
        doctor_store(doctor);
        doctor_watch(doctor);
    }
    doctor_pam(doctor);
    if (doctor->admin->conf != NULL) {
        doctor_password_stack(doctor);
        doctor_broker(doctor);
    }
    doctor->findings.failed = doctor->findings.failed || doctor->pam.failed;
}

enum exit_code command_doctor(struct admin *admin)
{
    struct doctor doctor = {.admin = admin, .watch = {.looked = ASP_NEVER}};
    enum exit_code code;

    if (geteuid() != 0)
        return fail_with(admin->console, EXIT_STORE, "doctor is for root: run asp-admin as root");
    look_over(&doctor);
    code = doctor.findings.faults > 0 ? EXIT_NO : EXIT_DONE;
    if (!findings_show(&doctor.findings, admin->console, admin->options->json))
        code = EXIT_STORE;
    findings_free(&doctor.findings);
    pam_folder_free(&doctor.pam);
    return code;
}
