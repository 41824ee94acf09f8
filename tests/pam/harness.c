/* Worlds, app passwords and the frame of a program of tests of the module. */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGUMENTS_MAX 32

static char root[WORLD_PATH_MAX / 2];
static Suite *suite;

const char *harness_path(const char *variable)
{
    const char *path = getenv(variable);
    if (path == NULL || path[0] != '/') {
        printf("skipped: %s must name an absolute path; run by meson test\n", variable);
        exit(77);
    }
    return path;
}

bool harness_all(void)
{
    const char *all = getenv("ASP_TEST_ALL");
    return all != NULL && strcmp(all, "1") == 0;
}

void harness_skip(const char *what, const char *why)
{
    printf("skipped: %s: %s\n", what, why);
    (void)fflush(stdout);
}

/* From here on, the process and its children are as on a kernel that has no openat2. */
static bool forbid_openat2(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = sizeof filter / sizeof *filter, .filter = filter};

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0 &&
           syscall(SYS_openat2, -1, NULL, NULL, 0) == -1 && errno == ENOSYS;
}

TCase *harness_case(const char *name)
{
    TCase *tests = tcase_create(name);

    if (suite == NULL)
        suite = suite_create(name);
    suite_add_tcase(suite, tests);
    return tests;
}

TCase *harness_begin(const char *program)
{
    const char *base = getenv("TMPDIR");

    (void)harness_path("ASP_MODULE");
    (void)harness_path("ASP_ADMIN");
    if (geteuid() != 0) {
        printf("skipped: %s needs root\n", program);
        exit(77);
    }
    if (getenv("ASP_TEST_WITHOUT_OPENAT2") != NULL && !forbid_openat2()) {
        printf("skipped: %s without openat2: seccomp is refused\n", program);
        exit(77);
    }
    (void)snprintf(root, sizeof root, "%s/pam_asp-%s-XXXXXX",
                   base != NULL && base[0] == '/' ? base : "/tmp", program);
    if (mkdtemp(root) == NULL || chmod(root, 0755) != 0) {
        perror(root);
        exit(99);
    }
    return harness_case(program);
}

int harness_run(void)
{
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    if (root[0] != '\0')
        folder_remove(root);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

size_t file_read(const char *path, char *out, size_t size)
{
    FILE *file = fopen(path, "re");
    ck_assert_msg(file != NULL, "%s: %s", path, strerror(errno));
    size_t length = fread(out, 1, size, file);
    ck_assert_msg(length < size, "%s is larger than %zu bytes", path, size);
    (void)fclose(file);
    out[length] = '\0';
    return length;
}

bool holds(const char *hay, const char *needle)
{
    return strstr(hay, needle) != NULL;
}

void at_once_since(long long begun, const char *what)
{
    long long most = getenv("ASP_TEST_VALGRIND") != NULL ? 4500 : 1000;
    long long took = now_ms() - begun;
    ck_assert_msg(took < most, "%s takes %lld ms", what, took);
}

/* --- worlds ----------------------------------------------------------------------------------- */

void world_configure(const struct world *world, const char *settings)
{
    char text[8192], fresh[WORLD_PATH_MAX + 8];
    const char *own = settings == NULL ? "" : settings;
    int length =
        snprintf(text, sizeof text, "store = \"%s\";\nvirtual_users = true;\n%s%s\n", world->store,
                 holds(own, "primary:") ? "" : "primary: { source = \"none\"; };\n", own);
    ck_assert(length > 0 && (size_t)length < sizeof text);
    (void)snprintf(fresh, sizeof fresh, "%s.new", world->conf);
    file_write(fresh, text, (size_t)length);
    ck_assert(chmod(fresh, 0644) == 0);
    ck_assert(rename(fresh, world->conf) == 0);
}

void world_make(struct world *world, const char *settings)
{
    char dir[WORLD_PATH_MAX - 16];

    (void)snprintf(dir, sizeof dir, "%s/XXXXXX", root);
    ck_assert(mkdtemp(dir) != NULL && chmod(dir, 0755) == 0);
    (void)snprintf(world->dir, sizeof world->dir, "%s", dir);
    (void)snprintf(world->store, sizeof world->store, "%s/store", dir);
    (void)snprintf(world->conf, sizeof world->conf, "%s/asp.conf", dir);
    (void)snprintf(world->confdir, sizeof world->confdir, "%s/pam.d", dir);
    ck_assert(mkdir(world->confdir, 0755) == 0);
    world_configure(world, settings);
    world_stack(world, "other", "auth required @ASP@\naccount required @ASP@\n");
}

void world_own_etc(const struct world *world)
{
    char command[2 * WORLD_PATH_MAX], etc[WORLD_PATH_MAX + 8];

    (void)snprintf(etc, sizeof etc, "%s/etc", world->dir);
    (void)snprintf(command, sizeof command, "cp -a /etc '%s'", etc);
    ck_assert(system(command) == 0);
    ck_assert_msg(mount(etc, "/etc", "none", MS_BIND, NULL) == 0, "%s", strerror(errno));
}

static void replacement(const struct world *world, const char *name, char *out, size_t size)
{
    const char *module = harness_path("ASP_MODULE");

    if (strcmp(name, "ASP") == 0)
        (void)snprintf(out, size, "%s config=%s", module, world->conf);
    else if (strcmp(name, "MODULE") == 0)
        (void)snprintf(out, size, "%s", module);
    else if (strcmp(name, "CONF") == 0)
        (void)snprintf(out, size, "%s", world->conf);
    else if (strcmp(name, "TAP") == 0)
        (void)snprintf(out, size, "%s %s config=%s", harness_path("ASP_TAP"), module, world->conf);
    else if (strcmp(name, "STANDIN") == 0)
        (void)snprintf(out, size, "%s", harness_path("ASP_STANDIN"));
    else
        ck_abort_msg("@%s@ stands for nothing", name);
}

void world_stack(const struct world *world, const char *service, const char *lines)
{
    char path[2 * WORLD_PATH_MAX], text[8192], name[32];
    size_t used = 0;

    for (const char *at = lines; *at != '\0';) {
        if (sscanf(at, "@%31[A-Z]@", name) == 1 && at[strlen(name) + 1] == '@') {
            replacement(world, name, text + used, sizeof text - used);
            used += strlen(text + used);
            at += strlen(name) + 2;
        } else {
            text[used++] = *at++;
        }
        ck_assert(used + 1 < sizeof text);
    }
    (void)snprintf(path, sizeof path, "%s/%s", world->confdir, service);
    file_write(path, text, used);
}

const char *store_path(const struct world *world, const char *name)
{
    static _Thread_local char path[2 * WORLD_PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/%s", world->store, name);
    return path;
}

/* --- asp-admin -------------------------------------------------------------------------------- */

static int run(char *const argv[], char *out, size_t size)
{
    int ends[2], status = -1;
    size_t used = 0;

    ck_assert(pipe2(ends, O_CLOEXEC) == 0);
    pid_t child = fork();
    ck_assert(child >= 0);
    if (child == 0) {
        if (dup2(ends[1], STDOUT_FILENO) >= 0)
            (void)execv(argv[0], argv);
        _exit(127);
    }
    (void)close(ends[1]);
    for (;;) {
        char rest[4096];
        bool room = used + 1 < size;
        ssize_t got =
            room ? read(ends[0], out + used, size - used - 1) : read(ends[0], rest, sizeof rest);
        if (got <= 0)
            break;
        ck_assert_msg(room, "%s printed more than %zu bytes", argv[0], size);
        used += (size_t)got;
    }
    (void)close(ends[0]);
    ck_assert(waitpid(child, &status, 0) == child);
    ck_assert_msg(WIFEXITED(status), "%s ended by signal %d", argv[0], WTERMSIG(status));
    if (size > 0)
        out[used] = '\0';
    return WEXITSTATUS(status);
}

static int admin_list(const struct world *world, char *out, size_t size, const char *const *before,
                      va_list list)
{
    const char *argv[ARGUMENTS_MAX] = {harness_path("ASP_ADMIN"), "--config", world->conf};
    int count = 3;

    for (; before != NULL && *before != NULL; before++)
        argv[count++] = *before;
    for (const char *next; (next = va_arg(list, const char *)) != NULL;) {
        ck_assert(count + 1 < ARGUMENTS_MAX);
        argv[count++] = next;
    }
    argv[count] = NULL;
    return run((char *const *)(void *)argv, out, size);
}

int admin(const struct world *world, char *out, size_t size, ...)
{
    va_list list;
    va_start(list, size);
    int status = admin_list(world, out, size, NULL, list);
    va_end(list);
    return status;
}

void admin_do(const struct world *world, ...)
{
    char out[65536];
    va_list list;
    va_start(list, world);
    int status = admin_list(world, out, sizeof out, NULL, list);
    va_end(list);
    ck_assert_msg(status == 0, "asp-admin ended with %d", status);
}

void create(const struct world *world, char password[PASSWORD_MAX], const char *user, ...)
{
    const char *before[] = {"create", "--quiet", user, NULL};
    va_list list;

    va_start(list, user);
    int status = admin_list(world, password, PASSWORD_MAX, before, list);
    va_end(list);
    ck_assert_msg(status == 0, "asp-admin create %s ended with %d", user, status);
    password[strcspn(password, "\n")] = '\0';
    ck_assert_msg(strlen(password) == 29, "asp-admin create --quiet printed \"%s\"", password);
}

const char *id_of(const char *password)
{
    static _Thread_local char id[3];
    (void)snprintf(id, sizeof id, "%.2s", password);
    return id;
}

void bare(char out[PASSWORD_MAX], const char *password)
{
    size_t used = 0;
    for (; *password != '\0'; password++) {
        if (*password != '-')
            out[used++] = *password;
    }
    out[used] = '\0';
}

void with_other_secret(char out[PASSWORD_MAX], const char *password)
{
    (void)snprintf(out, PASSWORD_MAX, "%s", password);
    char *last = out + strlen(out) - 1;
    *last = *last == '0' ? '1' : '0';
}
