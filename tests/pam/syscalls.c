/* A supervisor of system calls, by seccomp's user notification. */
#include "syscalls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define DESCRIPTORS_MAX 64

/* Lives in a mapping that the child shares with the parent. */
struct watch {
    struct syscalls_plan plan;
    struct syscalls_report report;
    atomic_int listener;
    atomic_bool armed;
    bool refused;
    bool known[DESCRIPTORS_MAX]; /* descriptors that were open before */
};

/* Where a long has 32 bits, others have lengths of 64, and on ARM they alone are there. */
#ifndef SYS_newfstatat
#define SYS_newfstatat SYS_fstatat64
#endif
#ifndef SYS_mmap
#define SYS_mmap SYS_mmap2
#endif
#ifndef SYS_getrlimit
#define SYS_getrlimit SYS_ugetrlimit
#endif

static struct watch *watch;

static const struct {
    int number;
    const char *name;
} names[] = {
    {SYS_openat, "openat"},
    {SYS_close, "close"},
    {SYS_read, "read"},
    {SYS_pread64, "pread64"},
    {SYS_write, "write"},
    {SYS_pwrite64, "pwrite64"},
    {SYS_writev, "writev"},
    {SYS_fsync, "fsync"},
    {SYS_fdatasync, "fdatasync"},
    {SYS_renameat, "renameat"},
    {SYS_renameat2, "renameat2"},
    {SYS_newfstatat, "newfstatat"},
    {SYS_fstat, "fstat"},
    {SYS_statx, "statx"},
    {SYS_fcntl, "fcntl"},
    {SYS_flock, "flock"},
    {SYS_fchmod, "fchmod"},
    {SYS_unlinkat, "unlinkat"},
    {SYS_mkdirat, "mkdirat"},
    {SYS_mmap, "mmap"},
    {SYS_munmap, "munmap"},
    {SYS_brk, "brk"},
    {SYS_getrandom, "getrandom"},
    {SYS_futex, "futex"},
    {SYS_socket, "socket"},
    {SYS_connect, "connect"},
    {SYS_sendto, "sendto"},
    {SYS_geteuid, "geteuid"},
    {SYS_getpid, "getpid"},
    {SYS_lseek, "lseek"},
    {SYS_ftruncate, "ftruncate"},
    {SYS_madvise, "madvise"},
    {SYS_mprotect, "mprotect"},
    {SYS_clone, "clone"},
    {SYS_execve, "execve"},
    {SYS_chdir, "chdir"},
    {SYS_fchdir, "fchdir"},
    {SYS_umask, "umask"},
    {SYS_rt_sigaction, "rt_sigaction"},
    {SYS_openat2, "openat2"},
    {SYS_fchown, "fchown"},
    {SYS_linkat, "linkat"},
    {SYS_getrlimit, "getrlimit"},
};

const char *syscalls_name(int number)
{
    static _Thread_local char text[24];

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (names[i].number == number)
            return names[i].name;
    }
    (void)snprintf(text, sizeof text, "call %d", number);
    return text;
}

/* To make these fail tells nothing, or breaks libc's own promises. */
static bool spared(int number)
{
    return number == SYS_exit || number == SYS_exit_group || number == SYS_futex ||
           number == SYS_rt_sigprocmask || number == SYS_rt_sigreturn || number == SYS_getpid ||
           number == SYS_gettid || number == SYS_tgkill || number == SYS_rt_sigaction ||
           number == SYS_geteuid || number == SYS_getuid || number == SYS_getrandom;
}

static bool takes_descriptor(int number)
{
    return number == SYS_close || number == SYS_read || number == SYS_pread64 ||
           number == SYS_write || number == SYS_pwrite64 || number == SYS_writev ||
           number == SYS_fsync || number == SYS_fdatasync || number == SYS_fstat ||
           number == SYS_fcntl || number == SYS_flock || number == SYS_fchmod ||
           number == SYS_ftruncate || number == SYS_lseek || number == SYS_fchown;
}

static bool takes_path(int number)
{
    return number == SYS_openat || number == SYS_newfstatat || number == SYS_statx ||
           number == SYS_renameat || number == SYS_renameat2 || number == SYS_unlinkat ||
           number == SYS_mkdirat || number == SYS_openat2 || number == SYS_linkat;
}

/* The text at AT in the memory of a process, cut where it is longer than there is room. */
static void read_text(pid_t process, uint64_t at, char *text, size_t size)
{
    const struct iovec here = {text, size - 1};
    const struct iovec there = {(void *)(uintptr_t)at, size - 1};
    ssize_t length = process_vm_readv(process, &here, 1, &there, 1, 0);
    text[length < 0 ? 0 : length] = '\0';
}

static void describe(pid_t process, const struct seccomp_data *call)
{
    char link[64], path[256] = "", name[128] = "";
    int number = call->nr;

    if (takes_path(number))
        read_text(process, call->args[1], name, sizeof name);
    if (takes_descriptor(number) || takes_path(number)) {
        (void)snprintf(link, sizeof link, "/proc/%d/fd/%d", process, (int)call->args[0]);
        if (readlink(link, path, sizeof path - 1) < 0)
            path[0] = '\0';
    }
    (void)snprintf(watch->report.note, sizeof watch->report.note, "%s %s%s%s",
                   syscalls_name(number), path, name[0] == '/' || name[0] == '\0' ? "" : "/", name);
}

/* libpam hands each of its own results to the kernel's audit, by a socket that is close-on-exec a
 * call later. */
static bool is_audit(int fd)
{
    int domain = 0;
    socklen_t size = sizeof domain;
    return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_NETLINK;
}

/* libc keeps its own to the log. Of ours none is of datagrams. */
static bool is_log(int fd)
{
    int domain = 0, type = 0;
    socklen_t size = sizeof domain;
    return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_UNIX &&
           getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_DGRAM;
}

static void name_descriptor(int fd, char out[SYSCALLS_NOTE_MAX])
{
    char link[64];
    size_t start;

    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    (void)snprintf(out, SYSCALLS_NOTE_MAX, "descriptor %d: ", fd);
    start = strlen(out);
    if (readlink(link, out + start, SYSCALLS_NOTE_MAX - start - 1) < 0)
        out[start] = '?';
}

/* Those of before are left out, and what others keep or lose. */
static void look_for_left(void)
{
    for (int fd = 0; fd < DESCRIPTORS_MAX; fd++) {
        if (!watch->known[fd] && fcntl(fd, F_GETFD) >= 0 && !is_audit(fd) && !is_log(fd))
            name_descriptor(fd, watch->report.left);
    }
}

/* Every descriptor but those of before must be close-on-exec, at every moment. */
static void check_descriptors(void)
{
    if (watch->report.leaky[0] != '\0')
        return;
    for (int fd = 0; fd < DESCRIPTORS_MAX; fd++) {
        int flags = watch->known[fd] ? -1 : fcntl(fd, F_GETFD);
        if (flags < 0 || (flags & FD_CLOEXEC) != 0 || is_audit(fd))
            continue;
        name_descriptor(fd, watch->report.leaky);
    }
}

/* Does half of a write, here, for who has asked for it. */
static bool do_half(pid_t process, const struct seccomp_data *call,
                    struct seccomp_notif_resp *answer)
{
    const long length = (long)call->args[2];

    if (process != getpid() || (call->nr != SYS_write && call->nr != SYS_pwrite64) || length < 2)
        return false;
    answer->flags = 0;
    answer->val = syscall(call->nr, (long)call->args[0], (long)call->args[1], length / 2,
                          (long)call->args[3], (long)call->args[4], (long)call->args[5]);
    if (answer->val < 0)
        answer->error = -errno;
    return true;
}

/* Decides on one call: what is answered in place of letting it through. */
static void decide(const struct seccomp_notif *asked, struct seccomp_notif_resp *answer)
{
    const struct syscalls_plan *plan = &watch->plan;
    const struct seccomp_data *call = &asked->data;
    const pid_t process = (pid_t)asked->pid;
    struct syscalls_report *report = &watch->report;

    check_descriptors();
    /* To look at a limit changes none. */
    if (report->count < SYSCALLS_SEEN_MAX)
        report->number[report->count] =
            call->nr == SYS_prlimit64 && call->args[2] == 0 ? SYS_getrlimit : call->nr;
    report->count++;
    if (report->count != plan->at)
        return;
    describe(process, call);
    if (plan->kill) {
        (void)kill(process, SIGKILL);
        while (process == getpid())
            (void)pause();
    }
    if (plan->halve)
        report->failed = do_half(process, call, answer);
    if (plan->error == 0 || spared(call->nr))
        return;
    report->failed = true;
    /* The kernel closes even where it reports an error. */
    if (call->nr == SYS_close && process == getpid())
        (void)close((int)call->args[0]);
    answer->flags = 0;
    answer->error = -plan->error;
}

/* The second thread. The first may hold any lock of libc while it waits: nothing here takes one. */
static void *answer_calls(void *unused)
{
    union {
        struct seccomp_notif call;
        char room[512];
    } asked;
    union {
        struct seccomp_notif_resp answer;
        char room[512];
    } said;
    int listener;

    (void)unused;
    while ((listener = atomic_load(&watch->listener)) < 0)
        (void)usleep(100);
    for (;;) {
        memset(&asked, 0, sizeof asked);
        memset(&said, 0, sizeof said);
        /* By number: C libraries do not agree on the type of a request. */
        if (syscall(SYS_ioctl, listener, SECCOMP_IOCTL_NOTIF_RECV, &asked.call) != 0)
            continue;
        said.answer.id = asked.call.id;
        said.answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
        if (atomic_load(&watch->armed))
            decide(&asked.call, &said.answer);
        (void)syscall(SYS_ioctl, listener, SECCOMP_IOCTL_NOTIF_SEND, &said.answer);
    }
    return NULL;
}

static void note_descriptors(void)
{
    for (int fd = 0; fd < DESCRIPTORS_MAX; fd++)
        watch->known[fd] = fcntl(fd, F_GETFD) >= 0;
}

/* The first call installs the filter: what comes before it runs at full speed. */
static void arm(bool on)
{
    struct sock_filter ask[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF)};
    struct sock_fprog program = {.len = 1, .filter = ask};

    if (on && atomic_load(&watch->listener) < 0) {
        note_descriptors();
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
            _exit(1);
        long listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                                SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
        if (listener < 0) {
            watch->refused = true;
            _exit(1);
        }
        if (listener < DESCRIPTORS_MAX)
            watch->known[listener] = true;
        atomic_store(&watch->listener, (int)listener);
    }
    atomic_store(&watch->armed, on);
    if (!on)
        look_for_left();
}

static void run_child(syscalls_body *body, void *data)
{
    pthread_t thread;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (pthread_create(&thread, NULL, answer_calls, NULL) != 0)
        _exit(1);
    watch->report.result = body(arm, data);
    watch->report.finished = true;
    _exit(0);
}

/* Ends what BODY's process has left behind: nobody answers its calls any more. It is ours by then,
 * as the subreaper. */
static void end_orphans(void)
{
    int pid;

    do {
        FILE *children = fopen("/proc/thread-self/children", "re");
        pid = -1;
        if (children != NULL && fscanf(children, "%d", &pid) == 1)
            (void)kill(pid, SIGKILL);
        if (children != NULL)
            (void)fclose(children);
    } while (pid > 0 && waitpid(pid, NULL, 0) == pid);
}

const char *syscalls_run(syscalls_body *body, void *data, const struct syscalls_plan *plan,
                         struct syscalls_report *report)
{
    const char *refused = NULL;
    int status = 0;

    watch = mmap(NULL, sizeof *watch, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (watch == MAP_FAILED)
        return "no memory to share";
    watch->plan = *plan;
    atomic_store(&watch->listener, -1);
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
    pid_t child = fork();
    if (child == 0)
        run_child(body, data);
    if (child < 0 || waitpid(child, &status, 0) != child)
        refused = "no child process";
    else if (watch->refused)
        refused = "seccomp refuses a listener";
    end_orphans();
    *report = watch->report;
    report->status = status;
    (void)munmap(watch, sizeof *watch);
    return refused;
}
