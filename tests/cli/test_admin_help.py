"""`asp-admin help`: what there is, and each command by itself with its options and two examples."""

import re
import shlex

import pytest

COMMANDS = ["create", "apps", "list", "label", "rotate", "revoke", "history", "check", "remove", "watch", "doctor"]
GLOBAL = {"--config", "--json", "--help", "--version"}


def printed(site, *words):
    run = site.run(*words).done()
    assert run.err == ""
    return run.out


def terms(text):
    """What stands in a column of its own, and is explained beside it."""
    return re.findall(r"(?m)^  (\S+(?: [A-Z]+)?)  +\S", text)


def usage(text):
    """The line of usage, which goes on in the next ones where it is long."""
    return " ".join(re.match(r"usage: asp-admin (.*(?:\n    .*)*)\n", text)[1].split())


def test_help_alone_has_a_line_for_each_command_and_needs_no_configuration(site):
    site.conf.unlink()
    text = printed(site, "help")
    assert text == printed(site, "--help") == printed(site, "help", "help")
    assert set(COMMANDS) | {"help"} <= set(terms(text))
    assert {word.split()[0] for word in terms(text) if word.startswith("--")} == GLOBAL
    assert "5 store, output, or not" in text


def commands(site):
    return [word for word in terms(printed(site, "help")) if word.isalpha() and word != "help"]


def test_each_command_has_a_help_of_its_own(site):
    site.conf.unlink()
    for command in commands(site):
        text = printed(site, "help", command)
        assert text == printed(site, command, "--help") == printed(site, "--help", command)
        assert usage(text).startswith(command)
        others = [word for word in commands(site) if re.search(rf"(?m)^  (asp-admin )?{word}\b", text)]
        assert set(others) <= {command}, "it shows another command as well"


def test_the_help_of_a_command_explains_each_option_and_form_of_its_line(site):
    for command in commands(site):
        text = printed(site, "help", command)
        line = usage(text)
        assert {word.split()[0] for word in terms(text) if word.startswith("--")} == set(re.findall(r"--[\w-]+", line))
        for option, value in re.findall(r"(--[\w-]+) ([A-Z]+)", line):
            assert f"{option} {value}" in terms(text), command
        for form in ("DURATION", "CIDR", "WHEN"):
            assert (form in terms(text)) == (form in line or (form == "DURATION" and "WHEN" in line)), (command, form)


def test_each_command_has_two_examples_of_itself(site):
    for command in commands(site):
        text = printed(site, "help", command)
        examples = re.findall(r"(?m)^  asp-admin (.*)$", text)
        assert len(examples) == 2
        for example in examples:
            assert shlex.split(example)[0] == command
            assert set(re.findall(r"--[\w-]+", example)) <= set(re.findall(r"--[\w-]+", usage(text))) | GLOBAL


@pytest.mark.parametrize("words", [["help", "crochet"], ["crochet", "--help"], ["--help", "crochet"], ["help", ""]])
def test_help_of_what_is_no_command_is_a_usage_error(site, words):
    run = site.run(*words).refused(2)
    assert run.err.startswith("asp-admin: there is no command ")


@pytest.mark.parametrize(
    ("given", "meant"),
    {
        "crate": "create",
        "LIST": "list",
        "hist": "history",
        "ls": "list",
        "rm": "revoke, for app passwords, or remove, for all that is stored of a user",
        "passwd": "create, or rotate for a new one in the place of another",
        "rename": "label",
        "verify": "check",
        "hlep": "help",
        "version": "--version",
    }.items(),
)
def test_a_command_that_is_close_to_a_right_one_is_answered_with_it(site, given, meant):
    run = site.run(given, "alice").refused(2)
    assert run.err == f"asp-admin: there is no command {given}: did you mean {meant}?\n"


@pytest.mark.parametrize("given", ["frobnicate", "x", "", "\x1b[2J"])
def test_a_command_that_is_close_to_none_is_answered_with_where_they_are(site, given):
    shown = given.replace("\x1b", "\\x1b")
    assert site.run(given).refused(2).err == f"asp-admin: there is no command {shown}: see asp-admin help\n"


@pytest.mark.parametrize("columns", [40, 80])
def test_on_a_terminal_no_line_of_help_is_longer_and_no_word_broken(site, columns):
    for words in (["help"], *(["help", command] for command in commands(site))):
        run = site.terminal(*words, columns=columns)
        assert run.code == 0
        long = [line for line in run.out.splitlines() if len(line) > columns and not line.startswith("  asp-admin ")]
        assert long == [], words
        assert run.out.split() == printed(site, *words).split()


def test_list_for_a_script_has_ids_and_labels_or_names_and_no_heading(site):
    site.configure("virtual_users = true;")
    old = site.create("alice", "Old phone")["id"]
    site.create("bob", "Desk")
    gone = site.create("alice", "Gone")["id"]
    site.run("revoke", "alice", gone).done()
    assert printed(site, "list", "alice", "--quiet") == f"{old}\tOld phone\n"
    assert sorted(printed(site, "list", "alice", "--all", "--quiet").splitlines()) == sorted(
        [f"{old}\tOld phone", f"{gone}\tGone"]
    )
    assert printed(site, "list", "--quiet") == "alice\nbob\n"
    assert len(site.json("list", "alice", "--quiet")) == 1
