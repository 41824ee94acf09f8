"""That a small fault in the decision does not go unseen: some of those that tests/unit/mutate puts in, in each plain run."""

import importlib.machinery
import importlib.util

import pytest
from support.run import TREE

# Of those in one file, spread over it; tests/run mutants tries them all, in each file that decides.
SOME = 5


@pytest.fixture(scope="module")
def mutate():
    """A program without an ending, as a module."""
    loader = importlib.machinery.SourceFileLoader("mutate", str(TREE / "tests" / "unit" / "mutate"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("mutate", loader))
    loader.exec_module(module)
    return module


# Lesson: small faults in the decision.
def test_faults_put_into_check_are_caught(mutate, build, tmp_path):
    tmp_path.chmod(0o755)  # some tests are another user there
    caught, missed = mutate.mutate(mutate.Workshop(build, tmp_path, str(tmp_path)), "asp/check.c", SOME)
    assert missed == 0
    assert caught > 0


def test_what_is_called_equivalent_is_still_a_mutant(mutate):
    for file, rows in mutate.equivalent.EQUIVALENT.items():
        source = (TREE / file).read_text()
        there = {mutant.lines(source) for mutant in mutate.mutants_of(file, source)}
        gone = [(line, became) for line, others, _ in rows for became in others if (line, became) not in there]
        assert gone == [], f"{file}: take it out of tests/unit/equivalent.py"
