"""The shipped hooks, put where root alone can write."""

import re

from support.mail import lead_doveadm_to
from support.recipes import recipe

HOOKS = "/etc/asp/hooks"

# Runs a command with some capabilities alone, and where /var is read-only but for some folders.
CONFINED = """
mkdir -p /run/whole-var
mount --bind /var /run/whole-var
mount --bind -o ro /var /var
for folder in $2; do mount --bind "/run/whole-var${folder#/var}" "$folder"; done
exec setpriv --no-new-privs --bounding-set "$1" "${@:3}"
"""


def values(text, key):
    """What a unit, or the part of one, says of a list, in all its lines."""
    return " ".join(re.findall(rf"(?m)^#? *{key}=(.*)$", text)).split()


def confined(hook, let_in=True):
    """Words before a command, which runs within the limits of watch's unit, as far as they matter to hooks: with what
    the text of the hook adds to them, or without."""
    texts = [recipe("systemd/asp-watch.service.in"), *([recipe(f"hooks/{hook}")] if let_in else [])]
    capabilities = [name for text in texts for name in values(text, "CapabilityBoundingSet")]
    folders = " ".join(values(texts[-1], "ReadWritePaths") if let_in else [])
    bound = ",".join(["-all", *("+" + name.removeprefix("CAP_").lower() for name in capabilities)])
    return ("unshare", "--mount", "bash", "-euc", CONFINED, "bash", bound, folders)


def install_hooks(mail, hook, folder="/run/d"):
    """All of them, of which `hook` is run. doveadm finds the Dovecot of that folder."""
    for name in ("dovecot", "sshd", "run-all"):
        mail.install(f"hooks/{name}", f"{HOOKS}/{name}", "755")
    mail.configure(f'hooks: {{ revoked = "{HOOKS}/{hook}"; }};')
    lead_doveadm_to(mail.sandbox, folder)
    return mail
