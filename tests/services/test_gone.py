"""Users who are deleted, and those who have their names next: with the real tools, a real name service, watch at its own
pace and in single passes. Nobody here has a password but ann: the others log in with a key, or have no line in shadow."""

import json
import time

import pytest
from support.service import Service
from support.wait import LONG, wait_until
from support.watch import counts, running_watch

KEY_ONLY = ("kim", "lou", "max")
SETTLED = 3  # seconds after which a file is old enough that who is missing in it is gone


class Machine(Service):
    """Each user has one app password; `passwords` has it."""

    def __init__(self, sandbox, build, folder):
        super().__init__(sandbox, build)
        self.folder = folder
        self.log_file.start()
        # With the hash of 0.1.0 the version of a file says of the primary password alone.
        self.configure("primary: { interval = 10; };", 'hash: { scheme = "hmac-sha256"; };')
        self.passwords = {}
        sandbox.run("useradd", "--no-create-home", "ann").done()
        sandbox.run("chpasswd", "--crypt-method", "SHA512", input="ann:her own\n").done()
        for user in KEY_ONLY:
            self.hire(user)
        for user in ("ann", *KEY_ONLY):
            self.enrol(user)

    def hire(self, user):
        """As useradd does it: a line in shadow, and in it nothing that a password could match."""
        self.sandbox.run("useradd", "--no-create-home", user).done()

    def dismiss(self, user):
        self.sandbox.run("userdel", user).done()

    def list_elsewhere(self, *users):
        """Users whom the name service knows, and who have no line in shadow."""
        lines = "".join(f"{user}:x:{3000 + i}:3000::/run:/bin/sh\n" for i, user in enumerate(users))
        self.sandbox.shell("cat >>/etc/passwd", input=lines).done()

    def strike_from(self, path, pattern):
        self.sandbox.run("sed", "-i", f"/^{pattern}:/d", path).done()

    def settle(self):
        """Waits until shadow has been as it is for so long that it is believed."""
        changed = float(self.sandbox.run("stat", "--format=%.Z", "/etc/shadow").done().out.replace(",", "."))
        time.sleep(max(0, changed + SETTLED + 0.1 - time.time()))

    def enrol(self, user, *more):
        self.passwords[user] = self.create(user, "Phone", *more)

    def verdict_on(self, user):
        run = self.asp_admin("--json", "check", user, "--service", "imap", input=self.passwords[user])
        return run.document(run.code)["verdict"]

    def states(self, user):
        return [entry["state"] for entry in self.entries(user)]

    def version(self, user):
        return self.sandbox.read(f"/var/lib/asp/users/{user}").split()[1]

    def once(self, *more):
        return self.json("watch", "--once", *more)

    def watch(self):
        return running_watch(self.sandbox, self.admin, self.folder)


@pytest.fixture
def machine(sandbox, build, folder):
    return Machine(sandbox, build, folder)


# Lesson: two facts told apart by nothing.
def test_who_is_deleted_is_refused_with_a_hash_and_without_one_and_loses_nothing(machine):
    for user in ("ann", "kim"):
        machine.dismiss(user)
        assert machine.verdict_on(user) == "primary-locked"
        assert machine.states(user) == ["active"]
    assert machine.verdict_on("lou") == "accepted"


# Lesson: two facts told apart by nothing.
def test_the_app_passwords_of_who_was_seen_to_be_gone_are_not_the_next_ones(machine):
    with machine.watch():
        machine.dismiss("kim")
        machine.log_file.wait_for('event=absent by="watch" user="kim"')
        machine.log_file.wait_for("1 of 4 users are gone")
        assert machine.verdict_on("kim") == "primary-locked"
        assert machine.states("kim") == ["active"]
        machine.hire("kim")
        machine.log_file.wait_for('event=revoked by="watch" user="kim" .* reason="primary-password"')
    assert [machine.states(user) for user in KEY_ONLY] == [["revoked"], ["active"], ["active"]]


def test_who_was_deleted_and_made_again_on_a_later_day_is_another(machine):
    machine.dismiss("kim")
    machine.hire("kim")
    machine.sandbox.run("chage", "-d", "9999-01-01", "kim").done()
    assert machine.verdict_on("kim") == "primary-changed"
    assert machine.once() == counts(accounts=4, changed=1, revoked=1)
    assert machine.states("kim") == ["revoked"]
    machine.enrol("kim")
    assert machine.verdict_on("kim") == "accepted"


def test_who_is_back_with_the_same_hash_has_them_again(machine):
    line = machine.sandbox.run("grep", "^ann:", "/etc/shadow").done().out
    machine.strike_from("/etc/shadow", "ann")
    machine.settle()
    assert machine.once() == counts(accounts=4)
    assert (machine.version("ann"), machine.verdict_on("ann")) == ("2", "primary-locked")
    machine.asp_admin("create", "ann", "--label", "Other").refused(3)
    machine.sandbox.shell("cat >>/etc/shadow", input=line).done()
    assert machine.verdict_on("ann") == "accepted"
    assert machine.once() == counts(accounts=4)
    assert (machine.version("ann"), machine.states("ann")) == ("1", ["active"])


def test_in_a_file_that_was_changed_just_now_nobody_is_found_gone(machine):
    whole = machine.sandbox.read("/etc/shadow")

    def was_cut_and_looked_at_within_a_second():
        begun = time.time()
        machine.strike_from("/etc/shadow", "\\(kim\\|lou\\|max\\)")
        document = machine.once()
        return document == counts(accounts=4) and time.time() - begun < 1

    wait_until(was_cut_and_looked_at_within_a_second, "this machine is too slow")
    machine.sandbox.run("dd", "of=/etc/shadow", "status=none", input=whole).done()
    assert machine.once() == counts(accounts=4)
    assert [machine.verdict_on(user) for user in KEY_ONLY] == ["accepted"] * 3


def test_a_file_that_is_half_restored_destroys_nothing(machine):
    users = [f"user{i}" for i in range(25)]
    for user in users:
        machine.hire(user)
        machine.enrol(user)
    whole = machine.sandbox.read("/etc/shadow")
    half = "".join(line for line in whole.splitlines(True) if not line.startswith("user"))
    with machine.watch():
        machine.sandbox.run("dd", "of=/etc/shadow", "status=none", input=half).done()
        machine.log_file.wait_for("25 of 29 users seem to be gone at once: nothing was written; .*--confirm")
        run = machine.asp_admin("--json", "watch", "--once")
        assert (run.code, json.loads(run.out)) == (0, counts(accounts=29, held=25))
        assert "25 of 29 users seem to be gone at once" in run.err and "watch --confirm" in run.err
        assert machine.verdict_on("user7") == "primary-locked"
        machine.sandbox.run("dd", "of=/etc/shadow", "status=none", input=whole).done()
    assert machine.once() == counts(accounts=29)
    assert all(machine.states(user) == ["active"] for user in users)
    assert machine.verdict_on("user7") == "accepted"

    machine.strike_from("/etc/shadow", "user[0-9]*")
    machine.settle()
    assert machine.once()["held"] == 25
    assert machine.json("watch", "--confirm") == counts(accounts=29)
    machine.sandbox.run("dd", "of=/etc/shadow", "status=none", input=whole).done()
    assert machine.once() == counts(accounts=29, changed=25, revoked=25)


def test_whom_the_name_service_misses_twice_running_is_gone_until_it_finds_her(machine):
    machine.list_elsewhere("dora")
    machine.enrol("dora")
    machine.enrol("vera", "--virtual")
    before = machine.sandbox.read("/etc/passwd")
    machine.once()
    machine.strike_from("/etc/passwd", "dora")
    machine.once()
    assert machine.verdict_on("dora") == "accepted", "once is not enough"
    machine.sandbox.run("dd", "of=/etc/passwd", "status=none", input=before).done()
    machine.once()
    machine.strike_from("/etc/passwd", "dora")
    machine.once()
    assert machine.verdict_on("dora") == "accepted", "she was found between"
    machine.once()
    machine.once()
    assert machine.verdict_on("dora") == "primary-locked"
    assert machine.states("dora") == ["active"]
    assert machine.verdict_on("vera") == "accepted", "who was never known is not missed"
    assert len([line for line in machine.log_file.take() if 'event=absent by="watch" user="dora"' in line]) == 1
    machine.sandbox.run("dd", "of=/etc/passwd", "status=none", input=before).done()
    machine.once()
    assert machine.verdict_on("dora") == "accepted"
    machine.log_file.wait_for('event=found by="watch" user="dora"')


# That a running watch does is shown in test_watch_names.py as well.
@pytest.mark.long
def test_a_running_watch_asks_the_name_service(machine):
    machine.list_elsewhere("dora")
    machine.enrol("dora")
    with machine.watch():
        machine.strike_from("/etc/passwd", "dora")
        machine.log_file.wait_for('event=absent by="watch" user="dora"', 6 * LONG)
        assert machine.verdict_on("dora") == "primary-locked"


def test_a_directory_that_knows_nobody_all_at_once_is_not_believed(machine):
    users = [f"user{i}" for i in range(25)]
    machine.list_elsewhere(*users)
    for user in users:
        machine.enrol(user)
    machine.strike_from("/etc/passwd", "user[0-9]*")
    for _ in range(3):
        assert machine.once() == counts(accounts=29, held=25)
    assert machine.verdict_on("user7") == "accepted"
    assert machine.json("watch", "--confirm") == counts(accounts=29)
    assert machine.verdict_on("user7") == "primary-locked"


# Lesson: Nextcloud #7142 #8958 #12703.
def test_a_name_service_that_does_not_answer_misses_nobody(machine):
    machine.list_elsewhere("dora")
    machine.enrol("dora")
    machine.strike_from("/etc/passwd", "dora")
    machine.sandbox.run("sed", "-i", "s/^passwd:.*/passwd: files/", "/etc/nsswitch.conf").done()
    machine.sandbox.run("mv", "/etc/passwd", "/etc/passwd.away").done()
    for _ in range(3):
        machine.once()
    machine.sandbox.run("mv", "/etc/passwd.away", "/etc/passwd").done()
    machine.once()
    assert machine.verdict_on("dora") == "accepted"
    machine.once()
    assert machine.verdict_on("dora") == "primary-locked"


def test_with_virtual_users_nobody_is_missed(machine):
    machine.list_elsewhere("dora")
    machine.enrol("dora")
    machine.strike_from("/etc/passwd", "dora")
    machine.configure("virtual_users = true;")
    for _ in range(3):
        machine.once()
    assert machine.verdict_on("dora") == "accepted"


def test_who_had_no_line_and_gets_one_is_another(machine):
    machine.enrol("vera", "--virtual")
    assert machine.version("vera") == "2"
    assert machine.verdict_on("vera") == "accepted"
    machine.hire("vera")
    assert machine.verdict_on("vera") == "primary-changed"
    assert machine.once() == counts(accounts=5, changed=1, revoked=1)


def test_accounts_whose_user_is_gone_are_a_fault(sandbox, build, folder):
    machine = Machine(sandbox, build, folder)
    machine.list_elsewhere("dora")
    machine.enrol("dora")
    machine.dismiss("ann")
    machine.dismiss("kim")
    machine.strike_from("/etc/passwd", "dora")
    run = machine.asp_admin("--json", "doctor")
    faults = [row for row in run.document(run.code) if row["check"] == "primary" and not row["ok"]]
    gone, missed = (row["message"] for row in faults)
    assert run.code == 1 and "the user is gone of the account ann and kim" in gone
    assert missed.startswith("dora: no line in /etc/shadow, and not known to the system any more")
    assert all("asp-admin remove" in row["mend"] for row in faults)
