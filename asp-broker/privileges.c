/* A worker gives up root. */
#include "privileges.h"

#include "asp-admin/database/database.h"
#include "asp/safeio.h"
#include "asp/shadow.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <syslog.h>
#include <unistd.h>

#define BIT(capability) (UINT64_C(1) << (capability))

void worker_user_find(struct worker_user *user)
{
    const struct passwd *entry = geteuid() == 0 ? getpwnam(DATABASE_USER) : NULL;

    *user = (struct worker_user){0};
    if (entry != NULL && entry->pw_uid != 0)
        *user = (struct worker_user){true, entry->pw_uid, entry->pw_gid};
}

/* The C library has no call for them. */
static bool read_capabilities(struct __user_cap_data_struct sets[2])
{
    struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};

    return syscall(SYS_capget, &head, sets) == 0;
}

/* Keeps of its capabilities those that are in `mask`. */
static bool keep_capabilities(uint64_t mask)
{
    struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct sets[2];

    if (!read_capabilities(sets))
        return false;
    for (size_t i = 0; i < 2; i++) {
        sets[i].permitted &= (uint32_t)(mask >> (32 * i));
        sets[i].effective = sets[i].permitted;
        sets[i].inheritable = 0;
    }
    return syscall(SYS_capset, &head, sets) == 0;
}

static bool can_read(const char *path)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    const bool can = fd >= 0;

    asp_close(fd);
    return can;
}

/* The group by which shadow is read, if there is one that is not root's. */
static size_t shadow_groups(gid_t groups[1])
{
    struct stat st;

    if (stat(ASP_SHADOW_PATH, &st) != 0 || (st.st_mode & S_IRGRP) == 0 || st.st_gid == 0)
        return 0;
    groups[0] = st.st_gid;
    return 1;
}

/* Whether the user can read what the worker reads again and again, tried as she; it may be missing.
 */
static bool user_can_read(const struct worker_user *user, const char *path)
{
    bool can;

    if (seteuid(user->uid) != 0)
        return false;
    can = can_read(path) || errno == ENOENT;
    return seteuid(0) == 0 && can;
}

/* Nothing of it comes back. */
static bool is_given_up(const struct worker_user *user, size_t group_count)
{
    uid_t uids[3];
    gid_t gids[3];

    if (getresuid(&uids[0], &uids[1], &uids[2]) != 0 ||
        getresgid(&gids[0], &gids[1], &gids[2]) != 0 || getgroups(0, NULL) != (int)group_count)
        return false;
    for (size_t i = 0; i < 3; i++) {
        if (uids[i] != user->uid || gids[i] != user->gid)
            return false;
    }
    return setresuid((uid_t)-1, 0, (uid_t)-1) != 0 && setresgid((gid_t)-1, 0, (gid_t)-1) != 0;
}

/* What a change of user takes away: that nobody looks in, and that it ends with its parent. */
static void be_as_before(int end, pid_t parent)
{
    (void)prctl(PR_SET_DUMPABLE, 0);
    (void)prctl(PR_SET_PDEATHSIG, end);
    if (getppid() != parent)
        _exit(0);
}

static enum asp_status become(const struct worker_user *user, bool shadow, const char *path,
                              struct asp_error *error)
{
    gid_t groups[1] = {0};
    const size_t count = shadow ? shadow_groups(groups) : 0;
    uint64_t kept = 0;

    if (setgroups(count, groups) != 0 || setresgid(user->gid, user->gid, user->gid) != 0)
        return asp_fail_errno(error, "the groups of the user " DATABASE_USER);
    if (!user_can_read(user, path))
        return asp_fail_errno(error, "the user " DATABASE_USER " cannot read %s", path);
    if (prctl(PR_SET_KEEPCAPS, shadow ? 1 : 0) != 0 ||
        setresuid(user->uid, user->uid, user->uid) != 0)
        return asp_fail_errno(error, "the user " DATABASE_USER);
    if (shadow && !can_read(ASP_SHADOW_PATH))
        kept = BIT(CAP_DAC_READ_SEARCH);
    if (!keep_capabilities(kept) || prctl(PR_SET_KEEPCAPS, 0) != 0 ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || !is_given_up(user, count)) {
        syslog(LOG_ERR, "a worker cannot give up what root may");
        _exit(1);
    }
    return ASP_OK;
}

bool privileges_give_up(const struct worker_user *user, bool shadow, const char *path,
                        struct asp_error *error)
{
    const pid_t parent = getppid();
    int end = 0;
    enum asp_status status;

    (void)prctl(PR_GET_PDEATHSIG, &end);
    status = become(user, shadow, path, error);
    if (status != ASP_OK && setresgid(0, 0, 0) != 0)
        syslog(LOG_ERR, "a worker is not in the group root any more");
    be_as_before(end, parent);
    return status == ASP_OK;
}

void privileges_stay(void)
{
    if (geteuid() == 0)
        (void)keep_capabilities(~(BIT(CAP_SETUID) | BIT(CAP_SETGID) | BIT(CAP_KILL)));
}
