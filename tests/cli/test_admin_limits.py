"""asp-admin where its process is bounded: no long file, no room on a stream, no stream at all. What cannot be written
is said and changes nothing; what was done is done.
"""

import pytest
from support.passwords import id_but

NO_FILE = ("prlimit", "--fsize=0")
TINY = ("prlimit", "--fsize=30")


@pytest.fixture
def made(site):
    return site.create("alice", "Phone", "--app", "mail")


# Lesson: the host's limits.
@pytest.mark.of_files("a database is no file of the process")
@pytest.mark.parametrize("bound", [NO_FILE, TINY], ids=["none", "tiny"])
@pytest.mark.parametrize(
    "command",
    [
        ("create", "alice", "--label", "Tablet"),
        ("create", "bob", "--label", "Phone"),
        ("label", "alice", "{id}", "Tablet"),
        ("rotate", "alice", "{id}"),
        ("revoke", "alice", "{id}"),
        ("revoke", "alice", "--all"),
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_a_change_that_may_be_written_to_no_file_is_refused_and_leaves_all_as_it_was(site, made, command, bound):
    before = site.texts()
    words = [word.format(id=made["id"]) for word in command]
    refused = site.run(*words, prefix=bound).refused(5)
    assert "File too large" in refused.err
    assert site.texts() == before
    assert site.check(made["password"]) == "accepted"
    site.run(*words).done()


def test_what_only_reads_needs_no_file(site, made):
    for words in (("list",), ("list", "alice"), ("history", "alice"), ("--json", "list", "alice")):
        assert site.run(*words, prefix=NO_FILE) == site.run(*words)
    assert site.run("check", "alice", "--service", "imap", input=made["password"], prefix=NO_FILE).code == 0


def test_a_password_that_may_not_be_written_to_its_file_is_taken_back(site, made):
    """The store takes what it needs; what is shown goes where nothing more may be written."""
    out = site.folder / "out"
    out.write_bytes(b"x" * 65536)
    shown = ("sh", "-c", 'exec prlimit --fsize=65536 "$@" >>"$0"', out)
    run = site.run("create", "alice", "--label", "Tablet", prefix=shown)
    assert (run.code, run.out) == (5, "")
    assert "standard output" in run.err
    assert out.read_bytes() == b"x" * 65536
    assert [entry["label"] for entry in site.entries()] == ["Phone"]


@pytest.mark.parametrize("stream", ["2>&-", "2>/dev/full"], ids=["closed", "full"])
def test_without_a_standard_error_all_is_done_as_ever(site, made, stream):
    deaf = ("sh", "-c", f'exec "$@" {stream}', "sh")
    assert site.run("revoke", "alice", id_but(made["id"]), prefix=deaf).code == 3
    assert site.run("create", "alice", "--quiet", "--label", "Tablet", prefix=deaf).code == 0
    assert site.run("revoke", "alice", made["id"], prefix=deaf).code == 0
    assert site.states() == [("Phone", "revoked"), ("Tablet", "active")]


def test_a_watch_that_cannot_write_its_lock_says_so_and_ends(site, made):
    refused = site.run("watch", prefix=NO_FILE).refused(5)
    assert "watch" in refused.err and "File too large" in refused.err
