"""A real Squid, set up by what the recipe says and nothing else, asked by curl over TLS. Its helper that asks PAM is not root:
asp-broker answers."""

import re
import subprocess

import pytest
from support.broker import serving
from support.passwords import PRIMARY, wrong
from support.recipes import recipe
from support.run import MORTAL
from support.sandbox import open_installed
from support.service import Service
from support.wait import wait_until

RECIPE = "squid/asp.conf"
HELPER = "/usr/lib/squid/basic_pam_auth"
# What the package does when it is installed, and a web server for the proxy to go to.
PACKAGE = """
getent passwd proxy >/dev/null || useradd --system --user-group --no-create-home --home-dir /bin proxy
chown proxy:proxy /var/spool/squid /var/log/squid
install -d -g proxy -m 775 /run/squid
ip addr add 192.0.2.1/32 dev lo
mkdir -p /run/web
echo hello >/run/web/greeting
[[ -e /usr/sbin/squid || ! -e /usr/sbin/squid-gnutls ]] || ln -s squid-gnutls /usr/sbin/squid
"""
WEB = "/usr/bin/python3 -m http.server --bind 192.0.2.1 --directory /run/web 8080"


class Squid(Service):
    def is_counted(self, line):
        return line.is_decision

    def get(self, login, proxy="https://127.0.0.1:3129"):
        """The proxy's answer: 200, or 407, which wants a password, or 403."""
        words = ("curl -q --silent --max-time 30 --proxy-insecure -w %{http_code} --proxy " + proxy).split()
        user = ["--proxy-user", login] if login else []
        run = self.sandbox.run(*words, "--noproxy", "", *user, "http://192.0.2.1:8080/greeting")
        assert (run.out == "hello\n200") == run.out.endswith("200"), run
        return int(run.out[-3:])


@pytest.fixture(scope="module")
def squid_box(sandboxes, layer, build):
    box = open_installed(layer, build, HELPER, "openssl", "curl", "ip")
    box.shell(PACKAGE).done()
    service = Squid(box, build)
    service.reset()
    service.follow(RECIPE)
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with serving(box, build / "asp-broker" / "asp-broker"):
        box.start(*MORTAL, *WEB.split(), **quiet)
        box.wait_for_port(8080, "192.0.2.1")
        # Its process group is the one that its unit has.
        box.start(*MORTAL, "setpriv", "--regid", "proxy", "--clear-groups", "squid", "--foreground", "-sYC", **quiet)
        box.wait_for_port(3129)
        yield service
    box.close()


@pytest.fixture
def squid(squid_box):
    """Squid with the recipe as it is, before anybody has an app password."""
    (clients,) = re.findall("(?m)^# (broker: .*)$", recipe(RECIPE))
    squid_box.reset(clients)
    return squid_box


@pytest.fixture
def laptop(squid):
    return "alice:" + squid.create("alice", "Laptop", "--app", "squid")


# Lesson: a recipe that its test helped along.
def test_an_app_password_opens(squid, laptop):
    assert squid.get(laptop) == 200
    (line,) = squid.log(1)
    assert line.text == (
        f'verdict=accepted rhost=- user="alice" service="squid" app="squid" id={laptop[6:8]} label="Laptop" via="proxy"'
    )


def test_what_was_not_made_for_it_is_refused(squid, laptop):
    mail = squid.create("alice", "Mail", "--app", "mail")
    for login in (f"alice:{mail}", wrong(laptop), *(f"{user}:{primary}" for user, primary in PRIMARY.items())):
        assert squid.get(login) == 407, login
    assert squid.verdicts(4) == ["wrong-app", "wrong-secret", "not-an-app-password", "no-account"]


def test_nobody_gets_through_without_a_password_or_without_tls(squid, laptop):
    assert squid.get(None) == 407
    assert squid.get(laptop, "http://127.0.0.1:3128") == 403
    squid.log(0)


def test_a_revoked_app_password_is_out_when_squid_asks_again(squid, laptop):
    assert squid.get(laptop) == 200
    squid.asp_admin("revoke", "alice", laptop[6:8]).done()
    wait_until(lambda: squid.get(laptop) == 407, "it still opens")
    assert [line.word("verdict") for line in squid.said() if line.is_decision][-1] == "revoked"


def test_without_an_address_an_app_password_with_networks_is_refused(squid):
    near = "alice:" + squid.create("alice", "Near", "--app", "squid", "--from", "127.0.0.0/8")
    assert squid.get(near) == 407
    assert squid.verdict() == "wrong-network"


def test_the_helper_has_no_right_of_its_own(squid, laptop):
    assert squid.get(laptop) == 200
    assert squid.sandbox.run("stat", "-c", "%A", HELPER).done().out == "-rwxr-xr-x\n"
    assert set(squid.sandbox.shell("ps -o user= -p $(pgrep -d, basic_pam_auth)").done().out.split()) == {"proxy"}


def test_the_way_back_leads_back(squid):
    squid.go_back(RECIPE)
    try:
        assert squid.sandbox.run("ls", "/etc/pam.d/squid", "/etc/squid/conf.d/asp.conf").out == ""
        squid.sandbox.run("squid", "-k", "parse").done()
    finally:
        squid.follow(RECIPE)
