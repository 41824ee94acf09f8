"""A real FreeRADIUS, set up by what the recipe says and nothing else, asked by eapol_test as an access point asks it."""

import re
import subprocess

import pytest
from support.broker import serving
from support.passwords import PRIMARY, wrong
from support.recipes import recipe
from support.run import MORTAL, as_user
from support.sandbox import open_installed
from support.service import Service

RECIPE = "freeradius/asp"
# What the packages do when they are installed.
PACKAGES = """
getent group freerad >/dev/null || useradd --system --user-group --no-create-home --home-dir /etc/freeradius freerad
cd /etc/freeradius/3.0
for site in default inner-tunnel; do ln -sf ../sites-available/$site sites-enabled/; done
for module in always attr_filter chap detail detail.log digest dynamic_clients eap echo exec expiration expr files \
    linelog logintime mschap ntlm_auth pap passwd preprocess radutmp realm replicate soh sradutmp unix unpack utf8
do
    ln -sf ../mods-available/$module mods-enabled/
done
chown -R freerad:freerad /etc/freeradius
install -d -o freerad -g freerad /var/log/freeradius /run/freeradius
"""

NETWORK = """
network={{
    key_mgmt=WPA-EAP
    eap=TTLS
    anonymous_identity="anonymous"
    identity="{user}"
    password="{password}"
    phase2="auth={inner}"
    ca_cert="/etc/freeradius/3.0/certs/asp.pem"
    {more}
}}
"""


class Radius(Service):
    def is_counted(self, line):
        return line.is_decision

    def eapol(self, user, password, inner="PAP", more="", times=1):
        """How the last of so many logins ended, and what was said of it; the first is a login with a password, further
        ones may resume it."""
        self.sandbox.write("/run/network", NETWORK.format(user=user, password=password, inner=inner, more=more))
        again = ["-r", str(times - 1)] if times > 1 else []
        run = self.sandbox.run("eapol_test", "-c", "/run/network", "-s", "testing123", "-t", "20", *again)
        return run.code == 0, run.out

    def lets_in(self, *words, **options):
        return self.eapol(*words, **options)[0]


@pytest.fixture(scope="module")
def radius_box(sandboxes, layer, build):
    box = open_installed(layer, build, "freeradius", "radtest", "eapol_test", "openssl")
    box.shell(PACKAGES).done()
    service = Radius(box, build)
    service.reset()
    service.follow(RECIPE)
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with serving(box, build / "asp-broker" / "asp-broker"):
        box.start(*MORTAL, *as_user("freerad"), "freeradius", "-f", **quiet)
        yield service
    box.close()


@pytest.fixture
def radius(radius_box):
    """FreeRADIUS with the recipe as it is, before anybody has an app password."""
    (clients,) = re.findall("(?m)^# (broker: .*)$", recipe(RECIPE))
    radius_box.reset(clients)
    return radius_box


@pytest.fixture
def laptop(radius):
    return radius.create("alice", "Laptop", "--app", "radiusd")


def test_an_app_password_opens_for_an_hour(radius, laptop):
    let_in, said = radius.eapol("alice", laptop)
    assert let_in, said
    assert re.search(r"Attribute 27 \(Session-Timeout\) length=6\s+Value: 3600", said), said
    (line,) = radius.log(1)
    assert line.text == (
        f'verdict=accepted rhost=- user="alice" service="radiusd" app="radiusd" id={laptop[:2]} label="Laptop" '
        'via="freerad"'
    )


def test_what_was_not_made_for_it_is_refused(radius, laptop):
    mail = radius.create("alice", "Mail", "--app", "mail")
    for user, password in (("alice", mail), ("alice", wrong(laptop)), *PRIMARY.items()):
        assert not radius.lets_in(user, password), user
    assert radius.verdicts(4) == ["wrong-app", "wrong-secret", "not-an-app-password", "no-account"]


def test_a_revoked_app_password_is_refused_also_where_a_session_would_be_resumed(radius, laptop):
    assert radius.lets_in("alice", laptop, times=2)
    assert radius.verdicts(2) == ["accepted"] * 2
    radius.asp_admin("revoke", "alice", laptop[:2]).done()
    assert not radius.lets_in("alice", laptop)
    assert radius.verdict() == "revoked"


@pytest.mark.parametrize("inner", ["CHAP", "MSCHAP", "MSCHAPV2"])
def test_no_other_way_leads_through_the_tunnel(radius, laptop, inner):
    assert not radius.lets_in("alice", laptop, inner)
    radius.log(0)


def test_without_a_tunnel_no_password_is_asked(radius, laptop):
    run = radius.sandbox.run("radtest", "alice", laptop, "127.0.0.1", "0", "testing123")
    assert "Access-Reject" in run.out, run
    radius.log(0)


def test_without_an_address_an_app_password_with_networks_is_refused(radius):
    near = radius.create("alice", "Near", "--app", "radiusd", "--from", "127.0.0.0/8")
    assert not radius.lets_in("alice", near)
    assert radius.verdict() == "wrong-network"


def test_the_way_back_leads_back(radius, laptop):
    radius.go_back(RECIPE)
    try:
        folder = "/etc/freeradius/3.0"
        shown = radius.sandbox.run("ls", f"{folder}/sites-enabled", f"{folder}/mods-enabled").done().out.split()
        assert {"default", "inner-tunnel", "eap"} <= set(shown)
        assert not {"asp", "asp-eap", "pam"} & set(shown)
        assert "common-auth" in radius.sandbox.read("/etc/pam.d/radiusd")
    finally:
        radius.follow(RECIPE)
