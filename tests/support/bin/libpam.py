"""libpam, as the programs beside need it: a login that answers each question with the password."""

import ctypes

PAM_RHOST = 4

# Of the process, whose calloc may be a sanitizer's: libpam frees what is allocated here.
libc, libpam = ctypes.CDLL(None), ctypes.CDLL("libpam.so.0")
libc.calloc.restype = libc.strdup.restype = ctypes.c_void_p
libc.free.argtypes = [ctypes.c_void_p]
libpam.pam_getenvlist.restype = ctypes.POINTER(ctypes.c_void_p)
libpam.pam_getenvlist.argtypes = [ctypes.c_void_p]


class Response(ctypes.Structure):
    _fields_ = [("text", ctypes.c_void_p), ("code", ctypes.c_int)]


Converse = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(ctypes.POINTER(Response)), ctypes.c_void_p
)


class Conversation(ctypes.Structure):
    _fields_ = [("converse", Converse), ("data", ctypes.c_void_p)]


def as_bytes(text):
    return text.encode("utf-8", "surrogateescape")


class Transaction:
    """Of a user of a service whose stack is in confdir. An empty rhost is none; the password is bytes. `code` is that
    of what was done last."""

    def __init__(self, confdir, service, user, rhost, password):
        @Converse
        def converse(count, _messages, responses, _data):
            replies = ctypes.cast(libc.calloc(count, ctypes.sizeof(Response)), ctypes.POINTER(Response))
            for index in range(count):
                replies[index].text = libc.strdup(password)
            responses[0] = replies
            return 0

        self.conversation, self.handle = Conversation(converse, None), ctypes.c_void_p()
        self.code = libpam.pam_start_confdir(
            *(as_bytes(service), as_bytes(user), ctypes.byref(self.conversation)),
            *(as_bytes(confdir), ctypes.byref(self.handle)),
        )
        if self.code == 0 and rhost:
            self.code = libpam.pam_set_item(self.handle, PAM_RHOST, as_bytes(rhost))

    def authenticate(self):
        if self.code == 0:
            self.code = libpam.pam_authenticate(self.handle, 0)
        return self.code

    def account(self):
        return libpam.pam_acct_mgmt(self.handle, 0)

    def environment(self):
        variables = libpam.pam_getenvlist(self.handle)
        lines = []
        while variables[len(lines)]:
            lines.append(ctypes.string_at(variables[len(lines)]).decode())
            libc.free(variables[len(lines) - 1])
        libc.free(variables)
        return dict(line.split("=", 1) for line in lines)

    def end(self):
        libpam.pam_end(self.handle, self.code)
