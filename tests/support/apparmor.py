"""The rules of an AppArmor profile about files, and whether they cover what strace(1) has seen a program do.

No kernel is asked, so this is good where AppArmor is not in use. Of a profile it reads includes, variables and file rules:
what apparmor.d(5) has besides, apparmor_parser judges.
"""

import itertools
import os
import re

from support import sanitizers
from support.run import TREE, tool_works
from support.tools import there

SHIPPED = TREE / "packaging" / "apparmor"
TRACES = "/run/traces"
BROKER, ADMIN = "/usr/libexec/asp-broker", "/usr/bin/asp-admin"
# /etc/apparmor.d, or None where it is not there.
GLOBAL = there("/etc/apparmor.d/tunables/global")
SYSTEM = GLOBAL and GLOBAL.parent.parent
# One file for each process: no line is cut in two by another's.
STRACE = ("strace", "-ff", "-y", "-s", "512", "-o")

INCLUDE = re.compile(r'#?include\s+(?:if exists\s+)?[<"](.+?)[>"]')
VARIABLE = re.compile(r"(@\{\w+\})\s*\+?=\s*(.*)")
RULE = re.compile(r'(deny\s+)?(?:audit\s+)?(?:owner\s+)?"?([/@]\S*?)"?\s+([rwaklmixpPcCuU]+)(?:\s+->.*)?,')

SIGNS = {"**": ".*", "*": "[^/]*", "?": "[^/]", "{": "(?:", "}": ")", ",": "|"}


def _lines(path, folders):
    """The lines of a file, with those of what it includes; a file that is in none of the folders has none."""
    for line in path.read_text().splitlines():
        if found := INCLUDE.match(line.strip()):
            for at in [folder / found[1] for folder in folders]:
                for file in sorted(at.iterdir()) if at.is_dir() else [at] if at.is_file() else []:
                    yield from _lines(file, folders)
                if at.exists():
                    break
        else:
            yield re.sub(r"(^|\s)#.*", "", line).strip()


def _pattern(glob):
    """A regular expression for a path of apparmor.d(5). Within a class of signs nothing has a meaning of its own."""
    parts = re.findall(r"\[[^]]*\]|\*\*|\\.|.", glob)
    return "".join(part if part[0] in "[\\" else SIGNS.get(part, re.escape(part)) for part in parts)


def _expand(glob, variables):
    found = re.search(r"@\{\w+\}", glob)
    if not found:
        return [glob]
    values = variables.get(found[0], [])
    tried = [_expand(glob[: found.start()] + value + glob[found.end() :], variables) for value in values]
    return list(itertools.chain(*tried))


class Profile:
    """`left_out` is a line of the file that is passed over."""

    def __init__(self, path, *folders, left_out=None):
        lines = list(_lines(GLOBAL, [SYSTEM]))
        lines += [line for line in _lines(path, [*folders, SYSTEM]) if line != left_out]
        variables = {}
        for found in filter(None, map(VARIABLE.fullmatch, lines)):
            variables.setdefault(found[1], []).extend(value.strip('"') for value in found[2].split())
        self.rules = {False: [], True: []}
        for found in filter(None, map(RULE.fullmatch, lines)):
            globs = {re.sub("/+", "/", glob) for glob in _expand(found[2], variables)}
            pattern = "|".join(_pattern(glob) for glob in globs)
            if globs:
                self.rules[bool(found[1])].append((re.compile(f"(?:{pattern})"), set(found[3])))

    def _allowed(self, path, denied=False):
        return set().union(*(signs for pattern, signs in self.rules[denied] if pattern.fullmatch(path)))

    def missing(self, accesses):
        """Those that are not covered."""
        return sorted(
            (path, need)
            for path, need in accesses
            if not set(need) <= self._allowed(path) - self._allowed(path, denied=True)
        )


# What a system call needs of a path. Of a folder the path ends with a slash.
OPEN = re.compile(r"(?:open|openat|openat2|creat)\(.*?\b(O_[A-Z|_]+).* = \d+<(/[^>]*)>$")
OF_OPEN_FILE = [
    (re.compile(r"(?:flock|fcntl)\(\d+<(/[^>]*)>, (?:LOCK_|F_(?:OFD_)?SETLK)"), "k"),
    (re.compile(r"mmap\(.*PROT_EXEC.*, \d+<(/[^>]*)>"), "m"),
    (re.compile(r"fch(?:mod|own)\(\d+<(/[^>]*)>"), "w"),
]
OF_NAME = {"unlinkat": "w", "mkdirat": "w", "fchmodat": "w", "fchownat": "w", "mknodat": "w", "symlinkat": "w"}
NAME = r'(?:AT_FDCWD|\d+)<([^>]*)>, "([^"]*)"'
ONE_NAME = re.compile(rf"(\w+)\({NAME}.* = 0$")
TWO_NAMES = re.compile(rf"(renameat2?|linkat)\({NAME}, {NAME}.* = 0$")
PROGRAM = re.compile(r'execve\("(/[^"]*)".* = 0$')
SOCKET = re.compile(r'(?:connect|bind|sendto|sendmsg)\(.*sun_path="(/[^"]*)".* = \d+$')


def _of_line(line):
    if found := OPEN.match(line):
        flags = set(found[1].split("|"))
        if "O_PATH" not in flags:
            reads = "" if "O_WRONLY" in flags else "r"
            writes = "w" if flags & {"O_WRONLY", "O_RDWR", "O_CREAT"} else ""
            yield found[2] + ("/" if "O_DIRECTORY" in flags and found[2] != "/" else ""), reads + writes
    elif found := TWO_NAMES.match(line):
        renamed = found[1] != "linkat"
        yield os.path.join(found[2], found[3]), "rw" if renamed else "r"
        yield os.path.join(found[4], found[5]), "w" if renamed else "l"
    elif (found := ONE_NAME.match(line)) and found[1] in OF_NAME:
        yield os.path.join(found[2], found[3]) + ("/" if found[1] == "mkdirat" else ""), OF_NAME[found[1]]
    elif found := PROGRAM.match(line):
        yield found[1], "x"
    elif found := SOCKET.match(line):
        yield found[1], "w"
    else:
        for pattern, need in OF_OPEN_FILE:
            if found := pattern.match(line):
                yield found[1], need


def accesses(text):
    """What strace's text has: pairs of a path and the letters that it needs. A file of memory alone is on no disk that
    AppArmor looks at."""
    found = {access for line in text.splitlines() for access in _of_line(line)}
    return {(path, need) for path, need in found if not path.startswith("/memfd:")}


def untraced():
    """Why nobody can be watched here, for a skip; None where it can be."""
    if sanitizers.environment():
        return "under sanitizers: a program that is watched by one does more than ours"
    if not tool_works("strace", "-o", "/dev/null", "true"):
        return "needs strace: it is missing or ptrace is refused here"
    return None if SYSTEM else "no /etc/apparmor.d: AppArmor is neither installed nor unpacked in ASP_LAYER"


def begin(machine):
    """Without traces, and with the programs where a package puts them."""
    machine.sandbox.shell("rm -rf $1; mkdir -p $1", TRACES).done()
    machine.sandbox.run("install", "-D", machine.build / "asp-broker" / "asp-broker", BROKER).done()
    machine.sandbox.run("install", "-D", machine.admin, ADMIN).done()


def seen(box, *programs, moved=()):
    """What these programs did, and what they started. `moved` are pairs of a folder of the test and of the one that it
    stands for."""
    found = {(program, "mr") for program in programs}
    started = re.compile(rf'(?m)^execve\("(?:{"|".join(programs)})".*\n')
    names = box.run("find", TRACES, "-type", "f").done().out.split()
    for text in [box.read(name) for name in names]:
        found |= accesses(started.split(text, maxsplit=1)[-1])
    for old, new in moved:
        found = {(path.replace(old, new), need) for path, need in found}
    return found


def rules_of(*names):
    """The lines of these files that are rules about files."""
    lines = [line.strip() for name in names for line in (SHIPPED / name).read_text().splitlines()]
    return [line for line in lines if RULE.fullmatch(line)]


def covers(found, path, *files, but=()):
    """Asserts that the profile covers all of them, and would not without any rule of these files, `but` what there is
    nothing for here."""
    missing = Profile(path, SHIPPED).missing(found)
    assert missing == []
    for rule in rules_of(*files):
        needed = Profile(path, SHIPPED, left_out=rule).missing(found) != []
        assert needed != (rule in but or rule.startswith("deny ")), rule


# As systemd hands it over: broker.sock of the group asp.
HAND_OVER = """
import os, shutil, socket, sys
path, program = sys.argv[1:]
os.makedirs(os.path.dirname(path), exist_ok=True)
one = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
one.bind(path)
os.chmod(path, 0o660)
shutil.chown(path, group="asp")
one.listen()
os.dup2(one.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.execv(program, [program])
"""
