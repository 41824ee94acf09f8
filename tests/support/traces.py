"""What of a secret must be found nowhere."""


def traces(password):
    """With and without its dashes, and the secret alone."""
    bare = password.replace("-", "")
    return [password.encode(), bare.encode(), bare[2:].encode(), password[3:].encode(), bare[::-1].encode()]


def without_a_trace(password, places):
    """`places` has the bytes of each."""
    for where, data in places.items():
        for trace in traces(password):
            assert trace not in data, where
