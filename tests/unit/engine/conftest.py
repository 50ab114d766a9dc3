"""Real files of Debian 12 and 13, stock and hardened."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from .trees import DATA, release_of


@pytest.fixture(params=["debian12", "debian13"])
def stock(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of the files of a release as it is installed."""
    shutil.copytree(DATA / request.param, tmp_path / "root", ignore=shutil.ignore_patterns("hardened"))
    return tmp_path / "root"


@pytest.fixture
def hardened(stock: Path) -> Path:
    """The same after the role harden: PAM's stack as pam-auth-update made it."""
    release_name = "debian" + release_of(stock)
    shutil.copytree(DATA / release_name / "hardened/etc/pam.d", stock / "etc/pam.d", dirs_exist_ok=True)
    shutil.copy(DATA / release_name / "hardened/etc/pwquality.conf", stock / "etc/security/pwquality.conf")
    return stock
