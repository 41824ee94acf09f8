"""Every promise of SECURITY.md has tests that show it, each there and run; and what is said of a page in which one has none.

A promise is a word in brackets in the text; tests/promises.md has a row for each, in the form of tests/README.md. Below
"What shows it" the page names the main file of each: behind a form in backticks, in which X stands for the name, that of
the promises in brackets before it.
"""

import re

import pytest
from lessons import WrittenTests, built_sources, rows
from support.run import TREE

LIST = "\n## What shows it\n"
# No link.
PROMISE = re.compile(r"\[([a-z-]+)\](?!\()")
FORM = re.compile(r"`([a-z]+/test_)X(\.[a-z]+)`:([^`]*)")
MAIN = re.compile(r"((?:\[[a-z-]+\]\s+)+)(\w+)")


def main_files(below):
    """(promise, file) of each that the page names."""
    named = []
    for before, after, those in FORM.findall(below):
        for words, name in MAIN.findall(those):
            named += [(word, before + name + after) for word in PROMISE.findall(words)]
    return named


def faults(page, promises, tests):
    """A line on each thing that is not as it should be in the page, and in the rows of `promises`."""
    text, _, below = page.partition(LIST)
    promised, main, shown = dict.fromkeys(PROMISE.findall(text)), main_files(below), rows(promises)
    found = [f"{word}: it is promised, and nothing shows it" for word in promised if word not in dict(shown)]
    found += [f"{word}: it is promised, and the page names no test" for word in promised if word not in dict(main)]
    found += [f"{word}: it is shown, and not promised" for word, _ in (*shown, *main) if word not in promised]
    for word, named in shown:
        run = [one for one in named if tests.is_in_a_plain_run(one)]
        if not run:
            found.append(f"{word}: no test of a plain run shows it")
        others = sorted({file for other, file in main if other == word} - {one.partition("::")[0] for one in run})
        found += [f"{word}: {file}: no test in there shows it" for file in others]
        found += [f"{word}: {one}: {wrong}" for one, (_, wrong) in ((one, tests.find(one)) for one in named) if wrong]
    return found


def test_every_promise_has_tests_that_show_it(build):
    sources = built_sources(build)
    if not sources:
        pytest.skip("built without the tests: -Dtests=true")
    page, promises = ((TREE / name).read_text() for name in ("SECURITY.md", "tests/promises.md"))
    assert faults(page, promises, WrittenTests(TREE / "tests", sources)) == []
    # Who reads nothing finds no fault.
    text, _, below = page.partition(LIST)
    assert len(set(PROMISE.findall(text))) == len(main_files(below)) == len(rows(promises)) > 25


# What is said, of a page with three promises

PAGE = f"""
Nobody guesses one [guess], or two [two], see [the manual](manual.md). A link is refused [paths].
{LIST}
The main tests. `cli/test_X.py`: [guess]
[two] one. `unit/test_X.c`: none. `cli/test_X.py`: [paths] one.
"""
PROMISES = """
**guess**: it is too long.

- `cli/test_one.py::test_a_guess`

**two**: so are they.

- `cli/test_one.py::test_a_guess`

**paths**: each component.

- `cli/test_one.py::test_a_link`
"""
ONE = """
import pytest


def test_a_guess():
    pass


@pytest.mark.long
def test_all_guesses():
    pass


def test_a_link():
    pass
"""


def said(folder, old="", new=""):
    """The faults of that page and its rows, in which the first text is the second."""
    (folder / "cli").mkdir()
    (folder / "cli" / "test_one.py").write_text(ONE)
    (folder / "cli" / "test_two.py").write_text("def test_other():\n    pass\n")
    assert old in PAGE + PROMISES
    page, promises = (text.replace(old, new, 1) if old else text for text in (PAGE, PROMISES))
    return faults(page, promises, WrittenTests(folder, set()))


def test_a_page_in_which_all_is_shown_is_well(tmp_path):
    assert said(tmp_path) == []


WRONG = {
    "a promise without a row": ("[guess],", "[guess] [other],", "other: it is promised, and nothing shows it"),
    "a promise of which the page names no test": ("[paths] one", "", "paths: it is promised, and the page names no test"),
    "one of two in a group": ("\n[two] one", " one", "two: it is promised, and the page names no test"),
    "a row without a promise": (" [paths].", ".", "paths: it is shown, and not promised"),
    "a name without a promise": ("none", "[none] none", "none: it is shown, and not promised"),
    "a file that is not of the row": ("[paths] one", "[paths] two", "paths: cli/test_two.py: no test in there shows it"),
    "another suite's file": ("cli/test_X.py`: [paths]", "pam/test_X.c`: [paths]", "paths: pam/test_one.c: no test in there"),
    "a row without a test": ("- `cli/test_one.py::test_a_link`\n", "", "paths: no test of a plain run shows it"),
    "a test that is run with --all alone": ("test_a_guess", "test_all_guesses", "guess: no test of a plain run shows it"),
    "a test that is gone": ("test_a_link", "test_links", "paths: cli/test_one.py::test_links: there is no such test"),
    "a file that is gone": ("one.py::test_a_l", "no.py::test_a_l", "cli/test_no.py::test_a_link: there is no such file"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_not_shown_is_a_fault(tmp_path, what):
    old, new, expected = WRONG[what]
    assert any(expected in line for line in said(tmp_path, old, new))
