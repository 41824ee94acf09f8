"""A service in a sandbox that asks the module: what its tests do with asp-admin, with the files of conf/, and with what
was logged."""

import contextlib
import json

from support import sanitizers
from support.passwords import PRIMARY
from support.recipes import CONF, recipe, steps, with_module
from support.system_log import SystemLog, parsed


# Holds the lock of an account until its standard input ends.
HOLD_LOCK = """
import fcntl, sys
lock = open("/var/lib/asp/locks/" + sys.argv[1], "a")
fcntl.flock(lock, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


# pam_chauthtok for one user of one service, as a program of root's would call it.
CHAUTHTOK = """
import ctypes, sys
pam = ctypes.CDLL("libpam.so.0")
conversation = (ctypes.c_void_p * 2)()
handle = ctypes.c_void_p()
assert pam.pam_start(sys.argv[1].encode(), sys.argv[2].encode(), ctypes.byref(conversation), ctypes.byref(handle)) == 0
code = pam.pam_chauthtok(handle, 0)
pam.pam_end(handle, code)
print(code)
"""


# Runs the commands that it reads in a folder, by a shell that stops at the first that fails.
PREPARE = """
mkdir -p /run/typed
for name in apt systemctl; do printf '#!/bin/sh\\n' >/run/typed/$name; chmod 755 /run/typed/$name; done
ln -sf "$1" /run/typed/asp-admin
cd "$2"
PATH=/run/typed:$PATH bash -euo pipefail -s
"""


class Service:
    """The module has its default configuration and store: nobody else's are in the sandbox."""

    brings_broker = False  # its tests start those that they need
    joining = None  # with --engine=database: what joins a machine to a store (fleet/on_database)

    def __init__(self, sandbox, build):
        self.sandbox = sandbox
        self.build = build
        self.admin = build / "asp-admin" / "asp-admin"
        self.log_file = SystemLog(sandbox)
        self.always = ()  # what each of its configurations begins with

    def reset(self, *configuration):
        """No store, this configuration, the users' own passwords, nothing yet in the log."""
        primaries = "".join(f"{user}:{password}\n" for user, password in PRIMARY.items())
        self.sandbox.shell("rm -rf /var/lib/asp /etc/asp; chpasswd", input=primaries).done()
        if self.joining is not None:
            self.joining.join(self, configuration)
        elif configuration:
            self.configure(*configuration)
        self.log_file.forget()

    def configure(self, *lines):
        lines = [*self.always, *lines]
        if self.joining is not None:
            lines = self.joining.lines(self, lines)
        self.sandbox.write("/etc/asp/asp.conf", "\n".join([*lines, ""]))

    def set_primary(self, user, password):
        self.sandbox.run("chpasswd", input=f"{user}:{password}\n").done()

    # Files of conf/

    def install(self, shipped, path, mode="644"):
        """Puts a shipped file where its text says, as it is."""
        self.sandbox.run("install", "-D", "-m", mode, CONF / shipped, path).done()

    def recipe(self, shipped, path, *changes):
        """The same with (pattern, text) changed; each must match."""
        self.sandbox.write(path, recipe(shipped, *changes))

    def stack(self, name, *services):
        """Puts the shipped stack of that name before the services, with the module where it was built."""
        text = with_module(recipe(f"pam.d/{name}"), self.build)
        for service in services:
            self.sandbox.write(f"/etc/pam.d/{service}", text)

    def follow(self, shipped):
        """Does what the text of a shipped file says, command for command, where that file lies. What apt brings is there;
        what systemctl restarts is the test's to start."""
        self._type(shipped, steps(shipped)[0])

    def go_back(self, shipped):
        """The same of its way back."""
        self._type(shipped, steps(shipped)[1])

    def _type(self, shipped, commands):
        assert commands, shipped
        self.sandbox.shell(PREPARE, self.admin, (CONF / shipped).parent, input="\n".join([*commands, ""])).done()

    # asp-admin

    def asp_admin(self, *words, **options):
        run = self.sandbox.run(self.admin, *words, **options)
        if self.joining is not None:
            self.joining.hear(self)
        return run

    def json(self, *words):
        return json.loads(self.asp_admin("--json", *words).done().out)

    def create(self, user="alice", label="Phone", *more):
        """A new app password; its id is the first two characters."""
        return self.asp_admin("create", user, "--label", label, "--quiet", *more).done().out.strip()

    def chauthtok(self, service, user, prefix=()):
        """A program of root's has her password changed by a PAM service."""
        return self.sandbox.run(*prefix, *sanitizers.host(), "/usr/bin/python3", "-c", CHAUTHTOK, service, user).done()

    @contextlib.contextmanager
    def locked(self, user="alice"):
        """Somebody is at her account: whoever would change it waits, for five seconds at most. Gives what lets go."""
        holder = self.sandbox.start("/usr/bin/python3", "-c", HOLD_LOCK, user, stdin=-1, stdout=-1)
        assert holder.stdout.readline() == "held\n"

        def let_go():
            if holder.poll() is None:
                holder.communicate()

        try:
            yield let_go
        finally:
            let_go()

    def entries(self, user="alice"):
        """Revoked ones too."""
        return self.json("list", user, "--all")

    def entry(self, id, user="alice"):
        (found,) = [entry for entry in self.entries(user) if entry["id"] == id]
        return found

    def entry_of(self, label, user="alice"):
        (found,) = [entry for entry in self.entries(user) if entry["label"] == label]
        return found

    def damage(self, user="alice"):
        """What is kept of her cannot be read any more."""
        if self.joining is not None:
            self.joining.damage(self, user)
        else:
            self.sandbox.shell('echo damage >>/var/lib/asp/users/"$1"', user).done()

    # The log

    def is_counted(self, line):
        """Whether log() is about such a line: those of the module are, or those of who decides for it, unless a service says
        otherwise."""
        return line.of_module or (self.joining is not None and line.is_decision)

    def log(self, count):
        """The lines since last asked. There must be `count` of them."""
        lines = self.log_file.take_lines(count, self.is_counted)
        return lines if self.joining is None else [self.joining.as_of_module(line) for line in lines]

    def verdicts(self, count):
        return [line.word("verdict") for line in self.log(count)]

    def verdict(self):
        """The verdict of the one decision since last asked."""
        return self.log(1)[0].word("verdict")

    def said(self):
        """All that module and broker have logged since last asked."""
        return [line for line in parsed(self.log_file.take()) if line.is_ours]

    def said_one(self):
        (line,) = self.said()
        return line
