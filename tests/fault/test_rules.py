"""The judge sees what is wrong: each rule is broken by what breaks it, and by nothing else."""

import dataclasses

import pytest
from rules import BOUND, REVOKED, RULES, Seen, broken
from support.run import Result
from trial import LAPTOP, PHONE, SPARE, revoked

OLD, NEW = [LAPTOP, PHONE, SPARE], [LAPTOP, *revoked(PHONE), SPARE]
ERROR = Result(5, "", "asp-admin: the disk is full\n")

# As it is where it failed and was told of, and nothing was changed.
FAILED = Seen(
    run=ERROR,
    killed=False,
    seconds=0.1,
    old={"alice": OLD},
    new={"alice": NEW},
    found={"alice": OLD},
    call="fsync(4) = 0",
    promises=True,
    told=set(),
    shown=[],
    lines=1,
    verdict="accepted",
    verdict_of={"old": "accepted", "new": "revoked"},
    others=({"bob": b"his"}, {"bob": b"his"}),
    next_run=Result(0, "", ""),
    strays=[],
    hooks=(set(), {"alice"}),
)
DONE = dataclasses.replace(
    FAILED, run=Result(0, "", ""), found={"alice": NEW}, verdict="revoked", hooks=({"alice"}, {"alice"})
)

# What breaks each rule.
BREAKING = {
    "an_account_is_the_old_or_the_new_one": (FAILED, {"found": {"alice": [LAPTOP]}}),
    "what_is_reported_done_is_there": (FAILED, {"run": DONE.run}),
    "what_is_reported_to_have_failed_has_changed_nothing": (DONE, {"run": ERROR}),
    "an_error_is_the_machines": (FAILED, {"run": dataclasses.replace(ERROR, code=3)}),
    "what_failed_is_one_clear_line": (FAILED, {"run": dataclasses.replace(ERROR, err="")}),
    "what_was_shown_opens_where_it_is_done_and_nowhere_else": (FAILED, {"shown": [("alice", True)]}),
    "what_opened_before_opens_until_it_is_revoked": (FAILED, {"verdict": "not-an-app-password"}),
    "nobody_else_lost_anything": (DONE, {"others": ({"bob": b"his"}, {})}),
    "the_next_operation_works": (DONE, {"next_run": ERROR}),
    "nothing_stray_stays": (DONE, {"strays": [".alice.0123456789abcdef"]}),
    "a_hook_is_run_for_what_is_revoked_and_for_nothing_else": (DONE, {"hooks": (set(), {"alice"})}),
    "no_wait_is_longer_than_it_may_be": (DONE, {"seconds": BOUND + 1}),
}


@pytest.mark.parametrize("seen", [FAILED, DONE], ids=["failed", "done"])
def test_what_is_well_breaks_none(seen):
    assert broken(seen) == []


@pytest.mark.parametrize("rule", [rule.__name__ for rule in RULES])
def test_each_rule_is_broken_by_what_breaks_it(rule):
    seen, changes = BREAKING[rule]
    assert [line.partition(":")[0] for line in broken(dataclasses.replace(seen, **changes))] == [rule]


SAID = Result(5, "", f"asp-admin: standard output cannot be written: Broken pipe; {REVOKED}\n")


def test_what_is_said_to_be_revoked_beside_an_error_is():
    assert broken(dataclasses.replace(DONE, run=SAID)) == []
    (line,) = broken(dataclasses.replace(FAILED, run=SAID))
    assert line.startswith("what_is_reported_done_is_there: ")


def test_who_is_refused_is_not_told_what_was_made_of_her_account():
    assert broken(dataclasses.replace(FAILED, run=DONE.run, promises=False)) == []


@pytest.mark.parametrize("told", [{"told": {"alice"}}, {"call": "write(1<pipe:[1]>)"}, {"killed": True}], ids=str)
def test_what_was_told_of_before_or_could_not_be_told_is_no_false_report(told):
    assert broken(dataclasses.replace(DONE, **({"run": ERROR} | told))) == []
