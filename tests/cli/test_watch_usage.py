"""How watch is called: by hand, and by systemd."""

import re

import pytest
from support.systemd import analyze

UNIT = "asp-watch.service"

# Mistakes


def test_watch_takes_no_arguments(site):
    site.run("watch", "alice").refused(2)


@pytest.mark.parametrize("option", ["--once", "--confirm"])
def test_once_and_confirm_are_for_watch_alone(site, option):
    site.run("list", option).refused(2)


def test_a_running_watch_has_no_document(site, primaries):
    site.run("--json", "watch").refused(2)


@pytest.mark.of_files("a machine that has joined a database has a store")
@pytest.mark.parametrize("words", [["watch"], ["watch", "--once"], ["watch", "--confirm"]], ids=" ".join)
def test_without_a_store_watch_ends(site, primaries, words):
    assert "no store" in site.run(*words).refused(5).err


@pytest.mark.parametrize("words", [["watch"], ["watch", "--once"]], ids=" ".join)
def test_watch_is_for_root(shared, nobody, words):
    shared.configure("virtual_users = true;", 'primary: { source = "none"; };')
    shared.create("alice", "Phone")
    assert "root" in shared.run(*words, prefix=nobody).refused(5).err


@pytest.mark.parametrize("words", [["watch"], ["watch", "--once"]], ids=" ".join)
def test_a_broken_configuration_is_told_before_watch_begins(site, words):
    site.conf.write_text("limit = many;\n")
    site.run(*words).refused(6)


# The unit


@pytest.fixture
def unit(build, tmp_path):
    """The unit as it was built, for the tool that was built with it."""
    text = (build / "conf" / UNIT).read_text()
    assert re.search(r"(?m)^ExecStart=/\S+/asp-admin watch$", text)
    path = tmp_path / UNIT
    path.write_text(re.sub(r"(?m)^ExecStart=\S+", f"ExecStart={build}/asp-admin/asp-admin", text))
    return path


def test_systemd_finds_nothing_to_say_about_the_unit(unit):
    assert analyze("verify", "--man=no", unit).stdout == ""
    unit.write_text(unit.read_text().replace("ProtectHome", "ProtectHoam"))
    assert analyze("verify", "--man=no", unit).stdout != ""


def test_the_unit_is_hardened(unit):
    run = analyze("security", "--offline=yes", "--threshold=35", unit)
    assert run.returncode == 0, run.stdout
