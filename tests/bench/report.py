"""What was measured: printed as a table, or written as JSON, each figure with the bar that it is held to."""

import json


class Report:
    def __init__(self, setting):
        self.setting = setting
        self.figures = []
        self.skipped = []
        self.curves = {}
        self.section = ""

    def figure(self, what, figure, unit, bar=None, note=""):
        """A figure, and the most that it may be."""
        met = None if bar is None else figure <= bar
        one = {"section": self.section, "what": what, "figure": figure, "unit": unit}
        self.figures.append({**one, "bar": bar, "met": met, "note": note})

    def at_least(self, what, figure, unit, bar, note=""):
        self.figure(what, figure, unit, note=note)
        self.figures[-1].update(bar=bar, met=figure >= bar, least=True)

    def unjudged(self, why):
        """The last figure says nothing about its bar."""
        self.figures[-1].update(met=None, note=why)

    def point(self, plot, line, at, figure):
        """One of a line in a plot."""
        self.curves.setdefault(plot, {}).setdefault(line, []).append([at, figure])

    def skip(self, what, why):
        self.skipped.append({"section": self.section, "what": what, "why": why})

    @property
    def missed(self):
        return [one for one in self.figures if one["met"] is False]

    def write_json(self, path):
        """A figure is a line: what has changed since is seen."""
        lists = {
            name: "[\n" + ",\n".join(f"  {json.dumps(one)}" for one in getattr(self, name)) + "\n ]"
            for name in ("figures", "skipped")
        }
        parts = {"setting": json.dumps(self.setting, indent=2), **lists, "curves": json.dumps(self.curves)}
        text = ",\n".join(f' "{name}": {part}' for name, part in parts.items())
        path.write_text(f"{{\n{text}\n}}\n", encoding="utf-8")

    def print_table(self):
        for name, value in self.setting.items():
            print(f"{name + ':':12}{value}")
        section = None
        for one in self.figures:
            if one["section"] != section:
                section = one["section"]
                print(f"\n{section}")
            print("  " + line_of(one).rstrip())
        for one in self.skipped:
            print(f"\nleft out: {one['section']}: {one['what']}: {one['why']}", end="")
        if self.skipped:
            print()
        judged = sum(one["met"] is not None for one in self.figures)
        print(f"\n{judged - len(self.missed)} bars met, {len(self.missed)} NOT met")


def show(number, unit):
    text = f"{number:,.3f}".rstrip("0").rstrip(".") if isinstance(number, float) else f"{number:,}"
    return f"{text} {unit}".rstrip()


def line_of(one):
    bar = met = ""
    if one["bar"] is not None:
        bar = ("at least " if one.get("least") else "at most ") + show(one["bar"], one["unit"])
        met = {True: "met", False: "NOT met", None: "not judged"}[one["met"]]
    note = f"({one['note']})" if one["note"] else ""
    return f"{one['what']:62}{show(one['figure'], one['unit']):>22}  {bar:26}{met:11}{note}"
