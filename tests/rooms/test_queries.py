"""What the program never does, whichever way it goes through a function: each a query of Coccinelle, a search for a shape of
code along its paths (tests/rooms/queries)."""

import re
import shutil

import pytest
from support.run import TREE, execute
from tree import FOLDERS

QUERIES = sorted((TREE / "tests" / "rooms" / "queries").glob("*.cocci"))
SAMPLES = TREE / "tests" / "rooms" / "queries" / "samples.c"

pytestmark = pytest.mark.skipif(shutil.which("spatch") is None, reason="spatch is not installed")


def found(query, *where):
    """The lines that it finds, each with its file."""
    run = execute("spatch", "--very-quiet", "--no-includes", "--sp-file", query, *where, env={"HOME": "/"}).done()
    assert re.search(r"(?i)error|exception", run.err) is None, run.err
    lines, file = [], None
    for line in run.out.splitlines():
        if line.startswith("--- "):
            file = line.split()[1]
        elif line.startswith("-"):
            lines.append((file, line[1:].strip()))
    return lines


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.stem)
def test_a_query_finds_what_it_is_for_and_the_program_has_none(query):
    marked = [line.strip() for line in SAMPLES.read_text().splitlines() if f"/* {query.stem} */" in line]
    assert marked and [line for _, line in found(query, SAMPLES)] == marked
    for folder in FOLDERS:
        assert found(query, "--dir", TREE / folder) == []
