"""Writes that are short, in programs that have short.c preloaded."""

import mmap
import struct

# As in short.c.
HEAD, NOTE, NOTES = struct.Struct("4i"), struct.Struct("2i56s"), 1000


class Shortener:
    """Tells the programs that are started behind its `words` which write is to be short, and what they have written."""

    def __init__(self, folder, library):
        path = folder / "short"
        path.write_bytes(bytes(HEAD.size + NOTES * NOTE.size))
        path.chmod(0o666)
        with open(path, "r+b") as file:
            self.shared = mmap.mmap(file.fileno(), 0)
        self.words = ("env", f"LD_PRELOAD={library}", f"ASP_TEST_SHORT={path}")
        self.round = 0

    def begin(self, at=0, pid=0):
        """From now on the write of that number is short; 0: none. Of one process, or of each."""
        self.round += 1
        HEAD.pack_into(self.shared, 0, self.round, pid, at, 0)

    def written(self):
        """(pid, number, what) of each write since then that could have been short."""
        count = HEAD.unpack_from(self.shared)[3]
        assert count <= NOTES, "more was written than there is room for"
        found = [NOTE.unpack_from(self.shared, HEAD.size + at * NOTE.size) for at in range(count)]
        return [(pid, number, what.rstrip(b"\0").decode()) for pid, number, what in found]

    def close(self):
        self.shared.close()
