"""A user acts on her own account: her primary password, a second factor from Debian, and a hook, all within the limits of
asp-self.service."""

import pytest
from booted_machine import ASKED, CREATED, imap_login
from support.passwords import PASSWORD, PRIMARY
from support.second_factor import GOOGLE, OATH

KINDS = {"pam_google_authenticator.so": GOOGLE, "pam_oath.so": OATH}
OATH_FILE = "/var/lib/oath/users.oath"
CODE = "Verification code: |One-time password.*: "


def create(machine, *answers):
    """The exit code, and the new password if there is one."""
    code, shown = machine.own("asp-admin", "create", "--label", "Tablet", "--app", "mail", answers=answers)
    found = PASSWORD.search(shown)
    return code, found and found[0]


def test_her_primary_password_gives_leave_and_the_hook_is_run(machine):
    code, password = create(machine, *ASKED)
    assert code == 0 and imap_login("alice", password) == "in"
    assert machine.read(CREATED) == "created alice\n"


def test_another_one_gives_none(machine):
    assert create(machine, ("Password: ", PRIMARY["bob"])) == (1, None)
    assert machine.states() == []


@pytest.mark.parametrize("module", KINDS)
def test_a_second_factor_is_asked_for_and_holds(machine, module):
    """Each code is good once, so what the module writes is written."""
    code = KINDS[module].enroll(machine, OATH_FILE)
    machine.shell("sed -Ei 's/^#(auth +required +'$1')/\\1/' /etc/pam.d/asp-admin", module).done()
    assert create(machine, *ASKED, (CODE, "000000")) == (1, None)
    shown = code()
    status, password = create(machine, *ASKED, (CODE, shown))
    assert status == 0 and imap_login("alice", password) == "in"
    machine.systemctl("restart", "asp-self.service")
    assert create(machine, *ASKED, (CODE, shown)) == (1, None)
    assert machine.states() == [("Tablet", "active")]
