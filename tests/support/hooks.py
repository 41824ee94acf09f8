"""Hooks of a site, and one that records all that a program can see of how it was started."""

import json

DEFAULTS = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}

# Adds a line to the file `runs` beside it: all that a program can see of how it was started.
RECORD = """#!/usr/bin/python3 -I
import json, os, signal, sys
blocked, ignored = (
    next(line.split()[1] for line in open("/proc/self/status") if line.startswith(name))
    for name in ("SigBlk", "SigIgn")
)
# The first two are ignored by Python itself, the last two are glibc's own.
ignored = int(ignored, 16) & ~sum(1 << number - 1 for number in (signal.SIGPIPE, signal.SIGXFSZ, 32, 33))
environment = open("/proc/self/environ").read().rstrip("\\0").split("\\0")
seen = {
    "environment": dict(line.split("=", 1) for line in environment),
    "arguments": sys.argv[1:],
    "input": os.readlink("/proc/self/fd/0"),
    "descriptors": [fd for fd in map(int, os.listdir("/proc/self/fd")) if os.path.exists(f"/proc/self/fd/{fd}")],
    "folder": os.getcwd(),
    "leads": os.getsid(0) == os.getpgid(0) == os.getpid(),
    "blocked": int(blocked, 16),
    "ignored": ignored,
    "umask": os.umask(0),
}
with open(__file__.rpartition("/")[0] + "/runs", "a") as file:
    file.write(json.dumps(seen) + "\\n")
"""


class Hooks:
    """The hooks of a site; both are one program."""

    def __init__(self, site):
        self.site = site
        self.folder = site.folder / "hooks"
        self.folder.mkdir(mode=0o755)
        self.path = self.folder / "hook"
        self.lines = ["virtual_users = true;"]
        self.hears = False

    def configure(self, *more, path=None, timeout=10):
        path = path or self.path
        hooks = f'hooks: {{ created = "{path}"; revoked = "{path}"; timeout = {timeout}; }};'
        self.site.configure(*self.lines, hooks, *more)
        if not self.hears:
            self.site.hear()  # from then on
            self.hears = True

    def write(self, text=RECORD, mode=0o755):
        self.path.write_text(text)
        self.path.chmod(mode)

    def runs(self):
        """What the recorder has seen since last asked."""
        self.site.hear()
        file = self.folder / "runs"
        runs = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
        if runs:  # An empty one is about to be written to.
            file.unlink()
        return runs

    def environments(self):
        seen = [run["environment"] for run in self.runs()]
        return [{name: value for name, value in one.items() if name not in DEFAULTS} for one in seen]

    def events(self):
        return [(run["ASP_EVENT"], run["ASP_REASON"], run["ASP_IDS"].split()) for run in self.environments()]
