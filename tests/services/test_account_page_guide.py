"""doc/account-page.md, command for command, on a machine that the real systemd runs, with a real nginx; and its way back."""

import json
import re

import pytest
from booted import Systemd, put_in_place
from support.account_page import HOST, PREPARE, SOCKET, PageAt
from support.page_user import PageUser
from support.passwords import PASSWORD
from support.recipes import steps
from support.run import TREE
from support.web import CERTIFICATE

GUIDE = (TREE / "doc" / "account-page.md").read_text()
PORT = 8042
# What Debian's packages do when they are installed, and where they put what `meson install` puts below /usr/local.
PACKAGES = """
mkdir -p /var/log/nginx /var/lib/nginx /usr/share/doc /usr/libexec
rm -f /etc/nginx/modules-enabled/* /etc/nginx/sites-enabled/*
ln -sfn /usr/local/share/doc/pam_asp /usr/share/doc/pam_asp
ln -sfn /usr/local/libexec/asp-web /usr/libexec/asp-web
printf '#!/bin/sh\\n' >/usr/local/bin/apt-get
chmod 755 /usr/local/bin/apt-get
"""
# Ends with an error where something is left; prints as whom nginx runs.
GONE = """
test ! -e /etc/systemd/system/asp-web.socket.d
test ! -e /etc/systemd/system/asp-web.service.d
! ss --listening --no-header | grep -E 'web\\.sock|127.0.0.1:8042'
test ! -e /etc/asp/proxy-secret
! getent passwd web-proxy
! grep -q web /etc/asp/asp.conf
ps -C nginx -o user= | sort -u
"""


def commands(*headings):
    """What the sections of these headings tell to type; it is indented."""
    parts = re.split(r"(?m)^#+ ", GUIDE)
    text = "".join(next(part for part in parts if part.startswith(heading)) for heading in headings)
    return "".join(re.findall(r"(?m)^    (.*\n)", text))


@pytest.fixture(scope="module")
def machine(broker_machine, build, asp_web, tmp_path_factory):
    """pam_asp is there, and alice has an app password."""
    box = broker_machine.sandbox
    box.need("nginx", "openssl", "curl", "/usr/lib/systemd/system/nginx.service")
    box.shell(CERTIFICATE, HOST).done()
    box.shell(PREPARE, "/usr/local/share/asp/page").done()
    put_in_place(box, build, tmp_path_factory.mktemp("installed"))
    box.shell(PACKAGES).done()
    broker_machine.install("pam.d/asp-web", "/etc/pam.d/asp-web")
    broker_machine.configure("limit = 20;")
    broker_machine.systemd = Systemd(box)
    yield broker_machine
    broker_machine.systemd.close()


def follow(machine, *headings, first=""):
    return machine.systemd.shell(first + commands(*headings)).done()


@pytest.fixture(scope="module")
def served(machine):
    """Ten minutes later. curl is told of the certificate, for nobody has signed that."""
    trust = f"export CURL_CA_BUNDLE=/etc/letsencrypt/live/{HOST}/fullchain.pem\n"
    # It finds more here, such as that nobody asks for an app password.
    doctor = "asp-admin() { command asp-admin --json doctor >/run/found || true; }\n"
    run = follow(machine, "A page for", "1. ", "2. ", "3. ", "4. ", "5. ", first=trust + doctor)
    assert run.out == "the page is there\n"
    return machine


def test_doctor_says_that_all_is_there(served):
    found = [row for row in json.loads(served.sandbox.read("/run/found")) if row["check"] == "account-page"]
    assert [(row["ok"], row["message"]) for row in found] == [(True, f"users sign in by asp-web, at https://{HOST}")]


def test_a_user_signs_in_at_the_page_and_makes_an_app_password(served):
    alice = PageUser(PageAt(f"/proc/{served.sandbox.first}/root{SOCKET}")).signs_in()
    made = alice.run("create", "--label", "Tablet", "--app", "mail", "--", "alice")
    assert made["code"] == 0 and PASSWORD.search(made["out"])
    assert sorted(entry["label"] for entry in served.json("list", "alice")) == ["Phone", "Tablet"]


def test_what_it_says_of_another_name_is_what_is_shown(served):
    shown = PageAt(f"/proc/{served.sandbox.first}/root{SOCKET}").browser().say("GET", "/", Host="other.example.org")
    (told,) = re.findall(r"(?m)^\| `(.*?)` \| the name in the browser", GUIDE)
    assert shown.json["error"].startswith(told)


def test_a_hook_is_set_as_its_own_text_says():
    (line,) = re.findall(r"`(hooks: .*)`", GUIDE)
    assert f"#     {line}\n" in (TREE / "conf" / "hooks" / "mail").read_text()


def test_it_types_what_the_recipe_for_nginx_does(served):
    recipe, _ = steps("nginx/asp-web")
    typed = commands("3. ", "4. ").splitlines()
    missing = [line for line in recipe if line not in typed]
    assert missing == ["install -m 644 asp-web /etc/nginx/sites-enabled/asp-web"]


@pytest.mark.parametrize("name", ["nginx/asp-web", "apache/asp-web.conf", "caddy/asp-web"])
def test_each_recipe_starts_and_ends_what_the_guide_does(name):
    """Also that by which users are let in, without which there is a page and nobody signs in."""
    for typed, heading in zip(steps(name), ("4. ", "The way back")):
        units = [line for line in commands(heading).splitlines() if re.match("systemctl (enable|disable) ", line)]
        assert [line for line in typed if re.match("systemctl (enable|disable) ", line)] == units != []


def test_at_a_port_it_has_a_secret_that_the_web_server_shows(served):
    follow(served, "At a port")
    secret = served.sandbox.read("/etc/asp/proxy-secret").strip()
    assert len(secret) == 64
    words = ["curl", "--silent", "--fail", "--max-time", "20", "--noproxy", "*", "--header", f"Host: {HOST}"]
    assert "App passwords" in served.systemd.run(*words, f"http://127.0.0.1:{PORT}/").done().out


def test_the_way_back_leaves_nothing_of_it(served):
    """The last of this machine."""
    follow(served, "The way back")
    assert served.systemd.shell(GONE).done().out.split() == ["root", "www-data"]
    assert [entry["label"] for entry in served.json("list", "alice")]
