"""Why events have numbers from a counter's row, and a cursor has a tag: three writers, a reader and a fail-over, in every
order in which they can come.

A writer takes a number, writes its event, and the event is there for all once the standby has it. It may go back on it
before that. In a fail-over the standby's events stay. Before it the old primary may be restarted: then it shows what it
has, whether a standby has it or not. The reader looks at any moment, and once more at the end. An event that is there at
the end and that the reader was never told of is lost.
"""

import collections

import pytest

WRITERS = range(3)
LOOKS = 3  # in between

Way = collections.namedtuple("Way", "sequence tags fails")
# `steps` is what each writer has done; `log` are the events of the primary, in the order in which they were written, of
# which the standby has as many as `copied`, and `seen` are there for all; `given` is the last number of the sequence.
World = collections.namedtuple("World", "steps log copied seen given cursor told looks restarted over")
Event = collections.namedtuple("Event", "number writer")

BEGIN = World(
    steps=("idle",) * len(WRITERS), log=(), copied=0, seen=frozenset(), given=0, cursor=(0, None), told=frozenset(),
    looks=LOOKS, restarted=False, over=False,
)


def step(world, writer, what, **more):
    steps = list(world.steps)
    steps[writer] = what
    return world._replace(steps=tuple(steps), **more)


def writers_go_on(world, way):
    for writer in WRITERS:
        now = world.steps[writer]
        if now == "idle":
            # The counter's row is locked by who has it, up to the end.
            if way.sequence:
                yield step(world, writer, ("took", world.given + 1), given=world.given + 1)
            elif not any(isinstance(other, tuple) for other in world.steps):
                yield step(world, writer, ("took", max((event.number for event in world.log), default=0) + 1))
        elif now[0] == "took":
            yield step(world, writer, "back")
            yield step(world, writer, ("wrote", now[1]), log=(*world.log, Event(now[1], writer)))
    if world.copied < len(world.log):
        event = world.log[world.copied]
        yield step(world, event.writer, "done", copied=world.copied + 1, seen=world.seen | {event})


def the_primary_fails(world):
    if world.over:
        return
    steps = tuple("back" if isinstance(one, tuple) else one for one in world.steps)
    if not world.restarted:
        yield world._replace(restarted=True, steps=steps, seen=frozenset(world.log))
    log = world.log[: world.copied]
    yield world._replace(over=True, steps=steps, log=log, seen=frozenset(log))


def look(world, way):
    """As a node does: at the head, and where that is another at the events from its cursor on."""
    head = max(world.seen, default=None)
    number, writer = world.cursor
    if head is None or ((head.number, head.writer) == world.cursor if way.tags else head.number <= number):
        return world
    at_cursor = {event.writer for event in world.seen if event.number == number}
    # Who has heard of another event with that number starts again from before.
    begin = 0 if way.tags and number > 0 and at_cursor != {writer} else number
    told = {event for event in world.seen if event.number > begin}
    return world._replace(told=world.told | told, cursor=(head.number, head.writer))


def next_worlds(world, way):
    yield from writers_go_on(world, way)
    if way.fails:
        yield from the_primary_fails(world)
    if world.looks > 0:
        yield look(world, way)._replace(looks=world.looks - 1)


def ends(way):
    """Each world that can be at the end, and whether an event was lost in it."""
    found, seen, stack = {}, {BEGIN}, [BEGIN]
    while stack:
        world = stack.pop()
        following = list(next_worlds(world, way))
        if all(step in ("done", "back") for step in world.steps):
            last = look(look(world, way), way)
            found[last] = bool(last.seen - last.told)
        for other in following:
            if other not in seen:
                seen.add(other)
                stack.append(other)
    return found


@pytest.mark.parametrize(
    "way, loses",
    [
        (Way(sequence=True, tags=False, fails=False), True),
        (Way(sequence=False, tags=False, fails=False), False),
        (Way(sequence=False, tags=False, fails=True), True),
        (Way(sequence=False, tags=True, fails=True), False),
    ],
    ids=["sequence", "counter", "counter-and-fail-over", "counter-and-tag-and-fail-over"],
)
def test_what_is_lost(way, loses):
    found = ends(way)
    assert len(found) > 40
    lost = [world for world, is_lost in found.items() if is_lost]
    assert bool(lost) == loses, lost[:1]
    # The model can go wrong in each way that it is about.
    assert any(world.told for world in found)
    assert any(world.over and world.restarted for world in found) == way.fails
