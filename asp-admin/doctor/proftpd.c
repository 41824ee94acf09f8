/* doctor: what ProFTPD's configuration makes of app passwords. */
#include "proftpd.h"

#include "setting.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PROFTPD_ORDER "mod_auth_pam.c* mod_auth_unix.c"

/* What was read of ProFTPD. */
struct proftpd {
    struct examination *exam;
    const struct pam_file *asking;
    struct name_list read; /* files and folders, each once */
    bool is_ordered;       /* an AuthOrder stands in one of them */
};

static bool is_off(const char *value)
{
    return strcasecmp(value, "off") == 0 || strcasecmp(value, "no") == 0 ||
           strcasecmp(value, "false") == 0 || strcmp(value, "0") == 0;
}

static void judge_order(struct proftpd *look, const char *path, size_t number, const char *order)
{
    look->is_ordered = true;
    if (strncasecmp(order, "mod_auth_pam.c*", strlen("mod_auth_pam.c*")) == 0)
        return;
    finding_fault(&look->exam->findings, CHECK_BESIDE_PAM,
                  "%s:%zu: ProFTPD asks others where PAM has refused, so that the primary password "
                  "opens it whatever %s says: AuthOrder is %s",
                  path, number, look->asking->path, order);
    setting_fix(look->exam, "AuthOrder", " \\t", "AuthOrder " PROFTPD_ORDER, path);
}

static void judge_pam(struct proftpd *look, const char *path, size_t number, const char *value)
{
    if (!is_off(value))
        return;
    finding_fault(&look->exam->findings, CHECK_BESIDE_PAM,
                  "%s:%zu has AuthPAM off: ProFTPD lets the primary password in, and asks PAM, "
                  "that is %s, for nothing",
                  path, number, look->asking->path);
    setting_fix(look->exam, "AuthPAM", " \\t", "AuthPAM on", path);
}

/* By what it is, since links give a file many names. */
static bool is_read(struct proftpd *look, const struct stat *st)
{
    char key[64];

    (void)snprintf(key, sizeof key, "%ju:%ju", (uintmax_t)st->st_dev, (uintmax_t)st->st_ino);
    for (size_t i = 0; i < look->read.count; i++) {
        if (strcmp(look->read.list[i], key) == 0)
            return true;
    }
    if (!name_list_add(&look->read, key))
        look->exam->findings.failed = true;
    return look->exam->findings.failed;
}

static void read_proftpd(struct proftpd *look, const char *pattern);

/* Each line counts, whatever block it stands in: a virtual host has an order of its own. */
/* NOLINTNEXTLINE(misc-no-recursion): each file is read once */
static void read_proftpd_text(struct proftpd *look, const char *path, char *text)
{
    char *rest = text;

    for (size_t number = 1; rest != NULL; number++) {
        char *line = strsep(&rest, "\n");
        char *value = setting_value(line, "AuthOrder", " \t");

        if (value != NULL) {
            judge_order(look, path, number, value);
        } else if ((value = setting_value(line, "AuthPAM", " \t")) != NULL) {
            judge_pam(look, path, number, value);
        } else if ((value = setting_value(line, "Include", " \t")) != NULL) {
            value += value[0] == '"';
            value[strcspn(value, "\"")] = '\0';
            read_proftpd(look, value);
        }
    }
}

/* Those of a pattern, and of a folder all that are in it, with what they include. */
/* NOLINTNEXTLINE(misc-no-recursion): each file is read once */
static void read_proftpd(struct proftpd *look, const char *pattern)
{
    char within[PATH_MAX];
    glob_t paths;

    if (pattern[0] != '/')
        return;
    exam_glob(look->exam, pattern, &paths);
    for (size_t i = 0; i < paths.gl_pathc; i++) {
        const char *path = paths.gl_pathv[i];
        struct stat st;
        char *text;

        if (stat(path, &st) != 0 || is_read(look, &st))
            continue;
        if (S_ISDIR(st.st_mode)) {
            (void)snprintf(within, sizeof within, "%s/*", path);
            read_proftpd(look, within);
            continue;
        }
        text = exam_text(look->exam, path);
        if (text != NULL)
            read_proftpd_text(look, path, text);
        free(text);
    }
    globfree(&paths);
}

void examine_proftpd(struct examination *exam)
{
    static const char *const services[] = {"proftpd", "ftp", NULL};
    static const char *const files[] = {"/etc/proftpd.conf", "/etc/proftpd/proftpd.conf",
                                        "/etc/proftpd/conf.d/*.conf"};
    struct proftpd look = {.exam = exam, .asking = exam_first_asking(exam, services)};

    if (look.asking == NULL)
        return;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        read_proftpd(&look, files[i]);
    if (look.read.count > 0 && !look.is_ordered) {
        finding_fault(&exam->findings, CHECK_BESIDE_PAM,
                      "ProFTPD asks others where PAM has refused, so that the primary password "
                      "opens it whatever %s says: there is no AuthOrder",
                      look.asking->path);
        finding_fix_script(&exam->findings, "printf '%s\\n' '<Global>' 'AuthOrder " PROFTPD_ORDER
                                            "' '</Global>' >/etc/proftpd/conf.d/asp-order.conf");
    }
    name_list_clear(&look.read);
}
