"""Which lines of the rooms were run, by the files that gcc's programs leave beside its own (gcov(1))."""

import json
import os
import pathlib
import re

TREE = pathlib.Path(__file__).resolve().parent.parent.parent
# How many per cent of the lines of each room are to be run by some test.
COVERED = {"asp": 92, "pam_asp": 91, "asp-admin": 87, "asp-broker": 94, "asp-web": 93}


def begin_counts(folder):
    """At zero. Whoever a process runs as, it adds to them."""
    for note in folder.rglob("*.gcno"):
        counts = note.with_suffix(".gcda")
        counts.write_bytes(b"")
        counts.chmod(0o666)


def add_counts(lines, folder, run):
    """Adds which lines were run: whether, for each file and number."""
    for note in sorted(folder.rglob("*.gcno")):
        counts = note.with_suffix(".gcda")
        if counts.stat().st_size == 0:
            counts.unlink()
        out = run("gcov", "--json-format", "--stdout", note).stdout
        for document in re.findall(r"(?m)^\{.*\}$", out):
            for file in json.loads(document)["files"]:
                name = os.path.relpath(os.path.join(folder, file["file"]), TREE)
                for line in file["lines"]:
                    place = (name, line["line_number"])
                    lines[place] = lines.get(place, False) or line["count"] > 0


def by_room(lines):
    """For each room, how many of its lines were run, and how many there are."""
    rooms = {}
    for (name, _), ran in lines.items():
        room = name.partition("/")[0]
        if room in COVERED:
            before = rooms.get(room, (0, 0))
            rooms[room] = (before[0] + ran, before[1] + 1)
    return rooms
