"""The completions that are shipped, in the shells themselves: bash, zsh and fish, by root and by a user on her own account."""

import contextlib
import json
import re
import shlex

import pytest
from support import sanitizers
from support.run import TREE, as_user
from support.terminal import terminal

# Where each is installed, below the folder of data.
PLACES = {
    "bash": ("asp-admin.bash", "bash-completion/completions/asp-admin"),
    "zsh": ("_asp-admin", "zsh/site-functions/_asp-admin"),
    "fish": ("asp-admin.fish", "fish/vendor_completions.d/asp-admin.fish"),
}
GLOBAL = {"--config", "--json", "--help", "--version"}

# As readline calls it when it lists what there is.
BASH = """
source /usr/share/bash-completion/completions/asp-admin
compopt() { :; }
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_TYPE=63
_asp_admin
[[ ${#COMPREPLY[@]} -eq 0 ]] || printf '%s\\n' "${COMPREPLY[@]}"
"""
FISH = "source /usr/share/fish/vendor_completions.d/asp-admin.fish; complete -C $argv[1]"
# At a terminal, where ^G tells that all before it was done, and what the line is then.
ZSH = """
PS1='> '
fpath=(/usr/share/zsh/site-functions $fpath)
autoload -Uz compinit && compinit -u -D
LISTMAX=0
setopt NO_BEEP NO_AUTO_MENU NO_LIST_AMBIGUOUS NO_ALWAYS_LAST_PROMPT NO_PROMPT_SP
unset zle_bracketed_paste
tell() { print -r -- "<<$BUFFER>>" }
zle -N tell
bindkey '^G' tell
echo '<<>>'
"""
TOLD = r"(?s)(.*)<<(.*?)>>"


class Shell:
    def __init__(self, name, box, stack):
        self.name = name
        self.box = box
        self.stack = stack
        self.screens = {}
        box.need(name)

    def offers(self, line, user="root"):
        """What it offers for the last word of a line, as {word: what is said of it}."""
        return getattr(self, f"_{self.name}")(line, user)

    def run(self, user, *words):
        prefix = as_user(user) if user != "root" else ()
        run = self.box.run(*prefix, *words).done()
        assert run.err == ""
        return run.out.splitlines()

    def _bash(self, line, user):
        words = [word for part in shlex.split(line) for word in re.split("(=)", part)]
        rows = self.run(user, "bash", "-c", BASH, "bash", *words, *([""] if line.endswith(" ") else []))
        pairs = [(*row.split("  ", 1), "")[:2] for row in rows]
        return {shlex.split(word)[0]: said for word, said in pairs}

    def _fish(self, line, user):
        rows = self.run(user, "env", "HOME=/nowhere", "fish", "--no-config", "-c", FISH, line)
        pairs = [(*row.split("\t", 1), "")[:2] for row in rows]
        return {word.split("=", 1)[-1]: said for word, said in pairs}

    def _zsh(self, line, user):
        if user not in self.screens:
            # Who looks for leaks stops the process, and the shell that waits for it on a terminal sees it stopped.
            prefix = (*(as_user(user) if user != "root" else ()), *sanitizers.without_leaks())
            self.screens[user] = self.stack.enter_context(terminal(self.box, "zsh", "-f", "-i", prefix=prefix))
            self.screens[user].answer("source /run/completions.zsh")
            assert self.screens[user].until("<<>>"), self.screens[user].seen
        screen = self.screens[user]
        screen.press("\x15\x07")
        assert screen.until("<<>>"), screen.seen
        screen.press(line + "\t\x07")
        shown = screen.until(TOLD)
        assert shown, screen.seen
        rows = [row.strip() for row in shown[1].split("\r\n") if "> " not in row and line.strip() not in row and row.strip()]
        pairs = [re.split(r"\s+-- ", row, maxsplit=1) for row in rows]
        if rows and all(len(pair) == 2 for pair in pairs):
            return dict(pairs)
        if rows:
            return {word: "" for row in rows for word in row.split()}
        return {shlex.split(shown[2])[-1].split("=", 1)[-1]: ""} if shown[2] != line else {}


@pytest.fixture(scope="module")
def shells(self_service):
    for name, place in PLACES.values():
        self_service.sandbox.write(f"/usr/share/{place}", (TREE / "conf" / "completions" / name).read_text(), mode="644")
    self_service.sandbox.write("/run/completions.zsh", ZSH, mode="644")
    return self_service.sandbox


@pytest.fixture(params=PLACES)
def shell(request, shells):
    with contextlib.ExitStack() as stack:
        yield Shell(request.param, shells, stack)


def test_commands_and_options_are_those_of_the_help(own, shell):
    help = own.sandbox.run("asp-admin", "help").done().out
    commands = set(re.findall(r"(?m)^  ([a-z][a-z-]*)  ", help))
    assert set(shell.offers("asp-admin ")) == commands
    assert set(shell.offers("asp-admin re")) == set(shell.offers("asp-admin help re")) == {"remove", "revoke"}
    for command in ("create", "check", "log"):
        help = own.sandbox.run("asp-admin", "help", command).done().out
        assert set(shell.offers(f"asp-admin {command} --")) == set(re.findall(r"(?m)^  (--[a-z-]+)", help)) | GLOBAL
    assert set(shell.offers("asp-admin --json --c")) == {"--config"}
    words = own.sandbox.run("asp-admin", "help", "store").done().out.split("\n")[0]
    assert set(shell.offers("asp-admin store ")) == set(re.findall(r"(?<=[|] )[a-z]+|(?<=\()[a-z]+", words))
    assert set(shell.offers("asp-admin store init --s")) == {"--sql"}
    assert shell.offers("asp-admin store init ") == {}
    if shell.name != "bash":
        assert shell.offers("asp-admin re")["remove"].startswith("drop all that is stored")
        assert shell.offers("asp-admin create --e")["--expires"] == "it ends then" or shell.name == "zsh"


def test_users_ids_and_labels_are_those_of_the_store(own, shell):
    phone = own.makes("alice", "Old phone")[:2]
    desk = own.makes("alice", "It's: a \"desk\"")[:2]
    own.makes("bob", "Scanner")
    assert set(shell.offers("asp-admin list ")) == {"alice", "bob"}
    assert set(shell.offers("asp-admin revoke --reason lost al")) == {"alice"}
    assert "daemon" in shell.offers("asp-admin create daem"), "a user who has none yet"
    ids = {phone: "Old phone", desk: "It's: a \"desk\""}
    assert shell.offers("asp-admin revoke alice ") == ids
    assert shell.offers("asp-admin rotate alice ") == ids
    assert shell.offers(f"asp-admin label alice {phone} ") == {}
    assert set(shell.offers("asp-admin revoke alice --label O")) == {"Old phone"}
    assert set(shell.offers("asp-admin revoke alice --label I")) == {"It's: a \"desk\""}
    assert shell.offers("asp-admin create alice --label O") == {}, "a new one has another"


def test_who_is_not_root_is_offered_her_own(own, shell):
    ids = {own.makes("alice", label)[:2]: label for label in ("Old phone", "Desk")}
    own.makes("bob", "Scanner")
    assert shell.offers("asp-admin revoke ", "alice") == ids
    assert shell.offers("asp-admin revoke --label O", "alice").keys() == {"Old phone"}
    assert shell.offers("asp-admin list ", "alice") == {}


def test_apps_and_services_are_those_of_the_machine(own, shell):
    assert {"mail", "any", "first-use"} <= set(shell.offers("asp-admin create alice --app "))
    assert set(shell.offers("asp-admin create alice --app=fir")) == {"first-use"}
    assert set(shell.offers("asp-admin check alice --service asp-adm")) == {"asp-admin"}
    assert shell.offers("asp-admin create alice --expires ") == {}


def test_another_configuration_is_asked_for_what_is_in_it(own, shell):
    own.sandbox.write("/etc/asp/other.conf", 'store = "/var/lib/other"; virtual_users = true; primary: { source = "none"; };')
    own.sandbox.run("rm", "-rf", "/var/lib/other").done()
    own.sandbox.run("asp-admin", "--config", "/etc/asp/other.conf", "create", "zoe", "--label", "Tablet").done()
    assert set(shell.offers("asp-admin --config /etc/asp/other.conf list ")) == {"zoe"}
    assert set(shell.offers("asp-admin history --config /etc/asp/other.conf ")) == {"zoe"}


def test_a_label_is_quoted_for_the_line_in_bash(own, shells):
    own.makes("alice", "Old phone")
    with terminal(shells, "bash", "--norc", "-i") as screen:
        screen.answer("source /usr/share/bash-completion/completions/asp-admin; PS1='> '; echo '<<'rea'dy>>'")
        assert screen.until("<<ready>>"), screen.seen
        for typed in ("O", "'Old p", '"Ol', "Old\\ p"):
            screen.press(f"asp-admin revoke alice --reason x --label {typed}\t")
            screen.answer("--json")
            assert screen.until(r'"revoked": \[\s+"\w\w"\s+\]'), (typed, screen.seen)
            own.makes("alice", "Old phone")


# What a shell would run or expand, and whether such a label is offered all the same, where no quote is open.
RUNS = "touch /run/run-by-a-label"
LABELS = {
    f"Old $({RUNS})": True,
    f"Old `{RUNS}`": False,
    f"Old ${{X:=$({RUNS})}}": True,
    f"Old'; {RUNS}; '": True,
    f'Old"; {RUNS}; "': True,
    f"Old\\'; {RUNS}; \\'": False,
    f"Old; {RUNS}; #": True,
    "Old !! !touch": True,
}

# What is revoked is only shown.
SHOWN = """#!/bin/bash
[[ $1 != revoke ]] || exec printf '[%s]' "$@"
PATH=${PATH#*:} exec asp-admin "$@"
"""
TELL = """
source /usr/share/bash-completion/completions/asp-admin
PATH=/tmp/shown:$PATH PS1='> ' PS2=''
set -H
tell() { printf '<<%s>>' "$READLINE_LINE"; }
bind -x '"\\C-g": tell'
bind 'set enable-bracketed-paste off'
"""


@pytest.mark.parametrize("label", LABELS)
def test_a_label_is_never_run_in_bash(own, shells, label):
    shells.write("/tmp/shown/asp-admin", SHOWN, mode="755")
    shells.write("/run/completions.bash", TELL)
    own.makes("alice", label)
    for reason, typed in (("x", "O"), ("x", '"O'), ("x", "'O"), ("x", "Ol'"), ("x", 'Ol"'), ("$'\\''", '"O')):
        offered = typed == "O" and LABELS[label]
        line = f"asp-admin revoke alice --reason {reason} --label {typed}"
        with terminal(shells, "bash", "--norc", "-i") as screen:
            screen.answer("source /run/completions.bash; : touch; echo '<<'rea'dy>>'")
            assert screen.until("<<ready>>"), screen.seen
            screen.press(line + "\t\x07")
            told = screen.until("<<(.*?)>>")
            assert told, screen.seen
            # What was left as it was ends with a quote that is open.
            screen.answer("" if told[1] != line else typed.strip("Ol"))
            assert screen.until(re.escape(f"[{label}]") if offered else r"\[--label\]"), (line, screen.seen)
        assert shells.run("test", "-e", "/run/run-by-a-label").code == 1, line
        assert (told[1] != line) == offered


def test_only_a_program_of_root_or_of_who_asks_is_run(own, shells, shell):
    script = '#!/bin/sh\n: >/tmp/asked/ran\nexec /usr/bin/env asp-admin "$@"\n'
    shells.run("rm", "-rf", "/tmp/asked").done()
    shells.write("/tmp/asked/asp-admin", script, mode="755")
    shells.run("chmod", "777", "/tmp/asked").done()
    shells.run("mkdir", "/tmp/asked/links").done()
    shells.run("ln", "-s", "../asp-admin", "/tmp/asked/links/asp-admin").done()
    shells.run("chown", "-h", "alice:", "/tmp/asked/links/asp-admin").done()

    def asks(line, user="root"):
        found = set(shell.offers(line, user))
        ran = shells.run("rm", "/tmp/asked/ran").code == 0
        assert found == ({"remove", "revoke"} if ran else set())
        return ran

    assert asks("/tmp/asked/asp-admin re")
    assert asks("/tmp/asked/asp-admin re", "alice")
    assert not asks("tmp/asked/asp-admin re")
    assert not asks("/tmp/asked/links/asp-admin re")
    shells.run("chown", "alice:", "/tmp/asked/asp-admin").done()
    assert not asks("/tmp/asked/asp-admin re")
    assert not asks("/tmp/asked/asp-admin re", "bob")
    assert asks("/tmp/asked/asp-admin re", "alice")


def test_each_is_installed_where_its_shell_looks(build):
    installed = json.loads((build / "meson-info" / "intro-installed.json").read_text())
    for name, place in PLACES.values():
        (where,) = [where for path, where in installed.items() if path == str(TREE / "conf" / "completions" / name)]
        assert where.endswith(f"/share/{place}")
