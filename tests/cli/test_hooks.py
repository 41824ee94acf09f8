"""Hooks: programs of the administrator's that are told of what was made and revoked, and that change nothing of it.
What they are told, and what they are run in."""

import os
import time

import pytest
from support.hooks import DEFAULTS
from support.passwords import id_but
from support.run import ended
from support.wait import LONG


# What a hook is told


def test_create_tells_the_hook_of_what_was_created(site, hooks):
    entry = site.create("alice", "Old phone", "--app", "calendar")
    (run,) = hooks.runs()
    services = "caldav carddav radicale nginx apache2 httpd"
    assert run["environment"] == {
        **DEFAULTS,
        "ASP_EVENT": "created",
        "ASP_USER": "alice",
        "ASP_IDS": entry["id"],
        "ASP_LABELS": "Old phone",
        "ASP_APPS": "calendar",
        "ASP_SERVICES": services,
        "ASP_REASON": "",
        "ASP_VIA": "",
        "ASP_PAGE": "",
    }


def test_revoke_tells_the_hook_once_of_all(site, hooks):
    labels = ["Ph\u00f6ne = $(id)", 'a "b" \\', "c d"]
    ids = [site.create("alice", label, "--app", "calendar")["id"] for label in labels]
    hooks.runs()
    site.run("revoke", "alice", *ids, "--reason", "lost, or so").done()
    (run,) = hooks.environments()
    assert (run["ASP_EVENT"], run["ASP_REASON"]) == ("revoked", "lost, or so")
    assert run["ASP_IDS"].split(" ") == ids
    assert run["ASP_LABELS"].split("\n") == labels
    assert run["ASP_APPS"] == "calendar calendar calendar"
    assert run["ASP_SERVICES"].split(" ") == ["caldav", "carddav", "radicale", "nginx", "apache2", "httpd"]


def test_a_word_that_ends_like_the_name_of_a_variable_stays_one_of_its_own(site, hooks):
    hooks.configure('apps: ( { name = "mail"; services = [ "imap" ]; } );')
    site.create("alice", "1 + 1 =", "--app", "x=", "--new-app")
    site.create("alice", "Phone", "--app", "mail")
    hooks.runs()
    site.run("revoke", "alice", "--all", "--reason", "lost =").done()
    (run,) = hooks.environments()
    assert run["ASP_LABELS"].split("\n") == ["1 + 1 =", "Phone"]
    assert (run["ASP_APPS"], run["ASP_SERVICES"], run["ASP_REASON"]) == ("x= mail", "x= imap", "lost =")


def test_what_is_revoked_already_is_no_event(site, hooks):
    id = site.create()["id"]
    site.run("revoke", "alice", id).done()
    hooks.runs()
    site.run("revoke", "alice", id).done()
    assert hooks.runs() == []


def test_rotate_tells_of_one_created_and_one_revoked(site, hooks):
    old = site.create("alice", "Phone", "--app", "mail")["id"]
    hooks.runs()
    new = site.json("rotate", "alice", old)["id"]
    assert sorted(hooks.events()) == [("created", "", [new]), ("revoked", "rotated", [old])]


def test_rotate_of_a_revoked_entry_tells_of_no_revocation(site, hooks):
    old = site.create("alice", "Phone", "--app", "mail")["id"]
    site.run("revoke", "alice", old).done()
    hooks.runs()
    new = site.json("rotate", "alice", old)["id"]
    assert hooks.events() == [("created", "", [new])]


def test_refusals_and_other_commands_are_no_events(site, hooks):
    id = site.create()["id"]
    hooks.runs()
    site.run("create", "alice", "--label", "Phone").refused(4)
    site.run("revoke", "alice", id_but(id)).refused(3)
    site.run("label", "alice", id, "New").done()
    site.run("list", "alice").done()
    site.run("check", "alice", "--service", "imap", input="no password")
    assert hooks.runs() == []


def test_remove_tells_of_what_it_has_ended(site, hooks):
    gone, *ids = (site.create("alice", label)["id"] for label in ("Old", "Phone", "Tablet"))
    site.run("revoke", "alice", gone).done()
    hooks.runs()
    site.run("remove", "alice").done()
    assert hooks.events() == [("revoked", "removed", ids)]
    # Nothing of her is left.
    assert [str(path) for path in site.place.rglob("*") if "alice" in path.name] == []
    site.run("remove", "alice").refused(3)
    assert hooks.runs() == []


def test_remove_of_an_account_that_cannot_be_read_runs_none(site, hooks):
    site.create()
    hooks.runs()
    site.put("alice", b"damaged\n")
    site.run("remove", "alice").done()
    assert hooks.runs() == []


def test_revoke_tells_of_what_history_has_no_room_for(site, hooks):
    hooks.lines.append("history = 1;")
    hooks.configure()
    ids = [site.create("alice", label)["id"] for label in ("Old", "Phone", "Tablet")]
    hooks.runs()
    site.run("revoke", "alice", "--all", "--reason", "lost").done()
    ((event, reason, told),) = hooks.events()
    assert (event, reason, sorted(told)) == ("revoked", "lost", sorted(ids))
    assert [entry["id"] for entry in site.entries("alice", "--all")] == ids[2:]
    assert list((site.store / "due").iterdir()) == []


def test_a_password_that_nobody_saw_is_no_event(site, hooks):
    with open("/dev/full", "w", encoding="ascii") as full:
        assert site.run("create", "alice", "--label", "Phone", stdout=full).code == 5
    assert hooks.runs() == []


APPS = """apps: ( { name = "mail"; services = [ "imap", "SMTP" ]; }, { name = "web"; services = [ "nginx" ]; } );"""


@pytest.mark.parametrize(
    "app, services",
    [("mail", "imap smtp"), ("any", "imap smtp nginx"), ("first-use", ""), ("exim", "exim")],
)
def test_services_are_those_that_the_app_opens(site, hooks, app, services):
    hooks.configure(APPS)
    site.create("alice", "Phone", "--app", app, "--new-app")
    (run,) = hooks.environments()
    assert (run["ASP_APPS"], run["ASP_SERVICES"]) == (app, services)


def test_services_are_told_once_for_several_entries(site, hooks):
    hooks.configure(APPS)
    for app in ("web", "any", "mail"):
        site.create("alice", app, "--app", app)
    hooks.runs()
    site.run("revoke", "alice", "--all").done()
    (run,) = hooks.environments()
    assert (run["ASP_APPS"], run["ASP_SERVICES"]) == ("web any mail", "nginx imap smtp")


def test_the_service_that_bound_it_is_among_its_services(site, hooks, login):
    password = site.create("alice", "Phone")["password"]
    assert login(password, service="imap") == 0
    # The app has lost this service meanwhile.
    hooks.configure('apps: ( { name = "mail"; services = [ "smtp" ]; } );')
    hooks.runs()
    site.run("revoke", "alice", "--all").done()
    (run,) = hooks.environments()
    assert (run["ASP_APPS"], run["ASP_SERVICES"]) == ("mail", "smtp imap")


@pytest.mark.long
def test_more_labels_than_one_run_can_be_told_of_take_two_runs(site, hooks):
    """500 labels of 256 bytes are more than the kernel hands over in one variable."""
    hooks.lines.append("limit = 500;")
    site.configure("virtual_users = true;", "limit = 500;")
    ids = [site.create("alice", f"{n:03}" + 61 * "\U0001f600")["id"] for n in range(500)]
    hooks.configure()
    site.run("revoke", "alice", "--all").done()
    runs = hooks.environments()
    assert len(runs) == 2
    assert [id for run in runs for id in run["ASP_IDS"].split()] == ids
    assert sum(len(run["ASP_LABELS"].split("\n")) for run in runs) == 500


# What it is run in


def test_a_hook_gets_nothing_of_the_callers(site, hooks):
    reading, writing = os.pipe()
    script = 'cd "$1"; shift; umask 0; trap "" TERM USR1; exec "$@"'
    prefix = ["sh", "-c", script, "sh", site.folder]
    options = {"prefix": prefix, "env": {"SECRET": "x"}, "pass_fds": [reading, writing]}
    site.run("create", "alice", "--label", "Phone", **options).done()
    os.close(reading)
    os.close(writing)
    (run,) = hooks.runs()
    assert "SECRET" not in run["environment"]
    assert run["arguments"] == []
    assert run["input"] == "/dev/null"
    assert run["descriptors"] == [0, 1, 2]
    assert run["folder"] == "/"
    assert run["leads"]
    assert (run["blocked"], run["ignored"]) == (0, 0)
    assert run["umask"] == 0o22


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_hook_has_streams_of_its_own_when_the_caller_has_none(site, hooks, closed):
    id = site.create()["id"]
    hooks.runs()
    site.run("revoke", "alice", id, prefix=["sh", "-c", f'exec "$@" {closed}', "sh"])
    (run,) = hooks.runs()
    assert run["input"] == "/dev/null"
    assert run["descriptors"] == [0, 1, 2]


def test_no_lock_is_held_while_a_hook_runs(site, hooks):
    """The hook itself reads and changes the very account."""
    old, other = (site.create("alice", label)["id"] for label in ("Phone", "Other"))
    command = f"{site.admin} --config {site.conf}"
    hooks.write(
        f"""#!/bin/sh -e
[ "$ASP_REASON" = lost ] || exit 0
{command} list alice >{site.folder}/listed
{command} label alice {other} New
{command} revoke alice {other} --reason 'by the hook'
{command} create alice --label Third --quiet >{site.folder}/created
"""
    )
    begun = time.monotonic()
    site.run("revoke", "alice", old, "--reason", "lost").done()
    site.hear()
    assert time.monotonic() - begun < 4
    assert site.states() == [("New", "revoked"), ("Phone", "revoked"), ("Third", "active")]
    assert "Other" in (site.folder / "listed").read_text()


def test_the_password_is_told_before_the_hook_runs(site, hooks):
    hooks.write("#!/bin/sh\nexec sleep 60\n")
    with ended(site.start("create", "alice", "--label", "Phone", "--quiet")) as create:
        assert len(create.stdout.readline().strip()) == 29
        assert create.poll() is None
        create.terminate()
        create.wait(LONG)
