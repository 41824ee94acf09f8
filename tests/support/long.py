"""What a plain run of tests/run leaves out, for others of the same test show what they show."""

import os

import pytest

# What tests/run --all says to those that choose for themselves.
EVERYTHING = bool(os.environ.get("ASP_TEST_ALL"))
# Of what is tried one after the other, a plain run takes each of this many.
STRIDE = 3


def repeated(*values):
    return pytest.param(*values, marks=pytest.mark.long)


def repeated_but(shown, values):
    """These values, or tuples of them; those that are not among `shown` are repeated."""
    return [value if value in shown else repeated(*value) if isinstance(value, tuple) else repeated(value) for value in values]


def some_of(tried):
    """All of a list, in its order; the first, the last and each third between them in a plain run."""
    return tried if EVERYTHING else [*tried[:-1:STRIDE], *tried[-1:]]
