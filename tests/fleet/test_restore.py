"""A database that was lost is restored from a backup, command for command as doc/fleet.md has it."""

import fnmatch
import os
import re
import shlex
import signal

import cluster as clusters
import pytest
from support.run import TREE, execute
from test_store_command import ACCESS, USERS, Machine

GUIDE = (TREE / "doc" / "fleet.md").read_text()
BACKUP = "/var/backups/asp.dump"

# The server is one that was started by its programs, for the tests alone; nobody is at the terminal. Whoever has the
# database is not root, and may not do with root's files what root may.
AS_HERE = r"""
set -eu
sudo() {
    shift 2
    case $1 in
    psql) "$@" ;;
    *) setpriv --reuid=nobody --clear-groups -- "$@" ;;
    esac
}
asp-admin() { "$ASP_ADMIN" "$@"; }
psql() {
    case $* in
    *'\password'*) printf 'the new one\nthe new one\n' | setsid psql -X "$@" ;;
    *) command psql -Xq "$@" ;;
    esac
}
"""


def commands(first):
    """What the page tells to type in the piece that begins so."""
    (found,) = [piece for piece in re.findall(r"(?m)(?:^    .*\n)+", GUIDE) if piece.startswith(f"    {first}")]
    return found


@pytest.fixture(scope="module")
def cluster(postgres):
    with clusters.running(access=ACCESS) as server:
        (server.data / "pg_ident.conf").write_text(USERS)
        server.server.send_signal(signal.SIGHUP)
        yield server


@pytest.fixture
def machine(layer, build, sandboxes, cluster):
    one = Machine(layer, build, cluster)
    one.begin(cluster.database("asp"))
    one.store("init", user="postgres").done()
    one.store("join").done()
    yield one
    one.sandbox.close()


def on_the_server(cluster, build, text):
    path = f"{cluster.bin}:{os.environ['PATH']}"
    admin = str(build / "asp-admin/asp-admin")
    where = {"PGHOST": str(cluster.folder), "PGUSER": "postgres", "PATH": path, "ASP_ADMIN": admin}
    return execute("bash", "-c", AS_HERE + text, env={**cluster.environment, **where}, stdin=None).done()


def test_what_was_lost_is_restored_by_what_the_page_says(machine, cluster, build, tmp_path):
    made = machine.create("alice", "Phone")
    before = machine.ask("SELECT * FROM asp.account")
    backup = tmp_path / "asp.dump"
    on_the_server(cluster, build, commands("(umask 077; sudo -u postgres pg_dump").replace(BACKUP, str(backup)))
    assert backup.stat().st_mode & 0o077 == 0
    # The whole cluster is another one, which has nothing of ours.
    cluster.hang_up()
    owner = cluster.connect()
    owner.ask("DROP DATABASE asp")
    owner.ask("DROP ROLE asp_admin, asp_node, asp_owner")
    assert "; let it in by pg_hba.conf, as asp-store(7) has it, " in machine.says(5, "join")
    on_the_server(cluster, build, commands("sudo -u postgres createdb").replace(BACKUP, str(backup)))
    for line in commands("asp-admin store join").split("\n")[:-1]:
        machine.asp_admin(*line.split()[1:]).done()
    assert machine.ask("SELECT * FROM asp.account") == before
    assert machine.entry(made[:2])["state"] == "active"
    assert machine.one("SELECT count(*) FROM pg_authid WHERE rolname IN ('asp_node', 'asp_admin') AND rolpassword <> ''") == 2
    assert machine.one("SELECT uses_since > now() - interval '10 min' FROM asp.store")
    assert all(ok for rows in machine.found("join").values() for ok, _ in rows)


def test_nothing_that_comes_to_the_database_runs_on_while_it_is_restored():
    """Users' own commands come to it too, as asp-broker and the watch do."""
    (line,) = commands("systemctl stop").splitlines()
    names = shlex.split(line)[2:]
    files = (TREE / "conf" / "systemd").iterdir()
    units = [path.name.removesuffix(".in") for path in files if path.suffix in (".in", ".socket")]
    assert {"asp-self.service", "asp-self-web.socket"} < set(units)
    assert [unit for unit in units if not any(fnmatch.fnmatch(unit, name) for name in names)] == []
