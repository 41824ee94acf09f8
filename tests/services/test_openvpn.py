"""A real OpenVPN, set up by what the recipe says and nothing else, and its own client on another machine: a network
namespace with an address of its own."""

import contextlib
import subprocess

import pytest
from support.passwords import PRIMARY, wrong
from support.recipes import lines, recipe
from support.run import MORTAL
from support.sandbox import open_installed
from support.service import Service
from support.wait import wait_until

RECIPE = "openvpn/asp.conf"
CLIENT = "192.0.2.9"
# Two machines, and a cable between them.
NETWORK = f"""
mkdir -p /run/netns
ip netns add laptop
ip link add cable type veth peer name cable netns laptop
ip addr add 192.0.2.1/24 dev cable
ip link set cable up
ip -n laptop addr add {CLIENT}/24 dev cable
ip -n laptop link set cable up
ip -n laptop link set lo up
mkdir -p /etc/openvpn/server
"""

class Openvpn(Service):
    server = None

    def start(self):
        words = "openvpn --cd /etc/openvpn/server --config asp.conf".split()
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.server = self.sandbox.start(*MORTAL, *words, **quiet)

    def reaches_the_server(self):
        """Whether the other end of the tunnel answers, if only that nothing listens at this port."""
        run = self.sandbox.run(*"ip netns exec laptop timeout 2 bash -c".split(), ": </dev/tcp/10.8.0.1/9")
        return "Connection refused" in run.err

    @contextlib.contextmanager
    def client(self, user, password, *more):
        self.sandbox.write("/run/login", f"{user}\n{password}\n", "600")
        words = (
            "ip netns exec laptop openvpn --client --dev tun --nobind --remote 192.0.2.1 --ca /etc/openvpn/server/asp.pem"
            " --remote-cert-tls server --auth-user-pass /run/login --connect-retry-max 3 --log /run/client.log"
        ).split()
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        client = self.sandbox.start(*MORTAL, *words, *more, **quiet)
        try:
            yield client
        finally:
            client.kill()
            client.wait()
            self.sandbox.shell("pkill -f 'openvpn [-]-client' || true").done()

    def was_refused(self):
        """Of a client that has ended; any other end is a failed test."""
        assert "AUTH_FAILED" in self.sandbox.read("/run/client.log")
        return True

    def lets_in(self, user, password):
        """Whether she reaches the other end of the tunnel."""
        with self.client(user, password) as client:
            wait_until(lambda: client.poll() is not None or self.reaches_the_server(), "neither in nor refused")
            return client.poll() is None or not self.was_refused()


@pytest.fixture(scope="module")
def openvpn_box(sandboxes, layer, build):
    box = open_installed(layer, build, "openvpn", "openssl", "ip", "/dev/net/tun")
    box.shell(NETWORK).done()
    service = Openvpn(box, build)
    service.reset()
    service.follow(RECIPE)
    service.start()
    yield service
    box.close()


@pytest.fixture
def openvpn(openvpn_box):
    """OpenVPN with the recipe as it is, before anybody has an app password."""
    openvpn_box.reset()
    return openvpn_box


@pytest.fixture
def laptop(openvpn):
    return openvpn.create("alice", "Laptop", "--app", "openvpn")


def test_an_app_password_opens_and_the_client_is_named(openvpn, laptop):
    assert openvpn.lets_in("alice", laptop)
    (line,) = openvpn.log(1)
    assert line.text == (
        f'verdict=accepted rhost={CLIENT} user="alice" service="openvpn" app="openvpn" id={laptop[:2]} label="Laptop"'
    )


def test_what_was_not_made_for_it_is_refused(openvpn, laptop):
    mail = openvpn.create("alice", "Mail", "--app", "mail")
    for user, password in (("alice", mail), ("alice", wrong(laptop)), *PRIMARY.items()):
        assert not openvpn.lets_in(user, password), user
    assert openvpn.verdicts(4) == ["wrong-app", "wrong-secret", "not-an-app-password", "no-account"]


def test_networks_are_held_to(openvpn):
    near = openvpn.create("alice", "Near", "--app", "openvpn", "--from", f"{CLIENT}/32")
    far = openvpn.create("alice", "Far", "--app", "openvpn", "--from", "198.51.100.0/24")
    assert openvpn.lets_in("alice", near)
    assert not openvpn.lets_in("alice", far)
    assert openvpn.verdicts(2) == ["accepted", "wrong-network"]


def test_a_revoked_one_is_out_when_the_keys_are_made_anew(openvpn, laptop):
    """After an hour, or when the client says so."""
    with openvpn.client("alice", laptop, "--reneg-sec", "5") as client:
        wait_until(openvpn.reaches_the_server)
        openvpn.asp_admin("revoke", "alice", laptop[:2]).done()
        client.wait(timeout=90)
        assert openvpn.was_refused()
    assert [line.word("verdict") for line in openvpn.said()][-1] == "revoked"
    assert not openvpn.reaches_the_server()


def test_nothing_hands_out_what_lets_a_client_go_on_without_its_password():
    assert lines(recipe(RECIPE), "auth-gen-token") == []


def test_the_way_back_leads_back(openvpn):
    openvpn.go_back(RECIPE)
    try:
        assert openvpn.sandbox.run("ls", "/etc/pam.d/openvpn", "/etc/openvpn/server/asp.conf").out == ""
    finally:
        openvpn.follow(RECIPE)
