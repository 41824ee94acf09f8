"""Why a row keeps the tags that it had: writers whose answers are lost, in every order in which they can come.

A writer reads the tag, and asks for a change that is made where it is still the same. Where no answer comes it asks for
the very same again; where it is told that it is another by now it reads again and asks for its change anew. What was
asked may be done at any time, also long after it was asked again. Each change that was begun is to be made once.
"""

import collections

import pytest

WRITERS = range(2)
AGAIN = 1  # how often a question is asked again
TURNS = 2  # how often a writer reads

# `tag` and `past` of the row, and how often each writer's change was made; what each writer is at; what was asked and is
# not done yet.
World = collections.namedtuple("World", "tag past made writers asked")
Idle = collections.namedtuple("Idle", "turn")
Waiting = collections.namedtuple("Waiting", "turn was again")
# What it was told last.
DONE, NOT_DONE = "done", "not done"
Question = collections.namedtuple("Question", "writer turn was")

BEGIN = World(
    tag=None, past=(), made=(0,) * len(WRITERS), writers=(Idle(0),) * len(WRITERS), asked=collections.Counter()
)


def changed(values, at, value):
    return (*values[:at], value, *values[at + 1 :])


def ask(world, question):
    return world._replace(asked=world.asked + collections.Counter([question]))


def be(world, writer, what):
    return world._replace(writers=changed(world.writers, writer, what))


def answer(world, question, kept):
    """As write(): the world after it, and what it says."""
    new = (question.writer, question.turn)
    if new in world.past:
        return world, 1
    if world.tag != question.was:
        return world, 0
    made = changed(world.made, question.writer, world.made[question.writer] + 1)
    return world._replace(tag=new, past=(new, *world.past)[:kept], made=made), 1


def next_worlds(world, kept):
    for writer, at in enumerate(world.writers):
        if isinstance(at, Idle):
            waiting = Waiting(at.turn, world.tag, AGAIN)
            yield ask(be(world, writer, waiting), Question(writer, at.turn, world.tag))
        elif isinstance(at, Waiting) and at.again > 0:
            yield ask(be(world, writer, at._replace(again=at.again - 1)), Question(writer, at.turn, at.was))
    for question in world.asked:
        after, said = answer(world, question, kept)
        after = after._replace(asked=after.asked - collections.Counter([question]))
        yield after  # and nobody hears of it
        at = world.writers[question.writer]
        if isinstance(at, Waiting) and at.turn == question.turn:
            again = Idle(at.turn + 1) if at.turn + 1 < TURNS else NOT_DONE
            yield be(after, question.writer, DONE if said else again)


def key(world):
    return world._replace(asked=frozenset(world.asked.items()))


def ends(kept):
    """All worlds in which nothing is asked any more."""
    seen, stack, found = {key(BEGIN)}, [BEGIN], []
    while stack:
        world = stack.pop()
        if not world.asked and not any(isinstance(at, Idle) for at in world.writers):
            found.append(world)
        for other in next_worlds(world, kept):
            if key(other) not in seen:
                seen.add(key(other))
                stack.append(other)
    return found


@pytest.mark.parametrize("kept, twice", [(0, True), (1, True), (64, False)])
def test_what_is_made_twice(kept, twice):
    found = ends(kept)
    assert any(max(world.made) > 1 for world in found) == twice
    for world in found:
        for at, made in zip(world.writers, world.made):
            # Who was told that it is done has done it; who was told that it is not has not.
            assert at != DONE or made >= 1
            assert kept < 64 or at != NOT_DONE or made == 0
    assert any(world.writers == (DONE,) * len(WRITERS) for world in found)
