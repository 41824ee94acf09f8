"""Sessions that wait, and end when somebody ends them."""

import select
import subprocess

from support.run import MORTAL
from support.wait import LONG

# Logs in, waits in IDLE, says so, and says when the session is over. With `back` it tries to log in again at once then.
IDLE = """
import imaplib, sys
port, user, back = sys.argv[1:]
password = sys.stdin.readline().rstrip("\\n")

def log_in():
    imap = imaplib.IMAP4("127.0.0.1", int(port))
    imap.authenticate("PLAIN", lambda _: f"\\0{user}\\0{password}".encode())
    return imap

imap = log_in()
imap.select("INBOX")
imap.send(b"x IDLE\\r\\n")
assert imap.readline().startswith(b"+")
print("idle", flush=True)
try:
    while imap.readline():
        pass
except (OSError, imaplib.IMAP4.abort):
    pass
if back == "back":
    try:
        log_in()
        print("in", flush=True)
    except imaplib.IMAP4.error:
        print("refused", flush=True)
else:
    print("over", flush=True)
"""


class Session:
    """A program that holds a session and writes a line when something has happened to it."""

    def __init__(self, process):
        self.process = process

    def line(self, within=LONG):
        """The next line, or None when there is none in this time."""
        ready, _, _ = select.select([self.process.stdout], [], [], within)
        return self.process.stdout.readline().rstrip("\n") if ready else None

    def end(self):
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


def begin_idle(box, user, password, port, back=False):
    """An IMAP session that waits in IDLE."""
    words = [*MORTAL, "/usr/bin/python3", "-c", IDLE, str(port), user, "back" if back else "-"]
    session = Session(box.start(*words, stdin=subprocess.PIPE, stdout=subprocess.PIPE))
    session.process.stdin.write(password + "\n")
    session.process.stdin.flush()
    assert session.line() == "idle"
    return session
