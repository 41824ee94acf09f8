"""A database whose clock is another than that of its machines: every time in an account is of its clock."""

import concurrent.futures
import datetime

import cluster as clusters
import pytest
from machine import joined, leave_none
from support.pam_codes import AUTH_ERR, SUCCESS
from support.wait import wait_until

HOUR = datetime.timedelta(hours=1)
ABOUT = datetime.timedelta(minutes=5)  # a test takes less

COMMAND = "/etc/asp/primaries"
SAYS = "/run/primaries"
ASKED = "/run/primaries-asked"
HELD = "/run/primaries-held"  # while it is there, what was read before is not said

PRIMARIES = f"""#!/bin/sh
said=$(cat {SAYS})
touch {ASKED}
while test -e {HELD}; do sleep 0.05; done
printf '%s\\n' "$said"
"""


@pytest.fixture(scope="module", params=[HOUR, -HOUR], ids=["ahead", "behind"])
def apart(request):
    """By how much it is ahead."""
    return request.param


@pytest.fixture(scope="module")
def database(cluster, apart):
    name = "clock_ahead" if apart > datetime.timedelta() else "clock_behind"
    clock = f"(clock_timestamp() + interval '{int(apart.total_seconds())} s')"
    cluster.database(name)
    cluster.connect(database=name).ask(clusters.SCHEMA.replace("clock_timestamp()", clock))
    return name


@pytest.fixture(scope="module")
def machines(layer, build, sandboxes, cluster, database):
    def prepare(node):
        node.sandbox.write(COMMAND, PRIMARIES, mode="755")

    lines = ("virtual_users = true;", f'primary: {{ source = "command"; command = "{COMMAND}"; }};')
    with joined(layer, build, cluster, database, prepare=prepare, lines=[lines] * 2, wait=5000) as found:
        yield found


@pytest.fixture
def both(owner, machines):
    leave_none(owner)
    for machine in machines:
        machine.sandbox.shell(f"rm -f {ASKED} {HELD}").done()
        says(machine, "one")
    return machines


def says(machine, password):
    """What a directory says of alice there."""
    machine.sandbox.write(SAYS, f"alice\t{password}\n")


def is_now(text, apart):
    """A time that is about now, by the database's clock."""
    when = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return abs(when - datetime.datetime.now(datetime.timezone.utc) - apart) < ABOUT


def test_what_is_made_bound_used_and_revoked_has_the_time_of_the_database(both, apart):
    one, other = both
    made = one.create("alice", "Phone")
    assert other.login(made) == SUCCESS
    wait_until(lambda: one.entry(made[:2])["last_used"] is not None, "no use is told")
    other.asp_admin("revoke", "alice", made[:2]).done()
    entry = one.entry(made[:2])
    times = [entry["created"], entry["bound"]["time"], entry["last_used"]["time"], entry["revoked"]["time"]]
    assert [is_now(when, apart) for when in times] == [True] * 4, times


def test_what_expires_does_so_by_the_clock_of_the_database(both):
    one, other = both
    made = one.create("alice", "Phone", "--app", "calendar", "--expires", "10m")
    entry = one.entry(made[:2])
    created, expires = (datetime.datetime.fromisoformat(entry[key][:19]) for key in ("created", "expires"))
    assert expires - created == datetime.timedelta(minutes=10)
    assert (entry["state"], other.login(made)) == ("active", SUCCESS)
    new = one.asp_admin("rotate", "alice", made[:2], "--expires", "2s", "--quiet").done().out.strip()
    assert one.entry(new[:2])["state"] == "active"
    wait_until(lambda: other.login(new) == AUTH_ERR, "it does not expire")
    assert one.entry(new[:2])["state"] == "expired"


def test_what_a_command_said_before_another_machine_has_written_revokes_nothing(both):
    one, other = both
    one.create("alice", "Phone")
    one.sandbox.shell(f"rm {ASKED}; touch {HELD}").done()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        watch = pool.submit(one.asp_admin, "watch", "--once", "--json")
        wait_until(lambda: one.sandbox.run("test", "-e", ASKED).code == 0, "nothing is asked")
        says(other, "two")
        made = other.create("alice", "Laptop")
        one.sandbox.run("rm", HELD).done()
        document = watch.result().document()
    assert (document["changed"], document["revoked"]) == (0, 0), document
    assert other.entry(made[:2])["state"] == "active"
    assert [row["state"] for row in one.json("list", "alice", "--all") if row["label"] == "Phone"] == ["revoked"]
