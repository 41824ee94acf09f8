"""That a small fault in the decision does not go unseen: some of those that tests/unit/mutate puts in, in each plain run."""

import importlib.machinery
import importlib.util

from support.run import TREE

# Of those in one file, spread over it; tests/run mutants tries them all, in each file that decides.
SOME = 5


def load(path):
    """A program without an ending, as a module."""
    loader = importlib.machinery.SourceFileLoader("mutate", str(path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("mutate", loader))
    loader.exec_module(module)
    return module


# Lesson: small faults in the decision.
def test_faults_put_into_check_are_caught(build, tmp_path):
    mutate = load(TREE / "tests" / "unit" / "mutate")
    tmp_path.chmod(0o755)  # some tests are another user there
    caught, missed = mutate.mutate(mutate.Workshop(build, tmp_path, str(tmp_path)), "asp/check.c", SOME)
    assert missed == 0
    assert caught > 0
