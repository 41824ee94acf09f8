"""What PAM calls a user who acts on her own account."""

import pathlib
import subprocess

import pytest
from support.account_text import lines_of_text, sealed
from support.passwords import PASSWORD
from support.self_service import ALICES, DONE, NO, STORE

SOURCE = pathlib.Path(__file__).parent / "pam_spelling.c"


@pytest.fixture(scope="module")
def spelling(tmp_path_factory):
    """A module that calls her as it is told."""
    made = tmp_path_factory.mktemp("spelling") / "pam_spelling.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", made, SOURCE], check=True)
    return made


@pytest.mark.parametrize(
    ("called", "code"), [("alice", DONE), ("spelling-of-alice", DONE), ("bob", NO), ("nobody-of-that-name", NO)]
)
def test_a_module_may_call_her_otherwise_and_nobody_else(own, spelling, name_service, called, code):
    stack = f"auth required pam_unix.so nodelay\nauth required {spelling} {called}\naccount required pam_permit.so\n"
    own.sandbox.write("/etc/pam.d/asp-admin", stack)
    own.serves.close()
    own.serves = own.serve(prefix=("env", f"LD_PRELOAD={name_service}"))
    run = own.run("alice", "create", "--label", "Phone", "--quiet", input=f"{ALICES}\n")
    assert run.code == code, run
    assert (PASSWORD.search(run.out) is not None) == (code == DONE)
    assert own.states() == ([("Phone", "active")] if code == DONE else [])
    assert own.states("bob") == []


@pytest.mark.parametrize("source", ["shadow", "command"])
def test_what_she_makes_on_her_own_account_follows_nobody_and_what_was_made_for_another_is_revoked(own, source):
    """An older version had made it of what was another spelling of bob, and watch has seen only that."""
    if source == "command":
        own.sandbox.write("/run/primaries", "alice\tone\nbob\tone\n")
        own.sandbox.write("/etc/asp/primaries", "#!/bin/sh\ncat /run/primaries\n", mode="755")
        own.configure('primary: { source = "command"; command = "/etc/asp/primaries"; };')
    own.makes("alice", "Phone")
    own.makes("bob", "Phone")
    path = "/var/lib/asp/users/alice"
    head, _, *entries = lines_of_text(own.sandbox.read(path))
    _, of_bobs, *_ = lines_of_text(own.sandbox.read("/var/lib/asp/users/bob"))
    followed = sealed([head.replace("asp-account 1 ", "asp-account 2 "), of_bobs, 'follows="bob"', *entries])
    own.sandbox.write(path, followed.decode(), mode="600")
    if source == "command":  # what she has answered may be older than what that says
        run = own.run("alice", "create", "--label", "Tablet", input=f"{ALICES}\n")
        assert (run.code, run.out) == (STORE, "") and "was changed just now: try again" in run.err, run
        assert own.states() == [("Phone", "revoked")]
    own.makes("alice", "Tablet")
    assert own.states() == [("Phone", "revoked"), ("Tablet", "active")]
    assert "follows=" not in own.sandbox.read(path)
    own.set_primary("alice", "another one")
    if source == "command":
        own.sandbox.write("/run/primaries", "alice\ttwo\nbob\tone\n")
    own.json("watch", "--once")
    assert {state for _, state in own.states()} == {"revoked"}
    assert own.states("bob") == [("Phone", "active")]


def test_where_nobody_is_called_by_the_other_name_any_more_she_is_the_same_one_and_loses_nothing(own):
    path = "/var/lib/asp/users/alice"
    own.makes("alice", "Phone")
    head, *middle, entry = lines_of_text(own.sandbox.read(path))
    head = head.replace("asp-account 1 ", "asp-account 2 ")
    followed = sealed([head, *middle, 'follows="alice-of-the-past"', entry])
    own.sandbox.write(path, followed.decode(), mode="600")
    own.makes("alice", "Tablet")
    assert own.states() == [("Phone", "active"), ("Tablet", "active")]
    assert "follows=" not in own.sandbox.read(path)
