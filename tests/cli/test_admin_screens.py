"""What a person sees on a terminal of 80 columns and of 40: no word is broken, every line fits, nothing is lost; and what
goes to a program is whole lines, as it always was."""

import json
import re

import pytest

PLAIN = {"NO_COLOR": "1"}

both_widths = pytest.mark.parametrize("columns", [40, 80])


def words_of(text):
    return text.split()


@both_widths
def test_what_doctor_finds_is_broken_between_words(root, site, columns):
    site.configure('hooks: { created = "/nowhere/hook"; };')
    run = site.terminal("doctor", columns=columns, env=PLAIN)
    assert run.code == 1
    assert [line for line in run.out.splitlines() if len(line) > columns and " " in line.strip()] == []
    found = json.loads(site.run("--json", "doctor").out)
    expected = []
    for row in found:
        expected += [row["check"], "ok" if row["ok"] else "FAULT", *words_of(row["message"])]
        expected += [] if row["mend"] is None else ["mend:", *words_of(row["mend"])]
    assert words_of(run.out) == expected


def test_what_doctor_finds_is_a_line_each_off_a_terminal(root, site):
    out = site.run("doctor").out
    for row in json.loads(site.run("--json", "doctor").out):
        assert re.search(rf"^{row['check']} +(ok|FAULT) +{re.escape(row['message'])}$", out, re.MULTILINE)
        assert row["mend"] is None or re.search(rf"^ +mend: {re.escape(row['mend'])}$", out, re.MULTILINE)
