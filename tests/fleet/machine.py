"""A machine of a fleet: its asp-admin, broker and module, and a store in a database."""

import contextlib

from store import pin
from support.broker import BrokerMachine
from support.passwords import PRIMARY
from support.system_log import parsed

DATABASE = 'database: {{ hosts = ( {hosts} ); name = "{name}"; wait = {wait}; fence = {fence}; }};'


class Joined:
    """What a machine of any kind is besides once it has joined the store."""

    def join(self, servers, database, *lines, wait=800, fence=10, store=None):
        """`servers`: one, or several of which the first has the store by now; `lines` are of its asp.conf; `wait` is how
        long it waits, in milliseconds; `store` is what that calls itself, where it is not asked."""
        servers = servers if isinstance(servers, tuple) else (servers,)
        hosts = ", ".join(f'{{ address = "{server.folder}"; }}' for server in servers)
        where = DATABASE.format(hosts=hosts, name=database, wait=wait, fence=fence)
        self.always = ["usage_interval = 1;", *lines, where]
        self.configure()
        store = store or servers[0].connect(database=database).one("SELECT id::text FROM asp.store")
        self.sandbox.shell("mkdir -p /run/asp; mkdir -m 700 /var/lib/asp").done()
        self.sandbox.write("/var/lib/asp/store-id", pin(store), mode="600")


class Node(Joined, BrokerMachine):
    """A machine that has joined the store, as join() has it."""

    def __init__(self, layer, build, *where, **options):
        super().__init__(layer, build)
        self.join(*where, **options)
        self.serves = None

    def begin(self):
        # What a worker goes on to read after it was freed is nothing then (mallopt(3)).
        self.serves = self.serving(prefix=("env", "MALLOC_PERTURB_=85"))
        self.serves.__enter__()

    def end(self):
        if self.serves is not None:
            self.serves.__exit__(None, None, None)

    def database_lines(self):
        """What is logged of the database itself, since last forgotten."""
        return [line for line in parsed(self.log_file.new()) if line.text.startswith("database=")]

    def login(self, password, service="nginx", user="alice", host="www-data"):
        return self.host(host).login(password, service, user).code


@contextlib.contextmanager
def joined(*where, prepare=None, lines, **options):
    """A machine for each of the tuples `lines`, with its broker, to the end; `prepare` is called with it before. Options
    are those of a Node."""
    with contextlib.ExitStack() as stack:
        found = []
        for words in lines:
            node = Node(*where, *words, **options)
            stack.callback(node.close)
            if prepare is not None:
                prepare(node)
            node.begin()
            stack.callback(node.end)
            found.append(node)
        yield found


def leave_none(owner):
    """Leaves no account in the store, and nothing of any."""
    for table in ("account", "used", "expiry", "ended"):
        owner.ask(f"DELETE FROM asp.{table}")
    owner.ask("UPDATE asp.feed SET seq = 0, tag = 0, floor = 0")


def two_realms(*where, lines=(), prepare=None):
    """joined() for a machine of the realm office and one of the realm lab, on which what sets a password by PAM reaches the
    module, behind pam_unix as the shipped profile has it."""

    def reach(node):
        node.sandbox.shell("echo 'password optional pam_asp.so' >>/etc/pam.d/common-password").done()
        if prepare is not None:
            prepare(node)

    each = [(*lines, f'primary: {{ realm = "{realm}"; }};') for realm in ("office", "lab")]
    return joined(*where, prepare=reach, lines=each)


def begin_again(machines):
    """Their configuration and primary passwords are as they were at first."""
    for machine in machines:
        machine.configure()
        for user, password in PRIMARY.items():
            machine.set_primary(user, password)
