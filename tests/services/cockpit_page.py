"""The page for Cockpit as a person has it before her: a real cockpit-ws, signed in through PAM, in a real Chromium."""

import contextlib
import re
import subprocess

from browser import Browser

from support.run import MORTAL
from support.self_service import SELF

PORT = 9090
IN_COCKPIT = f"http://127.0.0.1:{PORT}/asp"
ALONE = f"http://127.0.0.1:{PORT}/cockpit/@localhost/asp/index.html"
FRAME = 'iframe[name="cockpit1:localhost/asp"]'
BUS = "/run/dbus/system_bus_socket"
SESSION_UNIT = "/usr/lib/systemd/system/cockpit-session.socket"
FILES = ["page/asp.css", "page/asp.js", "cockpit/index.html", "cockpit/manifest.json"]
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
for file in "${@:3}"; do install -m 644 "$1/$file" /usr/local/share/cockpit/asp/; done
install -m 755 "$2/asp-admin/asp-admin" /usr/local/bin/
install -D -m 755 "$2/asp-broker/asp-broker" -t /usr/local/libexec
"""


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
        """What went wrong, in the dialog on top or in the page."""
        return self.browser.wait("dialog:last-of-type [role=alert] .asp-alert, #main > .asp-alert").text

    def rows(self):
        """The table as it is read: a dictionary for each row, by the heads."""
        return self.browser.run(
            "return [...document.querySelectorAll('tbody tr')].map(row => Object.fromEntries("
            "[...row.cells].map(cell => [cell.dataset.label, cell.innerText])))"
        )

    def labels(self):
        return [row.get("Label") for row in self.rows()]

    def shown_password(self):
        """Read without leaving a copy of it in the page."""
        self.dialog("Your new app password")
        return self.browser.wait(".asp-password").text

    def create(self, label, app, primary=None):
        """Up to where the password is shown. `primary`: she is asked for it, and this is her answer."""
        self.press("Create app password")
        self.fill("Label", label)
        self.browser.wait("#asp-app").type(app)
        self.press("Create")
        if primary is not None:
            self.confirm(primary)

    def confirm(self, primary):
        self.dialog("Confirm that it is you")
        self.fill("Password", primary)
        self.press("Continue")


@contextlib.contextmanager
def cockpit(sandbox, tree, build):
    """A Page before anybody has signed in. The sandbox has Cockpit, Chromium and the users."""
    sandbox.shell(INSTALL, tree, build, *FILES).done()
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
