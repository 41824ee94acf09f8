"""Last uses as asp-admin is told of them, by a server that says what a test has it say."""

import datetime

import pytest
from on_database import SiteInDatabase
from store_server import StoreServer, loaded, number, told
from support.site import Site

HOUR = 3600
BEGUN = 1136214245
LONG = "a" * 254  # one more than the name of a host has


class Entry:
    """alice's, and the text of her account."""

    def __init__(self, folder, build):
        folder.mkdir()
        site = Site(folder, build)
        self.id = site.create()["id"]
        created = site.entry(self.id)["created"].replace("Z", "+00:00")
        self.created = int(datetime.datetime.fromisoformat(created).timestamp())
        self.body = site.text("alice").encode()


def use(id, created, last, service="imap", host="phone.example.org"):
    """A row; None where it has nothing."""
    return (id, number(created), number(last), service, host, number(BEGUN))


@pytest.fixture
def server():
    with StoreServer() as made:
        yield made


@pytest.fixture
def entry(tmp_path, build, server):
    made = Entry(tmp_path / "files", build)
    server.says["load"] = [loaded(made.body)]
    return made


@pytest.fixture
def site(tmp_path, build, server):
    (tmp_path / "site").mkdir()
    return SiteInDatabase(tmp_path / "site", build, server)


def last_used(site, server):
    """As she is shown it. That was asked once, and nothing was written."""
    server.heard.clear()
    (row,) = site.entries()
    assert [statement for statement in server.heard if statement != "load"] == ["uses"]
    return row["last_used"]


def test_that_nothing_was_used_is_known_by_one_question(site, server, entry):
    assert last_used(site, server) is None


NOT_OURS = {
    "a long id": {"id": "abc"},
    "no time of the entry": {"created": None},
    "no time of the use": {"last": None},
    "no service": {"service": None},
    "a long service": {"service": LONG},
    "no host": {"host": None},
    "a long host": {"host": LONG},
}


@pytest.mark.parametrize("what", NOT_OURS)
def test_what_could_not_have_been_written_by_us_is_no_use_and_the_others_are(site, server, entry, what):
    right = {"id": entry.id, "created": entry.created, "last": entry.created + HOUR}
    ours, wrong = use(**right), use(**{**right, **NOT_OURS[what]})
    server.says["uses"] = [told(6, wrong)]
    assert last_used(site, server) is None
    for rows in ((ours, wrong), (wrong, ours)):
        server.says["uses"] = [told(6, *rows)]
        assert last_used(site, server)["service"] == "imap"


def test_without_its_beginning_it_is_no_answer_of_ours(site, server, entry):
    server.says["uses"] = [told(6, [None] * 6)]
    assert site.run("list", "alice").code == 5
