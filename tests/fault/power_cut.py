"""A disk on which the power fails: every state in which a recording (power_recording.py) may be found afterwards.

What a sync has forced is there. Of the rest each file system keeps what its rule says:

ext4    Names, sizes and modes are on the disk in their order, as far as some commit of the journal: a sync of what was
        changed since the last one commits all before it [1] [2]. The bytes of a new page are there before the size that
        covers it is (data=ordered), but that size may be written long after the name: delayed allocation. What
        auto_da_alloc does for a file that is renamed over another can be switched off, so it is not counted on [1].
        What is written over, or behind the end within the last page that is there, is not ordered: each sector of 512
        bytes is the old or a new one, and zeros may stand where only the size has come.
xfs     Names, sizes and modes in their order, as far as the log goes; a sync writes the log up to the last change of the
        file [2] [3]. Pages come in any order; the size is written after the last of them is there (since Linux 2.6.22
        [4]), and where one before it is not, there are zeros. Sectors as above.
btrfs   A page is written elsewhere, so it is the old or a new one, whole. fsync of a file brings its bytes, its names and
        the folders that they stand in; that of a folder its names, and of what is new in it nothing but that it is there
        [5] [6]. Nothing else comes with it. Between commits names are kept in their order [2], but what was synced
        leaves others behind, so here any of those that were not may be there. That a rename over a file waits for its
        bytes is not so any more, since Linux 3.17 [7].
posix   What POSIX alone promises: fsync of a file brings its bytes, that of a folder its names, in which a rename is one
        step [8]. Of the rest each name, page and sector is there or not.

Where it is not known what is kept, it is not: the size of a file, for one, is here of any time since it was synced.

[1] Linux, Documentation/admin-guide/ext4.rst: data=ordered, auto_da_alloc, delalloc.
[2] D. Chinner on "metadata operation reordering regards to crash", LKML, 2018-09-14: ext4, xfs, btrfs and f2fs keep their
    order; J. Mohan, "Documenting the crash-recovery guarantees of Linux file systems", linux-fsdevel, 2019-03-12, and
    the answers to it: strictly ordered metadata consistency.
[3] Linux, Documentation/filesystems/xfs/xfs-delayed-logging-design.rst: a log force writes what was logged before.
[4] Linux, commit ba87ea699ebd: the size on the disk is updated when the I/O has ended.
[5] J. Mohan, as above: what fsync of a file and of a folder brings with it.
[6] Linux, fs/btrfs/tree-log.c, at its top.
[7] GLib, merge request 2425, by what the developers of btrfs said.
[8] POSIX.1-2017, fsync() and rename().

The states are those that ALICE (Pillai and others, OSDI 2014) and CrashMonkey (Mohan and others, OSDI 2018) look at: every
prefix of what was done, and what may be missing from it.
"""

import dataclasses
import itertools

from power_recording import PAGE, Data, Mode, Names, Size, Sync, Tree, contents

SECTOR = 512
# So many things that may be there or not are tried in all ways. Of more: all before one, all but one, one alone.
FREE = 6
# So many ways in which the sectors of one page may be torn; of more: those before one are of another time than the rest.
TORN = 16
# In so many ways are several files that are not whole put beside each other; of more: one is changed after the other, while
# all others are as old as they may be, or as new.
WAYS = 16


@dataclasses.dataclass(frozen=True)
class Rule:
    name: str
    in_order: bool  # names, sizes and modes
    torn: bool  # a page that is written over is written by sectors
    zeros: bool  # in place of a page that is not there, before one that is
    early_size: bool  # within the last page that is there


EXT4 = Rule("ext4", in_order=True, torn=True, zeros=False, early_size=True)
XFS = Rule("xfs", in_order=True, torn=True, zeros=True, early_size=False)
BTRFS = Rule("btrfs", in_order=False, torn=False, zeros=False, early_size=False)
POSIX = Rule("posix", in_order=False, torn=True, zeros=True, early_size=True)
RULES = (EXT4, XFS, BTRFS, POSIX)


# What the syncs have forced


class Forced:
    """By the number of each effect: which names and modes are there, and from which effect on a file's bytes may not be."""

    def __init__(self, recording, rule):
        self.recording, self.rule = recording, rule
        self.ordered = [number for number, one in enumerate(recording.effects) if isinstance(one, (Names, Mode))]
        self.names, self.bytes = set(), {}

    def sync(self, number, inode):
        """As the effect of this number, a sync, leaves it."""
        before = [other for other in self.ordered if other < number]
        if inode is None:
            self.names.update(before)
            self.bytes = dict.fromkeys(self.recording.nodes, number)
            return
        if not self.recording.nodes[inode].is_folder:
            self.bytes[inode] = number
        if self.rule.in_order:
            last = max((other for other in range(number) if self.is_of(other, inode)), default=-1)
            self.names.update(other for other in before if other <= last)
        else:
            self.names.update(other for other in before if self.is_brought(other, inode))
            if self.rule is BTRFS:
                self.bring_folders(before, inode)

    def is_of(self, number, inode):
        effect = self.recording.effects[number]
        return inode in effect.touched if isinstance(effect, Names) else getattr(effect, "inode", None) == inode

    def is_brought(self, number, inode):
        effect = self.recording.effects[number]
        if isinstance(effect, Mode):
            return effect.inode == inode
        if self.recording.nodes[inode].is_folder:
            return any(folder == inode for (folder, _), _ in effect.changes)
        return self.rule is BTRFS and inode in effect.touched

    def bring_folders(self, before, inode):
        """Those above, as far as they are new."""
        left = [inode]
        while left:
            inner = left.pop()
            for number in before:
                effect = self.recording.effects[number]
                if not isinstance(effect, Names) or not any(inside == inner for _, inside in effect.changes):
                    continue
                self.names.add(number)
                left += [folder for (folder, _), inside in effect.changes if inside == inner and folder not in left]


def some_of(free):
    """Sets of what may be there, or all of them."""
    if len(free) <= FREE:
        for count in range(len(free) + 1):
            yield from (frozenset(some) for some in itertools.combinations(free, count))
        return
    everything = frozenset(free)
    for number in range(len(free) + 1):
        yield frozenset(free[:number])
    for one in free:
        yield frozenset((one,))
        yield everything - {one}


# The bytes of a file


def page_of(data, page):
    """Padded; None: it does not reach there."""
    begin = page * PAGE
    return data[begin : begin + PAGE].ljust(PAGE, b"\0") if len(data) > begin else None


def mixed(pages, size):
    """The ways in which a page that is written over may be torn, of which these are the whole ones."""
    sectors = [sorted({page[at : at + SECTOR] for page in pages}) for at in range(0, size, SECTOR)]
    ways = 1
    for sector in sectors:
        ways *= len(sector)
    if ways <= TORN:
        return {b"".join(way).ljust(PAGE, b"\0") for way in itertools.product(*sectors)}
    torn = set(pages)
    for one, other in itertools.permutations(pages, 2):
        torn |= {one[:at] + other[at:] for at in range(SECTOR, size, SECTOR)}
    return torn


def bytes_by(rule, versions):
    """What may be in a file, the oldest first: the first version is on the disk, the others were written after it."""
    found = {versions[0]: None}
    first = versions[0]
    for number, version in enumerate(versions):
        grown = len(version) > len(first)
        pages = []
        for page in range(-(-len(version) // PAGE)):
            is_new = page_of(first, page) is None
            is_last = (page + 1) * PAGE >= len(version)
            waits = is_new or (grown and is_last and not rule.early_size)
            of = versions[number:] if waits else versions
            whole = {page_of(data, page) for data in of} - {None}
            if rule.torn and not is_new:
                whole = mixed(sorted(whole), min(PAGE, len(version) - page * PAGE))
            if rule.zeros and is_new and (not is_last or rule.early_size):
                whole = whole | {bytes(PAGE)}
            pages.append(sorted(whole))
        found.update((b"".join(way)[: len(version)], None) for way in itertools.product(*pages))
    found.pop(versions[-1], None)
    return [*found, versions[-1]]


def beside_each_other(ways):
    """What each of several files may hold, put together."""
    count = 1
    for way in ways:
        count *= len(way)
    if count <= WAYS:
        yield from itertools.product(*ways)
        return
    for ends in ([way[0] for way in ways], [way[-1] for way in ways]):
        for number, way in enumerate(ways):
            yield from ((*ends[:number], one, *ends[number + 1 :]) for one in way)


# States


@dataclasses.dataclass
class State:
    """One that may be found: what is there, by path; by which rules; before which effect the power may have failed, the
    first one and the last."""

    there: dict
    rules: set
    first: int
    last: int


class Cuts:
    """All states of a recording, each once."""

    def __init__(self, recording):
        self.recording = recording
        self.states = {}

    def play(self, rules=RULES):
        for rule in rules:
            forced, seen = Forced(self.recording, rule), {}
            for cut, effect in enumerate([*self.recording.effects, None]):
                for key in self.keys(forced, cut):
                    seen.setdefault(key, []).append(cut)
                if isinstance(effect, Sync):
                    forced.sync(cut, effect.inode)
            for (names, floors), cuts in seen.items():
                self.add_all(rule, names, dict(floors), cuts)
        return list(self.states.values())

    def keys(self, forced, cut):
        """Which names may be there, each with the bytes that may be missing: (file, first, last effect)."""
        ordered = [number for number in forced.ordered if number < cut]
        free = [number for number in ordered if number not in forced.names]
        some = (free[:count] for count in range(len(free) + 1)) if forced.rule.in_order else some_of(free)
        writes = {}
        for number, effect in enumerate(self.recording.effects[:cut]):
            if isinstance(effect, (Data, Size)):
                writes.setdefault(effect.inode, []).append(number)
        floors = tuple(
            (inode, (tuple(n for n in numbers if n < forced.bytes.get(inode, 0)), tuple(numbers)))
            for inode, numbers in sorted(writes.items())
        )
        for chosen in some:
            yield frozenset(forced.names | set(chosen)), floors

    def add_all(self, rule, names, floors, cuts):
        tree = Tree()
        tree.nodes, tree.names = dict(self.recording.nodes), dict(self.recording.start.names)
        for number in sorted(names):
            tree.apply(self.recording.effects[number])
        reached = sorted({inode for _, inode in tree.paths()} & set(floors))
        ways = [bytes_by(rule, self.versions(inode, *floors[inode])) for inode in reached]
        for way in beside_each_other(ways):
            for inode, data in zip(reached, way):
                tree.nodes[inode] = tree.nodes[inode]._replace(data=data)
            self.add(rule, contents(tree), cuts)

    def versions(self, inode, there, all_writes):
        tree = Tree()
        tree.nodes = {inode: self.recording.nodes[inode]}
        versions = []
        for number in all_writes:
            if number not in there and not versions:
                versions.append(tree.nodes[inode].data)
            tree.apply(self.recording.effects[number])
            if number not in there:
                versions.append(tree.nodes[inode].data)
        return versions or [tree.nodes[inode].data]

    def add(self, rule, there, cuts):
        state = self.states.setdefault(frozenset(there.items()), State(there, set(), cuts[0], cuts[-1]))
        state.rules.add(rule.name)
        state.first, state.last = min(state.first, cuts[0]), max(state.last, cuts[-1])
