"""Mail servers in a sandbox, and real clients that send mail through them."""

import base64
import re

import pytest
from support.mail import Mail
from support.recipes import recipe
from support.sandbox import open_sandbox
from support.system_log import parse

PORT = 587

# A client that is not of this machine, as the server sees it: loopback has all of 127.0.0.0/8.
CLIENT = "127.0.0.9"

MSMTP = """
account default
host 127.0.0.1
port {port}
source_ip {client}
tls {tls}
tls_starttls {tls}
tls_certcheck off
auth plain
user {user}
passwordeval cat /run/password
from {user}@mx.example.org
"""

# Lines that no other client sends: for each line of standard input a connection that says its words, separated by tabs.
# Out come the server's last answers, in the same order. All at the same time: Dovecot has some refusals wait half a
# second.
RAW = """
import concurrent.futures, smtplib, ssl, sys
port, client, tls = int(sys.argv[1]), sys.argv[2], sys.argv[3]
context = ssl._create_unverified_context()

def talk(line):
    smtp = smtplib.SMTP("127.0.0.1", port, local_hostname="client.example.org", timeout=30, source_address=(client, 0))
    if tls == "on":
        smtp.starttls(context=context)
    smtp.ehlo()
    for word in line.split("\\t"):
        code, answer = smtp.docmd(word)
    smtp.close()
    return f"{code} {answer.decode('utf-8', 'backslashreplace')}".replace("\\n", " ")

with concurrent.futures.ThreadPoolExecutor(20) as pool:
    print(*pool.map(talk, sys.stdin.read().splitlines()), sep="\\n")
"""

class Smtp(Mail):
    """A mail server in a sandbox; `tls` says whether it wants TLS before a login."""

    tls = True

    def __init__(self, sandbox, build, folder="/run/d", port=PORT):
        super().__init__(sandbox, build, folder)
        self.port = port

    def reset(self, *configuration):
        self.sandbox.shell("rm -f /etc/pam.d/{smtp,submission,exim,radicale}").done()
        super().reset(*configuration)

    def decisions(self):
        """What was decided since last asked: for each the text and the verdict in it."""
        return [(line.text, line.word("verdict")) for line in self.said() if line.is_decision]

    def verdicts(self):
        return [verdict for _, verdict in self.decisions()]

    def swaks(self, user, password):
        """Whether swaks gets past AUTH."""
        run = self.sandbox.run(
            *("swaks", "--server", "127.0.0.1", "--port", str(self.port), "--local-interface", CLIENT),
            *(["--tls"] if self.tls else []),
            *("--helo", "client.example.org", "--auth", "PLAIN", "--auth-user", user, "--auth-password", password),
            *("--to", "someone@example.com", "--quit-after", "AUTH"),
        )
        assert run.code in (0, 28), run  # 28: the login was refused
        return run.code == 0

    def msmtp(self, user, password):
        """Whether msmtp gets rid of a mail to another domain."""
        tls = "on" if self.tls else "off"
        self.sandbox.write("/run/password", password)
        self.sandbox.write("/run/msmtprc", MSMTP.format(port=self.port, client=CLIENT, user=user, tls=tls))
        self.sandbox.run("chmod", "600", "/run/msmtprc").done()
        run = self.sandbox.run(
            *("msmtp", "--file=/run/msmtprc", "someone@example.com"), input="Subject: a test\n\nIt came.\n"
        )
        assert run.code in (0, 77), run  # 77: the login was refused
        return run.code == 0

    def raw(self, *conversations):
        """The server's last answer in each conversation, which is a tuple of lines."""
        words = ("/usr/bin/python3", "-c", RAW, str(self.port), CLIENT, "on" if self.tls else "off")
        lines = "".join("\t".join(conversation) + "\n" for conversation in conversations)
        answers = self.sandbox.run(*words, input=lines).done().out.splitlines()
        assert len(answers) == len(conversations)
        return answers

    def plain(self, *logins):
        """The server's code for AUTH PLAIN with each user and password, which may be any bytes."""
        return [a.split()[0] for a in self.raw(*[("AUTH PLAIN " + encoded(b"", *login),) for login in logins])]

    def login(self, *logins):
        """The same with AUTH LOGIN."""
        return [a.split()[0] for a in self.raw(*[("AUTH LOGIN", *map(encoded, login)) for login in logins])]


def encoded(*parts):
    return base64.b64encode(b"\0".join(parts)).decode()


def open_mail_box(layer, *programs):
    """A sandbox with a log and the two people. The test is skipped when one of the programs is not there."""
    box = open_sandbox(layer, *programs)
    if "swaks" in programs and box.run("perl", "-MNet::SSLeay", "-e", "1").code != 0:
        box.close()
        pytest.skip("no Net::SSLeay for swaks: neither installed nor unpacked in ASP_LAYER")
    box.add_people()
    return box


CERTIFICATE = """
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=mx.example.org -days 2 \
    -keyout "$1.key" -out "$1.crt" 2>/dev/null
"""

# What Debian's package does when it is installed, where it was only unpacked.
POSTFIX_USERS = """
getent passwd postfix >/dev/null || useradd --system --user-group --no-create-home --home-dir /var/spool/postfix postfix
getent group postdrop >/dev/null || groupadd --system postdrop
getent group sasl >/dev/null || groupadd --system sasl
cp /usr/share/postfix/main.cf.debian /etc/postfix/main.cf
cp /usr/share/postfix/master.cf.dist /etc/postfix/master.cf
cp /usr/share/postfix/dynamicmaps.cf /etc/postfix/dynamicmaps.cf
chown postfix: /var/lib/postfix
chgrp postdrop /usr/sbin/postqueue /usr/sbin/postdrop
chmod g+s /usr/sbin/postqueue /usr/sbin/postdrop
"""

# Mail that was accepted goes nowhere.
POSTFIX_SETTINGS = (
    "inet_interfaces = loopback-only",
    "inet_protocols = ipv4",
    "myhostname = mx.example.org",
    "mynetworks = 127.0.0.1/32",
    "alias_maps =",
    "alias_database =",
    "default_transport = discard:",
    "local_transport = discard:",
    "smtpd_tls_cert_file = /etc/postfix/tls.crt",
    "smtpd_tls_key_file = /etc/postfix/tls.key",
)


def start_postfix(box, addition, steps="true"):
    """A Postfix as Debian sets it up, with one of the shipped additions to master.cf and its further steps."""
    box.shell(POSTFIX_USERS).done()
    box.shell(CERTIFICATE, "/etc/postfix/tls").done()
    box.run("postconf", "-e", *POSTFIX_SETTINGS).done()
    box.shell("cat >>/etc/postfix/master.cf", input=recipe(addition)).done()
    box.shell(steps).done()
    box.run("postfix", "start").done()


# What a client may send as a name. Some would be a line of the log of their own, or pass for another user, if anything
# on the way took them as they are.
HOSTILE_NAMES = (
    b'a" verdict=accepted user="alice',
    b"a\\",
    b"a\nverdict=accepted rhost=127.0.0.1",
    b"a\r\n<38>pam_asp(smtp:auth): verdict=accepted",
    b'a: pam_asp(smtp:auth): verdict=accepted rhost=192.0.2.1 user="alice"',
    b"a\x1b[2J\x07",
    b"a\xff\xc3",
    "a\u202e\u2028".encode(),
    b"%s%n%n",
    b"../../etc/passwd",
    b"-x",
    b"a*",
    b"alice:",
    b"alice:x",
    b"<;alice;x",
    b"${run{/bin/false}}",
    b" alice ",
    b"i" * 300,
    b"\x01" * 6000,
)
LONGEST_LINE = 2048


def try_hostile_names(server, password):
    """Tries each with a password of alice's. What the module says of it must be a short and printable line of its own.
    Returns the names that were let in, and what the module logged."""
    codes = server.plain(*[(name, password.encode()) for name in HOSTILE_NAMES])
    ours = []
    for message in server.log_file.take():
        line = parse(message)
        if line and line.is_decision:
            assert len(message) < LONGEST_LINE, message
            assert message.isascii(), message
            assert message.isprintable(), message
            assert re.match(r'verdict=[a-z-]+ rhost=\S+ user=("([^"\\]|\\.)*"|-) service="\w+" app=', line.text), message
            ours.append(line.text)
    return [name for name, code in zip(HOSTILE_NAMES, codes, strict=True) if code[0] == "2"], ours


def names(lines):
    """The names of users in lines of the module, in order."""
    return sorted(re.search(r' user="?((?:[^"\\]|\\.)*?)"? service=', line)[1] for line in lines)
