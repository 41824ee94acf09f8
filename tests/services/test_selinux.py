"""The policy module for SELinux: the compiler takes it, what is labelled is where the programs have it, and put into the
policy of Debian it allows what it is to allow. What a kernel makes of it is not looked at here."""

import bz2
import re

import pytest
from support.broker import SOCKET
from support.run import TREE
from support.self_service import SELF
from support.tools import run_tool, there

SHIPPED = TREE / "packaging" / "selinux"
POLICY = SHIPPED / "asp.te"
ASKING = ("dovecot_auth_t", "httpd_t", "sshd_t", "passwd_t")


def compile(folder, text):
    """The run of what fails first, or of the last step."""
    (folder / "asp.te").write_text(text)
    run = run_tool("checkmodule", "-M", "-m", "-o", folder / "asp.mod", folder / "asp.te")
    if run.returncode == 0:
        words = ["-o", folder / "asp.pp", "-m", folder / "asp.mod", "-f", SHIPPED / "asp.fc"]
        run = run_tool("semodule_package", *words)
    return run


def test_the_compiler_takes_the_policy(folder):
    run = compile(folder, POLICY.read_text())
    assert (run.returncode, run.stdout) == (0, "")
    assert (folder / "asp.pp").stat().st_size > 1000


@pytest.mark.parametrize("old, new", [("type httpd_t;", ""), ("connectto;", "connecto"), ("attribute asp_client;", "")])
def test_the_compiler_would_find_a_fault(folder, old, new):
    assert old in POLICY.read_text()
    assert compile(folder, POLICY.read_text().replace(old, new)).returncode != 0


@pytest.mark.parametrize(
    "path, label",
    [(SOCKET, "asp_run_t"), (SELF, "asp_run_t"), ("/run/asp", "asp_run_t"), ("/var/lib/asp/users/alice", "asp_store_t")],
)
def test_what_the_programs_have_is_labelled(path, label):
    lines = [line.split() for line in (SHIPPED / "asp.fc").read_text().splitlines()]
    assert {context for pattern, context in lines if re.fullmatch(pattern, path)} == {f"system_u:object_r:{label}:s0"}
    assert f"\ntype {label};\n" in POLICY.read_text()


@pytest.mark.parametrize("domain", ASKING)
def test_who_asks_pam_may_ask_the_broker(domain):
    """Where the policy of the machine has it; where it has not, the rest holds."""
    (block,) = re.findall(rf"(?s)\noptional \{{\n\trequire \{{\n\t\ttype {domain};\n\t\}}(.*?)\n\}}", POLICY.read_text())
    assert block == f"\n\ttypeattribute {domain} asp_client;"


# In the policy of Debian, where what has no domain of its own runs in initrc_t


@pytest.fixture(scope="module")
def link(tmp_path_factory):
    """Puts a module into the policy of Debian, as far as that matters here. Gives the file of the whole."""
    modules = there("/usr/share/selinux/default")
    if modules is None:
        pytest.skip("no policy: selinux-policy-default is neither installed nor unpacked in ASP_LAYER")
    folder = tmp_path_factory.mktemp("policy")
    names = ("base", "apache", "dovecot", "ssh", "unconfined")
    for name in names:
        (folder / f"{name}.pp").write_bytes(bz2.decompress((modules / f"{name}.pp.bz2").read_bytes()))

    def put(text):
        assert compile(folder, text).returncode == 0
        packages = [folder / f"{name}.pp" for name in (*names, "asp")]
        run = run_tool("semodule_link", "-o", folder / "linked", *packages)
        assert run.returncode == 0, run.stdout
        run = run_tool("semodule_expand", "-a", "-c", "33", folder / "linked", folder / "policy")
        assert run.returncode == 0, run.stdout
        return folder / "policy"

    return put


def allowed(policy, source, target, kind):
    """What a policy allows, as checkpolicy tells it to who asks by its menu: 2 is the number of a context, 0 a vector."""
    role = "system_r" if kind == "unix_stream_socket" else "object_r"
    asked = ["2", f"system_u:system_r:{source}:s0", "2", f"system_u:{role}:{target}:s0"]

    def ask(*words):
        return run_tool("checkpolicy", "-M", "-b", "-d", policy, input="\n".join([*words, "q", ""])).stdout

    said = ask(*asked, "0", *re.findall(r"(?m)^sid (\d+)$", ask(*asked)), kind)
    (vector,) = re.findall(r"allowed \{(.*?)\}", said)
    return set(vector.split())


def test_the_policy_of_debian_lets_them_ask_and_keeps_them_from_the_store(link):
    policy = link(POLICY.read_text())
    for domain in ASKING:
        assert "search" in allowed(policy, domain, "asp_run_t", "dir")
        assert "write" in allowed(policy, domain, "asp_run_t", "sock_file")
        assert "connectto" in allowed(policy, domain, "initrc_t", "unix_stream_socket")
        assert allowed(policy, domain, "asp_store_t", "dir") == allowed(policy, domain, "asp_store_t", "file") == set()
    assert {"create", "setattr"} <= allowed(policy, "init_t", "asp_run_t", "sock_file")
    assert {"read", "write", "create", "rename", "link"} <= allowed(policy, "initrc_t", "asp_store_t", "file")


def test_without_its_rule_they_could_not_ask(link):
    rule = "allow asp_client initrc_t:unix_stream_socket connectto;"
    assert rule in POLICY.read_text()
    policy = link(POLICY.read_text().replace(rule, ""))
    assert "connectto" not in allowed(policy, "dovecot_auth_t", "initrc_t", "unix_stream_socket")
