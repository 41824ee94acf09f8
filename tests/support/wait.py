"""Waiting for something to come true, and not for a time to pass."""

import time

# Far longer than anything here takes on a busy machine; what is to be quick says so with a bound of its own.
LONG = 90


def wait_until(condition, what="it did not come to that", seconds=LONG, interval=0.02):
    """The first answer of the condition that is true; else the test fails and says `what`, which may be a function."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, what() if callable(what) else what
        time.sleep(interval)
    return found


def comes_true(condition, seconds=LONG, interval=0.02):
    """Whether it does, within this time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(interval)
    return True


def wait_for_file(path, process):
    """Waits until the process, or what it has started, has made the file."""

    def look():
        assert process.poll() is None or path.exists(), "it has ended"
        return path.exists()

    wait_until(look, f"there is no {path}")


def seconds_of(call):
    begin = time.monotonic()
    call()
    return time.monotonic() - begin
