"""Refused logins, beside accepted ones."""

import statistics

import counts
from bars import BARS
from place import Subject, World
from section import HASH, ZEROS, Section, alice
from support.pam_codes import AUTH_ERR, CRED_INSUFFICIENT, SUCCESS, USER_UNKNOWN
from support.passwords import ALPHABET


class Refusals(Section):
    """Against an accepted login, in time and in instructions; and an unknown id against a wrong secret, in instructions."""

    def prepare(self):
        if not self.place.private:
            self.report.skip("refusals", "they would fill the machine's log: it needs root and unshare")
            return
        self.place.write_shadow({"alice": HASH, "lotte": HASH})
        world = self.world = World(self.place, "refusals")
        made = {
            "accepted": world.create(),
            "revoked": world.create(label="Old"),
            "expired": world.create("alice", "--app", "mail", "--expires", "1s", label="Loan"),
            "unused": world.create("alice", "--app", "mail", "--unused", "1s", label="Drawer"),
            "wrong-app": world.create("alice", "--app", "calendar", label="Calendar"),
            "wrong-network": world.create("alice", "--app", "mail", "--from", "198.51.100.0/24", label="Office"),
        }
        world.admin("revoke", "alice", made["revoked"][:2])
        self.logins = {what: alice(password, AUTH_ERR) for what, password in made.items()}
        self.logins["accepted"] = alice(made["accepted"])
        self.logins["wrong secret"] = alice(other_secret(made["accepted"]), AUTH_ERR)
        self.logins["unknown id"] = alice(other_id(made.values()), CRED_INSUFFICIENT)
        self.logins["not shaped like one"] = alice("correct-horse", CRED_INSUFFICIENT)
        self.logins["no account"] = ("imap", "nobody-here", made["accepted"], USER_UNKNOWN)
        self.lock_lotte()
        self.names = list(self.logins)
        host = world.host(list(self.logins.values()))
        for number, what in enumerate(self.names):
            self.bench.add(what, Subject(host, number, 1))

    def lock_lotte(self):
        """Her primary password is locked behind her back."""
        password = self.world.create("lotte")
        self.place.write_shadow({"alice": HASH, "lotte": "!" + HASH})
        self.logins["primary-locked"] = ("imap", "lotte", password, AUTH_ERR)

    def conclude(self):
        if not self.place.private:
            return
        number = counts.instructions(self.world, list(self.logins.values()))
        if number is None:
            self.report.skip("instructions", "no valgrind")
        else:
            accepted = number[self.names.index("accepted")]
            for what, count in zip(self.names, number):
                bar = None if what == "accepted" else accepted
                self.report.figure(f"instructions, {what}", count, "", bar)
                if what == "no account":
                    self.report.unjudged("the name service is asked whose it is, and does most of it")
        self.count_change()
        for what in self.names:
            self.report.figure(f"time, {what}", self.bench.ratio(what, "accepted"), "times an accepted one")
        self.compare_counts()

    def count_change(self):
        """Of one whose primary password has changed: once, for then all hers are revoked."""
        self.place.write_shadow({"alice": HASH, "lotte": HASH})
        world = World(self.place, "changed")
        password, hers = world.create(), world.create("lotte")
        self.place.write_shadow({"alice": HASH, "lotte": HASH[::-1]})
        self.place.settle()
        number = counts.instructions_once(world, alice(password), ("imap", "lotte", hers, AUTH_ERR))
        if number is not None:
            self.report.figure("instructions, primary-changed", number, "", note="once: it is written, then: revoked")

    def compare_counts(self, times=12):
        """The entries are alike, since what is read of one takes as long as it is. The clock's digits, which are in the log,
        make more of a difference than what is asked about: so of many. By time: see apart."""
        world = World(self.place, "alike", 'primary: { source = "none"; };')
        world.fill(1, 5)
        wrong, unknown = "00" + "1" * 23, "zz" + ZEROS
        logins = [("imap", "user0", wrong, AUTH_ERR), ("imap", "user0", unknown, CRED_INSUFFICIENT)]
        number = counts.instructions(world, logins * times)
        if number is not None:
            wrong, unknown = (statistics.mean(number[at::2]) for at in range(2))
            most = round(BARS.APART_THOUSANDTHS / 1000 * wrong)
            self.report.figure("instructions, wrong secret and unknown id apart", abs(wrong - unknown), "", most)


def other_secret(password):
    return password[:-1] + ("0" if password[-1] != "0" else "1")


def other_id(passwords):
    taken = {password[:2] for password in passwords}
    first = next(a + b for a in ALPHABET for b in ALPHABET if a + b not in taken)
    return first + next(iter(passwords))[2:]
