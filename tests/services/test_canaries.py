"""App passwords and primary passwords go in and out by every door of a machine, and are left nowhere: in no memory of a process
that lives on, in no file, log, argument or environment. With a store in a database: tests/fleet/test_canaries.py."""

import shutil
import subprocess

import pytest
from support.every_door import Doors, new_primary
from support.memory import memory_of
from support.run import ENVIRONMENT, execute
from support.traces import WHOLE, Search, forms

PASSWORD = "7km4q-x8w2r-tz5np-v6hdj-3csyb"
SIZE = 4096
# Has in memory what it was told last, and nothing else that it was told.
HOLDER = ["dd", f"bs={SIZE}", "status=none"]


@pytest.fixture
def doors(self_service, asp_web, folder):
    self_service.reset()
    with Doors(self_service, folder) as one:
        yield one


# Lesson: pam_mysql #77.
# Lesson: a canary through every door.
def test_what_went_through_every_door_is_left_nowhere(doors):
    doors.all()
    assert doors.search_all().found(doors.secrets) == set()


# Who finds nothing may look at nothing


@pytest.fixture
def hold():
    """Has a process hold bytes; gives its number."""
    with subprocess.Popen(HOLDER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=ENVIRONMENT) as holder:

        def held(data):
            holder.stdin.write(data.ljust(SIZE, b"\0"))
            holder.stdin.flush()
            assert holder.stdout.read(SIZE).startswith(data)
            return holder.pid

        yield held


def found(secret, data):
    search = Search()
    search.look_in("here", data)
    return {form for _, _, form in search.found([secret])}


@pytest.mark.parametrize("secret", [PASSWORD, new_primary()], ids=["app-password", "primary-password"])
def test_what_a_process_holds_is_found_in_every_form(hold, secret):
    for name, form in forms(secret).items():
        assert found(secret, memory_of(hold(b"\xff" + form + b"\xff"))), name
        assert found(secret, b"\0" + form[len(form) // 3 :] + b"\0"), f"the end of {name}"
    assert not found(secret, memory_of(hold(b"")))


def test_a_piece_is_found_and_what_is_no_piece_is_not():
    for at in range(len(PASSWORD) - WHOLE + 1):
        assert found(PASSWORD, PASSWORD[at : at + WHOLE].encode())
    assert not found(PASSWORD, PASSWORD[: WHOLE - 1].encode() + b"\n7km4q-x8v2r-tz6np-v6hek-3csyb")


@pytest.mark.long
def test_what_is_read_of_a_process_is_no_less_than_a_core_has(hold, folder):
    """gcore(1) takes one of a process that has not said that it leaves none. asp-broker and asp-web have."""
    if shutil.which("gcore") is None:
        pytest.skip("gdb is not installed")
    pid = hold(PASSWORD.encode())
    execute("gcore", "-o", folder / "core", str(pid), timeout=300).done()
    core = (folder / f"core.{pid}").read_bytes()
    assert found(PASSWORD, core)
    read = memory_of(pid)
    assert found(PASSWORD, read) and len(read) > len(core) / 2
