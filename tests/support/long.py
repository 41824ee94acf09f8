"""Parameters that a plain run of tests/run leaves out, for others of the same test show what they show."""

import pytest


def repeated(*values):
    return pytest.param(*values, marks=pytest.mark.long)


def repeated_but(shown, values):
    """These values, or tuples of them; those that are not among `shown` are repeated."""
    return [value if value in shown else repeated(*value) if isinstance(value, tuple) else repeated(value) for value in values]
