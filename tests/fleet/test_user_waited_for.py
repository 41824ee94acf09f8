"""A user who is asked who she is has no connection: that lasts as long as she takes, whoever she is, and there are not so many
for all machines as can be asked at once."""

import contextlib

import pytest
from support.self_service import HostileClient
from support.wait import wait_until
from support.web_sign_in import CONF, serve_web, web_server
from test_passwords import Home

ADMINS = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'asp_admin'"
SHAPED = "23456-789ab-cdefg-hjkmn-pqrst"  # as an app password
SLEEPS = """
auth required pam_exec.so expose_authtok /bin/true
auth required pam_exec.so quiet /bin/sleep 600
account required pam_permit.so
"""


@pytest.fixture(scope="module")
def home(layer, build, sandboxes, cluster, database):
    machine = Home(layer, build, cluster, database, "virtual_users = true;", 'primary: { source = "none"; };')
    with contextlib.closing(machine):
        yield serve_web(machine, CONF)


@pytest.fixture
def are_none(cluster):
    look = cluster.connect()
    yield lambda: wait_until(lambda: look.one(ADMINS) == 0, "there are some")
    cluster.hang_up()


def test_while_she_is_asked(home, are_none):
    with web_server(home) as web:
        web.asked(web.begin("alice"))
        are_none()
        assert web.signs_in()


def test_while_a_module_takes_its_time_with_what_was_looked_for_among_her_app_passwords(home, are_none):
    home.sandbox.write("/etc/pam.d/asp-admin", SLEEPS)
    client = HostileClient(home.sandbox, "alice")
    with contextlib.closing(client):
        client.answer(client.begin("create", "--label", "Phone"), SHAPED)
        wait_until(lambda: home.sandbox.run("pgrep", "-x", "sleep").code == 0)
        are_none()
