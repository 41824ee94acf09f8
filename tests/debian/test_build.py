"""What is built: twice the same, as an ordinary user, with nothing for lintian and hardening-check to say."""

import re

import pytest

pytestmark = pytest.mark.timeout(300, func_only=True)

PROGRAMS = ("libpam-asp", "asp-admin", "asp-broker", "asp-web")


def test_packages_are_built_twice_the_same_by_an_ordinary_user_and_lintian_is_quiet(built):
    _, _, run = built
    assert run.code == 0, run
    assert re.search(r"(?m)^Ok: +[1-9]", run.out), run
    assert re.search(r"(?m)^Fail: +0 *$", run.out), run
    said = re.findall(r"(?m)^[EWIP]: .*", run.out)
    assert said == []


def test_each_package_holds_what_is_its_own(base, machine):
    def files(name):
        return machine.shell("dpkg-deb --fsys-tarfile /packages/$1_*.deb | tar -t", name).done().out.splitlines()

    held = {name: [file for file in files(name) if not file.endswith("/")] for name in (*PROGRAMS, "cockpit-asp")}
    marks = {
        "/security/pam_asp.so": "libpam-asp",
        "/pam-configs/asp": "libpam-asp",
        "/doc/pam_asp/pam.d/asp-only": "libpam-asp",
        "/man8/pam_asp.8.gz": "libpam-asp",
        "/man5/asp.conf.5.gz": "libpam-asp",
        "/doc/pam_asp/systemd/asp-database.conf": "libpam-asp",
        "/usr/bin/asp-admin": "asp-admin",
        "/man7/asp-store.7.gz": "asp-admin",
        "/system/asp-watch.service": "asp-admin",
        "/completions/asp-admin": "asp-admin",
        "/asp/hooks/dovecot": "asp-admin",
        "/usr/libexec/asp-broker": "asp-broker",
        "/system/asp-broker.socket": "asp-broker",
        "/system/asp-self.socket": "asp-broker",
        "/system/asp-self-web.socket": "asp-broker",
        "/sysusers.d/asp.conf": "asp-broker",
        "/tmpfiles.d/asp.conf": "asp-broker",
        "/usr/libexec/asp-web": "asp-web",
        "/system/asp-authorize.service": "asp-web",
        "/system/asp-authorize.socket": "asp-web",
        "/sysusers.d/asp-authorize.conf": "asp-web",
        "/system/asp-authorize.socket": "asp-web",
        "/system/asp-web.service": "asp-web",
        "/system/asp-web.socket": "asp-web",
        "/sysusers.d/asp-web.conf": "asp-web",
        "/asp/page/index.html": "asp-web",
        "/asp/page/words.js": "asp-web",
        "/etc/pam.d/asp-web": "asp-web",
        "/man8/asp-web.8.gz": "asp-web",
        "/cockpit/asp/index.html": "cockpit-asp",
    }
    for mark, owner in marks.items():
        assert [name for name in held if any(file.endswith(mark) for file in held[name])] == [owner], mark
    everything = [file for name in held for file in held[name]]
    assert len(everything) == len(set(everything))
    assert [file for file in everything if "/var/" in file or "/etc/" in file] == ["./etc/pam.d/asp-web"]


def test_what_asks_a_database_needs_its_library_and_the_module_does_not(base, machine):
    def needs(name):
        return machine.shell("dpkg-deb --field /packages/$1_*.deb Depends", name).done().out

    assert [name for name in PROGRAMS if "libpq5" in needs(name)] == ["asp-admin", "asp-broker"]
