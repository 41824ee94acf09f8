"""The C of a tree as rooms: which file includes which, which calls which, and the circles among them.

It is read as text. A file is its header and its source together, named without the ending: asp/store.
"""

import re

FOLDERS = ("asp", "pam_asp", "asp-admin", "asp-broker", "asp-web")

COMMENT = re.compile(r"/\*.*?\*/", re.S)
TEXT = re.compile(r'"(?:\\.|[^"\\\n])*"')
INCLUDE = re.compile(r'^#include "([^"]+)"', re.M)
SYSTEM = re.compile(r"^#include <([^>]+)>", re.M)
# The head of a function that others can call, at the beginning of a line, up to its brace.
FUNCTION = re.compile(r"^(?!static\b|typedef\b|else\b)[A-Za-z_][\w ]*[ *]+(\w+)\((?:[^;{}()]|\([^()]*\))*\)\n\{", re.M)
# A table of constants, likewise.
TABLE = re.compile(r"^const struct \w+ (\w+) = \{", re.M)
WORD = re.compile(r"[A-Za-z_]\w*")


class Tree:
    def __init__(self, root):
        self.includes = {}  # file -> {included file: the line as it is written}
        self.system = {}  # file -> {<header>}
        self.defines = {}  # file -> {function or table}
        self.words = {}  # file -> {word of its code}
        for folder in FOLDERS:
            for path in sorted((root / folder).rglob("*.[ch]")):
                self._read(root, path)

    def _read(self, root, path):
        file = path.relative_to(root).with_suffix("").as_posix()
        code = COMMENT.sub(" ", path.read_text())
        includes = self.includes.setdefault(file, {})
        for written in INCLUDE.findall(code):
            beside = path.parent / written
            found = beside if beside.is_file() else root / written
            target = found.resolve().relative_to(root.resolve()).with_suffix("").as_posix()
            if target != file:
                includes[target] = written
        self.system.setdefault(file, set()).update(SYSTEM.findall(code))
        # What is only declared is used by nobody yet.
        code = TEXT.sub('""', re.sub(r"(?m)^(?:#include|extern ).*", "", code))
        self.words.setdefault(file, set()).update(WORD.findall(code))
        if path.suffix == ".c":
            self.defines.setdefault(file, set()).update(FUNCTION.findall(code), TABLE.findall(code))

    def calls(self):
        """file -> the files whose functions and tables it names."""
        owner = {function: file for file, functions in self.defines.items() for function in functions}
        return {
            file: {owner[word] for word in words if word in owner and owner[word] != file}
            for file, words in self.words.items()
        }


def circles(arrows):
    """The groups of two and more that reach each other by the arrows: Tarjan's algorithm."""
    index, low, stack, found = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in sorted(arrows.get(node, ())):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            group = []
            while not group or group[-1] != node:
                group.append(stack.pop())
            if len(group) > 1:
                found.append(sorted(group))

    for node in sorted(arrows):
        if node not in index:
            visit(node)
    return found
