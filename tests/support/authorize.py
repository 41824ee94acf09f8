"""asp-web --authorize in a sandbox with the real asp-broker, and a proxy that asks it what a test wants asked."""

import base64
import contextlib

from support.account_page import AspWeb, Line, request
from support.broker import Broker
from support.passwords import PRIMARY
from support.sandbox import open_installed
from support.service import Service

AUTHORIZE = "/run/asp/authorize.sock"
NEAR = "192.0.2.7"
CLIENTS = """broker: { clients = ( { user = "asp-authorize"; services = [ "wiki", "caldav", "sudo" ]; },
    { user = "www-data"; services = [ "imap" ]; } ); };"""
CONFIGURATION = (CLIENTS, 'web: { address_header = "X-Real-IP"; };')

USERS = """
groupadd --force --system asp
getent passwd asp-authorize >/dev/null || useradd --system --user-group --no-create-home --groups asp asp-authorize
getent passwd www-data >/dev/null || useradd --system --user-group www-data
install -d /run/asp
"""


def basic(login):
    """The value of the header for `user:password`, as text or bytes."""
    data = login if isinstance(login, bytes) else login.encode()
    return "Basic " + base64.b64encode(data).decode()


def question(login, service="wiki", method="GET", **headers):
    """A request, as bytes; without a login, or with headers that have another value, or none, or several."""
    said = {"Host": "proxy", "X-Real-IP": NEAR, "Authorization": basic(login) if login is not None else None}
    said |= {name.replace("_", "-"): value for name, value in headers.items()}
    pairs = [(name, value if isinstance(value, list) else [value]) for name, value in said.items()]
    path = service if service.startswith("/") else f"/authorize/{service}"
    return request(method, path, [(name, one) for name, values in pairs for one in values if one is not None])


def ask(where, login, service="wiki", method="GET", **headers):
    """The answer at a socket, over a connection of its own."""
    with contextlib.closing(Line(where)) as line:
        line.send(question(login, service, method, **headers))
        return line.answer(method)


class Authorizer(Service):
    """The three of a machine: asp-admin, the broker and asp-web --authorize."""

    brings_broker = True

    def __init__(self, layer, build):
        super().__init__(open_installed(layer, build), build)
        self.sandbox.shell(USERS).done()
        self.web = AspWeb(self.sandbox, build)
        self.where = self.web.inside(AUTHORIZE)
        self.broker = None

    def is_counted(self, line):
        return line.is_decision

    def begin(self, *words, **options):
        self.web.begin("--authorize", *(words or ("--group", "www-data")), ready=AUTHORIZE, **options)

    def start_broker(self):
        self.broker = Broker(self.sandbox, self.build / "asp-broker" / "asp-broker")

    def stop_broker(self):
        if self.broker is not None:
            self.broker.close()
        self.broker = None

    @contextlib.contextmanager
    def without_broker(self):
        self.stop_broker()
        try:
            yield
        finally:
            self.start_broker()

    def ask(self, login, service="wiki", method="GET", **headers):
        return ask(self.where, login, service, method, **headers)

    def close(self):
        self.web.stop()
        self.stop_broker()
        self.sandbox.close()


def primary(user):
    return f"{user}:{PRIMARY[user]}"
