"""Hold settings of LibreOffice against the schema in its packages: `registry.py FILE [DIRECTORY]`.

LibreOffice passes over a setting that it does not know, or whose value has another type, without a word.
"""

import difflib
import glob
import os
import re
import sys
from xml.etree import ElementTree

DIRECTORY = "/usr/lib/libreoffice/share/registry"
OOR = "{http://openoffice.org/2001/registry}"
STEP = re.compile(r"/((?:[^/\[]|\['[^']*'\])+)")
TYPES = {
    "xs:boolean": (r"true|false", "true or false"),
    "xs:short": (r"-?[0-9]+", "a whole number"),
    "xs:int": (r"-?[0-9]+", "a whole number"),
    "xs:long": (r"-?[0-9]+", "a whole number"),
    "xs:double": (r"-?[0-9.]+(e-?[0-9]+)?", "a number"),
}


def read_schemas(directory):
    """Component, as org.openoffice.Setup, to its part of the schema."""
    schemas = {}
    for path in sorted(glob.glob(os.path.join(directory, "*.xcd"))):
        for schema in ElementTree.parse(path).iter(OOR + "component-schema"):  # noqa: S314  # of a package
            schemas[schema.get(OOR + "package") + "." + schema.get(OOR + "name")] = schema
    return schemas


def problems(text, schemas):
    """A sentence for each setting that this LibreOffice does not take."""
    for item in ElementTree.fromstring(text).iter("item"):  # noqa: S314  # of this role
        path = item.get(OOR + "path")
        component, *steps = STEP.findall(path)
        schema = schemas.get(component)
        if schema is None:
            yield f"{path}: there is no part {component} of LibreOffice{meant(component, schemas)}"
            continue
        node, wrong = follow(schema, component, steps, schemas)
        for prop in () if wrong else item.iter("prop"):
            wrong = problem_of(prop, node)
            if wrong:
                break
        if wrong:
            yield f"{path}: {wrong}"


def follow(schema, component, steps, schemas):
    """(the node of the schema at the end of these steps, what is wrong with them)."""
    node = schema.find("component")
    for step in steps:
        if node.tag == "set":
            node, component = template(node, component, schemas)
            continue
        nodes = {child.get(OOR + "name"): child for child in node if child.tag in ("group", "set", "node-ref")}
        if step not in nodes:
            return node, f"{step} is not there{meant(step, nodes)}"
        node = nodes[step]
        if node.tag == "node-ref":
            node, component = template(node, component, schemas)
    return node, ""


def template(node, component, schemas):
    """The node of the schema of which `node` has copies, and the component that it is in."""
    component = node.get(OOR + "component", component)
    name = node.get(OOR + "node-type")
    return next(item for item in schemas[component].find("templates") if item.get(OOR + "name") == name), component


def problem_of(prop, node):
    """What is wrong with a setting below this node of the schema; empty when nothing is."""
    settings = {child.get(OOR + "name"): child for child in node if child.tag == "prop"}
    name, value = prop.get(OOR + "name"), prop.findtext("value") or ""
    if name not in settings:
        return f"{name} is no setting{meant(name, settings)}"
    pattern, words = TYPES.get(settings[name].get(OOR + "type"), (".*", ""))
    return "" if re.fullmatch(pattern, value, re.DOTALL) else f"{name} must be {words}, not {value}"


def meant(word, choices):
    close = difflib.get_close_matches(word, [name for name in choices if name], 1)
    return f"; did you mean {close[0]}?" if close else ""


def main(path, directory=DIRECTORY):
    with open(path, encoding="utf-8") as stream:
        return list(problems(stream.read(), read_schemas(directory)))


if __name__ == "__main__":
    sys.exit("\n".join(main(*sys.argv[1:])) or None)
