#!/usr/bin/python3 -B
"""How many of the lines of each parser its seeds reach: tests/fuzz/run --coverage, which has built the targets.

    tests/fuzz/coverage.py FOLDER TARGET...

FOLDER has what gcc has made: objects/SOURCE.o and, for each target, TARGET/TARGET and TARGET/fuzz_TARGET.o. Each target is
judged by what its own seeds have run of its row in parsers.py, and by nothing else.
"""

import json
import os
import pathlib
import re
import subprocess
import sys

from parsers import PARSERS, split

TREE = pathlib.Path(__file__).resolve().parent.parent.parent
CORPUS = TREE / "tests" / "fuzz" / "corpus"
# Per cent of the lines of each parser.
WANTED = 95

# What no words bring about is not counted: a line that tells of no memory or of a call of the system's that failed, and
# what is done in one statement where that was asked for: by an `if` of one line, of one of these alone.
TELLS_FAILURE = re.compile(r"ASP_NO_MEMORY|out of memory|no_memory\(|asp_fail_errno|\babort\(\)")
ASKS = (
    r"fd < 0",
    r"got < 0",
    r"errno == \w+",
    r"[\w>.-]*failed",
    r"setjmp\(\w+\) != 0",
    r".*!(?:services_note|waiting_add)\(.*",  # which fail for no other reason
    r"(?P<name>[\w>.\[\]-]+) == NULL",  # of what was allocated above
)
ASKS_FAILURE = re.compile(rf"^\s*(?:\}} else )?if \((?:{'|'.join(ASKS)})\)( \{{)?$")
ALLOCATES = r"\b{} = .*\b(?:malloc|calloc|reallocarray|strdup|strndup|asp_conf_own)\("


def spared(source):
    """The numbers of such lines."""
    lines = source.read_text().splitlines()
    numbers = set()
    for i, line in enumerate(lines):
        if TELLS_FAILURE.search(line):
            numbers.add(i + 1)
        asks = ASKS_FAILURE.match(line)
        if asks is None:
            continue
        name = asks["name"]
        if name is not None and not re.search(ALLOCATES.format(re.escape(name)), "\n".join(lines[max(0, i - 8) : i])):
            continue
        numbers.update(range(i + 2, end_of_statement(lines, i) + 2))
    return numbers


def end_of_statement(lines, i):
    """Where what stands below the `if` of line i ends: with its semicolon, or its bracket."""
    if lines[i].endswith("{"):
        indent = re.match(r"\s*", lines[i]).group()
        return next(k for k in range(i + 1, len(lines)) if lines[k].startswith(f"{indent}}}")) - 1
    return next(k for k in range(i + 1, len(lines)) if lines[k].endswith(";"))


def count_lines(notes):
    """For each file and number: the function, and whether it was run."""
    run = subprocess.run(["gcov", "--json-format", "--stdout", *notes], capture_output=True, text=True, check=False)
    lines = {}
    for document in re.findall(r"(?m)^\{.*\}$", run.stdout):
        for file in json.loads(document)["files"]:
            name = os.path.relpath(file["file"], TREE)
            for line in file["lines"]:
                place = (name, line["line_number"])
                function, ran = lines.get(place, (None, False))
                lines[place] = (function or line.get("function_name"), ran or line["count"] > 0)
    return lines


def run_target(folder, target):
    for counts in folder.rglob("*.gcda"):
        counts.unlink()
    run = subprocess.run(
        [folder / target / target, CORPUS / target, "seeds"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False,
    )
    if run.returncode != 0:
        print(f"{target}: its seeds end it with {run.returncode}\n{run.stdout}")
    return run.returncode == 0


def judge(folder, target):
    """False: its seeds break it, or reach too few lines of some parser."""
    good = run_target(folder, target)
    rows = [(row, *split(row)) for row in PARSERS[target]]
    # A target may have a file in it, for what no other is given.
    notes = [folder / "objects" / f"{source}.gcno" for _, source, _ in rows]
    lines = count_lines([folder / target / f"fuzz_{target}.gcno", *notes])
    for row, source, functions in rows:
        passed_over = spared(TREE / source)
        counted = {
            number: ran
            for (name, number), (function, ran) in lines.items()
            if name == source and number not in passed_over and (not functions or function in functions)
        }
        unknown = set(functions) - {function for (name, _), (function, _) in lines.items() if name == source}
        ran = sum(counted.values())
        percent = 100 * ran / len(counted) if counted else 0
        missed = " ".join(str(number) for number in sorted(counted) if not counted[number])
        print(
            f"{target:18} {source:42} {ran:4} of {len(counted):4} lines {percent:5.1f} %"
            + (f"  not: {missed}" if missed else ""),
            flush=True,
        )
        for name in sorted(unknown):
            print(f"{target}: {source} has no function {name}")
        if percent < WANTED:
            print(f"{target}: its seeds reach less than {WANTED} % of {row}")
        good = good and percent >= WANTED and not unknown
    return good


def main():
    folder = pathlib.Path(sys.argv[1])
    good = [judge(folder, target) for target in sys.argv[2:]]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
