"""What is so whatever call failed, was short or was the last one. A rule looks at what was seen, and gives what is wrong, or
nothing."""

import dataclasses
import re

from support.run import Result

# Seconds. No wait of the product's own is longer than 5, but for 10 in which a database lists names; one call that fails may
# have two of them waited out.
BOUND = 15
# Exit codes: of the machine are those of the store and of the configuration. Of many lines, NO says which were not done.
DONE, NO, NOT_FOUND, STORE, CONF = 0, 1, 3, 5, 6
# What cannot be told of what was begun.
UNKNOWN = re.compile("whether it was (written|done)")
# Of what was done, where standard output is what failed.
REVOKED = "what was to be revoked is revoked"


@dataclasses.dataclass
class Seen:
    """An operation in which something went wrong, and what came after it."""

    run: Result  # of the operation
    killed: bool
    seconds: float
    # What of users was to be changed; of each all entries by label and state, None: no account.
    old: dict
    new: dict
    found: dict
    # What the call was about: standard output or standard error, which cannot say it then.
    call: str
    # Whether it is done where that ended well: of who is refused it is not said what was made of her account.
    promises: bool
    # Users of whom standard output says that it is done, and passwords shown: (user, whether it opens).
    told: set
    shown: list
    # How many lines say of what failed; None: it says nothing itself.
    lines: int | None
    # An app password that was there before: what check says of it, by which it is judged.
    verdict: str
    verdict_of: dict
    # Each account that it is not about, before and after.
    others: tuple
    # The operation that comes next, and what is there after it that belongs to nobody.
    next_run: Result
    strays: list
    # For what hooks were run by then, and for what they are to be where it is done.
    hooks: tuple

    def is_new(self, user):
        return self.found[user] == self.new[user]


def is_about_output(seen):
    return re.match(r"write\(1\b", seen.call)


def is_about_errors(seen):
    return re.match(r"write\(2\b", seen.call)


def an_account_is_the_old_or_the_new_one(seen):
    for user, found in seen.found.items():
        if found not in (seen.old[user], seen.new[user]):
            yield f"{user} has {found}"


def what_is_reported_done_is_there(seen):
    is_reported = (seen.run.code == DONE and seen.promises) or REVOKED in seen.run.err
    for user in seen.new:
        if (is_reported or user in seen.told) and not seen.is_new(user):
            yield f"{user} has {seen.found[user]}"


def what_is_reported_to_have_failed_has_changed_nothing(seen):
    """But for what was told of before, what could not be told of, and what is said not to be known. A login says nothing."""
    if seen.killed or seen.lines is None or seen.run.code == DONE or is_about_output(seen):
        return
    if UNKNOWN.search(seen.run.err) or REVOKED in seen.run.err:
        return
    for user in seen.new:
        if seen.is_new(user) and seen.old[user] != seen.new[user] and user not in seen.told:
            yield f"{user} has {seen.found[user]}"


def an_error_is_the_machines(seen):
    """And never that somebody or something is not there, or that a line was wrong."""
    codes = (DONE, STORE, CONF) if seen.lines in (None, 1) else (DONE, NO, STORE, CONF)
    if not seen.killed and seen.run.code not in codes:
        yield f"exit code {seen.run.code}"


def what_failed_is_one_clear_line(seen):
    if seen.killed or seen.lines is None or is_about_errors(seen):
        return
    lines = seen.run.err.splitlines()
    if seen.run.code != DONE and not 1 <= len(lines) <= seen.lines:
        yield f"{len(lines)} lines"
    if not all(line.isprintable() and re.match("asp-admin: ..", line) for line in lines):
        yield "a line that is none"


def what_was_shown_opens_where_it_is_done_and_nowhere_else(seen):
    for user, opens in seen.shown:
        if opens != seen.is_new(user):
            yield f"that of {user} {'opens' if opens else 'does not open'}"


def what_opened_before_opens_until_it_is_revoked(seen):
    state = "new" if seen.is_new("alice") else "old"
    if seen.verdict != seen.verdict_of[state]:
        yield f"{seen.verdict} in the {state} account"


def nobody_else_lost_anything(seen):
    before, after = seen.others
    if before != after:
        yield f"{before} became {after}"


def the_next_operation_works(seen):
    if seen.next_run.code != DONE:
        yield seen.next_run


def nothing_stray_stays(seen):
    if seen.strays:
        yield seen.strays


def a_hook_is_run_for_what_is_revoked_and_for_nothing_else(seen):
    said, due = seen.hooks
    if said != (due if seen.is_new("alice") else set()):
        yield f"they were run for {said}"


def no_wait_is_longer_than_it_may_be(seen):
    if seen.seconds > BOUND:
        yield f"{seen.seconds:.1f} s"


RULES = (
    an_account_is_the_old_or_the_new_one,
    what_is_reported_done_is_there,
    what_is_reported_to_have_failed_has_changed_nothing,
    an_error_is_the_machines,
    what_failed_is_one_clear_line,
    what_was_shown_opens_where_it_is_done_and_nowhere_else,
    what_opened_before_opens_until_it_is_revoked,
    nobody_else_lost_anything,
    the_next_operation_works,
    nothing_stray_stays,
    a_hook_is_run_for_what_is_revoked_and_for_nothing_else,
    no_wait_is_longer_than_it_may_be,
)


def broken(seen):
    """The rules that are, each with what is wrong."""
    return [f"{rule.__name__}: {wrong}" for rule in RULES for wrong in rule(seen)]
