"""Every promise of SECURITY.md has tests that show it, each there and run; and what is said of a page in which one has none.

A promise is a word in brackets in the text; below "What shows it" is a row for each, in the form of tests/README.md.
"""

import re

import pytest
from lessons import WrittenTests, built_sources, rows
from support.run import TREE

LIST = "\n## What shows it\n"
# No link.
PROMISE = re.compile(r"\[([a-z-]+)\](?!\()")


def faults(page, tests):
    """A line on each thing that is not as it should be."""
    text, _, below = page.partition(LIST)
    promised = PROMISE.findall(text)
    shown = rows(below)
    found = [f"{word}: it is promised, and nothing shows it" for word in dict.fromkeys(promised) if word not in dict(shown)]
    for word, named in shown:
        if word not in promised:
            found.append(f"{word}: it is shown, and not promised")
        if not any(tests.is_in_a_plain_run(one) for one in named):
            found.append(f"{word}: no test of a plain run shows it")
        for one in named:
            _, wrong = tests.find(one)
            if wrong:
                found.append(f"{word}: {one}: {wrong}")
    return found


def test_every_promise_has_tests_that_show_it(build):
    sources = built_sources(build)
    if not sources:
        pytest.skip("built without the tests: -Dtests=true")
    page = (TREE / "SECURITY.md").read_text()
    assert faults(page, WrittenTests(TREE / "tests", sources)) == []
    # Who reads nothing finds no fault.
    text, _, below = page.partition(LIST)
    assert len(set(PROMISE.findall(text))) == len(rows(below)) > 25


# What is said, of a page with two promises

PAGE = f"""
Nobody guesses one [guess], see [the manual](manual.md). A link is refused [paths].
{LIST}
**guess**: it is too long.

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


def said(folder, *change):
    """The faults of that page, in which the first text is the second."""
    (folder / "cli").mkdir()
    (folder / "cli" / "test_one.py").write_text(ONE)
    old, new = change or ("", "")
    assert old in PAGE
    return faults(PAGE.replace(old, new, 1) if old else PAGE, WrittenTests(folder, set()))


def test_a_page_in_which_all_is_shown_is_well(tmp_path):
    assert said(tmp_path) == []


WRONG = {
    "a promise without a row": ("[guess]", "[guess] [other]", "other: it is promised, and nothing shows it"),
    "a row without a promise": (" [paths]", "", "paths: it is shown, and not promised"),
    "a row without a test": ("- `cli/test_one.py::test_a_link`\n", "", "paths: no test of a plain run shows it"),
    "a test that is run with --all alone": ("test_a_guess", "test_all_guesses", "guess: no test of a plain run shows it"),
    "a test that is gone": ("test_a_link", "test_links", "paths: cli/test_one.py::test_links: there is no such test"),
    "a file that is gone": ("test_one.py::test_a_l", "test_two.py::test_a_l", "cli/test_two.py::test_a_link: there is no such file"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_not_shown_is_a_fault(tmp_path, what):
    old, new, expected = WRONG[what]
    assert any(expected in line for line in said(tmp_path, old, new))
