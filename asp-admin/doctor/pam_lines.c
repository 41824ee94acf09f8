/* doctor: the lines of PAM files that name the module, each by itself. */
#include "pam_lines.h"

#include "asp-admin/app.h"
#include "asp/buffer.h"
#include "asp/nearest.h"
#include "pam_asp/arguments.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The module that a line names is there, and root's. */
static void check_module(struct examination *exam, const struct pam_file *file,
                         const struct pam_line *line)
{
    struct findings *findings = &exam->findings;
    const char *module = line->word;
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
            finding_fix_command(findings, true, (const char *const[]){"chmod", "ug-s", real, NULL});
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

/* It asks for a scope that no app password has, but those of any app. */
static void tell_no_app(struct examination *exam, const char *place, const char *app)
{
    const struct asp_conf *conf = exam->admin->conf;
    struct asp_nearest nearest = {.typed = app};

    for (size_t i = 0; i < conf->app_count; i++) {
        asp_nearest_try(&nearest, conf->apps[i].name);
        for (size_t k = 0; k < conf->apps[i].services.count; k++)
            asp_nearest_try(&nearest, conf->apps[i].services.names[k]);
    }
    finding_fault(&exam->findings, CHECK_PAM,
                  "%s has app=%s: no app of asp.conf is called so, and no service of /etc/pam.d; "
                  "an app password for another app does not open it",
                  place, app);
    if (nearest.word != NULL)
        finding_fix(&exam->findings,
                    "write app=%s there, if that is meant; asp-admin apps shows "
                    "which there are",
                    nearest.word);
    else
        finding_fix(&exam->findings, "write the name of an app there, of those that asp-admin apps "
                                     "shows, or take app= out");
}

static void check_line(struct examination *exam, const struct pam_file *file, struct pam_line *line)
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
        tell_no_app(exam, place, arguments.app);
        line->told |= TOLD_NO_APP;
    }
}

/* The first line of the file that has a carriage return in its words, or 0. */
static size_t find_return(const struct pam_file *file)
{
    const char *at = file->whole;

    for (size_t number = 1; at != NULL && *at != '\0'; number++) {
        if (memchr(at, '\r', strcspn(at, "#\n")) != NULL)
            return number;
        at = strchrnul(at, '\n');
        at += *at == '\n';
    }
    return 0;
}

static bool has_ours(const struct pam_file *file)
{
    for (size_t i = 0; file != NULL && i < file->count; i++) {
        if (pam_line_has(&file->lines[i], MODULE_FILE) ||
            pam_line_has(&file->lines[i], MODULE_FILE "\r"))
            return true;
    }
    return false;
}

/* The file that a line brings in, or would without a carriage return. */
static const struct pam_file *brought_in(struct pam_folder *folder, const struct pam_line *line)
{
    char name[NAME_MAX + 1];

    if (line->kind != LINE_INCLUDE && line->kind != LINE_SUBSTACK)
        return NULL;
    (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(line->word, "\r"), line->word);
    return pam_folder_find(folder, name);
}

/* True for a file that names the module, also where libpam does not see that it does. */
static bool names_ours(struct pam_folder *folder, const struct pam_file *file)
{
    bool found = has_ours(file);

    for (size_t i = 0; i < file->count && !found; i++)
        found = has_ours(brought_in(folder, &file->lines[i]));
    return found;
}

/* A stack of ours that is not there: none of its lines says so. */
static bool is_lost(struct pam_folder *folder, const struct pam_line *line)
{
    return (line->kind == LINE_INCLUDE || line->kind == LINE_SUBSTACK) &&
           strncmp(line->word, "asp-", 4) == 0 && pam_folder_find(folder, line->word) == NULL;
}

static bool is_slip(const struct pam_line *line)
{
    return line->fails || line->kind == LINE_BROKEN;
}

bool pam_lines_are_misread(struct pam_folder *folder, const struct pam_file *file)
{
    bool misread = file->is_cut || file->torn > 0 || find_return(file) > 0;
    bool lost = false;

    for (size_t i = 0; i < file->count; i++) {
        misread = misread || is_slip(&file->lines[i]);
        lost = lost || is_lost(folder, &file->lines[i]);
    }
    return lost || (misread && names_ours(folder, file));
}

static void check_lost(struct examination *exam, const struct pam_file *file)
{
    for (size_t i = 0; i < file->count; i++) {
        if (!is_lost(&exam->pam, &file->lines[i]))
            continue;
        finding_fault(&exam->findings, CHECK_PAM,
                      "%s:%zu brings in %s, and there is no such file in /etc/pam.d: nobody gets "
                      "in",
                      file->path, file->lines[i].number, file->lines[i].word);
        finding_fix(&exam->findings, "write its name right, or copy the stack of that name to "
                                     "/etc/pam.d; see Stacks in pam_asp(8)");
        return;
    }
}

static void tell_return(struct examination *exam, const struct pam_file *file, size_t number)
{
    const char *const words[] = {"sed", "-i", "s/\\r$//", file->path, NULL};

    finding_fault(&exam->findings, CHECK_PAM,
                  "%s:%zu ends with a carriage return, as lines of Windows do: libpam takes it for "
                  "a part of the word, and nobody gets in",
                  file->path, number);
    finding_fix_command(&exam->findings, false, words);
}

/* What libpam makes of a slip in a file of ours. */
static void check_slips(struct examination *exam, const struct pam_file *file)
{
    for (size_t i = 0; i < file->count; i++) {
        const struct pam_line *line = &file->lines[i];

        if (!is_slip(line))
            continue;
        finding_fault(&exam->findings, CHECK_PAM,
                      "%s:%zu is no line that libpam understands: it fails, and nobody gets in",
                      file->path, line->number);
        finding_fix(&exam->findings, "write it as pam.conf(5) has it: auth, account, password or "
                                     "session, what is done upon an answer, and a module");
    }
    if (file->torn > 0) {
        finding_fault(
            &exam->findings, CHECK_PAM,
            "%s:%zu goes on behind a comment or an empty line: libpam before 1.7 reads it "
            "so, and later ones end it there",
            file->path, file->torn);
        finding_fix(&exam->findings,
                    "take out what stands between a backslash and the line that it "
                    "goes on in");
    }
    if (!file->is_cut)
        return;
    finding_fault(&exam->findings, CHECK_PAM,
                  "%s ends with a backslash, as if its last line went on: libpam refuses all of "
                  "it, and nobody gets in",
                  file->path);
    finding_fix(&exam->findings, "take that backslash out");
}

/* A module that is missing is told of each file that names it; what else is wrong with one, once.
 */
static void check_modules(struct examination *exam, const struct pam_file *file,
                          struct name_list *known)
{
    struct name_list missing = {0};

    for (size_t i = 0; i < file->count; i++) {
        struct pam_line *line = &file->lines[i];
        struct name_list *told;

        if (!pam_line_has(line, MODULE_FILE))
            continue;
        check_line(exam, file, line);
        told = pam_folder_misses(line->word) ? &missing : known;
        if (name_list_has(told, line->word))
            continue;
        check_module(exam, file, line);
        if (!name_list_add(told, line->word))
            exam->findings.failed = true;
    }
    name_list_clear(&missing);
}

void examine_pam_lines(struct examination *exam)
{
    struct name_list known = {0};

    for (size_t i = 0; i < exam->pam.count; i++) {
        const struct pam_file *file = exam->pam.files[i];
        size_t number = find_return(file);

        if (number > 0 && names_ours(&exam->pam, file)) {
            tell_return(exam, file, number);
            continue;
        }
        check_lost(exam, file);
        if (!names_ours(&exam->pam, file))
            continue;
        check_slips(exam, file);
        check_modules(exam, file, &known);
    }
    name_list_clear(&known);
}
