"""Mail clients, run in the sandbox of a Dovecot as their users run them: each fetches the one mail of a mailbox."""

import shlex

SUBJECT = "Hello from your mailbox"

MBSYNC = """IMAPAccount far
Host {host}
Port {port}
User "{user}"
Pass "{password}"
SSLType None

IMAPStore far
Account far

MaildirStore near
Path {folder}/
Inbox {folder}/INBOX

Channel mail
Far :far:
Near :near:
Patterns INBOX
Create Near
"""

FETCHMAIL = """set no bouncemail
poll "{host}" protocol imap port {port} auth password timeout 20
  user "{user}" password "{password}" sslproto "" keep fetchall mda "cat >{folder}/mail"
"""


def put_mail(box, maildir, owner):
    """The one mail of a mailbox."""
    box.shell(
        'install -d -o "$2" "$1"/{,new,cur,tmp}; mail=$1/cur/1.hello:2,;'
        'printf "Subject: %s\\r\\n\\r\\nHello.\\r\\n" "$3" >"$mail"; chown "$2" "$mail"',
        maildir,
        owner,
        SUBJECT,
    ).done()


def curl(box, host, port, user, password):
    run = box.run(
        *shlex.split("curl -q --silent --show-error --noproxy * --max-time 30 --config -"),
        f"imap://{host}:{port}/INBOX;MAILINDEX=1",
        input=f'user = "{user}:{password}"\n',
    )
    assert run.code in (0, 67), run  # 67: the login was refused
    return run.out if run.code == 0 else None


def mbsync(box, host, port, user, password):
    folder = "/run/client/mbsync"
    box.shell('rm -rf "$1"; mkdir -p "$1"', folder).done()
    box.write(f"{folder}/rc", MBSYNC.format(**locals()))
    run = box.run("mbsync", "-c", f"{folder}/rc", "mail", env={"HOME": folder})
    if run.code == 0:
        return box.shell('cat "$1"/INBOX/new/* "$1"/INBOX/cur/* 2>/dev/null || true', folder).out
    assert run.code == 1 and "[AUTHENTICATIONFAILED]" in run.err, run
    return None


def fetchmail(box, host, port, user, password):
    folder = "/run/client/fetchmail"
    box.shell('rm -rf "$1"; mkdir -p "$1"', folder).done()
    box.write(f"{folder}/rc", FETCHMAIL.format(**locals()))
    box.run("chmod", "600", f"{folder}/rc").done()
    run = box.run("fetchmail", "-f", f"{folder}/rc", "--pidfile", f"{folder}/pid", env={"HOME": folder})
    assert run.code in (0, 3), run  # 3: the login was refused
    return box.read(f"{folder}/mail") if run.code == 0 else None


CLIENTS = {"curl": curl, "mbsync": mbsync, "fetchmail": fetchmail}


def fetch(client, *where):
    """Whether a client was let in. What it then has is the mail."""
    mail = CLIENTS[client](*where)
    assert mail is None or SUBJECT in mail, mail
    return mail is not None
