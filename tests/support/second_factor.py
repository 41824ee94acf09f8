"""alice's second factor, and the telephone that shows her codes."""

import dataclasses
import secrets
from collections.abc import Callable

from support.run import as_user


class Telephone:
    def __init__(self, box, secret):
        self.box = box
        self.secret = secret
        self.shown = 0

    def __call__(self):
        """What it shows now; then what it shows next, for each code is good once."""
        when = f"now + {30 * self.shown} seconds"
        self.shown += 1
        return self.box.run("oathtool", "--totp", f"--now={when}", *self.secret).done().out.strip()


def enroll_with_google(box, _file):
    """With the module's own program. Her secret, in base32."""
    home = box.run("getent", "passwd", "alice").done().out.split(":")[5]
    words = f"env HOME={home} google-authenticator -t -d -f -u -w 17 -C -q".split()
    box.run(*as_user("alice"), *words).done()
    return ["-b", box.read(f"{home}/.google_authenticator").splitlines()[0]]


def enroll_with_oath(box, file):
    """A line for her in the file. Her secret, in hexadecimal."""
    secret = secrets.token_hex(20)
    box.write(file, f"HOTP/T30/6 alice - {secret}\n", mode="600")
    return [secret]


@dataclasses.dataclass(frozen=True)
class SecondFactor:
    module: str
    tools: tuple
    secret: Callable

    def enroll(self, box, file):
        """alice's telephone. Skips where the module or its tools are not there."""
        box.need_module(self.module)
        box.need(*self.tools)
        return Telephone(box, self.secret(box, file))


GOOGLE = SecondFactor("pam_google_authenticator.so", ("google-authenticator", "oathtool"), enroll_with_google)
OATH = SecondFactor("pam_oath.so", ("oathtool",), enroll_with_oath)
