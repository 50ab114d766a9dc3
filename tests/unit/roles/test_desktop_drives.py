"""Drives of a room among the bookmarks of who logs in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).resolve().parents[3] / "roles/desktop/files/drives.py"
KLAS = {"name": "Klas 3a", "place": "/srv/klas 3a"}
SCHOOL = {"name": "School", "place": "smb://srv-files/school"}
OWN = "file:///home/jan/Muziek Muziek"


def bookmarks(home: Path, *drives: dict[str, str]) -> list[str]:
    """The bookmarks after somebody with this home logged in on a machine with these drives."""
    place = home.parent / "programs"
    place.mkdir(exist_ok=True)
    (place / "drives").write_text(PROGRAM.read_text())
    (place / "drives.json").write_text(json.dumps(drives))
    env = {"PATH": os.environ["PATH"], "HOME": str(home)}
    subprocess.run([sys.executable, place / "drives"], env=env, check=True)
    return (home / ".config/gtk-3.0/bookmarks").read_text().splitlines()


def test_drives_come_first_and_what_people_added_stays(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert bookmarks(home, KLAS, SCHOOL) == ["file:///srv/klas%203a Klas 3a", "smb://srv-files/school School"]
    (home / ".config/gtk-3.0/bookmarks").write_text(OWN + "\nsmb://srv-files/school School\n")
    assert bookmarks(home, KLAS, SCHOOL) == ["file:///srv/klas%203a Klas 3a", "smb://srv-files/school School", OWN]


def test_a_drive_of_an_earlier_log_in_goes(tmp_path: Path) -> None:
    home = tmp_path / "home"
    bookmarks(home, KLAS, SCHOOL)
    with (home / ".config/gtk-3.0/bookmarks").open("a") as file:
        file.write(OWN + "\n")
    assert bookmarks(home, SCHOOL) == ["smb://srv-files/school School", OWN]
    assert bookmarks(home) == [OWN]
