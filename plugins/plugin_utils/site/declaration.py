"""meta/oplever.yml of a role: what the role is to a site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path as FilePath
from typing import Any

import yaml
from ansible_collections.oplever.lab.plugins.plugin_utils import yaml_text
from ansible_collections.oplever.lab.plugins.plugin_utils.site import checking, options, problems, reading

SOURCES = {
    "certificate": "C({ca: true}) when a machine serves the role C(ca).",
    "certificates": "True when a machine serves the role C(ca).",
    "domain": "The domain of the site.",
    "domains": "The same, as a list.",
    "file_servers": "True when a machine serves the role C(files).",
    "machines": "Every machine by name, with its address and aliases.",
    "name_servers": "C(dns) of the network, else the addresses of machines that serve this role.",
    "network_options": "The networks of IPv4 by name, each with its gateway and name servers.",
    "networks": "The networks of the site.",
    "server_host": "Name of the first machine that serves this role.",
    "reservations": "Every machine with a MAC address by name, with that and its address of IPv4.",
    "reserved_address": "The address of the machine, when it has a MAC address and machines serve this role.",
    "server_names": "Full names and aliases of all servers.",
    "servers": "Addresses of machines that serve this role.",
    "teachers": "Machines of teachers that watch the machine, by name, each with its address.",
    "time_servers": "Addresses of the time servers.",
    "watched_rooms": "The room that the machine of a teacher watches, by name, with the machines that are watched.",
}
"""What an option can follow from."""

CONDITION = {
    "when": {"type": "str", "description": "Only when this option is set; C(sites.*.tls) asks every item of C(sites)."},
    "unless": {"type": "list", "elements": "str", "description": "And has none of these values."},
}
COMMENT = {"type": "str", "description": "What it is for people."}
AT = {
    "type": "str",
    "choices": ["all", "servers", "clients"],
    "default": "all",
    "description": "For a role that every machine has: only those that serve it to others, or only the others.",
}
BACKUP = {
    "path": {"type": "str", "description": "File or directory, with C(*) for any name; or"},
    "option": {"type": "str", "description": "the option that names it, as C(sites.*.root)."},
    "dump": {
        "type": "str",
        "description": "Command that first writes a whole copy there of what cannot be copied while it is in use.",
    },
    "comment": COMMENT,
    "at": AT,
    **CONDITION,
}
MONITORING = {
    "unit": {"type": "str", "description": "Unit of systemd that must be active, with C(*) for any name; or"},
    "port": {"type": "int", "description": "port of TCP on which the machine must answer; or"},
    "url": {"type": "str", "description": "address that must answer."},
    "comment": COMMENT,
    "at": AT,
    **CONDITION,
}
PLACES = {"backup": ("path", "option"), "monitoring": ("unit", "port", "url")}
"""Keys of which each item has exactly one."""
DECLARATION = options.from_spec(
    {
        "by_name": {"type": "dict", "description": "Lists of dictionaries: the option that gets the name of an item."},
        "ports": {
            "type": "list",
            "elements": "dict",
            "description": "Ports on which the role serves other machines.",
            "options": {
                "port": {"type": "str", "required": True, "description": "Number or range."},
                "protocol": {"type": "str", "choices": ["tcp", "udp"], "default": "tcp", "description": "Protocol."},
                "comment": {"type": "str", "description": "What it is for; default the name of the role."},
                "to": {
                    "type": "str",
                    "choices": ["users", "servers"],
                    "default": "users",
                    "description": "For a role that every machine has: C(servers) is open on each of them, for the"
                    " machines alone that serve the role.",
                },
                "from": {
                    "type": "str",
                    "description": "Option with the addresses that alone may come in, as C(teachers.*.address).",
                },
                **CONDITION,
            },
        },
        "backup": {
            "type": "list",
            "elements": "dict",
            "description": "What a backup must hold; an empty list says that all of it comes from the variables.",
            "options": BACKUP,
        },
        "monitoring": {
            "type": "list",
            "elements": "dict",
            "description": "What must be watched on a machine with the role.",
            "options": MONITORING,
        },
        "purpose": {"type": "str", "description": "Purpose of the machine for the security baseline."},
        "site": {
            "type": "dict",
            "description": "Options that follow from the site, on every machine: option to source.",
        },
        "server": {"type": "dict", "description": "The same, for machines that have the role in their own C(roles)."},
        "machine": {
            "type": "dict",
            "description": "The same, for each machine by itself.",
        },
        "stage": {"type": "str", "description": "For a role of your own: the stage of the work that it belongs to."},
    }
)
"""The keys of meta/oplever.yml."""


class RoleError(Exception):
    """A role cannot be used. `place` is set when one of its own files is wrong."""

    def __init__(self, message: str, place: reading.Place | None = None) -> None:
        self.message = message
        self.place = place
        super().__init__(message)


def read(directory: FilePath, stages: Sequence[str]) -> tuple[Mapping[str, Any], problems.Report]:
    """What the role in `directory` declares, and the report for what is found wrong with it later. Raises RoleError for
    the first mistake in it."""
    path = directory / "meta/oplever.yml"
    if not path.is_file():
        return {}, problems.Report(reading.find_places(str(path), ""))
    content = load_mapping(path)
    report = problems.Report(reading.find_places(str(path), path.read_text(encoding="utf-8"), parsed=True))
    checking.check_mapping(content, DECLARATION, (), report)
    if content.get("stage", stages[0]) not in stages:
        report.add(("stage",), f"there is no such stage{problems.meant(content['stage'], stages)}")
    for key in ("site", "server", "machine"):
        for option, source in content.get(key, {}).items() if isinstance(content.get(key), dict) else ():
            if source not in SOURCES:
                report.add((key, option), f"there is no source of this name{problems.meant(source, SOURCES)}")
    for key, places in PLACES.items():
        for index, item in enumerate(content[key] if isinstance(content.get(key), list) else ()):
            if isinstance(item, Mapping) and len(item.keys() & set(places)) != 1:
                report.add((key, index), f"needs one of {', '.join(places)}")
    _raise_first(report)
    return content, report


def _raise_first(report: problems.Report) -> None:
    for problem_place, messages in sorted(report.problems.items()):
        raise RoleError(messages[0], reading.Place(*problem_place))


def check_options(
    content: Mapping[str, Any], role_options: Mapping[str, options.Option], report: problems.Report
) -> None:
    """Raises RoleError when the declaration names an option that the role does not have."""
    for key in ("by_name", "site", "server", "machine"):
        for name in content.get(key, {}):
            if name not in role_options:
                report.add((key, name), f"the role has no such option{problems.meant(name, role_options)}")
    for name, item in content.get("by_name", {}).items():
        if name in role_options and item not in role_options[name].options:
            more = problems.meant(item, role_options[name].options)
            report.add(("by_name", name), f"the items have no such option{more}")
    for key in ("ports", *PLACES):
        for index, item in enumerate(content.get(key) or ()):
            for name in ("when", "option", "from"):
                if name in item and not _has_option(item[name], role_options):
                    more = problems.meant(str(item[name]).partition(".")[0], role_options)
                    report.add((key, index, name), f"the role has no such option{more}")
    _raise_first(report)


def _has_option(path: Any, role_options: Mapping[str, options.Option]) -> bool:
    """Whether a path as `sites.*.tls` leads to an option. Of a dictionary whose keys are not declared any key will
    do."""
    name, *steps = str(path).split(".")
    option = role_options.get(name)
    for step in steps:
        if option is None or not option.options:
            return option is not None
        option = option if step == "*" else option.options.get(step)
    return option is not None


def load_mapping(path: FilePath) -> dict[str, Any]:
    """The dictionary in a file of a role. Raises RoleError."""
    text = path.read_text(encoding="utf-8")
    try:
        loaded = yaml_text.parse(text)
    except yaml.YAMLError as problem:
        raise _yaml_error(path, text, problem) from None
    if not isinstance(loaded, dict):
        raise RoleError("must be a dictionary", reading.Place(str(path), 1, 1))
    return loaded


def _yaml_error(path: FilePath, text: str, problem: yaml.YAMLError) -> RoleError:
    try:
        reading.find_places(str(path), text)
    except reading.YamlError as explained:
        return RoleError(str(explained), explained.place)
    return RoleError(str(problem), reading.Place(str(path), 1, 1))
