"""The system calls of asp-admin, as strace(1) sees them, and what is done to one of them."""

import collections
import re

from support import sanitizers

Call = collections.namedtuple("Call", "name occurrence line")

# Addresses are the same each time: where the loader happens to find room decides how often it calls munmap.
STRACE = ["setarch", "--addr-no-randomize", *sanitizers.without_leaks(), "strace"]


def system_calls(site, folder, *words, **options):
    """The system calls of a run of asp-admin from its first look at the configuration, each with its number among
    those of its name, which is how strace counts when it injects. What comes before is the loader's."""
    log = folder / "calls"
    run = site.run(*words, prefix=[*STRACE, "-o", log, "-e", "trace=all"], **options)
    assert run.code == 0, run
    counts, calls, begun = collections.Counter(), [], False
    for line in log.read_text(errors="replace").splitlines():
        if found := re.match(r"(\w+)\(", line):
            name = found.group(1)
            counts[name] += 1
            begun = begun or (name.startswith("open") and site.conf.name in line)
            if begun and name != "exit_group":
                calls.append(Call(name, counts[name], line))
    assert any(call.name.startswith(("rename", "unlink")) for call in calls), "no update seen"
    return calls


def injecting(folder, call, action):
    """The prefix that does something to one system call of a run."""
    inject = f"inject={call.name}:{action}:when={call.occurrence}"
    return [*STRACE, "-o", folder / "injected", "-e", "trace=all", "-e", inject]
