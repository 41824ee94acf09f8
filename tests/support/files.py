"""Helpers of the command-line tests that are no fixtures: what a folder holds, what system calls a run makes, and
the documented words."""

import calendar
import collections
import contextlib
import ctypes
import os
import re
import shutil
import stat
import time

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
PASSWORD = re.compile(rf"[{ALPHABET}]{{5}}(?:-[{ALPHABET}]{{5}}){{4}}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")

CREATED_KEYS = set("user id label app password entropy_bits created expires active limit".split())
ENTRY_KEYS = set("user id label app state created created_by bound expires unused networks last_used revoked".split())

VERDICTS = {
    "accepted",
    "no-account",
    "not-an-app-password",
    "wrong-secret",
    "revoked",
    "expired",
    "unused",
    "wrong-app",
    "wrong-network",
    "primary-changed",
    "primary-locked",
    "unavailable",
}

MINUTE, HOUR, DAY = 60, 3600, 86400


def seconds(moment):
    """The Unix time of a time as the documents have it."""
    assert TIME.fullmatch(moment), moment
    return calendar.timegm(time.strptime(moment, "%Y-%m-%dT%H:%M:%SZ"))


def snapshot(folder):
    """Everything about a folder that a write would change: names, kinds, owners, modes, inodes, times, bytes."""
    seen = {}
    for path in [folder, *sorted(folder.rglob("*"))]:
        info = path.lstat()
        data = path.read_bytes() if stat.S_ISREG(info.st_mode) else b""
        seen[str(path)] = (info.st_mode, info.st_uid, info.st_gid, info.st_ino, info.st_mtime_ns, info.st_size, data)
    return seen


def accounts(site):
    """The same of all that a store holds of its users: a refused update may have taken a lock."""
    locks = str(site.store / "locks")
    return {path: seen for path, seen in snapshot(site.store).items() if not path.startswith(locks)}


def contents(folder):
    """The bytes of every file below a folder, by path."""
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file() and not path.is_symlink()}


def restore(saved, folder):
    """Puts a saved copy of a store back in place."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(saved, folder, symlinks=True)


def swap_character(password, index):
    """The password with another character of the alphabet at index."""
    return password[:index] + ("1" if password[index] != "1" else "2") + password[index + 1 :]


Call = collections.namedtuple("Call", "name occurrence line")


def system_calls(site, folder, *words):
    """The system calls of a run of asp-admin from its first look at the configuration, each with its number among
    those of its name, which is how strace counts when it injects. What comes before is the loader's."""
    log = folder / "calls"
    run = site.run(*words, prefix=["strace", "-o", log, "-e", "trace=all"])
    assert run.code == 0, run
    counts, calls, begun = collections.Counter(), [], False
    for line in log.read_text(errors="replace").splitlines():
        if found := re.match(r"(\w+)\(", line):
            name = found.group(1)
            counts[name] += 1
            begun = begun or (name.startswith("open") and site.conf.name in line)
            if begun and name != "exit_group":
                calls.append(Call(name, counts[name], line))
    assert any(call.name.startswith("rename") or call.name.startswith("unlink") for call in calls), "no update seen"
    return calls


def injecting(folder, call, action):
    """The prefix that does something to one system call of a run."""
    inject = f"inject={call.name}:{action}:when={call.occurrence}"
    return ["strace", "-o", folder / "injected", "-e", "trace=all", "-e", inject]


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(word) for word in file.read().split()]


def exchange(one, other):
    """Swaps two paths in one step."""
    rename_exchange, here = 2, -100
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.renameat2(here, os.fsencode(one), here, os.fsencode(other), rename_exchange) != 0:
        raise OSError(ctypes.get_errno(), "renameat2")


def trust_nothing_printed(data):
    """Asserts that no control byte but line ends, and no bidi control, is in what a screen would get."""
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]", data), ascii(data)


def owner_name():
    """Who asp-admin says made a change: the login uid's name, else the real uid's."""
    import pwd

    with contextlib.suppress(OSError, KeyError, ValueError):
        with open("/proc/self/loginuid", encoding="ascii") as file:
            uid = int(file.read())
        if uid != 0xFFFFFFFF:
            return pwd.getpwuid(uid).pw_name
    return pwd.getpwuid(os.getuid()).pw_name
