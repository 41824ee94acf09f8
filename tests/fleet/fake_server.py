"""A server that says what a test has it say, where a real one does not do so when it is asked to."""

import contextlib
import socket
import struct
import threading
import time

import wire

CLOSE = "close"  # in the place of bytes: the connection is closed
SLOWLY = "slowly"  # what comes after it comes a byte at a time


class FakeServer:
    """Lets everybody in, unless `greeting` says otherwise, and says that it is read-write, unless `read_only` or `level` do.

    `answers` has a list of bytes for each question in turn, whichever connection it comes on; the last one is for all after
    it. An empty one says nothing. What is said to it is kept: `asked` has the values of each question, `parsed` the texts
    that were prepared, `started` the parameters of each connection, `passwords` what was sent as one.
    """

    def __init__(self, name="db1"):
        self.name = name
        self.greeting = [wire.LET_IN, wire.parameter_status("server_version", "15.0"), wire.READY]
        self.read_only, self.level, self.in_standby = "off", "notice", "on"
        self.probed_says = None  # in the place of whether it is read-write; an empty list: nothing
        self.deaf = False  # it reads no more
        self.answers = [[wire.answered("7")]]
        self.asked, self.parsed, self.started, self.passwords, self.cancelled = [], [], [], [], []
        self.tls = None  # the context of a server of TLS
        self.asked_for_tls = 0
        self.probed = 0  # connections that were asked whether it is read-write
        self.sessions = []
        self._lock = threading.Lock()
        self._listener = self._listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.hang_up()
        self.deaf = False
        assert self.cancelled == []

    def hang_up(self):
        """On all who are connected."""
        for session in self.sessions:
            with contextlib.suppress(OSError):
                session.shutdown(socket.SHUT_RDWR)

    def say_unasked(self, *chunks):
        """To all who are connected."""
        for session in self.sessions:
            with contextlib.suppress(OSError):
                self._say(session, chunks)

    def _listen(self):
        listener = socket.create_server(("127.0.0.1", 0))
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # and on each connection to it
        self.port = listener.getsockname()[1]
        return listener

    def _accept(self):
        while True:
            try:
                session, _ = self._listener.accept()
            except OSError:
                return
            self.sessions.append(session)
            threading.Thread(target=self._serve, args=[session], daemon=True).start()

    def _serve(self, session):
        with contextlib.suppress(OSError, EOFError), session:
            if session.recv(8, socket.MSG_PEEK | socket.MSG_WAITALL)[4:] == struct.pack("!I", wire.SSL_REQUEST):
                session = self._secure(session)
            with session, session.makefile("rb") as stream:
                self._start(session, stream)
                while True:
                    self._answer(session, self._until_sync(stream))

    def _secure(self, session):
        self.asked_for_tls += 1
        session.recv(8)
        session.sendall(b"N" if self.tls is None else b"S")
        return session if self.tls is None else self.tls.wrap_socket(session, server_side=True)

    def _start(self, session, stream):
        length, code = struct.unpack("!II", self._read(stream, 8))
        body = self._read(stream, length - 8)
        if code == wire.CANCEL_REQUEST:
            self.cancelled.append(body)
            raise EOFError
        assert code == wire.PROTOCOL
        words = body.rstrip(b"\0").decode().split("\0")
        self.started.append(dict(zip(words[::2], words[1::2])))
        self._say(session, self.greeting)

    def _until_sync(self, stream):
        """The messages of one round."""
        messages = []
        while not messages or messages[-1][0] != "S":
            kind = self._read(stream, 1).decode()
            (length,) = struct.unpack("!I", self._read(stream, 4))
            while self.deaf:
                time.sleep(0.01)
            body = self._read(stream, length - 4)
            if kind == "X":
                raise EOFError
            if kind == "p":
                self.passwords.append(body)
            messages.append((kind, body))
        return messages

    def _answer(self, session, messages):
        kinds = "".join(kind for kind, _ in messages)
        texts = [body.split(b"\0")[1].decode() for kind, body in messages if kind == "P"]
        if any("transaction_read_only" in text for text in texts):
            self.probed += 1
            usual = [wire.PREPARED, wire.answered(self.read_only, self.level, self.in_standby)]
            self._say(session, usual if self.probed_says is None else self.probed_says)
        elif "B" not in kinds:
            self.parsed += texts
            self._say(session, [wire.PREPARED + wire.READY])
        else:
            with self._lock:
                self.asked.append(values_of(messages[0][1]))
                answer = self._next_answer(messages[0][1].split(b"\0")[1].decode())
            self._say(session, answer)

    def _next_answer(self, statement):
        return self.answers[min(len(self.asked), len(self.answers)) - 1]

    @staticmethod
    def _say(session, chunks):
        slowly = False
        for chunk in chunks:
            if chunk == CLOSE:
                session.shutdown(socket.SHUT_RDWR)
                raise EOFError
            if chunk == SLOWLY:
                slowly = True
                continue
            for part in [bytes([byte]) for byte in chunk] if slowly else [chunk]:
                session.sendall(part)
                if slowly:
                    time.sleep(0.001)

    @staticmethod
    def _read(stream, length):
        data = stream.read(length)
        if len(data) < length:
            raise EOFError
        return data


def values_of(bind):
    """Those of a message Bind; None: NULL."""
    rest = bind.split(b"\0", 2)[2]
    (formats,) = struct.unpack("!h", rest[:2])
    rest = rest[2 + 2 * formats :]
    (count,) = struct.unpack("!h", rest[:2])
    rest, values = rest[2:], []
    for _ in range(count):
        (length,) = struct.unpack("!i", rest[:4])
        values.append(None if length < 0 else rest[4 : 4 + length])
        rest = rest[4 + max(length, 0) :]
    return values
