"""asp.conf is missing, empty, or cut before it names the database: nobody on a machine of that database has no account."""

import re

import pytest
from machine import Node, leave_none
from support.pam_codes import AUTHINFO_UNAVAIL, SUCCESS, USER_UNKNOWN

CONF, KEPT = "/etc/asp/asp.conf", "/etc/asp/asp.conf.away"
LINES = ("virtual_users = true;", 'primary: { source = "none"; };')
LINE = (
    "the app passwords of this machine are in a database, as /var/lib/asp/store-id says, and asp.conf names none; mend "
    "asp.conf; or, where they are to be in files from now on, remove /var/lib/asp/store-id: see asp-store(7)"
)
# What becomes of the file.
GONE = {
    "missing": f"rm {CONF}",
    "empty": f": >{CONF}",
    "cut": f"sed /^database:/d {KEPT} >{CONF}",
}


@pytest.fixture(scope="module")
def node(layer, build, sandboxes, cluster, database):
    made = Node(layer, build, cluster, database, *LINES, wait=5000, fence=0)
    made.begin()
    yield made
    made.end()
    made.close()


@pytest.fixture
def made(node, owner):
    """An app password of alice, who was let in by it, also where nothing is asked but her own process."""
    leave_none(owner)
    node.configure()
    node.asp_admin("store", "join").done()
    password = node.create("alice", "Phone", "--app", "calendar")
    assert [node.login(password, host=host) for host in ("root", "www-data")] == [SUCCESS] * 2
    node.sandbox.shell(f"cp {CONF} {KEPT}").done()
    yield password
    node.sandbox.shell(f"mv {KEPT} {CONF}; rm -rf /var/lib/asp/users").done()


@pytest.fixture(params=GONE)
def gone(request):
    return GONE[request.param]


def refused_to_all(node, password):
    for user in ("alice", "nobody"):
        for host in ("root", "www-data"):
            assert node.login(password, user=user, host=host) == AUTHINFO_UNAVAIL, (user, host)


def test_nobody_has_no_account_until_it_is_mended(node, made, gone):
    node.sandbox.shell("install -d -m 700 /var/lib/asp/users").done()
    node.sandbox.shell(gone).done()
    refused_to_all(node, made)
    node.log_file.logged(re.escape(LINE))
    node.sandbox.shell(f"cp {KEPT} {CONF}").done()
    assert [node.login(made, host=host) for host in ("root", "www-data")] == [SUCCESS] * 2


def test_no_command_takes_files_for_it_or_makes_their_folder(node, made, gone):
    node.sandbox.shell(gone).done()
    for words in (["list"], ["list", "alice"], ["create", "bob", "--label", "Phone"], ["revoke", "alice", "--all"]):
        run = node.asp_admin(*words).refused(5)
        assert LINE in run.err, run
    assert node.sandbox.run("test", "-e", "/var/lib/asp/users").code == 1
    rows = [row for row in node.asp_admin("doctor", "--json").document(1) if row["check"] == "store" and not row["ok"]]
    assert [f"{row['message']}; {row['mend']}" for row in rows] == [LINE]


def test_nor_is_anybody_let_in_by_files_that_were_there_before_it_joined(node, made):
    """They are not what was revoked from."""
    node.sandbox.shell(f"sed /^database:/d {KEPT} >{CONF}; mv /var/lib/asp/store-id /run").done()
    before = node.create("carol", "Phone", "--app", "calendar")
    assert node.login(before, user="carol", host="root") == SUCCESS
    node.sandbox.shell(f"mv /run/store-id /var/lib/asp; cp {KEPT} {CONF}").done()
    assert node.login(before, user="carol", host="root") == USER_UNKNOWN
    node.sandbox.shell(f"sed /^database:/d {KEPT} >{CONF}").done()
    for host in ("root", "www-data"):
        assert node.login(before, user="carol", host=host) == AUTHINFO_UNAVAIL


def test_a_process_that_knew_the_files_before_another_configuration_joined_says_of_nobody_that_she_has_none(node, made):
    node.sandbox.shell(f"sed /^database:/d {KEPT} >{CONF}; mv /var/lib/asp/store-id /run; install -d -m 700 /var/lib/asp/users").done()
    assert node.login(made, host="root") == USER_UNKNOWN
    node.sandbox.shell("mv /run/store-id /var/lib/asp").done()
    assert node.login(made, host="root") == AUTHINFO_UNAVAIL


def test_where_it_says_no_more_of_a_database_files_are_in_use_again(node, made):
    node.sandbox.shell(f"{GONE['cut']}; mv /var/lib/asp/store-id /run").done()
    try:
        password = node.create("dora", "Phone", "--app", "calendar")
        for host in ("root", "www-data"):
            assert node.login(password, user="dora", host=host) == SUCCESS
            assert node.login(password, host=host) == USER_UNKNOWN
    finally:
        node.sandbox.shell("mv /run/store-id /var/lib/asp").done()


def test_a_folder_that_is_away_is_made_by_a_join(node, made):
    node.sandbox.shell("mv /var/lib/asp /var/lib/asp.away").done()
    run = node.asp_admin("list", "alice").refused(5)
    assert run.err == (
        "asp-admin: there is no store at /var/lib/asp: mount it, or make it with asp-admin store join\n"
    )
    assert node.login(made) == AUTHINFO_UNAVAIL
    node.sandbox.shell("mv /var/lib/asp.away /var/lib/asp").done()
    assert node.login(made) == SUCCESS


def test_where_its_folder_is_no_folder_of_ours_each_command_says_so(node, made):
    node.sandbox.shell("chmod 777 /var/lib/asp").done()
    for words in (["create", "bob", "--label", "Phone"], ["revoke", "alice", "--all"], ["list", "alice"], ["watch", "--once"]):
        run = node.asp_admin(*words).refused(5)
        assert "/var/lib/asp" in run.err, run
    node.sandbox.shell("chmod 700 /var/lib/asp").done()
    assert node.login(made) == SUCCESS
