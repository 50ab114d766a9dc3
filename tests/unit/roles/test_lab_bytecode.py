"""The compiled form of modules that lab machines of the tests keep: the same code, under the name that it has now."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import pytest
from programs import program

FILE = Path(__file__).resolve().parents[3] / "roles/lab/files/bytecode.py"
SOURCE = "def fail():\n    raise ValueError('first')\n"


@pytest.fixture(scope="module")
def bytecode() -> ModuleType:
    module: ModuleType = program(FILE)
    return module


@pytest.fixture
def place(tmp_path: Path) -> Path:
    directory = tmp_path / "kept"
    directory.mkdir(mode=0o755)
    return directory


def test_the_second_start_takes_what_was_kept_and_names_its_own_archive(bytecode: ModuleType, place: Path) -> None:
    first = bytecode.kept("/srv/a.zip/m.py", SOURCE.encode(), str(place))
    (file,) = place.iterdir()
    assert bytecode.kept("/srv/a.zip/m.py", SOURCE.encode(), str(place)) == first
    bytecode.keep(compile("x = 'from the file'", "/srv/a.zip/m.py", "exec"), str(file))
    second = bytecode.kept("/srv/b.zip/m.py", SOURCE.encode(), str(place))
    assert "from the file" in second.co_consts
    assert second.co_filename == "/srv/b.zip/m.py"


@pytest.mark.parametrize("content", [b"", b"\x00", b"half of a fi", b"N"])
def test_a_damaged_file_is_compiled_again(bytecode: ModuleType, place: Path, content: bytes) -> None:
    code = bytecode.kept("/srv/a.zip/m.py", SOURCE.encode(), str(place))
    (file,) = place.iterdir()
    file.write_bytes(content)
    assert bytecode.kept("/srv/a.zip/m.py", SOURCE.encode(), str(place)) == code
    assert file.read_bytes() != content


def test_another_source_has_other_code(bytecode: ModuleType, place: Path) -> None:
    codes = [bytecode.kept("/srv/a.zip/m.py", text, str(place)) for text in (SOURCE.encode(), b"def other(): pass\n")]
    assert codes[0] != codes[1]
    assert len(list(place.iterdir())) == 2


def test_what_others_could_have_written_is_not_trusted(bytecode: ModuleType, place: Path, tmp_path: Path) -> None:
    assert bytecode.ready(str(place)) is (os.geteuid() == 0)
    place.chmod(0o777)
    assert not bytecode.ready(str(place))
    place.chmod(0o755)
    (tmp_path / "link").symlink_to(place)
    assert not bytecode.ready(str(tmp_path / "link"))


def test_a_module_from_an_archive_runs_as_it_did(tmp_path: Path) -> None:
    """In a process of its own, as on a machine: started by a .pth file, with a traceback that shows the line."""
    (tmp_path / "oplever_lab_bytecode.py").write_text(
        FILE.read_text(encoding="utf-8").replace("/run/oplever-lab-bytecode", str(tmp_path / "kept")), encoding="utf-8"
    )
    for name in ("one.zip", "two.zip"):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr("m.py", SOURCE)
        code = "import oplever_lab_bytecode as bytecode; bytecode.start(); import m; m.fail()"
        env = {"PYTHONPATH": f"{tmp_path}:{tmp_path / name}"}
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=env)
        assert f'{name}/m.py", line 2, in fail' in done.stderr
        assert "ValueError: first" in done.stderr
        assert len(list((tmp_path / "kept").glob("*"))) == (os.geteuid() == 0)  # nobody else keeps anything
