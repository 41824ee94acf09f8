/* Mounts that are planned and not there. */
#include "unit.h"

#include "asp-admin/system/mount_plan.h"

#include <mntent.h>
#include <sys/stat.h>

static struct mount_plan plan;
static struct mount_missing missing;
static struct asp_error error;

static void write_at(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");

    unit_need(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0, "%s", path);
}

/* A machine with that fstab and no units, on which what really is mounted is. */
static void set_up(const char *fstab)
{
    static char paths[2][UNIT_PATH];
    const char *folder = unit_folder();

    (void)snprintf(paths[0], UNIT_PATH, "%s", unit_path(folder, "fstab"));
    (void)snprintf(paths[1], UNIT_PATH, "%s", unit_path(folder, "units"));
    write_at(paths[0], fstab);
    ck_assert_int_eq(mkdir(paths[1], 0755), 0);
    plan = (struct mount_plan){paths[0], paths[1], "/proc/self/mounts"};
}

static void add_unit(const char *name, const char *text)
{
    write_at(unit_path(plan.units, name), text);
}

static enum asp_status check(const char *path)
{
    return mount_plan_check(&plan, path, &missing, &error);
}

static const char *command(void)
{
    static char line[2 * UNIT_PATH];
    const char *words[MOUNT_WORDS];

    mount_plan_command(&missing, words);
    (void)snprintf(line, sizeof line, "%s %s%s%s", words[0], words[1], words[2] != NULL ? " " : "",
                   words[2] != NULL ? words[2] : "");
    return line;
}

START_TEST(what_fstab_names_and_is_not_mounted_is_missing_there_and_below)
{
    static const char *const below[] = {"/nowhere/asp", "/nowhere/asp/store", "/nowhere/asp/a/b"};
    static const char *const beside[] = {"/nowhere", "/nowhere/as", "/nowhere/aspx", "/"};

    set_up("# a comment /nowhere\nUUID=1 / ext4 defaults 0 1\nUUID=2 none swap sw 0 0\n"
           "LABEL=nope /nowhere/asp/ ext4 nofail 0 2\n");
    for (size_t i = 0; i < UNIT_COUNT(below); i++) {
        ck_assert_int_eq(check(below[i]), ASP_IO);
        ck_assert_str_eq(missing.path, "/nowhere/asp");
        ck_assert_str_eq(command(), "mount /nowhere/asp");
        ck_assert_str_eq(error.advice, "mount /nowhere/asp");
        ck_assert_ptr_nonnull(strstr(error.text, " names /nowhere/asp, and it is not mounted"));
    }
    for (size_t i = 0; i < UNIT_COUNT(beside); i++)
        ck_assert_int_eq(check(beside[i]), ASP_OK);
}
END_TEST

START_TEST(the_outermost_is_mounted_first)
{
    set_up("a /nowhere/asp ext4 defaults 0 0\nb /nowhere ext4 defaults 0 0\nc /nowhere/asp/store "
           "ext4 defaults 0 0\n");
    ck_assert_int_eq(check("/nowhere/asp/store"), ASP_IO);
    ck_assert_str_eq(missing.path, "/nowhere");
}
END_TEST

START_TEST(what_is_mounted_is_well)
{
    set_up("proc /proc proc defaults 0 0\n");
    ck_assert_int_eq(check("/proc/asp"), ASP_OK);
    plan.mounts = "/nowhere/mounts"; /* a root without /proc: the file system tells it */
    ck_assert_int_eq(check("/proc/asp"), ASP_OK);
}
END_TEST

/* As a unit of systemd has what it may write. */
START_TEST(a_folder_that_is_mounted_onto_itself_is_not_what_was_planned)
{
    char text[2 * UNIT_PATH];
    const char *mounts;

    set_up("");
    mounts = unit_path(unit_folder(), "mounts");
    (void)snprintf(text, sizeof text, "/dev/sda1 %s ext4 rw 0 0\n", plan.units);
    write_at(mounts, text);
    write_at(plan.fstab, text);
    plan.mounts = mounts;
    ck_assert_int_eq(check(plan.units), ASP_IO);
    (void)snprintf(text, sizeof text, "/home/asp %s none bind 0 0\n", plan.units);
    write_at(plan.fstab, text);
    ck_assert_int_eq(check(plan.units), ASP_OK);
}
END_TEST

START_TEST(a_unit_of_the_administrators_is_a_plan_too)
{
    set_up("");
    add_unit("nowhere.conf", "[Mount]\nWhere=/nowhere\n");
    add_unit("elsewhere.mount", "[Mount]\nWhat=x\nWhere=/elsewhere\n");
    ck_assert_int_eq(check("/nowhere/asp"), ASP_OK);
    add_unit("nowhere-my\\x20asp.mount", "[Mount]\n# Where=/x\nWhat=x\nWhere = /nowhere/asp/\n");
    ck_assert_int_eq(check("/nowhere/asp/store"), ASP_IO);
    ck_assert_str_eq(missing.path, "/nowhere/asp");
    ck_assert_str_eq(command(), "systemctl start nowhere-my\\x20asp.mount");
    ck_assert_str_eq(error.advice, "systemctl start 'nowhere-my\\x20asp.mount'");
}
END_TEST

/* getmntent(3) is to; that of musl in Debian 12 hands out what is written. */
static bool libc_undoes_escapes(char *line)
{
    FILE *file = fmemopen(line, strlen(line), "r");
    const struct mntent *entry = file != NULL ? getmntent(file) : NULL;
    bool undoes = entry != NULL && strchr(entry->mnt_dir, ' ') != NULL;

    if (file != NULL)
        (void)fclose(file);
    return undoes;
}

START_TEST(a_name_with_a_blank_is_read_and_printed_as_it_is)
{
    char line[] = "a /nowhere/my\\040asp ext4 defaults 0 0\n";

    if (!libc_undoes_escapes(line)) {
        puts("skipped: a name with a blank: this libc hands it out as it is written in fstab");
        return;
    }
    set_up(line);
    ck_assert_int_eq(check("/nowhere/my asp"), ASP_IO);
    ck_assert_str_eq(error.advice, "mount '/nowhere/my asp'");
}
END_TEST

START_TEST(without_a_plan_nothing_is_missing)
{
    plan = (struct mount_plan){"/nowhere/fstab", "/nowhere/units", "/nowhere/mounts"};
    ck_assert_int_eq(check("/nowhere/asp"), ASP_OK);
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, what_fstab_names_and_is_not_mounted_is_missing_there_and_below);
    unit_add(suite, the_outermost_is_mounted_first);
    unit_add(suite, what_is_mounted_is_well);
    unit_add(suite, a_folder_that_is_mounted_onto_itself_is_not_what_was_planned);
    unit_add(suite, a_unit_of_the_administrators_is_a_plan_too);
    unit_add(suite, a_name_with_a_blank_is_read_and_printed_as_it_is);
    unit_add(suite, without_a_plan_nothing_is_missing);
}

int main(void)
{
    return unit_run("mount_plan", fill);
}
