"""What doc/performance.md and README.md say of costs is what was measured, and nobody has typed it."""

import json
import shutil

import pytest
from support.folders import contents
from support.run import TREE, execute

DOC = TREE / "doc"
FILE = DOC / "performance.json"
PAGES = ("doc/performance.md", "README.md")
SHORT = "<!-- measured: short -->\n"


@pytest.fixture
def made(tmp_path):
    """Makes the pages of a folder anew."""
    (tmp_path / "doc").mkdir()
    for name in PAGES:
        shutil.copy(TREE / name, tmp_path / name)

    def make(file=FILE):
        execute(TREE / "tests/bench/page", "--no-plots", file, tmp_path).done()
        return {name: (tmp_path / name).read_text() for name in PAGES}

    make.folder = tmp_path
    return make


@pytest.mark.parametrize("name", PAGES)
def test_a_page_says_what_was_measured(made, name):
    assert made()[name] == (TREE / name).read_text(), f"tests/bench/page doc/performance.json makes another {name}"


@pytest.mark.parametrize("name", PAGES)
def test_a_figure_that_somebody_has_typed_is_put_right(made, name):
    page = made.folder / name
    text = page.read_text()
    assert text.count(SHORT) == 1
    page.write_text(text.replace(SHORT, f"{SHORT}It costs nothing.\n"))
    assert made()[name] == text


def test_a_figure_over_its_bar_is_named(made):
    document = json.loads(FILE.read_text())
    one = next(one for one in document["figures"] if one["what"] == "accepted, no log line")
    one.update(figure=123.45, met=False)
    other = made.folder / "other.json"
    other.write_text(json.dumps(document))
    page = made(other)["doc/performance.md"]
    assert "- logins: accepted, no log line: 123.45 F; at most" in page
    assert "| accepted, no log line | 123.45 F | at most 0.42 F: **not met** |" in page


@pytest.mark.parametrize("broken", ["a section", "F", "a plot", "its end"])
def test_of_a_file_that_lacks_something_nothing_is_made(made, broken):
    document = json.loads(FILE.read_text())
    if broken == "a section":
        document["figures"] = [one for one in document["figures"] if one["section"] != "broker"]
    elif broken == "F":
        del document["setting"]["F"]
    elif broken == "a plot":
        del document["curves"]["users"]
    text = json.dumps(document)
    other = made.folder / "other.json"
    other.write_text(text[:-9] if broken == "its end" else text)
    before = contents(made.folder)
    answer = execute(TREE / "tests/bench/page", other, made.folder)
    assert answer.code == 1 and answer.out == ""
    assert answer.err.startswith(f"tests/bench/page: {other}: ") and answer.err.count("\n") == 1
    assert contents(made.folder) == before


def test_a_section_that_there_is_none_of_is_refused_before_anything_is_built():
    answer = execute(TREE / "tests/bench/run", "nosuch", env={"PATH": "/usr/bin:/bin", "TMPDIR": "/nowhere"})
    assert answer.code == 2
    assert answer.err.startswith("tests/bench/run: nosuch is none of the sections: logins peers ")


@pytest.mark.parametrize("plot", ["entries", "users"])
def test_a_plot_has_each_line_that_was_measured(plot):
    lines = json.loads(FILE.read_text())["curves"][plot]
    assert "pam_asp" in lines and len(lines) > 2
    drawn = (DOC / f"performance-{plot}.svg").read_text()
    assert [line for line in lines if f"<text>{line}</text>" not in drawn] == []
