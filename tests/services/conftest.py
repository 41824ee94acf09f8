"""Fixtures of the service tests: a sandbox, and in it a real Dovecot that asks PAM, a system log and some users; a
machine with asp-broker; users on their own accounts; a machine for doctor.

The environment variable ASP_LAYER names a folder with unpacked servers, for machines that have them not installed.
"""

import pathlib
import subprocess

import pytest
from browser import PROGRAMS as BROWSER_PROGRAMS
from browser import Browser
from cockpit_page import PROGRAMS as COCKPIT_PROGRAMS
from cockpit_page import broker, cockpit
from support.broker import BrokerMachine
from support.doctor import Patient
from support.mail import PORT, Mail, dovecot, quick_refusals
from support.passwords import PRIMARY
from support.sandbox import Sandbox, open_sandbox
from support.self_service import SelfService
from web_page import PROGRAMS as WEB_PROGRAMS
from web_page import Site


@pytest.fixture(scope="session", autouse=True)
def joined(joining):
    """All of them may."""


@pytest.fixture(scope="session")
def asp_web(build):
    """The program. Skips where it was not built."""
    program = build / "asp-web" / "asp-web"
    if not program.exists():
        pytest.skip("asp-web is not built: no libmicrohttpd")
    return program


@pytest.fixture
def sandbox(sandboxes):
    """A sandbox for one test alone."""
    box = Sandbox()
    yield box
    box.close()


@pytest.fixture(scope="session")
def dovecot_box(sandboxes, layer):
    """A sandbox with Dovecot's programs and users, two people, and a log; shared by all tests that ask for `mail`."""
    box = open_sandbox(layer, "dovecot", "doveadm", "/usr/lib/dovecot/imap")
    box.add_people()
    with dovecot(box, "/run/d", PORT, "%s", *quick_refusals(box)):
        yield box
    box.close()


@pytest.fixture
def mail(dovecot_box, build):
    """Dovecot with the stack that takes app passwords only, before anybody has one."""
    service = Mail(dovecot_box, build, "/run/d")
    service.reset()
    service.stack("asp-only")
    return service


@pytest.fixture(scope="module")
def browser(dovecot_box):
    """For a file of tests."""
    dovecot_box.need(*BROWSER_PROGRAMS)
    browser = Browser(dovecot_box)
    browser.screen(1280, 800)
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def cockpit_server(dovecot_box, build, browser):
    """The page in Cockpit, in a browser, for a file of tests."""
    dovecot_box.need(*COCKPIT_PROGRAMS)
    with cockpit(dovecot_box, build, browser) as page:
        yield page


@pytest.fixture(scope="module")
def web_site(dovecot_box, build, asp_web, browser):
    """What the page comes from where asp-web serves it, for a file of tests."""
    dovecot_box.need(*WEB_PROGRAMS)
    site = Site(dovecot_box, build, browser)
    yield site
    site.close()


@pytest.fixture
def asked(mail):
    """Before a test nobody has confirmed anything, and the store is as it is installed."""
    mail.sandbox.shell("mkdir -p -m 700 /var/lib/asp /var/lib/asp/{users,used,locks}").done()
    mail.install("pam.d/asp-admin", "/etc/pam.d/asp-admin")
    with broker(mail.sandbox):
        yield mail
    mail.sandbox.run("rm", "/etc/pam.d/asp-admin").done()


@pytest.fixture
def cockpit_page(cockpit_server, asked):
    if not cockpit_server.is_signed_in("alice"):
        cockpit_server.sign_in("alice", PRIMARY["alice"])
    cockpit_server.show()
    return cockpit_server


@pytest.fixture
def visitor(web_site, mail):
    """Somebody before the sign-in view."""
    with web_site.serving(mail):
        web_site.page.begin()
        yield web_site.page


@pytest.fixture
def web_page(visitor):
    visitor.sign_in("alice", PRIMARY["alice"])
    return visitor


@pytest.fixture
def page(request):
    """Alice before her page: in Cockpit, or where a test says so (see both) in a browser by asp-web."""
    return request.getfixturevalue(f"{getattr(request, 'param', 'cockpit')}_page")


@pytest.fixture(scope="session")
def name_service(tmp_path_factory):
    """What is preloaded where the name service is to say what a test wants: see name_service.c."""
    made = tmp_path_factory.mktemp("name_service") / "name_service.so"
    source = pathlib.Path(__file__).parent / "name_service.c"
    subprocess.run(["cc", "-D_GNU_SOURCE", "-shared", "-fPIC", "-o", made, source], check=True)
    made.parent.parent.chmod(0o755)
    return made


@pytest.fixture(scope="module")
def broker_machine(sandboxes, layer, build):
    """For a file of tests, where alice has an app password for the calendar, `phone`."""
    machine = BrokerMachine(layer, build)
    machine.reset()
    machine.phone = machine.create("alice", "Phone", "--app", "calendar")
    yield machine
    machine.close()


@pytest.fixture(scope="module")
def self_service(sandboxes, layer, build):
    machine = SelfService(layer, build)
    yield machine
    machine.close()


@pytest.fixture
def own(self_service):
    """Users on their own accounts, before anybody has an app password."""
    return self_service.begin()


@pytest.fixture(scope="module")
def ward(sandboxes, build):
    patient = Patient(build)
    yield patient
    patient.sandbox.close()


@pytest.fixture
def patient(ward):
    """A machine on which all is well."""
    ward.heal()
    return ward
