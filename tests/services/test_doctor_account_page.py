"""asp-admin doctor and the account page: all that has to be there before a user signs in, and one part missing at a time."""

import contextlib
import re

import pytest
from support.account_page import CONFIGURATION, ORIGIN, PAGE, AccountPage, AspWeb
from support.run import MORTAL, ended
from support.wait import wait_until
from support.web_sign_in import CONF, WEB

PROGRAM = "/usr/local/libexec/asp-web"
UNITS = ("asp-self-web.socket", "asp-web.socket")
AUTHORIZE = "asp-authorize.socket"
NO_USER = "nobody signs in from a browser: self_service.web_user: /etc/passwd has no user"
USERADD = "useradd --system --user-group --no-create-home --shell /usr/sbin/nologin"

# What systemctl show prints of each.
SAYS = """#!/bin/sh
for unit in {active}; do
    case "$*" in *" $unit") echo ActiveState={state}; echo SubState=listening; echo UnitFileState={file}; exit ;; esac
done
echo ActiveState=inactive
echo SubState=dead
echo UnitFileState=disabled
"""


@pytest.fixture
def page(patient, build, asp_web):
    """The account page as it is to be, with what is installed and configured, and nobody who runs."""
    patient.sandbox.run("install", "-D", asp_web, PROGRAM).done()
    patient.page = AccountPage(patient.sandbox, build, CONF)
    for service in ("asp-admin", "asp-web"):
        patient.install(f"pam.d/{service}", f"/etc/pam.d/{service}")
    yield patient
    patient.sandbox.run("rm", "-f", PROGRAM, "/usr/sbin/systemctl").done()


def as_user(user, *words):
    """What runs as another user forgets that it is mortal, so that is said behind it."""
    return ("setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", *MORTAL, *words)


@contextlib.contextmanager
def runs_as(patient, user):
    """Something that runs as this user, such as a web server."""
    with ended(patient.sandbox.start(*as_user(user, "sleep", "infinity"))):
        wait_until(lambda: patient.sandbox.run("pgrep", "-u", user, "-x", "sleep").code == 0, f"nothing runs as {user}")
        yield


@contextlib.contextmanager
def served(patient, by_page=True, proxy="www-data"):
    """A broker, asp-web with a socket for www-data, and a web server."""
    with patient.serving(), runs_as(patient, proxy):
        if by_page:
            patient.page.start()
        try:
            yield patient
        finally:
            patient.page.stop()


def systemd_says(patient, *active, file="enabled", state="active"):
    """These sockets are there, for systemd keeps them."""
    patient.units(*UNITS, AUTHORIZE)
    patient.sandbox.write("/usr/sbin/systemctl", SAYS.format(active=" ".join(active) or "''", file=file, state=state), mode="755")


def told_of_page(patient):
    return [finding for finding in patient.findings() if finding.check == "account-page"]


def test_a_page_that_is_served_is_well(page):
    with served(page):
        page.is_well("account-page", f"^users sign in by asp-web, at {ORIGIN}$")


def test_nothing_is_said_where_there_is_none(patient):
    assert told_of_page(patient) == []
    patient.install("pam.d/asp-web", "/etc/pam.d/asp-web")
    patient.configure('self_service: { enabled = false; web_user = "asp-web"; };')
    assert told_of_page(patient) == []


def test_one_that_is_installed_and_nobody_uses_is_told_with_what_there_is_to_do(page):
    page.configure(CONFIGURATION)
    page.told("account-page", "asp-web is installed, and self_service.web_user is not set: .*/doc/account-page.md")
    page.sandbox.shell("useradd --system asp-authorize; usermod --append --groups asp asp-authorize").done()
    page.configure('broker: { clients = ( { user = "asp-authorize"; services = [ "radicale" ]; } ); };')
    assert told_of_page(page) == []


def test_a_user_who_is_not_there_is_a_fault_and_is_made(page):
    page.sandbox.run("userdel", "asp-web").done()
    fault = page.fault("account-page", f"{NO_USER} asp-web")
    assert fault.mend == f"{USERADD} asp-web"
    page.sandbox.shell(fault.mend).done()
    with served(page):
        page.is_well("account-page", "users sign in by asp-web")


def test_where_asp_web_is_not_installed_the_package_brings_the_user(page):
    page.sandbox.need("dpkg")
    page.sandbox.shell(f"userdel asp-web; rm {PROGRAM}").done()
    assert page.fault("account-page", NO_USER).mend == "apt-get install asp-web"


@pytest.mark.parametrize("name", ["aspweb", "www-data", "alice"])
def test_another_user_where_asp_web_is_there_is_named_anew(page, name):
    """A slip of the hand, for which no user is made and no socket given away."""
    with served(page):
        page.sandbox.run("chown", "asp-web", WEB).done()
        page.configure(CONFIGURATION, f'self_service: {{ web_user = "{name}"; }};')
        fault = page.fault("account-page", f"nobody signs in from a browser: .*{name}")
        assert fault.mend == 'say in asp.conf: self_service: { web_user = "asp-web"; };'


def test_a_page_that_is_served_without_a_user_who_signs_in_is_a_fault(page):
    with served(page):
        page.configure(CONFIGURATION)
        fault = page.fault("account-page", "asp-web serves the account page, and nobody signs in there")
        assert fault.mend == 'say in asp.conf: self_service: { web_user = "asp-web"; };'


def test_a_web_server_that_cannot_connect_is_told_of(page):
    with served(page, proxy="asp-web"):
        page.told("account-page", "/run/asp/web.sock is for the group www-data, and nothing that runs is in it: .* 502")


def test_a_user_who_is_somebody_else_too_is_a_fault(page):
    page.sandbox.run("usermod", "--append", "--groups", "asp", "asp-web").done()
    fault = page.fault("account-page", "nobody signs in from a browser: .*asp-web is in the group asp")
    assert "a user of the system's who is nothing else" in fault.mend


def test_without_a_broker_that_listens_for_it_nobody_signs_in(page):
    page.page.start()
    try:
        fault = page.fault("account-page", f"^nobody signs in from a browser: nobody listens at {WEB}$")
        assert fault.mend == "start /usr/local/libexec/asp-broker as root, and keep it running"
        systemd_says(page, "asp-web.socket")
        assert page.fault("account-page", "").mend == "systemctl enable --now asp-self-web.socket"
    finally:
        page.page.stop()


def test_a_socket_of_another_user_is_a_fault(page):
    with served(page):
        page.sandbox.run("chown", "www-data", WEB).done()
        fault = page.fault("account-page", rf"{WEB} belongs to uid \d+, and not to asp-web .*SocketUser= of asp-self-web")
        page.sandbox.shell(fault.mend).done()
        page.is_well("account-page", "users sign in by asp-web")


def test_no_pam_file_is_a_fault(page):
    with served(page):
        page.sandbox.run("rm", "/etc/pam.d/asp-web").done()
        page.fault("account-page", "there is no /etc/pam.d/asp-web: /etc/pam.d/other decides")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("auth required pam_google_autenticator.so", "asks a module that is not there, pam_google_autenticator.so"),
        ("account required pam_nosuch.so", "asks a module that is not there, pam_nosuch.so"),
        ("auth requierd pam_unix.so", "is no line that libpam understands"),
    ],
)
def test_a_line_of_the_pam_file_that_lets_nobody_in_is_a_fault(page, line, why):
    with served(page):
        text = page.sandbox.read("/etc/pam.d/asp-web")
        page.sandbox.write("/etc/pam.d/asp-web", f"{text}{line}\n")
        page.fault("account-page", f"^/etc/pam.d/asp-web:{len(text.splitlines()) + 1} {why}: nobody is let in$")
        page.sandbox.write("/etc/pam.d/asp-web", f"{text}auth optional pam_nosuch.so\n")
        page.is_well("account-page", "users sign in by asp-web")


def test_app_passwords_that_sign_in_at_the_page_are_a_fault(page):
    """It is for the primary password alone."""
    with served(page):
        page.install("pam.d/asp-either", "/etc/pam.d/asp-either")
        page.sandbox.write("/etc/pam.d/asp-web", "auth include asp-either\naccount include asp-either\n")
        fault = page.fault("account-page", r"^/etc/pam.d/asp-web asks pam_asp, by line \d+ of /etc/pam.d/asp-either")
        assert fault.mend.endswith("/pam.d/asp-web asks for the primary password, and has lines ready for a second factor")


def test_no_address_of_the_page_is_a_fault(page):
    with served(page):
        page.configure(CONF)
        fault = page.fault("account-page", "web.origin is not set, and without it asp-web does not start")
        assert 'web: { origin = "https://' in fault.mend


def test_a_page_that_nobody_serves_is_a_fault(page):
    with served(page, by_page=False):
        fault = page.fault("account-page", "nobody serves the account page")
        assert fault.mend == f"start {PROGRAM}, and keep it running: asp-web(8)"
        systemd_says(page)
        assert page.fault("account-page", "nobody serves").mend == "systemctl enable --now asp-web.socket"
        systemd_says(page, "asp-web.socket", state="failed")
        fault = page.fault("account-page", "nobody serves the account page: asp-web.socket has failed")
        assert fault.mend.startswith("journalctl -u asp-web.socket says why")
        systemd_says(page, *UNITS)
        page.is_well("account-page", "users sign in by asp-web")


def test_an_asp_web_of_another_user_serves_nobody(page):
    """Such as that of asp-authorize, which answers proxies."""
    words = as_user("www-data", PROGRAM, "--page", PAGE, "--listen", "127.0.0.1:8042")
    with served(page, by_page=False):
        other = page.sandbox.start(*words)
        with ended(other):
            page.sandbox.wait_for_port(8042)
            page.fault("account-page", "nobody serves the account page")


@pytest.mark.parametrize("unit", UNITS)
def test_a_socket_that_does_not_outlast_a_start_of_the_machine_is_told(page, unit):
    with served(page):
        systemd_says(page, unit, file="disabled")
        page.told("account-page", f"{unit} is active, and not enabled: .*; systemctl enable {unit}$")


def test_one_that_is_not_installed_is_a_fault(page):
    page.sandbox.need("dpkg")
    with served(page):
        page.sandbox.run("rm", PROGRAM).done()
        fault = page.fault("account-page", "self_service.web_user is asp-web, and asp-web is not installed")
        assert fault.mend == "apt-get install asp-web"


def test_of_another_web_server_the_user_and_the_socket_are_looked_at_alone(page):
    page.sandbox.run("useradd", "--system", "other-web").done()
    page.configure('self_service: { web_user = "other-web"; };')
    page.sandbox.run("rm", PROGRAM).done()
    with served(page, by_page=False):
        page.is_well("account-page", "^users sign in by other-web$")


def test_asp_authorize_that_may_ask_for_nothing_is_a_fault_and_its_user_is_made(page):
    with served(page):
        systemd_says(page, *UNITS, AUTHORIZE)
        fault = page.fault("broker", "asp-authorize.socket is active, and broker.clients lists no service for asp-authorize")
        page.configure(CONF, CONFIGURATION, re.search(r"broker: .*", fault.mend)[0])
        page.sandbox.shell("userdel asp-authorize || true").done()
        fault = page.fault("broker", "broker.clients names asp-authorize, whom the system does not know")
        page.sandbox.shell(fault.mend).done()
        assert page.faults() == []


def test_a_proxy_that_cannot_ask_asp_authorize_is_told_of(page):
    page.sandbox.shell("useradd --system asp-authorize; usermod --append --groups asp asp-authorize").done()
    page.configure(CONF, CONFIGURATION, 'broker: { clients = ( { user = "asp-authorize"; services = [ "caldav" ]; } ); };')
    authorizer = AspWeb(page.sandbox, page.build)
    with served(page, proxy="bob"):
        systemd_says(page, *UNITS, AUTHORIZE)
        authorizer.begin("--authorize", "--group", "www-data", ready="/run/asp/authorize.sock")
        try:
            page.told("broker", "/run/asp/authorize.sock is for the group www-data, and nothing that runs is in it")
            with runs_as(page, "www-data"):
                assert not [row for row in page.findings() if "authorize.sock" in row.message]
        finally:
            authorizer.stop()
