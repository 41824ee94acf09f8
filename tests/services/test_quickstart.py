"""quickstart, run on a machine that is a sandbox: what it shows, and that nothing of it stays.

That machine already runs a Dovecot on the usual port, and it has no network, so nothing can be got from elsewhere.
"""

import re
import signal
import subprocess
import time

import pytest
from support.passwords import PASSWORD
from support.recipes import CONF
from support.run import BIN, TREE
from support.sandbox import SANDBOX, Sandbox

SOURCE = "/usr/src/pam asp"
# A container as they commonly are: root, but not allowed to make namespaces.
PLAIN = [
    "setpriv",
    "--inh-caps=-all",
    "--bounding-set=-all,+chown,+dac_override,+fowner,+fsetid,+kill,+setgid,+setuid,+setpcap,"
    "+net_bind_service,+net_raw,+sys_chroot,+mknod,+audit_write,+setfcap",
]

# In one of the folders that are looked at: /root is not this machine's own.
HOME = ["env", "HOME=/var/root"]

COPY = 'mkdir "$1"; cd "$2"; tar -c --exclude=.git --exclude="./build*" . | tar -x -C "$1"'

LOOK = """
find /etc /usr /var /run -maxdepth 5 -path /run/sandbox -prune -o -path /run/m -prune -o \
    ! -type d -printf '%p %y %m %U %G %s %T@ %l\n' -o -printf '%p %y %m %U %G\n' | sort
find /dev -xdev -printf '%p %y %m %l\n' | sort
cat /proc/self/mounts
"""

# Helpers of the machine's own Dovecot come and go as it likes.
PROCESSES = """
master=$(cat /run/m/run/master.pid)
awk -v master="$master" '/^Name:/ { name = $2 } /^Pid:/ { pid = $2 } /^PPid:/ && $2 != master { print pid, name }' \\
    /proc/[0-9]*/status 2>/dev/null || true
"""
PORTS = "awk '$4 == \"0A\" { print $2 }' /proc/net/tcp /proc/net/tcp6 | sort"

RECORD = """
Package: dovecot-imapd
Status: install ok installed
Maintainer: Nobody <nobody@example.org>
Architecture: all
Version: 1
Description: unpacked

"""


class Machine(Sandbox):
    """One with the source, and a Dovecot on the usual port."""

    def __init__(self, layer):
        super().__init__(layer)
        self.shell(COPY, SOURCE, TREE).done()
        self.shell(
            '[[ -x /usr/sbin/dovecot && -x /usr/lib/dovecot/imap ]] || exit 1; "$1" users', BIN / "dovecot"
        ).done()
        if self.missing("dovecot"):
            self.shell("cat >>/var/lib/dpkg/status", input=RECORD).done()
        missing = self.missing("build", "sandbox", "show", "dovecot")
        if missing:
            self.close()
            pytest.skip(f"not installed: {' '.join(missing)}")
        self.run(BIN / "dovecot", "start", "/run/m", "143", "imap").done()
        self.before = self.look()
        self.running = self.processes()

    def missing(self, *kinds):
        names = " ".join(f'"${{{kind}_packages[@]}}"' for kind in kinds)
        return self.shell(f'. "$1/tests/packages.sh"; missing_packages {names}', SOURCE).done().out.split()

    def look(self):
        return self.shell(LOOK + PORTS).done().out.splitlines()

    def processes(self):
        looking = {"awk", "bash"}
        return {line for line in self.shell(PROCESSES).done().out.splitlines() if line.split()[-1] not in looking}

    def quickstart(self, *prefix):
        return self.run(*HOME, *prefix, f"{SOURCE}/quickstart", timeout=300)

    def assert_as_before(self, output):
        work = re.search(r"in (/\S+)/build\.", output)[1]
        assert self.run("test", "-e", work).code == 1
        assert self.look() == self.before
        assert self.processes() == self.running
        greeting = self.shell("exec 3<>/dev/tcp/127.0.0.1/143; head -n1 <&3")
        assert greeting.out.startswith("* OK"), "the Dovecot that was there before answers as before"


@pytest.fixture(scope="module")
def machine(sandboxes, layer):
    """For all tests that leave it as it was, which they have to show."""
    box = Machine(layer)
    yield box
    box.close()


@pytest.fixture
def spare(sandboxes, layer):
    """For one test that changes it."""
    box = Machine(layer)
    yield box
    box.close()


@pytest.fixture(scope="module")
def nesting(machine):
    """Skips where a sandbox can't be had on that machine."""
    probe = machine.run(SANDBOX, "true")
    if probe.code != 0:
        pytest.skip(f"no sandbox in a sandbox on this machine: {probe.err.strip()}")


def normal(text):
    """What differs from run to run, named."""
    text = PASSWORD.sub("PASSWORD", text)
    text = re.sub(r"/(var/)?tmp/pam_asp\.\w+", "WORK", text)
    text = re.sub(r"Dovecot \d\S*", "Dovecot N", text)
    text = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT", text)
    return re.sub(r"(revoke asp-alice|id=) ?\w\w\b", r"\1 ID", text)


def test_in_a_sandbox_it_shows_what_the_module_does(machine, nesting):
    run = machine.quickstart()
    assert (run.code, run.err) == (0, "")
    assert normal(run.out).splitlines() == [
        "Built pam_asp.so and asp-admin in WORK/build.",
        "Made a sandbox with files, users, network and log of its own: this machine sees nothing of what follows.",
        "Dovecot N listens on 127.0.0.1:PORT; its PAM stack takes app passwords only.",
        "asp-admin create asp-alice --label Phone --app mail: PASSWORD",
        "IMAP with this password: let in (accepted), and reads: Hello from your mailbox",
        "IMAP with one letter of it wrong: refused (wrong-secret)",
        "IMAP with the user's own Unix password: refused (not-an-app-password)",
        "IMAP with an app password made for the calendar: refused (wrong-app)",
        "asp-admin revoke asp-alice ID: revoked",
        "IMAP with the revoked password: refused (revoked)",
        'In the log: verdict=revoked rhost=127.0.0.1 user="asp-alice" service="imap" app="mail" id= ID label="Phone"',
        "Done: Dovecot, the user, the passwords and the build are gone again.",
    ]
    machine.assert_as_before(run.out)


@pytest.mark.long
def test_in_a_plain_container_it_falls_back_and_says_so(machine):
    run = machine.quickstart(*PLAIN)
    assert (run.code, run.err) == (0, "")
    lines = normal(run.out).splitlines()
    assert re.fullmatch(r"No sandbox on this machine \(unshare.*\)\.", lines.pop(1))
    assert lines == [
        "Built pam_asp.so and asp-admin in WORK/build.",
        "Instead a service in /etc/pam.d and a Dovecot of its own, both removed at the end.",
        "Dovecot N listens on 127.0.0.1:PORT; its PAM stack takes app passwords only.",
        "asp-admin create asp-alice --label Phone --app mail: PASSWORD",
        "IMAP with this password: let in, and reads: Hello from your mailbox",
        "IMAP with one letter of it wrong: refused",
        "IMAP with an app password made for the calendar: refused",
        "asp-admin revoke asp-alice ID: revoked",
        "IMAP with the revoked password: refused",
        "Done: Dovecot, the user, the passwords and the build are gone again.",
    ]
    machine.assert_as_before(run.out)


def interruptions():
    for where in ("sandbox", "plain"):
        for how in (signal.SIGINT, signal.SIGTERM):
            for moment in ("Built ", "IMAP with this password: "):
                short = (where, how, moment) == ("plain", signal.SIGINT, "IMAP with this password: ")
                name = f"{where}-{how.name}-{moment.split()[0]}"
                yield pytest.param(where, how, moment, id=name, marks=[] if short else [pytest.mark.long])


@pytest.mark.parametrize(("where", "how", "moment"), interruptions())
def test_who_interrupts_it_finds_the_machine_as_before(request, machine, where, how, moment):
    if where == "sandbox":
        request.getfixturevalue("nesting")
    words = [*HOME, *(PLAIN if where == "plain" else []), f"{SOURCE}/quickstart"]
    # The keyboard's interrupt is heard by all of its processes, a kill by the one alone: the sandbox's shell tells
    # which that is. A session of its own, as a terminal has.
    tell = 'echo $$; exec "$@"'
    process = machine.start(
        "setsid", "--wait", "sh", "-c", tell, "sh", *words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    pid = process.stdout.readline().strip()
    output = ""
    while not output.rpartition("\n")[0].rpartition("\n")[2].startswith(moment):
        line = process.stdout.readline()
        assert line, output
        output += line
    begin = time.monotonic()
    machine.shell('kill "-$1" -- "$2"', str(how.value), f"-{pid}" if how == signal.SIGINT else pid).done()
    rest, _ = process.communicate(timeout=60)
    assert process.returncode == 128 + how, output + rest
    assert "Done" not in rest
    assert time.monotonic() - begin < 40
    machine.assert_as_before(output)


@pytest.mark.long
def test_where_tmp_forbids_programs_it_builds_elsewhere(spare, nesting):
    spare.shell("mount --bind /tmp /tmp; mount -o remount,bind,noexec /tmp").done()
    spare.before = spare.look()
    run = spare.quickstart()
    assert run.code == 0, run
    assert run.out.startswith("Built pam_asp.so and asp-admin in /var/tmp/")
    spare.assert_as_before(run.out)


def test_a_build_that_fails_is_one_clear_line_at_the_end(spare):
    spare.shell('echo "#error broken" >>"$1/pam_asp/pam_asp.c"', SOURCE).done()
    spare.before = spare.look()
    run = spare.quickstart()
    assert (run.code, run.out) == (1, "")
    assert run.err.endswith("\nquickstart: the build failed\n")
    assert "#error broken" in run.err
    assert spare.look() == spare.before


class TestTheShow:
    """What would be shown of a module that is wrong."""

    @pytest.fixture
    def show(self, dovecot_box, build, folder):
        def run(stack):
            source = f"{folder}/source"
            copy = 'mkdir -p "$1/tests/support"; cp -R "$2" "$1/"; cp -R "$3" "$1/tests/support/"'
            dovecot_box.shell(copy, source, CONF, BIN).done()
            dovecot_box.write(f"{source}/conf/pam.d/asp-only", stack)
            words = [SANDBOX, f"{source}/tests/support/bin/show", folder, build]
            return dovecot_box.run(*words, timeout=120)

        if dovecot_box.run(SANDBOX, "true").code != 0:
            pytest.skip("no sandbox in a sandbox on this machine")
        return run

    GOOD = "auth required pam_asp.so\naccount required pam_asp.so\n"

    def test_with_the_stack_as_it_is_it_ends_well(self, show):
        assert show(self.GOOD).code == 0

    @pytest.mark.parametrize(
        ("stack", "what"),
        [
            ("auth sufficient pam_asp.so\nauth required pam_permit.so\n", "IMAP with one letter of it wrong"),
            (
                "auth sufficient pam_asp.so\nauth required pam_unix.so try_first_pass\n",
                "IMAP with the user's own Unix password",
            ),
        ],
        ids=["permit", "unix"],
    )
    def test_a_refusal_that_was_accepted_ends_it(self, show, stack, what):
        run = show(stack + "account required pam_permit.so\n")
        assert (run.code, run.err) == (1, f"quickstart: {what}: must be refused, and was let in\n")

    def test_a_right_password_that_was_refused_ends_it(self, show):
        run = show("auth required pam_asp.so\nauth required pam_deny.so\naccount required pam_asp.so\n")
        assert run.code == 1
        assert run.err.startswith("quickstart: IMAP with this password: must be let in, and was not: ")


class TestRoot:
    """Who is not root is sent to sudo, or told."""

    @pytest.fixture(params=["quickstart", "tests/run"])
    def start(self, request, sandbox):
        # Only these commands are there, wherever the machine keeps its sudo.
        sandbox.shell("mkdir /usr/few; ln -s $(command -v bash) $(command -v dirname) /usr/few/").done()
        sandbox.shell(COPY, SOURCE, TREE).done()

        def run(*words):
            prefix = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "env", "PATH=/usr/few"]
            return sandbox.run(*prefix, "bash", f"{SOURCE}/{request.param}", *words)

        run.name = request.param
        run.sandbox = sandbox
        return run

    def test_without_sudo_one_line_says_what_to_do(self, start):
        run = start()
        assert (run.code, run.out) == (1, "")
        assert run.err == f"{start.name.split('/')[-1]}: must be root, and there is no sudo: run it as root\n"

    def test_with_sudo_it_is_run_by_sudo(self, start):
        start.sandbox.write("/usr/few/sudo", '#!/bin/bash\nprintf "%s|" "$@"\n')
        start.sandbox.run("chmod", "755", "/usr/few/sudo").done()
        assert start().out == f"--|{SOURCE}/{start.name}|"


def test_quickstart_takes_no_arguments(machine):
    run = machine.run(f"{SOURCE}/quickstart", "--yes")
    assert (run.code, run.out, run.err) == (1, "", "quickstart: takes no arguments\n")
