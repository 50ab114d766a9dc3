"""OpenSCAP beside the engine, on the same machine in the same state.

The content holds most rules not applicable unless the package linux-base is installed, which stands for a kernel of the
machine's own; so it gets that package, and the engine is asked as if it were no container (`probe.py machine`).
"""

from __future__ import annotations

import functools
import subprocess
from pathlib import Path
from xml.etree import ElementTree

from lab.planted.machine import ROOT, LabMachine

XCCDF = "{http://checklists.nist.gov/xccdf/1.2}"
RULE = "xccdf_org.ssgproject.content_rule_"
PROFILE = "xccdf_org.ssgproject.content_profile_"
PACKAGES = ("openscap-scanner", "linux-base", "auditd", "apparmor", "rsyslog", "cron")
"""The scanner, and what the content looks for before it holds a rule applicable."""
TAILORING = """<?xml version="1.0" encoding="UTF-8"?>
<Tailoring xmlns="http://checklists.nist.gov/xccdf/1.2" id="xccdf_oplever_tailoring_joined">
  <version time="2026-01-01T00:00:00">1</version>
  <Profile id="xccdf_oplever_profile_joined" extends="{profile}cis_level2_server">
    <title>Rules that the baseline names</title>
    {selected}
  </Profile>
</Tailoring>
"""


@functools.cache
def _place() -> Path:
    """Where the content is, fetched when it is not there yet."""
    done = subprocess.run([str(ROOT / "tools/ssg-content")], text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


def version() -> str:
    """The version of ssg-debian that is used here."""
    return (_place() / "version").read_text(encoding="utf-8").strip()


def content(release: str) -> Path:
    """The data stream for a release (`12`)."""
    return _place() / f"ssg-debian{release}-ds.xml"


def known_rules(stream: Path) -> set[str]:
    """Short ids of the rules in a data stream."""
    rules = set()
    for _, element in ElementTree.iterparse(stream):  # noqa: S314  of Debian's archive, signed
        if element.tag == f"{XCCDF}Rule":
            rules.add(element.get("id", "").removeprefix(RULE))
    return rules


def tailoring(rules: set[str], chosen: set[str]) -> str:
    """The profile that selects exactly the chosen rules, with the values of CIS level 2 for servers."""
    selected = (
        f'<select idref="{RULE}{rule}" selected="{"true" if rule in chosen else "false"}"/>' for rule in sorted(rules)
    )
    return TAILORING.format(profile=PROFILE, selected="\n    ".join(selected))


def install(machine: LabMachine, stream: Path, selected: set[str]) -> None:
    """Put the scanner, its content and the choice of rules on a machine."""
    done = machine.run("apt-get", "install", "-qq", "-y", "--no-install-recommends", *PACKAGES)
    assert done.returncode == 0, done.stderr.decode()
    files = {"ds.xml": stream.read_bytes(), "tailoring.xml": tailoring(known_rules(stream), selected).encode()}
    for name, data in files.items():
        assert machine.run("dd", f"of=/root/{name}", "status=none", stdin=data).returncode == 0


def results(machine: LabMachine) -> dict[str, str]:
    """What OpenSCAP says of each rule now: short id -> pass, fail, notapplicable, error, ..."""
    done = machine.run(
        "oscap", "xccdf", "eval", "--tailoring-file", "/root/tailoring.xml", "--profile",
        "xccdf_oplever_profile_joined", "--results", "/root/results.xml", "/root/ds.xml",
    )  # fmt: skip
    assert done.returncode in (0, 2), done.stderr.decode()[-2000:]
    text = machine.run("cat", "/root/results.xml").stdout
    results_by_rule = {}
    document = ElementTree.fromstring(text)  # noqa: S314  written by the scanner on our own machine
    for entry in document.iter(f"{XCCDF}rule-result"):
        verdict = entry.findtext(f"{XCCDF}result", "")
        if verdict != "notselected":
            results_by_rule[entry.get("idref", "").removeprefix(RULE)] = verdict
    return results_by_rule
