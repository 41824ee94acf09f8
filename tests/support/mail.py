"""A real Dovecot in a sandbox, and IMAP clients that log in there."""

import contextlib
import shlex

from support.dovecot_recipes import dovecot_version
from support.run import BIN
from support.service import Service

PORT = 143

IMAPLIB = """
import imaplib, sys
imap = imaplib.IMAP4("127.0.0.1", int(sys.argv[1]))
try:
    imap.login(sys.argv[2], sys.stdin.read())
except imaplib.IMAP4.error as refusal:
    sys.exit("refused" if "AUTHENTICATIONFAILED" in str(refusal) else f"broken: {refusal}")
status, count = imap.select("INBOX")
assert status == "OK", (status, count)
imap.logout()
print("in")
"""


# Primary passwords of its own, and app passwords by PAM.
OF_PEOPLE = {
    "2.3": """
passdb {
  driver = passwd-file
  args = @/people
}
passdb {
  driver = pam
  args = dovecot
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=@/mail/%u
}
auth_username_format = %Lu
""",
    "2.4": """
passdb passwd-file {
  passwd_file_path = @/people
}
passdb pam {
  service_name = dovecot
}
userdb static {
  fields {
    uid = nobody
    gid = nogroup
    home = @/mail/%{user}
  }
}
auth_username_format = %{user | lower}
""",
}


@contextlib.contextmanager
def dovecot(box, folder, port, service, *lines):
    """A Dovecot of its own (see bin/dovecot)."""
    box.run(BIN / "dovecot", "users").done()
    box.run(BIN / "dovecot", "start", folder, str(port), service, *lines).done()
    try:
        yield
    finally:
        box.run(BIN / "dovecot", "stop", folder).done()


def lead_doveadm_to(box, folder):
    """doveadm without -c is to find the Dovecot of that folder."""
    box.shell('mkdir -p /etc/dovecot; ln -sfn "$1/dovecot.conf" /etc/dovecot/dovecot.conf', folder).done()


@contextlib.contextmanager
def dovecot_of_people(box, folder, port, people):
    """One that has primary passwords of people whom the machine does not know, and that doveadm finds."""
    box.write(f"{folder}/passdbs", OF_PEOPLE[dovecot_version(box)].replace("@", folder))
    box.write(f"{folder}/people", "".join(f"{user}:{{PLAIN}}{password}\n" for user, password in people.items()))
    with dovecot(box, folder, port, f"{folder}/passdbs"):
        lead_doveadm_to(box, folder)
        yield


def quick_refusals(box):
    """Dovecot 2.3 waits half a second before it tells a refusal, whatever auth_failure_delay says. For what PAM has
    refused it comes to this passdb, which lets nobody in and asks for haste."""
    if dovecot_version(box) != "2.3":
        return []
    return ["passdb {", "driver = static", "args = nopassword nodelay", "result_success = continue-fail", "}"]


class Mail(Service):
    """The Dovecot whose folder this is."""

    def __init__(self, sandbox, build, folder):
        super().__init__(sandbox, build)
        self.folder = folder

    def reset(self, *configuration):
        """As a test finds it: without PAM files either."""
        self.sandbox.shell("rm -f /etc/pam.d/{imap,pop3,radicale,dovecot,sshd}").done()
        super().reset(*configuration)

    def stack(self, name, *services):
        super().stack(name, *(services or ["imap", "pop3", "radicale", "sshd"]))

    def curl(self, user, password, port=PORT):
        """Whether curl gets at the mail over IMAP."""
        run = self.sandbox.run(
            *shlex.split("curl -q --silent --show-error --noproxy * --max-time 30 --config -"),
            f"imap://127.0.0.1:{port}/INBOX",
            input=f'user = "{user}:{password}"\n',
        )
        assert run.code in (0, 67), run  # 67: the login was refused
        return run.code == 0

    def imaplib(self, user, password, port=PORT):
        """Whether Python's client does."""
        run = self.sandbox.run("/usr/bin/python3", "-c", IMAPLIB, str(port), user, input=password)
        assert (run.code, run.out) == (0, "in\n") or run.err == "refused\n", run
        return run.code == 0

    def auth(self, user, password, service="imap", rhost="192.0.2.7"):
        """Whether Dovecot's own test of a login, for any protocol and any client's address, succeeds."""
        run = self.sandbox.run(
            *("doveadm", "-c", f"{self.folder}/dovecot.conf", "auth", "test"),
            *("-x", f"service={service}", "-x", f"rip={rhost}", user, password),
        )
        assert run.code in (0, 77), run  # 77: the login was refused
        return run.code == 0
