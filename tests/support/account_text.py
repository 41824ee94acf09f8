"""The text of an account's file, changed and closed anew by its digest: asp/checksum.c once more, in Python."""

import struct

MASK = (1 << 64) - 1


def mix(state, word):
    state = ((state ^ word) * 0xFF51AFD7ED558CCD) & MASK
    return state ^ (state >> 32)


def checksum(data):
    even, odd = len(data), 0
    whole = len(data) - len(data) % 16
    for at in range(0, whole, 16):
        low, high = struct.unpack_from("<QQ", data, at)
        even, odd = mix(even, low), mix(odd, high)
    rest = data[whole:]
    if len(rest) >= 8:
        even, rest = mix(even, struct.unpack("<Q", rest[:8])[0]), rest[8:]
    even = mix(mix(even, int.from_bytes(rest, "little")), odd)
    return ((even ^ (even >> 33)) * 0xC4CEB9FE1A85EC53) & MASK


def sealed(lines):
    """The bytes of a file of these lines, its digest behind them."""
    body = "".join(f"{line}\n" for line in lines).encode(errors="surrogateescape")
    return body + b"digest=%016x\n" % checksum(body)


def lines_of_text(text):
    """Those above its digest, which is right."""
    *lines, digest = text.splitlines()
    assert sealed(lines).endswith(digest.encode() + b"\n"), text
    return lines


def lines_of(path):
    return lines_of_text(path.read_text(errors="surrogateescape"))
