"""The PAM password stack: a primary password that is set by PAM revokes all at once, and nothing that its user does to
passwd can hinder that. Debian's own common-password, with the shipped profile.
"""

import itertools
import re
import signal
import time

import pytest
from support.long import repeated_but
from support.recipes import CONF
from support.run import as_user, execute
from support.sandbox import MODULES
from support.service import Service
from support.tracing import STRACE
from support.wait import LONG, wait_until

FIRST, SECOND = "First-pw-1!", "Second-pw-2?"

class Debian(Service):
    """A Debian with the module installed, the profile enabled, and the user alice."""

    def __init__(self, sandbox, build):
        super().__init__(sandbox, build)
        sandbox.shell(
            f'cp "$1" {MODULES}/ && cp "$2" /usr/share/pam-configs/asp && pam-auth-update --package',
            build / "pam_asp" / "pam_asp.so",
            CONF / "pam-configs" / "asp",
            env={"DEBIAN_FRONTEND": "noninteractive"},
        ).done()
        sandbox.shell("useradd -m -d /run/alice alice; useradd -m -d /run/bob bob").done()
        self.chpasswd(FIRST)

    def chpasswd(self, password):
        return self.sandbox.run("chpasswd", input=f"alice:{password}\n").done()

    def passwd_as_alice(self, current=FIRST, new=SECOND):
        return self.sandbox.run(*as_user("alice"), "passwd", input=f"{current}\n{new}\n{new}\n")

    def states(self, user="alice"):
        return [(entry["label"], entry["state"], (entry["revoked"] or {}).get("reason")) for entry in self.entries(user)]

    def revoked_by(self):
        (entry,) = self.entries()
        assert entry["revoked"]["reason"] == "primary-password"
        return entry["revoked"]["by"]


@pytest.fixture
def machine(sandbox, build):
    sandbox.need("pam-auth-update")
    return Debian(sandbox, build)


# Lesson: password stacks.
def test_the_profile_stands_where_only_a_success_reaches_it(machine):
    lines = [line.split() for line in machine.sandbox.read("/etc/pam.d/common-password").splitlines()]
    password = [line for line in lines if line and line[0] == "password"]
    assert password[-1][-1] == "pam_asp.so"
    assert ["password", "requisite", "pam_deny.so"] in password[:-1]
    for other in ("auth", "account", "session"):
        assert "pam_asp" not in machine.sandbox.read(f"/etc/pam.d/common-{other}"), other


def test_passwd_as_the_user_revokes_all_of_hers_and_nobody_elses(machine):
    machine.create("alice", "Phone")
    machine.create("alice", "Laptop", "--app", "any")
    machine.create("bob", "Phone")
    machine.passwd_as_alice().done()
    assert machine.states() == [
        ("Phone", "revoked", "primary-password"),
        ("Laptop", "revoked", "primary-password"),
    ]
    assert {entry["revoked"]["by"] for entry in machine.entries()} == {"pam:passwd"}
    assert machine.states("bob") == [("Phone", "active", None)]


def test_passwd_as_root_revokes(machine):
    machine.create()
    machine.sandbox.run("passwd", "alice", input=f"{SECOND}\n{SECOND}\n").done()
    assert machine.revoked_by() == "pam:passwd"


# Lesson: password stacks.
def test_chpasswd_revokes(machine):
    machine.create()
    machine.chpasswd(SECOND)
    assert machine.revoked_by() == "pam:chpasswd"


def test_newusers_revokes_those_of_a_user_who_is_there(machine):
    machine.create()
    passwd = machine.sandbox.run("getent", "passwd", "alice").done().out.strip().split(":")
    passwd[1] = SECOND
    machine.sandbox.run("newusers", input=":".join(passwd) + "\n").done()
    assert machine.revoked_by() == "pam:newusers"


def test_setting_the_same_password_again_is_a_change_of_its_hash(machine):
    """A new salt is a new hash, and what was typed cannot be seen: better once too often."""
    machine.create()
    machine.chpasswd(FIRST)
    assert machine.revoked_by() == "pam:chpasswd"


def test_what_is_created_after_the_change_stays(machine):
    machine.create()
    machine.chpasswd(SECOND)
    machine.create("alice", "New phone")
    assert machine.states() == [("Phone", "revoked", "primary-password"), ("New phone", "active", None)]
    assert machine.passwd_as_alice("not " + SECOND).code != 0
    assert machine.states()[1] == ("New phone", "active", None)


# Lesson: password stacks.
def test_a_failed_pam_unix_in_a_required_stack_revokes_nothing(machine):
    machine.create()
    machine.sandbox.write("/etc/pam.d/passwd", "password required pam_unix.so\npassword required pam_asp.so\n")
    assert machine.passwd_as_alice("not the current one").code != 0
    assert machine.states() == [("Phone", "active", None)]
    machine.passwd_as_alice().done()
    assert machine.revoked_by() == "pam:passwd"


def test_what_compares_leaves_no_core(machine):
    """A change of the ids sets this anew, as the machine has it for setuid programs: so it comes after them."""
    if machine.sandbox.run(*STRACE, "-o", "/dev/null", "true").code != 0:
        pytest.skip("needs strace: it is missing or ptrace is refused here")
    machine.create()
    trace = [*STRACE, *"-f -o /run/calls -e trace=prctl,setresuid,setresgid,setgroups".split()]
    machine.sandbox.run(*trace, "chpasswd", input=f"alice:{SECOND}\n").done()
    assert machine.revoked_by() == "pam:chpasswd"
    calls = [line.split(None, 1)[1] for line in machine.sandbox.read("/run/calls").splitlines()]
    ids = [at for at, call in enumerate(calls) if call.startswith("setres")]
    cores = [at for at, call in enumerate(calls) if call.startswith("prctl(PR_SET_DUMPABLE, SUID_DUMP_DISABLE)")]
    assert ids and cores and max(cores) > max(ids), calls


def test_being_reached_for_a_user_without_a_line_in_shadow_is_a_change(machine):
    machine.create("carol@example.org", "Phone", "--virtual")
    machine.sandbox.write("/etc/pam.d/directory", "password required pam_permit.so\npassword optional pam_asp.so\n")
    run = machine.chauthtok("directory", "carol@example.org")
    assert run.out == "0\n"
    assert machine.states("carol@example.org") == [("Phone", "revoked", "primary-password")]


# The password lines of two profiles of authselect, as its templates have them.
UNIX = 'password    sufficient     pam_unix.so yescrypt shadow {if not "without-nullok":nullok}\n'
SSS = "password    [success=1 default=ignore]     pam_localuser.so\npassword    sufficient     pam_sss.so use_authtok\n"
DENY = "password    required     pam_deny.so\n"
HISTORY = 'password    requisite     pam_pwhistory.so use_authtok     {include if "with-pwhistory"}\n'
PROFILES = {"local": HISTORY + UNIX + DENY, "sssd": HISTORY + UNIX + SSS + DENY}


def with_pam_asp(tmp_path, template):
    """What the recipe makes of a template. It is not authselect's to write it out, for that is not on Debian."""
    path = tmp_path / "system-auth"
    path.write_text(template)
    return execute("awk", "-f", CONF / "authselect" / "password.awk", path)


def written_out(template):
    """A template as authselect writes it, with none of its features on."""
    lines = [line for line in template.splitlines() if "{include if" not in line]
    return "".join(re.sub(r"\{if not \"[^\"]*\":(\w+)\}", r"\1", line) + "\n" for line in lines)


@pytest.mark.parametrize(
    ("profile", "how"),
    repeated_but((("local", "include"), ("sssd", "substack")), itertools.product(PROFILES, ("include", "substack"))),
)
def test_a_profile_of_authselects_sees_a_change_and_no_failed_one(machine, tmp_path, profile, how):
    """Taken in by a file in either way. pam_sss is not there, which is passed over."""
    stack = written_out(with_pam_asp(tmp_path, "auth required pam_deny.so\n" + PROFILES[profile]).done().out)
    assert "pam_pwhistory" not in stack and "shadow nullok" in stack and "auth required" in stack
    machine.sandbox.write("/etc/pam.d/system-auth", stack)
    for service in ("passwd", "chpasswd", "directory"):
        machine.sandbox.write(f"/etc/pam.d/{service}", f"password {how} system-auth\n")
    machine.create()
    machine.create("carol@example.org", "Phone", "--virtual")
    assert machine.passwd_as_alice("not the current one").code != 0
    assert machine.chauthtok("directory", "carol@example.org").out != "0\n"
    assert machine.states() == machine.states("carol@example.org") == [("Phone", "active", None)]
    machine.chpasswd(SECOND)
    assert machine.revoked_by() == "pam:chpasswd"


def test_a_user_of_a_directory_comes_to_pam_asp_by_a_profile_of_authselects(machine, tmp_path):
    """pam_permit stands in for pam_sss, which has set her password."""
    made = with_pam_asp(tmp_path, PROFILES["sssd"]).done().out
    machine.sandbox.write("/etc/pam.d/directory", written_out(made).replace("pam_sss.so use_authtok", "pam_permit.so"))
    machine.create("carol@example.org", "Phone", "--virtual")
    assert machine.chauthtok("directory", "carol@example.org").out == "0\n"
    assert machine.states("carol@example.org") == [("Phone", "revoked", "primary-password")]


@pytest.mark.parametrize(
    ("template", "why"),
    [
        (PROFILES["local"] + "password optional pam_asp.so\n", "it names pam_asp already"),
        (UNIX + HISTORY + DENY, "a feature decides"),
        (UNIX, "its last password line is not pam_deny.so"),
        ("auth required pam_unix.so\n", "its last password line is not pam_deny.so"),
        (DENY, "no password line in it is sufficient"),
    ],
)
def test_a_template_of_another_form_is_left_to_its_owner(tmp_path, template, why):
    made = with_pam_asp(tmp_path, template)
    assert (made.code, made.out) == (1, "")
    assert why in made.err


def passwd_waiting_for_the_lock(machine):
    """passwd, run by alice, that has set her password and now waits for our work; and its pid in the sandbox."""
    before = machine.sandbox.read("/etc/shadow")
    passwd = machine.sandbox.start(*as_user("alice"), "passwd", stdin=-1, stdout=-1, stderr=-1)
    passwd.stdin.write(f"{FIRST}\n{SECOND}\n{SECOND}\n")
    passwd.stdin.flush()
    wait_until(lambda: machine.sandbox.read("/etc/shadow") != before, "her password is not set")
    pid = machine.sandbox.run("pgrep", "-o", "-x", "-u", "root", "passwd").done().out.split()[0]
    at_work = f"[[ $(cat /proc/{pid}/task/{pid}/children) ]]"
    wait_until(lambda: machine.sandbox.shell(at_work).code == 0, "no child of it does our work")
    time.sleep(0.3)  # from its beginning to the lock it takes a few milliseconds
    assert passwd.poll() is None, "it waits"
    return passwd, pid


# Lesson: passwd.
@pytest.mark.parametrize("how", [signal.SIGSTOP, signal.SIGKILL], ids=["stopped", "killed"])
def test_a_user_who_stops_or_kills_passwd_in_the_middle_hinders_nothing(machine, how):
    machine.create()
    with machine.locked():
        passwd, pid = passwd_waiting_for_the_lock(machine)
        # alice is the real user of passwd: the kernel lets her do this.
        machine.sandbox.run(*as_user("alice"), "kill", f"-{int(how)}", pid).done()
    wait_until(lambda: machine.states()[0][1] == "revoked", "it is not revoked")
    assert machine.revoked_by() == "pam:passwd"
    machine.create("alice", "New phone")  # no lock is left behind
    machine.sandbox.run("pkill", "-KILL", "-x", "passwd")
    passwd.send_signal(signal.SIGCONT)  # what started it in the sandbox has stopped with it
    passwd.communicate(timeout=LONG)


@pytest.mark.parametrize(
    "harm",
    [
        "echo nonsense > /var/lib/asp/users/alice",
        "rm -rf /var/lib/asp",
        "mkdir -p /etc/asp && echo 'nonsense = 1;' > /etc/asp/asp.conf",
        "chmod 777 /var/lib/asp/users",
    ],
    ids=["damaged", "missing", "configuration", "unsafe"],
)
def test_a_change_of_the_primary_never_fails_because_of_us(machine, harm):
    machine.create()
    machine.sandbox.run("bash", "-c", harm).done()
    machine.passwd_as_alice().done()
    machine.chpasswd(FIRST)


@pytest.mark.parametrize("bound", ["nproc=0", "as=100000000", "data=40000000", "memlock=0", "locks=0", "stack=131072"])
def test_no_bound_of_passwd_hinders_it(machine, bound):
    """Each is alice's own, and holds for what passwd starts until that has taken it off."""
    machine.create()
    words = (*as_user("alice"), "prlimit", f"--{bound}", "passwd")
    machine.sandbox.run(*words, input=f"{FIRST}\n{SECOND}\n{SECOND}\n").done()
    assert machine.revoked_by() == "pam:passwd"
