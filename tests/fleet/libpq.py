"""A client of PostgreSQL: the system's libpq, as much of it as the tests need. One connection, one statement at a time,
which may be waited for later."""

import ctypes
import ctypes.util
import datetime
import select

OK = (1, 2)  # PGRES_COMMAND_OK, PGRES_TUPLES_OK
TEXT, SQLSTATE = ord("M"), ord("C")

# What a value is, by the type's oid.
TYPES = {
    16: lambda text: text == "t",
    17: lambda text: bytes.fromhex(text.removeprefix("\\x")),
    20: int,
    21: int,
    23: int,
    701: float,
    1184: datetime.datetime.fromisoformat,
}


def load():
    name = ctypes.util.find_library("pq")
    if name is None:
        return None
    pq = ctypes.CDLL(name)
    handle, text, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
    texts, numbers = ctypes.POINTER(text), ctypes.POINTER(number)
    for function, result, *arguments in (
        ("PQconnectdb", handle, text),
        ("PQstatus", number, handle),
        ("PQerrorMessage", text, handle),
        ("PQfinish", None, handle),
        ("PQsendQuery", number, handle, text),
        ("PQsendQueryParams", number, handle, text, number, handle, texts, numbers, numbers, number),
        ("PQconsumeInput", number, handle),
        ("PQisBusy", number, handle),
        ("PQsocket", number, handle),
        ("PQgetResult", handle, handle),
        ("PQresultStatus", number, handle),
        ("PQresultErrorField", text, handle, number),
        ("PQntuples", number, handle),
        ("PQnfields", number, handle),
        ("PQfname", text, handle, number),
        ("PQftype", ctypes.c_uint, handle, number),
        ("PQgetisnull", number, handle, number, number),
        ("PQgetvalue", text, handle, number, number),
        ("PQclear", None, handle),
        ("PQsetNoticeReceiver", handle, handle, handle, handle),
    ):
        getattr(pq, function).restype = result
        getattr(pq, function).argtypes = arguments
    return pq


PQ = load()
RECEIVER = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)


class Refused(Exception):
    """What the server says, with its SQLSTATE."""

    def __init__(self, state, text):
        super().__init__(f"{state}: {text}")
        self.state = state


def written(value):
    """A parameter as the server reads it."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    if isinstance(value, (list, tuple)):
        return "{" + ",".join("NULL" if one is None else quoted(written(one)) for one in value) + "}"
    return str(value)


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


class Connection:
    def __init__(self, **where):
        words = " ".join(f"{key}='{value}'" for key, value in where.items())
        self.notices = []
        self.handle = PQ.PQconnectdb(words.encode())
        self._receiver = RECEIVER(self._notice)
        PQ.PQsetNoticeReceiver(self.handle, ctypes.cast(self._receiver, ctypes.c_void_p), None)
        if PQ.PQstatus(self.handle) != 0:
            text = PQ.PQerrorMessage(self.handle).decode()
            self.close()
            raise Refused(None, text)

    def _notice(self, _, result):
        self.notices.append(PQ.PQresultErrorField(result, TEXT).decode())

    def close(self):
        """As a client that is killed: the server goes back on what is not committed."""
        if self.handle is not None:
            PQ.PQfinish(self.handle)
            self.handle = None

    def send(self, sql, *values):
        """Begins a statement. Without values it may be many, which are one transaction."""
        if values:
            texts = [text if text is None else text.encode() for text in map(written, values)]
            array = (ctypes.c_char_p * len(texts))(*texts)
            sent = PQ.PQsendQueryParams(self.handle, sql.encode(), len(texts), None, array, None, None, 0)
        else:
            sent = PQ.PQsendQuery(self.handle, sql.encode())
        assert sent, PQ.PQerrorMessage(self.handle).decode()

    def is_busy(self, seconds=0):
        """Whether the statement still runs, after so long."""
        while PQ.PQisBusy(self.handle):
            if not select.select([PQ.PQsocket(self.handle)], [], [], seconds)[0]:
                return True
            PQ.PQconsumeInput(self.handle)
        return False

    def result(self):
        """The rows of the last statement that was sent, each a dictionary."""
        rows, refused = [], None
        while result := PQ.PQgetResult(self.handle):
            if PQ.PQresultStatus(result) in OK:
                rows = self._rows(result)
            elif refused is None:
                fields = [PQ.PQresultErrorField(result, field) for field in (SQLSTATE, TEXT)]
                text = fields[1] or PQ.PQerrorMessage(self.handle)
                refused = Refused(fields[0] and fields[0].decode(), text.decode())
            PQ.PQclear(result)
        if refused is not None:
            raise refused
        return rows

    def _rows(self, result):
        columns = range(PQ.PQnfields(result))
        names = [PQ.PQfname(result, column).decode() for column in columns]
        read = [TYPES.get(PQ.PQftype(result, column), str) for column in columns]

        def value(row, column):
            if PQ.PQgetisnull(result, row, column):
                return None
            return read[column](PQ.PQgetvalue(result, row, column).decode())

        return [{names[column]: value(row, column) for column in columns} for row in range(PQ.PQntuples(result))]

    def ask(self, sql, *values):
        self.send(sql, *values)
        return self.result()

    def one(self, sql, *values):
        """The one value of the one row."""
        (row,) = self.ask(sql, *values)
        (value,) = row.values()
        return value
