"""What Chromium tells of a page over its own debugging port, as far as the tests ask."""

import base64
import http.client
import json
import os
import re
import struct


class Devtools:
    """A WebSocket to a page, without masks worth the name: both ends are ours."""

    def __init__(self, connect, port):
        self.socket = connect(("127.0.0.1", port))
        pages = self._pages(connect(("127.0.0.1", port)), port)
        path = next(page["webSocketDebuggerUrl"] for page in pages if page["type"] == "page").split(f":{port}", 1)[1]
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        self.stream = self.socket.makefile("rb")
        assert b" 101 " in self.stream.readline()
        while self.stream.readline() != b"\r\n":
            pass
        self.asked = 0

    @staticmethod
    def _pages(socket, port):
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.sock = socket
        connection.request("GET", "/json/list")
        pages = json.loads(connection.getresponse().read())
        connection.close()
        return pages

    def _receive(self):
        text = b""
        while True:
            first, second = self.stream.read(2)
            length = second & 127
            if length >= 126:
                kind = "!H" if length == 126 else "!Q"
                (length,) = struct.unpack(kind, self.stream.read(struct.calcsize(kind)))
            text += self.stream.read(length)
            if first & 128:
                return json.loads(text)

    def ask(self, method, **parameters):
        """Asks, waits for the answer, and gives what was told meanwhile."""
        self.asked += 1
        text = json.dumps({"id": self.asked, "method": method, "params": parameters}).encode()
        self.socket.sendall(struct.pack("!BBH4x", 129, 128 | 126, len(text)) + text)
        told = []
        while True:
            message = self._receive()
            if message.get("id") == self.asked:
                assert "error" not in message, message
                return told
            told.append(message)

    def held(self, text):
        """What stands around a text wherever scripts of the page hold it, once what nobody holds is gone: it is looked
        for in a snapshot of the heap."""
        self.ask("HeapProfiler.enable")
        self.ask("HeapProfiler.collectGarbage")
        told = self.ask("HeapProfiler.takeHeapSnapshot", reportProgress=False)
        snapshot = "".join(
            one["params"]["chunk"] for one in told if one["method"] == "HeapProfiler.addHeapSnapshotChunk"
        )
        places = [place.start() for place in re.finditer(re.escape(text), snapshot)]
        return [snapshot[max(0, place - 80) : place + 80] for place in places]

    def close(self):
        self.stream.close()
        self.socket.close()
