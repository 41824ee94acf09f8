"""The bars, by the names that they have in support/bars.h: BAR_SILENT_F is BARS.SILENT_F."""

import re
import types

from support.run import TREE

TEXT = (TREE / "tests" / "support" / "bars.h").read_text(encoding="ascii")
FOUND = re.findall(r"(?m)^#define BAR_(\w+) ([\d.]+)$", TEXT)
BARS = types.SimpleNamespace(**{name: float(number) if "." in number else int(number) for name, number in FOUND})
