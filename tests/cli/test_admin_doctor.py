"""doctor's command line, and its text on a terminal. What it finds is in the service tests, which have a machine of
their own to break; here it looks over this one, so nothing is said of the whole."""

import json
import os
import re

import pytest

USAGE_ERRORS = [
    ["doctor", "alice"],
    ["doctor", "--all"],
    ["doctor", "--quiet"],
    ["doctor", "--once"],
    ["doctor", "--config"],
    ["doctor", "--fix"],
    ["doctor", "--fix", "--json"],
    ["list", "--fix"],
]


@pytest.mark.parametrize("words", USAGE_ERRORS, ids=" ".join)
def test_doctor_takes_no_arguments_and_fixes_at_a_terminal_alone(root, site, words):
    site.run(*words).refused(2)


def test_help_names_doctor(site):
    assert re.search(r"(?m)^  doctor +look over", site.run("--help").done().out)
    assert site.run("doctor", "--help").done().out.startswith("usage: asp-admin doctor [--fix]\n")


def test_doctor_tells_who_is_not_root_so_with_code_5(shared, nobody):
    shared.create()
    for path in (shared.folder, shared.conf):
        os.chown(path, 65534, 65534)
    shared.run("doctor", prefix=nobody).refused(5)
    shared.run("--json", "doctor", prefix=nobody).refused(5)


def test_an_error_in_the_configuration_is_a_finding_and_no_error(root, site):
    site.configure("limits = 7;")
    run = site.run("doctor")
    assert (run.code, run.err) == (1, "")
    row = next(row for row in site.run("--json", "doctor").document(1) if not row["ok"])
    assert set(row) == {"check", "ok", "message", "mend"}
    assert row["check"] == "configuration"
    assert f"{site.conf}:2" in row["message"]


def test_an_app_that_is_named_and_opens_nothing_is_told(root, site):
    def notes(*lines):
        site.configure(*lines)
        rows = [row for row in json.loads(site.run("--json", "doctor").out) if row["check"] == "configuration"]
        assert all(row["ok"] for row in rows) and "has no error" in rows[0]["message"]
        return [row["message"] for row in rows[1:]]

    assert notes('default_app = "mail";', 'self_service: { apps = [ "first-use", "any", "ssh", "passwd" ]; };') == []
    (default, own) = notes('default_app = "nope";', 'self_service: { apps = [ "mail", "mial" ]; };')
    assert default == "note: default_app names nope: no app of asp.conf is called so, and no service of /etc/pam.d"
    assert own.startswith("note: self_service.apps names mial: ")
    (listed,) = notes('apps: ( { name = "page"; services = [ "nginx", "asp-web" ]; } );')
    assert listed == "note: the app page lists asp-web: no app password opens that service"


def test_the_document_of_doctor_is_ascii_whatever_is_in_it(root, site):
    site.configure('hooks: { created = "/nowhere/h\u00f6ok\u202e"; };')
    run = site.run("--json", "doctor")
    assert run.out.isascii()
    assert any("h\u00f6ok" in row["message"] for row in json.loads(run.out))
    assert "\u202e" not in site.run("doctor").out


def test_an_answer_that_cannot_be_written_is_no_success(root, site):
    for words in (["doctor"], ["--json", "doctor"]):
        with open("/dev/full", "wb") as full:
            run = site.run(*words, stdout=full)
        assert run.code == 5
        assert re.fullmatch(r"[^\n]+\n", run.err)
