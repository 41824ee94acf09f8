"""How quickstart and tests/run get packages: with the real apt and dpkg, from an archive that is made in a sandbox."""

import shutil
import subprocess

import pytest
from support.run import TREE

PACKAGES = TREE / "tests" / "packages.sh"
POLICY = "/usr/sbin/policy-rc.d"

MAKE_PACKAGE = """
root=/run/archive/tree; rm -rf "$root"; mkdir -p "$root/DEBIAN" "$root/usr/share/$1"
cat >"$root/DEBIAN/control"
if [[ $1 == asp-service ]]; then
    mkdir -p "$root/etc/init.d" "$root/usr/lib/systemd/system"
    cat >"$root/etc/init.d/$1" <<'END'
#!/bin/sh
### BEGIN INIT INFO
# Provides: asp-service
# Required-Start:
# Required-Stop:
# Default-Start: 2 3 4 5
# Default-Stop:
### END INIT INFO
touch /run/asp-service-was-started
END
    printf '[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n' >"$root/usr/lib/systemd/system/$1.service"
    cat >"$root/DEBIAN/postinst" <<'END'
#!/bin/sh
set -e
deb-systemd-helper enable asp-service.service
update-rc.d asp-service defaults
invoke-rc.d asp-service start
touch /run/asp-service-was-configured
END
    chmod 755 "$root/etc/init.d/$1" "$root/DEBIAN/postinst"
fi
if [[ $1 == asp-slow ]]; then
    printf '#!/bin/sh\ntouch /run/asp-slow-began\nsleep 2\n' >"$root/DEBIAN/postinst"
    chmod 755 "$root/DEBIAN/postinst"
fi
dpkg-deb --build --root-owner-group "$root" /run/archive >/dev/null
"""

INDEX = """
cd /run/archive
for deb in *.deb; do
    dpkg-deb --field "$deb"
    printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "$deb" "$(stat -c %s "$deb")" "$(sha256sum "$deb" | cut -d' ' -f1)"
done >Packages
rm -rf /etc/apt/sources.list /etc/apt/sources.list.d/*
echo 'deb [trusted=yes] copy:/run/archive ./' >/etc/apt/sources.list
"""

INSTALL = """
. "$1"; shift
trap release_services EXIT
trap 'exit 130' INT
rm -rf /run/work; mkdir /run/work
install_packages /run/work "$@"
echo "new: ${new_packages[*]}"
echo "upgraded: ${upgraded_packages[*]}"
"""

POLICIES = "ls /usr/sbin | grep policy-rc || true"
BOOT = "find /etc/systemd/system /etc/rc?.d -name '*asp-service*'"


class Archive:
    def __init__(self, sandbox):
        self.sandbox = sandbox

    def add(self, name, version="1", *fields):
        control = [
            f"Package: {name}",
            f"Version: {version}",
            "Architecture: all",
            "Maintainer: Nobody <nobody@example.org>",
        ]
        text = "\n".join([*control, *fields, "Description: for a test", ""])
        self.sandbox.shell(MAKE_PACKAGE, name, input=text).done()
        self.sandbox.shell(INDEX).done()

    def install(self, *names):
        return self.sandbox.shell(INSTALL, PACKAGES, *names, timeout=120)

    def installed(self, name):
        return self.sandbox.run("dpkg-query", "-W", "-f", "${db:Status-Status}", name).out == "installed"


@pytest.fixture
def archive(sandbox):
    if shutil.which("apt-get") is None:
        pytest.skip("needs apt-get")
    # Services are started on a machine that is up; these two tell that it is.
    sandbox.write("/run/up", "#!/bin/sh\necho N 5\n")
    up = "chmod 755 /run/up; ln -sf /run/up /sbin/runlevel; ln -sf /bin/true /sbin/init"
    sandbox.shell(f"rm -f {POLICY}; mkdir /run/archive; {up}").done()
    made = Archive(sandbox)
    made.add("asp-library")
    made.add("asp-service", "1", "Depends: asp-library")
    return made


def test_a_package_comes_with_what_it_needs_and_each_is_named(archive):
    run = archive.install("asp-service").done()
    assert run.out == "new: asp-library asp-service\nupgraded: \n"
    assert archive.installed("asp-service") and archive.installed("asp-library")


def test_what_is_there_already_is_left_alone(archive):
    archive.install("asp-library").done()
    archive.sandbox.shell("rm -r /run/work /run/archive").done()
    assert archive.install("asp-library").done().out == "new: \nupgraded: \n"


@pytest.mark.parametrize("distribution, code", [("debian", 1), ("ubuntu", 0)])
def test_a_package_that_only_another_distribution_may_lack_is_named(archive, distribution, code):
    archive.sandbox.shell(f"rm /etc/os-release; echo ID={distribution} >/etc/os-release; mkdir /run/work").done()
    script = '. "$1"; set -e; download_if_known /run/work asp-library asp-nowhere; echo went on'
    run = archive.sandbox.shell(script, PACKAGES)
    assert (run.code, run.out) == (code, "" if code else "went on\n"), run
    assert run.err.startswith("could not get asp-library asp-nowhere: E: Unable to locate package asp-nowhere"), run


# Lesson: an installer that replaces the mail server.
def test_no_service_is_started_or_enabled(archive):
    archive.install("asp-service").done()
    assert archive.sandbox.run("test", "-e", "/run/asp-service-was-configured").code == 0
    assert archive.sandbox.run("test", "-e", "/run/asp-service-was-started").code == 1
    assert archive.sandbox.shell(BOOT).out == ""


def test_without_that_care_it_would_be_started_and_enabled(archive):
    """Shows that the package of these tests is like a real one."""
    run = archive.sandbox.shell("apt-get -q update && apt-get -q -y install asp-service").done()
    assert archive.sandbox.run("test", "-e", "/run/asp-service-was-started").code == 0, run
    assert "multi-user.target.wants/asp-service.service" in archive.sandbox.shell(BOOT).out


def test_a_machine_without_a_policy_has_none_afterwards(archive):
    archive.install("asp-service").done()
    assert archive.sandbox.shell(POLICIES).out == ""


@pytest.mark.parametrize(
    "make",
    [
        "printf '#!/bin/sh\\nexit 0\\n' >/usr/sbin/policy-rc.d; chmod 750 /usr/sbin/policy-rc.d",
        "ln -s /etc/alternatives/policy /usr/sbin/policy-rc.d",
    ],
    ids=["file", "link"],
)
def test_a_policy_that_is_there_comes_back_unchanged(archive, make):
    archive.sandbox.shell(make).done()
    look = "cd /usr/sbin; find . -name '*policy-rc*' -printf '%p %M %i %t %l\\n'"
    before = archive.sandbox.shell(look).out
    archive.install("asp-service").done()
    assert archive.sandbox.run("test", "-e", "/run/asp-service-was-started").code == 1
    assert archive.sandbox.shell(look).out == before != ""


def test_the_next_run_repairs_what_a_killed_one_left(archive):
    kill = '. "$1"; mkdir /run/killed; hold_services /run/killed; kill -KILL $$'
    archive.sandbox.shell("echo mine >/usr/sbin/policy-rc.d").done()
    assert archive.sandbox.shell(kill, PACKAGES).code != 0
    assert "pam_asp" in archive.sandbox.read(POLICY)
    archive.install("asp-service").done()
    assert archive.sandbox.read(POLICY) == "mine\n"
    assert archive.sandbox.shell(POLICIES).out == "policy-rc.d\n"


def test_nobody_but_root_can_hold_it_up(archive):
    """What everybody can open, everybody can lock."""
    hold = "import fcntl, os, sys\nfor name in sys.argv[1:]: fcntl.flock(os.open(name, os.O_RDONLY), fcntl.LOCK_EX)\n"
    words = ["setpriv", "--reuid", "nobody", "--clear-groups", "python3", "-c", f"{hold}print(flush=True)\nsys.stdin.read()"]
    holder = archive.sandbox.start(*words, "/usr/sbin", "/var/lib/dpkg", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert holder.stdout.readline() == "\n"
        archive.install("asp-service").done()
    finally:
        holder.communicate()


def test_a_service_that_somebody_else_enables_meanwhile_stays_so(archive):
    ours = "/etc/systemd/system/multi-user.target.wants/ours.service"
    enable = f'mkdir -p "${{1%/*}}"; ln -s /etc/systemd/system/ours.service "$1"'
    script = f'. "$1"; shift; mkdir /run/work; hold_services /run/work; {enable}; apt-get -qq update;' + (
        "apt-get -qq -y install asp-service >/dev/null 2>&1; release_services"
    )
    archive.sandbox.shell(script, PACKAGES, ours).done()
    assert archive.installed("asp-service") and archive.sandbox.shell(BOOT).out == ""
    assert archive.sandbox.run("readlink", ours).out == "/etc/systemd/system/ours.service\n"


def test_an_interrupt_leaves_no_package_half_installed(archive):
    archive.add("asp-slow")
    words = ["setsid", "--wait", "bash", "-euo", "pipefail", "-c", 'echo "$$"' + INSTALL, "bash"]
    process = archive.sandbox.start(*words, PACKAGES, "asp-slow", stdout=subprocess.PIPE)
    group = process.stdout.readline().strip()
    archive.sandbox.shell("until [[ -e /run/asp-slow-began ]]; do sleep 0.05; done", timeout=60).done()
    archive.sandbox.shell('kill -INT -- "$1"', f"-{group}").done()
    rest, _ = process.communicate(timeout=60)
    assert (process.returncode, rest) == (130, "")
    assert archive.installed("asp-slow")
    assert archive.sandbox.shell(POLICIES).out == ""


def test_no_list_or_archive_is_left_in_the_machines_own_folders(archive):
    look = "find /var/lib/apt/lists /var/cache/apt | sort"
    before = archive.sandbox.shell(look).out
    archive.install("asp-service").done()
    assert archive.sandbox.shell(look).out == before


# Lesson: an installer that replaces the mail server.
def test_nothing_is_removed_for_it(archive):
    archive.add("asp-server")
    archive.add("asp-rival", "1", "Conflicts: asp-server")
    archive.install("asp-server").done()
    run = archive.install("asp-rival")
    assert run.code != 0
    assert run.err == "could not install asp-rival: E: Packages need to be removed but remove is disabled.\n"
    assert archive.installed("asp-server") and not archive.installed("asp-rival")


# Lesson: an installer that replaces the mail server.
def test_what_conflicts_can_still_be_unpacked_for_a_sandbox(archive):
    archive.add("asp-server")
    archive.add("asp-rival", "1", "Conflicts: asp-server", "Depends: asp-library")
    archive.install("asp-server").done()
    script = '. "$1"; download_packages /run/work asp-rival; unpack_packages /run/work /run/layer'
    run = archive.sandbox.shell(f"{script}; ls /run/layer/usr/share", PACKAGES).done()
    assert run.out == "asp-library\nasp-rival\n"
    assert archive.installed("asp-server") and not archive.installed("asp-rival")


def test_a_package_that_has_to_be_upgraded_is_named_before_and_after(archive):
    archive.install("asp-library").done()
    archive.add("asp-library", "2")
    archive.add("asp-newer", "1", "Depends: asp-library (>= 2)")
    assert archive.install("asp-newer").done().out == (
        "Packages that are there will be upgraded with them: asp-library (1 to 2)\n"
        "new: asp-newer\nupgraded: asp-library\n"
    )


def test_a_package_that_is_not_to_be_had_is_one_clear_line(archive):
    run = archive.install("asp-no-such-package")
    assert (run.code, run.out) == (1, "")
    assert run.err == "could not get asp-no-such-package: E: Unable to locate package asp-no-such-package\n"
