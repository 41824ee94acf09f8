"""The system calls of asp-admin, as strace(1) sees them, and what is done to one of them."""

import collections
import re

from support import sanitizers

Call = collections.namedtuple("Call", "name occurrence line")

# Addresses are the same each time: where the loader happens to find room decides how often it calls munmap.
STRACE = ["setarch", "--addr-no-randomize", *sanitizers.without_leaks(), "strace"]


def read_calls(log, begins=""):
    """Those in a log of strace from the first on that has `begins` in it, a regular expression; each with its number among
    those of its name, which is how strace counts when it injects."""
    counts, calls, begun = collections.Counter(), [], False
    for line in log.read_text(errors="replace").splitlines():
        if found := re.match(r"(\w+)\(", line):
            name = found.group(1)
            counts[name] += 1
            begun = begun or re.search(begins, line)
            if begun and name != "exit_group":
                calls.append(Call(name, counts[name], line))
    return calls


def look_at_configuration(conf):
    """What the first call has in it that is not the loader's."""
    return rf'^open\w*\([^"]*"([^"]*/)?{re.escape(conf.name)}"'


def system_calls(site, folder, *words, prefix=(), **options):
    """The system calls of a run of asp-admin that ends well, from its first look at the configuration; with each descriptor
    is what it is of. What comes before is the loader's."""
    log = folder / "calls"
    site.run(*words, prefix=[*prefix, *STRACE, "-y", "-o", log, "-e", "trace=all"], **options).done()
    return read_calls(log, look_at_configuration(site.conf))


def injecting(folder, call, action):
    """The prefix that does something to one system call of a run."""
    inject = f"inject={call.name}:{action}:when={call.occurrence}"
    return [*STRACE, "-o", folder / "injected", "-e", "trace=all", "-e", inject]
