"""Sandboxes that stay until they are closed: places on this machine with files, users, processes, a network and a log
of their own (see bin/sandbox)."""

import json
import os
import subprocess

import pytest
from support.passwords import PRIMARY
from support.processes import child_of
from support.run import BIN, ENVIRONMENT, execute
from support.system_log import SystemLog
from support.wait import wait_until

SANDBOX = BIN / "sandbox"

# Of libpam, on Debian and Ubuntu; for a shell.
MODULES = "/lib/$(uname -m)-linux-gnu/security"

# Whether a word is a program, or a file that is there.
THERE = 'for what in "$@"; do command -v "$what" >/dev/null || test -e "$what" || echo "${what##*/}"; done'


class Sandbox:
    """`run` runs a command in it."""

    open = []  # those that are, in the order in which they were opened

    def __init__(self, layer=None):
        words = [SANDBOX, *(["--layer", layer] if layer else [])]
        self.process = subprocess.Popen(
            [*words, "sh", "-c", "echo ready; exec sleep infinity"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            env=ENVIRONMENT,
            cwd="/",
            text=True,
        )
        assert self.process.stdout.readline() == "ready\n"
        self.first = child_of(self.process)
        Sandbox.open.append(self)
        self.prefix = ["nsenter", f"--target={self.first}", "--mount", "--net", "--pid", "--wd=/", "--"]

    def run(self, *words, **options):
        return execute(*self.prefix, *words, **options)

    def start(self, *words, **options):
        """Starts a command in it and does not wait."""
        return subprocess.Popen(
            [os.fspath(word) for word in [*self.prefix, *words]], env=ENVIRONMENT, cwd="/", text=True, **options
        )

    def shell(self, script, *words, **options):
        return self.run("bash", "-euo", "pipefail", "-c", script, "bash", *words, **options)

    def write(self, path, text, mode=None):
        self.shell('mkdir -p "${1%/*}" && cat >"$1"', path, input=text).done()
        if mode is not None:
            self.run("chmod", mode, path).done()

    def read(self, path):
        return self.run("cat", path).done().out

    def json(self, *words):
        return json.loads(self.run(*words).done().out)

    def missing(self, *what):
        """Those of the programs and files that are not there, by name."""
        return self.run("sh", "-c", THERE, "sh", *what).done().out.split()

    def need(self, *what):
        """Skips where one is not there."""
        if missing := self.missing(*what):
            pytest.skip(f"no {', '.join(missing)}: neither installed nor unpacked in ASP_LAYER")

    def need_module(self, name):
        """The same of a PAM module."""
        if self.shell(f'test -e {MODULES}/"$1"', name).code != 0:
            pytest.skip(f"no {name}: neither installed nor unpacked in ASP_LAYER")

    def wait_for_socket(self, path):
        wait_until(lambda: self.run("test", "-S", path).code == 0, f"there is no socket {path}")

    def wait_for_port(self, port, host="127.0.0.1"):
        """Waits until somebody listens."""
        script = ': </dev/tcp/"$1"/"$2"'
        wait_until(lambda: self.shell(script, host, str(port)).code == 0, f"nobody listens on port {port} of {host}")

    def add_people(self):
        """alice and bob, with their primary passwords."""
        for user in PRIMARY:
            self.shell(
                'getent passwd "$1" >/dev/null || useradd --create-home --home-dir "/run/$1" --shell /bin/bash "$1";'
                'chmod 755 "/run/$1"',
                user,
            ).done()
        self.run("chpasswd", input="".join(f"{user}:{password}\n" for user, password in PRIMARY.items())).done()

    def close(self):
        if self in Sandbox.open:
            Sandbox.open.remove(self)
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def open_sandbox(layer, *needed):
    """One with a system log. Skips where something that is needed is not there."""
    box = Sandbox(layer)
    if missing := box.missing(*needed):
        box.close()
        pytest.skip(f"no {', '.join(missing)}: neither installed nor unpacked in ASP_LAYER")
    SystemLog(box).start()
    return box


def open_installed(layer, build, *needed):
    """One in which alice and bob are, and the module lies in libpam's own folder: PAM files need no path."""
    box = open_sandbox(layer, *needed)
    box.add_people()
    box.shell(
        "modules=$(find /usr/lib /lib -name pam_unix.so -print -quit);"
        'install -m 644 "$1/pam_asp/pam_asp.so" "${modules%/*}/";'
        # Tests must not be slow.
        "sed -i 's/pam_unix.so/& nodelay/' /etc/pam.d/common-auth",
        build,
    ).done()
    return box
