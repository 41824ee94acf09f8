"""What PostgreSQL says to its clients, byte by byte: its manual, "Frontend/Backend Protocol", version 3."""

import struct

PROTOCOL = 196608
SSL_REQUEST = 80877103
CANCEL_REQUEST = 80877102


def message(kind, body=b""):
    return kind.encode() + struct.pack("!I", len(body) + 4) + body


def text(value):
    return value.encode() + b"\0"


def authentication(number, body=b""):
    return message("R", struct.pack("!I", number) + body)


LET_IN = authentication(0)
CLEARTEXT = authentication(3)
MD5 = authentication(5, b"salt")
SCRAM = authentication(10, b"SCRAM-SHA-256\0\0")


def _said(kind, severity, sqlstate, words):
    fields = [("S", severity), ("V", severity), ("C", sqlstate), ("M", words), ("D", "a detail"), ("R", "a_function")]
    return message(kind, b"".join(name.encode() + text(value) for name, value in fields) + b"\0")


def error(sqlstate, words="so says the server", severity="ERROR"):
    return _said("E", severity, sqlstate, words)


def notice(sqlstate, severity, words="so says the server"):
    return _said("N", severity, sqlstate, words)


def parameter_status(name, value):
    return message("S", text(name) + text(value))


READY = message("Z", b"I")
IN_TRANSACTION = message("Z", b"T")
PREPARED = message("1")
COMPLETE = message("C", text("SELECT 1"))
COPY_OUT = message("H", struct.pack("!bh", 0, 0))


def cell(value):
    """A text, the bytes of what is binary, or None: NULL."""
    if value is None:
        return struct.pack("!i", -1)
    value = value.encode() if isinstance(value, str) else value
    return struct.pack("!i", len(value)) + value


def further_row(*values):
    return message("D", struct.pack("!h", len(values)) + b"".join(map(cell, values)))


def row(*values):
    """What comes before a statement is complete: one row, as cell() has it."""
    columns = b"".join(text(f"column{i}") + struct.pack("!IhIhih", 0, 0, 25, -1, -1, 1) for i in range(len(values)))
    return message("2") + message("T", struct.pack("!h", len(values)) + columns) + further_row(*values)


def answered(*values):
    return row(*values) + COMPLETE + READY


def refused(sqlstate, words="so says the server"):
    return error(sqlstate, words) + READY
