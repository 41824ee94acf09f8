"""A store that is damaged, replaced, opened to others, full or away: told at once, code 5, nothing lost, the other
users unaffected."""

import json
import os
import re
import shutil
import socket
import stat
import threading

import pytest
from support.folders import contents, exchange, restore, snapshot
from support.passwords import PASSWORD
from support.wait import LONG

UPDATES = [
    ["create", "alice", "--label", "x"],
    ["label", "alice", "ID", "x"],
    ["rotate", "alice", "ID"],
    ["revoke", "alice", "--all"],
    ["history", "alice"],
]


@pytest.fixture
def two(site):
    """Alice and Bob with an entry each; their documents by user."""
    return {user: site.create(user, "Phone", "--app", "mail") for user in ("alice", "bob")}


def unaffected(site, two):
    """Asserts that Bob has all that he had."""
    assert site.check(two["bob"]["password"], "bob") == "accepted"
    assert [entry["id"] for entry in site.entries("bob")] == [two["bob"]["id"]]


def broken(site, two, timeout=LONG):
    """Asserts that Alice's account is told to be unusable by each command, and that none changes it."""
    before = site.kept()
    for words in (["list", "alice"], ["list", "alice", "--json"], *UPDATES):
        words = [two["alice"]["id"] if word == "ID" else word for word in words]
        site.run(*words, timeout=timeout).refused(5)
    assert site.check(two["alice"]["password"], timeout=timeout) == "unavailable"
    assert site.kept() == before
    unaffected(site, two)


def test_an_account_cut_at_any_byte_is_noticed(site, two):
    file = site.account("alice")
    data = file.read_bytes()
    for end in range(len(data)):
        file.write_bytes(data[:end])
        site.run("list", "alice").refused(5)
    unaffected(site, two)
    for end in (0, 1, len(data) // 2, len(data) - 1):
        file.write_bytes(data[:end])
        broken(site, two)
    file.write_bytes(data)
    assert site.check(two["alice"]["password"]) == "accepted"


@pytest.mark.parametrize("bit", [0x01, 0x20, 0x80])
def test_an_account_with_any_byte_flipped_is_noticed(site, two, bit):
    file = site.account("alice")
    data = file.read_bytes()
    for index in range(len(data)):
        file.write_bytes(data[:index] + bytes([data[index] ^ bit]) + data[index + 1 :])
        site.run("list", "alice").refused(5)
    broken(site, two)
    file.write_bytes(data)
    assert site.check(two["alice"]["password"]) == "accepted"


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data + b"\n",
        lambda data: data + b"x",
        lambda data: data + b"\0",
        lambda data: data + data,
        lambda data: b"\n" + data,
        lambda data: data.replace(b"\n", b"\r\n"),
        lambda data: b"".join(reversed(data.splitlines(keepends=True))),
        lambda data: data.split(b"\n", 1)[1],
        lambda data: b"\0" * len(data),
        lambda data: b"\xff" * (64 << 20),
    ],
    ids="newline letter NUL twice blank-first crlf reversed headless zeros huge".split(),
)
def test_an_account_with_anything_added_or_changed_is_noticed(site, two, damage):
    site.create("alice", "Tablet")
    file = site.account("alice")
    file.write_bytes(damage(file.read_bytes()))
    broken(site, two)


def replace(path, kind):
    path.unlink()
    if kind == "folder":
        path.mkdir(mode=0o700)
    elif kind == "FIFO":
        os.mkfifo(path, 0o600)
    elif kind == "socket":
        here = os.getcwd()
        os.chdir(path.parent)
        with socket.socket(socket.AF_UNIX) as end:
            end.bind(path.name)
        os.chdir(here)
        path.chmod(0o600)
    elif kind == "device":
        os.mknod(path, 0o600 | stat.S_IFCHR, os.makedev(1, 5))
    elif kind == "link to itself":
        path.symlink_to(path.name)
    elif kind == "link to nothing":
        path.symlink_to("nowhere")
    elif kind == "link to a good account":
        path.symlink_to("bob")
    elif kind == "link to its own account elsewhere":
        path.symlink_to("../alice.saved")


KINDS = [
    "folder",
    "FIFO",
    "socket",
    "device",
    "link to itself",
    "link to nothing",
    "link to a good account",
    "link to its own account elsewhere",
]


# Lesson: linux-pam CVE-2024-22365.
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_file_in_place_of_an_account_is_refused_at_once(site, two, root, kind):
    shutil.copy(site.account("alice"), site.store / "alice.saved")
    replace(site.account("alice"), kind)
    broken(site, two)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_file_in_place_of_the_usage_stops_no_login(site, two, root, login, kind):
    for user in two:
        assert login(two[user]["password"], user) == 0
    target = site.store / "used" / "bob"
    before = target.read_bytes()
    replace(site.store / "used" / "alice", kind)
    assert site.check(two["alice"]["password"], timeout=LONG) == "accepted"
    assert login(two["alice"]["password"], timeout=LONG) == 0
    assert site.run("list", "alice", timeout=LONG).code in (0, 5)
    site.json("revoke", "alice", two["alice"]["id"], timeout=LONG)
    assert site.check(two["alice"]["password"]) == "revoked"
    assert target.read_bytes() == before
    unaffected(site, two)


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o660, 0o666, 0o606])
def test_an_account_that_others_may_write_is_refused(site, two, mode):
    site.account("alice").chmod(mode)
    broken(site, two)
    site.account("alice").chmod(0o600)
    assert site.check(two["alice"]["password"]) == "accepted"


def test_an_account_of_another_owner_is_refused(site, two, root):
    os.chown(site.account("alice"), 65534, 0)
    broken(site, two)


def away(site, two):
    """Asserts that the whole store is told to be unusable, and never taken for an empty one."""
    for words in (["list"], ["list", "alice"], ["history", "alice"], ["remove", "alice"], ["revoke", "alice", "--all"]):
        site.run(*words, timeout=LONG).refused(5)
    for user in ("alice", "nobody-here"):
        assert site.check(two["alice"]["password"], user, timeout=LONG) == "unavailable"


@pytest.mark.parametrize("name", ["", "users"])
def test_a_folder_of_the_store_that_is_missing_is_not_no_account(site, two, name):
    (site.store / name).rename(site.folder / "moved")
    away(site, two)
    assert not (site.store / name).exists()


def test_a_missing_folder_of_last_uses_stops_no_login_and_is_made_again(site, two, login):
    shutil.rmtree(site.store / "used")
    assert login(two["alice"]["password"]) == 0
    assert site.entries("alice")[0]["last_used"]["service"] == "imap"
    assert stat.S_IMODE((site.store / "used").stat().st_mode) == 0o700
    site.json("revoke", "alice", two["alice"]["id"])
    unaffected(site, two)


@pytest.mark.parametrize("name", ["", "users", "used", "locks"])
@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777, 0o1777])
def test_a_folder_of_the_store_that_others_may_write_is_refused(site, two, name, mode):
    (site.store / name).chmod(mode)
    before = site.kept()
    run = site.run("create", "alice", "--label", "x")
    if name == "used":
        assert run.code in (0, 5), run
    else:
        run.refused(5)
        assert site.kept() == before
    if name in ("", "users"):
        away(site, two)
    (site.store / name).chmod(0o700)
    unaffected(site, two)


@pytest.mark.parametrize("name", ["", "users", "locks"])
def test_a_folder_of_the_store_of_another_owner_is_refused(site, two, root, name):
    os.chown(site.store / name, 65534, 65534)
    site.run("create", "alice", "--label", "x").refused(5)
    if name != "locks":
        away(site, two)
    os.chown(site.store / name, 0, 0)
    unaffected(site, two)


@pytest.mark.parametrize("name", ["", "users", "locks"])
@pytest.mark.parametrize("kind", ["link", "file", "FIFO"])
def test_what_is_no_folder_in_place_of_one_is_refused(site, two, name, kind):
    folder = site.store / name
    moved = site.folder / "moved"
    folder.rename(moved)
    if kind == "link":
        folder.symlink_to(moved)
    elif kind == "file":
        folder.touch(mode=0o600)
    else:
        os.mkfifo(folder, 0o600)
    before = contents(moved)
    site.run("create", "alice", "--label", "x", timeout=5).refused(5)
    if name != "locks":
        away(site, two)
    assert contents(moved) == before


# Lesson: pam-u2f CVE-2019-12209.
@pytest.mark.parametrize("depth", range(3))
def test_a_link_at_each_component_above_the_store_is_refused_with_its_real_path(site, two, depth):
    inner = site.folder / "a" / "b" / "c"
    inner.mkdir(parents=True)
    site.store.rename(inner / "store")
    link = [site.folder / "a", site.folder / "a" / "b", inner][depth]
    real = link.with_name("real-one")
    link.rename(real)
    link.symlink_to(real.name)
    site.store = inner / "store"
    site.configure("virtual_users = true;")
    before = contents(real)
    run = site.run("list", "alice").refused(5)
    assert str(real) in run.err
    site.run("create", "alice", "--label", "x").refused(5)
    assert site.check(two["alice"]["password"]) == "unavailable"
    assert contents(real) == before


def test_folders_above_the_store_are_trusted_only_if_others_cannot_write(site, two):
    above = site.folder / "above"
    above.mkdir()
    site.store.rename(above / "store")
    site.store = above / "store"
    site.configure("virtual_users = true;")
    for mode, code in ((0o777, 5), (0o770, 5), (0o707, 5), (0o1777, 0), (0o755, 0)):
        above.chmod(mode)
        assert site.run("list", "alice").code == code, oct(mode)


def test_a_folder_above_the_store_of_another_owner_is_refused(site, two, root):
    above = site.folder / "above"
    above.mkdir()
    site.store.rename(above / "store")
    site.store = above / "store"
    site.configure("virtual_users = true;")
    os.chown(above, 65534, 65534)
    site.run("list", "alice").refused(5)


# Lesson: linux-pam CVE-2024-22365.
@pytest.mark.parametrize("kind", ["link", "link to nothing", "FIFO", "folder", "device"])
def test_what_is_no_lock_in_place_of_one_is_neither_followed_nor_waited_for(site, two, root, kind):
    outside = site.folder / "outside"
    outside.write_bytes(b"untouched")
    locks = [path for path in (site.store / "locks").rglob("*") if path.is_file()]
    assert locks, "an update leaves its lock behind, as a lock that is unlinked can be held twice"
    for lock in locks:
        lock.unlink()
        if kind.startswith("link"):
            lock.symlink_to(outside if kind == "link" else site.folder / "nothing")
        elif kind == "FIFO":
            os.mkfifo(lock, 0o600)
        elif kind == "folder":
            lock.mkdir(mode=0o700)
        else:
            os.mknod(lock, 0o600 | stat.S_IFCHR, os.makedev(1, 5))
    for words in (["create", "alice", "--label", "x"], ["revoke", "alice", "--all"], ["remove", "alice"]):
        site.run(*words, timeout=4).refused(5)
    assert outside.read_bytes() == b"untouched"
    assert not (site.folder / "nothing").exists()
    assert site.check(two["alice"]["password"]) == "accepted"


# Lesson: linux-pam CVE-2025-6020.
@pytest.mark.parametrize("name", ["", "users"])
def test_a_folder_swapped_for_a_link_in_a_loop_lets_nothing_out(site, two, name):
    folder, link, decoy = site.store / name, site.folder / "link", site.folder / "decoy"
    shutil.copytree(folder, decoy)
    for path in decoy.rglob("alice"):
        path.write_bytes(b"decoy")
    link.symlink_to(decoy)
    before = snapshot(decoy)
    over = threading.Event()

    def swap():
        while not over.is_set():
            exchange(folder, link)
            exchange(folder, link)

    swapper = threading.Thread(target=swap)
    swapper.start()
    try:
        for number in range(60):
            assert site.run("create", "alice", "--label", f"L{number % 20}", "--quiet").code in (0, 4, 5)
            assert site.check(two["alice"]["password"]) in ("accepted", "unavailable")
    finally:
        over.set()
        swapper.join()
    assert snapshot(decoy) == before
    site.entries()


def test_list_of_every_user_shows_the_others_beside_a_broken_one(site, two):
    site.create("carol", "Phone")
    site.account("bob").write_bytes(b"broken")
    run = site.run("--json", "list")
    assert {"alice", "carol"} <= {row["user"] for row in json.loads(run.out)}
    assert run.code == 5
    assert re.fullmatch(r"[^\n]*\bbob\b[^\n]*\n", run.err)
    plain = site.run("list")
    assert plain.code == 5
    assert "alice" in plain.out
    assert "carol" in plain.out


@pytest.mark.parametrize("way", [[], ["--json"]])
def test_of_a_store_in_which_nothing_can_be_read_it_is_not_said_that_it_has_no_users(site, two, way):
    for user in ("alice", "bob"):
        site.account(user).write_text("x")
    run = site.run("list", *way)
    assert (run.code, run.out) == (5, ""), run
    for user in ("alice", "bob"):
        assert f"/users/{user}" in run.err
    shutil.rmtree(site.store / "users")
    assert "no folder users" in site.run("list", *way).refused(5).err


def test_remove_takes_a_corrupt_account(site, two):
    for data in (b"", b"broken", b"\0" * 100, site.account("alice").read_bytes()[:-1]):
        site.account("alice").write_bytes(data)
        assert site.json("remove", "alice") == {"user": "alice", "removed": True, "entries": None, "active": None}
        assert site.check(two["alice"]["password"]) == "no-account"
        site.create("alice", "Phone")
    unaffected(site, two)


def test_remove_follows_no_link(site, two, root):
    target = site.store / "alice.saved"
    shutil.copy(site.account("alice"), target)
    replace(site.account("alice"), "link to its own account elsewhere")
    before = target.read_bytes()
    site.run("remove", "alice")
    assert target.read_bytes() == before


# Lesson: google-authenticator-libpam #13 #57 #86 #177.
def test_a_full_disk_is_told_and_leaves_the_old_state(site, namespaces, tmp_path):
    """Everything in one namespace, as the tmpfs is seen in there alone."""
    script = r"""
        disk=$1 admin=$2 conf=$3
        mount -t tmpfs -o size=256k,mode=755 tmpfs "$disk"
        "$admin" --config "$conf" create alice --label Phone --quiet >password
        cp -a "$disk/store/users/alice" before
        dd if=/dev/zero of="$disk/filler" bs=4k 2>/dev/null || true
        for update in "create alice --label x" "create bob --label x" "rotate alice $(cut -c1-2 password)"; do
            set +e; "$admin" --config "$conf" $update >out 2>err; code=$?; set -e
            echo "$code $(wc -c <out) $(wc -l <err)"
        done
        cmp before "$disk/store/users/alice"
        ls -A "$disk/store/users"
        "$admin" --config "$conf" check alice --service imap <password
        rm "$disk/filler"
        "$admin" --config "$conf" create alice --label x --quiet >/dev/null
        "$admin" --config "$conf" list alice --json
    """
    disk = tmp_path / "disk"
    disk.mkdir()
    site.store = disk / "store"
    site.configure("virtual_users = true;")
    run = site.execute(*namespaces, "sh", "-euc", script, "sh", disk, site.admin, site.conf, cwd=tmp_path)
    assert run.code == 0, run
    lines = run.out.splitlines()
    assert lines[:3] == ["5 0 1"] * 3, run
    assert lines[3] == "alice", "nothing but the old account is in the users folder"
    assert "accepted" in lines[4]
    assert run.out.count('"active"') == 2


# Lesson: google-authenticator-libpam #13 #57 #86 #177.
def test_a_read_only_store_is_told_and_still_checked(site, two, namespaces):
    script = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && shift && exec "$@"'
    prefix = [*namespaces, "sh", "-c", script, "sh", site.store]
    for words in (["create", "alice", "--label", "x"], ["revoke", "alice", "--all"], ["remove", "alice"]):
        site.run(*words, prefix=prefix).refused(5)
    assert site.check(two["alice"]["password"], prefix=prefix) == "accepted"
    assert len(site.entries(prefix=prefix)) == 1


CLOSED = {
    "closed": ("sh", "-c", 'exec "$@" >&-', "sh"),
    "full": ("sh", "-c", 'exec "$@" >/dev/full', "sh"),
    "read-only": ("sh", "-c", 'exec "$@" 1</dev/null', "sh"),
}


@pytest.mark.parametrize("output", [*CLOSED, "nobody reads"])
@pytest.mark.parametrize("form", [[], ["--quiet"], ["--json"]], ids=["plain", "quiet", "json"])
def test_an_entry_whose_password_cannot_be_printed_is_taken_back(site, output, form):
    site.configure("virtual_users = true;", "limit = 2;", "history = 1;")
    site.json("revoke", "alice", site.create("alice", "Revoked")["id"])
    old = site.create("alice", "Phone", "--app", "mail")
    before = contents(site.store / "users")
    for words in (["create", "alice", "--label", "New", *form], ["rotate", "alice", old["id"], *form]):
        for _ in range(3):
            if output == "nobody reads":
                reader, writer = os.pipe()
                os.close(reader)
                run = site.run(*words, stdout=writer)
                os.close(writer)
            else:
                run = site.run(*words, prefix=CLOSED[output])
            assert run.code > 0, run
            assert re.fullmatch(r"[^\n]+\n", run.err), run
            assert not PASSWORD.search(run.err)
            assert site.check(old["password"]) == "accepted"
            assert contents(site.store / "users") == before
    assert site.create("alice", "New")["active"] == 2


def test_the_first_entry_of_a_user_that_cannot_be_printed_leaves_no_account(site):
    site.create("bob")
    assert site.run("create", "alice", "--label", "New", prefix=CLOSED["full"]).code > 0
    assert site.check("x") == "no-account"
    assert [row["user"] for row in site.json("list")] == ["bob"]


def test_no_file_of_the_store_is_taken_for_a_closed_stream(site, two):
    """A descriptor 0, 1 or 2 that is not open must not become the account."""
    saved = site.folder / "saved"
    shutil.copytree(site.store, saved)
    for closed in ("<&-", ">&-", "2>&-", "<&- >&-", ">&- 2>&-", "<&- >&- 2>&-"):
        for words in (
            ["create", "alice", "--label", "New"],
            ["rotate", "alice", two["alice"]["id"]],
            ["revoke", "alice", two["alice"]["id"]],
            ["label", "alice", two["alice"]["id"], "New"],
            ["frobnicate"],
            ["list", "alice"],
        ):
            site.run(*words, prefix=("sh", "-c", f'exec "$@" {closed}', "sh"))
            site.entries("alice", "--all")
            unaffected(site, two)
            for data in contents(site.store / "users").values():
                assert b"usage" not in data.lower()
                assert b"asp-admin" not in data
            restore(saved, site.store)
