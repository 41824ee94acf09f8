"""Calendars and contacts in a sandbox: Radicale as the shipped files have it, for a web server that is before it, and who
asks that: curl and vdirsyncer."""

import re
import subprocess

from support.recipes import CONF, recipe
from support.run import MORTAL
from support.web import Web

HOST = "dav.example.org"
COLLECTIONS = "/var/lib/radicale/collections"
RADICALE_SOCKET = "/run/radicale.sock"

# What Debian's packages do when they are installed, where they were only unpacked.
PACKAGES = """
getent passwd radicale >/dev/null || useradd --system --user-group --home-dir /var/lib/radicale radicale
install -d /var/lib/radicale/collections
certificates=/etc/ssl/certs/ca-certificates.crt
[[ -e $certificates ]] || cat /usr/share/ca-certificates/mozilla/*.crt >"$certificates"
"""

# What systemd makes of private.conf and the units of radicale-door: Radicale with a loopback of its own, a socket, and
# who carries between them.
RADICALE = """
exec >/var/log/radicale 2>&1
unshare --net sh -c 'ip link set lo up; echo $$ >/run/radicale.pid
    exec setpriv --pdeathsig KILL --reuid radicale --regid radicale --clear-groups radicale --debug'
"""
CARRIER = """
nsenter --net --target "$(cat /run/radicale.pid)" setpriv --pdeathsig KILL systemd-socket-activate --listen "$@"
"""

# A backend at a socket that shows what it is sent.
SHOW = """
import http.server, os, socketserver, sys
class Show(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        text = "".join(f"{name.lower()}: {value}\\n" for name, value in self.headers.items()).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
    def log_message(self, *_):
        pass
    def address_string(self):
        return ""
os.umask(0)
socketserver.UnixStreamServer(sys.argv[1], Show).serve_forever()
"""

VDIRSYNCER = """[general]
status_path = "{home}/status/"

[pair calendar]
a = "near_calendar"
b = "far_calendar"
collections = ["from a", "from b"]

[storage near_calendar]
type = "filesystem"
path = "{home}/calendar/"
fileext = ".ics"

[storage far_calendar]
type = "caldav"
url = "https://{host}/"
username = "{user}"
password = "{password}"
verify = "{ca}"

[pair contacts]
a = "near_contacts"
b = "far_contacts"
collections = ["from a", "from b"]

[storage near_contacts]
type = "filesystem"
path = "{home}/contacts/"
fileext = ".vcf"

[storage far_contacts]
type = "carddav"
url = "https://{host}/"
username = "{user}"
password = "{password}"
verify = "{ca}"
"""


def event(uid):
    lines = ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//EN", "BEGIN:VEVENT", f"UID:{uid}")
    lines += ("DTSTAMP:20260101T000000Z", "DTSTART:20260102T100000Z", f"SUMMARY:{uid}", "END:VEVENT", "END:VCALENDAR")
    return "\r\n".join([*lines, ""])


def contact(uid):
    return "\r\n".join(["BEGIN:VCARD", "VERSION:3.0", f"UID:{uid}", f"FN:{uid}", f"N:{uid};;;;", "END:VCARD", ""])


def unit(name, key):
    """What a shipped unit says for a key."""
    return re.search(rf"(?m)^{key}=(.*)$", recipe(f"radicale/{name}"))[1]


class Caldav(Web):
    """A web server with Radicale behind it."""

    host = HOST

    def reset(self, *configuration):
        super().reset(*configuration)
        self.sandbox.shell(f"rm -rf {COLLECTIONS}/collection-root /run/vdirsyncer").done()
        self.stack()

    def propfind(self, login, path="/", *more, **options):
        """The status, and whose calendars they are as Radicale sees it."""
        ask = '<propfind xmlns="DAV:"><prop><current-user-principal/></prop></propfind>'
        words = ("--request", "PROPFIND", "--header", "Depth: 0", "--data-binary", ask)
        status, body = self.curl(login, path, *words, *more, **options)
        found = re.search("<current-user-principal><href>/(.*?)/</href>", body)
        return status, found and found[1]

    def make(self, login, path):
        """A calendar with one event in it."""
        assert self.curl(login, path, "--request", "MKCALENDAR")[0] == 201
        assert self.put(login, f"{path}one.ics") == 201

    def put(self, login, path):
        return self.curl(login, path, "--upload-file", "-", input=event("one"))[0]

    def vdirsyncer(self, *words, **options):
        home = "/run/vdirsyncer"
        return self.sandbox.run(
            "vdirsyncer", *words, env={"HOME": home, "VDIRSYNCER_CONFIG": f"{home}/config"}, **options
        )

    def configure_vdirsyncer(self, user, password):
        home = "/run/vdirsyncer"
        settings = VDIRSYNCER.format(home=home, host=HOST, user=user, password=password, ca=self.ca)
        self.sandbox.write(f"{home}/config", settings)

    def sync_a_laptop(self, phone):
        """By vdirsyncer: what it has made the phone finds, and what the phone has made, the laptop. Its password."""
        laptop = self.create("alice", "Laptop", "--app", "calendar")
        self.configure_vdirsyncer("alice", laptop)
        self.sandbox.write("/run/vdirsyncer/calendar/diary/near.ics", event("near"))
        self.sandbox.write("/run/vdirsyncer/contacts/friends/near.vcf", contact("near"))
        self.make(phone, "/alice/office/")
        self.vdirsyncer("discover", input="y\n" * 10).done()
        self.vdirsyncer("sync").done()
        assert "SUMMARY:near" in self.curl(phone, "/alice/diary/near.ics")[1]
        assert "FN:near" in self.curl(phone, "/alice/friends/near.vcf")[1]
        assert "SUMMARY:one" in self.sandbox.read("/run/vdirsyncer/calendar/office/one.ics")
        return laptop

    def revoke_the_laptop(self, laptop, service):
        """It has been seen as this service, and is shut out."""
        used = self.entry(laptop[:2])["last_used"]
        assert (used["service"], used["rhost"]) == (service, "127.0.0.1")
        self.asp_admin("revoke", "alice", laptop[:2]).done()
        refused = self.vdirsyncer("sync")
        assert refused.code != 0 and "401" in refused.err


def start_radicale(box):
    """Radicale as the shipped files have it, but for systemd."""
    box.shell(PACKAGES).done()
    box.run("install", "-m", "644", CONF / "radicale/config", "/etc/radicale/config").done()
    box.shell(*re.findall("(?m)^# +(chown .*)$", recipe("nginx/caldav.conf"))).done()
    box.shell(": >/var/log/radicale").done()
    box.start(*MORTAL, "bash", "-c", RADICALE, stdin=subprocess.DEVNULL)
    box.shell("until grep -q 'Radicale server ready' /var/log/radicale; do sleep 0.05; done").done()
    # The network that is made for it above is what the units ask for.
    assert unit("private.conf", "PrivateNetwork") == unit("radicale-door.service", "PrivateNetwork") == "yes"
    assert unit("radicale-door.service", "JoinsNamespaceOf") == "radicale.service"
    assert unit("radicale-door.socket", "ListenStream") == RADICALE_SOCKET


def open_door(box, socket=RADICALE_SOCKET, group=None):
    """What leads to it, at the socket and for the group that the shipped unit says, or a recipe's change of that."""
    keeper = unit("radicale-door.service", "ExecStart").split()
    box.start(
        *(*MORTAL, "bash", "-c", CARRIER, "bash", socket, *keeper),
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    box.shell(
        'until [[ -S "$1" ]]; do sleep 0.02; done; chown "$2:$3" "$1"; chmod "$4" "$1"',
        *(socket, unit("radicale-door.socket", "SocketUser"), group or unit("radicale-door.socket", "SocketGroup")),
        unit("radicale-door.socket", "SocketMode"),
    ).done()
