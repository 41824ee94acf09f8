"""Whether what was told of operations that went on side by side is as if one had come after the other: the search of Wing
and Gong, with what Lowe and porcupine remember of it.

It looks for an order of the operations in which each gives the answer that it gave, by a model of what they work on, and
none comes before one that had ended when it began. Depth first; what has been placed and the state that it led to are
remembered, so that nothing is tried twice. Where there is no such order, it says how far the best one came.
"""

import dataclasses
import math

# So many states are looked at before it is given up: a history that was judged wrongly would be worse.
MOST = 2_000_000


@dataclasses.dataclass(frozen=True, eq=False)
class Operation:
    """One, from `begin` to `end`. An end that is math.inf is not known: it may have happened at any time after it began,
    or never."""

    begin: float
    end: float
    kind: str
    given: dict
    answer: object = None

    def __str__(self):
        words = " ".join(f"{name}={value}" for name, value in self.given.items())
        return f"{self.begin:.4f} to {self.end:.4f}  {self.kind} {words} -> {self.answer}"


@dataclasses.dataclass(frozen=True)
class Verdict:
    """`order` is one that the model allows. Where there is none for all, it is the longest that was found: it led to
    `state`, and `stuck` is the operation that had to be next by then."""

    order: list
    states: int
    state: object = None
    stuck: Operation = None

    @property
    def is_linear(self):
        return self.stuck is None

    def __str__(self):
        if self.is_linear:
            return f"{len(self.order)} operations, one after the other"
        lines = [f"after {len(self.order)} operations, of which the last are", *map(str, self.order[-12:])]
        return "\n  ".join([*lines, f"in the state {self.state}", f"there is no place for {self.stuck}"])


class Undecided(Exception):
    pass


class History:
    """What is not placed yet. Those that ended are a list of their begins and ends, in order of time, that is linked both
    ways, so that one is taken out and put back where it was."""

    def __init__(self, operations):
        self.known = [operation for operation in operations if operation.end < math.inf]
        self.unknown = sorted((o for o in operations if o.end == math.inf), key=lambda operation: operation.begin)
        self.bit = {operation: 1 << at for at, operation in enumerate([*self.known, *self.unknown])}
        # An end is after the begins of the same moment: those two went on side by side.
        events = sorted(
            [(operation.begin, 0, at) for at, operation in enumerate(self.known)]
            + [(operation.end, 1, at) for at, operation in enumerate(self.known)]
        )
        self.events = [None, *((bool(is_end), self.known[at]) for _, is_end, at in events)]
        self.places = {}
        for place, (_, _, at) in enumerate(events, start=1):
            self.places.setdefault(self.known[at], []).append(place)
        count = len(self.events)
        self.next = [*range(1, count), None]
        self.before = [None, *range(count - 1)]
        self.left = len(self.known)
        self.placed = 0

    def take(self, operation):
        self.placed |= self.bit[operation]
        for place in self.places.get(operation, ()):
            before, after = self.before[place], self.next[place]
            self.next[before] = after
            if after is not None:
                self.before[after] = before
        self.left -= operation in self.places

    def put_back(self, operation):
        self.placed &= ~self.bit[operation]
        for place in reversed(self.places.get(operation, ())):
            before, after = self.before[place], self.next[place]
            self.next[before] = place
            if after is not None:
                self.before[after] = place
        self.left += operation in self.places

    def first_to_end(self):
        place = self.next[0]
        while not self.events[place][0]:
            place = self.next[place]
        return self.events[place][1]

    def candidates(self):
        """Those that had begun before any other had ended, that which ended first before the others."""
        found, place = [], self.next[0]
        while not self.events[place][0]:
            found.append(self.events[place][1])
            place = self.next[place]
        return sorted(found, key=lambda operation: operation.end)

    def candidates_unknown(self):
        last = self.first_to_end().end
        return [o for o in self.unknown if o.begin <= last and not self.placed & self.bit[o]]


def moves(history, model, state):
    """Each operation that can be next, and what it leads to. What has no end comes last: mostly it did not happen."""
    candidates = history.candidates()
    for operation in candidates:
        # Wherever else it had its place it can as well be here: nothing else has to be tried.
        if model.leaves_all(operation) and state in model.follow(state, operation):
            yield operation, state
            return
    for operation in candidates:
        for after in model.follow(state, operation):
            yield operation, after
    for operation in history.candidates_unknown():
        for after in model.follow(state, operation):
            if after != state:
                yield operation, after


def judge(operations, model, most=MOST):
    """A Verdict. `model` has `start`, a state; `follow(state, operation)`, the states that the operation may lead to with
    the answer that it gave; and `leaves_all(operation)`: whether, where it leaves one state as it is, it leaves every one in
    which it may give that answer. A state can be compared and hashed."""
    history, state = History(operations), model.start
    seen, done, best = set(), [], None  # done: (the moves that are left, the operation, the state before it)
    left = moves(history, model, state)
    while history.left:
        for operation, after in left:
            key = (history.placed | history.bit[operation], after)
            if key not in seen:
                break
        else:
            if best is None or len(done) > len(best.order):
                best = Verdict([step[1] for step in done], 0, state, history.first_to_end())
            if not done:
                return dataclasses.replace(best, states=len(seen))
            left, operation, state = done.pop()
            history.put_back(operation)
            continue
        seen.add(key)
        if len(seen) > most:
            raise Undecided(f"{most} states were looked at, and {history.left} operations are left: {best}")
        done.append((left, operation, state))
        history.take(operation)
        state = after
        if history.left:
            left = moves(history, model, state)
    return Verdict([step[1] for step in done], len(seen))
