"""What a login comes to, through broker and module, whatever a database answers: never that there is no account, but where it
says so."""

import pytest
import wire
from fake_server import CLOSE
from machine import Node
from store import pin
from store_server import ANOTHER_BY_NOW, DONE, STORE, StoreServer, loaded
from support.pam_codes import AUTHINFO_UNAVAIL, SUCCESS, USER_UNKNOWN
from support.wait import wait_until
from test_connection_answers import TABLE, WARNINGS

LINES = ("virtual_users = true;", 'primary: { source = "none"; };', "broker: { workers = 1; };")
CROSSED = ("40001", "40P01")
OTHER = STORE.replace("0", "f")
HOUR = 3600 * 1000


@pytest.fixture(scope="module")
def server():
    with StoreServer() as made:
        yield made


class Machine(Node):
    """One whose database is that server, with the text of an account that its own asp-admin has made."""

    def __init__(self, layer, build, server, **options):
        super().__init__(layer, build, server, "asp", *LINES, store=STORE, **options)
        self.server = server
        named, self.always = self.always, [*LINES, 'store = "/run/files";']
        self.configure()
        self.made = self.create("alice", "Phone", "--app", "calendar")
        self.body = self.text()
        self.asp_admin("remove", "alice").done()
        self.unbound = self.create("alice", "Phone")
        self.unbound_body = self.text()
        self.asp_admin("remove", "alice").done()
        self.expiring = self.create("alice", "Phone", "--app", "calendar", "--expires", "30d")
        self.expiring_body = self.text()
        self.always = named
        self.configure()

    def text(self):
        return self.sandbox.shell("cat /run/files/users/alice").done().out.encode()

    def says(self, statement, *answers):
        self.server.says[statement] = list(answers)

    def begin_again(self):
        """It is well: who has an app password is let in."""
        self.configure()
        self.says("load", loaded(self.body))
        self.says("write", DONE)
        wait_until(lambda: self.login(self.made) == SUCCESS, self.log_file.new)
        self.log_file.settle()
        self.log_file.forget()
        self.server.heard.clear()


@pytest.fixture(scope="module")
def prepared(layer, build, sandboxes, server):
    node = Machine(layer, build, server)
    try:
        node.begin()
        yield node
    finally:
        node.end()
        node.close()


@pytest.fixture
def machine(prepared):
    prepared.begin_again()
    return prepared


def is_unavailable(machine, password, word):
    """So is the next one, and the cause is told."""
    codes = [machine.login(password), machine.login(password)]
    lines = machine.log_file.take_lines(2, lambda line: line.is_decision)
    assert codes == [AUTHINFO_UNAVAIL] * 2, lines
    assert [line.word("verdict") for line in lines] == ["unavailable"] * 2
    assert word in lines[0].text, lines


def test_it_says_who_has_an_account_and_who_has_none(machine):
    assert machine.login(machine.made) == SUCCESS
    machine.says("load", loaded())
    assert machine.login(machine.made) == USER_UNKNOWN
    assert set(machine.server.heard) <= {"load", "record"}


@pytest.mark.parametrize("sqlstate", [*TABLE, *CROSSED])
def test_an_error_is_no_account_that_is_not_there(machine, sqlstate):
    machine.says("load", wire.refused(sqlstate))
    is_unavailable(machine, machine.made, sqlstate)


@pytest.mark.parametrize("sqlstate", ["53300", "28000", "28P01", "3D000", "42501", "57P03"])
def test_nor_is_it_where_nobody_is_let_in(machine, sqlstate):
    let_in, machine.server.greeting = machine.server.greeting, [wire.error(sqlstate, severity="FATAL"), CLOSE]
    machine.server.hang_up()
    try:
        is_unavailable(machine, machine.made, sqlstate)
    finally:
        machine.server.greeting = let_in


ANSWERS = {
    "no row": (lambda body: wire.COMPLETE + wire.READY, "no store of ours"),
    "two rows": (lambda body: loaded(rows=2), "no store of ours"),
    "a row of another store": (lambda body: loaded(store=OTHER), "another database"),
    "a row of other parts": (lambda body: loaded(parts=63), "another database"),
    "a row without a store": (lambda body: loaded(store=None), "no store of ours"),
    "a row without an age": (lambda body: loaded(oldest=None), "no store of ours"),
    "fewer columns": (lambda body: wire.answered(STORE, b"\0\0\0\1", b"\0\x40"), "no write on its standbys"),
    "one that was closed": (lambda body: loaded(oldest=0), "moved"),
    "one of a later version": (lambda body: loaded(oldest=2), "later version"),
    "an account without a tag": (lambda body: loaded(body, tag=None), "no store of ours"),
    "an account that is damaged": (lambda body: loaded(body.replace(b"Phone", b"Phony")), "digest"),
    "an account that is longer than one can be": (lambda body: loaded(b"x" * (8 * 1024 * 1024 + 1)), "longer than"),
    "an account that is empty": (lambda body: loaded(b""), "of ours"),
    "an account of another form": (lambda body: loaded(b"something else\n"), "of ours"),
    "an old pulse": (lambda body: loaded(pulse_age=HOUR), "no write on its standbys"),
    "a pulse that is to come": (lambda body: loaded(pulse_age=-1001), "no write on its standbys"),
    "no pulse": (lambda body: loaded(pulse_age=None), "no write on its standbys"),
}


@pytest.mark.parametrize("what", ANSWERS)
def test_what_is_no_answer_of_ours_is_no_account_that_is_not_there(machine, what):
    answer, word = ANSWERS[what]
    machine.says("load", answer(machine.body))
    is_unavailable(machine, machine.made, word)


def test_who_answers_for_another_store_is_not_asked_again_by_that_connection(machine):
    machine.says("load", loaded(machine.body, store=OTHER))
    connections = len(machine.server.started)
    for _ in range(3):
        assert machine.login(machine.made) == AUTHINFO_UNAVAIL
    assert len(machine.server.started) >= connections + 2


def test_a_machine_that_has_joined_another_store_goes_on_with_that(machine):
    machine.says("load", loaded(machine.body, store=OTHER))
    assert machine.login(machine.made) == AUTHINFO_UNAVAIL
    machine.sandbox.write("/var/lib/asp/store-id", pin(OTHER), mode="600")
    try:
        assert machine.login(machine.made) == SUCCESS
        machine.says("load", loaded(machine.body))
        assert machine.login(machine.made) == AUTHINFO_UNAVAIL
    finally:
        machine.sandbox.write("/var/lib/asp/store-id", pin(STORE), mode="600")


@pytest.mark.parametrize("age", [0, 10000, -1000])
def test_a_write_of_just_now_needs_no_other(machine, age):
    machine.says("load", loaded(machine.body, pulse_age=age))
    assert machine.login(machine.made) == SUCCESS
    assert "beat" not in machine.server.heard


@pytest.mark.parametrize("age", [10001, -1001, None])
def test_one_that_is_too_old_or_of_another_clock_is_made_anew(machine, age):
    machine.says("load", loaded(machine.body, pulse_age=age), loaded(machine.body))
    assert machine.login(machine.made) == SUCCESS
    assert [name for name in machine.server.heard if name != "record"] == ["load", "beat", "load"]


@pytest.mark.parametrize("sqlstate", CROSSED)
def test_what_others_crossed_is_asked_again_within_the_wait(machine, sqlstate):
    refused = wire.refused(sqlstate)
    machine.says("load", refused, refused, loaded(machine.body))
    assert machine.login(machine.made) == SUCCESS
    assert machine.server.heard.count("load") == 3
    machine.says("load", loaded(machine.unbound_body))
    machine.says("write", refused, refused, DONE)
    assert machine.login(machine.unbound) == SUCCESS
    assert machine.server.heard.count("write") == 3


def writes(server):
    """The values of each."""
    asked = server.asked[-len(server.heard) :]
    return [values for name, values in zip(server.heard, asked) if name == "write"]


def tags_of_writes(server):
    """What each of them was to put in the place of the tag that was read."""
    return [(values[2], values[3]) for values in writes(server)]


def test_where_another_wrote_meanwhile_it_is_read_and_written_again(machine):
    machine.says("load", *(loaded(machine.unbound_body, tag=tag) for tag in (7, 7, 8, 9)))
    machine.says("write", ANOTHER_BY_NOW, ANOTHER_BY_NOW, DONE)
    assert machine.login(machine.unbound) == SUCCESS
    tags = tags_of_writes(machine.server)
    assert [was for was, _ in tags] == [b"7", b"8", b"9"]
    assert len({new for _, new in tags}) == 3


@pytest.mark.parametrize("lost", ["57P01", "40001"])
def test_where_it_is_not_known_whether_it_was_written_the_same_is_said_again(machine, lost):
    machine.says("load", loaded(machine.unbound_body))
    machine.says("write", wire.refused(lost), wire.refused(lost), DONE)
    assert machine.login(machine.unbound) == SUCCESS
    tags = tags_of_writes(machine.server)
    assert len(tags) == 3 and len(set(tags)) == 1


def test_who_removes_what_another_has_written_meanwhile_removes_that(machine):
    machine.says("load", *(loaded(machine.body, tag=tag) for tag in (7, 8)))
    machine.says("write", ANOTHER_BY_NOW, DONE)
    machine.asp_admin("remove", "alice").done()
    assert [was for was, _ in tags_of_writes(machine.server)][-1] == b"8"


def test_what_is_revoked_does_not_expire_any_more(machine):
    machine.says("load", loaded(machine.expiring_body))
    id = machine.expiring[:2]
    machine.asp_admin("label", "alice", id, "Old phone").done()
    assert writes(machine.server)[-1][5] == f'{{"{id}"}}'.encode()
    machine.asp_admin("revoke", "alice", id).done()
    assert writes(machine.server)[-1][5:8] == [b"{}", b"{}", b"revoked"]


AT_A_WRITE = {sqlstate: wire.refused(sqlstate) for sqlstate in [*TABLE, *CROSSED]} | {
    "a warning": WARNINGS["01000"] + DONE,
    "a warning at the end of a server": WARNINGS["57P01"] + DONE,
    "it is another by now": ANOTHER_BY_NOW,
    "no number": wire.answered(None),
}


@pytest.mark.parametrize("what", AT_A_WRITE)
def test_who_is_not_known_to_be_bound_is_not_let_in(machine, what):
    """And it is bound by the next login, if it was not."""
    machine.says("load", loaded(machine.unbound_body))
    machine.says("write", AT_A_WRITE[what])
    assert machine.login(machine.unbound) == AUTHINFO_UNAVAIL
    machine.says("write", DONE)
    wait_until(lambda: machine.login(machine.unbound) == SUCCESS, machine.log_file.new)


def test_a_use_is_written_by_the_configuration_of_its_login_whatever_asp_conf_says_by_then(machine):
    """A worker writes it after a second. What the broker has begun with it keeps, so that is another one."""
    heard = machine.server.heard
    machine.configure("limit = 7;")
    assert machine.login(machine.made) == SUCCESS
    wait_until(lambda: "record" in heard, "no use was written")
    heard.clear()
    assert machine.login(machine.made) == SUCCESS
    # By this one nobody asks the database.
    machine.configure('self_service: { web_user = "www-data"; };')
    assert machine.login(machine.made) == AUTHINFO_UNAVAIL
    machine.server.hang_up()  # where it is, is read there
    wait_until(lambda: "record" in heard, machine.log_file.new)


def test_without_a_fence_nobody_asks_how_old_the_last_write_is(layer, build, sandboxes, server):
    """As for a database that stands on several machines itself."""
    node = Machine(layer, build, server, fence=0)
    try:
        node.begin()
        for age in (HOUR, -HOUR, None):
            node.says("load", loaded(node.body, pulse_age=age))
            assert node.login(node.made) == SUCCESS
        assert "beat" not in server.heard
    finally:
        node.end()
        node.close()
