"""What many processes and threads do to a few accounts, while their machine and its store are in trouble, is as if one thing
had come after the other; and where a rule is broken that is found."""

import contextlib
import time

import cluster as clusters
import ground as grounds
import pytest
from race import ALL, CHANGES, HOUR, LOGINS, OWN, WITH_UNUSED, OwnWorker, Race, Worker, finish, judged
from racer import Racer
from support.long import repeated
from support.wait import comes_true

USERS = ("alice", "bob", "carol")
THREADS = 3
# Two processes of root's, one of a server that asks the broker, and one whose clock is two hours ahead.
AHEAD = 2 * HOUR
# A trouble lasts so long, and until so many operations have ended.
SHORTEST, LONGEST, ENDED = 0.1, 0.35, 8
ROUND, ROUNDS = 12, 12  # seconds; with --all


@contextlib.contextmanager
def running(ground, build, chance, users=USERS, kinds=ALL, env=None, clock=None, owners=False):
    """A race. It is over, and finished, at the end."""
    race = Race(ground, users)
    with contextlib.ExitStack() as stack:

        def racer(threads, kinds, name, ahead=0, worker=Worker, users=users, **options):
            made = Racer(ground.box, build, threads, **options)
            stack.callback(made.close)
            seeds = [f"{name}{at} {chance.randrange(10**6)}" for at in range(threads)]
            return [worker(race, lane, seed, kinds, users, ahead) for lane, seed in zip(made.lanes, seeds)]

        workers = [*racer(THREADS, kinds, "a", env=env), *racer(THREADS, kinds, "b", env=env)]
        workers += racer(THREADS - 1, LOGINS, "w", user="www-data")
        if owners:
            workers += racer(1, OWN, "o", worker=OwnWorker, users=("alice",), user="alice")
        if clock is not None:
            workers += racer(1, kinds, "s", AHEAD, env=clock(AHEAD))
        for worker in workers:
            worker.start()
        yield race
        finish(race, workers)


def last(race, chance):
    """While something is as it is."""
    ended = sum(race.told.values())
    time.sleep(chance.uniform(SHORTEST, LONGEST))
    comes_true(lambda: race.over.is_set() or sum(race.told.values()) >= ended + ENDED, seconds=10)


def trouble(race, ground, chance, seconds, but=()):
    """Each at least once but for these, and so on for so long."""

    def user():
        return chance.choice(("alice", "bob"))

    changes = {
        "limit": race.change_limit,
        "scheme": ground.change_scheme,
        "primary": lambda: race.change_primary(user(), ground.change_primary),
    }
    troubles = {**ground.troubles, "locked": lambda _: race.locked(user())}
    for name in but:
        del troubles[name]
    begun, left, came = time.monotonic(), [], 0
    while not race.over.is_set() and (came < len(changes) + len(troubles) or time.monotonic() < begun + seconds):
        if not left:
            left = [*changes, *troubles]
            chance.shuffle(left)
        name = left.pop()
        came += 1
        race.told[name] += 1
        if name in changes:
            changes[name]()
        else:
            with troubles[name](race):
                last(race, chance)
        last(race, chance)


GROUNDS = ("files", "database")


# Lesson: processes and threads at once.
@pytest.mark.parametrize("ground", GROUNDS, indirect=True)
def test_what_goes_on_in_trouble_is_as_if_one_thing_had_come_after_the_other(ground, racing, chance, clock, tell):
    with running(ground, racing, chance, clock=clock, owners=True) as race:
        trouble(race, ground, chance, 0)
    tell(judged(race))


# A disk that is full may lose last uses, and the time that one may lie unused begins anew then.
LOSING = ("disk full", "read only")


# With --all alone until the model knows by which clock the last uses of an account were begun: some orders have no place.
@pytest.mark.long
@pytest.mark.parametrize("ground", GROUNDS[:1], indirect=True)
def test_what_has_lain_unused_for_one_clock_and_not_for_another(ground, racing, chance, clock, tell):
    with running(ground, racing, chance, kinds=WITH_UNUSED, clock=clock) as race:
        trouble(race, ground, chance, 0, but=LOSING)
        comes_true(lambda: race.over.is_set() or race.told["unused"] >= ENDED)
    assert race.told["unused"] > 0
    tell(judged(race))


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("ground", [repeated(name) for name in GROUNDS], indirect=True)
def test_and_so_it_is_for_minutes(ground, racing, chance, clock, tell):
    for _ in range(ROUNDS):
        with running(ground, racing, chance, clock=clock, owners=True) as race:
            trouble(race, ground, chance, ROUND)
        tell(judged(race))


def is_found(ground, build, chance, **options):
    """Whether it is found in one of a few rounds that a rule is broken."""
    for _ in range(5):
        with running(ground, build, chance, users=("carol",), kinds=CHANGES, **options) as race:
            comes_true(lambda: race.over.is_set() or race.told["create"] >= 15)
        verdict = race.judge("carol")
        if not verdict.is_linear:
            return True
    return False


# Lesson: processes and threads at once.
def test_updates_that_take_no_lock_are_found(on_files, racing, chance, preloaded):
    assert is_found(on_files, racing, chance, env=preloaded("no_lock", "races"))


@pytest.mark.long
def test_a_database_that_writes_over_what_another_has_written_is_found(racing, layer, chance):
    if missing := grounds.missing(racing):
        pytest.skip(missing)
    rule = "o.tag IS DISTINCT FROM was AND NOT (was IS NULL AND o.removed)"
    assert clusters.SCHEMA.count(rule) == 1
    with grounds.database(layer, racing, schema=clusters.SCHEMA.replace(rule, "false")) as ground:
        assert is_found(ground, racing, chance)
