"""After an upgrade of Debian the databases are still with the server of before, which a new one must not pass by."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

ROOT = Path(__file__).resolve().parents[3]


def find_others(clusters: Path) -> subprocess.CompletedProcess[str]:
    loader = DataLoader()
    variables = loader.load_from_file(str(ROOT / "roles/postgresql/vars/main.yml"), trusted_as_template=True)
    variables |= {"__postgresql_clusters": str(clusters), "__postgresql_home": f"{clusters}/17/main"}
    variables |= {"ansible_facts": {"distribution_major_version": "13"}}
    script = Templar(loader, variables).template(variables["__postgresql_find_others"])
    return subprocess.run(["sh", "-c", f"( {script} ) && echo none"], capture_output=True, text=True, check=False)


def cluster(place: Path, start: str, port: int) -> None:
    (place / "conf.d").mkdir(parents=True)
    (place / "start.conf").write_text(f"# comment\n{start}\n", encoding="ascii")
    (place / "postgresql.conf").write_text(f"data_directory = '/x'\nport = {port}\t# (change requires restart)\n")


@pytest.mark.parametrize(
    ("start", "port", "is_refused"),
    [("auto", 5432, True), ("manual", 5432, False), ("auto", 5433, False)],
    ids=["of before", "moved", "elsewhere"],
)
def test_a_server_of_before_at_the_same_port_is_refused(
    tmp_path: Path, start: str, port: int, is_refused: bool
) -> None:
    cluster(tmp_path / "17/main", "auto", 5432)
    cluster(tmp_path / "15/main", start, port)
    done = find_others(tmp_path)
    assert (done.stdout == "none\n", done.returncode != 0) == (not is_refused, is_refused)
    assert ("pg_upgradecluster 15 main" in done.stderr) == is_refused


def test_a_machine_without_another_server_is_not(tmp_path: Path) -> None:
    cluster(tmp_path / "17/main", "auto", 5432)
    assert find_others(tmp_path).stdout == "none\n"
