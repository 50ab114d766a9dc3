"""Reports made by the scanners themselves join a record."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from click.testing import CliRunner
from journals import Journal
from oplever import store
from oplever.cli.main import main
from oplever.record import opinions
from oplever.record.model import Record

ROOT = Path(__file__).resolve().parents[3]
RULE = "accounts_no_uid_except_zero"


def record_in(place: Path) -> Path:
    """A record of host a with one control, which asks whether only root has number 0."""
    journal = Journal().check("pass", id="ACC-009", severity="high", area="ACC", refs={"ssg": [RULE]})
    journal.finish(ok=1)
    (place / "journal.jsonl").write_bytes(b"".join(journal.lines))
    return place


def imported(tool: str, report: Path, place: Path) -> Record:
    directory = record_in(place)
    done = CliRunner(env={"OPLEVER_DOCUMENTS": "0"}).invoke(
        main, ["import", tool, str(report), "--record", str(directory), "--by", "S. Yilmaz", "--host", "a"]
    )
    assert done.exit_code == 0, done.output
    return store.load(directory)


def test_openscap(tmp_path: Path) -> None:
    """One rule of the content for Debian, but the whole ARF around it."""
    fetch = subprocess.run([ROOT / "tools" / "ssg-content"], capture_output=True, text=True, check=True)
    content = fetch.stdout.strip()
    report = tmp_path / "arf.xml"
    command = ["oscap", "xccdf", "eval", "--profile", "xccdf_org.ssgproject.content_profile_cis_level1_server"]
    command += ["--rule", f"xccdf_org.ssgproject.content_rule_{RULE}", "--results-arf", str(report)]
    run = subprocess.run([*command, f"{content}/ssg-debian12-ds.xml"], capture_output=True, text=True, check=False)
    assert report.stat().st_size > 5_000_000, run.stderr[-500:]
    opinions = {opinion.rule: opinion for opinion in imported("openscap", report, tmp_path).baseline.opinions}
    assert opinions[RULE].controls == ("ACC-009",)
    assert opinions[RULE].status in ("pass", "fail", "not_applicable")


def test_every_test_of_lynis_that_is_joined_is_there() -> None:
    """In the program itself: what it registers, and the settings that its tests of many settings go through."""
    tests = "".join(path.read_text(encoding="utf-8") for path in Path("/usr/share/lynis/include").glob("tests_*"))
    profile = Path("/etc/lynis/default.prf").read_text(encoding="utf-8")
    for test, _, setting in (rule.partition(":") for rule in opinions.LYNIS):
        assert re.search(rf'^ *Register --test-no "?{test}\b', tests, re.MULTILINE), test
        places = {
            "KRNL-6000": (f"\nconfig-data=sysctl;{setting};", profile),
            "SSH-7408": (f"{setting}:", tests),
            "": ("", ""),
        }
        pattern, text = places[test if setting else ""]
        assert pattern in text, f"{test}:{setting}"


def test_lynis(tmp_path: Path) -> None:
    """Of its test of kernel settings too, in which one is planted that differs on every system."""
    report, profile = tmp_path / "lynis-report.dat", tmp_path / "planted.prf"
    profile.write_text("config-data=sysctl;kernel.ostype;Hurd;1;Planted;-;category:security;\n", encoding="utf-8")
    command = ["lynis", "audit", "system", "--quick", "--quiet", "--no-colors", "--tests", "AUTH-9204 KRNL-6000"]
    command += ["--profile", str(profile)]
    command += ["--report-file", str(report), "--log-file", str(tmp_path / "lynis.log")]
    subprocess.run(command, capture_output=True, check=False)  # its exit code counts what it did not like
    opinions = {opinion.rule: opinion for opinion in imported("lynis", report, tmp_path).baseline.opinions}
    assert (opinions["AUTH-9204"].controls, opinions["AUTH-9204"].status, opinions["AUTH-9204"].agrees) == (
        ("ACC-009",), "pass", True,
    )  # fmt: skip
    planted = opinions["KRNL-6000:kernel.ostype"]
    assert (planted.status, planted.raw, planted.title.en) == ("fail", "details", "Planted")
