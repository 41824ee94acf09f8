/* The rights that are given up. */
#include "own_rights.h"

#include <grp.h>
#include <pwd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* As much as the process needs at its limits. With less that may be locked, what it asks for later
 * would be refused to it. */
enum { LOCKED_BYTES = 128 * 1024 * 1024 };

void own_rights_shut(void)
{
    const struct rlimit none = {0, 0};
    struct rlimit locked;

    (void)prctl(PR_SET_DUMPABLE, 0);
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)umask(077);
    if (getrlimit(RLIMIT_MEMLOCK, &locked) == 0 && locked.rlim_cur >= LOCKED_BYTES)
        (void)mlockall(MCL_CURRENT | MCL_FUTURE);
}

enum asp_status own_rights_drop(const char *name, const char *group, struct asp_error *error)
{
    const struct group *more = NULL;
    const struct passwd *user;

    if (geteuid() != 0)
        return ASP_OK;
    user = getpwnam(name);
    if (user == NULL || user->pw_uid == 0)
        return asp_fail(error, ASP_NOT_FOUND,
                        "it does not serve as root, and there is no user %s: useradd --system %s",
                        name, name);
    if (group != NULL) {
        more = getgrnam(group);
        if (more == NULL)
            return asp_fail(error, ASP_NOT_FOUND, "there is no group %s: groupadd --system %s",
                            group, group);
    }
    if (setgroups(more != NULL ? 1 : 0, more != NULL ? &more->gr_gid : NULL) != 0 ||
        setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0 || setuid(0) == 0)
        return asp_fail_errno(error, "it cannot become %s", name);
    return ASP_OK;
}
