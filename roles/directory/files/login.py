"""Log in through PAM as a program on the machine does: `login.py SERVICE ACCOUNT`; the password is in OPLEVER_PASSWORD.

Prints `in`, or why not, and ends with 1 then. Runs as root on the machine: standard library only, Python 3.9 and up.
"""

from __future__ import annotations

import ctypes
import os
import sys
from typing import Any

ASKS_HIDDEN = 1  # a style of a message: the answer is the password


class Message(ctypes.Structure):
    _fields_ = [("style", ctypes.c_int), ("text", ctypes.c_char_p)]


class Answer(ctypes.Structure):
    # PAM frees the text, so it is one of malloc.
    _fields_ = [("text", ctypes.c_void_p), ("code", ctypes.c_int)]


Ask = ctypes.CFUNCTYPE(
    ctypes.c_int,
    ctypes.c_int,
    ctypes.POINTER(ctypes.POINTER(Message)),
    ctypes.POINTER(ctypes.POINTER(Answer)),
    ctypes.c_void_p,
)


class Conversation(ctypes.Structure):
    _fields_ = [("ask", Ask), ("data", ctypes.c_void_p)]


pam = ctypes.CDLL("libpam.so.0")
libc = ctypes.CDLL("libc.so.6")
libc.calloc.restype = libc.strdup.restype = ctypes.c_void_p
pam.pam_strerror.restype = ctypes.c_char_p
pam.pam_strerror.argtypes = [ctypes.c_void_p, ctypes.c_int]
pam.pam_authenticate.argtypes = pam.pam_acct_mgmt.argtypes = pam.pam_end.argtypes = [ctypes.c_void_p, ctypes.c_int]


@Ask
def ask(count: int, messages: Any, answers: Any, _: Any) -> int:
    answers[0] = ctypes.cast(libc.calloc(count, ctypes.sizeof(Answer)), ctypes.POINTER(Answer))
    for number in range(count):
        if messages[number].contents.style == ASKS_HIDDEN:
            answers[0][number].text = libc.strdup(os.environ["OPLEVER_PASSWORD"].encode())
    return 0


service, account = (text.encode() for text in sys.argv[1:3])
handle, conversation = ctypes.c_void_p(), Conversation(ask, None)
done = pam.pam_start(service, account, ctypes.byref(conversation), ctypes.byref(handle))
done = done or pam.pam_authenticate(handle, 0) or pam.pam_acct_mgmt(handle, 0)
print(pam.pam_strerror(handle, done).decode() if done else "in")
pam.pam_end(handle, done)
sys.exit(1 if done else 0)
