"""An account that version 0.1.0 has made of another spelling of a user: it follows her primary password, and nothing of
it is merged with her own account. The name service calls whoever begins with "spelling" alice."""

import json

import pytest
from support.account_text import lines_of_text, sealed
from support.broker import Host
from support.pam_codes import AUTH_ERR, SUCCESS
from support.service import Service
from support.watch import counts

OLD = "spelling-of-old"
STACK = """
auth required pam_asp.so
account required pam_asp.so
password required pam_permit.so
password optional pam_asp.so
"""


class Upgraded(Service):
    """alice has an app password, and one of an older version by another spelling; /etc/shadow has her line alone."""

    def __init__(self, sandbox, build, name_service):
        super().__init__(sandbox, build)
        self.prefix = ("env", f"LD_PRELOAD={name_service}")
        sandbox.shell("useradd --no-create-home alice; useradd --no-create-home bob").done()
        sandbox.write("/etc/pam.d/dovecot", STACK.replace("pam_asp.so", f"{build}/pam_asp/pam_asp.so"))
        self.log_file.start()
        self.reset("")
        self.hers = self.create("alice", "Phone", "--app", "any")
        self.old = self.create(OLD, "Old", "--app", "any", "--virtual")
        self.host = Host(sandbox, "root")

    def asked(self):
        """Whom the name service was asked for since the last call."""
        return self.sandbox.shell("cat /run/asked; rm -f /run/asked").out.split()

    def upgraded(self, *words):
        """asp-admin where the name service knows the spelling."""
        return self.sandbox.run(*self.prefix, self.admin, *words)

    def watch(self):
        return self.upgraded("--json", "watch", "--once").document()

    def states(self, user):
        return [entry["state"] for entry in self.entries(user)]

    def login(self, password, user):
        return self.host.login(password, "dovecot", user).code


@pytest.fixture
def machine(sandbox, build, name_service):
    one = Upgraded(sandbox, build, name_service)
    yield one
    one.host.close()


def test_watch_has_it_follow_and_revokes_nothing(machine):
    assert machine.watch()["revoked"] == 0
    assert machine.asked().count(OLD) == 1
    text = machine.sandbox.read(f"/var/lib/asp/users/{OLD}")
    assert text.startswith("asp-account 2 ") and '\nfollows="alice"\n' in text
    assert machine.watch()["revoked"] == 0
    assert machine.asked().count(OLD) == 1
    assert machine.sandbox.read(f"/var/lib/asp/users/{OLD}") == text
    assert machine.login(machine.old, OLD) == SUCCESS
    assert machine.login(machine.hers, "alice") == SUCCESS
    assert machine.login(machine.hers, OLD) != SUCCESS
    assert machine.states(OLD) == machine.states("alice") == ["active"]
    assert [row["user"] for row in machine.json("list")] == ["alice", OLD]


def test_a_change_of_her_primary_password_revokes_it_by_watch(machine):
    machine.watch()
    machine.set_primary("alice", "another one")
    assert machine.watch() == {"accounts": 2, "changed": 2, "revoked": 2, "unknown": 0, "held": 0}
    assert machine.states(OLD) == machine.states("alice") == ["revoked"]
    assert machine.login(machine.old, OLD) == AUTH_ERR
    new = machine.create(OLD, "New", "--app", "any", "--virtual")
    assert machine.login(new, OLD) == SUCCESS
    assert machine.watch()["revoked"] == 0


def test_a_change_of_her_primary_password_is_seen_at_its_login_and_when_it_gets_a_new_one(machine):
    machine.watch()
    machine.set_primary("alice", "another one")
    machine.said()
    assert machine.login(machine.old, OLD) == AUTH_ERR
    assert "primary-changed" in [line.word("verdict") for line in machine.said() if "verdict=" in line.text]
    assert machine.states(OLD) == ["revoked"]
    machine.set_primary("alice", "a third one")
    machine.asp_admin("create", "alice", "--label", "New", "--quiet").done()
    machine.asp_admin("create", OLD, "--label", "New", "--quiet", "--virtual").done()
    assert machine.states(OLD) == ["revoked", "active"]


def test_a_line_of_its_own_is_another_password(machine):
    machine.watch()
    assert machine.login(machine.old, OLD) == SUCCESS
    machine.sandbox.shell(f"useradd --no-create-home {OLD}; echo {OLD}:its own | chpasswd").done()
    assert machine.login(machine.old, OLD) == AUTH_ERR
    assert machine.states(OLD) == ["revoked"]
    assert machine.states("alice") == ["active"]


def test_when_she_is_gone_it_is_refused(machine):
    machine.watch()
    machine.sandbox.run("userdel", "alice").done()
    assert machine.login(machine.old, OLD) == AUTH_ERR
    assert machine.states(OLD) == ["active"]


def test_with_virtual_users_it_follows_as_well(machine):
    machine.configure("virtual_users = true;")
    machine.watch()
    assert '\nfollows="alice"\n' in machine.sandbox.read(f"/var/lib/asp/users/{OLD}")
    machine.set_primary("alice", "another one")
    assert machine.watch()["revoked"] == 2


def test_once_she_is_called_by_that_very_name_it_follows_nobody_and_loses_nothing(machine):
    """As by a directory that gives names with their domain since: what is changed there is another password."""
    machine.watch()
    machine.sandbox.shell(f"sed -i 's/^alice:/{OLD}:/' /etc/passwd").done()
    machine.asp_admin("watch", "--once").done()
    assert "follows=" not in machine.sandbox.read(f"/var/lib/asp/users/{OLD}")
    machine.sandbox.shell("sed -i 's/^alice:[^:]*/alice:$6$another$one/' /etc/shadow").done()
    machine.asp_admin("watch", "--once").done()
    assert machine.states(OLD) == ["active"] and machine.states("alice") == ["revoked"]
    assert machine.chauthtok("dovecot", OLD).out == "0\n"
    assert machine.states(OLD) == ["revoked"]


def test_while_her_primary_password_is_locked_it_is_not_let_go(machine):
    machine.watch()
    machine.sandbox.shell(f"sed -i 's/^alice:/{OLD}:/' /etc/passwd; sed -i 's/^alice:/&!/' /etc/shadow").done()
    machine.asp_admin("watch", "--once").done()
    assert '\nfollows="alice"\n' in machine.sandbox.read(f"/var/lib/asp/users/{OLD}")
    assert machine.login(machine.old, OLD) == AUTH_ERR
    machine.sandbox.shell("sed -i 's/^alice:!/alice:/' /etc/shadow").done()
    machine.asp_admin("watch", "--once").done()
    assert "follows=" not in machine.sandbox.read(f"/var/lib/asp/users/{OLD}")
    assert machine.login(machine.old, OLD) == SUCCESS


def test_of_a_user_of_that_very_name_beside_her_it_is_and_what_was_hers_is_revoked(machine):
    machine.watch()
    machine.log_file.take()
    machine.sandbox.shell(f"echo {OLD}:x:5000:5000::/:/bin/sh >>/etc/passwd").done()
    assert machine.json("watch", "--once") == counts(accounts=2, revoked=1)
    assert machine.states(OLD) == ["revoked"] and machine.states("alice") == ["active"]
    assert machine.login(machine.old, OLD) == AUTH_ERR
    machine.log_file.wait_for(f'event=revoked by="watch" user="{OLD}" .* reason="primary-password"')
    new = machine.create(OLD, "New", "--app", "any")
    machine.set_primary("alice", "another one")
    assert machine.json("watch", "--once")["revoked"] == 1
    assert machine.login(new, OLD) == SUCCESS
    assert machine.states("alice") == ["revoked"]


def have_it_follow(machine, other):
    """Who has alice's very password: nothing was changed."""
    path = f"/var/lib/asp/users/{OLD}"
    machine.watch()
    machine.sandbox.shell(f"useradd --no-create-home {other} || true; sed -i '/^{other}:/d' /etc/shadow").done()
    machine.sandbox.shell(f"sed -n 's/^alice:/{other}:/p' /etc/shadow >/run/line; cat /run/line >>/etc/shadow").done()
    lines = lines_of_text(machine.sandbox.read(path))
    changed = [line.replace('follows="alice"', f'follows="{other}"') for line in lines]
    machine.sandbox.write(path, sealed(changed).decode())
    machine.asked()


def test_what_was_made_for_one_is_not_the_next_ones_whose_spelling_it_is(machine):
    have_it_follow(machine, "bob")
    assert machine.watch()["revoked"] == 1
    assert machine.states(OLD) == ["revoked"]
    assert '\nfollows="alice"\n' in machine.sandbox.read(f"/var/lib/asp/users/{OLD}")
    assert machine.watch()["revoked"] == 0


@pytest.mark.parametrize("other", ["hanger", "downer"])
def test_where_it_is_not_told_who_the_other_is_nothing_is_changed(machine, other):
    have_it_follow(machine, other)
    text = machine.sandbox.read(f"/var/lib/asp/users/{OLD}")
    run = machine.upgraded("--json", "watch", "--once")
    assert (run.code, json.loads(run.out)) == (0, counts(accounts=2))
    assert f'does not say who "{OLD}" is' in run.err
    assert machine.asked() == [OLD, other]
    assert machine.sandbox.read(f"/var/lib/asp/users/{OLD}") == text


def test_before_watch_has_seen_that_a_password_of_its_own_is_compared_all_the_same(machine):
    machine.watch()
    machine.sandbox.shell(f"echo {OLD}:x:5000:5000::/:/bin/sh >>/etc/passwd").done()
    assert machine.chauthtok("dovecot", OLD).out == "0\n"
    assert machine.states(OLD) == ["revoked"] and machine.states("alice") == ["active"]


def test_of_a_spelling_that_is_no_name_any_more_both_are_compared(machine):
    """An account that 0.1.0 made of a name with a blank at its end."""
    blank = "spelling "
    made = lines_of_text(machine.sandbox.read(f"/var/lib/asp/users/{OLD}"))
    text = sealed([made[0].replace(OLD, blank), *[line.replace("id=" + machine.old[:2], "id=zz") for line in made[1:]]])
    machine.sandbox.write("/var/lib/asp/users/spelling%20", text.decode())
    machine.sandbox.shell("chmod 600 /var/lib/asp/users/spelling%20; sed -i '/^alice:/d' /etc/shadow").done()
    assert machine.chauthtok("dovecot", blank, machine.prefix).out == "0\n"
    assert machine.states("alice") == ["revoked"]
    assert " revoked=-" not in machine.sandbox.read("/var/lib/asp/users/spelling%20")


def test_doctor_goes_on_naming_it(machine):
    def rows():
        return [
            row["message"]
            for row in machine.upgraded("--json", "doctor").document(code=1)
            if "another spelling" in row["message"]
        ]

    (before,) = rows()
    machine.watch()
    (after,) = rows()
    assert before == after and f"{OLD} (alice)" in before
    assert "gone" not in after


def test_a_password_that_is_set_for_the_spelling_is_compared_with_both(machine):
    machine.watch()
    machine.set_primary("alice", "another one")
    assert machine.states(OLD) == machine.states("alice") == ["active"]
    assert machine.chauthtok("dovecot", OLD, machine.prefix).out == "0\n"
    assert machine.states(OLD) == machine.states("alice") == ["revoked"]


def test_what_it_follows_is_not_read_where_it_is_no_name(machine):
    machine.watch()
    path = f"/var/lib/asp/users/{OLD}"
    lines = lines_of_text(machine.sandbox.read(path))
    for bad in ('follows=""', 'follows="a/b"', 'follows="alice', 'follows="al"ice"', 'follows="al\\ice"'):
        machine.sandbox.write(path, sealed([bad if line.startswith("follows=") else line for line in lines]).decode())
        assert "damaged" in machine.asp_admin("list", OLD).refused(5).err, bad
        assert machine.login(machine.old, OLD) != SUCCESS
