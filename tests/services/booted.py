"""A sandbox that the real systemd runs, for the tests of the units: everything is installed in it as on a machine of
its users, below /usr/local."""

import contextlib
import os
import pathlib
import subprocess
import time

import pytest
from support.processes import children
from support.run import ENVIRONMENT, MORTAL, execute
from support.systemd import install
from support.wait import LONG

BOOT = pathlib.Path(__file__).resolve().parent / "boot"

CLEAR = """
group=$(cat /run/boot.cgroup)
echo 1 >"$group/cgroup.kill"
for i in {1..100}; do
    if find "$group" -depth -type d -exec rmdir {} + 2>/dev/null; then exit; fi
    sleep 0.02
done
exit 1
"""


def put_in_place(box, build, folder):
    """What `meson install` makes, put in its place."""
    install(build, folder)
    # Never the folder itself, for / is the machine's own; what is in it is the sandbox's. /lib is a link on most
    # machines.
    names = sorted(path.name for path in folder.iterdir())
    assert set(names) <= {"etc", "lib", "lib64", "usr", "var"}, names
    box.shell(
        'tar -C "$1" -c "${@:2}" | tar -C / -x --keep-directory-symlink --no-overwrite-dir', folder, *names
    ).done()


class Systemd:
    """systemd in a sandbox that has a system log; skips where it does not come up."""

    def __init__(self, box):
        self.box = box
        if box.run("test", "-x", "/usr/lib/systemd/systemd").code != 0:
            pytest.skip("no systemd: neither installed nor unpacked in ASP_LAYER")
        self.process = subprocess.Popen(
            [*box.prefix, *MORTAL, os.fspath(BOOT)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=ENVIRONMENT,
            cwd="/",
            text=True,
        )
        first = self.first()
        self.prefix = [
            *("nsenter", f"--target={first}", "--mount", "--net", "--pid", "--uts", "--ipc", "--cgroup", "--wd=/", "--")
        ]
        if not first or not self.comes_up():
            self.process.kill()
            said, _ = self.process.communicate()
            self.clear()
            pytest.skip(f"systemd does not come up here: {said.strip()}")

    def comes_up(self):
        end = time.monotonic() + 60
        while self.process.poll() is None and time.monotonic() < end:
            if self.run("systemctl", "is-system-running").out.strip() in ("running", "degraded"):
                return True
            time.sleep(0.05)
        return False

    def first(self):
        """systemd, as this machine numbers it; None when it does not come up."""
        end = time.monotonic() + LONG
        while self.process.poll() is None and time.monotonic() < end:
            # One that was looked at may have ended.
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                pid = self.process.pid
                while found := children(pid):
                    pid = found[0]
                if pathlib.Path(f"/proc/{pid}/comm").read_text() == "systemd\n":
                    return pid
            time.sleep(0.02)
        return None

    def run(self, *words, **options):
        return execute(*self.prefix, *words, **options)

    def shell(self, script, *words, **options):
        return self.run("bash", "-euo", "pipefail", "-c", script, "bash", *words, **options)

    def show(self, unit, key):
        return self.run("systemctl", "show", "--value", f"--property={key}", unit).done().out.strip()

    def clear(self):
        self.box.shell(CLEAR)

    def close(self):
        self.process.kill()
        self.process.communicate()
        self.clear()
