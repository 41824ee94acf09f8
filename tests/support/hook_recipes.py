"""The shipped hooks, put where root alone can write."""

from support.mail import lead_doveadm_to

HOOKS = "/etc/asp/hooks"


def install_hooks(mail, hook, folder="/run/d"):
    """All of them, of which `hook` is run. doveadm finds the Dovecot of that folder."""
    for name in ("dovecot", "sshd", "run-all"):
        mail.install(f"hooks/{name}", f"{HOOKS}/{name}", "755")
    mail.configure(f'hooks: {{ revoked = "{HOOKS}/{hook}"; }};')
    lead_doveadm_to(mail.sandbox, folder)
    return mail
