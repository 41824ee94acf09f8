"""A real Radicale that asks PAM itself, set up by what the recipe says and nothing else: no web server is before it."""

import os
import re
import subprocess

import pytest
from support.passwords import PRIMARY, wrong
from support.recipes import recipe
from support.run import MORTAL
from support.sandbox import open_installed
from support.web import Web

HOST = os.uname().nodename
PYTHON = "/usr/lib/python3/dist-packages"
RECIPE = "radicale/config-pam"
# What its packages do when they are installed; and the server has a name.
PACKAGES = f"""
getent passwd radicale >/dev/null || useradd --system --user-group --home-dir /var/lib/radicale radicale
install -d /var/lib/radicale/collections
echo "127.0.0.1 {HOST}" >>/etc/hosts
"""
WHO = '<propfind xmlns="DAV:"><prop><current-user-principal/></prop></propfind>'


class Radicale(Web):
    host = HOST
    service = "radicale"
    port = 5232

    def reset(self, *configuration):
        (clients,) = re.findall("(?m)^# (broker: .*)$", recipe(RECIPE))
        super().reset(clients, *configuration)

    def propfind(self, login, *more):
        """The status, and whose calendars they are."""
        status, body = self.curl(login, "/", "--request", "PROPFIND", "--header", "Depth: 0", "--data-binary", WHO, *more)
        found = re.search("<current-user-principal><href>/(.*?)/</href>", body)
        return status, found and found[1]


@pytest.fixture(scope="module")
def radicale_box(sandboxes, layer, build):
    parts = (f"{PYTHON}/radicale/auth/pam.py", f"{PYTHON}/pam/__init__.py")
    box = open_installed(layer, build, "openssl", "curl", "radicale", *parts)
    service = Radicale(box, build)
    service.ca = "/etc/radicale/fullchain.pem"
    box.shell(PACKAGES).done()
    service.reset()
    service.follow(RECIPE)
    service.start_broker()
    words = "setpriv --reuid radicale --regid radicale --init-groups --no-new-privs radicale".split()
    box.start(*MORTAL, *words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    box.wait_for_port(service.port)
    yield service
    box.close()


@pytest.fixture
def radicale(radicale_box):
    """Radicale with the recipe, before anybody has an app password."""
    radicale_box.reset()
    return radicale_box


@pytest.fixture
def phone(radicale):
    return "alice:" + radicale.create("alice", "Phone", "--app", "calendar")


def test_an_app_password_opens_and_the_log_names_the_service(radicale, phone):
    assert radicale.propfind(phone) == (207, "alice")
    (line,) = radicale.log(1)
    assert line.text == (
        f'verdict=accepted rhost=- user="alice" service="radicale" app="calendar" id={phone[6:8]} label="Phone" '
        'via="radicale"'
    )


# Lesson: a recipe that its test helped along.
def test_an_event_is_kept_where_its_user_alone_finds_it(radicale, phone):
    bob = "bob:" + radicale.create("bob", "Phone", "--app", "calendar")
    assert radicale.curl(phone, "/alice/diary/", "--request", "MKCALENDAR")[0] == 201
    assert radicale.curl(phone, "/alice/diary/")[0] == 200
    assert radicale.curl(bob, "/alice/diary/")[0] == 403


def test_other_passwords_are_refused(radicale, phone):
    mail = radicale.create("alice", "Mail", "--app", "mail")
    for login in (f"alice:{mail}", wrong(phone), *(f"{user}:{primary}" for user, primary in PRIMARY.items())):
        assert radicale.propfind(login)[0] == 401, login
    assert radicale.verdicts(4) == ["wrong-app", "wrong-secret", "not-an-app-password", "no-account"]


def test_a_revoked_password_is_refused_at_the_very_next_request(radicale, phone):
    assert radicale.propfind(phone)[0] == 207
    radicale.asp_admin("revoke", "alice", phone[6:8]).done()
    assert radicale.propfind(phone)[0] == 401
    assert radicale.verdicts(2) == ["accepted", "revoked"]


def test_without_an_address_an_app_password_with_networks_is_refused(radicale):
    near = "alice:" + radicale.create("alice", "Near", "--app", "calendar", "--from", "127.0.0.0/8")
    assert radicale.propfind(near)[0] == 401
    assert radicale.verdict() == "wrong-network"


def test_without_the_broker_nobody_gets_in_and_the_log_says_what_to_start(radicale, phone):
    with radicale.without_broker():
        assert radicale.propfind(phone)[0] == 401
        (line,) = radicale.log(1)
        assert line.word("verdict") == "unavailable"
        assert "asp-broker" in line.text


def test_the_way_back_leads_back(radicale):
    radicale.go_back(RECIPE)
    try:
        assert "pam_service" not in radicale.sandbox.read("/etc/radicale/config")
        assert radicale.sandbox.run("test", "-e", "/etc/pam.d/radicale").code != 0
    finally:
        radicale.follow(RECIPE)
