/* doctor: what ProFTPD's configuration makes of app passwords. */
#include "proftpd.h"

#include "setting.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PROFTPD_ORDER "mod_auth_pam.c* mod_auth_unix.c"

/* A server: that of the file as a whole, or one of a <VirtualHost>. Each has a configuration of its
 * own, and shares with the others what stands in <Global>. */
struct server {
    bool is_ordered; /* it has an AuthOrder */
    bool is_closed;  /* by Port 0 */
};

/* Where a line stands; above these are the virtual hosts, in a row. */
enum { IN_MAIN, IN_GLOBAL, IN_HOST };

/* What was read of ProFTPD. */
struct proftpd {
    struct examination *exam;
    const struct pam_file *asking;
    struct name_list read; /* files and folders, and in which place each */
    struct name_list bare; /* the servers without an AuthOrder */
    struct server outer;   /* beside all others */
    struct server host;    /* the one in which the line stands */
    struct server global;
    size_t place;              /* where the line stands */
    size_t hosts;              /* how many there were */
    char begin[PATH_MAX + 32]; /* of the host */
    bool is_first;             /* the file was not read before */
    bool is_included;          /* by another one */
};

static struct server *server_of(struct proftpd *look)
{
    return look->place == IN_MAIN     ? &look->outer
           : look->place == IN_GLOBAL ? &look->global
                                      : &look->host;
}

static void add_bare(struct proftpd *look, const struct server *server, const char *name)
{
    if (!server->is_ordered && !server->is_closed && !name_list_add(&look->bare, name))
        look->exam->findings.failed = true;
}

static bool is_off(const char *value)
{
    return strcasecmp(value, "off") == 0 || strcasecmp(value, "no") == 0 ||
           strcasecmp(value, "false") == 0 || strcmp(value, "0") == 0;
}

static void judge_order(struct proftpd *look, const char *path, size_t number, const char *order)
{
    server_of(look)->is_ordered = true;
    if (!look->is_first || strncasecmp(order, "mod_auth_pam.c*", strlen("mod_auth_pam.c*")) == 0)
        return;
    finding_fault(&look->exam->findings, CHECK_BESIDE_PAM,
                  "%s:%zu: ProFTPD asks others where PAM has refused, so that the primary password "
                  "opens it whatever %s says: AuthOrder is %s",
                  path, number, look->asking->path, order);
    setting_fix(look->exam, "AuthOrder", " \\t", "AuthOrder " PROFTPD_ORDER, path);
}

static void judge_pam(struct proftpd *look, const char *path, size_t number, const char *value)
{
    if (!look->is_first || !is_off(value))
        return;
    finding_fault(&look->exam->findings, CHECK_BESIDE_PAM,
                  "%s:%zu has AuthPAM off: ProFTPD lets the primary password in, and asks PAM, "
                  "that is %s, for nothing",
                  path, number, look->asking->path);
    setting_fix(look->exam, "AuthPAM", " \\t", "AuthPAM on", path);
}

static bool is_known(struct proftpd *look, const char *key)
{
    if (name_list_has(&look->read, key))
        return true;
    if (!name_list_add(&look->read, key))
        look->exam->findings.failed = true;
    return look->exam->findings.failed;
}

/* True when it was read in this place before, or one that nothing includes in any; sets is_first
 * otherwise. By what it is, since links give a file many names. */
static bool is_read(struct proftpd *look, const struct stat *st)
{
    char anywhere[64];
    char here[96];

    (void)snprintf(anywhere, sizeof anywhere, "%ju:%ju", (uintmax_t)st->st_dev,
                   (uintmax_t)st->st_ino);
    (void)snprintf(here, sizeof here, "%s in %zu", anywhere, look->place);
    if (is_known(look, here))
        return true;
    look->is_first = !is_known(look, anywhere);
    return !look->is_first && !look->is_included;
}

static void leave_host(struct proftpd *look)
{
    if (look->place >= IN_HOST)
        add_bare(look, &look->host, look->begin);
    look->place = IN_MAIN;
}

static bool begins(const char *line, const char *with)
{
    line += strspn(line, " \t");
    return strncasecmp(line, with, strlen(with)) == 0;
}

/* The lines by which the place changes, once for each. */
static void change_place(struct proftpd *look, const char *path, size_t number, const char *line)
{
    if (!look->is_first)
        return;
    if (begins(line, "<VirtualHost")) {
        leave_host(look);
        look->place = IN_HOST + look->hosts++;
        look->host = (struct server){.is_ordered = false};
        (void)snprintf(look->begin, sizeof look->begin, "the <VirtualHost> of %s:%zu", path,
                       number);
    } else if (begins(line, "<Global>")) {
        leave_host(look);
        look->place = IN_GLOBAL;
    } else if (begins(line, "</VirtualHost>") || begins(line, "</Global>")) {
        leave_host(look);
    }
}

static void read_proftpd(struct proftpd *look, const char *pattern);

/* NOLINTNEXTLINE(misc-no-recursion): each file is read once in each place */
static void include(struct proftpd *look, const char *pattern)
{
    const bool is_first = look->is_first;
    const bool is_included = look->is_included;

    look->is_included = true;
    read_proftpd(look, pattern);
    look->is_included = is_included;
    look->is_first = is_first;
}

/* NOLINTNEXTLINE(misc-no-recursion): each file is read once in each place */
static void read_proftpd_text(struct proftpd *look, const char *path, char *text)
{
    char *rest = text;

    for (size_t number = 1; rest != NULL; number++) {
        char *line = strsep(&rest, "\n");
        char *value = setting_value(line, "AuthOrder", " \t");

        change_place(look, path, number, line);
        if (value != NULL) {
            judge_order(look, path, number, value);
        } else if ((value = setting_value(line, "AuthPAM", " \t")) != NULL) {
            judge_pam(look, path, number, value);
        } else if ((value = setting_value(line, "Include", " \t")) != NULL) {
            value += value[0] == '"';
            value[strcspn(value, "\"")] = '\0';
            include(look, value);
        } else if ((value = setting_value(line, "Port", " \t")) != NULL) {
            server_of(look)->is_closed = strcmp(value, "0") == 0;
        }
    }
}

/* Those of a pattern, and of a folder all that are in it, with what they include. */
/* NOLINTNEXTLINE(misc-no-recursion): each file is read once in each place */
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

static void tell_bare(struct proftpd *look)
{
    struct examination *exam = look->exam;
    struct asp_buffer names = {0};

    finding_fault(&exam->findings, CHECK_BESIDE_PAM,
                  "ProFTPD asks others where PAM has refused, so that the primary password opens "
                  "it whatever %s says: there is no AuthOrder%s%s",
                  look->asking->path, look->hosts > 0 ? " for " : "",
                  look->hosts > 0 ? exam_names(exam, &names, &look->bare) : "");
    finding_fix_script(&exam->findings, "printf '%s\\n' '<Global>' 'AuthOrder " PROFTPD_ORDER
                                        "' '</Global>' >/etc/proftpd/conf.d/asp-order.conf");
    asp_buffer_free(&names);
}

void examine_proftpd(struct examination *exam)
{
    static const char *const services[] = {"proftpd", "ftp", NULL};
    static const char *const files[] = {"/etc/proftpd.conf", "/etc/proftpd/proftpd.conf",
                                        "/etc/proftpd/conf.d/*.conf"};
    struct proftpd look = {.exam = exam, .asking = exam_first_asking(exam, services)};

    if (look.asking == NULL)
        return;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        read_proftpd(&look, files[i]);
        leave_host(&look);
    }
    if (look.read.count > 0)
        add_bare(&look, &look.outer, "the server beside each <VirtualHost>");
    if (look.bare.count > 0 && !look.global.is_ordered)
        tell_bare(&look);
    name_list_clear(&look.read);
    name_list_clear(&look.bare);
}
