"""Instructions, system calls and fsyncs: counts that do not hang on how busy the machine is."""

import re
import subprocess

from place import Broken, has

# libaudit clears a message of 8,988 bytes at each login with `rep stosb`, where the processor is said to have a quick one:
# one instruction, which valgrind counts by the byte. With this it is cleared as where there is none.
NO_REP_STOSB = "glibc.cpu.x86_rep_stosb_threshold=1000000000"
SYNCS = "fsync,fdatasync,sync,syncfs,sync_file_range,msync"


def output(*words):
    return subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def marked(world, logins, before):
    """Each of these logins some times, and then some times marked. Returns how often the latter is."""
    times = 3
    host = world.host(logins, before=before)
    for number in range(len(logins)):
        host.ask("use", number, 1)
        host.ask("time", 5)
        host.ask("mark", times)
    host.end()
    return times


def callgrind(out, by_byte=False):
    """Its log is of what it does not know of the system calls; a failure of the host is seen as such."""
    tunables = [] if by_byte else ["env", f"GLIBC_TUNABLES={NO_REP_STOSB}"]
    words = [*tunables, "valgrind", "--log-file=/dev/null", "--tool=callgrind", f"--callgrind-out-file={out}"]
    return [*words, "--collect-atstart=no", "--toggle-collect=marked_transaction", "--dump-after=marked_transaction"]


def total(out, number):
    text = out.with_name(f"{out.name}.{number}").read_text(encoding="utf-8")
    return int(re.search(r"^(?:totals|summary): (\d+)", text, re.MULTILINE)[1])


def instructions(world, logins, by_byte=False):
    """User-space instructions of one transaction of each of the logins, in their order; None without valgrind. `by_byte`:
    counted so where a lot is cleared, as valgrind does by itself."""
    if not has("valgrind"):
        return None
    out = world.folder / "callgrind"
    times = marked(world, logins, callgrind(out, by_byte))
    totals = [total(out, number) for number in range(1, len(logins) * times + 1)]
    return [min(totals[at : at + times]) for at in range(0, len(totals), times)]


def instructions_once(world, usual, login):
    """The same of one that is made a single time, after some usual ones."""
    if not has("valgrind"):
        return None
    out = world.folder / "callgrind-once"
    host = world.host([usual, login], before=callgrind(out))
    host.ask("use", 0, 1)
    host.ask("time", 5)
    host.ask("use", 1, 1)
    host.ask("mark", 1)
    host.end()
    return total(out, 1)


def system_calls(world, logins):
    """System calls of one transaction of each of the logins; None without strace, or where it may not trace."""
    out = world.folder / "strace"
    if not has("strace") or subprocess.run(["strace", "-o", out, "true"], check=False).returncode != 0:
        return None
    times = marked(world, logins, ["strace", "-o", out])
    found, begun = [], None
    for number, line in enumerate(out.read_text(encoding="utf-8", errors="replace").splitlines()):
        if not line.startswith("getppid("):
            continue
        if begun is None:
            begun = number
        else:
            found.append(number - begun - 1)
            begun = None
    if len(found) != len(logins) * times:
        raise Broken(f"strace: {len(found)} transactions were seen")
    return [min(found[at : at + times]) for at in range(0, len(found), times)]


def syncs(folder, words):
    """What a command syncs, and how often: a dictionary by paths; None without strace."""
    out = folder / "syncs"
    if not has("strace"):
        return None
    subprocess.run(
        ["strace", "-f", "-y", "-o", out, "-e", f"trace={SYNCS}", *words], stdout=subprocess.DEVNULL, check=True
    )
    found = {}
    for line in out.read_text(encoding="utf-8", errors="replace").splitlines():
        call = re.search(r"(\w+)\((?:\d+<(.*?)>)?.*\)\s+= 0", line)
        if call:
            path = call[2] or call[1]
            found[path] = found.get(path, 0) + 1
    return found
