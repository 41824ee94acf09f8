"""A broker that answers in a world, and hosts that are not root and ask it."""

import pathlib
import pwd
import re
import subprocess
import time

from place import Broken, World
from section import alice
from support.processes import children

CLIENTS = ", ".join(f'{{ user = "{user}"; services = [ "imap" ]; }}' for user in ("nobody", "daemon", "asp-authorize"))


class Answering:
    """`broker` are further settings of it, `settings` of the world; `store` is one that is there, or is made."""

    def __init__(self, place, name, settings="", broker="", store=None):
        self.place = place
        self.socket = place.folder / f"{name}.sock"
        own = f'broker: {{ socket = "{self.socket}"; clients = ( {CLIENTS} ); {broker} }};'
        self.world = World(place, name, f"{own} self_service: {{ enabled = false; }}; {settings}", store=store)
        self.process = None
        self.password = None  # alice's, who logs in where nobody else is named

    @staticmethod
    def missing(place):
        """Why there can be none; None where there can."""
        if not place.private:
            return "it needs root and unshare"
        return None if place.broker.exists() else f"there is no {place.broker}"

    def start(self):
        words = [self.place.broker, "--config", self.world.conf, "--socket", self.socket]
        self.process = subprocess.Popen(["setpriv", "--pdeathsig", "TERM", *words])
        self.place.processes.append(self.process)
        for _ in range(100):
            if self.process.poll() is not None:
                raise Broken(f"asp-broker ended with {self.process.returncode}")
            if self.socket.exists() and self.socket.stat().st_mode & 0o060 == 0o060:
                return self
            time.sleep(0.1)
        raise Broken("asp-broker makes no socket for its group")

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def host(self, user="nobody", *logins):
        entry = pwd.getpwnam(user)
        group = self.socket.stat().st_gid
        identity = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": [group]}
        return self.world.host(logins or [alice(self.password)], identity=identity)

    def processes(self):
        """The numbers of the broker's own."""
        found = [self.process.pid]
        for pid in found:
            found += children(pid)
        return [pathlib.Path(f"/proc/{pid}") for pid in found]

    def memory(self):
        """Resident bytes of all of its processes."""
        texts = [(pid / "smaps_rollup").read_text() for pid in self.processes()]
        return sum(int(re.search(r"Rss:\s*(\d+)", text)[1]) for text in texts) * 1024

    def worked(self):
        """Nanoseconds that processors have worked for them."""
        return sum(int((pid / "schedstat").read_text().split()[0]) for pid in self.processes())


def together(hosts, milliseconds):
    """How many logins they make at the same time."""
    for host in hosts:
        host.send("for", milliseconds)
    return sum(int(host.answer()[0]) for host in hosts)
