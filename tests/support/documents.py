"""What the documents of asp-admin have: keys, times, and who."""

import calendar
import contextlib
import os
import pwd
import re
import time

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")

CREATED_KEYS = set("user id label app password entropy_bits created expires active limit".split())
ENTRY_KEYS = set("user id label app state created created_by bound expires unused networks last_used revoked".split())

MINUTE, HOUR, DAY = 60, 3600, 86400


def seconds(moment):
    """The Unix time of a time as the documents have it."""
    assert TIME.fullmatch(moment), moment
    return calendar.timegm(time.strptime(moment, "%Y-%m-%dT%H:%M:%SZ"))


def owner_name():
    """Who asp-admin says made a change: the login uid's name, else the real uid's."""
    with contextlib.suppress(OSError, KeyError, ValueError):
        with open("/proc/self/loginuid", encoding="ascii") as file:
            uid = int(file.read())
        if uid != 0xFFFFFFFF:
            return pwd.getpwuid(uid).pw_name
    return pwd.getpwuid(os.getuid()).pw_name
