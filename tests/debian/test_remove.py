"""Taken away, and put on again: nobody is locked out, and no app password is lost unless somebody says so."""

import re

import pytest
from support.debian import ALL, LET_IN, ONLY, PAM, enrolled, said, signs_in, state

pytestmark = pytest.mark.timeout(300, func_only=True)


NAMES_IT = [
    pytest.param("dovecot", "auth required pam_asp.so\n", id="a line"),
    pytest.param("dovecot", "auth [success=ok default=die] /usr/lib/security/pam_asp.so app=mail\r\n", id="CRLF and a path"),
    pytest.param("imap", "# one\nauth \\\n  sufficient \\\n  pam_asp.so\n", id="a line on three"),
    pytest.param("imap", "@include nowhere\n-account\trequired\tpam_asp.so\n", id="beside an include that is not there"),
    pytest.param("common-password", "password required pam_asp.so\n", id="by hand in a file of the profile's"),
]


SAID_YES = "echo libpam-asp libpam-asp/purge-store boolean true | debconf-set-selections; "
REMOVED = "cp /etc/pam.d/dovecot.before-asp /etc/pam.d/dovecot; apt-get -q -y remove libpam-asp; "


@pytest.mark.parametrize(("name", "text"), NAMES_IT)
def test_it_is_not_removed_while_a_pam_file_names_it_and_nothing_is_changed(machine, name, text):
    enrolled(machine)
    machine.shell("mv /etc/pam.d/dovecot.before-asp /etc/pam.d/dovecot").done()
    machine.shell('cat >>"/etc/pam.d/$1"', name, input=text).done()
    before = machine.shell(PAM).done().out
    run = machine.shell("apt-get -q -y remove libpam-asp")
    assert run.code != 0
    assert f"/etc/pam.d/{name}" in said(run), run
    assert "ASP_REMOVE_ANYWAY=1" in said(run)
    assert machine.shell(PAM).done().out == before
    assert state(machine) == "installed"
    assert machine.shell("asp-admin list alice").done().out.count("Phone") == 1
    machine.shell("ASP_REMOVE_ANYWAY=1 apt-get -q -y remove libpam-asp").done()
    assert state(machine) != "installed"


def test_the_way_back_that_it_names_is_the_way_and_the_store_stays(machine):
    enrolled(machine)
    run = machine.shell("apt-get -q -y remove libpam-asp")
    (way,) = [line.strip() for line in said(run).splitlines() if line.startswith("    cp ")]
    assert way == "cp -p /etc/pam.d/dovecot.before-asp /etc/pam.d/dovecot"
    machine.shell(way).done()
    machine.shell("apt-get -q -y remove libpam-asp asp-admin asp-broker").done()
    assert machine.shell("cat /etc/pam.d/*").done().out.count("pam_asp.so") == 0
    assert machine.shell("ls /var/lib/asp/users").done().out == "alice\n"

    machine.install(*ALL).done()
    machine.shell(f"install -m 644 {ONLY} /etc/pam.d/dovecot").done()
    assert signs_in(machine) == LET_IN


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("dovecot", "# auth required pam_asp.so\n"),
        ("dovecot.dpkg-old", "auth required pam_asp.so\n"),
        ("dovecot~", "auth required pam_asp.so\n"),
        ("dovecot", "auth optional pam_echo.so file=/etc/pam_asp.so\n"),
    ],
)
def test_what_no_service_reads_keeps_nobody_from_removing_it(machine, name, text):
    machine.install(*ALL).done()
    machine.shell('cat >>"/etc/pam.d/$1"', name, input=text).done()
    machine.shell("apt-get -q -y remove libpam-asp").done()
    assert state(machine) != "installed"
    assert machine.shell("grep pam_asp.so /etc/pam.d/common-password").code == 1


def test_each_architecture_is_kept_and_no_other_step_of_dpkg_is(machine):
    """A service of one has no use for the module of another; the profile stays with the last."""
    enrolled(machine)
    prerm = "/var/lib/dpkg/info/libpam-asp*.prerm"
    other = "mkdir -p /usr/lib/other/security; touch /usr/lib/other/security/pam_asp.so; "
    for before in ("", "DPKG_MAINTSCRIPT_PACKAGE_REFCOUNT=2 ", other):
        assert machine.shell(f"{before}{prerm} remove").code == 1
    for words in ("upgrade 9", "deconfigure in-favour x 1", "failed-upgrade 1"):
        machine.shell(f"{prerm} {words}").done()
    machine.shell(f"ASP_REMOVE_ANYWAY=1 {prerm} remove").done()
    assert signs_in(machine) == LET_IN
    assert machine.shell("grep -c pam_asp.so /etc/pam.d/common-password").done().out == "1\n"


def test_a_purge_of_another_architecture_deletes_nothing(machine):
    enrolled(machine)
    postrm = "/var/lib/dpkg/info/libpam-asp*.postrm"
    machine.shell(f"{SAID_YES} DPKG_MAINTSCRIPT_PACKAGE_REFCOUNT=2 {postrm} purge").done()
    assert machine.shell("ls /var/lib/asp/users; test -e /etc/asp/asp.conf").done().out == "alice\n"


def test_a_yes_is_good_for_one_purge(machine):
    enrolled(machine)
    machine.shell(REMOVED + SAID_YES.replace("libpam-asp libpam", "d-i libpam") + "dpkg --purge libpam-asp").done()
    assert machine.shell("test -e /var/lib/asp").code == 1
    enrolled(machine)
    machine.shell(REMOVED + "dpkg --purge libpam-asp").done()
    assert machine.shell("ls /var/lib/asp/users").done().out == "alice\n"


def test_a_purge_deletes_what_is_ours_and_goes_on_where_it_cannot(machine):
    enrolled(machine)
    machine.shell("mkdir /var/lib/asp/site2; touch /var/lib/asp/site2/file").done()
    machine.shell(REMOVED + SAID_YES + "mount -t tmpfs tmpfs /var/lib/asp/used; dpkg --purge libpam-asp").done()
    left = machine.shell("cd /var/lib/asp && find . -type f | sort; test ! -e /etc/asp/asp.conf").done().out
    # What lay below the mount was not to be seen.
    assert left == "./site2/file\n./used/alice\n"


def test_a_broker_whose_group_has_members_is_not_removed_while_a_pam_file_names_it(machine):
    enrolled(machine)
    machine.shell("useradd --gid asp wiki").done()
    run = machine.shell("usermod -a -G asp www-data; dpkg -r asp-broker")
    assert run.code != 0
    assert re.findall(r"(?m)^  (\S+) +gpasswd -d \1 asp\r?$", said(run)) == ["wiki", "www-data"]
    machine.shell("ASP_REMOVE_ANYWAY=1 dpkg -r asp-broker").done()
    machine.install("asp-broker").done()
    machine.shell("cp /etc/pam.d/dovecot.before-asp /etc/pam.d/dovecot; dpkg -r asp-broker").done()


@pytest.mark.parametrize(
    ("before", "left"),
    [
        pytest.param("", "alice\n", id="nobody was asked"),
        pytest.param(SAID_YES, "", id="yes was said beforehand"),
        pytest.param("rm /usr/share/debconf/confmodule;", "alice\n", id="no debconf"),
    ],
)
def test_a_purge_deletes_the_store_for_who_says_yes_alone(machine, before, left):
    enrolled(machine)
    machine.shell(REMOVED + before + "dpkg --purge libpam-asp").done()
    assert machine.shell("ls /var/lib/asp/users 2>/dev/null || true").done().out == left
    assert machine.shell("test -e /etc/asp/asp.conf").code == 1


def test_a_purge_with_a_yes_leaves_nothing_of_a_store_that_went_into_a_database(machine):
    enrolled(machine)
    machine.shell("cd /var/lib/asp; mv users users.closed; echo >moved; echo >store-id; echo >feed").done()
    machine.shell(SAID_YES + REMOVED + "dpkg --purge libpam-asp").done()
    assert machine.shell("test -e /var/lib/asp").code == 1


def test_a_store_in_another_place_is_never_deleted_and_is_named(machine):
    enrolled(machine)
    run = machine.shell(
        "mv /var/lib/asp /srv/asp; echo 'store = \"/srv/asp\";' >>/etc/asp/asp.conf; " + REMOVED
    ).done()
    assert "/srv/asp" in said(run)
    machine.shell(SAID_YES + "ln -s /srv/asp /var/lib/asp; dpkg --purge libpam-asp").done()
    assert machine.shell("ls /srv/asp/users").done().out == "alice\n"


def test_after_a_purge_that_kept_the_store_everything_is_as_before(machine):
    enrolled(machine)
    machine.shell(REMOVED + "dpkg --purge libpam-asp").done()
    machine.install(*ALL).done()
    machine.shell(f"install -m 644 {ONLY} /etc/pam.d/dovecot").done()
    assert signs_in(machine) == LET_IN
