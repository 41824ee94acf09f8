"""QR codes as asp-admin draws them, read by a program that a camera's picture is given to."""

import re
import subprocess

SCALE = 6  # pixels for a module
ROWS = {"█": "00", "▀": "01", "▄": "10", " ": "11"}  # the upper and the lower module: 1 is dark


def modules(text):
    """The rows of the code that stands in a text, with its margin; 1 is dark."""
    plain = re.sub("\x1b\\[[0-9;]*m", "", text)
    lines = [line for line in plain.splitlines() if line.startswith("█") or line.startswith("▀")]
    rows = []
    for line in lines:
        pairs = [ROWS[letter] for letter in line]
        rows += ["".join(pair[0] for pair in pairs), "".join(pair[1] for pair in pairs)]
    return rows[: len(rows[0])]


def read_modules(rows):
    """What a reader finds in a picture of them."""
    bitmap = [[255 * (1 - int(module)) for module in row for _ in range(SCALE)] for row in rows for _ in range(SCALE)]
    head = f"P5 {len(bitmap[0])} {len(bitmap)} 255\n".encode()
    picture = head + b"".join(bytes(row) for row in bitmap)
    return read_picture("-", picture)


def read_picture(path, picture=None):
    """What a reader finds in a file of a picture, or in what it is handed."""
    words = ["zbarimg", "-q", "--raw", "-Sdisable", "-Sqrcode.enable", path]
    return subprocess.run(words, input=picture, capture_output=True, check=True).stdout.decode().removesuffix("\n")


def read_drawn(text):
    return read_modules(modules(text))


def with_margin(rows, margin=4):
    """Those of a document, which have none."""
    rows = ["".join(str(module) for module in row) for row in rows]
    side = "0" * margin
    empty = ["0" * (len(rows[0]) + 2 * margin)] * margin
    return [*empty, *(side + row + side for row in rows), *empty]
