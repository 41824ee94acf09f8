"""The recipes of conf/dovecot, in the form of the Dovecot that is there, and what their text tells to change in them."""

from support.recipes import recipe


def dovecot_version(box):
    """Two numbers, as 2.4: the settings are written otherwise from one such version to the next."""
    return ".".join(box.run("dovecot", "--version").done().out.split(".")[:2])


def dovecot_path(box, name):
    """A file of conf/dovecot that has a form for each version."""
    return f"dovecot/{dovecot_version(box)}/{name}"


# Changes of auth-asp.conf.ext. The PAM service is the protocol's name, where it was `dovecot`.
BY_PROTOCOL = {
    "2.3": [(r"(?m)^  args = dovecot\n  #args = %s$", "  #args = dovecot\n  args = %s")],
    "2.4": [
        (
            r"(?m)^  service_name = dovecot\n  #service_name = %\{protocol\}$",
            "  #service_name = dovecot\n  service_name = %{protocol}",
        )
    ],
}

# What PAM has said is kept in a cache, as the text advises.
CACHED = {
    "2.3": [(r"(?m)^  args = (.*)$", r"  args = cache_key=%u%w%s%r \1")],
    "2.4": [(r"(?m)^  use_cache = no\n", ""), (r"(?m)^  #((?:fields|  cached_by|\}).*)$", r"  \1")],
}

# The same as the text warns of.
CACHED_CARELESSLY = {
    "2.3": [(r"(?m)^  args = (.*)$", r"  args = cache_key=%u%s \1")],
    "2.4": [(r"(?m)^  use_cache = no\n", "")],
}


def dovecot_recipe(box, *changes):
    """auth-asp.conf.ext with some of these changes."""
    version = dovecot_version(box)
    return recipe(dovecot_path(box, "auth-asp.conf.ext"), *(pair for change in changes for pair in change[version]))
