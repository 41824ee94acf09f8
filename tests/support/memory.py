"""What processes have in memory."""

import contextlib


def memory_of(pid, shared=None):
    """All but what is of a file and cannot be written to. It is read where no core can be had too, and is no less than a core
    has; root may, whatever the process has said of itself. What several have in common and is among `shared` is left out,
    and what is not is added there."""
    return b"\n".join(pieces(pid, set() if shared is None else shared))


def pieces(pid, shared):
    with open(f"/proc/{pid}/maps", encoding="utf-8") as maps, open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in maps:
            span, mode, *common, inode, name = [*line.split(), ""][:6]
            known = mode[3] == "s" and (*common, inode) in shared
            if mode[0] == "r" and (mode[1] == "w" or inode == "0") and not name.startswith("[v") and not known:
                if mode[3] == "s":
                    shared.add((*common, inode))
                begin, end = (int(at, 16) for at in span.split("-"))
                with contextlib.suppress(OSError):
                    mem.seek(begin)
                    yield mem.read(end - begin)


def holders(broker, text):
    """Which of the broker's processes have it in memory."""
    sought = text.encode()
    processes = [*broker.processes(), *broker.sessions()]
    return {pid for pid in processes if sought in memory_of(pid)}
