"""A real Chromium in a sandbox, driven over WebDriver with nothing but the standard library."""

import base64
import contextlib
import copy
import ctypes
import http.client
import json
import pathlib
import socket
import subprocess
import threading
import time

from support.run import MORTAL

PORT = 9515
PROGRAMS = ("chromedriver", "/usr/lib/chromium/chromium")
CLONE_NEWNET = 0x40000000
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
KEYS = {"Tab": "\ue004", "Enter": "\ue007", "Escape": "\ue00c", "Space": " ", "Shift": "\ue008", "Control": "\ue009", "Up": "\ue013", "Down": "\ue015"}
HOME = "/run/browser"  # all that it writes is in the sandbox
SWITCHES = [
    "--headless=new",
    "--no-sandbox",  # Chromium's own sandbox is not for root, and this is one already
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--no-proxy-server",
    "--ignore-certificate-errors",  # ours are signed by nobody
]


def connect_inside(target, address):
    """A connection from inside the network of the process `target`: a thread may live in another than its process."""
    made = []

    def work():
        libc = ctypes.CDLL(None, use_errno=True)
        with open(f"/proc/{target}/ns/net", "rb") as namespace:
            if libc.setns(namespace.fileno(), CLONE_NEWNET) == 0:
                with contextlib.suppress(OSError):
                    made.append(socket.create_connection(address, timeout=60))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    if not made:
        raise ConnectionRefusedError(address)
    return made[0]


class Inside(http.client.HTTPConnection):
    def __init__(self, target, port):
        super().__init__("127.0.0.1", port)
        self.target = target

    def connect(self):
        self.sock = connect_inside(self.target, (self.host, self.port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # a request is sent in two parts


class Element:
    def __init__(self, browser, reference):
        self.browser = browser
        self.reference = reference

    def _ask(self, method, what, body=None):
        return self.browser.ask(method, f"/element/{self.reference}/{what}", body)

    @property
    def text(self):
        return self._ask("GET", "text")

    @property
    def role(self):
        return self._ask("GET", "computedrole")

    @property
    def name(self):
        """What a screen reader calls it."""
        return self._ask("GET", "computedlabel")

    @property
    def displayed(self):
        return self._ask("GET", "displayed")

    def property(self, name):
        return self._ask("GET", f"property/{name}")

    def click(self):
        self._ask("POST", "click", {})

    def type(self, text):
        self._ask("POST", "clear", {})
        self._ask("POST", "value", {"text": text})


class WebDriverError(Exception):
    pass


class Browser:
    def __init__(self, sandbox):
        self.connection = Inside(sandbox.first, PORT)
        self.connect = lambda address: connect_inside(sandbox.first, address)
        self.session = ""
        self.at = None  # whose page it shows
        sandbox.run("mkdir", "-p", HOME).done()
        self.process = sandbox.start(
            *(*MORTAL, "env", f"HOME={HOME}", f"TMPDIR={HOME}"),
            *("chromedriver", f"--port={PORT}"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._wait_ready()
        self._begin("data", {})

    def _begin(self, folder, preferences):
        options = {"args": [*SWITCHES, f"--user-data-dir={HOME}/{folder}"], "binary": "/usr/lib/chromium/chromium", "prefs": preferences}
        capabilities = {"alwaysMatch": {"browserName": "chrome", "goog:chromeOptions": options}}
        made = self.ask("POST", "", {"capabilities": capabilities})
        self.session = "/" + made["sessionId"]
        self.debugger = int(made["capabilities"]["goog:chromeOptions"]["debuggerAddress"].split(":")[1])

    @contextlib.contextmanager
    def beside(self, **preferences):
        """Another one, whose user prefers that."""
        other = copy.copy(self)
        other.session = ""
        other._begin("beside", preferences)
        try:
            yield other
        finally:
            other.ask("DELETE", "")

    def _wait_ready(self):
        deadline = time.monotonic() + 60
        while True:
            try:
                self.connection.request("GET", "/status")
                self.connection.getresponse().read()
                return
            except OSError:
                self.connection.close()
                assert time.monotonic() < deadline, "chromedriver does not answer"
                time.sleep(0.1)

    def ask(self, method, what, body=None):
        data = None if body is None else json.dumps(body).encode()
        self.connection.request(method, f"/session{self.session}{what}", data)
        value = json.loads(self.connection.getresponse().read())["value"]
        if isinstance(value, dict) and "error" in value:
            raise WebDriverError(f"{value['error']}: {value['message']}")
        return value

    def cdp(self, command, **parameters):
        return self.ask("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def open(self, address):
        self.ask("POST", "/url", {"url": address})

    def run(self, script, *arguments):
        """The value of a script in the frame that is looked at."""
        return self.ask("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def top(self):
        self.ask("POST", "/frame", {"id": None})

    def enter(self, frame):
        self.ask("POST", "/frame", {"id": {ELEMENT: self.wait(frame).reference}})

    def all(self, selector):
        found = self.ask("POST", "/elements", {"using": "css selector", "value": selector})
        return [Element(self, one[ELEMENT]) for one in found]

    def until(self, question, what="it", seconds=60):
        """The first answer to the question that is true; what changes while it is asked is asked again."""
        deadline = time.monotonic() + seconds
        while True:
            with contextlib.suppress(WebDriverError):
                answer = question()
                if answer:
                    return answer
            assert time.monotonic() < deadline, f"{what} does not come: {self.run('return document.body.innerText')}"
            time.sleep(0.05)

    def wait(self, selector):
        return self.until(lambda: [one for one in self.all(selector) if one.displayed], selector)[0]

    def named(self, role, name):
        """The one element that a screen reader would announce so, in the dialog on top if there is one."""
        kinds = {"button": "button", "link": "a", "textbox": "input", "radio": "input", "checkbox": "input"}

        def look():
            where = [f"dialog:last-of-type {kinds[role]}"] if self.all("dialog[open]") else [kinds[role]]
            return [one for one in self.all(*where) if one.name == name and one.role == role]

        (found,) = self.until(look, f"{role} {name}")
        return found

    def press(self, *keys):
        """Keys one after the other; "Shift+Tab" holds the first."""
        actions = []
        for key in keys:
            codes = [KEYS.get(part, part) for part in key.split("+")]
            actions += [{"type": "keyDown", "value": code} for code in codes]
            actions += [{"type": "keyUp", "value": code} for code in reversed(codes)]
        self.ask("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def write(self, text):
        self.press(*text)

    def screen(self, width, height, dark=False):
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.cdp("Emulation.setDeviceMetricsOverride", **size)
        self.cdp(
            "Emulation.setEmulatedMedia",
            features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}],
        )

    def picture(self, path):
        pathlib.Path(path).write_bytes(base64.b64decode(self.ask("GET", "/screenshot")))

    def close(self):
        with contextlib.suppress(WebDriverError, OSError):
            self.ask("DELETE", "")
        self.process.kill()
        self.process.wait()
