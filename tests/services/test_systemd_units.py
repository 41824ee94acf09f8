"""The units as they are installed: what systemd says of them, how far they are fenced in, and that asp-broker does its
work within that, under the real systemd."""

import contextlib
import json
import os
import re
import shutil
import subprocess

import pytest
from booted import Systemd, put_in_place
from support.account_page import CONFIGURATION, PREPARE, Line, PageAt
from support.account_page import SOCKET as PAGE_SOCKET
from support.account_text import sealed
from support.authorize import AUTHORIZE, ask
from support.authorize import CONFIGURATION as AUTHORIZE_CONFIGURATION
from support.authorize import USERS as AUTHORIZE_USERS
from support.broker import SOCKET
from support.mail import dovecot_of_people
from support.page_user import PageUser
from support.pam_codes import AUTHINFO_UNAVAIL, AUTH_ERR, SUCCESS
from support.passwords import PASSWORD, PRIMARY, wrong
from support.second_factor import GOOGLE, OATH
from support.recipes import CONF, recipe
from support.run import MORTAL, as_user
from support.sandbox import Sandbox
from support.self_service import ADMIN
from support.systemd import analyze, install
from support.terminal import terminal
from support.wait import LONG, wait_until
from support.web_sign_in import CONF as WEB_CONF
from support.web_sign_in import WEB, web_server

# Ten times what systemd makes of them at most: 0 is shut, 100 is open.
SECURITY = {
    "asp-authorize.service": 5,
    "asp-broker.service": 15,
    "asp-self.service": 30,
    "asp-self-web.service": 30,
    "asp-watch.service": 30,
    "asp-web.service": 5,
}
# A drop-in of the broker's unit.
DATABASE = "systemd/asp-database.conf"
STARTED = [
    f"{name}.{kind}" for name in ("asp-broker", "asp-self", "asp-self-web") for kind in ("service", "socket")
]
WEB_UNITS = [f"{name}.{kind}" for name in ("asp-authorize", "asp-web") for kind in ("service", "socket")]
UNITS = [*STARTED, "asp-watch.service", *WEB_UNITS]


# As files


@pytest.fixture(scope="module")
def units(build, tmp_path_factory):
    """As they were built and installed, for the programs that were built with them."""
    folder = tmp_path_factory.mktemp("installed")
    install(build, folder)
    (where,) = {path.parent for path in folder.rglob("asp-*.socket")}
    for path in where.glob("*.service"):
        path.write_text(re.sub(r"(?m)^ExecStart=\S+/(asp-\w+)", rf"ExecStart={build}/\1/\1", path.read_text()))
    return where


@pytest.fixture
def layered(sandboxes, layer):
    """A sandbox with the systemd that is unpacked for the tests, if there is one."""
    with contextlib.closing(Sandbox(layer)) as box:
        yield box


def test_systemd_finds_nothing_to_say_about_the_units(units):
    assert analyze("verify", "--man=no", *(units / name for name in UNITS)).stdout == ""


@pytest.mark.parametrize("unit, word", [("asp-broker.service", "ProtectHome"), ("asp-self.socket", "SocketMode")])
def test_systemd_would_find_a_word_that_is_none(units, tmp_path, unit, word):
    for name in UNITS:
        shutil.copy(units / name, tmp_path)
    text = (tmp_path / unit).read_text()
    assert word in text
    (tmp_path / unit).write_text(text.replace(word, f"{word}s"))
    assert f"{word}s" in analyze("verify", "--man=no", *(tmp_path / name for name in UNITS)).stdout


@pytest.fixture(scope="module")
def offline():
    """Skips where systemd-analyze (before 250) knows a unit by its name alone, as one that is running."""
    if "--offline" not in analyze("--help").stdout:
        pytest.skip("this systemd-analyze cannot look at a unit that is a file")


@pytest.mark.parametrize("unit", SECURITY)
def test_the_units_are_hardened(offline, units, unit):
    run = analyze("security", "--offline=yes", f"--threshold={SECURITY[unit]}", units / unit)
    assert run.returncode == 0, run.stdout


@pytest.fixture
def networked(units, tmp_path):
    """The broker's unit with the drop-in that is shipped for a database on the network."""
    for path in units.glob("asp-broker.*"):
        shutil.copy(path, tmp_path)
    (tmp_path / "asp-broker.service.d").mkdir()
    shutil.copy(CONF / DATABASE, tmp_path / "asp-broker.service.d")
    return tmp_path


def test_the_drop_in_for_a_database_is_read_and_leaves_the_broker_fenced_in(offline, networked):
    unit = networked / "asp-broker.service"
    assert analyze("verify", "--man=no", unit).stdout == ""
    run = analyze("security", "--offline=yes", "--threshold=25", unit)
    assert run.returncode == 0, run.stdout
    found = {one["name"]: one["set"] for one in json.loads(analyze("security", "--offline=yes", "--json=short", unit).stdout)}
    assert found["PrivateNetwork="] is False and found["RestrictAddressFamilies=~AF_(INET|INET6)"] is False
    assert found["RestrictAddressFamilies=~AF_NETLINK"] is True
    drop_in = networked / "asp-broker.service.d" / "asp-database.conf"
    drop_in.write_text(drop_in.read_text().replace("IPAddressAllow", "IPAddressAllows"))
    assert "IPAddressAllows" in analyze("verify", "--man=no", unit).stdout


@pytest.mark.parametrize("unit", SECURITY)
def test_what_is_left_open_is_told_with_a_reason(offline, units, unit):
    found = json.loads(analyze("security", "--offline=yes", "--json=short", units / unit).stdout)
    told = "\n".join(re.findall(r"(?m)^#   (\S.*?)  +\S", (units / unit).read_text()))
    # As patterns: CapabilityBoundingSet=~CAP_(CHOWN|FSETID), User=/DynamicUser=, PrivateUsers=.
    names = [one["name"] for one in found if float(one["exposure"] or 0) > 0]
    left_open = [name.rpartition("~")[2].replace("=/", "|").rstrip("=") for name in names]
    assert len(left_open) > 2
    assert [pattern for pattern in left_open if not re.search(rf"(?<!\w)(?:{pattern})", told)] == []


def test_the_group_and_the_user_of_the_broker_are_made_by_sysusers(layered, units):
    """By whichever systemd-sysusers there is; what it would do it says on standard error."""
    layered.need("systemd-sysusers")
    path = next(units.parent.parent.glob("sysusers.d/asp.conf"))
    layered.write("/run/asp.conf", path.read_text())
    run = layered.run("systemd-sysusers", "--dry-run", "/run/asp.conf").done()
    assert re.match(r"Creating group '?asp'? with GID \d+\.\n", run.err)
    layered.run("systemd-sysusers", "/run/asp.conf").done()
    name, _, gid, members = layered.run("getent", "group", "asp").done().out.strip().split(":")
    assert (name, members) == ("asp", "") and int(gid) < 1000
    assert layered.run("id", "-Gn", "asp-broker").done().out.split() == ["asp-broker"]
    assert layered.run("getent", "passwd", "asp-broker").done().out.endswith(":/:/usr/sbin/nologin\n")


def test_the_user_of_the_page_is_made_by_sysusers(layered, units):
    layered.need("systemd-sysusers")
    path = next(units.parent.parent.glob("sysusers.d/asp-web.conf"))
    layered.write("/run/asp-web.conf", path.read_text())
    layered.run("systemd-sysusers", "/run/asp-web.conf").done()
    name, _, uid, _, _, home, shell = layered.run("getent", "passwd", "asp-web").done().out.strip().split(":")
    assert (name, home, shell) == ("asp-web", "/", "/usr/sbin/nologin") and 0 < int(uid) < 1000
    assert layered.run("id", "-Gn", "asp-web").done().out.split() == ["asp-web"]


def test_who_answers_proxies_is_made_by_sysusers_in_the_group_asp(layered, units):
    """Whichever of both files is read first."""
    layered.need("systemd-sysusers")
    paths = [next(units.parent.parent.glob(f"sysusers.d/{name}.conf")) for name in ("asp-authorize", "asp")]
    for path in paths:
        layered.write(f"/run/{path.name}", path.read_text())
    layered.run("systemd-sysusers", *(f"/run/{path.name}" for path in paths)).done()
    assert layered.run("id", "-Gn", "asp-authorize").done().out.split() == ["asp-authorize", "asp"]
    assert layered.run("getent", "passwd", "asp-authorize").done().out.endswith(":/:/usr/sbin/nologin\n")


# Under systemd


@pytest.fixture(scope="module")
def booted(broker_machine, build, tmp_path_factory):
    """The machine with everything installed, and systemd."""
    put_in_place(broker_machine.sandbox, build, tmp_path_factory.mktemp("installed"))
    broker_machine.systemd = Systemd(broker_machine.sandbox)
    yield broker_machine
    broker_machine.systemd.close()


@pytest.fixture
def machine(booted):
    """Both sockets, and none of the services yet."""
    booted.systemd.run("systemctl", "stop", *STARTED).done()
    # So often in so short a time nobody but a test starts them.
    booted.systemd.run("systemctl", "reset-failed", *STARTED)
    booted.reset()
    booted.install("pam.d/asp-admin", "/etc/pam.d/asp-admin")
    booted.phone = booted.create("alice", "Phone", "--app", "calendar")
    booted.systemd.run("systemctl", "start", "asp-broker.socket", "asp-self.socket").done()
    booted.said()
    yield booted
    booted.sandbox.run("chmod", "640", "/etc/shadow").done()


def status_of(machine, unit="asp-broker.service", pid=None):
    pid = pid or machine.systemd.show(unit, "MainPID")
    text = machine.systemd.run("cat", f"/proc/{pid}/status").done().out
    return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)


def statuses_of_workers(machine):
    """In the order in which they were begun; the first answer logins."""
    parent = machine.systemd.show("asp-broker.service", "MainPID")
    pids = machine.systemd.run("cat", f"/proc/{parent}/task/{parent}/children").done().out.split()
    return [status_of(machine, pid=pid) for pid in pids]


def inside(machine, script, unit="asp-broker.service"):
    """Runs it in the service's own namespaces: what is to be seen and to be written there."""
    pid = machine.systemd.show(unit, "MainPID")
    words = ["nsenter", f"--target={pid}", "--mount", "--net", "--wd=/", "--"]
    return machine.systemd.run(*words, "bash", "-c", script)


def test_the_sockets_are_there_for_whom_they_are(machine):
    run = machine.sandbox.run("stat", "--format=%n %F %a %U:%G", "/run/asp", SOCKET, "/run/asp/self.sock").done()
    assert run.out.splitlines() == [
        "/run/asp directory 755 root:root",
        f"{SOCKET} socket 660 root:asp",
        "/run/asp/self.sock socket 666 root:root",
    ]


def test_the_first_login_starts_the_service(machine):
    assert machine.systemd.show("asp-broker.service", "ActiveState") == "inactive"
    answer = machine.host().login(machine.phone)
    assert answer.code == SUCCESS
    assert machine.said_one().word("via") == "www-data"
    assert machine.systemd.show("asp-broker.service", "ActiveState") == "active"
    assert machine.systemd.show("asp-self.service", "ActiveState") == "inactive"
    assert machine.host("mallory").login(machine.phone).code == AUTHINFO_UNAVAIL


def test_all_that_a_login_needs_and_writes_is_within_the_limits(machine):
    """shadow that nobody may read, as on Fedora; a use, a binding, and a revocation."""
    first = machine.create("alice", "First")
    bobs = machine.create("bob", "Phone", "--app", "calendar")
    machine.set_primary("bob", "another one")
    machine.sandbox.run("chmod", "000", "/etc/shadow").done()
    host = machine.host()
    assert host.login(first).code == SUCCESS
    assert host.login(first, "imap").code == AUTH_ERR
    assert host.login(machine.phone).code == SUCCESS
    assert host.login(bobs, "nginx", "bob").code == AUTH_ERR
    verdicts = [line.word("verdict") for line in machine.said() if "verdict=" in line.text]
    assert verdicts == ["accepted", "wrong-app", "accepted", "primary-changed"]
    entries = {entry["label"]: entry for entry in machine.json("list", "alice")}
    assert entries["First"]["app"] == "calendar" and entries["First"]["bound"]["service"] == "nginx"
    assert {entry["last_used"]["rhost"] for entry in entries.values()} == {"192.0.2.7"}
    assert machine.json("list", "bob") == []


def test_a_login_with_a_slow_hash_is_within_the_limits(machine):
    machine.sandbox.write("/etc/asp/asp.conf", 'hash: { scheme = "argon2id"; };\n')
    slow = machine.create("alice", "Slow", "--app", "calendar")
    assert machine.host().login(slow).code == SUCCESS


# As /proc shows them: CAP_DAC_READ_SEARCH, and with it CAP_KILL, CAP_SETGID and CAP_SETUID.
READS_ALL = f"{1 << 2:016x}"
ALL_CAPABILITIES = f"{1 << 2 | 1 << 5 | 1 << 6 | 1 << 7:016x}"


def test_the_broker_may_do_what_it_needs_and_no_more(machine):
    machine.host().login(machine.phone)
    status = status_of(machine)
    assert (status["CapBnd"], status["CapPrm"], status["CapEff"]) == (ALL_CAPABILITIES,) * 3
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    for worker in statuses_of_workers(machine):
        assert (worker["CapPrm"], worker["CapEff"], worker["Uid"]) == (READS_ALL, READS_ALL, "0\t0\t0\t0")
    written = inside(
        machine, "for f in /etc /usr /var /run /run/asp /var/lib; do touch $f/x 2>/dev/null && echo $f; done; true"
    )
    assert written.done().out == ""
    inside(machine, "touch /var/lib/asp/x && rm /var/lib/asp/x").done()
    assert machine.systemd.run("ls", "-A", "/root").done().out != ""
    assert inside(machine, "ls -A /root").done().out == ""
    pid = machine.systemd.show("asp-broker.service", "MainPID")
    networks = machine.systemd.run("readlink", f"/proc/{pid}/ns/net", "/proc/1/ns/net").done().out.split()
    assert len(set(networks)) == 2


DROP_IN = """
mkdir -p /run/systemd/system/$1.d
cat >/run/systemd/system/$1.d/test.conf
systemctl daemon-reload
"""


@contextlib.contextmanager
def soon(machine, lines="", unit="asp-broker.service"):
    """What is to be started again is, without the wait of some seconds."""
    machine.systemd.shell(DROP_IN, unit, input=f"[Service]\nRestartSec=100ms\n{lines}").done()
    try:
        yield
    finally:
        machine.systemd.shell('rm -r "/run/systemd/system/$1.d"; systemctl daemon-reload', unit).done()


DATABASE_CONF = """
primary: { source = "none"; };
database: { hosts = ( { address = "127.0.0.1"; } ); tls = "none"; };
"""
DATABASE_HERE = """
primary: { realm = "office"; };
database: { hosts = ( { address = "/run/nowhere"; } ); };
"""
STORE_ID = sealed(["asp-store-id 1 00000000-0000-4000-8000-000000000000 64"]).decode()
LISTENER = """
import socket
with socket.create_server(("127.0.0.1", 5432)) as server:
    server.settimeout(3)
    print("listens", flush=True)
    try:
        server.accept()
        print("asked")
    except TimeoutError:
        print("nobody has asked")
"""


@pytest.mark.parametrize("drops_in", [False, True])
def test_a_database_on_the_network_is_asked_with_its_drop_in_alone(machine, drops_in):
    if not (machine.build / "tests" / "fleet" / "driver").exists():
        pytest.skip("built without a database: -Ddatabase=enabled")
    machine.sandbox.write("/etc/asp/asp.conf", DATABASE_CONF)
    machine.sandbox.write("/var/lib/asp/store-id", STORE_ID, mode="600")
    words = [*machine.systemd.prefix, *MORTAL, "/usr/bin/python3", "-c", LISTENER]
    with (
        soon(machine, recipe(DATABASE, (r"192\.0\.2\.11", "127.0.0.1")) if drops_in else ""),
        subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as listener,
    ):
        assert listener.stdout.readline() == "listens\n"
        assert machine.host().login(machine.phone).code == AUTHINFO_UNAVAIL
        assert listener.stdout.readline() == ("asked\n" if drops_in else "nobody has asked\n")
    machine.said()


@pytest.mark.parametrize("mode, capabilities", [("640", f"{0:016x}"), ("000", READS_ALL)])
def test_with_a_database_who_answers_is_not_root_within_the_limits_and_ends_when_told(machine, mode, capabilities):
    """By a Unix socket no drop-in is needed; here nobody listens at it. shadow is read by its group, or as where none may."""
    if not (machine.build / "tests" / "fleet" / "driver").exists():
        pytest.skip("built without a database: -Ddatabase=enabled")
    machine.sandbox.write("/etc/asp/asp.conf", DATABASE_HERE)
    machine.sandbox.write("/var/lib/asp/store-id", STORE_ID, mode="600")
    machine.sandbox.run("chmod", mode, "/etc/shadow").done()
    with soon(machine):
        assert machine.host().login(machine.phone).code == AUTHINFO_UNAVAIL
        uid = machine.sandbox.run("id", "-u", "asp-broker").done().out.strip()
        *answering, reads_for_them = statuses_of_workers(machine)
        assert {one["Uid"] for one in answering} == {"\t".join([uid] * 4)} and reads_for_them["Uid"] == "0\t0\t0\t0"
        assert answering[0]["CapPrm"] == answering[0]["CapEff"] == capabilities
        machine.systemd.run("systemctl", "kill", "--kill-whom=main", "asp-broker.service").done()
        wait_until(lambda: machine.systemd.show("asp-broker.service", "ActiveState") == "inactive")
    said = "\n".join(line.text for line in machine.said())
    assert "/run/nowhere" in said and "killed" not in said and "as root" not in said


def test_a_service_that_was_stopped_or_killed_is_started_by_the_next_login(machine):
    host = machine.host()
    with soon(machine):
        assert host.login(machine.phone).code == SUCCESS
        machine.systemd.run("systemctl", "stop", "asp-broker.service").done()
        assert host.login(machine.phone).code == SUCCESS
        pid = machine.systemd.show("asp-broker.service", "MainPID")
        machine.systemd.run("systemctl", "kill", "--signal=KILL", "asp-broker.service").done()
        wait_until(lambda: host.login(machine.phone).code == SUCCESS, "it does not come back")
        assert machine.systemd.show("asp-broker.service", "MainPID") not in ("0", pid)
    machine.said()


def test_a_broken_configuration_needs_no_other_fix_than_its_own(machine):
    """However often it was looked at: here more often than systemd starts what fails, if it is not told otherwise."""
    machine.sandbox.write("/run/broken.conf", "limit = many;\n")
    with soon(machine, "ExecStart=\nExecStart=/usr/local/libexec/asp-broker --config /run/broken.conf\n"):
        assert machine.host().login(machine.phone).code == AUTHINFO_UNAVAIL
        wait_until(lambda: int(machine.systemd.show("asp-broker.service", "NRestarts")) > 7, "it gives up")
        assert any("/run/broken.conf:1" in line.text for line in machine.said())
        machine.sandbox.write("/run/broken.conf", "limit = 8;\n")
        wait_until(lambda: machine.host().login(machine.phone).code == SUCCESS, "it does not come back")
    machine.said()


def test_a_user_acts_on_her_own_app_passwords(machine):
    """With her primary password, through pam_unix and a hook, within the limits of the other service."""
    run = machine.systemd.run(*as_user("alice"), ADMIN, "list").done()
    assert "Phone" in run.out
    assert machine.systemd.show("asp-self.service", "ActiveState") == "active"
    assert machine.systemd.show("asp-broker.service", "ActiveState") == "inactive"
    machine.sandbox.shell(
        "mkdir -p /usr/local/libexec; cd /usr/local/libexec;"
        "printf '#!/bin/sh\\necho $ASP_EVENT $ASP_USER >>/var/hooked\\n' >hook; chmod 755 hook"
    ).done()
    machine.sandbox.write("/etc/asp/asp.conf", 'hooks: { created = "/usr/local/libexec/hook"; };\n')
    with terminal(machine.systemd, *as_user("alice"), ADMIN, "create", "--label", "Tablet", "--app", "mail") as screen:
        assert screen.until("Password: ")
        screen.answer(PRIMARY["alice"])
        assert screen.until(PASSWORD.pattern)
        assert screen.process.wait(LONG) == 0
    assert sorted(entry["label"] for entry in machine.json("list", "alice")) == ["Phone", "Tablet"]
    assert machine.sandbox.read("/var/hooked") == "created alice\n"
    machine.said()


@pytest.mark.parametrize("factor", [GOOGLE, OATH], ids=["google", "oath"])
def test_a_second_factor_reads_and_writes_what_it_keeps_of_her(machine, factor):
    """Each code is good once, which the module can only know if it has written that."""
    code = factor.enroll(machine.sandbox, "/var/lib/oath/users.oath")
    machine.recipe("pam.d/asp-admin", "/etc/pam.d/asp-admin", (rf"(?m)^#(auth +required +{factor.module})", r"\1"))
    words = [*as_user("alice"), ADMIN, "--json", "create", "--app", "mail", "--label"]
    answers = f"{PRIMARY['alice']}\n{code()}\n"
    machine.systemd.run(*words, "Tablet", input=answers).done()
    machine.systemd.run("systemctl", "stop", "asp-self.service").done()  # which forgets that she was let in
    assert machine.systemd.run(*words, "Laptop", input=answers).code == 1
    machine.said()


def test_a_user_of_dovecots_signs_in_within_those_limits_too(machine):
    box = machine.sandbox
    box.need("dovecot", "doveadm")
    machine.install("pam.d/asp-web-dovecot", "/etc/pam.d/asp-web")
    machine.install("dovecot/sign-in-dovecot", "/usr/libexec/asp/sign-in-dovecot", "755")
    box.shell("getent passwd asp-web >/dev/null || useradd --system asp-web").done()
    box.write("/etc/asp/asp.conf", f"{WEB_CONF}\nvirtual_users = true;\n")
    with dovecot_of_people(box, "/run/w", 1543, {"carol@example.org": "hers"}):
        machine.systemd.run("systemctl", "start", "asp-self-web.socket").done()
        with web_server(machine) as server:
            number = server.signs_in("carol@example.org", "hers")
            assert server.does(number, "list") == (0, "no app passwords\n", "")
        machine.systemd.run("systemctl", "stop", "asp-self-web.service").done()
    machine.said()


def test_a_user_signs_in_from_a_browser_within_limits_of_its_own(machine):
    code = GOOGLE.enroll(machine.sandbox, None)
    machine.recipe(
        "pam.d/asp-web", "/etc/pam.d/asp-web", (r"(?m)^#(auth +required +pam_google_authenticator.so)", r"\1")
    )
    machine.sandbox.shell("getent passwd asp-web >/dev/null || useradd --system asp-web").done()
    machine.sandbox.write("/etc/asp/asp.conf", f"{WEB_CONF}\n")
    machine.systemd.run("systemctl", "start", "asp-self-web.socket").done()
    run = machine.sandbox.run("stat", "--format=%F %a %U", WEB).done()
    assert run.out == "socket 600 asp-web\n"
    with web_server(machine) as server:
        number = server.signs_in("alice", PRIMARY["alice"], code())
        assert server.does(number, "create", "--label", "Tablet", "--app", "mail", "--quiet")[0] == 0
        assert machine.systemd.show("asp-self-web.service", "ActiveState") == "active"
        assert machine.systemd.show("asp-self.service", "ActiveState") == "inactive"
        machine.systemd.run("systemctl", "stop", "asp-self-web.service").done()
        assert server.ends(number) == "asp-broker ends: sign in again"
    assert sorted(entry["label"] for entry in machine.json("list", "alice")) == ["Phone", "Tablet"]
    machine.said()


def test_the_account_page_does_its_work_within_its_limits(machine):
    """A user signs in and makes an app password, all through sockets that systemd has handed over."""
    box = machine.sandbox
    box.shell(PREPARE, "/usr/local/share/asp/page").done()
    box.write("/etc/asp/asp.conf", f"{WEB_CONF}\n{CONFIGURATION}\n")
    machine.install("pam.d/asp-web", "/etc/pam.d/asp-web")
    machine.systemd.run("systemctl", "start", "asp-self-web.socket", "asp-web.socket").done()
    try:
        alice = PageUser(PageAt(f"/proc/{box.first}/root{PAGE_SOCKET}")).signs_in()
        assert alice.run("create", "--label", "Tablet", "--app", "mail", "--", "alice")["code"] == 0
        assert sorted(entry["label"] for entry in machine.json("list", "alice")) == ["Phone", "Tablet"]
        status = status_of(machine, "asp-web.service")
        assert (status["CapBnd"], status["NoNewPrivs"], status["Seccomp"]) == (f"{0:016x}", "1", "2")
        pid = machine.systemd.show("asp-web.service", "MainPID")
        limit = re.search(r"Max locked memory +(\w+)", machine.systemd.run("cat", f"/proc/{pid}/limits").done().out)[1]
        # Where this machine lets nobody lock as much, it is what is known of sessions alone.
        most = limit == "unlimited" or int(limit) >= 128 << 20
        assert int(status["VmLck"].split()[0]) > (1000 if most else 100)
        assert inside(machine, "ls -A /root; ls -A /home", "asp-web.service").out == ""
    finally:
        machine.systemd.run("systemctl", "stop", "asp-web.socket", "asp-web.service").done()
    machine.said()


def test_who_waits_for_the_page_while_its_configuration_is_wrong_gets_it_when_that_is_right(machine):
    """Where it were not started again, who has connected would have it started at once, until systemd gives up the socket."""
    box = machine.sandbox
    box.shell(PREPARE, "/usr/local/share/asp/page").done()
    box.write("/etc/asp/asp.conf", f"{WEB_CONF}\n")
    page = PageAt(f"/proc/{box.first}/root{PAGE_SOCKET}")
    try:
        machine.systemd.run("systemctl", "start", "asp-web.socket").done()
        with soon(machine, unit="asp-web.service"), contextlib.closing(Line(page.where)) as line:
            line.send(page.browser().bytes("GET", "/"))
            wait_until(lambda: int(machine.systemd.show("asp-web.service", "NRestarts")) > 25, "it gives up")
            wait_until(lambda: machine.systemd.show("asp-web.service", "ExecMainStatus") == "6", "it ends by something else")
            box.write("/etc/asp/asp.conf", f"{WEB_CONF}\n{CONFIGURATION}\n")
            assert line.answer().status == 200
    finally:
        machine.systemd.run("systemctl", "stop", "asp-web.socket", "asp-web.service").done()
    machine.said()


def test_proxies_are_answered_within_the_limits(machine):
    """By a user whom sysusers has made, through the socket that systemd has handed over."""
    box = machine.sandbox
    box.shell(AUTHORIZE_USERS).done()
    box.write("/etc/asp/asp.conf", "\n".join([*AUTHORIZE_CONFIGURATION, ""]))
    machine.systemd.run("systemctl", "start", "asp-authorize.socket").done()
    try:
        login = f"alice:{machine.phone}"
        for said, status in ((login, 200), (wrong(login), 401), (None, 401)):
            assert ask(f"/proc/{box.first}/root{AUTHORIZE}", said, "caldav").status == status
        assert [line.word("via") for line in machine.said()] == ["asp-authorize"] * 2
        status = status_of(machine, "asp-authorize.service")
        assert (status["CapBnd"], status["NoNewPrivs"], status["Seccomp"]) == (f"{0:016x}", "1", "2")
        assert inside(machine, "ls -A /root; ls -A /home; ls -A /var/lib/asp", "asp-authorize.service").out == ""
    finally:
        machine.systemd.run("systemctl", "stop", "asp-authorize.socket", "asp-authorize.service").done()
    machine.said()


# Ends what has a mark of the app password in its environment, as conf/hooks/sshd does.
END_MARKED = """#!/bin/bash
for process in /proc/[0-9]*; do
    if grep -qzx "ASP_ID=$ASP_IDS" "$process/environ" && [[ $(readlink "$process/exe") == */sleep ]]; then
        kill "${process#/proc/}"
    fi
done 2>/dev/null
exit 0
"""


@contextlib.contextmanager
def session(machine, id):
    """A process of alice's that was let in by an app password. Gives what waits for its end."""
    words = [*machine.systemd.prefix, *as_user("alice"), "env", f"ASP_ID={id}", "sleep", "300"]
    with subprocess.Popen([os.fspath(word) for word in words]) as process:
        try:
            yield process
        finally:
            process.kill()


def test_a_hook_finds_and_ends_the_processes_of_users(machine):
    """In the service for users when she revokes, and in that of watch when her primary password changes."""
    machine.sandbox.write("/usr/local/libexec/end-marked", END_MARKED, mode="755")
    machine.sandbox.write("/etc/asp/asp.conf", 'hooks: { revoked = "/usr/local/libexec/end-marked"; };\n')
    with session(machine, machine.phone[:2]) as phone:
        revoke = ["revoke", machine.phone[:2]]
        machine.systemd.run(*as_user("alice"), ADMIN, *revoke, input=f"{PRIMARY['alice']}\n").done()
        assert phone.wait(LONG) != 0
    tablet = machine.create("alice", "Tablet", "--app", "calendar")
    with session(machine, tablet[:2]) as other:
        machine.systemd.run("systemctl", "start", "asp-watch.service").done()
        machine.set_primary("alice", "another one")
        assert other.wait(LONG) != 0
        machine.systemd.run("systemctl", "stop", "asp-watch.service").done()
    assert machine.json("list", "alice") == []
    machine.said()
