/* The password stack's neighbours, played: the broker, the comparison, and calls that fail. */
#include "password_stack_fixture.h"

#include "pam_asp/pam_log.h"
#include "pam_asp/password_stack.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct told *told;

static struct asp_conf *conf;
const char *folder;
char conf_path[UNIT_PATH];
static struct arguments arguments = {.conf_path = conf_path, .conf_required = true};
static pam_handle_t *const pamh = (pam_handle_t *)&conf; /* nobody looks into it */

enum work work;
enum call failing;
unsigned pauses;
unsigned waits_broken; /* by a signal */
static pid_t caller;

/* What the broker does. */
bool broker_takes;
bool broker_does;
int broker_asked;
int64_t broker_deadline;
char broker_state[ASP_BROKER_CONF_STATE];

void pam_log(const pam_handle_t *to, int level, const char *format, ...)
{
    va_list args;

    (void)level;
    if (to != pamh || told->lines == LINES)
        abort();
    va_start(args, format);
    (void)vsnprintf(told->line[told->lines++], LINE, format, args);
    va_end(args);
}

void log_to_pam(void *to, int level, const char *line)
{
    pam_log(to, level, "%s", line);
}

void look_at_files(void)
{
    DIR *list = opendir("/proc/self/fd");
    char path[64];

    told->files = 0;
    for (struct dirent *entry; (entry = readdir(list)) != NULL;) {
        int fd = atoi(entry->d_name);
        ssize_t length;

        if (entry->d_name[0] == '.' || fd == dirfd(list) || fd >= OF_VALGRIND)
            continue;
        told->files++;
        if (fd >= FILES)
            continue;
        (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        length = readlink(path, told->file[fd], sizeof told->file[fd] - 1);
        told->file[fd][length > 0 ? length : 0] = '\0';
    }
    (void)closedir(list);
}

static void look_at_signals(void)
{
    sigset_t blocked;

    (void)sigprocmask(SIG_SETMASK, NULL, &blocked);
    for (int number = 1; number < NSIG; number++) {
        struct sigaction is;

        if (sigaction(number, NULL, &is) != 0)
            continue;
        told->changed_signal = told->changed_signal || is.sa_handler != SIG_DFL;
        told->blocked_signal = told->blocked_signal || sigismember(&blocked, number) == 1;
    }
}

static void look_at_process(void)
{
    told->session = getsid(0);
    (void)getresuid(&told->uids[0], &told->uids[1], &told->uids[2]);
    (void)getresgid(&told->gids[0], &told->gids[1], &told->gids[2]);
    told->groups = getgroups(0, NULL);
    told->dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
    told->mask = umask(0);
    if (getcwd(told->folder, sizeof told->folder) == NULL)
        told->folder[0] = '\0';
    look_at_signals();
    told->seconds = alarm(0);
    look_at_files();
}

int __real_nanosleep(const struct timespec *length, struct timespec *left);

enum asp_status password_compare(const struct asp_conf *with, struct asp_store_kept *kept,
                                 const char *user, const char *service, login_log_write *log,
                                 void *context, struct asp_error *error)
{
    const struct timespec pause = {.tv_nsec = 1000000};

    (void)kept;
    look_at_process();
    told->compared++;
    (void)snprintf(told->user, sizeof told->user, "%s", user);
    (void)snprintf(told->service, sizeof told->service, "%s", service);
    (void)snprintf(told->store, sizeof told->store, "%s", with->store);
    told->logs_to_pam = log == log_to_pam && context == pamh;
    if (work == DIES)
        (void)raise(SIGKILL);
    if (work == KILLS)
        (void)kill(getppid(), SIGKILL);
    while (work == LINGERS && !told->go_on)
        (void)__real_nanosleep(&pause, NULL);
    return work == FAILS ? asp_fail(error, ASP_IO, "it failed") : ASP_OK;
}

void password_not_compared(login_log_write *log, void *context, const char *user,
                           const struct asp_error *error)
{
    char text[LINE];

    (void)snprintf(text, sizeof text, "%.50s: %.150s", user, error->text);
    log(context, 0, text);
}

bool broker_client_hand_over(const struct asp_conf *with, const struct asp_broker_password *set,
                             int64_t deadline, bool *done)
{
    ck_assert_ptr_nonnull(with);
    ck_assert_str_eq(set->user, "alice");
    ck_assert_str_eq(set->service, "passwd");
    ck_assert_str_eq(set->conf_path, conf_path);
    (void)snprintf(broker_state, sizeof broker_state, "%s", set->conf_state);
    broker_asked++;
    broker_deadline = deadline;
    *done = broker_does;
    return broker_takes;
}

/* Before those of the system. */
static bool fails(enum call call)
{
    errno = call == PIPE ? EMFILE : EAGAIN;
    return call == failing;
}

#define PLAYED(name, call, params, args)                                                           \
    int __real_##name params;                                                                      \
    int __wrap_##name params;                                                                      \
    int __wrap_##name params                                                                       \
    {                                                                                              \
        return fails(call) ? -1 : __real_##name args;                                              \
    }

PLAYED(setsid, SETSID, (void), ())
PLAYED(setgroups, SETGROUPS, (size_t count, const gid_t *groups), (count, groups))
PLAYED(setresgid, SETRESGID, (gid_t real, gid_t effective, gid_t saved), (real, effective, saved))
PLAYED(setresuid, SETRESUID, (uid_t real, uid_t effective, uid_t saved), (real, effective, saved))
PLAYED(chdir, CHDIR, (const char *path), (path))
PLAYED(fork, FORK, (void), ())
PLAYED(pipe2, PIPE, (int ends[2], int flags), (ends, flags))

int __real_dup2(int from, int to);
int __wrap_dup2(int from, int to);
int __wrap_dup2(int from, int to)
{
    static const enum call calls[] = {DUP2_0, DUP2_1, DUP2_2, DUP2_DONE};

    return to < (int)UNIT_COUNT(calls) && fails(calls[to]) ? -1 : __real_dup2(from, to);
}

int __real_prctl(int option, ...);
int __wrap_prctl(int option, ...);
int __wrap_prctl(int option, ...)
{
    unsigned long value;
    va_list args;

    va_start(args, option);
    value = va_arg(args, unsigned long);
    va_end(args);
    return option == PR_SET_DUMPABLE && fails(PRCTL) ? -1 : __real_prctl(option, value, 0L, 0L, 0L);
}

#define PLAYED_LIMIT(name)                                                                         \
    int __real_##name(int resource, const struct rlimit *limit) __attribute__((weak));             \
    int __wrap_##name(int resource, const struct rlimit *limit);                                   \
    int __wrap_##name(int resource, const struct rlimit *limit)                                    \
    {                                                                                              \
        told->limit[resource] = *limit;                                                            \
        return __real_##name(resource, limit);                                                     \
    }

PLAYED_LIMIT(setrlimit)
PLAYED_LIMIT(setrlimit64)

/* For Check a test that ends like that is one that succeeds. */
_Noreturn void __real__exit(int code);
_Noreturn void __wrap__exit(int code);
_Noreturn void __wrap__exit(int code)
{
    if (getpid() == caller)
        abort();
    __real__exit(code);
}

void __real_closelog(void);
void __wrap_closelog(void);
void __wrap_closelog(void)
{
    told->log_is_closed = true;
    __real_closelog();
}

int __wrap_nanosleep(const struct timespec *length, struct timespec *left);
int __wrap_nanosleep(const struct timespec *length, struct timespec *left)
{
    pauses++;
    ck_assert_int_eq(length->tv_sec, 0);
    ck_assert_int_ge(length->tv_nsec, 1000000);
    return __real_nanosleep(length, left);
}

pid_t __real_waitpid(pid_t process, int *status, int options);
pid_t __wrap_waitpid(pid_t process, int *status, int options);
pid_t __wrap_waitpid(pid_t process, int *status, int options)
{
    if (waits_broken > 0) {
        waits_broken--;
        errno = EINTR;
        return -1;
    }
    return __real_waitpid(process, status, options);
}

void configure(const char *source)
{
    char text[2 * UNIT_PATH];

    (void)snprintf(text, sizeof text, "store = \"/var/lib/of-this-test\";\n%s", source);
    file_write(conf_path, text, strlen(text));
}

void begin(void)
{
    told = mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert(told != MAP_FAILED);
    caller = getpid();
    folder = unit_folder();
    (void)snprintf(conf_path, sizeof conf_path, "%s", unit_path(folder, "asp.conf"));
    configure("primary: { source = \"shadow\"; };");
}

void set_password(void)
{
    password_was_set(pamh, &arguments, "alice", "passwd");
}

void was_logged(const char *part)
{
    ck_assert_int_eq(told->lines, 1);
    ck_assert_msg(strstr(told->line[0], part) != NULL, "\"%s\" is not in \"%s\"", part,
                  told->line[0]);
}

pid_t wait_for_child(void)
{
    return __real_waitpid(-1, NULL, 0);
}

bool has_child(void)
{
    return __real_waitpid(-1, NULL, WNOHANG) >= 0 || errno != ECHILD;
}
