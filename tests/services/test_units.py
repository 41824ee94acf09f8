"""The units as they are installed: what systemd says of them, how far they are fenced in, and that asp-broker does its
work within that, under the real systemd."""

import contextlib
import re
import shutil
import subprocess

import pytest
from booted import Machine, install
from conftest import PRIMARY
from support.broker import AUTHINFO_UNAVAIL, AUTH_ERR, SOCKET, SUCCESS, Site, wait_until
from support.service import terminal

SECURITY = {"asp-broker.service": 12, "asp-self.service": 40}
UNITS = ["asp-broker.service", "asp-broker.socket", "asp-self.service", "asp-self.socket"]


# As files


@pytest.fixture(scope="module")
def units(build, tmp_path_factory):
    """As they were built and installed, for the programs that were built with them."""
    folder = tmp_path_factory.mktemp("installed")
    words = ["meson", "install", "-C", build, "--no-rebuild", "--quiet", "--destdir", folder]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    (where,) = {path.parent for path in folder.rglob("asp-*.socket")}
    for path in where.glob("*.service"):
        path.write_text(
            re.sub(r"(?m)^ExecStart=\S+/asp-broker$", f"ExecStart={build}/asp-broker/asp-broker", path.read_text())
        )
    return where


def analyze(*words):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd-analyze")
    return subprocess.run(
        ["systemd-analyze", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )


def test_systemd_finds_nothing_to_say_about_the_units(units):
    assert analyze("verify", "--man=no", *(units / name for name in UNITS)).stdout == ""


@pytest.mark.parametrize("unit, word", [("asp-broker.service", "ProtectHome"), ("asp-self.socket", "SocketMode")])
def test_it_would_find_a_word_that_is_none(units, tmp_path, unit, word):
    for name in UNITS:
        shutil.copy(units / name, tmp_path)
    text = (tmp_path / unit).read_text()
    assert word in text
    (tmp_path / unit).write_text(text.replace(word, f"{word}s"))
    assert f"{word}s" in analyze("verify", "--man=no", *(tmp_path / name for name in UNITS)).stdout


@pytest.mark.parametrize("unit", SECURITY)
def test_the_units_are_hardened(units, unit):
    run = analyze("security", "--offline=yes", f"--threshold={SECURITY[unit]}", units / unit)
    assert run.returncode == 0, run.stdout


def test_the_group_is_made_by_sysusers(sandbox, build, units):
    """By whichever systemd-sysusers there is; what it would do it says on standard error."""
    if sandbox.run("sh", "-c", "command -v systemd-sysusers").code != 0:
        pytest.skip("needs systemd-sysusers")
    path = next(units.parent.parent.glob("sysusers.d/asp.conf"))
    sandbox.write("/run/asp.conf", path.read_text())
    run = sandbox.run("systemd-sysusers", "--dry-run", "/run/asp.conf").done()
    assert re.match(r"Creating group '?asp'? with GID \d+\.\n", run.err) and "user" not in run.err
    sandbox.run("systemd-sysusers", "/run/asp.conf").done()
    name, _, gid, members = sandbox.run("getent", "group", "asp").done().out.strip().split(":")
    assert (name, members) == ("asp", "") and int(gid) < 1000


# Under systemd


@pytest.fixture(scope="module")
def shared(sandboxes, layer, build, tmp_path_factory):
    site = Site(layer, build)
    install(site.sandbox, build, tmp_path_factory.mktemp("installed"))
    site.install("pam.d/asp-admin", "/etc/pam.d/asp-admin")
    site.machine = Machine(site.sandbox)
    yield site
    site.machine.close()
    site.close()


@pytest.fixture
def site(shared):
    """Both sockets, and none of the services yet."""
    machine = shared.machine
    machine.run("systemctl", "stop", *UNITS).done()
    shared.reset()
    shared.phone = shared.create("alice", "Phone", "--app", "calendar")
    machine.run("systemctl", "start", "asp-broker.socket", "asp-self.socket").done()
    shared.said()
    yield shared
    shared.sandbox.run("chmod", "640", "/etc/shadow").done()


def status_of(site, unit="asp-broker.service"):
    pid = site.machine.show(unit, "MainPID")
    text = site.machine.run("cat", f"/proc/{pid}/status").done().out
    return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)


def inside(site, script, unit="asp-broker.service"):
    """Runs it in the service's own namespaces: what is to be seen and to be written there."""
    pid = site.machine.show(unit, "MainPID")
    words = ["nsenter", f"--target={pid}", "--mount", "--net", "--wd=/", "--"]
    return site.machine.run(*words, "bash", "-c", script)


def test_the_sockets_are_there_for_whom_they_are(site):
    run = site.sandbox.run("stat", "--format=%n %F %a %U:%G", "/run/asp", SOCKET, "/run/asp/self.sock").done()
    assert run.out.splitlines() == [
        "/run/asp directory 755 root:root",
        f"{SOCKET} socket 660 root:asp",
        "/run/asp/self.sock socket 666 root:root",
    ]


def test_the_first_login_starts_the_service(site):
    assert site.machine.show("asp-broker.service", "ActiveState") == "inactive"
    answer = site.host().login(site.phone)
    assert answer.code == SUCCESS
    assert site.said_one().word("via") == "www-data"
    assert site.machine.show("asp-broker.service", "ActiveState") == "active"
    assert site.machine.show("asp-self.service", "ActiveState") == "inactive"
    assert site.host("mallory").login(site.phone).code == AUTHINFO_UNAVAIL


def test_all_that_a_login_needs_and_writes_is_within_the_limits(site):
    """shadow that nobody may read, as on Fedora; a use, a binding, and a revocation."""
    first = site.create("alice", "First")
    bobs = site.create("bob", "Phone", "--app", "calendar")
    site.set_primary("bob", "another one")
    site.sandbox.run("chmod", "000", "/etc/shadow").done()
    host = site.host()
    assert host.login(first).code == SUCCESS
    assert host.login(first, "imap").code == AUTH_ERR
    assert host.login(site.phone).code == SUCCESS
    assert host.login(bobs, "nginx", "bob").code == AUTH_ERR
    verdicts = [line.word("verdict") for line in site.said() if "verdict=" in line.text]
    assert verdicts == ["accepted", "wrong-app", "accepted", "primary-changed"]
    entries = {entry["label"]: entry for entry in site.json("list", "alice")}
    assert entries["First"]["app"] == "calendar" and entries["First"]["bound"]["service"] == "nginx"
    assert {entry["last_used"]["rhost"] for entry in entries.values()} == {"192.0.2.7"}
    assert site.json("list", "bob") == []


def test_with_a_slow_hash_too(site):
    site.sandbox.write("/etc/asp/asp.conf", 'hash: { scheme = "argon2id"; };\n')
    slow = site.create("alice", "Slow", "--app", "calendar")
    assert site.host().login(slow).code == SUCCESS


def test_it_is_fenced_in(site):
    site.host().login(site.phone)
    status = status_of(site)
    dac_read_search = f"{1 << 2:016x}"
    assert (status["CapBnd"], status["CapPrm"], status["CapEff"]) == (dac_read_search,) * 3
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    written = inside(
        site, "for f in /etc /usr /var /run /run/asp /var/lib; do touch $f/x 2>/dev/null && echo $f; done; true"
    )
    assert written.done().out == ""
    inside(site, "touch /var/lib/asp/x && rm /var/lib/asp/x").done()
    assert site.machine.run("ls", "-A", "/root").done().out != ""
    assert inside(site, "ls -A /root").done().out == ""
    pid = site.machine.show("asp-broker.service", "MainPID")
    networks = site.machine.run("readlink", f"/proc/{pid}/ns/net", "/proc/1/ns/net").done().out.split()
    assert len(set(networks)) == 2


DROP_IN = """
mkdir -p /run/systemd/system/asp-broker.service.d
cat >/run/systemd/system/asp-broker.service.d/test.conf
systemctl daemon-reload
"""


@contextlib.contextmanager
def soon(site, lines=""):
    """What is to be started again is, without the wait of some seconds."""
    site.machine.shell(DROP_IN, input=f"[Service]\nRestartSec=100ms\n{lines}").done()
    try:
        yield
    finally:
        site.machine.shell("rm -r /run/systemd/system/asp-broker.service.d; systemctl daemon-reload").done()


def test_a_service_that_was_stopped_or_killed_is_started_by_the_next_login(site):
    host = site.host()
    with soon(site):
        assert host.login(site.phone).code == SUCCESS
        site.machine.run("systemctl", "stop", "asp-broker.service").done()
        assert host.login(site.phone).code == SUCCESS
        pid = site.machine.show("asp-broker.service", "MainPID")
        site.machine.run("systemctl", "kill", "--signal=KILL", "asp-broker.service").done()
        wait_until(lambda: host.login(site.phone).code == SUCCESS, "it does not come back")
        assert site.machine.show("asp-broker.service", "MainPID") not in ("0", pid)
    site.said()


def test_a_broken_configuration_needs_no_other_mending_than_its_own(site):
    """However often it was looked at: here more often than systemd starts what fails, if it is not told otherwise."""
    site.sandbox.write("/run/broken.conf", "limit = many;\n")
    with soon(site, "ExecStart=\nExecStart=/usr/local/libexec/asp-broker --config /run/broken.conf\n"):
        assert site.host().login(site.phone).code == AUTHINFO_UNAVAIL
        wait_until(lambda: int(site.machine.show("asp-broker.service", "NRestarts")) > 7, "it gives up")
        assert any("/run/broken.conf:1" in line.text for line in site.said())
        site.sandbox.write("/run/broken.conf", "limit = 8;\n")
        wait_until(lambda: site.host().login(site.phone).code == SUCCESS, "it does not come back")
    site.said()


def test_a_user_acts_on_her_own_app_passwords(site):
    """With her primary password, through pam_unix and a hook, within the limits of the other service."""
    words = ("setpriv", "--reuid", "alice", "--regid", "alice", "--init-groups", "/usr/local/sbin/asp-admin")
    run = site.machine.run(*words, "list").done()
    assert "Phone" in run.out
    assert site.machine.show("asp-self.service", "ActiveState") == "active"
    assert site.machine.show("asp-broker.service", "ActiveState") == "inactive"
    site.sandbox.shell(
        "mkdir -p /usr/local/libexec; cd /usr/local/libexec;"
        "printf '#!/bin/sh\\necho $ASP_EVENT $ASP_USER >>/var/hooked\\n' >hook; chmod 755 hook"
    ).done()
    site.sandbox.write("/etc/asp/asp.conf", 'hooks: { created = "/usr/local/libexec/hook"; };\n')
    with terminal(site.machine, *words[:-1], words[-1], "create", "--label", "Tablet", "--app", "mail") as screen:
        assert screen.until("Password: ")
        screen.answer(PRIMARY["alice"])
        assert screen.until("[0-9a-z]{5}(-[0-9a-z]{5}){4}")
        assert screen.process.wait(timeout=10) == 0
    assert sorted(entry["label"] for entry in site.json("list", "alice")) == ["Phone", "Tablet"]
    assert site.sandbox.read("/var/hooked") == "created alice\n"
    site.said()
