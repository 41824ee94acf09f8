/* doctor: the units that are shipped, and whether they may write where the store is. What systemd
 * itself says is not asked for that: the files say it also where it does not run. */
#include "units.h"

#include "asp/buffer.h"
#include "asp/shell_word.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OWN_FOLDER "/etc/systemd/system"
#define DROP_IN "asp-store.conf"   /* ours, in the folder of a unit */
#define RUNS "/run/systemd/system" /* sd_booted(3) */

/* In the order in which one hides the others: systemd.unit(5). */
static const char *const folders[] = {OWN_FOLDER, "/run/systemd/system",
                                      "/usr/local/lib/systemd/system", "/usr/lib/systemd/system",
                                      "/lib/systemd/system"};

#define FOLDERS (sizeof folders / sizeof *folders)

/* What a unit may write. */
struct unit {
    const char *name;
    const char *store;
    bool hidden;   /* ProtectHome: what is in home folders is not seen */
    bool strict;   /* ProtectSystem: nothing but what is named */
    bool full;     /* nothing below /usr, /boot, /efi and /etc but that */
    bool names;    /* something may be written */
    bool writable; /* the store is in something that is named */
};

static bool find_unit(const char *unit, char path[PATH_MAX])
{
    for (size_t i = 0; i < FOLDERS; i++) {
        (void)snprintf(path, PATH_MAX, "%s/%s", folders[i], unit);
        if (access(path, R_OK) == 0)
            return true;
    }
    return false;
}

bool units_run(void)
{
    return access(RUNS, F_OK) == 0;
}

bool unit_is_there(const char *unit)
{
    char path[PATH_MAX];

    return find_unit(unit, path);
}

bool unit_fix_start(struct findings *findings, const char *unit)
{
    char path[PATH_MAX];

    if (!units_run() || !find_unit(unit, path))
        return false;
    finding_fix_command(findings, true,
                        (const char *[]){"systemctl", "enable", "--now", unit, NULL});
    return true;
}

bool unit_fix_restart(struct findings *findings, const char *const units[], size_t count)
{
    char path[PATH_MAX];

    for (size_t i = 0; units_run() && i < count && units[i] != NULL; i++) {
        if (!find_unit(units[i], path))
            continue;
        finding_fix_command(findings, false,
                            (const char *[]){"systemctl", "restart", units[i], NULL});
        return true;
    }
    return false;
}

/* True for the path itself and for what is below it. */
static bool is_in(const char *path, const char *folder)
{
    size_t length = strlen(folder);

    while (length > 1 && folder[length - 1] == '/')
        length--;
    return strncmp(path, folder, length) == 0 &&
           (length == 1 || path[length] == '\0' || path[length] == '/');
}

/* The next word of a list, in quotation marks or as it stands, with %% made %: systemd.syntax(7).
 */
static char *next_word(char **at)
{
    char *word = *at + strspn(*at, " \t");
    char *to = word;
    char *end;

    if (*word == '\0')
        return NULL;
    word += *word == '"';
    end = word + strcspn(word, *to == '"' ? "\"" : " \t");
    *at = end + (*end != '\0');
    for (char *from = to = word; from < end; from++) {
        *to++ = *from;
        from += from[0] == '%' && from[1] == '%';
    }
    *to = '\0';
    return word;
}

/* Each path in a list; an empty list takes those before it away. */
static void read_writable(struct unit *unit, char *value)
{
    char *word = next_word(&value);

    unit->names = word != NULL;
    unit->writable = unit->writable && word != NULL;
    for (; word != NULL; word = next_word(&value)) {
        word += strspn(word, "-+");
        unit->writable = unit->writable || is_in(unit->store, word);
    }
}

/* A unit_setting. */
static void take_setting(void *context, const char *key, char *value)
{
    struct unit *unit = context;

    if (strcmp(key, "ReadWritePaths") == 0) {
        read_writable(unit, value);
    } else if (strcmp(key, "ProtectSystem") == 0) {
        unit->strict = strcmp(value, "strict") == 0;
        unit->full = strcmp(value, "full") == 0;
    } else if (strcmp(key, "ProtectHome") == 0) {
        unit->hidden = strcmp(value, "read-only") != 0 && strcmp(value, "no") != 0 &&
                       strcmp(value, "false") != 0;
    }
}

static void read_line(char *line, unit_setting *take, void *context)
{
    char *value = strchr(line, '=');

    line += strspn(line, " \t");
    if (value == NULL || line[0] == '#' || line[0] == ';')
        return;
    *value++ = '\0';
    line[strcspn(line, " \t")] = '\0';
    take(context, line, value + strspn(value, " \t"));
}

static void read_unit_file(struct examination *exam, const char *path, unit_setting *take,
                           void *context)
{
    char *text = exam_text(exam, path);
    char *rest = NULL;

    for (char *line = text != NULL ? strtok_r(text, "\n", &rest) : NULL; line != NULL;
         line = strtok_r(NULL, "\n", &rest))
        read_line(line, take, context);
    free(text);
}

static bool is_drop_in(const char *name)
{
    size_t length = strlen(name);

    return length > 5 && strcmp(name + length - 5, ".conf") == 0;
}

/* systemd takes drop-ins of all folders by their names; what is in one more folder is told apart by
 * nothing here. */
static void read_drop_ins(struct examination *exam, const char *unit, unit_setting *take,
                          void *context)
{
    for (size_t i = FOLDERS; i-- > 0;) {
        char path[PATH_MAX];
        struct dirent **items = NULL;
        int count;

        (void)snprintf(path, sizeof path, "%s/%s.d", folders[i], unit);
        count = scandir(path, &items, NULL, alphasort);
        for (int k = 0; k < count; k++) {
            (void)snprintf(path, sizeof path, "%s/%s.d/%s", folders[i], unit, items[k]->d_name);
            if (is_drop_in(items[k]->d_name))
                read_unit_file(exam, path, take, context);
            free(items[k]);
        }
        free(items);
    }
}

bool units_read(struct examination *exam, const char *unit, unit_setting *take, void *context)
{
    char path[PATH_MAX];

    if (!find_unit(unit, path))
        return false;
    read_unit_file(exam, path, take, context);
    read_drop_ins(exam, unit, take, context);
    return true;
}

void unit_add_drop_in(struct asp_buffer *out, const char *unit, const char *file,
                      const char *const lines[], size_t count)
{
    asp_buffer_add(out, "mkdir -p " OWN_FOLDER "/");
    asp_buffer_add(out, unit);
    asp_buffer_add(out, ".d && printf '%s\\n'");
    for (size_t i = 0; i < count; i++) {
        asp_buffer_add(out, " ");
        asp_shell_word_add(out, lines[i]);
    }
    asp_buffer_add(out, " >" OWN_FOLDER "/");
    asp_buffer_add(out, unit);
    asp_buffer_add(out, ".d/");
    asp_buffer_add(out, file);
    if (!units_run())
        return;
    asp_buffer_add(out, " && systemctl daemon-reload && systemctl try-restart ");
    asp_buffer_add(out, unit);
}

static bool is_at_home(const struct unit *unit)
{
    return is_in(unit->store, "/home") || is_in(unit->store, "/root") ||
           is_in(unit->store, "/run/user");
}

static bool may_write(const struct unit *unit)
{
    static const char *const barred[] = {"/usr", "/boot", "/efi", "/etc"};
    bool in = false;

    for (size_t i = 0; i < sizeof barred / sizeof *barred; i++)
        in = in || is_in(unit->store, barred[i]);
    if (unit->hidden && is_at_home(unit))
        return false;
    return unit->writable || !(unit->strict || (unit->full && in));
}

/* The store as a unit's list has it: in quotation marks where it would be cut, without a meaning of
 * %'s. */
static void add_unit_path(struct asp_buffer *out, const char *sign, const char *path)
{
    const char *quote = path[strcspn(path, " \t")] != '\0' ? "\"" : "";

    asp_buffer_add(out, quote);
    asp_buffer_add(out, sign);
    for (; *path != '\0'; path++)
        asp_buffer_add_bytes(out, *path == '%' ? "%%" : path, *path == '%' ? 2 : 1);
    asp_buffer_add(out, quote);
}

/* By the sign the unit starts where the store is missing, and says so. */
static void add_drop_in(struct asp_buffer *out, const struct unit *unit)
{
    struct asp_buffer mounted = {0};
    struct asp_buffer writable = {0};
    const char *lines[] = {"[Unit]", NULL, "[Service]", NULL, "ProtectHome=read-only"};

    asp_buffer_add(&mounted, "RequiresMountsFor=");
    add_unit_path(&mounted, "", unit->store);
    asp_buffer_add(&writable, "ReadWritePaths=");
    add_unit_path(&writable, "-", unit->store);
    lines[1] = mounted.failed ? "" : mounted.text;
    lines[3] = writable.failed ? "" : writable.text;
    unit_add_drop_in(out, unit->name, DROP_IN, lines, is_at_home(unit) ? 5 : 4);
    out->failed = out->failed || mounted.failed || writable.failed;
    asp_buffer_free(&mounted);
    asp_buffer_free(&writable);
}

/* One that was made for a store which is another now: the unit may write there, and does not start
 * where what it names has to be mounted and is not. */
static void check_drop_in(struct examination *exam, const char *name)
{
    struct unit unit = {.name = name, .store = exam->admin->conf->store};
    char path[PATH_MAX];

    (void)snprintf(path, sizeof path, OWN_FOLDER "/%s.d/" DROP_IN, name);
    read_unit_file(exam, path, take_setting, &unit);
    if (!unit.names || unit.writable)
        return;
    finding_fault(&exam->findings, CHECK_STORE,
                  "%s names another folder than %s, where the store is", path, unit.store);
    finding_fix_command(&exam->findings, false, (const char *[]){"rm", path, NULL});
    if (!units_run())
        return;
    finding_fix_command(&exam->findings, false,
                        (const char *[]){"systemctl", "daemon-reload", NULL});
    finding_fix_command(&exam->findings, false,
                        (const char *[]){"systemctl", "try-restart", name, NULL});
}

static void check_unit(struct examination *exam, const char *name, const char *lost)
{
    struct unit unit = {.name = name, .store = exam->admin->conf->store};
    struct asp_buffer drop_in = {0};

    if (!units_read(exam, name, take_setting, &unit))
        return;
    if (may_write(&unit)) {
        check_drop_in(exam, name);
        return;
    }
    add_drop_in(&drop_in, &unit);
    finding_fault(&exam->findings, CHECK_STORE, "%s may not write %s, where the store is: %s", name,
                  unit.store, lost);
    exam->findings.failed = exam->findings.failed || drop_in.failed;
    finding_fix_script(&exam->findings, drop_in.failed ? "" : drop_in.text);
    asp_buffer_free(&drop_in);
}

void examine_units(struct examination *exam)
{
    if (strcmp(exam->conf_path, ASP_CONF_DEFAULT) != 0)
        return; /* they read that one */
    check_unit(exam, UNIT_BROKER,
               "for services that are not root no app password is bound, and no last use kept");
    check_unit(exam, UNIT_WATCH, "it does not start, and nothing is revoked by it");
    check_unit(exam, UNIT_SELF, "users cannot change their own app passwords");
}
