"""A real sshd with the shipped recipe, asked by a real ssh: by the methods password and keyboard-interactive."""

import re
import subprocess

import pytest
from support.passwords import PRIMARY, wrong
from support.recipes import CONF, recipe
from support.run import MORTAL
from support.sandbox import open_installed
from support.service import Service
from support.sshd import PROGRAM, knows, without_penalties
from support.terminal import terminal
from support.wait import LONG, wait_until

STACKS = ("either", "enrolled", "only")
METHODS = {"password": 2201, "keyboard-interactive": 2202}
UNCHANGED = "/run/pam-sshd"
# The key exchange is the quick one: it is no matter here.
CLIENT = ("ssh", "-q", "-F", "/dev/null", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null")
CLIENT += ("-o", "KexAlgorithms=curve25519-sha256")
BY_PASSWORD = ("-o", "PubkeyAuthentication=no", "-o", "NumberOfPasswordPrompts=1")
SHOW = 'echo "in:$ASP_ID:$ASP_LABEL:$ASP_APP"'


class Sshd(Service):
    method = "password"

    def __init__(self, box, build):
        super().__init__(box, build)
        self.servers = {}

    def stack(self, name, *services):
        """The commands of the README make /etc/pam.d/sshd from the file that the package of sshd brings."""
        commands = readme(r"^ +(install .*/etc/pam\.d/\n(?: {7,}.*\n)+)").replace("asp-sshd-either", f"asp-sshd-{name}")
        self.sandbox.shell(f'cp {UNCHANGED} /etc/pam.d/sshd; cd "$1"; {commands}', CONF / "sshd").done()

    def serve(self, port, *options, program=PROGRAM, settings="/run/asp.conf", penalties=False):
        """Starts an sshd with the shipped settings, unless that one runs. The options come before them."""
        if port in self.servers:
            return port
        words = [program, "-D", "-f", settings, "-o", f"Port={port}", "-o", "HostKey=/run/key"]
        words += ["-o", "PidFile=none", "-o", "LogLevel=ERROR"]
        words += [] if penalties else without_penalties(self.sandbox, "/run/key")
        for option in options:
            words += ["-o", option]
        server = self.sandbox.start(*MORTAL, *words, stdin=subprocess.DEVNULL)
        self.servers[port] = server
        self.sandbox.wait_for_port(port)
        return port

    def key(self, command):
        """What the command printed to alice with her key."""
        words = [*CLIENT, "-i", "/run/key", "-o", "BatchMode=yes", "-p", str(METHODS["password"]), "alice@127.0.0.1"]
        return self.sandbox.run(*words, command).done().out.strip()

    def ssh(self, user, password, port=None, host="127.0.0.1", method=None):
        """What the session says of itself, or None for who is refused."""
        method = method or self.method
        run = self.sandbox.run(
            *("sshpass", "-p", password, *CLIENT, *BY_PASSWORD, "-o", f"PreferredAuthentications={method}"),
            *("-p", str(port or METHODS[method]), f"{user}@{host}", SHOW),
        )
        if run.code == 0:
            return run.out.strip()
        # 5: sshpass was asked again; 255: the server has closed.
        assert run.code in (5, 255) and run.out == "", run
        return None


def readme(pattern):
    """What the README has at this place."""
    (found,) = re.findall(pattern, recipe("sshd/README"), re.M)
    return found


@pytest.fixture(scope="module")
def sshd_box(sandboxes, layer, build):
    box = open_installed(layer, build, "/usr/sbin/sshd", "ssh", "sshpass")
    box.shell(
        "getent passwd sshd >/dev/null || useradd --system --no-create-home --home-dir /run/sshd sshd;"
        'mkdir -m 755 -p /run/sshd; ssh-keygen -q -t ed25519 -N "" -f /run/key; cp "$1" /run/asp.conf;'
        'cp /etc/pam.d/sshd "$2"; mkdir -p /run/alice/.ssh; cp /run/key.pub /run/alice/.ssh/authorized_keys;'
        "chown -R alice: /run/alice/.ssh; chmod 700 /run/alice/.ssh",
        CONF / "sshd" / "sshd-asp.conf",
        UNCHANGED,
    ).done()
    service = Sshd(box, build)
    service.serve(METHODS["password"])
    service.serve(METHODS["keyboard-interactive"], "KbdInteractiveAuthentication=yes", "PasswordAuthentication=no")
    yield service
    box.close()


@pytest.fixture
def sshd(sshd_box):
    """sshd with the stack `either`, by the method password."""
    sshd_box.reset()
    sshd_box.stack("either")
    sshd_box.method = "password"
    return sshd_box


@pytest.fixture(params=METHODS)
def method(request, sshd):
    sshd.method = request.param
    return request.param


@pytest.fixture(params=STACKS)
def stack(request, sshd):
    sshd.stack(request.param)
    return request.param


def test_an_app_password_made_for_ssh_opens_and_is_named_in_the_session(sshd, stack, method):
    password = sshd.create("alice", "Scanner, 2nd floor", "--app", "ssh")
    id = password[:2]
    assert sshd.ssh("alice", password) == f"in:{id}:Scanner, 2nd floor:ssh"
    (line,) = sshd.log(1)
    assert line.text == (
        f'verdict=accepted rhost=127.0.0.1 user="alice" service="sshd" app="ssh" id={id} label="Scanner, 2nd floor"'
    )


def test_a_revoked_app_password_is_refused(sshd, stack, method):
    password = sshd.create("alice", "Scanner", "--app", "ssh")
    sshd.asp_admin("revoke", "alice", password[:2]).done()
    # The worst case: pam_unix would take this very text.
    sshd.sandbox.run("chpasswd", input=f"alice:{password}\nbob:{password}\n").done()
    assert sshd.ssh("bob", password) == (None if stack == "only" else "in:::"), "who has no account goes on to pam_unix"
    assert sshd.ssh("alice", password) is None
    assert sshd.verdicts(2) == ["no-account", "revoked"]


def test_app_passwords_that_were_not_made_for_ssh_are_refused(sshd, stack, method):
    mail = sshd.create("alice", "Mail", "--app", "mail")
    everywhere = sshd.create("alice", "Everywhere", "--app", "any")
    unbound = sshd.create("alice", "Unbound")
    for password in (mail, everywhere, unbound):
        assert sshd.ssh("alice", password) is None
    assert sshd.verdicts(3) == ["wrong-app"] * 3
    assert sshd.entry(unbound[:2])["bound"] is None


def test_a_wrong_secret_is_refused(sshd, stack, method):
    password = sshd.create("alice", "Scanner", "--app", "ssh")
    assert sshd.ssh("alice", wrong(password)) is None
    (line,) = sshd.log(1)
    assert (line.word("verdict"), line.word("rhost"), line.word("user")) == ("wrong-secret", "127.0.0.1", "alice")


@pytest.mark.parametrize(("name", "alices", "bobs"), [("either", 1, 1), ("enrolled", 0, 1), ("only", 0, 0)])
def test_the_primary_password_opens_where_the_stack_says_so(sshd, method, name, alices, bobs):
    sshd.stack(name)
    sshd.create("alice", "Scanner", "--app", "ssh")
    assert sshd.ssh("alice", PRIMARY["alice"]) == ("in:::" if alices else None)
    assert sshd.ssh("bob", PRIMARY["bob"]) == ("in:::" if bobs else None)
    assert sshd.verdicts(2) == ["not-an-app-password", "no-account"]
    assert sshd.ssh("bob", "not his") is None


def test_the_stacks_of_other_services_fail_by_keyboard_interactive_alone(sshd):
    """What the files for sshd are there for."""
    password = sshd.create("alice", "Scanner", "--app", "ssh")
    for name in ("asp-only", "asp-either", "asp-enrolled"):
        sshd.install(f"pam.d/{name}", "/etc/pam.d/sshd")
        assert sshd.ssh("alice", password, method="password") == f"in:{password[:2]}:Scanner:ssh"
        assert sshd.ssh("alice", password, method="keyboard-interactive") is None
    assert sshd.verdicts(6) == ["accepted"] * 6


def test_the_settings_hold_whatever_sshd_config_says(sshd):
    """As Debian's does, it takes in its folder first."""
    sshd.sandbox.write(
        "/etc/ssh/sshd_config",
        "Include /etc/ssh/sshd_config.d/*.conf\nUsePAM no\nUseDNS yes\nPasswordAuthentication no\nHostKey /run/key\n",
    )
    sshd.sandbox.write("/etc/ssh/sshd_config.d/50-cloud-init.conf", "PasswordAuthentication no\n")
    command = readme("^ +(install .*sshd_config.d.*)$")
    sshd.sandbox.shell(f'cd "$1"; {command}', CONF / "sshd").done()
    shown = sshd.sandbox.run("/usr/sbin/sshd", "-T").done().out.splitlines()
    sshd.sandbox.run("rm", "/etc/ssh/sshd_config.d/50-cloud-init.conf").done()
    assert {"usepam yes", "passwordauthentication yes", "kbdinteractiveauthentication no", "usedns no"} < set(shown)


def test_the_way_back_leads_back_also_for_who_has_taken_the_steps_twice(sshd):
    steps = readme(r"^ +(install .*/etc/pam\.d/\n(?: {7,}.*\n)+)")
    begin = f"rm -f /root/pam.d-sshd.before-asp; cp {UNCHANGED} /etc/pam.d/sshd"
    sshd.sandbox.shell(f'{begin}; cd "$1"; {steps}{steps}', CONF / "sshd").done()
    assert "asp-sshd-either" in sshd.sandbox.read("/etc/pam.d/sshd")
    back = readme(r"^ +(cp -p /root/pam\.d-sshd.*\n +rm -f .*)$")
    sshd.sandbox.shell(back).done()
    assert sshd.sandbox.read("/etc/pam.d/sshd") == sshd.sandbox.read(UNCHANGED)
    assert sshd.sandbox.shell("ls /etc/pam.d /etc/ssh/sshd_config.d | grep -e asp-sshd -e asp.conf").out == ""


@pytest.mark.parametrize(
    ("user", "address", "asked"),
    [("scan", "192.0.2.7", "yes"), ("scan", "198.51.100.7", "no"), ("alice", "192.0.2.7", "no")],
)
def test_passwords_can_be_for_some_alone(sshd, user, address, asked):
    block = readme(r"^( +Match .*\n +PasswordAuthentication yes)$")
    settings = recipe("sshd/sshd-asp.conf", ("(?m)^PasswordAuthentication yes$", "PasswordAuthentication no"))
    sshd.sandbox.write("/run/some.conf", f"HostKey /run/key\n{settings}\n{block}\n")
    connection = f"user={user},addr={address},host=client.example.org"
    shown = sshd.sandbox.run("/usr/sbin/sshd", "-T", "-f", "/run/some.conf", "-C", connection).done().out
    assert f"passwordauthentication {asked}" in shown.splitlines()


def test_a_key_still_opens(sshd, stack):
    assert sshd.key(SHOW) == "in:::"
    sshd.log(0)


@pytest.mark.parametrize("name", ["either", "enrolled"])
def test_the_other_modules_see_to_the_credentials_of_a_key(sshd, name):
    """pam_group, below ours, gives alice a group at every login."""
    sshd.stack(name)
    sshd.sandbox.shell(
        "echo '*;*;alice;Al0000-2400;audio' >/etc/security/group.conf; cp /etc/pam.d/common-auth /run/common-auth;"
        "echo 'auth optional pam_group.so' >>/etc/pam.d/common-auth"
    ).done()
    try:
        assert "audio" in sshd.key("id -Gn").split()
    finally:
        sshd.sandbox.run("cp", "/run/common-auth", "/etc/pam.d/common-auth").done()


def test_nologin_holds_for_app_passwords_too(sshd, stack):
    password = sshd.create("alice", "Scanner", "--app", "ssh")
    sshd.sandbox.write("/etc/nologin", "")
    try:
        assert sshd.ssh("alice", password) is None
    finally:
        sshd.sandbox.run("rm", "/etc/nologin").done()
    assert sshd.verdict() == "accepted", "it was pam_nologin"


def test_an_aged_primary_bars_no_app_password(sshd, stack):
    password = sshd.create("alice", "Scanner", "--app", "ssh")
    sshd.sandbox.run("chage", "--lastday", "0", "alice").done()
    try:
        assert sshd.ssh("alice", password)
    finally:
        sshd.sandbox.run("chage", "--lastday", "-1", "alice").done()


# Lesson: sshd.
@pytest.mark.parametrize("why", ["unknown", "denied"])
def test_what_sshd_says_in_place_of_the_password_of_a_user_it_refuses_is_just_wrong(sshd, method, why):
    """A user who is in the store and not on the system, and one whom sshd_config shuts out; the password is right."""
    user, port = {"unknown": ("ghost", METHODS[method]), "denied": ("alice", 2203)}[why]
    sshd.serve(2203, "DenyUsers=alice", "KbdInteractiveAuthentication=yes")
    password = sshd.create(user, "Scanner", "--app", "ssh", "--virtual")
    assert sshd.ssh(user, password, port=port) is None
    (line,) = sshd.log(1)
    assert line.text == (
        f'verdict=not-an-app-password rhost=127.0.0.1 user="{user}" service="sshd" app="ssh" id=- label=-'
    )
    assert sshd.json("history", user)[-1]["event"] == "created", "and it was not used"


def test_a_device_that_goes_on_with_a_revoked_one_shuts_nobody_out_whose_network_is_named(sshd):
    """From OpenSSH 9.8 on; the time is a longer one, so that one failure is enough."""
    penalty = "PerSourcePenalties=authfail:10m"
    if not knows(sshd.sandbox, penalty, "/run/key"):
        pytest.skip("this sshd shuts no address out")
    name, network = readme("^ +(PerSourcePenaltyExemptList .*)$").split()
    assert network == "192.0.2.0/24"
    sshd.sandbox.write("/run/named.conf", f"{name} 127.0.0.0/8\n{recipe('sshd/sshd-asp.conf')}")
    sshd.serve(2206, penalty, penalties=True)
    sshd.serve(2207, penalty, penalties=True, settings="/run/named.conf")
    revoked = sshd.create("alice", "Scanner", "--app", "ssh")
    sshd.asp_admin("revoke", "alice", revoked[:2]).done()
    good = sshd.create("alice", "Laptop", "--app", "ssh")
    for port in (2206, 2207):
        assert sshd.ssh("alice", revoked, port=port) is None
    wait_until(lambda: sshd.ssh("alice", good, port=2206) is None, "nobody is shut out")
    assert sshd.ssh("alice", good, port=2207)


def test_an_entry_with_networks_holds_for_the_clients_address(sshd):
    here = sshd.create("alice", "Here", "--app", "ssh", "--from", "127.0.0.0/8")
    there = sshd.create("alice", "There", "--app", "ssh", "--from", "192.0.2.0/24")
    assert sshd.ssh("alice", here)
    assert sshd.ssh("alice", there) is None
    assert sshd.verdicts(2) == ["accepted", "wrong-network"]


def test_an_ipv6_client_is_named_by_its_address(sshd):
    password = sshd.create("alice", "Six", "--app", "ssh", "--from", "::1")
    four = sshd.create("alice", "Four", "--app", "ssh", "--from", "127.0.0.1")
    assert sshd.ssh("alice", password, host="::1")
    assert sshd.ssh("alice", four, host="::1") is None
    lines = sshd.log(2)
    assert [line.word("rhost") for line in lines] == ["::1", "::1"]
    assert [line.word("verdict") for line in lines] == ["accepted", "wrong-network"]


def test_with_usedns_a_name_is_logged_and_an_entry_with_networks_is_refused(sshd, method):
    sshd.sandbox.write("/etc/hosts", "127.0.0.1 scanner.example.org\n")
    sshd.recipe("sshd/sshd-asp.conf", "/run/usedns.conf", (r"(?m)^UseDNS no$", "UseDNS yes"))
    sshd.serve(2204, "KbdInteractiveAuthentication=yes", settings="/run/usedns.conf")
    plain = sshd.create("alice", "Anywhere", "--app", "ssh")
    bounded = sshd.create("alice", "Here", "--app", "ssh", "--from", "127.0.0.0/8", "--from", "::/0")
    assert sshd.ssh("alice", plain, port=2204)
    assert sshd.ssh("alice", bounded, port=2204) is None
    lines = sshd.log(2)
    assert [line.word("rhost") for line in lines] == ["scanner.example.org"] * 2
    assert [line.word("verdict") for line in lines] == ["accepted", "wrong-network"]


def test_an_sshd_by_another_name_is_a_service_of_that_name(sshd):
    """The name comes from argv: it is an app of its own, unless asp.conf says otherwise as the README tells."""
    program, service = "/usr/local/sbin/sshd-apps", "sshd-apps"
    sshd.sandbox.shell("ln -sf /usr/sbin/sshd $1; cp /etc/pam.d/sshd /etc/pam.d/sshd-apps", program).done()
    named = f"PAMServiceName={service}"
    options = [named] if knows(sshd.sandbox, named, "/run/key") else []
    sshd.serve(2205, "KbdInteractiveAuthentication=yes", *options, program=program)
    password = sshd.create("alice", "Scanner", "--app", "ssh")
    assert sshd.ssh("alice", password, port=2205) is None
    sshd.reset('apps: ( { name = "ssh"; services = [ "sshd", "sshd-apps" ]; } );', 'guarded = [ "sshd", "sshd-apps" ];')
    password = sshd.create("alice", "Scanner", "--app", "ssh")
    everywhere = sshd.create("alice", "Everywhere", "--app", "any")
    assert sshd.ssh("alice", password, port=2205) == f"in:{password[:2]}:Scanner:ssh"
    assert sshd.ssh("alice", everywhere, port=2205) is None
    lines = sshd.log(2)
    assert [line.word("service") for line in lines] == [service] * 2
    assert [line.word("verdict") for line in lines] == ["accepted", "wrong-app"]


def test_the_hook_ends_a_session_that_was_opened_by_keyboard_interactive(sshd, method):
    sshd.install("hooks/sshd", "/etc/asp/hooks/sshd", "755")
    sshd.configure('hooks: { revoked = "/etc/asp/hooks/sshd"; };')
    password = sshd.create("alice", "Scanner", "--app", "ssh")
    words = ["sshpass", "-p", password, *CLIENT, *BY_PASSWORD, "-p", str(METHODS[method]), "-tt"]
    with terminal(sshd.sandbox, *words, "alice@127.0.0.1", "echo op''en; exec sleep 60") as session:
        assert session.until("open")
        sshd.asp_admin("revoke", "alice", password[:2]).done()
        assert session.process.wait(LONG) != 0


def test_a_second_factor_guards_the_primary_password_and_no_app_password(sshd):
    """A line of pam_oath where an administrator has it, below common-auth; it is asked for by keyboard-interactive."""
    sshd.sandbox.need("oathtool")
    sshd.sandbox.need_module("pam_oath.so")
    key = "3132333435363738393031323334353637383930"
    sshd.sandbox.write("/etc/users.oath", f"HOTP alice - {key}\n")
    sshd.sandbox.shell(
        "chmod 600 /etc/users.oath;"
        "sed -i '/^auth include /a auth required pam_oath.so usersfile=/etc/users.oath' /etc/pam.d/sshd"
    ).done()
    codes = sshd.sandbox.run("oathtool", "-w", "3", key).done().out.split()
    words = [*CLIENT, *BY_PASSWORD, "-p", str(METHODS["keyboard-interactive"])]

    def log_in(*answers):
        with terminal(sshd.sandbox, *words, "alice@127.0.0.1", SHOW) as session:
            for answer in answers:
                if session.until(r"(?i)password.*: ?$"):
                    session.answer(answer)
            found = session.until("in:[^\r\n]*")
            return found[0] if found else None

    password = sshd.create("alice", "Scanner", "--app", "ssh")
    assert log_in(password) == f"in:{password[:2]}:Scanner:ssh"
    assert log_in(PRIMARY["alice"], codes[0]) == "in:::"
    assert log_in(PRIMARY["alice"], "000000") is None
    assert log_in("not hers", codes[1]) is None
