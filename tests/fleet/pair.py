"""A primary and its synchronous standby, which takes over."""

import contextlib
import shutil
import signal

import cluster as clusters
from libpq import Refused
from store import Store
from support.wait import LONG, wait_until


class Pair:
    """A primary and a synchronous standby of it."""

    def __init__(self, primary, standby):
        self.primary, self.standby = primary, standby

    def connect(self, role="asp_node"):
        """To the one that takes writes, as a node finds it."""
        for cluster in (self.primary, self.standby):
            try:
                connection = cluster.connect(role, "asp")
            except Refused:
                continue
            if not connection.one("SELECT pg_is_in_recovery()"):
                connection.ask("SET statement_timeout = 0")  # this machine may be busy
                return Store(connection)
            connection.close()
        raise Refused(None, "there is no primary")

    def hang(self):
        """The standby; what was sent to it by then it takes when it goes on."""
        self.standby.send(signal.SIGSTOP)

    def cut(self):
        """Nothing more of the primary comes to the standby."""
        connection = self.standby.connect()
        connection.ask("ALTER SYSTEM SET primary_conninfo = ''")
        connection.ask("SELECT pg_reload_conf()")
        wait_until(lambda: connection.ask("SELECT * FROM pg_stat_wal_receiver") == [])

    def fail_over(self):
        self.primary.crash()
        self.standby.send(signal.SIGCONT)
        assert self.standby.connect().one("SELECT pg_promote(true, $1)", LONG)

    def change_places(self):
        """After a fail-over: the one that failed comes back as a standby of the other, with nothing of what it had."""
        self.primary.hang_up()
        self.primary, self.standby = self.standby, self.primary
        shutil.rmtree(self.standby.data)
        self.standby.primary = self.primary
        self.standby.make()
        self.standby.start()
        wait_for_the_standby(self.primary)


def wait_for_the_standby(primary):
    """From then on each commit does."""
    connection = primary.connect()
    connection.ask("ALTER SYSTEM SET synchronous_standby_names = '*'")
    connection.ask("SELECT pg_reload_conf()")
    wait_until(lambda: connection.ask("SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'"))


@contextlib.contextmanager
def running():
    with clusters.running() as primary:
        primary.database("asp")
        primary.connect(database="asp").ask(clusters.SCHEMA)
        with clusters.running(primary=primary) as standby:
            wait_for_the_standby(primary)
            yield Pair(primary, standby)
