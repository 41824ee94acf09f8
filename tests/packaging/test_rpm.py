"""The spec for Fedora, built by Debian's rpm: what is in the packages, and what they do when they go."""

import re
import subprocess

import pytest
from support.packages import PACKAGING, SCRIPTS, STORE, listing, plain
from support.run import execute

SPEC = PACKAGING / "rpm" / "pam_asp.spec"
MODULE = "/usr/lib64/security/pam_asp.so"
# A script of rpm's that Debian's sh does not understand.
COMPRESS = "bash %{_rpmconfigdir}/brp-compress %{?_prefix}"
CONFIG_NOREPLACE = (1 << 0) | (1 << 4)
# The version for which what it may not say was written down.
RPMLINT = "2.4"
PAM_FILE = "auth required pam_asp.so\n"


def rpmbuild(top, make_archive, spec, *macros):
    """Runs it in a folder, and returns the packages."""
    (version,) = re.findall(r"(?m)^Version: +(\S+)$", SPEC.read_text())
    (top / "SOURCES").mkdir(parents=True)
    make_archive(f"pam_asp-{version}", top / "SOURCES")
    macros = (f"_topdir {top}", f"__brp_compress {COMPRESS}", *macros)
    words = [word for macro in macros for word in ("--define", macro)]
    run = subprocess.run(
        ["rpmbuild", "-bb", "--nodeps", "--without", "check", *words, spec],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return run, sorted((top / "RPMS").rglob("*.rpm"))


@pytest.fixture(scope="session")
def rpm_tools(need):
    need("rpmbuild", "rpm")


@pytest.fixture(scope="session")
def expected(installed, tmp_path_factory):
    """What has to be in the packages."""
    return installed.as_packaged(tmp_path_factory.mktemp("rpm") / "root", "usr/lib64/security")


def quick(expected):
    """Macros for a build that takes what is built already, and whose packages nobody keeps."""
    build = ("meson true", "meson_build true", f"meson_install cp -a {expected}/. %{{buildroot}}", "meson_test true")
    return (*build, f"__os_install_post {COMPRESS}", "_binary_payload w1.gzdio", "debug_package %{nil}")


@pytest.fixture(scope="session")
def packages(rpm_tools, expected, make_archive, tmp_path_factory):
    run, found = rpmbuild(tmp_path_factory.mktemp("rpmbuild"), make_archive, SPEC, *quick(expected))
    assert run.returncode == 0, run.stdout[-4000:]
    assert "listed twice" not in run.stdout
    return found


def query(package, form):
    return execute("rpm", "-qp", "--nosignature", "--qf", form, package).done().out


def contents(packages):
    """{package: {path: (mode, flags)}}, without what rpm adds for debuggers."""
    found = {}
    for package in packages:
        lines = query(package, r"[%{FILENAMES}\t%{FILEMODES:octal}\t%{FILEFLAGS}\n]").splitlines()
        files = [line.split("\t") for line in lines if "/.build-id" not in line]
        modes = {plain(path): (int(mode, 8) & 0o7777, int(flags)) for path, mode, flags in files}
        found[query(package, "%{NAME}")] = modes
    return found


def with_licence(expected):
    """A package has the licence where licences are, and the scripts that make the store and look before it goes."""
    files = listing(expected)
    del files["/usr/share/doc/pam_asp/COPYING"]
    added = {"/etc/pam.d/asp-web": 0o644, "/usr/share/licenses/COPYING": 0o644}
    return {**files, **added, **{f"/usr/libexec/{name}": 0o755 for name in SCRIPTS}}


def judge(packages, expected):
    found = contents(packages)
    assert set(found) == {"pam_asp", "asp-admin", "asp-broker", "asp-web", "cockpit-asp"}
    held = [re.sub(r"(/licenses/).*/", r"\1", path) for files in found.values() for path in files]
    held = [path for path in held if not re.search(r"/licenses/pam_asp[^/]*$", path)]
    assert sorted(held) == sorted(with_licence(expected)), "nothing is missing and nothing is there twice"
    for files in found.values():
        for path, (mode, _) in files.items():
            path = re.sub(r"(/licenses/).*/", r"\1", path)
            assert mode == with_licence(expected).get(path, 0o755), path
    for folder in STORE:
        assert found["pam_asp"][folder][0] == 0o700
    assert found["pam_asp"]["/etc/asp/asp.conf"][1] & CONFIG_NOREPLACE == CONFIG_NOREPLACE
    for name, path in {
        "pam_asp": MODULE,
        "asp-admin": "/usr/share/man/man8/asp-admin.8",
        "asp-broker": "/usr/lib/sysusers.d/asp.conf",
        "asp-web": "/usr/lib/systemd/system/asp-web.socket",
        "cockpit-asp": "/usr/share/cockpit/asp/index.html",
    }.items():
        assert path in found[name]


def test_the_packages_hold_what_is_installed_each_file_once_and_with_its_mode(packages, expected):
    judge(packages, expected)


@pytest.mark.long
def test_the_packages_are_built_from_the_source(rpm_tools, need, make_archive, expected, tmp_path):
    need("meson", "ninja")
    run, found = rpmbuild(tmp_path / "top", make_archive, SPEC)
    assert run.returncode == 0, run.stdout[-4000:]
    judge(found, expected)


@pytest.mark.parametrize(
    "line",
    [
        "%{_unitdir}/asp-self.socket",
        "%ghost %dir %attr(0700,root,root) /var/lib/asp/used",
    ],
)
def test_a_file_that_the_spec_loses_is_missed(rpm_tools, expected, make_archive, tmp_path, line):
    text = SPEC.read_text()
    assert text.count(f"{line}\n") == 1
    spec = tmp_path / "pam_asp.spec"
    spec.write_text(text.replace(f"{line}\n", ""))
    run, found = rpmbuild(tmp_path / "top", make_archive, spec, *quick(expected))
    with pytest.raises(AssertionError):
        assert run.returncode == 0
        judge(found, expected)


def test_rpmlint_has_nothing_to_say(packages, need):
    need("rpmlint")
    run = execute("rpmlint", "-c", PACKAGING / "rpm" / "rpmlint.toml", SPEC, *packages, timeout=300)
    quiet = " 0 errors, 0 warnings" in run.out
    if not quiet and f"rpmlint: {RPMLINT}." not in run.out:
        pytest.skip(f"a rpmlint that is not {RPMLINT} looks for other things: {run.out}")
    assert quiet, run.out


class Machine:
    """A place in which the packages are installed. What they need is Debian's, so rpm is told to look for nothing."""

    def __init__(self, sandbox, packages):
        self.sandbox = sandbox
        self.rpm("-i", "--nodeps", *packages).done()

    def rpm(self, *words, **options):
        # A later rpm makes groups by a program of systemd's, which need not be there.
        words = ("--dbpath", "/run/rpm", "--define", "__systemd_sysusers /bin/true", "--nosignature", *words)
        return self.sandbox.run("rpm", *words, **options)

    def has(self, path):
        return self.sandbox.run("test", "-e", path).code == 0


@pytest.fixture
def machine(sandbox, packages):
    return Machine(sandbox, packages)


def test_the_store_is_roots_alone_and_the_group_is_made(machine):
    modes = machine.sandbox.run("stat", "-c", "%a %U:%G", *STORE).done().out.splitlines()
    assert modes == ["700 root:root"] * len(STORE)
    machine.sandbox.run("getent", "group", "asp").done()
    machine.sandbox.run("/usr/bin/asp-admin", "list").done()


def test_the_module_stays_while_a_pam_file_names_it(machine):
    machine.sandbox.write("/etc/pam.d/dovecot", PAM_FILE)
    machine.sandbox.write("/etc/pam.d/dovecot.before-asp", "auth required pam_unix.so\n")
    run = machine.rpm("-e", "pam_asp", "asp-admin", "asp-broker", "asp-web", "cockpit-asp")
    assert run.code != 0
    assert "  /etc/pam.d/dovecot\n    cp -p /etc/pam.d/dovecot.before-asp /etc/pam.d/dovecot\n" in run.err
    assert machine.has(MODULE)
    machine.sandbox.shell("cp /etc/pam.d/dovecot.before-asp /etc/pam.d/dovecot").done()
    machine.sandbox.write("/var/lib/asp/users/alice", "hers\n")
    machine.rpm("-e", "pam_asp").done()
    assert not machine.has(MODULE)
    assert machine.sandbox.read("/var/lib/asp/users/alice") == "hers\n"


def test_it_goes_when_who_removes_it_insists(machine):
    machine.sandbox.write("/etc/pam.d/dovecot", PAM_FILE)
    machine.rpm("-e", "--nodeps", "pam_asp", env={"ASP_REMOVE_ANYWAY": "1"}).done()
    assert not machine.has(MODULE)


def test_a_store_that_is_gone_is_not_made_anew_by_an_upgrade(machine, packages):
    machine.sandbox.shell("rm -r /var/lib/asp/users").done()
    machine.rpm("-U", "--nodeps", "--replacepkgs", *packages).done()
    assert not machine.has("/var/lib/asp/users")


def test_an_upgrade_is_not_stopped_and_keeps_the_configuration(machine, packages):
    machine.sandbox.write("/etc/pam.d/dovecot", PAM_FILE)
    machine.sandbox.write("/etc/asp/asp.conf", "history = 5;\n")
    machine.rpm("-U", "--nodeps", "--replacepkgs", *packages).done()
    assert machine.has(MODULE)
    assert machine.sandbox.read("/etc/asp/asp.conf") == "history = 5;\n"


def test_a_broker_that_is_in_use_stays_too(machine):
    """It goes before the module, which its package needs."""
    machine.sandbox.write("/etc/pam.d/nginx", PAM_FILE)
    machine.sandbox.write("/usr/bin/systemctl", "#!/bin/sh\nexit 0\n", mode="755")
    machine.rpm("-e", "cockpit-asp", "asp-web").done()
    run = machine.rpm("-e", "asp-broker")
    assert (run.code != 0, machine.has("/usr/libexec/asp-broker")) == (True, True)
    assert "asp-broker: these PAM files name pam_asp" in run.err
    machine.sandbox.write("/usr/bin/systemctl", "#!/bin/sh\nexit 1\n", mode="755")
    machine.rpm("-e", "asp-broker").done()
    assert not machine.has("/usr/libexec/asp-broker")
