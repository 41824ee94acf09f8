/* doctor: the files of PAM that name the module. */
#include "pam.h"

#include "asp-admin/app.h"
#include "asp/buffer.h"
#include "asp/scope.h"
#include "pam_asp/arguments.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SELF_SERVICE "asp-admin" /* doctor/broker.c looks it over */

static bool is_one_of(const char *word, const char *const words[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(word, words[i]) == 0)
            return true;
    }
    return false;
}

static bool line_has_one_of(const struct pam_line *line, const char *const modules[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (pam_line_has(line, modules[i]))
            return true;
    }
    return false;
}

#define COUNT(array) (sizeof(array) / sizeof *(array))

static bool is_ours(const struct pam_entry *entry)
{
    return pam_line_has(entry->line, MODULE_FILE);
}

/* Says it once of each line. */
static bool is_new(struct pam_line *line, unsigned what)
{
    bool new = (line->told & what) == 0;

    line->told |= what;
    return new;
}

/* Files that stand for many services, su and sudo among them. */
static bool is_shared(const struct pam_file *file)
{
    static const char *const names[] = {"common-auth", "system-auth", "password-auth",
                                        "system-login", "base-auth"};

    return is_one_of(file->name, names, COUNT(names));
}

/* The module that a line names is there, and root's. */
static void check_module(struct examination *exam, const struct pam_file *file,
                         const struct pam_line *line)
{
    struct findings *findings = &exam->findings;
    const char *module = line->word;
    struct asp_buffer word = {0};
    struct asp_error error = {0};
    char path[PATH_MAX];
    char *real;
    struct stat st;
    int fd;

    if (strstr(module, "$ISA") != NULL)
        return; /* only libpam knows what that is */
    (void)snprintf(path, sizeof path, "%s%s", module[0] == '/' ? "" : PAMDIR "/", module);
    /* libpam follows links, and /lib is one. */
    real = realpath(path, NULL);
    if (real == NULL) {
        finding_fault(findings, CHECK_PAM,
                      "%s:%zu asks a module that is not there, %s: nobody gets in", file->path,
                      line->number, path);
        finding_fix(findings, "install pam_asp, or write the path at which the module lies");
    } else if (asp_path_open(real, &fd, &st, &error) != ASP_OK) {
        exam_fault(exam, CHECK_PAM, &error);
    } else {
        asp_close(fd);
        if ((st.st_mode & (S_ISUID | S_ISGID)) != 0) {
            finding_fault(findings, CHECK_PAM, "%s has a setuid or setgid bit (mode %04o)", real,
                          (unsigned)(st.st_mode & 07777));
            finding_fix(findings, "chmod ug-s %s", exam_word(exam, &word, real));
            asp_buffer_free(&word);
        }
    }
    free(real);
}

static void check_other_conf(struct examination *exam, const char *place, const char *path)
{
    struct asp_conf *conf = NULL;
    struct asp_identity identity;
    struct asp_error error = {0};
    struct asp_buffer word = {0};
    bool other = strcmp(path, exam->conf_path) != 0;

    if (asp_conf_load(path, true, &conf, &identity, &error) == ASP_OK) {
        if (other)
            finding_note(&exam->findings, CHECK_PAM,
                         "%s has a configuration of its own, which asp-admin --config %s doctor "
                         "looks over",
                         place, exam_word(exam, &word, path));
    } else if (other || exam->admin->conf != NULL) {
        /* Also ours, where it is missing: named here it has to be there. */
        finding_fault(&exam->findings, CHECK_PAM, "%s has config=%s, and nobody gets in: %s", place,
                      path, error.text);
        finding_fix(&exam->findings, "mend that file as asp.conf(5) has it, or put config= "
                                     "right");
    }
    asp_buffer_free(&word);
    asp_conf_free(conf);
}

static void check_line(struct examination *exam, const struct pam_file *file,
                       const struct pam_line *line)
{
    struct arguments arguments;
    const char *wrong = arguments_read(line->argument_count, line->arguments, &arguments);
    char place[PATH_MAX];

    (void)snprintf(place, sizeof place, "%s:%zu", file->path, line->number);
    if (line->facility == FACILITY_SESSION) {
        finding_fault(&exam->findings, CHECK_PAM,
                      "%s: " MODULE_FILE " knows nothing of sessions, and fails there", place);
        finding_fix(&exam->findings, "take that line out");
    }
    if (wrong != NULL) {
        finding_fault(&exam->findings, CHECK_PAM,
                      "%s: %s is a wrong argument, and refuses everybody", place, wrong);
        finding_fix(&exam->findings, "take it out, or write it as pam_asp(8) has it");
    } else if (arguments.conf_required) {
        check_other_conf(exam, place, arguments.conf_path);
    } else if (arguments.app != NULL && exam->admin->conf != NULL &&
               app_is_unknown(exam->admin->conf, arguments.app)) {
        finding_note(&exam->findings, CHECK_PAM,
                     "%s has app=%s: no app of asp.conf is called so, and no service of /etc/pam.d",
                     place, arguments.app);
    }
}

/* What libpam makes of a slip in a file of ours. */
static void check_slips(struct examination *exam, const struct pam_file *file)
{
    bool ours = false;

    for (size_t i = 0; i < file->count; i++)
        ours = ours || pam_line_has(&file->lines[i], MODULE_FILE);
    for (size_t i = 0; ours && i < file->count; i++) {
        const struct pam_line *line = &file->lines[i];

        if (!line->fails && line->kind != LINE_BROKEN)
            continue;
        finding_fault(&exam->findings, CHECK_PAM,
                      "%s:%zu is no line that libpam understands: it fails, and nobody gets in",
                      file->path, line->number);
        finding_fix(&exam->findings, "write it as pam.conf(5) has it: auth, account, password or "
                                     "session, what is done upon an answer, and a module");
    }
}

/* All lines of the module, wherever they stand. */
static void check_lines(struct examination *exam)
{
    struct name_list modules = {0};

    for (size_t i = 0; i < exam->pam.count; i++) {
        const struct pam_file *file = exam->pam.files[i];

        check_slips(exam, file);
        for (size_t k = 0; k < file->count; k++) {
            const struct pam_line *line = &file->lines[k];

            if (!pam_line_has(line, MODULE_FILE))
                continue;
            check_line(exam, file, line);
            if (is_one_of(line->word, (const char *const *)modules.list, modules.count))
                continue;
            check_module(exam, file, line);
            if (!name_list_add(&modules, line->word))
                exam->findings.failed = true;
        }
    }
    name_list_clear(&modules);
}

/* Guarded, and of no app: where people become somebody. */
static bool is_closed(const struct examination *exam, const char *service)
{
    const struct asp_conf *conf = exam->admin->conf;

    return conf != NULL && asp_names_contain(&conf->guarded, conf->guarded.count, service) &&
           asp_scope_listed(conf, service) == NULL;
}

/* A file that others bring in is a service as well when it is guarded under its name. */
static bool is_service(const struct examination *exam, const struct pam_file *file)
{
    const struct asp_conf *conf = exam->admin->conf;

    if (file->name[0] == '/')
        return false;
    return !file->included ||
           (conf != NULL && asp_names_contain(&conf->guarded, conf->guarded.count, file->name));
}

static void tell_guarded(struct examination *exam, const struct pam_file *service,
                         const struct pam_entry *entry)
{
    if (!is_new(entry->line, TOLD_GUARDED))
        return;
    if (is_shared(entry->file)) {
        finding_fault(&exam->findings, CHECK_PAM,
                      "%s:%zu asks pam_asp for every service that brings this file in, sudo and su "
                      "among them",
                      entry->file->path, entry->line->number);
        finding_fix(&exam->findings, "take that line out, and give each service that is meant a "
                                     "stack of its own; see Stacks in pam_asp(8)");
    } else {
        finding_fault(&exam->findings, CHECK_PAM, "%s:%zu asks pam_asp for the guarded service %s",
                      entry->file->path, entry->line->number, service->name);
        finding_fix(&exam->findings,
                    "take that line out; if it is meant, put %s into an app in "
                    "asp.conf, whose app passwords then open it",
                    service->name);
    }
}

/* The answers to an app password that is refused, when all that others ask for is given. */
static enum reply answer_refused(const struct pam_entry *entry, void *context)
{
    (void)context;
    if (is_ours(entry) || pam_line_has(entry->line, "pam_deny.so"))
        return REPLY_AUTH_ERR;
    if (pam_line_has(entry->line, "pam_faillock.so") && entry->line->argument_count > 0 &&
        is_one_of("authfail", entry->line->arguments, (size_t)entry->line->argument_count))
        return REPLY_AUTH_ERR;
    return REPLY_SUCCESS;
}

/* The answers to an app password that is right, when the primary's time is over. */
static enum reply answer_aged(const struct pam_entry *entry, void *context)
{
    static const char *const of_primary[] = {"pam_unix.so", "pam_sss.so", "pam_ldap.so",
                                             "pam_krb5.so", "pam_winbind.so"};

    (void)context;
    if (line_has_one_of(entry->line, of_primary, COUNT(of_primary)))
        return REPLY_NEW_AUTHTOK_REQD;
    return pam_line_has(entry->line, "pam_deny.so") ? REPLY_PERM_DENIED : REPLY_SUCCESS;
}

/* What is to bar everybody stands above the line that ends the account lines. */
static void check_bars(struct examination *exam, const struct pam_file *file,
                       const struct pam_stack *account)
{
    static const char *const bars[] = {"pam_nologin.so", "pam_access.so", "pam_time.so",
                                       "pam_listfile.so", "pam_shells.so"};
    const struct pam_entry *ours = NULL;

    for (size_t i = 0; i < account->count; i++) {
        const struct pam_entry *entry = &account->entries[i];

        if (is_ours(entry) && entry->line->actions[REPLY_SUCCESS] == ACTION_DONE)
            ours = entry;
        if (ours == NULL || !line_has_one_of(entry->line, bars, COUNT(bars)))
            continue;
        finding_note(&exam->findings, CHECK_PAM,
                     "%s: the account line of pam_asp (%s:%zu) stands above %s, which bars no app "
                     "password there",
                     file->path, ours->file->path, ours->line->number, entry->line->word);
        return;
    }
}

static void check_account(struct examination *exam, const struct pam_file *file)
{
    struct pam_stack account = {0};

    pam_folder_stack(&exam->pam, file, FACILITY_ACCOUNT, &account);
    if (pam_stack_ask(&account, 0, answer_aged, NULL) != REPLY_SUCCESS) {
        finding_fault(&exam->findings, CHECK_PAM,
                      "%s: no account line lets an app password in when the primary password is "
                      "too old",
                      file->path);
        finding_fix(&exam->findings,
                    "put `account sufficient " MODULE_FILE "` above the line of pam_unix there");
    }
    check_bars(exam, file, &account);
    pam_stack_free(&account);
}

/* True when the service asks for app passwords, by a line of its own or of what it brings in. */
static bool check_auth(struct examination *exam, const struct pam_file *file,
                       const struct pam_stack *auth)
{
    bool asks = false;
    bool closed = is_closed(exam, file->name);

    for (size_t i = 0; i < auth->count; i++) {
        const struct pam_entry *entry = &auth->entries[i];

        if (!is_ours(entry))
            continue;
        if (closed || is_shared(entry->file)) {
            tell_guarded(exam, file, entry);
            continue;
        }
        asks = true;
        if (pam_stack_ask(auth, i, answer_refused, NULL) != REPLY_SUCCESS ||
            !is_new(entry->line, TOLD_REFUSED))
            continue;
        finding_fault(&exam->findings, CHECK_PAM,
                      "%s:%zu: what pam_asp refuses there, a revoked app password too, goes on to "
                      "the lines below",
                      entry->file->path, entry->line->number);
        finding_fix(&exam->findings, "write `required` where app passwords alone open it, else "
                                     "the brackets of asp-either; see Stacks in pam_asp(8)");
    }
    return asks;
}

static bool check_service(struct examination *exam, const struct pam_file *file)
{
    struct pam_stack auth = {0};
    bool asks;

    pam_folder_stack(&exam->pam, file, FACILITY_AUTH, &auth);
    asks = check_auth(exam, file, &auth);
    if (asks)
        check_account(exam, file);
    pam_stack_free(&auth);
    return asks;
}

void examine_pam(struct examination *exam)
{
    struct findings *findings = &exam->findings;
    size_t faults = findings->faults;
    struct name_list services = {0};
    struct asp_buffer list = {0};

    check_lines(exam);
    for (size_t i = 0; i < exam->pam.count; i++) {
        const struct pam_file *file = exam->pam.files[i];

        if (is_service(exam, file) && strcmp(file->name, SELF_SERVICE) != 0 &&
            check_service(exam, file) && !name_list_add(&services, file->name))
            findings->failed = true;
    }
    if (services.count > 0 && findings->faults == faults)
        finding_ok(findings, CHECK_PAM, "app passwords are asked for by %s",
                   exam_names(exam, &list, &services));
    else if (findings_none_of(findings, CHECK_PAM))
        finding_note(findings, CHECK_PAM,
                     "no service in /etc/pam.d asks pam_asp: see Stacks in "
                     "pam_asp(8)");
    asp_buffer_free(&list);
    name_list_clear(&services);
}
