"""A real vsftpd with the shipped recipe, asked by curl over TLS."""

import subprocess

import pytest
from support.ftp import CLIENT, Ftp
from support.passwords import PRIMARY, wrong
from support.recipes import CONF
from support.run import MORTAL
from support.sandbox import open_installed

OTHER_PORT = 2121


class Vsftpd(Ftp):
    def stack(self, name, *services):
        """The recipe, with a stack in it that is shipped for all services."""
        self.install(f"pam.d/{name}", f"/etc/pam.d/{name}")
        for service in services or ["vsftpd"]:
            self.recipe("vsftpd/pam-vsftpd", f"/etc/pam.d/{service}", ("(?m) asp-only$", f" {name}"))


@pytest.fixture(scope="module")
def vsftpd_box(sandboxes, layer, build):
    box = open_installed(layer, build, "vsftpd")
    box.shell(
        "getent passwd ftp >/dev/null || useradd --system --no-create-home --home-dir /nonexistent ftp;"
        "mkdir -p /run/vsftpd/empty /etc/ssl/private /etc/ssl/certs;"
        'for user in alice bob; do touch "/run/$user/${user}s-file"; done;'
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
        "  -keyout /etc/ssl/private/ssl-cert-snakeoil.key -out /etc/ssl/certs/ssl-cert-snakeoil.pem 2>/dev/null;"
        'cat "$1" >>/etc/vsftpd.conf;'
        # Tests must not be slow.
        "printf 'delay_failed_login=0\\ndelay_successful_login=0\\nmax_login_fails=1\\n' >>/etc/vsftpd.conf;"
        "cp /etc/vsftpd.conf /etc/vsftpd-other.conf;"
        f"printf 'pam_service_name=ftp\\nlisten_port={OTHER_PORT}\\n' >>/etc/vsftpd-other.conf",
        CONF / "vsftpd" / "vsftpd-asp.conf",
    ).done()
    service = Vsftpd(box, build)
    for settings, port in (("/etc/vsftpd.conf", 21), ("/etc/vsftpd-other.conf", OTHER_PORT)):
        box.start(*MORTAL, "vsftpd", settings, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        box.wait_for_port(port)
    yield service
    box.close()


@pytest.fixture
def vsftpd(vsftpd_box):
    """vsftpd with the recipe as it is."""
    vsftpd_box.reset()
    vsftpd_box.stack("asp-only")
    return vsftpd_box


@pytest.fixture(params=["asp-only", "asp-either", "asp-enrolled"])
def stack(request, vsftpd):
    vsftpd.stack(request.param)
    return request.param


def test_an_app_password_opens_and_the_client_is_named(vsftpd, stack):
    password = vsftpd.create("alice", "Camera", "--app", "vsftpd")
    assert vsftpd.curl("alice", password)
    (line,) = vsftpd.log(1)
    assert line.text == (
        f'verdict=accepted rhost={CLIENT} user="alice" service="vsftpd" app="vsftpd" id={password[:2]} label="Camera"'
    )


def test_a_revoked_app_password_is_refused(vsftpd, stack):
    password = vsftpd.create("alice", "Camera", "--app", "vsftpd")
    vsftpd.asp_admin("revoke", "alice", password[:2]).done()
    vsftpd.set_primary("alice", password)  # the worst case: pam_unix would take this very text
    assert not vsftpd.curl("alice", password)
    (line,) = vsftpd.log(1)
    assert (line.word("verdict"), line.word("rhost"), line.word("label")) == ("revoked", CLIENT, "Camera")


def test_an_app_password_of_another_app_and_a_wrong_one_are_refused(vsftpd, stack):
    mail = vsftpd.create("alice", "Mail", "--app", "mail")
    ftp = vsftpd.create("alice", "Camera", "--app", "vsftpd")
    assert not vsftpd.curl("alice", mail)
    assert not vsftpd.curl("alice", wrong(ftp))
    assert vsftpd.verdicts(2) == ["wrong-app", "wrong-secret"]


@pytest.mark.parametrize(
    ("name", "alices", "bobs"), [("asp-only", False, False), ("asp-either", True, True), ("asp-enrolled", False, True)]
)
def test_the_primary_password_opens_where_the_stack_says_so(vsftpd, name, alices, bobs):
    vsftpd.stack(name)
    vsftpd.create("alice", "Camera", "--app", "vsftpd")
    assert vsftpd.curl("alice", PRIMARY["alice"]) == alices
    assert vsftpd.curl("bob", PRIMARY["bob"]) == bobs
    assert vsftpd.verdicts(2) == ["not-an-app-password", "no-account"]


def test_the_first_use_binds_to_vsftpd(vsftpd):
    password = vsftpd.create("alice", "Camera")
    assert vsftpd.curl("alice", password)
    entry = vsftpd.entry(password[:2])
    assert (entry["app"], entry["bound"]["service"]) == ("vsftpd", "vsftpd")
    assert (entry["last_used"]["service"], entry["last_used"]["rhost"]) == ("vsftpd", CLIENT)


def test_networks_hold_for_a_client_that_is_named_by_a_mapped_address(vsftpd):
    four = vsftpd.create("alice", "Four", "--app", "vsftpd", "--from", "127.0.0.0/8")
    six = vsftpd.create("alice", "Six", "--app", "vsftpd", "--from", "::1")
    other = vsftpd.create("alice", "Other", "--app", "vsftpd", "--from", "192.0.2.0/24", "--from", "2001:db8::/32")
    assert vsftpd.curl("alice", four)
    assert not vsftpd.curl("alice", six)
    assert not vsftpd.curl("alice", other)
    assert vsftpd.curl("alice", six, "[::1]")
    assert not vsftpd.curl("alice", four, "[::1]")
    lines = vsftpd.log(5)
    assert [line.word("rhost") for line in lines] == [CLIENT, CLIENT, CLIENT, "::1", "::1"]
    assert [line.word("verdict") == "accepted" for line in lines] == [True, False, False, True, False]


@pytest.mark.parametrize(
    "script",
    ["echo alice >>/etc/ftpusers", "usermod --shell /usr/sbin/nologin alice", "touch /etc/nologin"],
    ids=["listed", "without-a-shell", "nologin"],
)
def test_what_the_recipe_has_above_the_stack_holds_for_app_passwords_too(vsftpd, script):
    password = vsftpd.create("alice", "Camera", "--app", "vsftpd")
    vsftpd.sandbox.shell(f"echo daemon >/etc/ftpusers; {script}").done()
    try:
        assert not vsftpd.curl("alice", password)
    finally:
        vsftpd.sandbox.shell("rm -f /etc/ftpusers /etc/nologin; usermod --shell /bin/bash alice").done()
    assert vsftpd.verdict() == "accepted"
    assert vsftpd.curl("alice", password)


def test_nobody_logs_in_without_tls(vsftpd):
    password = vsftpd.create("alice", "Camera", "--app", "vsftpd")
    assert not vsftpd.curl("alice", password, tls="--ftp-pasv")
    vsftpd.log(0)


def test_under_its_other_name_it_is_another_app_unless_a_group_has_both(vsftpd):
    vsftpd.stack("asp-only", "vsftpd", "ftp")
    password = vsftpd.create("alice", "Camera", "--app", "vsftpd")
    assert not vsftpd.curl("alice", password, f"127.0.0.1:{OTHER_PORT}")
    (line,) = vsftpd.log(1)
    assert (line.word("service"), line.word("app"), line.word("verdict")) == ("ftp", "ftp", "wrong-app")
    vsftpd.reset('apps: ( { name = "files"; services = [ "ftp", "vsftpd" ]; } );')
    password = vsftpd.create("alice", "Camera", "--app", "files")
    assert vsftpd.curl("alice", password)
    assert vsftpd.curl("alice", password, f"127.0.0.1:{OTHER_PORT}")
    assert [(line.word("service"), line.word("app")) for line in vsftpd.log(2)] == [
        ("vsftpd", "files"),
        ("ftp", "files"),
    ]
