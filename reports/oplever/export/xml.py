"""What the formats in XML share."""

from __future__ import annotations

from xml.etree import ElementTree as ET


def document(root: ET.Element) -> bytes:
    """The tree as a file in UTF-8, a line for each element."""
    ET.indent(root, " ")
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode").encode() + b"\n"
