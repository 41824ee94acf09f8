"""The machine that the tests of this folder run on and change, as its administrator does: systemd is its first process, and
what is told to be done here is what README, the units and the recipes tell."""

import http.client
import imaplib
import json
import pathlib
from base64 import b64encode

from support.dovecot_recipes import dovecot_version
from support.mail import quick_refusals
from support.passwords import PRIMARY
from support.run import as_user, execute
from support.sandbox import Sandbox
from support.terminal import terminal
from support.wait import LONG, wait_until

DOC = "/usr/share/doc/pam_asp"
HOOK = "/usr/libexec/asp/hooks/dovecot"
CREATED_HOOK = "/usr/local/libexec/created"
HASH = "$6$saltsalt$" + "a" * 86  # of another primary password; which does not matter
ASKED = [("Password: ", PRIMARY["alice"])]
CREATED = "/var/local/created"
CONF = "/etc/asp/asp.conf"
# As asp.conf is when a test begins.
HOOKS = f'hooks: {{ created = "{CREATED_HOOK}"; revoked = "{HOOK}"; }};\n'
SERVICES = ("asp-broker.service", "asp-self.service", "asp-watch.service")
SOCKETS = ("asp-broker.socket", "asp-self.socket")
IMAP, HTTP = 143, 8080

SITE = f"""server {{
    listen 127.0.0.1:{HTTP};
    root /srv/calendar;
    location / {{
        auth_pam "Calendar";
        auth_pam_service_name "nginx";
    }}
}}
"""

SET_UP = f"""
for user in "$@"; do id "$user" >/dev/null 2>&1 || useradd --create-home --shell /bin/bash "$user"; done
test -e /usr/share/pam-configs/asp || cp {DOC}/pam-configs/asp /usr/share/pam-configs/
pam-auth-update --package --enable asp
for service in dovecot nginx; do install -m 644 {DOC}/pam.d/asp-only /etc/pam.d/$service; done
install -m 644 {DOC}/pam.d/asp-admin /etc/pam.d/asp-admin
usermod --append --groups asp www-data
install -d /srv/calendar /usr/local/libexec
echo private >/srv/calendar/index.html
rm -f /etc/nginx/sites-enabled/default
printf '#!/bin/sh\\necho "$ASP_EVENT $ASP_USER" >>{CREATED}\\n' >{CREATED_HOOK}
chmod 755 {CREATED_HOOK}
systemctl restart nginx dovecot
"""

# What makes it quick. All else of Dovecot is as Debian has it.
DOVECOT = {
    "2.3": ["mail_location = maildir:~/Maildir"],
    "2.4": ["mail_driver = maildir", "mail_path = ~/Maildir", "mail_inbox_path ="],
    "both": [
        "auth_failure_delay = 0",
        "mail_max_userip_connections = 1000",
        "service anvil {",
        "unix_listener anvil-auth-penalty {",
        "mode = 0",
        "}",
        "}",
    ],
}

RESET = f"""
for unit in "$@"; do rm -rf "/etc/systemd/system/$unit.d"; done
systemctl daemon-reload
rm -rf /srv/asp {CREATED} /var/lib/oath ~alice/.google_authenticator
install -m 644 {DOC}/pam.d/asp-admin /etc/pam.d/asp-admin
systemctl stop "$@"
systemctl reset-failed
rm -rf /var/lib/asp/*/* /var/lib/asp/*/.[!.]*
"""


class Machine(Sandbox):
    """Nothing has to be entered: this is where the test runs."""

    def __init__(self):
        self.prefix = []
        lines = DOVECOT[dovecot_version(self)] + DOVECOT["both"] + quick_refusals(self)
        self.write("/etc/dovecot/local.conf", "\n".join([*lines, ""]))
        self.write("/etc/nginx/conf.d/calendar.conf", SITE)
        self.shell(SET_UP, *PRIMARY).done()
        self.cursor = None
        self.forget()

    def run(self, *words, timeout=300, **options):
        return execute(*words, timeout=timeout, **options)

    def write(self, path, text, mode="644"):
        file = pathlib.Path(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(int(mode, 8))

    def read(self, path):
        return pathlib.Path(path).read_text()

    def reset(self):
        """As it is before anybody has an app password, with both sockets and watch, and neither broker."""
        self.shell(RESET, *SERVICES, *SOCKETS).done()
        self.write(CONF, HOOKS)
        self.run("chpasswd", input="".join(f"{user}:{word}\n" for user, word in PRIMARY.items())).done()
        self.systemctl("start", *SOCKETS, "asp-watch.service")
        self.forget()
        return self

    # systemd

    def systemctl(self, *words):
        return self.run("systemctl", *words).done().out

    def show(self, unit, key):
        return self.systemctl("show", "--value", f"--property={key}", unit).strip()

    def state(self, unit):
        return self.show(unit, "ActiveState")

    def drop_in(self, unit, text):
        """As `systemctl edit` makes it."""
        self.write(f"/etc/systemd/system/{unit}.d/override.conf", text)
        self.systemctl("daemon-reload")

    # The journal

    def forget(self):
        self.run("journalctl", "--sync").done()
        said = self.run("journalctl", "-qn1", "--show-cursor").done().out
        self.cursor = said.rsplit("-- cursor: ", 1)[1].strip()

    def journal(self):
        """What has been said since last forgotten, in lines."""
        self.run("journalctl", "--sync").done()
        return self.run("journalctl", "-qo", "cat", f"--after-cursor={self.cursor}").done().out.splitlines()

    def says(self, text):
        """Waits until somebody has said so."""
        wait_until(lambda: any(text in line for line in self.journal()), f"nobody says: {text}")

    # asp-admin

    def asp_admin(self, *words, **options):
        return self.run("asp-admin", *words, **options)

    def create(self, user="alice", label="Phone", app="mail", *more):
        return self.asp_admin("create", user, "--label", label, "--app", app, "--quiet", *more).done().out.strip()

    def own(self, *words, answers=()):
        """What alice types on a terminal, and her answers, (question, answer). Its exit code, and all that was shown."""
        with terminal(self, *as_user("alice"), *words) as screen:
            shown = ""
            for question, answer in answers:
                found = screen.until(question)
                assert found, (shown, screen.seen)
                shown += found.string[: found.end()]
                screen.answer(answer)
            # Nothing is shown any more; it is looked for so that what was shown is read.
            screen.until("(?!)")
            return screen.process.wait(LONG), shown + screen.seen

    def entries(self, user="alice"):
        """Revoked ones too."""
        return json.loads(self.asp_admin("--json", "list", user, "--all").done().out)

    def states(self, user="alice"):
        return [(entry["label"], entry["state"]) for entry in self.entries(user)]


# Logins: "in", "refused", or "unreachable" where nobody could be asked, or says that he cannot tell.


def imap_login(user, password):
    try:
        with imaplib.IMAP4("127.0.0.1", IMAP, timeout=60) as imap:
            imap.login(user, password)
            return "in"
    except imaplib.IMAP4.error as said:
        return "refused" if "[AUTHENTICATIONFAILED]" in str(said) else "unreachable"
    except OSError:
        return "unreachable"


def http_login(user, password):
    """nginx says "refused" where it could not ask, too; and asks once for each path that it tries."""
    word = b64encode(f"{user}:{password}".encode()).decode()
    connection = http.client.HTTPConnection("127.0.0.1", HTTP, timeout=60)
    try:
        connection.request("GET", "/index.html", headers={"Authorization": f"Basic {word}"})
        return {200: "in", 401: "refused"}.get(connection.getresponse().status, "unreachable")
    except (OSError, http.client.HTTPException):
        return "unreachable"
    finally:
        connection.close()
