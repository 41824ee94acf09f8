"""Through asp-broker all is as it is without: the verdict and its code, what is written, what is logged."""

import re

import pytest
from support.documents import TIME
from support.pam_codes import AUTHINFO_UNAVAIL, AUTH_ERR, CRED_INSUFFICIENT, SUCCESS, USER_UNKNOWN
from support.passwords import PRIMARY, wrong

HOOK = "/usr/local/libexec/hook"
CONFIGURATION = f'hooks: {{ revoked = "{HOOK}"; }};'
CLIENT = "192.0.2.7"

# name: verdict, code, and the login: which password, service, user, the client's address
SCENES = {
    "accepted": ("accepted", SUCCESS, "Phone", "nginx", "alice", CLIENT),
    "no-address": ("accepted", SUCCESS, "Phone", "nginx", "alice", ""),
    "from-its-network": ("accepted", SUCCESS, "Home", "nginx", "alice", "198.51.100.7"),
    "app-in-the-stack": ("accepted", SUCCESS, "Phone", "blog", "alice", CLIENT),
    "first-use": ("accepted", SUCCESS, "First", "nginx", "alice", CLIENT),
    "another-app": ("accepted", SUCCESS, "Mail", "imap", "alice", CLIENT),
    "not-enrolled": ("no-account", USER_UNKNOWN, "Phone", "nginx", "erin", CLIENT),
    "no-such-user": ("no-account", USER_UNKNOWN, "Phone", "nginx", "nobody-of-that-name", CLIENT),
    "of-another-user": ("not-an-app-password", CRED_INSUFFICIENT, "Phone", "nginx", "bob", CLIENT),
    "the-primary": ("not-an-app-password", CRED_INSUFFICIENT, "primary", "nginx", "alice", CLIENT),
    "wrong-secret": ("wrong-secret", AUTH_ERR, "wrong", "nginx", "alice", CLIENT),
    "wrong-case": ("wrong-case", AUTH_ERR, "capitals", "nginx", "alice", CLIENT),
    "wrong-case-of-a-revoked-one": ("wrong-case", AUTH_ERR, "OLD", "nginx", "alice", CLIENT),
    "revoked": ("revoked", AUTH_ERR, "Old", "nginx", "alice", CLIENT),
    "expired": ("expired", AUTH_ERR, "Short", "nginx", "alice", CLIENT),
    "unused": ("unused", AUTH_ERR, "Idle", "nginx", "alice", CLIENT),
    "wrong-app": ("wrong-app", AUTH_ERR, "Mail", "nginx", "alice", CLIENT),
    "wrong-network": ("wrong-network", AUTH_ERR, "Home", "nginx", "alice", CLIENT),
    "a-name-for-an-address": ("wrong-network", AUTH_ERR, "Home", "nginx", "alice", "client.example.org"),
    "no-address-in-a-network": ("wrong-network", AUTH_ERR, "Home", "nginx", "alice", ""),
    "primary-changed": ("primary-changed", AUTH_ERR, "bob", "nginx", "bob", CLIENT),
    "primary-locked": ("primary-locked", AUTH_ERR, "carol", "nginx", "carol", CLIENT),
    "damaged": ("unavailable", AUTHINFO_UNAVAIL, "dave", "nginx", "dave", CLIENT),
}

PREPARE = """
mkdir -p "${1%/*}"
printf '#!/bin/sh\\necho "$ASP_USER $ASP_REASON" >>/run/hooked\\n' >"$1"
chmod 755 "$1"
for user in carol erin; do useradd "$user"; done
chpasswd <<<carol:secret
"""

# What has a second to live or to be used in is over before the snapshot is taken.
FINISH = """
usermod --lock carol
echo damage >>/var/lib/asp/users/dave
sleep 1.2
cp -a /var/lib/asp /run/kept
"""


class Stage:
    """A store that is the same before each login."""

    def __init__(self, site):
        self.site = site
        site.reset(CONFIGURATION)
        site.sandbox.shell(PREPARE, HOOK).done()
        made = {
            "Short": ("alice", "Short", "--app", "calendar", "--expires", "1s"),
            "Idle": ("alice", "Idle", "--app", "calendar", "--unused", "1s"),
            "Phone": ("alice", "Phone", "--app", "calendar"),
            "First": ("alice", "First"),
            "Home": ("alice", "Home", "--app", "calendar", "--from", "198.51.100.0/24"),
            "Mail": ("alice", "Mail", "--app", "mail"),
            "Old": ("alice", "Old", "--app", "calendar"),
            "bob": ("bob", "Phone", "--app", "calendar"),
            "carol": ("carol", "Phone", "--app", "calendar"),
            "dave": ("dave", "Phone", "--app", "calendar", "--virtual"),
        }
        self.passwords = {name: site.create(*words) for name, words in made.items()}
        self.passwords |= {"primary": PRIMARY["alice"], "wrong": wrong(self.passwords["Phone"])}
        self.passwords |= {"capitals": self.passwords["Phone"].upper(), "OLD": self.passwords["Old"].upper()}
        site.asp_admin("revoke", "alice", "--label", "Old").done()
        site.set_primary("bob", "another one")
        site.sandbox.shell(FINISH).done()
        site.said()

    def login(self, user, scene):
        """All that comes of it on a host of that user: the answer, what is said, what is stored."""
        _, _, password, *words = SCENES[scene]
        self.site.sandbox.shell("rm -rf /var/lib/asp; cp -a /run/kept /var/lib/asp").done()
        answer = self.site.host(user).login(self.passwords[password], *words)
        return answer, self.site.said(), (self.accounts(), self.uses())

    def accounts(self):
        """As they lie there, but for what time it is, and for the key of a fingerprint that was taken anew."""
        kept = self.site.sandbox.shell("cat /run/kept/users/*").done().out
        text = self.site.sandbox.shell("cd /var/lib/asp/users; grep -v ^digest= *").done().out
        text = re.sub(r"primary=\S+", lambda found: found[0] if found[0] in kept else "primary=anew", text)
        return TIME.sub("TIME", text)

    def uses(self):
        entries = [
            (user, entry) for user in ("alice", "bob", "carol") for entry in self.site.json("list", user, "--all")
        ]
        return {
            (user, entry["label"]): entry["last_used"] and (entry["last_used"]["service"], entry["last_used"]["rhost"])
            for user, entry in entries
        }


@pytest.fixture(scope="module")
def stage(broker_machine):
    ready = Stage(broker_machine)
    with broker_machine.serving():
        yield ready


@pytest.mark.parametrize("scene", SCENES)
def test_a_login_through_the_broker_decides_stores_and_logs_as_one_without_it(stage, scene):
    verdict, code, *_ = SCENES[scene]
    own, said, stored = stage.login("root", scene)
    assert own.code == code
    assert said[0].word("verdict") == verdict and said[0].by != "asp-broker"
    through, said_through, stored_through = stage.login("www-data", scene)
    assert (through.code, through.account, through.environment) == (own.code, own.account, own.environment)
    assert stored_through == stored
    # The same lines in the same order. The first is the decision.
    assert [line.by for line in said_through] == ["asp-broker"] * len(said)
    assert [line.severity for line in said_through] == [line.severity for line in said]
    assert [line.text for line in said_through] == [said[0].text + ' via="www-data"', *(line.text for line in said[1:])]


def test_the_host_is_told_which_app_password_was_let_in(stage):
    answer, _, _ = stage.login("www-data", "accepted")
    environment = {"ASP_ID": stage.passwords["Phone"][:2], "ASP_LABEL": "Phone", "ASP_APP": "calendar"}
    assert (answer.account, answer.environment) == (SUCCESS, environment)
    answer, _, _ = stage.login("www-data", "revoked")
    assert (answer.account, answer.environment) != (SUCCESS, environment) and answer.environment == {}


def test_a_use_through_the_broker_is_recorded(stage):
    _, _, (_, uses) = stage.login("www-data", "accepted")
    assert uses["alice", "Phone"] == ("nginx", CLIENT)


def test_a_first_use_through_the_broker_binds(stage):
    stage.login("www-data", "first-use")
    (entry,) = [entry for entry in stage.site.json("list", "alice") if entry["label"] == "First"]
    assert (entry["app"], entry["bound"]["service"]) == ("calendar", "nginx")
    again = stage.site.host().login(stage.passwords["First"], "imap")
    assert again.code == AUTH_ERR
    assert stage.site.said_one().word("verdict") == "wrong-app"


def test_a_changed_primary_revokes_and_the_hook_is_run_by_watch(stage):
    _, said, _ = stage.login("www-data", "primary-changed")
    (event,) = said[1:]
    id = stage.passwords["bob"][:2]
    assert event.text == (f'event=revoked by="pam:nginx" user="bob" id={id} label="Phone" reason="primary-password"')
    assert stage.site.json("list", "bob") == []
    stage.site.sandbox.shell("rm -f /run/hooked; rm /var/lib/asp/users/dave").done()
    stage.site.asp_admin("watch", "--once").done()
    assert stage.site.sandbox.read("/run/hooked") == "bob primary-password\n"


@pytest.mark.parametrize("user", ["../alice", "", "a" * 300, "-alice", "al:ice", "alice\n", "\udcff" * 100])
def test_a_name_that_no_account_can_have_is_nobodys_once_the_name_service_was_asked(stage, user):
    """Somebody may be known by it: the broker asks."""
    answer = stage.site.host().login(stage.passwords["Phone"], "nginx", user)
    (line,) = stage.site.said()
    assert line.by == "asp-broker"
    if user:
        assert (answer.code, line.word("verdict")) == (USER_UNKNOWN, "no-account")
    else:
        assert answer.code != SUCCESS


# Lesson: linux-pam CVE-2015-3238.
@pytest.mark.parametrize("length", [512, 513, 4096, 100_000])
def test_a_password_of_any_length_is_refused_as_without_it(stage, length):
    password = stage.passwords["Phone"] + "-" * (length - len(stage.passwords["Phone"]))
    for user in ("root", "www-data"):
        answer = stage.site.host(user).login(password)
        assert answer.code == (SUCCESS if length <= 512 else CRED_INSUFFICIENT), user
    stage.site.said()


# Lesson: nginx's auth_pam.
def test_sixty_four_at_once_are_answered_without_an_error(stage):
    stage.site.sandbox.shell("rm -rf /var/lib/asp; cp -a /run/kept /var/lib/asp").done()
    host = stage.site.host()
    for _ in range(3):
        host.begin(*[(stage.passwords["Phone"], "nginx", "alice", f"192.0.2.{n}") for n in range(64)])
        assert [answer.code for answer in host.answers()] == [SUCCESS] * 64
    said = stage.site.said()
    assert [line.word("verdict") for line in said] == ["accepted"] * 3 * 64
    assert {line.word("via") for line in said} == {"www-data"}


def test_a_first_use_of_sixty_four_at_once_binds_once(stage):
    stage.site.sandbox.shell("rm -rf /var/lib/asp; cp -a /run/kept /var/lib/asp").done()
    host = stage.site.host()
    host.begin(*[(stage.passwords["First"], ("nginx", "imap")[n % 2]) for n in range(64)])
    codes = [answer.code for answer in host.answers()]
    assert sorted(codes) == [SUCCESS] * 32 + [AUTH_ERR] * 32
    assert codes[0::2] in ([SUCCESS] * 32, [AUTH_ERR] * 32)
    stage.site.said()


def test_another_store_in_the_place_of_the_old_one_is_used(stage):
    """The broker goes on while a backup is restored."""
    stage.site.sandbox.shell("rm -rf /var/lib/asp").done()
    assert stage.site.host().login(stage.passwords["Phone"]).code == AUTHINFO_UNAVAIL
    password = stage.site.create("alice", "New", "--app", "calendar")
    assert stage.site.host().login(password).code == SUCCESS
    stage.site.said()
