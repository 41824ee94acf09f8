"""An operation that is tried over and over, each time from the same accounts, with one call of it gone wrong."""

import dataclasses
import re
import time

from points import KILL, SOME, chosen, is_of_libc, points_of
from rules import Seen, broken
from support.passwords import PASSWORD, wrong

# Entries by label, state and app.
LAPTOP, PHONE, SPARE = ("Laptop", "active", "mail"), ("Phone", "active", "mail"), ("Spare", "active", "first-use")
OLD = {"alice": [LAPTOP, PHONE, SPARE], "bob": [PHONE], "carol": [PHONE]}
USES_LOST = r"^asp-admin: the last uses of \w+ were damaged or lost: [^\n]*\n"
NEXT = ("create", "alice", "--label", "Next", "--app", "mail", "--quiet")


def revoked(*entries):
    return [(label, "revoked", app) for label, _, app in entries]


def nothing_before(site):
    return lambda: None


class Trial:
    """What is common. Others say how it is done: `clean_run` gives the system calls of a run that ends well, `attempt` does
    it with one of them gone wrong. `new`: what is made of users; `before` sees to the site before there are accounts, and
    gives what is done once they are there."""

    lines = 1  # how many say of what failed; None: it says nothing itself
    promises = True  # what ends well is done
    some = SOME  # points of it, in a plain run
    own = ()  # what is in the paths that are the operation's, besides those of the site

    def __init__(self, site, name, new, before=nothing_before):
        self.site, self.name, self.new = site, name, new
        change = before(site)
        self.passwords = {label: self.made("alice", label) for label, *_ in OLD["alice"]}
        self.passwords["wrong"] = wrong(self.passwords["Phone"])
        for user in ("bob", "carol"):
            self.made(user, "Phone")
        change()
        self.old = {user: self.states(user) for user in new}
        self.texts = site.texts()
        self.back = site.saved()
        before = self.verdict()
        self.prepare()
        self.calls = self.clean_run()
        self.verdict_of = {"old": before, "new": self.verdict()}
        assert self.found(site.texts()) == new
        self.back()

    def made(self, user, label):
        return self.site.create(user, label, *([] if label == "Spare" else ["--app", "mail"]))["password"]

    def prepare(self):
        """What is needed of the accounts before the first run."""

    def points(self):
        """Where it is to go wrong: what libc does for itself is looked at in one of all operations."""
        own = (self.site.folder, *self.site.folders(), *self.own)
        return points_of([call for call in self.calls if not is_of_libc(call, own)])

    # What is seen

    def verdict(self):
        return self.site.check(self.passwords["Phone"])

    def states(self, user):
        """What was written of a last use in part is told, and begins anew."""
        run = self.site.run("--json", "list", user, "--all")
        rows = dataclasses.replace(run, err=re.sub(USES_LOST, "", run.err)).document()
        return sorted((row["label"], row["state"], row["app"]) for row in rows)

    def found(self, texts):
        """Of each user that it is about."""
        found = dict(self.old)
        for user in self.old:
            if texts.get(user) != self.texts[user]:
                found[user] = self.states(user) if user in texts else None
        return found

    def others(self, texts):
        """But for files that are not there yet."""
        return {user: text for user, text in texts.items() if user not in self.old and not user.startswith(".")}

    def told(self, run, changed):
        """The users of whom it is said that it is done; `changed` are those with whom it is."""
        return set()

    def shown(self, run):
        """Passwords on standard output, each with its user and whether it opens."""
        lines = [line.split("\t") for line in run.out.splitlines()]
        found = [(line[0] if len(line) > 1 else "alice", PASSWORD.search(line[-1])) for line in lines]
        return [(user, self.site.check(one[0], user) == "accepted") for user, one in found if one]

    def seen(self, point, run, seconds):
        texts = self.site.texts()
        found = self.found(texts)
        changed = texts.get("alice") != self.texts["alice"]
        return Seen(
            run=run,
            killed=point.action == KILL,
            seconds=seconds,
            old=self.old,
            new=self.new,
            found=found,
            call=point.call.line,
            promises=self.promises,
            told=self.told(run, {user for user in found if found[user] == self.new[user] != self.old[user]}),
            shown=self.shown(run),
            lines=self.lines,
            verdict=self.verdict() if changed else self.verdict_of["old"],
            verdict_of=self.verdict_of,
            others=(self.others(self.texts), self.others(texts)),
            next_run=self.following(),
            strays=self.site.strays(),
            hooks=self.hooks(),
        )

    def hooks(self):
        """What hooks were run for, and what they are to be run for where it is done."""
        return set(), set()

    def following(self):
        """The operation that comes next."""
        return self.site.run(*NEXT)

    def tried(self, point):
        self.back()
        begin = time.monotonic()
        run = self.attempt(point)
        return self.seen(point, run, time.monotonic() - begin)

    def go(self):
        """Gives how many points there are, how many were tried, and what is broken: twice, for a machine that is busy is not
        as slow again where nothing else is wrong."""
        points = self.points()
        some = chosen(self.name, points, self.some)
        wrong = []
        for point in some:
            if broken(self.tried(point)):
                seen = self.tried(point)
                wrong += [f"{rule}\n    {point}\n    {seen.run}" for rule in broken(seen)]
        self.back()
        return len(points), len(some), wrong
