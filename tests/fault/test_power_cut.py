"""The power fails in the middle of an operation: what was acknowledged is there, what was not is the old or the new, whole,
nothing stray stays, and no hook that was due is lost. See power_cut.py for what a disk may look like then.

A plain run takes some of the states, chosen by the commit; with ASP_TEST_ALL it takes all.
"""

import concurrent.futures
import os
import pathlib
import tempfile

import pytest
from points import chosen
from power_cut import BTRFS, EXT4, POSIX, RULES, Cuts
from power_judge import Judge
from power_operations import OPERATIONS
from power_recording import Sync
from support.long import repeated_but

# In a plain run: so many operations, and of each so many states.
SOME_OPERATIONS, SOME_STATES = 6, 8
MEMORY = pathlib.Path("/dev/shm")


@pytest.fixture(scope="module", autouse=True)
def root(strace):
    if os.geteuid() != 0:
        pytest.skip("needs root: a store that is root's, as the machine's is")


@pytest.fixture
def place():
    """A folder in memory, where a sync costs nothing."""
    with tempfile.TemporaryDirectory(prefix="asp-power-", dir=MEMORY if MEMORY.is_dir() else "/tmp") as name:
        path = pathlib.Path(name)
        path.chmod(0o755)
        yield path


@pytest.fixture
def judged(place, build, clock):
    """Judges states. Returns the faults of each that has one."""

    def judge_all(judge, states):
        def judge_one(number):
            state = states[number]
            faults = judge.judge(state, place / f"state{number}", build, clock, by_doctor=number % 2 == 0)
            return [f"{' '.join(sorted(state.rules))}, before effect {state.first} to {state.last}: {one}" for one in faults]

        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            return [fault for faults in pool.map(judge_one, range(len(states))) for fault in faults]

    return judge_all


@pytest.fixture
def recorded(place, build):
    """Records an operation, by its name."""

    def record_one(name):
        (operation,) = [one for one in OPERATIONS if one.name == name]
        folder = place / "recorded"
        folder.mkdir()
        recording, hooks = operation.record(folder, build)
        return Judge(operation, recording, hooks)

    return record_one


NAMES = [one.name for one in OPERATIONS]


@pytest.mark.parametrize("name", repeated_but(chosen("operations", NAMES, SOME_OPERATIONS), NAMES))
def test_whatever_of_an_operation_has_come_to_the_disk(name, recorded, judged, record_property):
    judge = recorded(name)
    states = Cuts(judge.recording).play()
    assert len(states) > 1, "it has written nothing"
    some = chosen(name, states, SOME_STATES)
    record_property("points", f"power cut in {name}: {len(some)} of {len(states)} states")
    assert judged(judge, some) == []


# That a fault would be found


def syncs_of(judge, path, is_folder=False):
    """The numbers of the syncs of a folder, or of each file in it."""
    recording, found = judge.recording, []
    for number, effect in enumerate(recording.effects):
        if isinstance(effect, Sync) and effect.inode is not None:
            tree = recording.until(number)
            paths = [one for one, inode in tree.paths() if inode == effect.inode] if effect.inode else [""]
            if any(one == path if is_folder else one.startswith(f"{path}/") for one in paths):
                found.append(number)
    return found


def faulty_by(judge, left_out):
    """Where these syncs are left out: the rules by which some state is at fault of the bytes of an account, with one."""
    assert left_out
    without = judge.without(*left_out)
    found = {}
    for rule in RULES:
        for state in Cuts(without.recording).play((rule,)):
            if list(without.accounts_faults(state, without.accounts_in(state))):
                found[rule] = state
                break
    return without, found


CHANGES = ("create", "revoke", "label", "first-use", "watch")
SHOWN = ("revoke", "first-use")


@pytest.mark.parametrize("name", repeated_but(SHOWN, CHANGES))
def test_without_the_sync_of_the_folder_what_was_reported_is_undone(name, recorded):
    judge = recorded(name)
    _, found = faulty_by(judge, syncs_of(judge, "store/users", is_folder=True))
    assert set(found) == set(RULES)


def test_without_the_sync_of_the_folder_a_removal_is_undone_where_that_of_another_does_not_bring_it(recorded):
    judge = recorded("remove")
    _, found = faulty_by(judge, syncs_of(judge, "store/users", is_folder=True))
    assert set(found) == {BTRFS, POSIX}


@pytest.mark.parametrize("name", repeated_but(SHOWN, CHANGES))
def test_without_the_sync_of_a_file_an_account_is_empty_and_the_tool_says_so(name, recorded, judged):
    judge = recorded(name)
    without, found = faulty_by(judge, syncs_of(judge, "store/users"))
    assert set(found) == set(RULES)
    states = Cuts(without.recording).play((EXT4,))
    empty = next(state for state in states if state.there.get("store/users/alice", (0, None))[1] == b"")
    (old_or_new, tool) = judged(without, [empty])
    assert "neither old nor new" in old_or_new and "cannot be used" in tool


def test_without_the_syncs_of_the_folders_the_first_account_is_lost(recorded):
    """Of those of ext4, xfs and btrfs the last one of all brings the others with it."""
    judge = recorded("first")
    _, found = faulty_by(judge, syncs_of(judge, "store", is_folder=True) + syncs_of(judge, "", is_folder=True))
    assert set(found) == {POSIX}


@pytest.mark.long
@pytest.mark.parametrize("path, is_folder, rules", [("store/due", False, RULES), ("store/due", True, (POSIX,))])
def test_without_the_syncs_of_what_is_due_its_hook_is_lost(path, is_folder, rules, recorded, judged):
    judge = recorded("remove-hook")
    left_out = syncs_of(judge, path, is_folder)
    assert left_out
    without = judge.without(*left_out)
    for rule in RULES:
        states = Cuts(without.recording).play((rule,))
        # The account is gone, and the hook has not run for it.
        gone = [one for one in states if "alice" not in without.accounts_in(one) and not without.told_before(one.first)]
        faults = judged(without, gone)
        assert any("was lost" in fault for fault in faults) == (rule in rules), rule.name
