"""A machine of a fleet: its asp-admin, broker and module, and a store in a database."""

from support.broker import BrokerMachine

DATABASE = 'database: {{ hosts = ( {{ address = "{folder}"; }} ); name = "{name}"; }};'


class Node(BrokerMachine):
    """A machine that has joined the store. `lines` are of its asp.conf."""

    def __init__(self, layer, build, cluster, database, *lines):
        super().__init__(layer, build)
        self.always = ["usage_interval = 1;", *lines, DATABASE.format(folder=cluster.folder, name=database)]
        self.configure()
        store = cluster.connect(database=database).one("SELECT id::text FROM asp.store")
        self.sandbox.shell("mkdir -p /run/asp; mkdir -m 700 /var/lib/asp").done()
        self.sandbox.write("/var/lib/asp/store-id", f"asp-store-id 1 {store} 64\n", mode="600")
        self.serves = None

    def begin(self):
        self.serves = self.serving()
        self.serves.__enter__()

    def end(self):
        if self.serves is not None:
            self.serves.__exit__(None, None, None)

    def login(self, password, service="nginx", user="alice", host="www-data"):
        return self.host(host).login(password, service, user).code
