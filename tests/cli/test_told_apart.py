"""What tests/bench says of refusals that must not be told apart by time: its statistic finds a difference where there is one, and
none where there is none. No time is measured here."""

import random
import statistics
import sys

import pytest
from support.run import TREE

sys.path.insert(0, str(TREE / "tests" / "bench"))

from told_apart import ERRORS, chance_in_100, cropped, right_in_100, welch

COUNT = 4000


def times(seed, change=lambda time, _: time, count=COUNT):
    """As those of a login: most about the same, some far longer, whole nanoseconds; `change` has what is random of each too."""
    draw = random.Random(seed)

    def one():
        return round(change(20000 * draw.lognormvariate(0, 0.1) + (draw.random() < 0.02) * 500000, draw.random()))

    return [one() for _ in range(count)]


def finds(one, other):
    right = right_in_100(one, other)
    return max(right, 100 - right) > chance_in_100(len(one), len(other)), cropped(one, other) > ERRORS


@pytest.mark.parametrize("seed", range(5))
def test_the_same_times_are_not_told_apart(seed):
    assert finds(times(seed), times(seed + 100)) == (False, False)


@pytest.mark.parametrize(
    "change, found",
    [
        (lambda time, _: time + 400, (True, True)),
        (lambda time, _: time * 1.02, (True, True)),
        (lambda time, _: time - 1000, (True, True)),
        (lambda time, luck: time + (luck < 0.02) * 3000000, (False, True)),  # the slowest of all are slower
        (lambda time, luck: time + (2000 if luck < 0.5 else -2000), (False, True)),  # it is in how far they spread
    ],
    ids=["later", "longer", "sooner", "a-tail", "a-spread"],
)
def test_other_times_are(change, found):
    assert finds(times(1, change), times(2)) == found


def test_half_of_all_are_right_where_all_times_are_the_same():
    assert right_in_100([5] * 10, [5] * 30) == 50
    assert welch([5] * 10, [5] * 30) == 0


def test_all_are_right_where_each_is_later():
    assert right_in_100([3, 4], [1, 2]) == 100 and right_in_100([1, 2], [3, 4]) == 0
    assert right_in_100([1, 3], [2, 2]) == 50 and right_in_100([2, 3], [2, 2]) == 75


def test_chance_makes_of_it_what_is_said():
    """In far fewer than 4.5 of its errors, over many."""
    draw = random.Random(3)
    found = [right_in_100(*([draw.random() for _ in range(200)] for _ in range(2))) - 50 for _ in range(300)]
    error = (chance_in_100(200, 200) - 50) / ERRORS
    assert 0.8 * error < statistics.pstdev(found) < 1.2 * error
