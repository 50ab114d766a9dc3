"""Queues of CUPS: what differs from the declaration, and the commands that mend it."""

from __future__ import annotations

import plistlib
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.oplever.lab.plugins.modules import cups_queues as cups

PPD = """*OpenUI *PageSize/Media Size: PickOne
*DefaultPageSize: {paper}
*PageSize A4/A4: "<</PageSize[595 842]>>setpagedevice"
*PageSize Letter/US Letter: "<</PageSize[612 792]>>setpagedevice"
*CloseUI: *PageSize
"""
URI = "ipp://192.0.2.201/ipp/print"
QUEUE = {
    "name": "lokaal101", "state": "present", "uri": URI, "driver": "everywhere", "description": "Printer",
    "location": "101", "allow": ["jan", "@docenten"], "options": {"PageSize": "A4"}, "default": False,
}  # fmt: skip
ROW = {
    "printer-name": "lokaal101", "device-uri": URI, "printer-info": "Printer", "printer-location": "101",
    "printer-is-shared": True, "printer-is-accepting-jobs": True, "printer-state": 3, "printer-type": 4,
    "printer-make-and-model": "HP X - IPP Everywhere", "requesting-user-name-allowed": ["@docenten", "jan"],
}  # fmt: skip
GONE = {"name": "lokaal101", "state": "absent"}


class Machine:
    """Answers as the programs of CUPS would, keeps what changes something, and writes what a printer says it can do."""

    def __init__(self, ppds: Path, *rows: dict[str, Any], paper: str = "A4", answers: bool = True) -> None:
        self.ppds, self.rows, self.answers = ppds, rows, answers
        self.commands: list[str] = []
        for row in rows:
            (ppds / f"{row['printer-name']}.ppd").write_text(PPD.format(paper=paper))

    def run(self, argv: list[str], data: str | None = None, **_: Any) -> tuple[int, str, str]:
        if argv[0] == "ipptool":
            head = {"attributes-charset": "utf-8"}
            return 0, plistlib.dumps({"Tests": [{"ResponseAttributes": [head, *self.rows]}]}).decode(), ""
        if argv[0] == "lpinfo":
            return 0, "drv:///sample.drv/generpcl.ppd Generic PCL Laser Printer\n", ""
        self.commands.append(" ".join(argv[1:]))
        if "-m" in argv and self.answers:
            new = self.ppds / "new"
            new.write_text(PPD.format(paper="Letter"))
            new.rename(self.ppds / f"{argv[2]}.ppd")
        return 0, "", ""

    def settle(self, *queues: dict[str, Any], check: bool = False) -> list[str]:
        result = cups.settle(list(queues), cups.Server(self.run, str(self.ppds)), check)
        assert result["changed"] == bool(result["differences"])
        assert len(result["diff"]) == len({words.split(":")[0] for words in result["differences"]})
        differences: list[str] = result["differences"]
        return differences


def test_a_queue_as_declared_is_left_alone(tmp_path: Path) -> None:
    machine = Machine(tmp_path, ROW)
    assert machine.settle(QUEUE) == []
    assert machine.commands == []


@pytest.mark.parametrize("check", [True, False])
def test_a_missing_queue_is_made_with_all_it_has(tmp_path: Path, check: bool) -> None:
    machine = Machine(tmp_path)
    assert machine.settle({**QUEUE, "default": True}, check=check) == ["queue lokaal101: missing"]
    made = [
        f"-p lokaal101 -v {URI} -m everywhere",
        "-p lokaal101 -D Printer -L 101 -u allow:@docenten,jan -o printer-is-shared=true -E -o PageSize=A4",
        "-d lokaal101",
    ]
    assert machine.commands == ([] if check else made)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"printer-info": "Other"}, "has another description"),
        ({"printer-location": "102"}, "has another location"),
        ({"printer-is-shared": False}, "is not shared"),
        ({"printer-state": 5}, "takes or prints no jobs"),
        ({"printer-is-accepting-jobs": False}, "takes or prints no jobs"),
        ({"requesting-user-name-allowed": "jan"}, "others may print"),
    ],
)
def test_what_differs_is_mended_without_asking_the_printer(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    machine = Machine(tmp_path, {**ROW, **change})
    assert machine.settle(QUEUE) == [f"queue lokaal101: {words}"]
    assert [command for command in machine.commands if " -m " in command] == []
    assert len(machine.commands) == 1


def test_an_option_that_differs_is_set(tmp_path: Path) -> None:
    machine = Machine(tmp_path, ROW, paper="Letter")
    assert machine.settle(QUEUE) == ["queue lokaal101: PageSize is Letter"]
    assert machine.commands[0].endswith("-o PageSize=A4")


@pytest.mark.parametrize(
    "change", [{"device-uri": "ipp://192.0.2.9/"}, {"printer-make-and-model": "Local Raw Printer"}]
)
def test_another_printer_is_asked_what_it_can_do(tmp_path: Path, change: dict[str, Any]) -> None:
    machine = Machine(tmp_path, {**ROW, **change})
    machine.settle(QUEUE)
    assert machine.commands[0] == f"-p lokaal101 -v {URI} -m everywhere"


def test_a_new_queue_whose_printer_is_off_is_not_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cups, "PATIENCE", 0)
    machine = Machine(tmp_path, answers=False)
    with pytest.raises(ValueError, match=f"queue lokaal101: the printer {URI} is not reached .* Is it on"):
        machine.settle(QUEUE)
    assert machine.commands[-1] == "-x lokaal101"


def test_a_queue_that_was_there_stays_when_its_new_printer_is_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cups, "PATIENCE", 0)
    machine = Machine(tmp_path, {**ROW, "device-uri": "ipp://192.0.2.9/"}, answers=False)
    with pytest.raises(ValueError, match="is not reached"):
        machine.settle(QUEUE)
    assert "-x lokaal101" not in machine.commands


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"PageSize": "A0"}, "its printer has no PageSize=A0. PageSize takes A4, Letter."),
        ({"Duplex": "None"}, "its printer has no Duplex=None. Duplex is no option of it; it has PageSize."),
    ],
)
def test_what_a_printer_cannot_do_is_named(tmp_path: Path, options: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message.replace(".", r"\.")):
        Machine(tmp_path, ROW).settle({**QUEUE, "options": options})


def test_a_driver_that_is_not_installed_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="There is no driver drv:///other"):
        Machine(tmp_path, ROW).settle({**QUEUE, "driver": "drv:///other.ppd"}, check=True)


@pytest.mark.parametrize(("rows", "words"), [((), []), ((ROW,), ["queue lokaal101: is still there"])])
def test_a_queue_is_taken_away_once(tmp_path: Path, rows: Any, words: list[str]) -> None:
    machine = Machine(tmp_path, *rows)
    assert machine.settle(GONE) == words
    assert machine.commands == (["-x lokaal101"] if words else [])


def test_a_server_that_does_not_answer_is_an_error_and_in_check_mode_something_unknown() -> None:
    server = cups.Server(lambda argv, **_: (1, "", "ipptool: Unable to connect to localhost\n"))
    with pytest.raises(ValueError, match="Unable to connect"):
        cups.settle([QUEUE], server, False)
    assert cups.settle([QUEUE], server, True)["changed"]
