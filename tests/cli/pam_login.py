"""One login through real libpam: pam_login.py CONFDIR SERVICE USER RHOST, the password on standard input. Exits with
the code of pam_authenticate."""

import ctypes
import sys

PAM_RHOST = 4


class Message(ctypes.Structure):
    _fields_ = [("style", ctypes.c_int), ("text", ctypes.c_char_p)]


class Response(ctypes.Structure):
    _fields_ = [("text", ctypes.c_void_p), ("code", ctypes.c_int)]


Converse = ctypes.CFUNCTYPE(
    ctypes.c_int,
    ctypes.c_int,
    ctypes.POINTER(ctypes.POINTER(Message)),
    ctypes.POINTER(ctypes.POINTER(Response)),
    ctypes.c_void_p,
)


class Conversation(ctypes.Structure):
    _fields_ = [("converse", Converse), ("data", ctypes.c_void_p)]


def main(confdir, service, user, rhost):
    libc, libpam = ctypes.CDLL("libc.so.6"), ctypes.CDLL("libpam.so.0")
    libc.calloc.restype = libc.strdup.restype = ctypes.c_void_p
    password = sys.stdin.buffer.read()

    @Converse
    def converse(count, _messages, responses, _data):
        replies = ctypes.cast(libc.calloc(count, ctypes.sizeof(Response)), ctypes.POINTER(Response))
        for index in range(count):
            replies[index].text = libc.strdup(password)
        responses[0] = replies
        return 0

    conversation, handle = Conversation(converse, None), ctypes.c_void_p()
    code = libpam.pam_start_confdir(
        service.encode(), user.encode(), ctypes.byref(conversation), confdir.encode(), ctypes.byref(handle)
    )
    if code == 0 and rhost:
        code = libpam.pam_set_item(handle, PAM_RHOST, rhost.encode("utf-8", "surrogateescape"))
    if code == 0:
        code = libpam.pam_authenticate(handle, 0)
    libpam.pam_end(handle, code)
    return code


sys.exit(main(*sys.argv[1:5]))
