"""What differs between versions of OpenSSH's server."""

PROGRAM = "/usr/sbin/sshd"


def knows(box, option, key):
    """Whether the sshd of a sandbox takes an option; `key` is a host key."""
    # Not its own file: where sshd was only unpacked there is none, and that is an error too.
    return box.run(PROGRAM, "-t", "-f", "/dev/null", "-h", key, "-o", option).code == 0


def without_penalties(box, key):
    """Words for an sshd that answers an address however often it has failed: from 9.8 on it shuts such a one out."""
    option = "PerSourcePenalties=no"
    return ["-o", option] if knows(box, option, key) else []
