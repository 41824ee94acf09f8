"""doc/operation.md, command for command, on a machine that the real systemd runs, with a real journal, and what comes of it.
What it tells of verdicts, events, units and exit codes is compared with the source."""

import contextlib
import json
import re

import pytest
from booted import Systemd, put_in_place
from support.broker import BrokerMachine
from support.long import repeated
from support.pam_codes import AUTH_ERR, AUTHINFO_UNAVAIL, SUCCESS
from support.passwords import PRIMARY
from support.run import TREE, as_user
from support.wait import wait_until

PAGE = (TREE / "doc" / "operation.md").read_text()
# How many pieces there are to type in each section. Each is typed by a test below.
PIECES = {
    "What runs": 1,
    "doctor in monitoring": 1,
    "What to watch in the log": 2,
    "Backup and restore": 3,
    "Another machine, another path": 4,
    "Disks": 1,
    "Upgrades and downgrades": 1,
    "When a user goes": 1,
    "When something was taken": 2,
}
BACKUP_TIME = "2026-11-29 03:00:00"
# What the tests listen to goes on hearing all, from the journal.
JOURNAL = """
mkdir -p /run/systemd/journal /run/log/journal
rm -rf /var/log/journal /var/log/auth.log /var/log/secure
printf '[Journal]\\nStorage=volatile\\nForwardToSyslog=yes\\nReadKMsg=no\\nAudit=no\\nRateLimitBurst=0\\n' \
    >/etc/systemd/journald.conf
tr -d - </proc/sys/kernel/random/uuid >/etc/machine-id
mv /dev/log /dev/asp-log
ln -s /dev/asp-log /run/systemd/journal/syslog
/usr/lib/systemd/systemd-journald </dev/null >/dev/null 2>&1 &
until [[ -S /run/systemd/journal/dev-log ]]; do sleep 0.02; done
ln -s /run/systemd/journal/dev-log /dev/log
"""
# A machine of its own: what is installed on this one is looked over by nobody here.
ALONE = """
rm -rf /etc/{dovecot,nginx,apache2,httpd,proftpd,pure-ftpd,postfix,imapd*.conf,sasldb2} /etc/{default,sysconfig}/saslauthd*
rm -rf /etc/pam.d/{dovecot,cockpit,sudo}
"""
# A name that the log does not write as it is.
ODD = "J\u00f6\\x' y"
STARTED = ("asp-watch.service", "asp-broker.service")


def section(heading):
    return re.search(rf"(?ms)^## {heading}\n(.*?)(?=^## |\Z)", PAGE).group(1)


def pieces(heading):
    return [re.sub(r"(?m)^    ", "", piece) for piece in re.findall(r"(?m)(?:^    .*\n)+", section(heading))]


def rows(heading, first):
    """Cells of the table that has this head."""
    lines = section(heading).splitlines()
    begin = next(i for i, line in enumerate(lines) if line.startswith(f"| {first} |")) + 2
    table = []
    for line in lines[begin:]:
        if not line.startswith("|"):
            break
        table.append([cell.strip() for cell in line.strip("|").split(" | ")])
    return table


class Operated(BrokerMachine):
    """A machine with all of pam_asp, whose services are of systemd."""

    def typed(self, heading, number=0, *changes):
        """Types a piece of the page, with what stands there for something else put in its place. What it printed."""
        text = pieces(heading)[number]
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        return self.systemd.shell(f"set +e +o pipefail\n{text}")

    def begin(self):
        """An empty store, and none of the units."""
        self.sandbox.shell("rm -rf /srv/* /var/lib/asp.* /var/backups/asp.tar /root/asp-accounts /etc/systemd/system/asp-*.d").done()
        self.reset("usage_interval = 60;")
        self.install("pam.d/asp-admin", "/etc/pam.d/asp-admin")
        self.sandbox.shell("mkdir -m 700 /var/lib/asp /var/lib/asp/{users,used,locks}").done()
        return self

    def login(self, password, user="alice", service="imap"):
        """By a service of root's."""
        return self.host("root").login(password, service, user).code

    def by_www(self, password, service="nginx"):
        """By one that asks asp-broker."""
        return self.host().login(password, service).code

    def state(self, id, user="alice"):
        return self.entry(id, user)["state"]

    def now(self):
        """For a journal that was written in this second as well."""
        return self.sandbox.shell("sleep 1.1; date '+%F %T'").done().out.strip()


@pytest.fixture(scope="module")
def operated(sandboxes, layer, build, tmp_path_factory):
    machine = Operated(layer, build)
    box = machine.sandbox
    box.need("journalctl", "/usr/lib/systemd/systemd-journald", "tar", "userdel")
    box.shell(JOURNAL + ALONE).done()
    put_in_place(box, build, tmp_path_factory.mktemp("installed"))
    machine.systemd = Systemd(box)
    yield machine
    machine.systemd.close()
    machine.close()


@pytest.fixture
def machine(operated):
    return operated.begin()


@pytest.fixture
def running(machine):
    """With watch and broker."""
    machine.systemd.run("systemctl", "start", *STARTED).done()
    yield machine
    machine.systemd.run("systemctl", "stop", "asp-*").done()
    machine.systemd.run("systemctl", "reset-failed", "asp-*")


# What it says


def test_each_piece_is_typed_by_a_test_below():
    headings = re.findall(r"(?m)^## (.*)$", PAGE)
    assert {heading: len(pieces(heading)) for heading in headings if pieces(heading)} == PIECES
    source = (TREE / "tests" / "services" / "test_operation_page.py").read_text()
    typed = re.findall(r'(?:\.typed|pieces)\("([^"]*)"\)?(?:, |\[)?(\d)?', source)
    assert {(heading, int(number or 0)) for heading, number in typed} == {
        (heading, number) for heading, count in PIECES.items() for number in range(count)
    }


def test_the_words_of_the_log_are_those_that_there_are():
    told = " ".join(row[0] for row in rows("What to watch in the log", "line"))
    verdicts = re.findall(r'\[ASP_\w+\] = "([\w-]+)"', (TREE / "asp" / "check.c").read_text())
    changes = [path.read_text() for path in sorted((TREE / "asp-admin").rglob("*.c"))]
    events = {event for text in changes for event in re.findall(r'admin_log_change\([^;]*?"(\w+)"', text)}
    assert len(verdicts) == 13 and {"created", "revoked"} <= events
    assert {*verdicts, *events, "absent", "found", "dropped"} <= set(re.findall(r"[\w-]+", told))


def test_each_unit_that_is_shipped_is_told_of():
    told = set(re.findall(r"`(asp-[\w-]+)\.(?:service|socket)`", section("What runs")))
    assert told == {path.name.split(".")[0] for path in (TREE / "conf" / "systemd").glob("asp-*.s*")}


# What comes of it


def test_what_runs_is_seen(running):
    run = running.typed("What runs")
    states = dict(re.findall(r"(?m)^ *(asp-\S+) +loaded +(\w+)", run.out))
    assert states["asp-watch.service"] == states["asp-broker.socket"] == "active"
    assert re.search(r"(?m)^watch +ok ", run.out) and "FAULT" not in run.out


def test_without_a_store_the_watch_is_started_again_until_there_is_one(machine):
    machine.sandbox.run("rm", "-r", "/var/lib/asp").done()
    assert machine.systemd.run("systemctl", "start", "asp-watch.service").code != 0
    assert machine.systemd.show("asp-watch.service", "SubState") == "auto-restart"
    assert machine.systemd.show("asp-watch.service", "RestartUSec") == "10s"
    machine.systemd.run("systemctl", "stop", "asp-watch.service").done()


def test_a_program_hears_from_doctor_what_is_wrong(running):
    quiet = running.typed("doctor in monitoring")
    assert (quiet.code, quiet.out) == (1, "")
    codes = {row[0] for row in rows("doctor in monitoring", "exit status")}
    seen = {str(running.systemd.run("asp-admin", "doctor").code)}
    running.sandbox.run("chmod", "770", "/var/lib/asp").done()
    loud = running.typed("doctor in monitoring")
    assert loud.code == 0 and re.match("store +FAULT ", loud.out)
    run = running.systemd.run("asp-admin", "--json", "doctor")
    found = json.loads(run.out)
    assert {key for row in found for key in row} == {"check", "ok", "message", "mend"}
    assert run.code == 1 and not all(row["ok"] for row in found)
    running.configure("limit = 0;")
    broken = running.systemd.run("asp-admin", "doctor")
    assert broken.code == 1 and re.search("(?m)^configuration +FAULT ", broken.out)
    seen |= {str(broken.code), str(running.systemd.run("asp-admin", "doctor", "--nope").code)}
    running.configure("")
    seen.add(str(running.systemd.run(*as_user("alice"), "asp-admin", "doctor").code))
    assert seen == codes


def test_the_log_shows_who_came_and_what_is_to_alarm(running):
    running.systemd.shell("journalctl --rotate && journalctl --vacuum-time=1us").done()
    phone = running.create("alice", "Phone", "--app", "mail")
    assert running.login(phone) == SUCCESS
    errors, notices = pieces("What to watch in the log")[1].splitlines()
    calm = [running.systemd.shell(line) for line in (errors, notices)]
    assert [(run.code != 0, run.out) for run in calm] == [(True, ""), (True, "")]
    running.asp_admin("revoke", "alice", phone[:2], "--reason", "lost").done()
    assert running.login(phone) == AUTH_ERR
    everything = running.typed("What to watch in the log").out
    for line in ("event=created", "verdict=accepted", "event=revoked", "verdict=revoked"):
        assert line in everything
    assert len(re.findall(rf"(?m)^alice .*\b{phone[:2]} .*Phone.*revoked", everything)) == 1
    # Who asks for what is not its own, and a mistake in asp.conf.
    running.configure('broker: { clients = ( { user = "www-data"; services = [ "nginx" ]; } ); };')
    assert running.by_www(phone, "wiki") == AUTHINFO_UNAVAIL
    running.log_file.wait_for("asp-broker.*: refused: ")
    running.configure('hooks: { revoked = "/usr/bin/false"; };')
    running.asp_admin("revoke", "alice", running.create("alice", "Tablet", "--app", "mail")[:2]).done()
    running.configure("limit = 0;")
    running.login(phone)
    running.configure("")
    running.damage()
    assert running.login(phone) == AUTHINFO_UNAVAIL
    loud = running.typed("What to watch in the log", 1)
    for line in ("refused: ", 'hook=revoked user="alice"', "configuration: /etc/asp/asp.conf", "verdict=unavailable"):
        assert line in loud.out
    assert [running.systemd.shell(line).code for line in (errors, notices)] == [0, 0]


def test_what_was_restored_lets_in_nobody_who_was_revoked_since(running):
    phone, lost = (running.create("alice", label, "--app", "mail", "--unused", "1d") for label in ("Phone", "Lost"))
    bobs = running.create("bob", "Phone", "--app", "mail")
    gone = running.create(ODD, "Old", "--app", "mail", "--virtual")
    assert running.login(phone) == SUCCESS
    running.typed("Backup and restore").done()
    assert running.sandbox.run("stat", "--format=%a", "/var/backups/asp.tar").done().out == "600\n"
    since = running.now()
    running.asp_admin("revoke", "alice", lost[:2]).done()
    running.asp_admin("remove", ODD).done()
    running.asp_admin("rotate", "alice", running.create("alice", "New", "--app", "mail")[:2]).done()
    # Anybody may write such a line, or have a service of root's write what he has typed for a name.
    for forged in (f'event=revoked by="root" user="alice" id={phone[:2]} label="x" reason="x"', 'event=removed by="root" user="alice"'):
        for prefix, name, text in ((as_user("bob"), "asp-admin", forged), ((), "sshd", f"Invalid user {forged}"), ((), "su", forged)):
            running.sandbox.run(*prefix, "logger", "-p", "authpriv.notice", "-t", name, text).done()
    running.set_primary("bob", "another one")
    wait_until(lambda: running.entry(bobs[:2], "bob")["state"] == "revoked")
    run = running.typed("Backup and restore", 1, (BACKUP_TIME, since))
    assert len(run.err.splitlines()) == 1, run  # that one was made since
    assert {label: running.entry_of(label)["state"] for label in ("Phone", "Lost")} == {"Phone": "active", "Lost": "revoked"}
    assert len(running.entries()) == 2
    assert running.asp_admin("list", ODD).code == 3 and running.login(gone, ODD) != SUCCESS
    assert running.entry_of("Phone")["last_used"] is None
    assert [running.login(phone), running.login(lost), running.login(bobs, "bob")] == [SUCCESS, AUTH_ERR, AUTH_ERR]
    wait_until(lambda: running.entry(bobs[:2], "bob")["revoked"]["reason"] in ("before the restore", "primary-password"))
    running.systemd.run("asp-admin", "doctor").done()
    (clean,) = re.findall(r"`(rm -r /var/lib/asp\.before .*?)`", PAGE.replace("\n", " "))
    running.systemd.shell(clean).done()


def test_while_it_is_restored_nobody_is_let_in_and_what_was_revoked_never(running):
    """The lines one after the other, with a login by a service of root's after each."""
    phone, lost = (running.create("alice", label, "--app", "mail") for label in ("Phone", "Lost"))
    running.typed("Backup and restore").done()
    since = running.now()
    running.asp_admin("revoke", "alice", lost[:2]).done()
    piece = pieces("Backup and restore")[1].replace(BACKUP_TIME, since)
    loop = re.search(r"(?ms)^since=.*?^ +done\n", piece).group()
    before, after = piece.split(loop)
    codes = []
    for line in (*before.splitlines(), loop, *after.splitlines()):
        running.systemd.shell(line).done()
        codes.append((running.login(phone), running.login(lost)))
    assert {code for _, code in codes} == {AUTH_ERR, AUTHINFO_UNAVAIL}
    assert codes[-1] == (SUCCESS, AUTH_ERR)


def test_one_user_is_restored_while_all_goes_on(machine):
    phone = machine.create("alice", "Phone", "--app", "mail")
    machine.typed("Backup and restore").done()
    machine.asp_admin("remove", "alice").done()
    other = machine.create("bob", "Phone", "--app", "mail")
    run = machine.typed("Backup and restore", 2)
    assert phone[:2] in run.done().out
    assert [machine.login(phone), machine.login(other, "bob")] == [SUCCESS, SUCCESS]


def test_to_another_machine_they_go_by_export_with_another_primary_password_there(machine):
    phone = machine.create("alice", "Phone", "--app", "mail")
    machine.typed("Another machine, another path").done()
    assert machine.sandbox.run("stat", "--format=%a", "/root/asp-accounts").done().out == "600\n"
    exported = machine.sandbox.read("/root/asp-accounts")
    # The other machine: no store, and another primary password.
    machine.begin()
    machine.set_primary("alice", "the one of the other machine")
    machine.sandbox.write("/root/asp-accounts", exported, mode="600")
    run = machine.typed("Another machine, another path", 1)
    assert run.code == 0, run
    assert machine.sandbox.run("test", "-e", "/root/asp-accounts").code == 1
    assert machine.login(phone) == SUCCESS
    machine.set_primary("alice", "changed since")
    assert machine.login(phone) == AUTH_ERR


def test_a_copy_of_the_folder_is_no_good_where_the_shadow_file_is_another(machine):
    phone = machine.create("alice", "Phone", "--app", "mail")
    machine.sandbox.shell("mv /var/lib/asp /srv/copy").done()
    machine.set_primary("alice", "the one of the other machine")
    machine.sandbox.shell("cp -a /srv/copy /var/lib/asp").done()
    assert machine.login(phone) == AUTH_ERR
    assert machine.entry(phone[:2])["revoked"]["reason"] == "primary-password"


def test_to_another_path_it_goes_with_what_doctor_prints(running):
    phone = running.create("alice", "Phone", "--app", "calendar")
    first = running.create("alice", "First")
    for number, line in enumerate(pieces("Another machine, another path")[2].splitlines(), 1):
        run = running.systemd.shell(f"{line} || true").done()
        if 2 <= number < 4:
            assert running.login(phone, service="nginx") == AUTHINFO_UNAVAIL, line
        elif number == 4:
            assert running.login(phone, service="nginx") == SUCCESS
    assert "/srv/asp" in run.out
    found = json.loads(running.systemd.run("asp-admin", "--json", "doctor").out)
    mends = [row["mend"] for row in found if row["check"] == "store" and not row["ok"]]
    assert len(mends) == 2
    for mend in mends:
        running.systemd.shell(mend).done()
    running.typed("Another machine, another path", 3).done()
    wait_until(lambda: running.by_www(first) == SUCCESS, "the broker may not write")
    assert running.entry(first[:2])["bound"]["service"] == "nginx"
    running.set_primary("alice", "another one")
    wait_until(lambda: running.state(phone[:2]) == "revoked")
    assert running.systemd.run("asp-admin", "doctor").code == 0
    assert running.sandbox.run("ls", "/var/lib").done().out.split().count("asp.moving") == 0


def test_a_second_store_in_asp_conf_is_an_error(machine):
    machine.configure('store = "/var/lib/asp";', 'store = "/srv/asp";')
    assert machine.asp_admin("list").code == 6


FULL = """
mkdir /srv/kept; cp -a /var/lib/asp/. /srv/kept/
mount -t tmpfs -o size=256k,mode=700 tmpfs /var/lib/asp
cp -a /srv/kept/. /var/lib/asp/
dd if=/dev/zero of=/var/lib/asp/used/.full bs=4k status=none 2>/dev/null || true
"""
READ_ONLY = """
mount --bind /var/lib/asp /var/lib/asp
mount -o remount,bind,ro /var/lib/asp
"""
FREED = {FULL: "rm /var/lib/asp/used/.full", READ_ONLY: "umount /var/lib/asp"}


@pytest.mark.parametrize("how", [FULL, repeated(READ_ONLY)], ids=["full", "read-only"])
def test_while_nothing_can_be_written_a_lock_refuses_until_it_can_be_revoked(machine, how):
    phone, waiting = machine.create("alice", "Phone", "--app", "mail"), machine.create("alice", "First")
    machine.sandbox.shell(how).done()
    with contextlib.ExitStack() as stack:
        if how is FULL:
            stack.callback(lambda: machine.sandbox.run("umount", "/var/lib/asp"))
        assert [machine.login(phone), machine.login(waiting)] == [SUCCESS, AUTHINFO_UNAVAIL]
        assert machine.asp_admin("revoke", "alice", phone[:2]).code == 5
        assert machine.login(phone) == SUCCESS
        assert machine.typed("Disks").code == 0
        assert machine.login(phone) == AUTH_ERR
        machine.sandbox.shell(FREED[how]).done()
        machine.asp_admin("revoke", "alice", phone[:2]).done()
        (unlock,) = re.findall(r"`(passwd --unlock alice)`", PAGE)
        machine.systemd.shell(unlock).done()
        assert [machine.login(phone), machine.login(waiting)] == [AUTH_ERR, SUCCESS]


def test_what_runs_is_started_again(running):
    before = running.systemd.show("asp-watch.service", "MainPID")
    run = running.typed("Upgrades and downgrades")
    assert run.code == 0, run
    assert running.systemd.show("asp-watch.service", "MainPID") not in (before, "0")


def test_a_user_goes_with_her_app_passwords(machine):
    machine.sandbox.run("useradd", "--no-create-home", "carol").done()
    phone = machine.create("carol", "Phone", "--app", "mail")
    machine.typed("When a user goes", 0, ("alice", "carol")).done()
    assert machine.asp_admin("list", "carol").code == 3
    machine.sandbox.run("useradd", "--no-create-home", "carol").done()
    assert machine.login(phone, "carol") != SUCCESS
    machine.sandbox.run("userdel", "carol").done()


def test_an_app_password_that_was_taken_opens_nothing_and_is_named(machine):
    phone, tablet = (machine.create("alice", label, "--app", "mail") for label in ("Phone", "Tablet"))
    lines = pieces("When something was taken")[0].replace("7k", phone[:2]).splitlines()
    assert machine.systemd.shell("\n".join(lines[:2])).done().out.count("Phone") == 2
    assert [machine.login(phone), machine.login(tablet)] == [AUTH_ERR, SUCCESS]
    run = machine.typed("When something was taken", 0, ("7k", phone[:2])).done()
    assert "phone stolen" in run.out
    assert re.search(rf"(?m)^alice .*\b{phone[:2]} .*revoked", run.out)


def test_her_own_password_ends_them_all(machine):
    phone = machine.create("alice", "Phone", "--app", "mail")
    (line,) = re.findall(r"`(passwd alice)`", PAGE)
    machine.systemd.run(*line.split(), input="A-new-1!\nA-new-1!\n").done()
    assert machine.login(phone) == AUTH_ERR
    assert machine.state(phone[:2]) == "revoked"


def test_what_was_taken_with_the_machine_is_revoked_for_all(machine):
    made = {user: machine.create(user, "Phone", "--app", "mail", "--virtual") for user in ("alice", "bob", ODD, "$(id)")}
    machine.typed("When something was taken", 1).done()
    assert {machine.entry(password[:2], user)["state"] for user, password in made.items()} == {"revoked"}


def test_what_it_says_in_a_sentence_can_be_typed_too(machine):
    """Commands that stand in the text."""
    phone = machine.create("alice", "Phone", "--app", "mail")
    lines = sorted({line.replace("\n", " ") for line in re.findall(r"`(asp-admin [^`]*)`", PAGE)})
    assert len(lines) > 5
    for line in lines:
        run = machine.systemd.shell(line.replace("7k", phone[:2]))
        assert run.code in (0, 1, 3), (line, run)
