"""What the tests of calls that fail share."""

import pytest


@pytest.fixture(scope="session")
def short(build):
    """The library that makes a write short."""
    return build / "tests" / "fault" / "short.so"


@pytest.fixture
def judged(record_property):
    """Tells how many points of an operation were tried (tests/run says so), and fails where a rule is broken."""

    def judge(trial):
        count, tried, wrong = trial.go()
        record_property("points", f"{trial.name}: {tried} of {count}")
        assert not wrong, f"{len(wrong)} of {tried}:\n" + "\n".join(wrong[:20])

    return judge
