"""The manuals: they name what the programs have, and nothing else, by the paths where that is installed, and fit 80
columns."""

import json
import pathlib
import re
import shutil

import pytest
from support.recipes import CONF
from support.run import TREE, execute

MANUALS = sorted(page.name for page in (TREE / "man").glob("*.[578]"))


def manual(name):
    return (TREE / "man" / name).read_text()


def source(path):
    return (TREE / path).read_text()


def section(text, title):
    """The lines below a heading, to the next one."""
    return re.search(rf"(?ms)^\.S[hs] {re.escape(title)}\n(.*?)(?=^\.S[hs] |\Z)", text).group(1)


def items(text, macro=r"Cm "):
    """The first word of each item of a list, and of those that share one."""
    found = re.findall(rf"(?m)^\.It {macro}(.+)$", text)
    return {word for line in found for word in re.findall(r"[\w-]+", re.split(r" (?:Ns|Ar) ", line)[0])}


def synopsis():
    """Of each command of asp-admin the options that stand in its lines."""
    lines = section(manual("asp-admin.8"), "SYNOPSIS").split(".Nm asp-admin\n")[1:-1]
    return {
        re.search(r"(?m)^\.Cm ([\w-]+)", line).group(1): set(re.findall(r"Fl -([\w-]+)", line)) - {"config", "json"}
        for line in lines
    }


def test_asp_admin_has_the_commands_of_its_manual(site):
    assert {*re.findall(r'\.name = "([\w-]+)"', source("asp-admin/commands/commands.c")), "help"} == set(synopsis())


def test_each_command_takes_the_options_of_its_synopsis(site):
    for command, options in synopsis().items():
        if command == "help":
            continue
        shown = site.run(command, "--help").done().out
        usage = re.match(rf"usage: asp-admin {command}\b.*(?:\n    .*)*", shown).group()
        assert set(re.findall(r"--([\w-]+)", usage)) == options, command


def test_the_manual_tells_each_option_of_asp_admin():
    known = re.findall(r'(?m)^ +\{"([\w-]+)", OPTION_', source("asp-admin/options.c"))
    told = set(re.findall(r"Fl -([\w-]+)", manual("asp-admin.8")))
    assert set(known) == told


def test_the_manual_tells_each_option_of_asp_broker():
    known = re.findall(r'\{"([\w-]+)", (?:no|required)_argument', source("asp-broker/main.c"))
    assert set(known) == items(manual("asp-broker.8"), "Fl -")


@pytest.mark.parametrize("page, codes", [("asp-admin.8", "asp-admin/ui/console.h"), ("asp-broker.8", None)])
def test_the_manual_tells_each_exit_code(page, codes):
    told = items(section(manual(page), "EXIT STATUS"), "")
    known = set(re.findall(r"EXIT_\w+ = (\d)", source("asp-admin/ui/console.h")))
    assert told == known if codes else told < known


def test_the_manual_tells_each_verdict():
    known = re.findall(r'\[ASP_\w+\] = "([\w-]+)"', source("asp/check.c"))
    assert items(section(manual("pam_asp.8"), "Verdicts and codes"), "") == set(known)


def test_the_manual_tells_each_argument_of_the_module():
    known = re.findall(r'(?:strcmp|value_of)\(argument, "(\w+)=?"\)', source("pam_asp/arguments.c"))
    assert items(section(manual("pam_asp.8"), "Arguments")) == set(known)


def test_the_manual_tells_each_key_of_asp_conf():
    settings = re.findall(r"(?m)^#(?=\S|  )([^#]*)", source("conf/asp.conf"))
    known = {key for line in settings for key in re.findall(r"(\w+) *[:=]", line)}
    # Those of a client, and of a host.
    known |= {"user", "address", "port"}
    assert known == items(section(manual("asp.conf.5"), "KEYS"))


def installed_in(build):
    """Where a build of that prefix puts documentation and programs that nobody types."""
    known = {row["name"]: row["value"] for row in json.loads((build / "meson-info" / "intro-buildoptions.json").read_text())}
    prefix = pathlib.PurePath(known["prefix"])
    return {prefix / known["datadir"] / "doc" / "pam_asp": CONF, prefix / known["libexecdir"] / "asp": CONF}


@pytest.fixture
def page(request, build):
    """One that was built: some are of programs that are not everywhere."""
    if not (build / "man" / request.param).exists():
        pytest.skip(f"{request.param} was not built")
    return request.param


@pytest.mark.parametrize("page", MANUALS, indirect=True)
def test_a_path_of_what_is_installed_can_be_pasted_from_a_manual(build, page):
    text = (build / "man" / page).read_text()
    assert re.findall(r"@[A-Z]+@", text) == []
    assert re.findall(r"(?m)^.*(?:below the prefix|folder of shared data|in the prefix).*$", text) == []
    assert [path for path in re.findall(r"(?m)^\.Pa (?:share|libexec|doc|sysusers\.d)/.*$", text)] == []
    named = 0
    for installed, shipped in installed_in(build).items():
        for path in re.findall(rf"(?<![\w/]){re.escape(str(installed))}(?:/[\w./-]*\w)?", text):
            name = pathlib.PurePath(path).relative_to(installed)
            pages = [TREE / name] if name.parts[:1] == ("doc",) else []
            assert any(file.exists() for file in (shipped / name, *pages)) or list(shipped.glob(f"*/{name}")), path
            named += 1
    assert named >= {"asp-broker.8": 0, "asp-store.7": 0}.get(page, 1)


def columns(line):
    return len(re.sub(r".\x08|\x1b\[[0-9;]*m", "", line).expandtabs())


@pytest.mark.parametrize("page", MANUALS, indirect=True)
@pytest.mark.parametrize(
    "reader", ["mandoc -T utf8 -O width=80", "groff -mdoc -T utf8 -K utf8 -rLL=80n"], ids=lambda reader: reader.split()[0]
)
def test_a_manual_fits_80_columns(build, page, reader):
    program, *options = reader.split()
    if shutil.which(program) is None:
        pytest.skip(f"no {program}")
    lines = execute(program, *options, build / "man" / page).done().out.splitlines()
    assert len(lines) > 100
    assert [line for line in lines if columns(line) > 80] == []


def test_the_examples_of_asp_conf_are_configurations(site):
    examples = re.findall(r"(?ms)^\.Bd -literal[^\n]*\n(.*?)^\.Ed$", section(manual("asp.conf.5"), "EXAMPLES"))
    apps = []
    for example in examples:
        site.configure(*example.replace("\\&", "").splitlines())
        apps.append({row["app"]: row["services"] for row in site.json("apps")})
    assert any({"imap", "caldav", "carddav"} <= set(one.get("phone", [])) for one in apps)
    assert any("exim" in one["mail"] and "http" in one.get("calendar", []) for one in apps if "mail" in one)
