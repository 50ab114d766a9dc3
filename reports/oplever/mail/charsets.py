"""Text of bytes in any charset, whatever somebody called it. Pure."""

from __future__ import annotations

import codecs
import re

_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_WIDER = {
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "big5": "big5hkscs",
}
"""What programs write under the name of a charset that has fewer characters, as browsers read it (the Encoding
Standard of WHATWG)."""
_OTHER_NAMES = {
    "iso-8859-8-i": "iso8859-8",
    "iso-8859-6-i": "iso8859-6",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "x-gbk": "gb18030",
    "x-mac-roman": "mac-roman",
    "unicode-1-1-utf-7": "utf-7",
}
"""Names of charsets that Python does not have."""


def decoded(content: bytes, charset: str) -> str:
    """Bytes as text: in the charset that is named, else in UTF-8, else in the one of Windows. What is wrong in one
    place costs the character there and not the whole text. Without characters that steer a terminal."""
    name = _codec(charset, content)
    for codec in dict.fromkeys((name, "utf-8")):
        try:
            return tidy(content.decode(codec))
        except (UnicodeError, ValueError):
            continue
    if name not in ("utf-8", "ascii"):
        return tidy(content.decode(name, "replace"))
    text = content.decode("utf-8", "replace")
    wrong = text.count("\N{REPLACEMENT CHARACTER}")
    if sum(not character.isascii() for character in text) > 2 * wrong:
        return tidy(text)
    return tidy(content.decode("cp1252", "replace"))


def _codec(charset: str, content: bytes) -> str:
    """The codec for a charset; UTF-8 for a name that is none."""
    name = charset.strip().lower()
    name = _OTHER_NAMES.get(name, re.sub(r"^cp-(?=\d)", "cp", name))
    try:
        codec = codecs.lookup(name)
        is_text = codec._is_text_encoding  # not zip, hex and such
    except (LookupError, ValueError, AttributeError):
        return "utf-8"
    wide = codec.name.startswith(("utf-16", "utf-32")) and b"\0" not in content
    return "utf-8" if wide or not is_text else _WIDER.get(codec.name, codec.name)


def tidy(text: str) -> str:
    """Without carriage returns, and without characters that nobody can see or that cannot be written."""
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n").replace("\r", "\n"))
