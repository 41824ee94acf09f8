"""Old and new beside each other: module, broker, asp-admin and store, each with those of version 0.1.0, which is built
from its commit."""

import pathlib
import tempfile

import pytest
from support.broker import BrokerMachine, Host, serving
from support.old_version import build_old
from support.passwords import wrong
from support.pam_codes import AUTH_ERR, AUTHINFO_UNAVAIL, CRED_INSUFFICIENT, SUCCESS, USER_UNKNOWN

STORE = 5

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def old():
    """The build folder of version 0.1.0; skips in a tree without its history."""
    with tempfile.TemporaryDirectory(prefix="asp-", dir="/tmp") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        yield build_old(folder)


@pytest.fixture(scope="module")
def machine(sandboxes, layer, build, old):
    """With the module of both: that of 0.1.0 is asked by the service radicale."""
    machine = BrokerMachine(layer, build)
    module = old / "pam_asp" / "pam_asp.so"
    machine.sandbox.write("/etc/pam.d/radicale", f"auth required {module}\naccount required {module}\n")
    yield machine
    machine.close()


@pytest.fixture
def stage(machine):
    machine.reset()
    return machine


@pytest.fixture
def old_admin(stage, old):
    def run(*words, **options):
        return stage.sandbox.run(old / "asp-admin" / "asp-admin", *words, **options)

    return run


def asks(stage, user, service, password, name="alice"):
    """The code that a host of this user hears."""
    host = Host(stage.sandbox, user)
    try:
        return host.login(password, service, name).code
    finally:
        host.close()


def test_a_store_of_0_1_0_is_read_as_it_is_and_loses_nothing_at_its_first_change(stage, old_admin):
    def make(label, *more):
        return old_admin("create", "alice", "--label", label, "--quiet", *more).done().out.strip()

    phone, laptop = make("Phone", "--app", "calendar", "--from", "192.0.2.0/24"), make("Laptop", "--unused", "30d")
    make("Gone")
    old_admin("revoke", "alice", "--label", "Gone", "--reason", "lost").done()
    assert asks(stage, "root", "radicale", laptop) == SUCCESS
    documents = [("--json", "list", "alice", "--all"), ("--json", "history", "alice"), ("--json", "list")]
    for words in documents:
        assert stage.asp_admin(*words).done().out == old_admin(*words).done().out

    stage.asp_admin("label", "alice", phone[:2], "Desk").done()
    for words in documents:
        assert stage.asp_admin(*words).done().out == old_admin(*words).done().out
    assert sorted(entry["label"] for entry in stage.entries()) == ["Desk", "Gone", "Laptop"]
    for service in ("radicale", "nginx"):
        assert asks(stage, "root", service, phone) == SUCCESS
        assert asks(stage, "root", service, laptop) == SUCCESS
        assert asks(stage, "root", service, wrong(phone)) == AUTH_ERR


@pytest.mark.parametrize(
    ("scheme", "primary"),
    [
        pytest.param("blake2b", None, id="the hash"),
        pytest.param("hmac-sha256", "*", id="a user without a password in shadow, who has a key alone"),
    ],
)
def test_what_0_1_0_would_misread_is_unavailable_to_it_and_stays_as_it_is(stage, old_admin, scheme, primary):
    if primary is not None:
        stage.sandbox.run("usermod", "--password", primary, "bob").done()
    stage.configure(f'hash: {{ scheme = "{scheme}"; }};')
    password = stage.create("bob", "Phone", "--app", "calendar")
    account = "/var/lib/asp/users/bob"
    before = stage.sandbox.run("cat", account).done().out
    stage.configure()
    assert before.startswith("asp-account 2 ")
    id = password[:2]
    for words in (
        ["list", "bob"],
        ["history", "bob"],
        ["create", "bob", "--label", "Laptop"],
        ["label", "bob", id, "Desk"],
        ["rotate", "bob", id],
        ["revoke", "bob", id],
        ["revoke", "bob", "--all"],
    ):
        run = old_admin(*words).refused(STORE)
        assert "newer version" in run.err
    old_admin("watch", "--once")
    assert asks(stage, "root", "radicale", password, "bob") == AUTHINFO_UNAVAIL
    assert stage.sandbox.run("cat", account).done().out == before
    assert asks(stage, "root", "nginx", password, "bob") == SUCCESS


@pytest.mark.parametrize(
    ("service", "capitals"),
    [pytest.param("radicale", AUTH_ERR, id="module"), pytest.param("nginx", CRED_INSUFFICIENT, id="broker")],
)
def test_a_module_or_a_broker_of_0_1_0_works_with_the_other_of_today(stage, old, service, capitals):
    """What a version 1 has no word for is refused by one that it has. Both know the older hash."""
    stage.configure('hash: { scheme = "hmac-sha256"; };')
    phone, laptop = (stage.create("alice", label, "--app", "calendar") for label in ("Phone", "Laptop"))
    stage.asp_admin("revoke", "alice", laptop[:2]).done()
    broker = stage.broker if service == "radicale" else old / "pam_asp" / "asp-broker"
    with serving(stage.sandbox, broker):
        host = Host(stage.sandbox, "www-data")
        try:
            answer = host.login(phone, service)
            assert (answer.code, answer.environment["ASP_ID"]) == (SUCCESS, phone[:2])
            assert host.login(wrong(phone), service).code == AUTH_ERR
            assert host.login(laptop, service).code == AUTH_ERR
            assert host.login(phone.upper(), service).code == capitals
            assert host.login("correct horse", service).code == CRED_INSUFFICIENT
            assert host.login(phone, service, "bob").code == USER_UNKNOWN
        finally:
            host.close()
    assert stage.entry(phone[:2])["last_used"]["service"] == service
