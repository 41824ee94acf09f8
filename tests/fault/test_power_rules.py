"""What a recording has in it, and what each rule of power_cut.py makes of it."""

import pytest
from power_cut import BTRFS, EXT4, POSIX, RULES, XFS, Cuts, bytes_by
from power_recording import PAGE, Data, Mark, Names, Size, Sync, record

NEW = [b"", b"a" * PAGE, b"a" * PAGE + b"b" * 10]
ZEROS = bytes(PAGE)


@pytest.mark.parametrize(
    "rule, found",
    [
        (EXT4, set(NEW)),
        (XFS, {*NEW, ZEROS + b"b" * 10}),
        (BTRFS, set(NEW)),
        (POSIX, {*NEW, ZEROS, ZEROS + b"b" * 10, b"a" * PAGE + bytes(10), ZEROS + bytes(10)}),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_of_a_new_file_there_are_some_pages(rule, found):
    assert set(bytes_by(rule, NEW)) == found


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_what_is_written_over_is_torn_where_a_page_is_not_written_elsewhere(rule):
    old, new = b"o" * 1024, b"n" * 1024
    halves = {b"o" * 512 + b"n" * 512, b"n" * 512 + b"o" * 512}
    assert set(bytes_by(rule, [old, new])) == {old, new} | (halves if rule.torn else set())


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_what_is_added_to_a_page_may_come_after_its_size(rule):
    old, new = b"o" * 512, b"o" * 512 + b"n" * 128
    zeros = {b"o" * 512 + bytes(128)} if rule.early_size else set()
    assert set(bytes_by(rule, [old, new])) == {old, new} | zeros


PROGRAM = """
import os, sys
one, other = (os.open(f"{sys.argv[1]}/{name}", os.O_RDONLY) for name in ("one", "other"))
"""
THREE = """
for folder, name in ((one, "a"), (other, "b"), (one, "c")):
    os.close(os.open(name, os.O_CREAT | os.O_WRONLY, 0o600, dir_fd=folder))
os.fsync(other)
"""


@pytest.fixture
def run_in(tmp_path, strace):
    """Records a program that has two folders, `one` and `other`."""
    disk = tmp_path / "disk"
    for folder in (disk, disk / "one", disk / "other"):
        folder.mkdir()
    return lambda program: record(disk, tmp_path / "trace", ["/usr/bin/python3", "-c", PROGRAM + program, disk])


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_of_names_in_their_order_those_before_a_sync_are_there_and_else_those_of_its_folder(rule, run_in):
    recording = run_in(THREE)
    end = len(recording.effects)
    after = [state for state in Cuts(recording).play((rule,)) if state.last == end]
    found = {"".join(sorted(path[-1] for path, (_, data) in state.there.items() if data is not None)) for state in after}
    assert found == ({"ab", "abc"} if rule.in_order else {"b", "ab", "bc", "abc"})


@pytest.mark.parametrize(
    "program, what",
    [
        ("os.writev(os.open('a', os.O_CREAT | os.O_WRONLY, 0o600, dir_fd=one), [b'a'])", "writev is not modelled"),
        ("os.mkfifo('a', dir_fd=one)", "not modelled"),
        ("os.rename(sys.argv[1] + '/one', sys.argv[1] + '/../one')", "leads out of the folder"),
        ("os.chdir(one); os.mkdir('a')", "of which folder is not modelled"),
    ],
    ids=["writev", "mkfifo", "rename", "mkdir"],
)
def test_a_call_that_is_not_known_fails_the_recording(program, what, run_in):
    with pytest.raises(AssertionError, match=what):
        run_in(program)


def test_what_a_program_does_is_recorded_in_order(run_in):
    program = """
a = os.open("a", os.O_CREAT | os.O_WRONLY, 0o600, dir_fd=one)
os.write(a, b"x"); os.write(a, b"y"); os.pwrite(a, b"z" * 4097, 1)
os.rename("a", "b", src_dir_fd=one, dst_dir_fd=other)
os.fsync(a); os.unlink("b", dir_fd=other); os.ftruncate(a, 1); print("done", flush=True)
"""
    effects = run_in(program).effects
    assert [type(effect) for effect in effects] == [Names, *4 * [Data], Names, Sync, Names, Size, Mark, Mark]
    assert [(effect.offset, len(effect.data)) for effect in effects[1:5]] == [(0, 1), (1, 1), (1, PAGE - 1), (PAGE, 2)]
    assert [effect.what for effect in effects[-2:]] == ["said", "ended"]
