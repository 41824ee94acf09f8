"""Fixtures of the command-line tests: another clock, a login, a system log of one's own, and what needs root."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import socket
import tempfile

import pytest
from support import sanitizers
from support.directory import Directory
from support.hooks import Hooks
from support.primaries import Primaries
from support.run import BIN, ended, tool_works
from support.wait import LONG, wait_until
from support.watch import Manager

# Gives a command its own /dev/log: $1 a folder for a tmpfs, $2 the socket. The whole of /dev is overlaid, as a name
# can't be added to the machine's own.
PRIVATE_LOG = (
    'mount -t tmpfs tmpfs "$1" && mkdir "$1/upper" "$1/work" &&'
    ' mount -t overlay overlay -o "lowerdir=/dev,upperdir=$1/upper,workdir=$1/work" /dev &&'
    ' ln -sfn "$2" /dev/log && shift 2 && exec "$@"'
)
UNSHARE = ("unshare", "-m", "--propagation", "private")


@pytest.fixture(scope="session")
def root():
    if os.geteuid() != 0:
        pytest.skip("needs root: files of other owners")


@pytest.fixture
def nobody(root):
    """The prefix that runs a command as somebody else than root."""
    return ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


@pytest.fixture
def shared(make_site):
    """A site that everybody can get at, with the tool in it: pytest's own folders are closed to others."""
    with tempfile.TemporaryDirectory(prefix="asp-shared-") as folder:
        path = pathlib.Path(folder)
        path.chmod(0o755)
        site = make_site(path)
        site.admin = pathlib.Path(shutil.copy(site.admin, path))
        yield site


@pytest.fixture(scope="session")
def namespaces(root):
    """The prefix that runs a command in a mount namespace of its own."""
    if not tool_works(*UNSHARE, "true"):
        pytest.skip("needs a mount namespace: unshare -m is refused here")
    return UNSHARE


@pytest.fixture
def directory(preloaded, tmp_path):
    """Users beside those of the system. A run asks it that has its environment."""
    folder = tmp_path / "directory"
    folder.mkdir()
    return Directory(folder, preloaded("directory"))


@pytest.fixture
def phone(site):
    """An app password of Alice's for the mail."""
    return site.create("alice", "Phone", "--app", "mail")


@pytest.fixture
def login(site):
    """Logs in through libpam and pam_asp.so; returns the code of pam_authenticate."""

    def attempt(password, user="alice", service="imap", rhost="", prefix=(), env=None, **options):
        confdir = site.folder / "pam.d"
        confdir.mkdir(exist_ok=True)
        module = site.build / "pam_asp" / "pam_asp.so"
        with site.logins(prefix, env) as conf:
            (confdir / service).write_text(f"auth required {module} config={conf}\n")
            words = [*prefix, *sanitizers.host(), BIN / "pam_login", confdir, service, user, rhost]
            return site.execute(*words, input=password, env=env, **options).code

    return attempt


class Log:
    """A private /dev/log: `prefix` runs a command that sees it, `lines` is what was sent to it since last asked."""

    def __init__(self, folder, namespaces):
        self.folder = folder
        path = folder / "log"
        scratch = folder / "dev"
        scratch.mkdir()
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        path.chmod(0o666)
        self.prefix = [*namespaces, "sh", "-c", PRIVATE_LOG, "sh", scratch, path]

    def wait_for(self, pattern, seconds=LONG):
        """Waits until lines match, and returns all that came until then."""
        lines = []

        def found():
            lines.extend(self.lines())
            return any(re.search(pattern, line) for line in lines)

        wait_until(found, lambda: f"{pattern}: {lines}", seconds)
        return lines

    def messages(self):
        """As they were sent to syslog."""
        found = []
        while True:
            try:
                found.append(self.socket.recv(65536, socket.MSG_DONTWAIT).decode("utf-8", "surrogateescape"))
            except BlockingIOError:
                return found

    def lines(self):
        """The messages, without what syslog puts before them."""
        return [message.split(": ", 1)[1] for message in self.messages()]


@pytest.fixture
def log(namespaces):
    # The name of a socket has to be short.
    with tempfile.TemporaryDirectory(prefix="asp-log-") as folder:
        private = Log(pathlib.Path(folder), namespaces)
        yield private
        private.socket.close()


@pytest.fixture
def hooks(site):
    hooks = Hooks(site)
    hooks.write()
    hooks.configure()
    return hooks


@pytest.fixture
def primaries(site):
    return Primaries(site)


@pytest.fixture
def three(site, primaries):
    """Alice, Bob and Carol with an entry each."""
    primaries.say({"alice": "one", "bob": "two", "carol": "three"})
    for user in ("alice", "bob", "carol"):
        site.create(user, "Phone")
    return primaries


@pytest.fixture
def watch(site, log):
    """Starts a watch that is logged, and waits until it is ready."""
    with contextlib.ExitStack() as stack:

        def start():
            with Manager(log.folder) as manager:
                process = site.start("watch", prefix=[*log.prefix, *manager.prefix])
                stack.enter_context(ended(process))
                manager.wait_ready()
            return process

        yield start


@pytest.fixture
def read_log(site):
    """Reads a text as a file of the system's log."""

    def read(text, *words, **options):
        path = site.folder / "auth.log"
        path.write_text(text, "utf-8", "surrogateescape")
        return site.run("log", "--file", path, *words, **options)

    return read


@pytest.fixture
def log_rows(read_log):
    return lambda text, *words, **options: json.loads(read_log(text, "--json", *words, **options).done().out)
