"""Hold a file of policies against the schema in Debian's package of Firefox: `policies.py FILE [ARCHIVE]`.

Firefox passes over a policy that it does not know or that has a wrong value, and does not say so to anybody. The schema
is a part of it, so it is that of the version that is installed.
"""

import difflib
import json
import re
import sys
import zipfile

ARCHIVE = "/usr/lib/firefox-esr/browser/omni.ja"
SCHEMA = "modules/policies/policies-schema.json"
TYPES = {
    "boolean": ((bool,), "true or false"),
    "string": ((str,), "text"),
    "number": ((int, float), "a number"),
    "integer": ((int, float), "a number"),
    "array": ((list,), "a list"),
    "object": ((dict,), "a dictionary"),
    "null": ((type(None),), "nothing"),
}
URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")


def problems(policies, schema):
    """A sentence for each policy, option and value that this Firefox does not take."""
    return list(_wrong(policies, schema, "", schema.get("definitions", {})))


def _wrong(value, schema, place, definitions):
    if "$ref" in schema:
        schema = dict(definitions[schema["$ref"].rpartition("/")[2]], **schema)
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    if types and not any(_is(value, name) for name in types):
        yield "{} must be {}, not {}".format(place, " or ".join(TYPES[name][1] for name in types), json.dumps(value))
    elif "enum" in schema and value not in schema["enum"] and not isinstance(value, (bool, list, dict)):
        words = [str(choice) for choice in schema["enum"]]
        yield "{} cannot be {}; it takes {}{}".format(place, json.dumps(value), ", ".join(words), _meant(value, words))
    elif schema.get("format") == "moz-url" and not URL.fullmatch(value):
        yield f"{place} must be an address such as https://school.example/, not {json.dumps(value)}"
    elif isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
        yield f"{place} cannot be {json.dumps(value)}"
    elif isinstance(value, str) and len(value) > schema.get("maxLength", len(value)):
        yield f"{place} is too long"
    elif choices := schema.get("anyOf"):
        answers = [list(_wrong(value, choice, place, definitions)) for choice in choices]
        yield from min(answers, key=lambda wrong: (len(wrong), " must be " in "".join(wrong)))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _wrong(item, schema.get("items", {}), f"{place}[{index}]", definitions)
    elif isinstance(value, dict):
        yield from _inside(value, schema, place, definitions)


def _inside(value, schema, place, definitions):
    named, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{place} needs {name}"
    for name, item in value.items():
        path = f"{place}.{name}" if place else name
        fitting = [named[name]] if name in named else [inner for key, inner in patterns.items() if re.search(key, name)]
        if fitting:
            yield from _wrong(item, fitting[0], path, definitions)
        elif (named or patterns) and not schema.get("additionalProperties"):
            kind = "option" if place else "policy"
            yield f"{path} is no {kind} of this Firefox{_meant(name, named)}"


def _is(value, name):
    if isinstance(value, bool) or name == "boolean":
        return name == "boolean" and (isinstance(value, bool) or (isinstance(value, int) and value in (0, 1)))
    return isinstance(value, TYPES[name][0])


def _meant(word, choices):
    close = difflib.get_close_matches(str(word), list(choices), 1)
    return f"; did you mean {close[0]}?" if close else ""


def main(path, archive=ARCHIVE):
    with open(path, encoding="utf-8") as stream:
        policies = json.load(stream)["policies"]
    with zipfile.ZipFile(archive) as package:
        # Of a Firefox with its schema elsewhere the tests of the role alone show what it takes.
        schema = json.loads(package.read(SCHEMA)) if SCHEMA in package.namelist() else {}
    return problems(policies, schema)


if __name__ == "__main__":
    sys.exit("\n".join(main(*sys.argv[1:])) or None)
