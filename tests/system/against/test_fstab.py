"""/etc/fstab against systemd, whose generator makes the units of the next boot from it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ansible_collections.oplever.lab.plugins.module_utils.machine import Machine
from ansible_collections.oplever.lab.plugins.module_utils.sources import mount
from hypothesis import given
from hypothesis import strategies as st
from system.against.programs import EXAMPLES, needs, run

GENERATOR = "/usr/lib/systemd/system-generators/systemd-fstab-generator"
UNITS = {"/srv": "srv.mount", "/var/mail": "var-mail.mount", "/srv/a b": r"srv-a\x20b.mount"}
BLANKS = st.sampled_from([" ", "\t", "  ", " \t"])
FIELDS = st.tuples(
    st.sampled_from(["tmpfs", "none", "#tmpfs", "/nowhere#x", "a\xa0b"]),
    st.sampled_from(["/srv", "/srv/", "//srv", "/./srv", "/var//mail", "/srv/a\\040b", "/srv\xa0", "srv", "none"]),
    st.sampled_from(["tmpfs", "ramfs"]),
    st.sampled_from(["nosuid", "nodev,noexec", "defaults", "mode=0700,nosuid", "size=1m,\x0bnosuid"]),
    st.sampled_from(["0", "", "# c"]),
)  # fmt: skip
LINES = st.lists(st.tuples(st.sampled_from(["", " ", "\t", "#"]), FIELDS, BLANKS), min_size=1, max_size=4)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("fstab")
    (place / "etc").mkdir()
    return place


def of_systemd(root: Path) -> dict[str, list[str]]:
    """Mount point -> the options in the unit that the next boot would have."""
    places = [root / name for name in ("normal", "early", "late")]
    for place in places:
        run("rm", "-rf", place)
        place.mkdir()
    run(GENERATOR, *places, env={"SYSTEMD_FSTAB": str(root / "etc/fstab")})
    units = {target: places[0] / unit for target, unit in UNITS.items()}
    texts = {target: unit.read_text(encoding="utf-8") for target, unit in units.items() if unit.exists()}
    found = {target: re.search(r"(?m)^Options=(.*)$", text) for target, text in texts.items()}
    return {target: match[1].split(",") if match else ["defaults"] for target, match in found.items()}


@needs(GENERATOR)
@EXAMPLES
@given(lines=LINES)
def test_the_next_boot_mounts_with_the_options_that_systemd_takes(
    root: Path, lines: list[tuple[str, tuple[str, ...], str]]
) -> None:
    text = "".join(f"{before}{blank.join(fields)}\n" for before, fields, blank in lines)
    (root / "etc/fstab").write_text(text, encoding="utf-8")
    machine = Machine(str(root))
    found = {target: mount.configured(machine, target) for target in UNITS}
    assert {target: options for target, options in found.items() if options is not None} == of_systemd(root)
