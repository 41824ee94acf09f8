"""From one version to another, broken off in between too."""

import pathlib
import re
import shutil

import pytest
from support.debian import ALL, ENROLL, LET_IN, SIGN_IN, enrolled, install_version, repack, said, signs_in, state
from support.old_version import build_old
from support.run import TREE, execute

pytestmark = pytest.mark.timeout(300, func_only=True)

# Configuration, PAM files and store, as they are.
KEPT = "sha256sum /etc/asp/asp.conf /etc/pam.d/dovecot; cd /var/lib/asp && find . -type f -printf '%p %m %T@\\n' | sort"
README = (TREE / "README.md").read_text()


def test_an_upgrade_keeps_store_and_configuration(machine):
    repack(machine, "0.1.0+a")
    install_version(machine, "0.1.0+a").done()
    machine.shell(ENROLL).done()
    machine.shell("echo 'history = 7;' >>/etc/asp/asp.conf").done()
    before = machine.shell(KEPT).done().out
    run = machine.install(*ALL).done()
    assert machine.shell(KEPT).done().out == before
    assert machine.shell("grep -c pam_asp.so /etc/pam.d/common-password").done().out == "1\n"
    assert signs_in(machine) == LET_IN
    assert "asp-admin doctor" not in said(run)


def test_a_service_that_goes_on_with_the_old_module_is_told_of(machine):
    enrolled(machine)
    repack(machine, "9")
    begin = 'dovecot; doveadm auth test -x service=imap alice "$(cat /root/phone)"; '
    run = machine.shell(begin + "apt-get -q -y install /root/9/*.deb").done()
    assert "a service goes on with the module that it has loaded; \"asp-admin doctor\" names what to restart" in said(run)


def test_a_configuration_that_is_kept_is_told_of_with_the_one_beside_it(machine):
    machine.install(*ALL).done()
    machine.shell("echo 'history = 7;' >>/etc/asp/asp.conf").done()
    change = "echo '# another' >>libpam-asp/usr/share/libpam-asp/asp.conf"
    repack(machine, "9", change)
    kept = "libpam-asp: /etc/asp/asp.conf is kept as it is; this version's is asp.conf.ucf-dist beside it."
    assert kept in said(install_version(machine, "9").done())
    assert machine.shell("tail -n 1 /etc/asp/asp.conf; tail -n 1 /etc/asp/asp.conf.ucf-dist").out == "history = 7;\n# another\n"
    repack(machine, "10", change)
    assert kept not in said(install_version(machine, "10").done())


def test_a_login_succeeds_between_the_unpacking_and_the_configuring_of_an_upgrade(machine):
    repack(machine, "0.1.0+a")
    install_version(machine, "0.1.0+a").done()
    machine.shell(ENROLL).done()
    machine.shell("dpkg --unpack /packages/libpam-asp_*.deb /packages/asp-admin_*.deb").done()
    assert state(machine) == "unpacked"
    assert signs_in(machine) == LET_IN
    machine.shell("dpkg --configure -a").done()
    assert state(machine) == "installed"
    assert signs_in(machine) == LET_IN


@pytest.mark.parametrize("where", ["/usr", "/var/lib/dpkg"])
def test_a_disk_that_is_full_during_an_upgrade_locks_nobody_out(machine, where):
    repack(machine, "0.1.0+a")
    install_version(machine, "0.1.0+a").done()
    machine.shell(ENROLL).done()
    full = """
    mkdir /tmp/full
    mount -t tmpfs -o size=2m tmpfs /tmp/full
    mkdir /tmp/full/upper /tmp/full/work
    mount -t overlay -o "lowerdir=$1,upperdir=/tmp/full/upper,workdir=/tmp/full/work" overlay "$1"
    dd if=/dev/zero of=/tmp/full/fill bs=4k >/dev/null 2>&1 || true
    dpkg -i /packages/libpam-asp_*.deb && exit 9
    """
    run = machine.shell(full + SIGN_IN, where)
    assert run.code == 0, run
    assert run.out.endswith(LET_IN), run
    machine.install(*ALL).done()
    assert signs_in(machine) == LET_IN


def test_accounts_of_a_later_version_are_named_before_anything_is_changed(machine):
    repack(machine, "9")
    install_version(machine, "9", options="ASP_INSTALL_ANYWAY=1").done()
    machine.shell(ENROLL + "sed -i '1s/^asp-account [0-9]*/asp-account 3/' /var/lib/asp/users/alice").done()
    run = machine.shell("dpkg -i /packages/libpam-asp_*.deb")
    assert run.code != 0
    assert "  alice\n" in said(run)
    assert machine.shell("dpkg-query --show --showformat '${Version} ${db:Status-Status}' libpam-asp").out == "9 installed"
    machine.shell("ASP_INSTALL_ANYWAY=1 dpkg -i /packages/libpam-asp_*.deb").done()


def test_a_store_that_is_gone_is_not_made_anew_by_an_upgrade(machine):
    repack(machine, "0.1.0+a")
    install_version(machine, "0.1.0+a").done()
    machine.shell("rm -r /var/lib/asp/users").done()
    machine.install(*ALL).done()
    assert machine.shell("test -e /var/lib/asp/users").code == 1


@pytest.fixture
def by_hand(tmp_path):
    """What `meson install` of 0.1.0 puts on a machine of this one's release, as a folder."""
    folder = tmp_path / "installed"
    execute("meson", "install", "-C", build_old(tmp_path), "--destdir", folder).done()
    return folder


TAKEN_AWAY = re.findall(r"(?m)^    (rm .*)$", README.split("### Upgrade")[1].split("### ")[0])


def test_what_was_installed_by_hand_is_taken_over_with_its_store_and_what_runs_of_it_is_named(machine, by_hand):
    release = machine.shell("cat /etc/debian_version").done().out.partition(".")[0]
    if release != pathlib.Path("/etc/debian_version").read_text().partition(".")[0]:
        pytest.skip("0.1.0 is built for the release of this machine alone")
    shutil.copytree(by_hand, machine.folder / "upper" / "by-hand")
    machine.shell("tar -C /by-hand -c . | tar -C / -x --keep-directory-symlink; rm -r /by-hand").done()
    enroll = ENROLL.replace("/usr/share", "/usr/local/share")
    machine.shell(f"groupadd --system asp; sed -i 's/^history = .*/history = 7;/' /etc/asp/asp.conf; {enroll}").done()
    # Nothing of accounts: watch has a lock, and a login is a use.
    kept_alone = KEPT.replace("find .", "find users")
    kept = machine.shell(kept_alone).done().out
    run = machine.shell(
        """
        asp-admin watch &
        /usr/local/libexec/asp-broker &
        dovecot
        doveadm auth test -x service=imap alice "$(cat /root/phone)"
        apt-get -q -y --no-install-recommends install /packages/{libpam-asp,asp-admin,asp-broker}_*.deb
        eval "$1"
        echo "--- doctor"
        asp-admin doctor || true
        """,
        "\n".join(TAKEN_AWAY),
    ).done()
    _, _, doctor = run.out.partition("--- doctor")
    assert "  /usr/local/sbin/asp-admin" in said(run)
    (told,) = re.findall(r"(?m)^processes.*", doctor)
    for name in ("auth", "asp-admin", "asp-broker"):
        assert re.search(rf"\b{name} \(process", told), doctor
    assert machine.shell(kept_alone).done().out == kept
    assert machine.shell("command -v asp-admin; find /usr/local -type f").done().out == "/usr/bin/asp-admin\n"
    assert signs_in(machine) == LET_IN


def test_accounts_that_are_being_written_and_a_moved_store_are_no_hindrance_and_no_hiding_place(machine):
    repack(machine, "9")
    install_version(machine, "9", options="ASP_INSTALL_ANYWAY=1").done()
    machine.shell(ENROLL + "ln -s nowhere /var/lib/asp/users/.alice.new").done()
    machine.shell("dpkg -i /packages/libpam-asp_*.deb").done()
    moved = "mv /var/lib/asp /srv/asp; echo 'store = \"/srv/asp\";' >>/etc/asp/asp.conf; "
    machine.shell(moved + "sed -i '1s/^asp-account [0-9]*/asp-account 3/' /srv/asp/users/alice").done()
    assert "  alice\n" in said(machine.shell("dpkg -i /packages/libpam-asp_*.deb"))
