"""What a pass of watch asks the name service, and what it makes of the answers: of users who have no line in /etc/shadow,
and of an account that an older version has made of another spelling of root, who has one."""

import contextlib
import fcntl
import json
import re
import subprocess

import pytest
from support.account_text import lines_of_text, sealed
from support.processes import has_open
from support.run import ended
from support.wait import LONG, wait_until
from support.watch import Manager, counts

SPELLING = "ROOT-of-old"


@pytest.fixture(autouse=True)
def needs_root(root):
    """/etc/shadow is read."""


@pytest.fixture
def passes(site, directory):
    """Makes a pass. Nobody but root has a line of shadow here, and the directory knows nobody yet."""
    site.configure("virtual_users = true;", "primary: { interval = 10; };")

    def make(silent=False):
        """Where the directory fails for somebody, that is said."""
        directory.asked()
        run = site.run("--json", "watch", "--once", env=directory.environment).done()
        assert ("the name service does not say who" in run.err) if silent else run.err == "", run
        return json.loads(run.out)

    return make


def follows(site, user=SPELLING):
    return [line for line in lines_of_text(site.text(user)) if line.startswith("follows=")]


@contextlib.contextmanager
def held(site, *users):
    """Whoever would change one of their accounts waits for it."""
    with contextlib.ExitStack() as stack:
        for user in users:
            lock = stack.enter_context(open(site.store / "locks" / user, "a", encoding="ascii"))
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def test_a_question_that_fails_lets_go_of_nobody_and_revokes_nothing(site, directory, passes):
    site.create(SPELLING)
    site.create("vera")
    directory.knows(SPELLING, "root")
    assert passes() == counts(accounts=2)
    assert follows(site) == ['follows="root"']
    before = {user: site.texts()[user] for user in (SPELLING, "vera")}
    directory.fails_for(SPELLING, "vera")
    for _ in range(3):
        assert passes(silent=True) == counts(accounts=2)
        assert {user: site.texts()[user] for user in before} == before
    # What it says then is believed.
    directory.knows(SPELLING)
    directory.forgets("vera")
    assert passes() == counts(accounts=2, revoked=1)
    assert follows(site) == []
    assert site.states(SPELLING) == [("Phone", "revoked")]
    assert site.states("vera") == [("Phone", "active")]


def test_what_is_made_for_a_user_who_is_known_by_that_name_by_now_stays(site, directory, passes):
    site.create(SPELLING)
    directory.knows(SPELLING, "root")
    passes()
    assert follows(site) == ['follows="root"']
    directory.knows(SPELLING)
    site.create(SPELLING, "New", env=directory.environment)
    assert follows(site) == []
    assert site.states(SPELLING) == [("New", "active"), ("Phone", "revoked")]
    assert passes() == counts(accounts=1)
    assert site.states(SPELLING) == [("New", "active"), ("Phone", "revoked")]


@pytest.mark.parametrize(("missed", "failing"), [("dora", "erna"), ("erna", "dora")])
def test_where_a_question_fails_nobody_is_missed_by_the_answers_to_others(site, directory, passes, missed, failing):
    """Whichever of the two it is asked first."""
    site.configure("primary: { interval = 10; };")
    for user in (missed, failing):
        directory.knows(user)
        site.create(user, env=directory.environment)
    passes()
    before = site.texts()[missed]
    directory.forgets(missed)
    directory.fails_for(failing)
    for _ in range(3):
        assert passes(silent=True) == counts(accounts=2)
        assert site.texts()[missed] == before
    directory.knows(failing)
    for _ in range(2):
        site.run("watch", "--once", env=directory.environment).done()
    assert re.search("(?m)^primary=shadow[^,]*,absent", site.text(missed))


def test_with_virtual_users_a_name_service_that_failed_is_asked_again_at_the_next_interval(site, directory, passes, log):
    """And not after the day that it is left alone else."""
    site.create(SPELLING)
    directory.fails_for(SPELLING)
    with Manager(log.folder) as manager:
        prefix = [*log.prefix, *directory.prefix, *manager.prefix]
        with ended(site.start("watch", prefix=prefix)):
            manager.wait_ready()
            wait_until(lambda: directory.asked() == [SPELLING], "it is not asked")
            directory.knows(SPELLING, "root")
            wait_until(lambda: follows(site) == ['follows="root"'], "it is not asked again", 2 * LONG)
            assert directory.asked() == [SPELLING]


def test_nobody_is_asked_for_twice_in_a_pass(site, directory, passes):
    """Nor is who follows a user without a line, and so is on two lists."""
    for user in ("vera", SPELLING):
        site.create(user)
    directory.knows("vera")
    lines = [line for line in lines_of_text(site.text(SPELLING)) if not line.startswith("follows=")]
    assert re.fullmatch("primary=shadow[^,]*,no-line", lines[1]), lines
    site.put(SPELLING, sealed([*lines[:2], 'follows="ghost"', *lines[2:]]))
    passes()
    assert sorted(directory.asked()) == [SPELLING, "vera"]


def test_whom_it_followed_is_gone_before_it_is_a_users_own_and_it_is_gone_with_her_until_it_is_removed(
    site, directory, passes
):
    """Whose of the two it is cannot be told: the manual says so."""
    made = site.create(SPELLING)
    head, primary, *entries = lines_of_text(site.text(SPELLING))
    of_hers = f"{primary.partition(',')[0]},{'01' * 32},{'02' * 32}"
    site.put(SPELLING, sealed([head, of_hers, 'follows="ghost"', *entries]))
    directory.knows(SPELLING)
    for _ in range(2):
        site.run("watch", "--once", env=directory.environment).done()
        assert site.check(made["password"], SPELLING, env=directory.environment) == "primary-locked"
    refused = site.run("create", SPELLING, "--label", "New", env=directory.environment).refused(3)
    assert "asp-admin remove" in refused.err
    assert site.states(SPELLING) == [("Phone", "active")]
    site.run("remove", SPELLING).done()
    new = site.create(SPELLING, env=directory.environment)
    passes()
    assert site.check(new["password"], SPELLING) == "accepted"


def test_an_account_in_which_nothing_is_to_change_is_not_held(site, directory, passes):
    for user in ("vera", "dora", "nora", SPELLING):
        site.create(user)
    directory.knows("vera")
    directory.knows("dora", "doris")
    directory.knows(SPELLING, "root")
    for more in ((), ("virtual_users = true;",)):
        site.configure("primary: { interval = 10; };", *more)
        passes()
        with held(site, "vera", "dora", "nora", SPELLING):
            assert passes() == counts(accounts=4)
        assert len(directory.asked()) == 4


# What was looked up before the lock


@pytest.fixture
def follower(site, directory, passes):
    """The account as it is before a pass finds whose spelling it is, and after."""
    site.create(SPELLING)
    head, _, *entries = lines_of_text(site.text(SPELLING))
    before = sealed([head, "primary=-", *entries])
    directory.knows(SPELLING, "root")
    passes()
    after = site.texts()[SPELLING]
    assert follows(site) == ['follows="root"']
    site.put(SPELLING, before)
    return after


def overtaken(site, directory, after, *words):
    """Ends a command that waits for the account, which is another meanwhile."""
    with held(site, SPELLING):
        process = site.start(*words, prefix=directory.prefix)
        lock = site.store / "locks" / SPELLING
        wait_until(lambda: has_open(process.pid, lock), "it does not come to the lock")
        site.put(SPELLING, after)
    with ended(process):
        out, err = process.communicate(timeout=LONG)
    return process.returncode, out.decode(), err.decode()


def test_a_pass_looks_again_whom_the_account_follows(site, directory, passes):
    """It is settled by the line of the other one then, and is not given up."""
    with open("/etc/shadow", encoding="utf-8") as shadow:
        other = next(name for name in (line.split(":")[0] for line in shadow) if name != "root")
    site.create(SPELLING)
    head, _, *entries = lines_of_text(site.text(SPELLING))
    changed = f"primary=shadow,{'01' * 32},{'02' * 32}"
    site.put(SPELLING, sealed([head, changed, 'follows="root"', *entries]))
    after = sealed([head, changed, f'follows="{other}"', *entries])
    code, out, err = overtaken(site, directory, after, "--json", "watch", "--once")
    assert (code, json.loads(out), err) == (0, counts(accounts=1, changed=1, revoked=1), "")
    assert follows(site) == [f'follows="{other}"']


def test_create_looks_again_whom_the_account_follows(site, directory, follower):
    """By what it had looked up before, the user would be gone."""
    code, _, err = overtaken(site, directory, follower, "create", SPELLING, "--label", "New", "--quiet")
    assert code == 0, err
    assert follows(site) == ['follows="root"']
    assert site.states(SPELLING) == [("New", "active"), ("Phone", "active")]


def test_the_command_that_is_printed_for_whom_nothing_is_told_of_runs_nothing_of_the_name(site, directory, passes):
    name = "$(touch pwned)'"
    site.create(name)
    directory.fails_for(name)
    run = site.run("watch", "--once", env=directory.environment).done()
    (command,) = re.findall(r"see (getent passwd .*), and passwd in", run.err)
    shell = ["sh", "-c", f'getent() {{ printf %s "$2"; }}; {command}']
    assert subprocess.run(shell, cwd=site.folder, stdout=subprocess.PIPE, text=True, check=True).stdout == name
    assert not (site.folder / "pwned").exists()


def test_no_command_is_printed_for_a_name_that_may_be_an_app_password(site, directory, passes):
    name = "7km4q-x8w2r-tz5np-v6hdj-3csyb"
    site.create(name)
    directory.fails_for(name)
    run = site.run("watch", "--once", env=directory.environment).done()
    assert "does not say who - is: " in run.err and "see passwd in /etc/nsswitch.conf" in run.err and name not in run.err
