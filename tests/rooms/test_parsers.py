"""Each parser has a fuzz target, with seeds: what tests/fuzz/parsers.py says is so, and nothing is left out of it."""

import re
import sys

from support.run import TREE

sys.path.insert(0, str(TREE / "tests" / "fuzz"))
from parsers import NO_PARSERS, PARSERS, READS, split  # noqa: E402

FUZZ = TREE / "tests" / "fuzz"
ROOMS = ("asp", "pam_asp", "asp-admin", "asp-broker", "asp-web")
ROWS = {split(row)[0] for rows in PARSERS.values() for row in rows}


def readers():
    """The files that take words apart."""
    for room in ROOMS:
        for path in (TREE / room).rglob("*.c"):
            if re.search(READS, path.read_text()):
                yield str(path.relative_to(TREE))


def test_each_file_that_takes_words_apart_is_a_parser_or_says_why_not():
    assert sorted(set(readers()) - ROWS - set(NO_PARSERS)) == []


def test_what_is_said_to_be_no_parser_is_there_and_none():
    assert sorted(set(NO_PARSERS) - set(readers())) == []
    assert sorted(set(NO_PARSERS) & ROWS) == []


def test_each_target_has_a_row_and_seeds_and_is_built():
    targets = {path.stem.removeprefix("fuzz_") for path in FUZZ.glob("fuzz_*.c")}
    built = set(re.findall(r"'(\w+)'", (FUZZ / "meson.build").read_text()))
    assert sorted(targets ^ set(PARSERS)) == []
    assert sorted(targets - built) == []
    assert [target for target in sorted(targets) if not any((FUZZ / "corpus" / target).glob("*"))] == []


def test_each_row_is_a_file_and_functions_of_it():
    missing = []
    for row in sorted(row for rows in PARSERS.values() for row in rows):
        source, functions = split(row)
        text = (TREE / source).read_text()
        missing += [f"{source}: {name}" for name in functions if not re.search(rf"(?m)^[a-z].*\b{name}\(", text)]
    assert missing == []
