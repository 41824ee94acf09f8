"""Files of the system's log, in which logins that pam_asp has judged are an hour old, and what was read of them."""

import datetime
import re

UTC = datetime.timezone.utc
NOW = datetime.datetime.now(UTC).replace(microsecond=0)
HOUR = datetime.timedelta(hours=1)
AN_HOUR_AGO = NOW - HOUR

LINE = 'verdict=accepted rhost=192.0.2.7 user="alice" service="imap" app="mail" id=7k label="Phone"'
NONE = 'verdict=not-an-app-password rhost=192.0.2.7 user="alice" service="imap" app="mail" id=- label=-'
WARN = (
    "auth[12]: pam_warn(imap:auth): function=[pam_sm_authenticate] flags=0x8000 service=[imap] terminal=[dovecot]"
    " user=[alice] ruser=[<unknown>] rhost=[192.0.2.7]"
)
UNREAD = re.compile(r"not counted: (\d+) lines? like those of pam_asp")

FORMS = {
    "traditional": lambda when: f"{when:%b} {when.day:2} {when:%H:%M:%S}",
    "RFC 3339": lambda when: f"{when:%Y-%m-%dT%H:%M:%S}.123456+00:00",
    "journalctl": lambda when: f"{when:%Y-%m-%dT%H:%M:%S}+0000",
    "Z": lambda when: f"{when:%Y-%m-%dT%H:%M:%SZ}",
}


def stamp(when):
    return f"{when:%Y-%m-%dT%H:%M:%SZ}"


def auth(text, program="auth[12]"):
    return f"{program}: pam_asp(imap:auth): {text}"


def written(lines, when=AN_HOUR_AGO, form="RFC 3339"):
    return "".join(f"{FORMS[form](when)} host {line}\n" for line in lines)


def counts(rows):
    return [(row["user"], row["verdict"], row["count"]) for row in rows]


def unread(run):
    """How many lines it says that it could not read."""
    found = UNREAD.search(run.done().err)
    return int(found[1]) if found else 0
