"""The page for Cockpit as a person has it before her: a real cockpit-ws, signed in through PAM, in a real Chromium."""

import contextlib
import json
import re
import subprocess

from browser import Browser

from support.run import MORTAL, execute
from support.self_service import SELF

PORT = 9090
PROGRAMS = ("chromedriver", "cockpit-bridge", "/usr/lib/chromium/chromium", "/usr/lib/cockpit/cockpit-ws")
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
mkdir -p /usr/local/share/cockpit/asp
# Each sign-in would start a bus and an agent, whose sockets are in /tmp.
printf '%s\n' DBUS_SESSION_BUS_ADDRESS=disabled: SSH_AUTH_SOCK=/nonexistent >>/etc/environment
sed -i /pam_ssh_add/d /etc/pam.d/cockpit
install -m 644 "${@:2}" /usr/local/share/cockpit/asp/
install -m 755 "$1/asp-admin/asp-admin" /usr/local/bin/
install -D -m 755 "$1/asp-broker/asp-broker" -t /usr/local/libexec
"""


def installed_files(build):
    """Those that `meson install` puts where Cockpit looks for the page."""
    told = json.loads(execute("meson", "introspect", "--installed", build).done().out)
    return [source for source, target in told.items() if "/cockpit/asp/" in target]


@contextlib.contextmanager
def running(sandbox, *words):
    """A server that goes with this process, in a session of its own, as an init system starts one."""
    process = sandbox.start(
        *(*MORTAL, "setsid", *words),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.kill()
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


class Page:
    """What she sees and does. Buttons and fields are found as a screen reader names them."""

    def __init__(self, browser):
        self.browser = browser
        self.user = None

    def sign_in(self, user, password, administrator=False):
        """Leaves her before the page, with Cockpit around it, and where she wants it with administrative access."""
        self.browser.top()
        self.browser.ask("DELETE", "/cookie")
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
        self.button(name).click()

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
def cockpit(sandbox, build):
    """A Page before anybody has signed in. The sandbox has Cockpit, Chromium and the users."""
    sandbox.shell(INSTALL, build, *installed_files(build)).done()
    server = ("/usr/lib/cockpit/cockpit-ws", "--no-tls", "-a", "127.0.0.1", "-p", str(PORT))
    with surroundings(sandbox), running(sandbox, *server):
        browser = Browser(sandbox)
        try:
            browser.screen(1280, 800)
            yield Page(browser)
        finally:
            browser.close()


@contextlib.contextmanager
def broker(sandbox):
    """The broker with nobody's ticket."""
    try:
        with running(sandbox, "/usr/local/libexec/asp-broker"):
            sandbox.wait_for_socket(SELF)
            yield
    finally:
        sandbox.run("rm", "-rf", "/run/asp").done()
