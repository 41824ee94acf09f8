"""What short.c makes short: the write of that number, of that process, and nothing that is taken whole."""

import pytest
from short import Shortener
from support.run import execute

PROGRAM = """
import os, socket, sys
file = os.open(sys.argv[1], os.O_CREAT | os.O_WRONLY, 0o600)
message, stream = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM), socket.socketpair()
into, out = os.pipe()
for fd in (message[0].fileno(), out):
    assert os.write(fd, bytes(100)) == 100
took = [os.write(file, bytes(100)), os.pwrite(file, bytes(100), 200), stream[0].send(bytes(100))]
took += [stream[0].sendmsg([bytes(60), bytes(40)]), os.writev(file, [bytes(60), bytes(40)])]
if os.fork() == 0:
    os._exit(os.write(file, bytes(100)))
took.append(os.waitstatus_to_exitcode(os.wait()[1]))
print(*took)
"""


@pytest.fixture
def shortener(tmp_path, short):
    one = Shortener(tmp_path, short)
    yield one
    one.close()


@pytest.fixture
def run(shortener, tmp_path):
    return lambda: execute(*shortener.words, "/usr/bin/python3", "-c", PROGRAM, tmp_path / "file").done().out.split()


def test_what_could_be_short_is_numbered_in_each_process(shortener, run):
    shortener.begin()
    assert run() == 6 * ["100"]
    names = ["write", "pwrite", "send", "sendmsg", "writev", "write"]
    written = shortener.written()
    assert [(number, what.partition("(")[0]) for _, number, what in written[:6]] == list(zip([1, 2, 3, 4, 5, 1], names))
    assert len({pid for pid, *_ in written}) == 2


@pytest.mark.parametrize(
    "at, expected", [(1, "50 100 100 100 100 50"), (2, "100 50"), (3, "100 100 50"), (4, "100 100 100 50")]
)
def test_the_write_of_that_number_is_short(shortener, run, at, expected):
    shortener.begin(at)
    took = run()
    assert took == expected.split() + (6 - len(expected.split())) * ["100"]


def test_it_is_that_of_one_process_where_that_is_told(shortener, run):
    shortener.begin(1, pid=1)
    assert run() == 6 * ["100"]
