"""What /proc says of processes, by their numbers on this machine."""

import contextlib
import os
import pathlib

from support.wait import wait_until


def children(pid):
    """In the order in which they were made. One that is gone has none."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return [int(word) for word in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def child_of(process):
    """The one child of a program that entered a sandbox."""

    def look():
        assert process.poll() is None, "it did not start"
        return children(process.pid)

    return wait_until(look, "it did not start")[0]


def below(pid, name):
    """The process of that name below another, or that one itself; or None."""
    seen = [pid]
    for one in seen:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            if pathlib.Path(f"/proc/{one}/comm").read_text().strip() == name:
                return one
            seen += children(one)
    return None


def descendant(pid, name):
    """The same, once it is there."""
    return wait_until(lambda: below(pid, name), f"{name} does not run")


def lives(pid):
    """Whether it runs on: who has ended and was not waited for yet does not."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return state(pid) != "Z"
    return False


def state(pid):
    """The letter of proc(5): S sleeps, T is stopped, Z has ended."""
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def waits_in(pid):
    """The function of the kernel in which it sleeps."""
    return pathlib.Path(f"/proc/{pid}/wchan").read_text()


def descriptors(pid):
    return sorted(os.listdir(f"/proc/{pid}/fd"), key=int)


def has_no_core(pid):
    limits = pathlib.Path(f"/proc/{pid}/limits").read_text()
    (line,) = [line for line in limits.splitlines() if line.startswith("Max core file size ")]
    return line.split()[4:6] == ["0", "0"]


def has_open(pid, path):
    """It may close any of them while they are looked at."""
    for one in descriptors(pid):
        with contextlib.suppress(FileNotFoundError):
            if os.readlink(f"/proc/{pid}/fd/{one}") == str(path):
                return True
    return False
