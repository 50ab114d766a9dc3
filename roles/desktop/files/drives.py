#!/usr/bin/python3
"""Put the drives of the room among the bookmarks of who logs in: those that GTK shows beside files.

GTK has no list of them for everybody. What people added themselves stays; what this program wrote before and is no
longer a drive of the room goes.
"""

import json
import os
import urllib.parse
from pathlib import Path

DRIVES = Path(__file__).resolve().with_name("drives.json")


def line(drive):
    place = drive["place"]
    url = "file://" + urllib.parse.quote(place) if place.startswith("/") else place
    return url + " " + drive["name"]


def merged(present, former, drives):
    """The lines of the bookmarks: drives first, then what people added."""
    return drives + [text for text in present if text not in drives and text not in former]


def lines_of(path):
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def main():
    config = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    bookmarks, ours = config / "gtk-3.0/bookmarks", config / "oplever-drives"
    drives = [line(drive) for drive in json.loads(DRIVES.read_text(encoding="utf-8"))]
    for path, lines in [(bookmarks, merged(lines_of(bookmarks), lines_of(ours), drives)), (ours, drives)]:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(text + "\n" for text in lines), encoding="utf-8")


if __name__ == "__main__":
    main()
