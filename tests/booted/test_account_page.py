"""The account page as its package brings it: nobody listens, until somebody says so; and what an upgrade does to it."""

import pytest
from booted_machine import CONF, HOOKS
from support.account_page import CONFIGURATION, SOCKET, PageAt
from support.debian import ALL, install_version, repack, said
from support.page_user import PageUser
from support.passwords import PRIMARY
from support.web_sign_in import CONF as WEB_CONF

pytestmark = pytest.mark.timeout(900)

NOBODY_IS_ASKED = "DEBIAN_FRONTEND=noninteractive"
INSTALL = f"{NOBODY_IS_ASKED} apt-get -q -y --allow-downgrades install"
SOCKETS = ("asp-self-web.socket", "asp-web.socket")
SERVICES = ("asp-self-web.service", "asp-web.service")


def states(machine):
    return [machine.state(unit) for unit in (*SOCKETS, *SERVICES)]


def signs_in():
    return PageUser(PageAt(SOCKET)).signs_in("alice", PRIMARY["alice"])


@pytest.fixture
def page(machine):
    """A machine whose page is enabled as doc/account-page.md does it, but for the web server."""
    machine.write(CONF, f"{HOOKS}{CONFIGURATION}\n{WEB_CONF}\n")
    machine.systemctl("enable", "--now", *SOCKETS)
    yield machine
    machine.shell(f"{INSTALL} /packages/*.deb").done()
    machine.systemctl("disable", "--now", *SOCKETS, *SERVICES)


def test_nobody_listens_before_it_is_enabled(machine):
    assert states(machine) == ["inactive"] * 4
    assert machine.run("systemctl", "is-enabled", *SOCKETS).out == "disabled\n" * 2
    run = machine.run("systemd-analyze", "verify", "--man=no", *SOCKETS, *SERVICES).done()
    assert (run.out, run.err) == ("", "")


def test_a_user_signs_in_and_makes_an_app_password(page):
    assert states(page) == ["active", "active", "inactive", "inactive"]
    assert PageAt(SOCKET).browser().say("GET", "/").status == 200
    made = signs_in().run("create", "--label", "Tablet", "--app", "mail", "--", "alice")
    assert made["code"] == 0, made
    assert page.states() == [("Tablet", "active")]
    assert states(page) == ["active"] * 4
    assert page.systemctl("is-system-running") == "running\n"


def test_an_upgrade_restarts_it_and_leaves_its_sockets(page):
    signs_in()
    before = [page.show(unit, "MainPID") for unit in SERVICES]
    repack(page, "9", packages=(*ALL, "asp-web"))
    run = install_version(page, "9", options=NOBODY_IS_ASKED).done()
    after = [page.show(unit, "MainPID") for unit in SERVICES]
    assert states(page) == ["active"] * 4, said(run)
    assert all(new not in ("0", old) for old, new in zip(before, after))
    signs_in()


def test_removed_it_is_not_there_and_it_comes_back_with_the_package(page):
    signs_in()
    run = page.shell(f"{NOBODY_IS_ASKED} apt-get -q -y remove asp-web").done()
    assert states(page)[1::2] == ["inactive"] * 2
    assert "asp-broker goes on listening for it" in said(run)
    page.shell(f"{INSTALL} /packages/asp-web_*.deb").done()
    assert states(page)[:2] == ["active"] * 2
    signs_in()
