"""Whether two kinds of answers can be told apart by how long they take: what a statistic finds in times of both that were taken
by turns at random.

Who takes an answer of each and says that the later one is of the first kind is right in so many of 100 tries (Mann and
Whitney): 50 where nothing can be told. It is not moved by the few that took long because the machine did something else. A
difference that is in those alone, or in the quick ones, is found by Welch's t of what is left when the slowest are cut off, at
several places, as dudect does it (Reparaz, Balasch and Verbauwhede 2017). With both, 4.5 standard errors are a difference.
"""

import itertools
import math
import statistics

ERRORS = 4.5
CUTS = (0.5, 0.75, 0.9, 0.99, 1)  # the part of all times that is left


def right_in_100(one, other):
    """How often the one that took longer is of the first."""
    times = sorted([(time, True) for time in one] + [(time, False) for time in other])
    before, right = 0, 0.0  # of the other, those that took less so far
    for _, same in itertools.groupby(times, key=lambda pair: pair[0]):
        kinds = [kind for _, kind in same]
        ours = sum(kinds)
        right += ours * (before + (len(kinds) - ours) / 2)
        before += len(kinds) - ours
    return 100 * right / (len(one) * len(other))


def chance_in_100(one, other):
    """The most that right_in_100 is by chance, or as much below 50 as this is above; less where many times are the same."""
    return 50 + 100 * ERRORS * math.sqrt((one + other + 1) / (12 * one * other))


def welch(one, other):
    """How many standard errors the means are apart."""
    apart = statistics.fmean(one) - statistics.fmean(other)
    spread = squared_error(one) + squared_error(other)
    return abs(apart) / math.sqrt(spread) if spread > 0 else math.inf if apart else 0.0


def squared_error(times):
    """Of the mean."""
    mean = statistics.fmean(times)
    return math.fsum((time - mean) ** 2 for time in times) / len(times) ** 2


def cropped(one, other):
    """The most that welch finds when the slowest are cut off."""
    times = sorted([*one, *other])
    most = [times[math.ceil(cut * len(times)) - 1] for cut in CUTS]
    return max(welch([t for t in one if t <= end], [t for t in other if t <= end]) for end in most)
