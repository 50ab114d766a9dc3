"""The table with the machines of a room: a CSV file with the columns name, mac and address."""

from __future__ import annotations

import csv
from dataclasses import dataclass

from ansible_collections.oplever.lab.plugins.plugin_utils.site import addresses, format
from ansible_collections.oplever.lab.plugins.plugin_utils.site.problems import Report, meant
from ansible_collections.oplever.lab.plugins.plugin_utils.site.reading import Place


@dataclass(frozen=True)
class Row:
    name: str
    place: Place
    values: dict[str, str]


def rows(file: str, text: str, report: Report) -> list[Row]:
    """The rows of the table. Spreadsheets in Dutch write a semicolon between the columns, and that is fine too."""
    lines = text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}").splitlines()
    if not lines:
        report.add_at(Place(file, 1, 1), "the table is empty; its first line is name,mac or name,mac,address")
        return []
    reader = csv.reader(lines, delimiter=";" if ";" in lines[0] else ",")
    header = [cell.strip().lower() for cell in next(reader)]
    unknown = [column for column in header if column not in format.COLUMNS]
    if "name" not in header or unknown:
        wrong = unknown[0] if unknown else ""
        problem = f'unknown column "{wrong}"{meant(wrong, format.COLUMNS)}' if wrong else "there is no column name"
        report.add_at(Place(file, 1, 1), problem)
        return []
    table_rows: list[Row] = []
    first: dict[str, int] = {}
    for cells in reader:
        place = Place(file, reader.line_num, 1)
        if not any(cell.strip() for cell in cells):
            continue
        values = {column: cell.strip() for column, cell in zip(header, cells, strict=False) if cell.strip()}
        name = values.pop("name", "")
        if len(cells) > len(header):
            report.add_at(place, f"has {len(cells)} columns and the first line {len(header)}")
        elif name in first:
            report.add_at(place, f"{name} stands also on line {first[name]}")
        else:
            try:
                table_rows.append(Row(addresses.host_name(name), place, values))
            except ValueError as problem:
                report.add_at(place, f'"{name}" {problem}')
        first.setdefault(name, reader.line_num)
    return table_rows
