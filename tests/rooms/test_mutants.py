"""That a small fault in the decision does not go unseen: some of those that tests/unit/mutate puts in, in each plain run;
and of which files it chooses some by the commit."""

import collections
import importlib.machinery
import importlib.util

import pytest
from support.run import TREE, execute

# Of those in one file, spread over it; tests/run --all tries them all, in each file that decides.
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
    workshop = mutate.Workshop(build, tmp_path, str(tmp_path))
    counts = mutate.mutate(workshop, "asp/check.c", lambda mutants: mutate.spread(mutants, SOME))
    assert counts["missed"] == 0
    assert counts["caught"] > 0


def test_what_is_called_equivalent_is_still_a_mutant(mutate):
    for file, rows in mutate.equivalent.EQUIVALENT.items():
        source = (TREE / file).read_text()
        there = {mutant.lines(source) for mutant in mutate.mutants_of(file, source)}
        gone = [(line, became) for line, others, _ in rows for became in others if (line, became) not in there]
        assert gone == [], f"{file}: take it out of tests/unit/equivalent.py"


def test_what_is_to_catch_them_where_a_database_is_asked_is_there(mutate):
    words = {word for names in mutate.TESTS.values() for name in names if mutate.asks(name) for word in name.split()}
    for word in (word for word in words if word.startswith("fleet/")):
        file, _, test = word.partition("::")
        text = (TREE / "tests" / file).read_text()
        assert f"def {test.partition('[')[0]}(" in text if test else text, word


def test_a_build_with_a_mutant_is_another_in_what_has_it_alone(mutate, tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    for name in ("tool/tool", "tool/other", "tests/fleet/driver", "tests/fleet/other", "tests/unit/test", "conf/page"):
        (one / name).parent.mkdir(parents=True, exist_ok=True)
        (one / name).write_text(name)
    mutate.point_to(one, other, [one / "tool/tool", one / "tests/fleet/driver"])
    assert not (other / "tool/tool").exists() and not (other / "tests/fleet/driver").exists()
    for name in ("tool/other", "tests/fleet/other", "tests/unit/test", "conf/page"):
        assert (other / name).read_text() == name
    (other / "tool/tool").write_text("with a mutant")
    assert (one / "tool/tool").read_text() == "tool/tool"


def git(tree, *words):
    who = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.org", "-c", "commit.gpgsign=false")
    return execute("git", "-C", tree, *who, *words).done()


def commit(tree, subject, **files):
    for name, text in files.items():
        (tree / f"{name}.c").write_text(text)
    git(tree, "add", ".")
    git(tree, "commit", "-q", "-m", subject)


def test_what_the_newest_commit_touches_is_found(mutate, tmp_path):
    assert mutate.touched(tmp_path) == [], "no repository"
    git(tmp_path, "init", "-q", "-b", "main")
    commit(tmp_path, "the first, which has none before it", one="1", two="2", three="3")
    assert mutate.touched(tmp_path) == []
    commit(tmp_path, "two files", one="11", two="22")
    assert mutate.touched(tmp_path) == ["one.c", "two.c"]
    (tmp_path / "three.c").write_text("changed since")
    assert mutate.touched(tmp_path) == ["one.c", "three.c", "two.c"]
    git(tmp_path, "checkout", "-q", "three.c")
    git(tmp_path, "rm", "-q", "one.c")
    commit(tmp_path, "one is gone", two="222")
    assert mutate.touched(tmp_path) == ["two.c"]


def test_a_merge_touches_what_it_brings(mutate, tmp_path):
    git(tmp_path, "init", "-q", "-b", "main")
    commit(tmp_path, "the first", one="1", two="2")
    git(tmp_path, "checkout", "-q", "-b", "other")
    commit(tmp_path, "of the other branch", two="22")
    git(tmp_path, "checkout", "-q", "main")
    commit(tmp_path, "of this one", one="11")
    git(tmp_path, "merge", "-q", "--no-ff", "-m", "both", "other")
    assert mutate.touched(tmp_path) == ["two.c"]


def test_the_commit_chooses_some_mutants_of_each_file(mutate, monkeypatch):
    files = [f"asp/{number}.c" for number in range(40)]
    assert mutate.shares(files[:1]) == {files[0]: mutate.TOUCHED_MUTANTS}
    taken = set()
    for name in (b"one", b"two", b"three"):
        monkeypatch.setattr(mutate, "commit", lambda name=name: name)
        shares = mutate.shares([*files, *mutate.HELD])
        assert len(shares) == mutate.TOUCHED_FILES
        assert len(set(shares) & set(mutate.HELD)) == min(len(mutate.HELD), mutate.TOUCHED_FILES)
        assert min(shares.values()) > 0
        assert sum(shares.values()) <= mutate.TOUCHED_MUTANTS
        file = "asp/check.c"
        mutants = list(mutate.mutants_of(file, (TREE / file).read_text()))
        some = mutate.by_commit(mutants, 5)
        assert some == mutate.by_commit(mutants, 5)
        assert len(set(some)) == 5
        taken.add(tuple(some))
    assert len(taken) == 3


@pytest.mark.parametrize(
    ("file", "counts", "good"),
    [
        ("asp/check.c", {"caught": 5}, True),
        ("asp/check.c", {"caught": 4, "equivalent": 1}, True),
        ("asp/check.c", {"caught": 4, "missed": 1}, False),
        ("asp/conf.c", {"caught": 4, "missed": 1}, True),
        ("asp/conf.c", None, False),
    ],
)
def test_what_is_missed_fails_in_a_file_that_decides(mutate, monkeypatch, file, counts, good):
    monkeypatch.setattr(mutate, "mutate", lambda *_: counts and collections.Counter(counts))
    assert mutate.try_touched(None, [file])[0] == good
