"""Files of modprobe.d against modprobe, which says what it would run for a module."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.oplever.lab.plugins.module_utils.machine import Machine
from ansible_collections.oplever.lab.plugins.module_utils.sources import kernel_module
from hypothesis import given
from hypothesis import strategies as st
from system.against.programs import EXAMPLES, needs, run

MODULES = ["usb_storage", "cramfs"]
NAMES = st.sampled_from(["usb-storage", "usb_storage", "cramfs", "usb*", "*", "cram?s"])
COMMANDS = st.sampled_from(
    ["/bin/false", "/bin/true", "/usr/bin/false", "/sbin/modprobe -i x", "/bin/false; /bin/x", "/bin/false # no"]
)
SPACE = st.sampled_from([" ", "\t", "  ", " \\\n ", "\\\n\t", "\xa0"])
LINES = st.one_of(
    st.tuples(st.sampled_from(["", " ", "\t", "#"]), st.just("install"), SPACE, NAMES, SPACE, COMMANDS).map("".join),
    st.tuples(st.just("blacklist"), SPACE, NAMES).map("".join),
    st.sampled_from(
        [
            "",
            "# c \\",
            "# \x0cinstall cramfs /bin/false",
            "# \x85install cramfs /bin/true",
            "options other a=1",
            "install cramfs",
            "install",
            "alias a cramfs",
            "remove cramfs /bin/false",
        ]
    ),
)


@needs("modprobe")
@EXAMPLES
@given(files=st.dictionaries(st.sampled_from(["a.conf", "b.conf", "c.txt"]), st.lists(LINES, max_size=4), min_size=1))
def test_what_is_run_for_a_module_is_what_modprobe_says(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, list[str]]
) -> None:
    root = tmp_path_factory.mktemp("modprobe")
    directory = root / "etc/modprobe.d"
    directory.mkdir(parents=True)
    for name, lines in files.items():
        (directory / name).write_text("\n".join([*lines, ""]), encoding="utf-8")
    # Our reading has another letter in the place of a blank that none is.
    shown = run("modprobe", "-C", directory, "--showconfig").stdout.replace("\xa0", "\ufffd").split("\n")
    own = kernel_module.rules(Machine(str(root)))
    real = [tuple(line.split(" ", 2)[1:]) for line in shown if line.startswith("install ")]
    assert [(name, command) for name, command in own["install"]] == [(name, command.strip()) for name, command in real]
    assert own["blacklist"] == {line.split(" ")[1] for line in shown if line.startswith("blacklist ")}
    if any(sign in name for name, _ in own["install"] for sign in "*?"):
        return  # without the module itself modprobe looks for a name, and not for patterns that fit it
    for module in MODULES:
        done = run("modprobe", "-C", directory, "-d", root, "-S", "0", "--dry-run", "--verbose", module)
        runs = done.stdout.strip().removeprefix("install ") if done.stdout.startswith("install ") else ""
        assert kernel_module.command(own["install"], module) == runs.strip(), (module, done)


def test_only_a_command_that_does_nothing_denies(tmp_path: Path) -> None:
    (tmp_path / "etc/modprobe.d").mkdir(parents=True)
    place = tmp_path / "etc/modprobe.d/x.conf"
    machine = {"offline": True}
    for text, denied in (
        ("install usb-storage /bin/false # never\n", True),
        ("install usb-storage \\\n\t/usr/bin/true\n", True),
        ("install usb-storage /bin/false; modprobe -i usb-storage\n", False),
        ("install usb-storage /sbin/modprobe -i $CMDLINE_OPTS\ninstall usb_storage /bin/false\n", False),
        ("# install usb-storage /bin/false\n", False),
    ):
        place.write_text(text, encoding="utf-8")
        facts = kernel_module.look_up(Machine(str(tmp_path), **machine), {"name": "usb_storage"})
        assert facts["denied"] is denied, text
