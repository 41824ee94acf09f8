"""A real cupsd, set up by what the recipe says and nothing else, asked to print by ipptool, over TLS and from another
machine: a network namespace with an address of its own."""

import subprocess

import pytest
from support.passwords import PRIMARY, wrong
from support.run import MORTAL
from support.sandbox import open_installed
from support.service import Service
from support.wait import LONG, wait_until

RECIPE = "cups/pam-cups"
SERVER = "192.0.2.1"
CLIENT = "192.0.2.9"
# What the packages do when they are installed; and two machines with a cable between them.
PACKAGES = f"""
getent group lpadmin >/dev/null || groupadd --system lpadmin
[[ -e /etc/cups/cupsd.conf ]] || cp /usr/share/cups/cupsd.conf.default /etc/cups/cupsd.conf
mkdir -p /var/log/cups /var/cache/cups /var/spool/cups/tmp /etc/cups/ssl /run/netns
ip netns add tablet
ip link add cable type veth peer name cable netns tablet
ip addr add {SERVER}/24 dev cable
ip link set cable up
ip -n tablet addr add {CLIENT}/24 dev cable
ip -n tablet link set cable up
"""
# Who asks, from where.
TABLET = ("ip", "netns", "exec", "tablet")


class Cups(Service):
    def get(self, login, *where, url=f"https://{SERVER}:631/printers/office"):
        """The status of the answer to who wants to see the printer."""
        words = "curl -q --silent --max-time 30 --insecure --noproxy * -o /dev/null -w %{http_code}".split()
        user = ["--user", login] if login else []
        return int(self.sandbox.run(*(where or TABLET), *words, *user, url).out)

    def lets_in(self, login, *where, **options):
        """Whether she is answered, if only that cupsd has no page to show."""
        status = self.get(login, *where, **options)
        assert status in (200, 404, 401), status
        return status != 401


@pytest.fixture(scope="module")
def cups_box(sandboxes, layer, build):
    box = open_installed(layer, build, "cupsd", "lpstat", "ipptool", "curl", "ip")
    box.shell(PACKAGES).done()
    service = Cups(box, build)
    service.reset()
    service.follow(RECIPE)
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    box.start(*MORTAL, "cupsd", "-f", **quiet)
    box.wait_for_port(631)
    box.run(*"lpadmin -p office -E -m raw -v ipp://192.0.2.200/printer".split()).done()
    # With the first who comes by TLS it makes a key, for which nobody's patience may last on a busy machine.
    wait_until(lambda: service.get(None) == 401, "nobody is answered by TLS")
    yield service
    box.close()


@pytest.fixture
def cups(cups_box):
    """cupsd with the recipe as it is, before anybody has an app password."""
    cups_box.reset()
    return cups_box


@pytest.fixture
def tablet(cups):
    return "alice:" + cups.create("alice", "Tablet", "--app", "cups")


def test_an_app_password_opens_and_the_client_is_named(cups, tablet):
    words = ("ipptool", "-T", str(LONG), "-t", "-f", "/etc/hosts", f"ipps://{tablet}@{SERVER}:631/printers/office")

    def answered():
        """On a busy machine the tool may give up before it has sent the file."""
        run = cups.sandbox.run(*TABLET, *words, "print-job.test")
        return None if "Unable to finish request" in run.out else run

    wait_until(answered, "ipptool never finishes its request").done()
    assert "alice" in cups.sandbox.run("lpstat", "-o").done().out
    assert {line.text for line in cups.said()} == {
        f'verdict=accepted rhost={CLIENT} user="alice" service="cups" app="cups" id={tablet[6:8]} label="Tablet"'
    }


def test_what_was_not_made_for_it_is_refused(cups, tablet):
    mail = cups.create("alice", "Mail", "--app", "mail")
    for login in (f"alice:{mail}", wrong(tablet), *(f"{user}:{primary}" for user, primary in PRIMARY.items())):
        assert not cups.lets_in(login), login
    assert cups.verdicts(4) == ["wrong-app", "wrong-secret", "not-an-app-password", "no-account"]


def test_nobody_sees_the_printer_without_a_password_or_without_tls(cups, tablet):
    assert cups.get(None) == 401
    assert cups.get(tablet, url=f"http://{SERVER}:631/printers/office") == 426


def test_a_revoked_app_password_is_out_at_the_next_request(cups, tablet):
    assert cups.lets_in(tablet)
    cups.asp_admin("revoke", "alice", tablet[6:8]).done()
    assert not cups.lets_in(tablet)
    assert cups.verdicts(2) == ["accepted", "revoked"]


def test_networks_are_held_to_but_loopback_is_a_name(cups):
    near = "alice:" + cups.create("alice", "Near", "--app", "cups", "--from", f"{CLIENT}/32")
    far = "alice:" + cups.create("alice", "Far", "--app", "cups", "--from", "198.51.100.0/24")
    here = "alice:" + cups.create("alice", "Here", "--app", "cups", "--from", "127.0.0.0/8")
    assert cups.lets_in(near)
    assert not cups.lets_in(far)
    assert not cups.lets_in(here, "env", url="https://127.0.0.1:631/printers/office")
    (*_, line) = cups.log(3)
    assert (line.word("verdict"), line.word("rhost")) == ("wrong-network", "localhost")


def test_users_of_the_machine_itself_need_none(cups):
    assert "scheduler is running" in cups.sandbox.run("setpriv", "--reuid=alice", "lpstat", "-r").done().out
    cups.log(0)


def test_the_way_back_leads_back(cups):
    cups.go_back(RECIPE)
    try:
        assert "pam_asp" not in cups.sandbox.read("/etc/cups/cupsd.conf")
        assert "common-auth" in cups.sandbox.read("/etc/pam.d/cups")
    finally:
        cups.follow(RECIPE)
