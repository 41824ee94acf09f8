"""Which database a machine is of: what is written of that, what is taken for it, and what each command says where it is none, or
another; by a server that says what a test has it say."""

import collections

import pytest
import wire
from on_database import SiteInDatabase
from store import pin
from store_server import STORE, StoreServer, loaded, number, told
from support.account_text import sealed
from support.tracing import STRACE

OTHER = STORE.replace("0", "f")
MOST = 256  # parts
ANOTHER = "it is another database than the one that was joined"
DAMAGED = "see that asp.conf names the database that this machine is of, then: "
MEND = "name in asp.conf the database that this machine is of; or, where it is to be of this one: "


def which(store=STORE, parts=64):
    return told(2, (store, number(parts, "h")))


@pytest.fixture
def server():
    """What else it is asked it refuses."""
    with StoreServer() as made:
        made.says = collections.defaultdict(lambda: [wire.refused("42501")], made.says, names=[told(2)], accounts=[told(10)])
        yield made


@pytest.fixture
def site(tmp_path, build, server):
    return SiteInDatabase(tmp_path, build, server)


@pytest.fixture
def file(site):
    return site.place / "store-id"


@pytest.mark.parametrize("parts", [1, 64, MOST])
def test_what_was_joined_is_written_and_is_the_one(site, server, file, parts):
    file.unlink()
    server.says["which"] = [which(parts=parts)]
    server.says["load"] = [loaded(parts=parts)]
    site.run("store", "join")
    assert file.read_text() == pin(STORE, parts)
    assert site.run("list").code == 0
    site.run("store", "join")
    assert file.read_text() == pin(STORE, parts)


NO_STORE = {
    "none": told(2),
    "two": told(2, (STORE, number(64, "h")), (STORE, number(64, "h"))),
    "no id": which(store=None),
    "a short id": which(store=STORE[:-1]),
    "a long id": which(store=f"{STORE}0"),
    "no parts": which(parts=None),
    "not one part": which(parts=0),
    "too many parts": which(parts=MOST + 1),
}


@pytest.mark.parametrize("what", NO_STORE)
def test_what_is_no_store_of_ours_is_not_joined(site, server, file, what):
    file.unlink()
    server.says["which"] = [NO_STORE[what]]
    assert "what is in the database is no store of ours" in site.run("store", "join").refused(5).err
    assert not file.exists()


@pytest.mark.parametrize("what", [{"store": OTHER}, {"parts": 32}], ids=["another", "of other parts"])
def test_what_is_another_is_not_joined_and_no_account_of_it_is_read(site, server, file, what):
    before = file.read_bytes()
    server.says["which"] = [which(**what)]
    refused = site.run("store", "join").refused(5).err
    assert f"this machine is of the store {STORE[:8]}, and in the database there is {what.get('store', STORE)[:8]}" in refused
    assert f"; {MEND}rm {file} && asp-admin store join\n" in refused
    assert file.read_bytes() == before
    said = site.run("list").refused(5).err
    assert ANOTHER in said and MEND in said
    assert "names" not in server.heard


def test_where_a_machine_is_of_none_each_command_says_so(site, server, file):
    file.unlink()
    said = site.run("list").refused(5).err
    assert f"{site.place} does not say which database this machine is of; asp-admin store join\n" in said
    assert server.heard == []


def text(store=STORE, parts=64, head="asp-store-id 1"):
    return sealed([f"{head} {store} {parts}"])


DAMAGE = {
    "empty": b"",
    "another head": text(head="asp-store-id 2"),
    "a short head": text(head="asp-store-id"),
    "a short id": text(store=STORE[:-1]),
    "a long id": text(store=f"{STORE}0"),
    "no id": text(store="x" * 36),
    "capitals": text(store=STORE.upper()),
    "no parts": text(parts=""),
    "not one part": text(parts=0),
    "parts below nothing": text(parts=-64),
    "too many parts": text(parts=MOST + 1),
    "parts in other words": text(parts="064"),
    "another digest": text()[:-2] + (b"0\n" if text()[-2:] != b"0\n" else b"1\n"),
    "no line end": text()[:-1],
    "a line more": text() + b"\n",
    "half of it": text()[:60],
}


@pytest.mark.parametrize("what", DAMAGE)
def test_what_is_damaged_is_of_no_database_and_stays_as_it_is(site, server, file, what):
    file.write_bytes(DAMAGE[what])
    for words in (["list"], ["store", "join"], ["create", "alice", "--label", "Phone"]):
        said = site.run(*words).refused(5).err
        assert f"{file} is not what we wrote; {DAMAGED}rm {file} && asp-admin store join\n" in said, words
    assert file.read_bytes() == DAMAGE[what]
    assert set(server.heard) <= {"which"}


def test_what_is_too_long_is_named(site, server, file):
    file.write_bytes(text() + b"x" * 60)
    assert f": {file} has {len(text()) + 60} bytes, and may have 128; {DAMAGED}" in site.run("list").refused(5).err


def test_what_cannot_be_read_is_named(site, server, file, strace):
    words = ("-o", site.folder / "calls", "-P", file, "-e", "trace=read,pread64", "-e", "inject=read,pread64:error=EIO")
    assert f": {file} cannot be read: Input/output error" in site.run("list", prefix=[*STRACE, *words]).refused(5).err
