"""What a run does to a folder, as strace(1) sees it: each effect, each sync, and each moment at which it has told
somebody something. A call of which it is not known what it does to the folder fails the recording."""

import os
import re
import stat
from typing import NamedTuple, Optional

from support.run import execute
from support.tracing import STRACE

PAGE = 4096


class Names(NamedTuple):
    """In one step: each (folder, name) leads to this inode, or to none. `touched` are the inodes that this writes."""

    changes: tuple
    touched: frozenset


class Data(NamedTuple):
    """Bytes of a file, within one page."""

    inode: int
    offset: int
    data: bytes


class Size(NamedTuple):
    inode: int
    length: int


class Mode(NamedTuple):
    inode: int
    mode: int


class Sync(NamedTuple):
    """fsync of an inode; None: syncfs."""

    inode: Optional[int]


class Mark(NamedTuple):
    """`said`: it has told somebody something. `ended`: it has ended. `hook`: a hook has ended."""

    what: str


class Node(NamedTuple):
    is_folder: bool
    mode: int
    data: bytes


class Tree:
    """Folders and files by number, as they are, and what effects make of them. The root is 0."""

    def __init__(self):
        self.nodes = {0: Node(True, 0o755, b"")}
        self.names = {}

    @classmethod
    def read(cls, root):
        tree = cls()
        tree.nodes[0] = Node(True, stat.S_IMODE(root.stat().st_mode), b"")
        numbers = {root: 0}
        for path in sorted(root.rglob("*")):
            info = path.lstat()
            is_folder = stat.S_ISDIR(info.st_mode)
            assert is_folder or (stat.S_ISREG(info.st_mode) and info.st_nlink == 1), f"{path} is not modelled"
            data = b"" if is_folder else path.read_bytes()
            number = tree.add(Node(is_folder, stat.S_IMODE(info.st_mode), data))
            numbers[path] = number
            tree.names[numbers[path.parent], path.name] = number
        return tree

    def copy(self):
        other = Tree()
        other.nodes, other.names = dict(self.nodes), dict(self.names)
        return other

    def add(self, node):
        number = len(self.nodes)
        self.nodes[number] = node
        return number

    def find(self, path):
        """The inode at a path below the root; None: there is none."""
        at = 0
        for name in filter(None, path.split("/")):
            at = self.names.get((at, name))
            if at is None:
                return None
        return at

    def place(self, path):
        """(folder, name) of a path that need not be there."""
        above, _, name = path.rpartition("/")
        folder = self.find(above)
        assert folder is not None and name, f"there is no folder for {path}"
        return folder, name

    def apply(self, effect):
        match effect:
            case Names(changes):
                for place, inode in changes:
                    self.names.pop(place, None)
                    if inode is not None:
                        self.names[place] = inode
            case Data(inode, offset, data):
                node = self.nodes[inode]
                before = node.data[:offset].ljust(offset, b"\0")
                self.nodes[inode] = node._replace(data=before + data + node.data[offset + len(data) :])
            case Size(inode, length):
                node = self.nodes[inode]
                self.nodes[inode] = node._replace(data=node.data[:length].ljust(length, b"\0"))
            case Mode(inode, mode):
                self.nodes[inode] = self.nodes[inode]._replace(mode=mode)

    def paths(self):
        """Every path that can be reached, with its inode; a folder before what is in it."""
        below = {}
        for (folder, name), inode in self.names.items():
            below.setdefault(folder, []).append((name, inode))
        found, left = [], [("", 0)]
        while left:
            path, inode = left.pop()
            for name, inner in sorted(below.get(inode, ())):
                inside = f"{path}/{name}" if path else name
                found.append((inside, inner))
                left.append((inside, inner))
        return found


class Recording:
    """`start` is the tree before, `effects` what was done to it, in their order; `nodes` has every inode that came to be,
    as it was made. `result` is how the run ended."""

    def __init__(self, start, effects, nodes, result=None):
        self.start, self.effects, self.nodes, self.result = start, effects, nodes, result

    def until(self, cut):
        """The tree by all effects before this one."""
        tree = self.start.copy()
        tree.nodes = dict(self.nodes)
        for effect in self.effects[:cut]:
            tree.apply(effect)
        return tree

    def without(self, *left_out):
        """The same without these effects, by their numbers."""
        effects = [effect for number, effect in enumerate(self.effects) if number not in left_out]
        return Recording(self.start, effects, self.nodes, self.result)


# Of a path or descriptor of the folder nothing else may be asked that changes it.
CHANGES = (
    "open,openat,openat2,creat,write,writev,pwrite64,pwritev,pwritev2,ftruncate,truncate,fallocate,fsync,fdatasync,sync,"
    "syncfs,sync_file_range,rename,renameat,renameat2,link,linkat,symlink,symlinkat,unlink,unlinkat,mkdir,mkdirat,rmdir,"
    "mknod,mknodat,chmod,fchmod,fchmodat,copy_file_range,sendfile,mmap,lseek"
)
TOLD = "sendto,sendmsg,execve,exit_group"
UMASK = 0o022

CALL = re.compile(r"(\d+) +(\w+)\((.*)\) += (-?\w+|\?)(.*)")
BEGUN = re.compile(r"(\d+) +(\w+)\((.*?)(, )? *<unfinished \.\.\.>")
RESUMED = re.compile(r"(\d+) +<\.\.\. (\w+) resumed>(.*)")
ENDED = re.compile(r"(\d+) +\+\+\+ exited with (\d+)")
DESCRIPTOR = re.compile(r"(-?\w+)<((?:\\x[0-9a-f]{2})*)>(\(deleted\))?")


def text_of(word):
    return os.fsdecode(bytes_of(word))


def bytes_of(word):
    """Of a string as strace -xx writes it, with its quotes or without."""
    assert not word.endswith("..."), "strace has cut it"
    return bytes.fromhex(word.strip('"').replace("\\x", ""))


class Reader:
    """Makes effects of the lines of one trace."""

    def __init__(self, root, start, hook, marks=None):
        self.root, self.hook, self.marks = str(root), hook, marks or {}
        self.tree = start.copy()
        self.made = dict(start.nodes)
        self.effects = []
        self.gone = {}  # the inodes of paths that were taken away
        self.positions = {}  # by process and descriptor
        self.pending, self.hooks = {}, set()
        self.first = None  # the process that was started

    # Words

    def below(self, path):
        """A path of the system as one below the root; None: it is elsewhere."""
        path = os.path.normpath(path)
        if path == self.root:
            return ""
        return path[len(self.root) + 1 :] if path.startswith(self.root + "/") else None

    def path(self, folder, name):
        """That of a name as openat and its like take it."""
        name = text_of(name)
        if not name.startswith("/"):
            assert folder is not None, f"{name}: of which folder is not modelled"
            name = f"{text_of(DESCRIPTOR.match(folder)[2])}/{name}"
        return self.below(name)

    def descriptor(self, word):
        """The inode of an open file; None: it is not below the root."""
        found = DESCRIPTOR.match(word)
        path = self.below(text_of(found[2])) if found else None
        if path is None:
            return None
        inode = self.gone.get(path) if found[3] else self.tree.find(path)
        assert inode is not None, f"{word} is not known"
        return inode

    # Effects

    def do(self, effect):
        self.effects.append(effect)
        self.tree.apply(effect)

    def mark(self, what):
        self.effects.append(Mark(what))

    def make(self, path, is_folder, mode):
        folder, name = self.tree.place(path)
        node = Node(is_folder, mode & ~UMASK, b"")
        inode = self.tree.add(node)
        self.made[inode] = node
        self.do(Names((((folder, name), inode),), frozenset((folder, inode))))

    def name(self, changes):
        """Changes of names, each (path, inode)."""
        places = tuple((self.tree.place(path), inode) for path, inode in changes)
        before = {self.tree.names.get(place) for place, _ in places} - {None}
        inodes = {inode for _, inode in places if inode is not None}
        for path, inode in changes:
            if (old := self.tree.find(path)) is not None and old != inode:
                self.gone[path] = old
        self.do(Names(places, frozenset({place[0] for place, _ in places} | before | inodes)))

    def write(self, inode, offset, data):
        while data:
            size = min(len(data), PAGE - offset % PAGE)
            self.do(Data(inode, offset, data[:size]))
            offset, data = offset + size, data[size:]

    # Calls

    def read(self, line):
        if found := BEGUN.match(line):
            self.pending[found[1], found[2]] = found[3] + (found[4] or "")
            return
        if found := RESUMED.match(line):
            line = f"{found[1]} {found[2]}({self.pending.pop((found[1], found[2]))}{found[3]}"
        if found := ENDED.match(line):
            self.end(found[1], int(found[2]))
        elif found := CALL.match(line):
            self.call(found[1], found[2], found[3].split(", "), found[4], found[5])

    def end(self, process, code):
        if process in self.hooks:
            self.mark("hook")
        elif process == self.first:
            self.mark("ended")

    def call(self, process, name, words, returned, shown):
        self.first = self.first or process
        if returned == "?" or int(returned, 0) < 0:
            return
        if name == "execve":
            if self.hook is not None and text_of(words[0]) == str(self.hook):
                self.hooks.add(process)
        elif name in ("open", "creat", "openat", "openat2"):
            self.open(process, name, words, returned + shown)
        elif name in ("write", "writev", "pwrite64", "sendto", "sendmsg"):
            self.put(process, name, words, int(returned))
        elif name in ("fsync", "fdatasync", "syncfs", "sync", "ftruncate", "fchmod"):
            self.of_descriptor(name, words)
        elif name in NAMING:
            self.of_names(name, words)
        elif name == "mmap":
            shared = "MAP_SHARED" in words[3] and "PROT_WRITE" in words[2]
            assert not shared or self.descriptor(words[4]) is None, "a file of the folder is mapped"
        elif name == "lseek":
            self.positions.pop((process, words[0].partition("<")[0]), None)
        elif name != "exit_group":
            inside = [word for word in words if DESCRIPTOR.match(word) and self.descriptor(word) is not None]
            assert not inside, f"{name} is not modelled"

    def open(self, process, name, words, opened):
        folder = words[0] if name.startswith("openat") else None
        path = self.path(folder, words[1 if folder else 0])
        if path is None:
            return
        flags = " ".join(words)
        assert "O_TMPFILE" not in flags and "O_APPEND" not in flags, "not modelled"
        if "O_CREAT" in flags and self.tree.find(path) is None:
            mode = re.search(r"(?:mode=)?\b(0[0-7]+)\b", flags)
            self.make(path, False, int(mode[1], 8))
        elif "O_TRUNC" in flags:
            self.do(Size(self.tree.find(path), 0))
        self.positions[process, opened.partition("<")[0]] = 0

    def put(self, process, name, words, length):
        inode = None if name.startswith("send") else self.descriptor(words[0])
        if inode is None:
            self.mark_sent(name, words)
            number = words[0].partition("<")[0]
            if process == self.first and (name.startswith("send") or number in ("1", "2")):
                self.mark("said")
            return
        assert name in ("write", "pwrite64"), f"{name} is not modelled"
        data = bytes_of(words[1])[:length]
        if name == "pwrite64":
            self.write(inode, int(words[3]), data)
            return
        key = process, words[0].partition("<")[0]
        self.write(inode, self.positions[key], data)
        self.positions[key] += length

    def mark_sent(self, name, words):
        if name == "sendto":
            for part, what in self.marks.items():
                if part in bytes_of(words[1]):
                    self.mark(what)

    def of_descriptor(self, name, words):
        if name == "sync":
            self.do(Sync(None))
            return
        inode = self.descriptor(words[0])
        if inode is None:
            return
        if name == "syncfs":
            self.do(Sync(None))
        elif name == "ftruncate":
            self.do(Size(inode, int(words[1])))
        elif name == "fchmod":
            self.do(Mode(inode, int(words[1], 8)))
        else:
            self.do(Sync(inode))

    def of_names(self, name, words):
        two, at = NAMING[name]
        first = self.path(words[0] if at else None, words[at])
        second = self.path(words[2] if at else None, words[3 if at else 1]) if two else None
        if first is None and second is None:
            return
        assert first is not None and (second is not None or not two), f"{name} leads out of the folder"
        inode = self.tree.find(first)
        if name.startswith("mkdir"):
            self.make(first, True, int(words[-1], 8))
        elif name.startswith(("unlink", "rmdir")):
            self.name([(first, None)])
        elif name.startswith(("chmod", "fchmodat")):
            self.do(Mode(inode, int(words[1 + at], 8)))
        elif name.startswith("link"):
            self.name([(second, inode)])
        else:
            assert "RENAME_EXCHANGE" not in words[-1], "not modelled"
            self.name([(first, None), (second, inode)])


# Calls that name files: whether they name two, and the place of the first name.
NAMING = {
    **{name: (False, 0) for name in ("mkdir", "unlink", "rmdir", "chmod")},
    **{name: (False, 1) for name in ("mkdirat", "unlinkat", "fchmodat")},
    **{name: (True, 0) for name in ("rename", "link")},
    **{name: (True, 1) for name in ("renameat", "renameat2", "linkat")},
}


def record(root, log, words, hook=None, prefix=(), marks=None, **options):
    """Runs the words to their end, and returns what they did to this folder. `prefix` comes before strace. `marks`: by what
    is in a message that is sent, what Mark it is to have besides."""
    start = Tree.read(root)
    asked = ["-e", f"trace={CHANGES},{TOLD}", "-e", "signal=none"]
    run = execute(*prefix, *STRACE, "-f", "-y", "-xx", "-s", "4194304", "-o", log, *asked, *words, **options)
    reader = Reader(root, start, hook, marks)
    for line in log.read_text().splitlines():
        reader.read(line)
    recording = Recording(start, reader.effects, reader.made, run)
    check_read(recording, root)
    return recording


def contents(tree):
    """What a tree holds, by path: the mode, and the bytes of a file."""
    found = {}
    for path, inode in tree.paths():
        node = tree.nodes[inode]
        found[path] = (node.mode, None if node.is_folder else node.data)
    return found


def check_read(recording, root):
    """Asserts that the effects lead to what is there."""
    expected, seen = contents(Tree.read(root)), contents(recording.until(len(recording.effects)))
    assert seen == expected, "the trace was not understood"
