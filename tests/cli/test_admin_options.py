"""The command line itself: where options stand, what a usage error is, --help and --version, who may run it."""

import os
import pathlib
import re

import pytest
from support.passwords import id_but

MESON = pathlib.Path(__file__).resolve().parents[2] / "meson.build"


@pytest.fixture
def made(site):
    return site.create()


@pytest.mark.parametrize(
    "words",
    [
        ["--config", "CONF", "--json", "list", "alice"],
        ["--json", "--config", "CONF", "list", "alice"],
        ["list", "--config", "CONF", "--json", "alice"],
        ["list", "alice", "--json", "--config", "CONF"],
        ["--json", "list", "alice", "--config", "CONF"],
        ["--config", "CONF", "list", "--json", "--", "alice"],
        ["--config", "CONF", "--json", "--", "list", "alice"],
        ["--config", "CONF", "--json", "list", "alice", "--"],
    ],
    ids=" ".join,
)
def test_global_options_stand_before_or_after_the_command(site, made, words):
    run = site.execute(site.admin, *(site.conf if word == "CONF" else word for word in words))
    (entry,) = run.document()
    assert entry["id"] == made["id"]


def test_options_of_a_command_stand_anywhere_after_it(site):
    for number, words in enumerate(
        [
            ["--label", "L0", "--app", "mail", "alice", "--quiet"],
            ["alice", "--quiet", "--app", "mail", "--label", "L1"],
            ["--quiet", "alice", "--label", "L2", "--app", "mail"],
        ]
    ):
        site.run("create", *words).done()
        assert len(site.entries()) == number + 1
    assert {entry["app"] for entry in site.entries()} == {"mail"}


def test_words_after_two_dashes_are_no_options(site, made):
    site.run("label", "alice", made["id"], "--", "--json").done()
    assert site.entry(made["id"])["label"] == "--json"
    site.run("list", "--", "alice", "--json").refused(2)
    site.run("--", "list", "alice", "--all").refused(2)


def test_the_value_of_an_option_may_look_like_an_option(site):
    assert site.create("alice", "--quiet")["label"] == "--quiet"


def test_version_is_that_of_the_build_and_needs_no_configuration(site):
    site.conf.unlink()
    version = re.search(r"version: '([^']+)'", MESON.read_text()).group(1)
    run = site.run("--version").done()
    assert run.err == ""
    assert re.fullmatch(rf"[^\n]*\b{re.escape(version)}\b[^\n]*\n", run.out)


USAGE_ERRORS = [
    [],
    ["--json"],
    ["frobnicate"],
    ["LIST"],
    ["--frobnicate", "list"],
    ["-x", "list"],
    ["list", "--frobnicate"],
    ["list", "alice", "bob"],
    ["history", "alice", "--quiet"],
    ["list", "--label", "x"],
    ["create"],
    ["create", "alice"],
    ["create", "--label", "x"],
    ["create", "alice", "--label"],
    ["create", "alice", "bob", "--label", "x"],
    ["create", "alice", "--label", "x", "--all"],
    ["create", "alice", "--label", "x", "--reason", "y"],
    ["create", "alice", "--label", "x", "--from"],
    ["create", "alice", "--label", "x", "--app", ""],
    ["label"],
    ["label", "alice"],
    ["label", "alice", "ID"],
    ["label", "alice", "ID", "x", "y"],
    ["label", "alice", "ID", "x", "--quiet"],
    ["rotate"],
    ["rotate", "alice"],
    ["rotate", "alice", "ID", "ID"],
    ["rotate", "alice", "ID", "--label", "x"],
    ["rotate", "alice", "ID", "--expires"],
    ["revoke"],
    ["revoke", "alice"],
    ["revoke", "alice", "--reason", "lost"],
    ["revoke", "alice", "ID", "--all"],
    ["revoke", "alice", "ID", "--label", "Phone"],
    ["revoke", "alice", "--all", "--label", "Phone"],
    ["revoke", "alice", "ID", "--reason"],
    ["revoke", "alice", "ID", "--quiet"],
    ["history"],
    ["history", "alice", "bob"],
    ["history", "alice", "--all"],
    ["check", "--service", "imap"],
    ["check", "alice"],
    ["check", "alice", "--service"],
    ["check", "alice", "--service", ""],
    ["check", "alice", "--service", "two words"],
    ["check", "alice", "--service", "a/b"],
    ["check", "alice", "--service", "x" * 10240],
    ["check", "alice", "bob", "--service", "imap"],
    ["check", "alice", "--service", "imap", "--quiet"],
    ["remove"],
    ["remove", "alice", "bob"],
    ["remove", "alice", "--all"],
    ["list", "--config"],
]


@pytest.mark.parametrize("words", USAGE_ERRORS, ids=lambda words: " ".join(words)[:60] or "nothing")
def test_a_usage_error_is_code_2_and_changes_nothing(site, made, words):
    before = site.kept()
    site.run(*(made["id"] if word == "ID" else word for word in words)).refused(2)
    assert site.kept() == before


@pytest.mark.parametrize(
    "words",
    [
        ["label", "alice", "UNKNOWN", "x"],
        ["rotate", "alice", "UNKNOWN"],
        ["revoke", "alice", "UNKNOWN"],
        ["revoke", "alice", "--label", "Nothing"],
        ["label", "stranger", "UNKNOWN", "x"],
        ["rotate", "stranger", "UNKNOWN"],
        ["revoke", "stranger", "UNKNOWN"],
        ["revoke", "stranger", "--label", "Phone"],
        ["revoke", "stranger", "--all"],
        ["remove", "stranger"],
    ],
    ids=" ".join,
)
def test_no_such_user_or_entry_is_code_3_with_and_without_json(site, made, words):
    words = [id_but(made["id"]) if word == "UNKNOWN" else word for word in words]
    before = site.kept()
    site.run(*words).refused(3)
    site.run("--json", *words).refused(3)
    assert site.kept() == before


def test_an_id_that_can_be_none_is_refused_and_changes_nothing(site, made):
    before = site.kept()
    for id in ("", "0", "000", "il", made["id"].upper() + "!", "../", "*"):
        for words in (["label", "alice", id, "x"], ["rotate", "alice", id], ["revoke", "alice", id]):
            run = site.run(*words)
            run.refused(2 if run.code == 2 else 3)
    assert site.kept() == before


@pytest.mark.parametrize("command", [["list"], ["list", "alice"], ["history", "alice"], ["--help"], ["--version"]])
def test_an_answer_that_cannot_be_written_is_no_success(site, made, command):
    for words in (command, ["--json", *command]):
        with open("/dev/full", "wb") as full:
            run = site.run(*words, stdout=full)
        assert run.code != 0
        assert re.fullmatch(r"[^\n]+\n", run.err)


def test_who_is_not_root_is_told_so_with_code_5(shared, nobody):
    shared.create()
    before = shared.kept()
    for words in (
        ["list"],
        ["list", "alice"],
        ["history", "alice"],
        ["create", "alice", "--label", "x"],
        ["revoke", "alice", "--all"],
        ["remove", "alice"],
        ["check", "alice", "--service", "imap"],
    ):
        shared.run(*words, prefix=nobody).refused(5)
    assert shared.kept() == before


@pytest.mark.of_files("a store in a database is root's")
def test_an_owner_who_is_not_root_works_on_a_store_of_her_own(shared, nobody):
    # Who is not root can't read the primary passwords, so they are left out of it.
    shared.configure("virtual_users = true;", 'primary: { source = "none"; };')
    for path in (shared.folder, shared.conf):
        os.chown(path, 65534, 65534)
    made = shared.create(prefix=nobody)
    assert [entry["id"] for entry in shared.entries(prefix=nobody)] == [made["id"]]
    assert shared.account("alice").stat().st_uid == 65534
