"""Every lesson of tests/README.md has tests that show it, each of which is there, is run and is named after it; and what
is said of a tree in which that is not so."""

import textwrap

import pytest
from lessons import WrittenTests, built_sources, faults, rows
from support.run import TREE

FOLDER = TREE / "tests"


def test_every_lesson_has_tests_that_name_it(build):
    sources = built_sources(build)
    if not sources:
        pytest.skip("built without the tests: -Dtests=true")
    page = (FOLDER / "README.md").read_text()
    found = faults(page, WrittenTests(FOLDER, sources))
    assert not found, "\n".join(found)
    # Who reads nothing finds no fault.
    assert len(rows(page)) > 50


# A tree of two rows; its texts are indented, for their lessons are none of this file

PAGE = """
**one CVE-1**: no link is followed.

- `pam/test_link.c::no_link_is_followed`
- `cli/test_link.py::test_no_link_is_followed`

**another**: it is refused at once.

- `cli/test_link.py::test_it_is_refused`
"""
IN_C = textwrap.dedent("""
    /* Whoever made it. */
    /* Lesson: one CVE-1. */
    START_TEST(no_link_is_followed)
    {
        if (geteuid() != 0) {
            harness_skip("a link", "it is root's");
            return;
        }
        ck_assert(true);
    }
    END_TEST

    int main(void)
    {
        tcase_add_test(tests,
                       no_link_is_followed);
    }
""")
IN_PYTHON = textwrap.dedent("""
    import pytest


    # Lesson: one CVE-1.
    @pytest.mark.parametrize("kind", ["a",
                                      "b"])
    def test_no_link_is_followed(kind):
        pass


    # Lesson: another.
    def test_it_is_refused():
        if not pytest:
            pytest.skip("there is none")
""")


def said(folder, old="", new="", built=True):
    """The faults of that tree with the first text, wherever it is in it, become the second."""
    texts = (PAGE, "pam/test_link.c", IN_C, "cli/test_link.py", IN_PYTHON)
    page, *rest = (text.replace(old, new) if old else text for text in texts)
    sources = set()
    for name, text in zip(rest[::2], rest[1::2]):
        (folder / name).parent.mkdir()
        (folder / name).write_text(text)
        sources.add(folder / name)
    return faults(page, WrittenTests(folder, sources if built else set()))


def test_a_tree_in_which_all_is_there_is_well(tmp_path):
    assert said(tmp_path) == []


IN_C_ROW = "one CVE-1: pam/test_link.c::no_link_is_followed: "
IN_PYTHON_ROW = "one CVE-1: cli/test_link.py::test_no_link_is_followed: "
OTHER = "cli/test_link.py::test_it_is_refused: "
NOT_SHOWN = "another: no test of a plain run shows it"
LOOSE = "cli/test_link.py: a lesson is named above what is no test"
GONE, NO_NAME = "there is no such test", "the lesson is not named above it"
NO_CASE, SKIPPED = "it is added to no case", "it skips itself whatever is so"

CHANGES = {
    "a test of C that is gone": (
        "(no_link_is_followed)",
        "(no_link_is_taken)",
        [IN_C_ROW + GONE, "pam/test_link.c::no_link_is_taken: the row of one CVE-1 does not name it"],
    ),
    "one of Python that is gone": (
        "def test_it_is_refused",
        "def test_it_was_refused",
        [NOT_SHOWN, f"another: {OTHER}{GONE}", "cli/test_link.py::test_it_was_refused: the row of another does not name it"],
    ),
    "a function that is none any more": (
        "def test_it_is_refused",
        "def it_is_refused",
        [NOT_SHOWN, f"another: {OTHER}{GONE}", LOOSE],
    ),
    "a file that is gone": (
        "- `pam/test_link.c",
        "- `pam/test_links.c",
        [
            "one CVE-1: pam/test_links.c::no_link_is_followed: there is no such file",
            "pam/test_link.c::no_link_is_followed: the row of one CVE-1 does not name it",
        ],
    ),
    "added to no case": ("tcase_add_test(tests,", "(void)(tests,", [IN_C_ROW + NO_CASE]),
    "added in a comment": (
        "tests,\n                   no_link_is_followed",
        "/* tests, no_link_is_followed */",
        [IN_C_ROW + NO_CASE],
    ),
    "skipped in C": ("    if (geteuid() != 0) {\n        harness_skip", "    harness_skip", [IN_C_ROW + SKIPPED]),
    "skipped by a mark": ("@pytest.mark.par", "@pytest.mark.skip\n@pytest.mark.par", [IN_PYTHON_ROW + SKIPPED]),
    "skipped in Python": ("    if not pytest:\n        pytest", "    pytest", [NOT_SHOWN, f"another: {OTHER}{SKIPPED}"]),
    "long": ("def test_it_is", "@pytest.mark.long\ndef test_it_is", [NOT_SHOWN]),
    "long, as all of its file": (
        "\nimport pytest\n",
        "\nimport pytest\n\npytestmark = [pytest.mark.of_files('x'), pytest.mark.long]\n",
        [NOT_SHOWN],
    ),
    "of a suite that takes long": ("cli/", "booted/", [NOT_SHOWN]),
    "of no suite": (
        "cli/",
        "nowhere/",
        [
            "one CVE-1: nowhere/test_link.py::test_no_link_is_followed: its folder is no suite",
            NOT_SHOWN,
            "another: nowhere/test_link.py::test_it_is_refused: its folder is no suite",
        ],
    ),
    "a name that is not there": ("# Lesson: another.\n", "", [f"another: {OTHER}{NO_NAME}"]),
    "a name that stands apart": ("# Lesson: another.\n", "# Lesson: another.\n\n\n", [f"another: {OTHER}{NO_NAME}", LOOSE]),
    "a name of no row": (
        "Lesson: one CVE-1. */",
        "Lesson: one CVE-2. */",
        [IN_C_ROW + NO_NAME, "pam/test_link.c::no_link_is_followed: one CVE-2 is no row of the page"],
    ),
    "a row without a test": (
        "- `cli/test_link.py::test_it_is_refused`\n",
        "",
        [NOT_SHOWN, f"{OTHER}the row of another does not name it"],
    ),
    "a row that is there twice": (
        "**another**",
        "**one CVE-1**",
        ["one CVE-1: the row is there twice", f"one CVE-1: {OTHER}{NO_NAME}", f"{OTHER}another is no row of the page"],
    ),
}


@pytest.mark.parametrize("old, new, lines", CHANGES.values(), ids=CHANGES)
def test_what_is_not_so_is_told(tmp_path, old, new, lines):
    assert said(tmp_path, old, new) == lines


def test_what_meson_makes_no_test_of_is_told(tmp_path):
    assert said(tmp_path, built=False) == [IN_C_ROW + "meson makes no test of its file"]
