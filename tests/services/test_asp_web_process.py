"""asp-web, the process: what it may, its socket, and what it does not start with."""

import os
import re

import pytest
from support.account_page import SOCKET
from support.run import as_user
from support.wait import LONG
from test_asp_web import served, web  # noqa: F401 (fixtures)


def test_it_has_no_privilege_and_no_group(web):
    status = dict(line.split(":\t", 1) for line in open(f"/proc/{web.pid()}/status") if ":\t" in line)
    uid = int(web.box.run("id", "-u", "asp-web").done().out)
    gid = int(web.box.run("id", "-g", "asp-web").done().out)
    assert status["Uid"].split() == [str(uid)] * 4
    assert status["Gid"].split() == [str(gid)] * 4
    assert status["Groups"].split() == []
    assert {int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")} == {0}
    assert status["NoNewPrivs"].strip() == "1"
    limits = open(f"/proc/{web.pid()}/limits").read()
    assert re.search(r"(?m)^Max core file size +0 +0 ", limits)
    assert os.stat(f"/proc/{web.pid()}/mem").st_uid == 0, "who is not dumpable is looked into by root alone"


def test_the_socket_is_for_the_group_of_the_proxy(web):
    run = web.box.run("stat", "--format=%a %U %G", SOCKET).done()
    assert run.out == "660 root www-data\n"
    for user, code in (("www-data", 0), ("nobody", 1)):
        probe = "import socket; socket.socket(socket.AF_UNIX).connect('/run/asp/web.sock')"
        assert web.box.run(*as_user(user), "/usr/bin/python3", "-c", probe).code == code


def test_a_socket_that_was_left_is_taken_and_one_that_is_served_is_not(web):
    second = web.run("--page", "/usr/share/asp/page", "--group", "www-data")
    second.refused(5)
    assert "somebody listens there already" in second.err
    os.kill(web.pid(), 9)
    web.process.wait(LONG)
    web.process = None
    web.start()
    assert web.browser().say("GET", "/").status == 200


@pytest.mark.parametrize(
    "lines, code, why",
    [
        ((), 6, "web.origin is not set"),
        (('web: { origin = ""; };',), 6, "web.origin is not set"),
        (('web: { origin = "http://passwords.example.org"; };',), 6, "web.origin"),
        (('web: { origin = "https://passwords.example.org/"; };',), 6, "web.origin"),
        (('web: { origin = "https://passwords.example.org/asp"; };',), 6, "web.origin"),
        (('web: { origin = "https://PASSWORDS.example.org"; };',), 6, "web.origin"),
        (('web: { origin = "https://passwords.example.org:443"; };',), 6, "web.origin"),
        (('web: { origin = "passwords.example.org"; };',), 6, "web.origin"),
    ],
)
def test_without_an_origin_that_a_browser_would_say_it_does_not_start(web, lines, code, why):
    web.box.write("/run/other.conf", "\n".join([*lines, ""]))
    run = web.run("--config", "/run/other.conf", "--page", "/usr/share/asp/page")
    assert run.code == code and why in run.err, run


@pytest.mark.parametrize(
    "words, code",
    [
        (("--listen", "0.0.0.0:8042"), 2),
        (("--listen", "127.0.0.1"), 2),
        (("--listen", "127.0.0.1:0"), 2),
        (("--listen", "127.0.0.1:65536"), 2),
        (("--listen", "192.0.2.1:80"), 2),
        (("--group", "nogroupatall"), 5),
        (("--group", "www-data", "--listen", "127.0.0.1:8042"), 2),
        (("--page", "/run/nothing"), 5),
        (("--page", "/etc"), 5),
        (("--prt", "1"), 2),
        (("serve",), 2),
    ],
)
def test_a_line_that_cannot_be_served_is_told(web, words, code):
    run = web.run("--page", "/usr/share/asp/page", *words) if "--page" not in words else web.run(*words)
    assert run.code == code and run.err.startswith("asp-web: "), run


def test_help_and_version(web):
    assert "usage: asp-web" in web.run("--help").done().out
    assert re.fullmatch(r"asp-web [\d.]+\n", web.run("--version").done().out)
