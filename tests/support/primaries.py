"""The users' primary passwords as a command prints them, for what is not about /etc/shadow; or a shadow file of a site's
own, for what is."""

WITH_SHADOW = 'mount --bind "$1" /etc/shadow; shift; exec "$@"'


class Shadow:
    """What the programs of a site have for /etc/shadow."""

    def __init__(self, site):
        self.path = site.folder / "shadow"
        unshare = ("unshare", "-m", "--propagation", "private")
        site.prefix = (*unshare, "sh", "-c", WITH_SHADOW, "sh", self.path)

    def say(self, passwords):
        """Of each user; it is written where it lies."""
        self.path.write_text("".join(f"{user}:$y$asp${hashed}:19000:0:99999:7:::\n" for user, hashed in passwords.items()))
        self.path.chmod(0o600)


class Primaries:
    """The users' primary passwords, and the program that prints them; a shell script can stand in for it."""

    def __init__(self, site):
        self.site = site
        self.data = site.folder / "passwords"
        self.runs = site.folder / "runs"
        self.program = site.folder / "primaries"
        self.say({})
        self.write(f'echo >>{self.runs}; cat "{self.data}"')
        self.configure()

    def configure(self, *lines, interval=300):
        source = f'primary: {{ source = "command"; command = "{self.program}"; interval = {interval}; }};'
        self.site.configure("virtual_users = true;", source, *lines)

    def write(self, script):
        self.program.write_text(f"#!/bin/sh\n{script}\n")
        self.program.chmod(0o755)

    def say(self, passwords):
        self.print("".join(f"{user}\t{password}\n" for user, password in passwords.items()))

    def print(self, text):
        """In one step: a watch may read it at any time."""
        written = self.data.with_suffix(".new")
        written.write_bytes(text.encode("utf-8", "surrogateescape"))
        written.rename(self.data)

    def count(self):
        """How often the program was run."""
        return len(self.runs.read_text()) if self.runs.exists() else 0


def many(site, primaries, count):
    """That many users with an entry each, and their passwords."""
    passwords = {f"user{i}": f"old{i}" for i in range(count)}
    primaries.say(passwords)
    for user in passwords:
        site.create(user, "Phone")
    return passwords


def active(site, user):
    return site.states(user) == [("Phone", "active")]
