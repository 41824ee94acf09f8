"""What the sections share: their shape, and logins."""

from support.pam_codes import SUCCESS

SILENT = 'log = "refused";'
ZEROS = "0" * 23  # the secret that fill gives to all
HASH = "$6$saltsaltsaltsalt$abcdefghijklmnop"
MIB = 1 << 20
WALL, WORKED = 0, 1  # the two clocks of a round


class Section:
    def __init__(self, bench):
        self.bench, self.place, self.report = bench, bench.place, bench.report

    def prepare(self):
        pass

    def conclude(self):
        pass


def alice(password, code=SUCCESS):
    return ("imap", "alice", password, code)


def by_turns(user):
    return ("imap", user, "00" + ZEROS, SUCCESS)
