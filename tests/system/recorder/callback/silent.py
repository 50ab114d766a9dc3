"""Screen output that says nothing: what is then still on the terminal is not the stdout callback's."""

from __future__ import annotations

DOCUMENTATION = r"""
name: silent
type: stdout
short_description: Prints nothing
description: For tests of the recorder only.
"""

from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "silent"
