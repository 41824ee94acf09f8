"""The policy module for SELinux: the compiler takes it, and what is labelled is where the programs have it. What a kernel
makes of it is not looked at here."""

import re

import pytest
from support.broker import SOCKET
from support.run import TREE
from support.self_service import SELF
from support.tools import run_tool

SHIPPED = TREE / "packaging" / "selinux"
POLICY = SHIPPED / "asp.te"
ASKING = ("dovecot_auth_t", "httpd_t", "sshd_t", "passwd_t")


@pytest.fixture
def compiled(folder):
    """Compiles a policy; the run of what fails first, or of the last step."""

    def compile(text):
        (folder / "asp.te").write_text(text)
        run = run_tool("checkmodule", "-M", "-m", "-o", folder / "asp.mod", folder / "asp.te")
        if run.returncode == 0:
            words = ["-o", folder / "asp.pp", "-m", folder / "asp.mod", "-f", SHIPPED / "asp.fc"]
            run = run_tool("semodule_package", *words)
        return run

    return compile


def test_the_compiler_takes_the_policy(compiled, folder):
    run = compiled(POLICY.read_text())
    assert (run.returncode, run.stdout) == (0, "")
    assert (folder / "asp.pp").stat().st_size > 1000


@pytest.mark.parametrize("old, new", [("type httpd_t;", ""), ("connectto;", "connecto"), ("attribute asp_client;", "")])
def test_the_compiler_would_find_a_fault(compiled, old, new):
    assert old in POLICY.read_text()
    assert compiled(POLICY.read_text().replace(old, new)).returncode != 0


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
