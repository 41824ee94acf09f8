"""Other modules that decide on a password. Its user is the last of as many, and what is read is in the machine's memory.

In F of the processor's time: who takes long is held up by others that the machine has to do, and who is quick is not."""

import base64
import ctypes
import ctypes.util
import hashlib
import hmac
import os
import struct
import subprocess
import time

from place import Subject, World, write_passwd, write_shadow
from section import WORKED, Section
from support.pam_codes import SUCCESS

PASSWORD = "correct-horse-battery"
USER = "peter"
SCHEMES = {"sha512crypt": (b"$6$", 0), "yescrypt": (b"$y$", 0), "bcrypt 10": (b"$2b$", 10)}
RARE = {"sha512crypt": 1, "yescrypt": 2, "bcrypt 10": 5}  # in how manieth round those are measured that take long
COUNTS = (10, 1000, 100000)
ENTRIES = (1, 5, 25)
STEP = 30  # seconds for which a code of RFC 6238 is good


def crypt_hash(scheme):
    """PASSWORD's, made by libcrypt with its own cost but for bcrypt."""
    library = ctypes.CDLL(ctypes.util.find_library("crypt"))
    library.crypt_gensalt.restype = library.crypt.restype = ctypes.c_char_p
    prefix, cost = SCHEMES[scheme]
    salt = library.crypt_gensalt(prefix, ctypes.c_ulong(cost), None, 0)
    return library.crypt(PASSWORD.encode(), salt).decode()


def lines_of(users, field):
    return "".join(f"other{number}:{field}\n" for number in range(users - 1)) + f"{USER}:{field}\n"


class Code(Subject):
    """Logins with the code of the moment, as of RFC 6238."""

    key = b"01234567890123456789"

    def times(self, count):
        moment = struct.pack(">Q", int(time.time()) // STEP)
        tag = hmac.digest(self.key, moment, hashlib.sha1)
        (number,) = struct.unpack_from(">I", tag, tag[-1] & 15)
        self.host.ask("say", 0, f"{(number & 0x7FFFFFFF) % 1000000:06}")
        return super().times(count)


class Peers(Section):
    """Each writes no log line but where it is said."""

    def prepare(self):
        self.names = {}  # of the subjects, what they are called in the table
        self.lines = {}  # (plot, line): {at: subject}
        if not self.place.private:
            self.report.skip("other modules", "it needs root and unshare")
            return
        self.prepare_unix()
        self.prepare_pwdfile()
        self.prepare_userdb()
        self.prepare_code()
        self.prepare_loop()

    def add(self, name, stack, each=1, every=1, etc=None, kind=Subject):
        """A stack of one line."""
        world = World(self.place, f"peer{len(self.names)}", etc=etc)
        world.stack("peer", f"auth required {stack}\n")
        (world.confdir / "peer").chmod(0o644)
        self.names[f"peer {name}"] = name
        self.bench.add(f"peer {name}", kind(world.host([("peer", USER, PASSWORD, SUCCESS)]), each=each, every=every))

    def lacks(self, what, *needed):
        if all(needed):
            return False
        self.report.skip(what, "it is neither installed nor unpacked in ASP_LAYER")
        return True

    def prepare_unix(self):
        module = self.place.pam_module("pam_unix.so")
        if self.lacks("pam_unix", module):
            return
        for scheme in SCHEMES:
            field = crypt_hash(scheme)
            for count in COUNTS if scheme == "sha512crypt" else COUNTS[:1]:
                etc = self.place.folder / f"unix{len(self.names)}"
                etc.mkdir()
                write_passwd(etc / "passwd", {USER: field}, count)
                write_shadow(etc / "shadow", {USER: field}, count)
                name = f"pam_unix, {scheme}, {count:,} users"
                self.add(name, module, etc=etc, every=RARE[scheme] if count < 100000 else 4)
                if scheme == "sha512crypt":
                    self.on("users", "pam_unix, sha512crypt", count, name)

    def prepare_pwdfile(self):
        module = self.place.pam_module("pam_pwdfile.so")
        if self.lacks("pam_pwdfile", module):
            return
        for scheme in SCHEMES:
            field = crypt_hash(scheme)
            for count in COUNTS if scheme == "sha512crypt" else COUNTS[:1]:
                path = self.place.folder / f"pwdfile{len(self.names)}"
                path.write_text(lines_of(count, field), encoding="ascii")
                name = f"pam_pwdfile, {scheme}, {count:,} users"
                self.add(name, f"{module} pwdfile={path}", every=RARE[scheme])
                if scheme == "sha512crypt":
                    self.on("users", "pam_pwdfile, sha512crypt", count, name)

    def prepare_userdb(self):
        module, load = self.place.pam_module("pam_userdb.so"), self.place.find("usr/bin/db_load", "usr/bin/db5*_load")
        if self.lacks("pam_userdb", module, load):
            return
        for kind, field, words in (("plain", PASSWORD, ""), ("sha512crypt", crypt_hash("sha512crypt"), "crypt=crypt")):
            for count in COUNTS if words else COUNTS[:1]:
                path = self.place.folder / f"userdb{len(self.names)}"
                pairs = lines_of(count, field).replace(":", "\n")
                subprocess.run([load, "-T", "-t", "hash", f"{path}.db"], input=pairs, text=True, check=True)
                name = f"pam_userdb, {kind}, {count:,} users"
                self.add(name, f"{module} db={path} {words}", each=5 if not words else 1)
                if words:
                    self.on("users", "pam_userdb, sha512crypt", count, name)

    def prepare_code(self):
        module = self.place.pam_module("pam_google_authenticator.so")
        if self.lacks("google-authenticator", module):
            return
        path = self.place.folder / "code"
        path.write_text(base64.b32encode(Code.key).decode() + '\n" TOTP_AUTH\n', encoding="ascii")
        path.chmod(0o400)
        name = "google-authenticator, codes, with a log line"
        self.add(name, f"{module} secret={path} user=root", each=50, kind=Code)

    def prepare_loop(self):
        built = self.place.build / "tests" / "bench" / "loop.so"
        if self.lacks("a hash for each entry", built.exists()):
            return
        module = self.place.copy(built)
        # Another's hash takes as long as one's own. Its last letter is one that bcrypt's base64 may end with.
        own = crypt_hash("bcrypt 10")
        other = own[:-1] + ("C" if own.endswith(".") else ".")
        for count in ENTRIES:
            path = self.place.folder / f"loop{count}"
            path.write_text((other + "\n") * (count - 1) + own + "\n", encoding="ascii")
            name = f"a loop over {count} bcrypt hash{'es' if count > 1 else ''} of cost 10"
            self.add(name, f"{module} {path}", every=RARE["bcrypt 10"] * (1 + count // 5))
            self.on("entries", "a bcrypt hash for each", count, name)

    def on(self, plot, line, at, name):
        self.lines.setdefault((plot, line), {})[at] = f"peer {name}"

    def conclude(self):
        ratio = self.bench.ratio
        for subject, name in self.names.items():
            self.report.figure(name, ratio(subject, clock=WORKED), "F")
        for (plot, line), points in self.lines.items():
            for at, subject in points.items():
                self.report.point(plot, line, at, ratio(subject, clock=WORKED))
