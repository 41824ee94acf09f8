"""The page for Cockpit as a person has it before her: a real cockpit-ws, signed in through PAM, in a real Chromium."""

import contextlib
import functools
import os
import pathlib
import re
import signal
import subprocess
import tempfile

import pytest
from support.long import repeated
from support.processes import child_of
from support.run import MORTAL, execute
from support.self_service import SELF

PORT = 9090
BROKER = "/usr/local/libexec/asp-broker"
PROGRAMS = ("cockpit-bridge", "/usr/lib/cockpit/cockpit-ws")
IN_COCKPIT = f"http://127.0.0.1:{PORT}/asp"
ALONE = f"http://127.0.0.1:{PORT}/cockpit/@localhost/asp/index.html"
FRAME = 'iframe[name="cockpit1:localhost/asp"]'
# The browser's clock is that many seconds ahead.
LATER = "const now = Date.now; Date.now = () => now() + %d * 1000;"
BUS = "/run/dbus/system_bus_socket"
SESSION_UNIT = "/usr/lib/systemd/system/cockpit-session.socket"
AROUND = """
getent passwd messagebus >/dev/null || useradd --system --no-create-home --user-group messagebus
mkdir -p "${1%/*}" "${2%/*}"
# For her session too: none is started for her.
sed -i "s|^DBUS_SESSION_BUS_ADDRESS=.*|DBUS_SESSION_BUS_ADDRESS=unix:path=$2|" /etc/environment
"""
INSTALL = """
# Each sign-in would start a bus and an agent, whose sockets are in /tmp.
printf '%s\n' DBUS_SESSION_BUS_ADDRESS=disabled: SSH_AUTH_SOCK=/nonexistent >>/etc/environment
sed -i /pam_ssh_add/d /etc/pam.d/cockpit
install -m 755 "$1/asp-admin/asp-admin" /usr/local/bin/
install -D -m 755 "$1/asp-broker/asp-broker" -t /usr/local/libexec
"""


@functools.cache
def installed(build):
    """What `meson install` makes, for as long as this process runs."""
    made = tempfile.TemporaryDirectory()
    execute("meson", "install", "-C", build, "--no-rebuild", "--quiet", "--destdir", made.name).done()
    return made


def install_page(sandbox, build, place, target):
    """Puts there what `meson install` puts into a folder whose path ends so."""
    (source,) = pathlib.Path(installed(build).name).rglob(place)
    sandbox.shell('rm -rf "$2"; mkdir -p "$2"; cp -p "$1"/* "$2"/', source, target).done()


@contextlib.contextmanager
def running(sandbox, *words):
    """A server that goes with this process, in a session of its own, as an init system starts one. At the end it is gone:
    another one may listen where it did."""
    process = sandbox.start(
        *(*MORTAL, "setsid", *words),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        if process.poll() is None:
            os.kill(child_of(process), signal.SIGKILL)
        process.wait()


@contextlib.contextmanager
def surroundings(sandbox):
    """What a later Cockpit has around it: cockpit-ws does not start a session itself, systemd does, at a socket; and its
    bridge ends where there is no bus."""
    if sandbox.run("test", "-e", SESSION_UNIT).code != 0:
        yield
        return
    (session,) = re.findall("(?m)^ListenStream=(.*)$", sandbox.read(SESSION_UNIT))
    sandbox.shell(AROUND, session, BUS).done()
    words = ("systemd-socket-activate", "--accept", "--inetd", "--listen", session, "/usr/lib/cockpit/cockpit-session")
    with running(sandbox, *words), running(sandbox, "dbus-daemon", "--system", "--nofork", "--nopidfile"):
        sandbox.wait_for_socket(session)
        sandbox.wait_for_socket(BUS)
        yield


# A test of the page that asp-web serves too.
both = pytest.mark.parametrize("page", ("cockpit", "web"), indirect=True)
# And one of what has nothing of its own there.
both_alike = pytest.mark.parametrize("page", ("cockpit", repeated("web")), indirect=True)


class Page:
    """What she sees and does. Buttons and fields are found as a screen reader names them."""

    host = "127.0.0.1"

    def __init__(self, browser):
        self.browser = browser
        self.user = None

    def is_signed_in(self, user):
        """Cockpit ends a session of which no page was open for some seconds, as while the browser is at another one."""
        return self.user == user and self.browser.at is self

    def sign_in(self, user, password, administrator=False):
        """Leaves her before the page, with Cockpit around it, and where she wants it with administrative access."""
        self.browser.top()
        self.browser.cdp("Network.clearBrowserCookies")
        self.browser.open("about:blank")
        self.browser.open(IN_COCKPIT)
        self.browser.wait("#login-user-input").type(user)
        self.browser.wait("#login-password-input").type(password)
        access = "any" if administrator else "none"
        self.browser.run("localStorage.setItem(`superuser:${arguments[0]}`, arguments[1])", user, access)
        self.browser.wait("#login-button").click()
        self.browser.enter(FRAME)
        self.settled()
        self.user = user
        self.browser.at = self

    def show(self, *path):
        """Loads it afresh, at that place in it, and without the rest of Cockpit: that is quicker."""
        self.browser.top()
        self.browser.open("about:blank")
        self.browser.open(f"{ALONE}#/{'/'.join(path)}")
        self.settled()

    @contextlib.contextmanager
    def with_script(self, source):
        """Within, it runs before anything else of a page that is loaded."""
        added = self.browser.cdp("Page.addScriptToEvaluateOnNewDocument", source=source)
        try:
            yield
        finally:
            self.browser.cdp("Page.removeScriptToEvaluateOnNewDocument", identifier=added["identifier"])

    def settled(self):
        self.browser.until(lambda: self.browser.all('#main[aria-busy="false"]'), "the page")

    def button(self, name):
        return self.browser.named("button", name)

    def press(self, name):
        """As soon as it can be: what is at work holds its buttons, and what the page puts there anew is looked for again."""

        def pressed():
            button = self.button(name)
            if button.property("disabled"):
                return False
            button.click()
            return True

        self.browser.until(pressed, f"the button {name}")

    def fill(self, name, text):
        self.browser.named("textbox", name).type(text)

    def dialogs(self):
        return [dialog.name for dialog in self.browser.all("dialog[open]")]

    def dialog(self, name):
        self.browser.until(lambda: self.dialogs()[-1:] == [name], f"dialog {name}")

    def no_dialog(self):
        self.browser.until(lambda: not self.browser.all("dialog"), "no dialog")
        self.settled()

    def alert(self):
        """What went wrong, in the dialog on top or in the page: the last sentence of it."""
        return self.browser.wait("dialog:last-of-type [role=alert] .notice p:last-child, #main > .notice.danger p:last-child").text

    def focus_is_on(self, name):
        """By the id, the name or the value of what it is on; the page puts it there when it has done what it is at."""
        names = "const one = document.activeElement; return [one.id, one.getAttribute('aria-label'), one.innerText, one.value]"
        self.browser.until(lambda: name in self.browser.run(names), f"the focus on {name}")

    def status(self):
        return self.browser.wait("#status .notice").text

    def rows(self):
        """The list as it is read: a dictionary for each app password, by the names of what is told of it."""
        return self.browser.run(
            "return [...document.querySelectorAll('.entry')].map(one => Object.fromEntries([...one.querySelectorAll('dl > div')]"
            ".map(fact => [...fact.children].map(part => part.innerText))"
            ".concat([['Name', one.querySelector('h2').innerText], ['State', one.querySelector('.state').innerText]])))"
        )

    def labels(self):
        return [row["Name"] for row in self.rows()]

    def events(self):
        return self.browser.run("return [...document.querySelectorAll('.events li p:first-child')].map(one => one.innerText)")

    def facts(self):
        """What stands beside a password."""
        return self.browser.run(
            "return Object.fromEntries([...document.querySelectorAll('dialog dl > div')]"
            ".map(fact => [...fact.children].map(part => part.innerText)))"
        )

    def shown_password(self):
        """Read without leaving a copy of it in the page."""
        self.dialog("Your new app password")
        return self.browser.wait(".password").text

    def choose(self, app):
        self.browser.wait(f'dialog input[name=app][value="{app}"]').click()

    def create(self, label, app, primary=None):
        """Up to where the password is shown. `primary`: she is asked for it, and this is her answer."""
        self.press("Create app password")
        self.fill("Name", label)
        self.choose(app)
        self.press("Create")
        if primary is not None:
            self.confirm(primary)

    def confirm(self, primary):
        self.dialog("Confirm that it is you")
        self.fill("Password", primary)
        self.press("Continue")

    def done(self):
        self.press("Done")
        self.no_dialog()


@contextlib.contextmanager
def cockpit(sandbox, build, browser):
    """A Page before anybody has signed in. The sandbox has Cockpit and the users."""
    sandbox.shell(INSTALL, build).done()
    install_page(sandbox, build, "share/cockpit/asp", "/usr/local/share/cockpit/asp")
    server = ("/usr/lib/cockpit/cockpit-ws", "--no-tls", "-a", "127.0.0.1", "-p", str(PORT))
    with surroundings(sandbox), running(sandbox, *server):
        yield Page(browser)


@contextlib.contextmanager
def broker(sandbox):
    """The broker with nobody's ticket."""
    try:
        with running(sandbox, BROKER):
            sandbox.wait_for_socket(SELF)
            yield
    finally:
        sandbox.run("rm", "-rf", "/run/asp").done()
