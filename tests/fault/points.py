"""Where an operation is made to fail: each system call of a run that ends well, with each error that it can return, each
write that may be short, and each call as the last one.

A plain run takes some of them, spread over the operation and chosen by the commit; with ASP_TEST_ALL it takes all.
"""

import collections
import hashlib
import re

from support.long import EVERYTHING
from support.run import commit

KILL, SHORT = "kill", "short"
# Of an operation, in a plain run; and of one of many that go the same way.
SOME, FEW = 8, 4

# Of the errors that a machine in trouble returns those that the manual page of the call names, or its file system may have.
# What is not here never fails (or fails by what is asked for alone): it is the last call only.
ERRORS = {
    "open openat openat2": "EIO ENOSPC EDQUOT EACCES EROFS EINTR EMFILE ENOMEM",
    "read pread64": "EIO EINTR",
    "write pwrite64 writev": "EIO ENOSPC EDQUOT EINTR",
    "fsync fdatasync": "EIO ENOSPC EDQUOT EROFS EINTR",
    "rename renameat renameat2 link linkat mkdir mkdirat": "EIO ENOSPC EDQUOT EACCES EROFS ENOMEM",
    "unlink unlinkat rmdir": "EIO EACCES EROFS ENOMEM",
    "stat lstat newfstatat statx access faccessat faccessat2 readlink readlinkat chdir fchdir statfs": "EIO EACCES ENOMEM",
    "fstat fstatfs getdents64": "EIO ENOMEM",
    "fchmod fchmodat fchown fchownat utimensat": "EIO EACCES EROFS ENOMEM",
    "ftruncate fallocate": "EIO ENOSPC EROFS EINTR",
    "close": "EIO ENOSPC EDQUOT EINTR",
    "flock": "EINTR ENOMEM",
    "fcntl": "EACCES EINTR EMFILE",
    "mmap": "EACCES ENOMEM",
    "brk munmap mprotect mremap": "ENOMEM",
    "socket": "EACCES EMFILE ENOMEM",
    "socketpair pipe2 dup dup2 dup3 eventfd2 timerfd_create signalfd4 epoll_create1 inotify_init1 pidfd_open": "EMFILE ENOMEM",
    "connect": "EACCES EINTR",
    "bind": "EACCES ENOMEM",
    "accept accept4": "EINTR EMFILE ENOMEM",
    "sendto sendmsg recvfrom recvmsg poll ppoll": "EINTR ENOMEM",
    "select pselect6 epoll_wait epoll_pwait wait4 waitid nanosleep clock_nanosleep": "EINTR",
    "epoll_ctl inotify_add_watch": "ENOSPC ENOMEM",
    "clone clone3 fork vfork": "ENOMEM",
    "execve": "EIO EACCES EMFILE ENOMEM",
}
OF_CALL = {name: errors.split() for names, errors in ERRORS.items() for name in names.split()}
MEMORY = {"mmap", "brk", "munmap", "mprotect", "mremap", "madvise"}

Point = collections.namedtuple("Point", "call action")


def errors_of(call):
    """Those that the call can return as it was made: nothing is written by who opens to read, nothing that is taken away
    needs room, none is interrupted that does not wait, and what is no file has nothing on a disk."""
    errors = OF_CALL.get(call.name, [])
    if call.name.startswith("open") and "O_CREAT" not in call.line:
        errors = [error for error in errors if error not in ("ENOSPC", "EDQUOT")]
        if not re.search("O_WRONLY|O_RDWR", call.line):
            errors.remove("EROFS")
    if "EPOLL_CTL_DEL" in call.line or "WNOHANG" in call.line:
        return []
    if call.name in ("close", "read") and re.search(r"<(pipe|socket|anon_inode):", call.line):
        return ["EINTR"] if call.name == "read" else []
    if call.name == "fcntl":
        return [error for error in errors if ("DUPFD" if error == "EMFILE" else "LK") in call.line]
    return errors


def is_of_libc(call, own):
    """Whether libc makes it for itself, for memory, libraries, the name service or the log: `own` are the folders of the
    operation. Of those of all operations one shows what the others would."""
    if call.name == "openat2" or "/shadow" in call.line or any(str(folder) in call.line for folder in own):
        return False
    return call.name in MEMORY or re.search(r'"/|\d</', call.line) is not None


def points_of(calls):
    """All of some calls."""
    return [Point(call, action) for call in calls for action in (*errors_of(call), KILL)]


def chosen(name, points, some):
    """All, or as many as `some` of as many parts of what the operation of that name does, one after the other."""
    if EVERYTHING or len(points) <= some:
        return points

    def one_of(part):
        digest = hashlib.blake2b(b"%s%s %d" % (commit(), name.encode(), part), digest_size=8).digest()
        begin, end = (len(points) * at // some for at in (part, part + 1))
        return points[begin + int.from_bytes(digest, "big") % (end - begin)]

    return [one_of(part) for part in range(some)]
