"""Sites are tried together before one is written, and what their owner no longer has goes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.oplever.lab.plugins.modules import nginx_sites

MAIN = "user www-data;\nhttp {\n\t# server_tokens off;\n\tssl_protocols TLSv1;\n\tinclude {home}/sites-enabled/*;\n}\n"
PLAIN, TLS = "server {\n    listen 80;\n    root {srv};\n}\n", "server {\n    listen 443 ssl;\n}\n"
UNKNOWN, UNKNOWN_TLS = "server { listen 80 default_server; }\n", "server {\n    listen 443 ssl default_server;\n}\n"


class Machine:
    """A configuration of nginx as Debian brings it. What nginx would read is in `tried`; it refuses `broken`."""

    def __init__(self, root: Path) -> None:
        self.home, self.srv = root / "nginx", root / "srv"
        self.tried: list[dict[str, str]] = []
        self.kept: list[str] = []
        for name in ("sites-available", "sites-enabled", "snippets"):
            (self.home / name).mkdir(parents=True)
        self.srv.mkdir()
        (self.home / "nginx.conf").write_text(MAIN.replace("{home}", str(self.home)), encoding="utf-8")
        (self.home / "sites-available/default").write_text("server { listen 80 default_server; }\n", encoding="utf-8")
        (self.home / "sites-enabled/default").symlink_to(self.home / "sites-available/default")

    def run(self, command: list[str]) -> tuple[int, str, str]:
        main_file = Path(command[-1])
        text = main_file.read_text("utf-8")
        assert f"include {main_file.parent}/sites-enabled/*" in text
        assert (main_file.parent / "snippets").resolve() == self.home / "snippets"
        sites = {path.name: path.read_text("utf-8") for path in (main_file.parent / "sites-enabled").iterdir()}
        self.tried.append({"nginx.conf": text, **sites})
        bad = [name for name, site in sites.items() if "broken" in site]
        return (1, "", f"[emerg] in {main_file.parent}/sites-enabled/{bad[0]}:1\n") if bad else (0, "", "")

    def settle(self, sites: dict[str, str], check: bool = False, **more: Any) -> dict[str, Any]:
        texts = {name: text.replace("{srv}", str(self.srv)) for name, text in sites.items()}
        params = {"sites": texts, "with_tls": {}, "shared": [], "settings": {}, "accounts": {}, **more}
        params.setdefault("accounts_directory", "accounts.d/oplever")
        result: dict[str, Any] = nginx_sites.settle(params, self.run, check, self.kept.append, home=str(self.home))
        return result

    def enabled(self) -> list[str]:
        for path in (self.home / "sites-enabled").iterdir():
            assert path.resolve().is_file(), f"{path} leads to nothing"
        return sorted(path.name for path in (self.home / "sites-enabled").iterdir())


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine(tmp_path)
    (tmp_path / "nginx-common.list").write_text(f"{machine.home}\n{machine.home}/nginx.conf\n", encoding="utf-8")
    monkeypatch.setattr(nginx_sites, "NGINX", __file__)
    monkeypatch.setattr(nginx_sites, "LISTS", f"{tmp_path}/*.list")
    return machine


def test_sites_are_written_once_and_the_default_one_goes(machine: Machine) -> None:
    assert machine.settle({"oplever": PLAIN}, check=True)["changed"] is True
    assert machine.enabled() == ["default"], "check mode changed something"
    assert machine.settle({"oplever": PLAIN})["changed"] is True
    assert machine.enabled() == ["oplever"]
    assert machine.settle({"oplever": PLAIN})["changed"] is False
    assert len(machine.tried) == 2, "what does not change is not tried"


def test_what_nginx_refuses_is_not_written_and_its_words_are_told(machine: Machine) -> None:
    machine.settle({"oplever": PLAIN})
    before = sorted((path, path.is_file() and path.read_bytes()) for path in machine.home.rglob("*"))
    with pytest.raises(ValueError, match="refuses") as refusal:
        machine.settle({"oplever": "broken", "more": PLAIN}, settings={"server_tokens": "off"})
    assert f"{machine.home}/sites-enabled/oplever:1" in str(refusal.value)
    assert sorted((path, path.is_file() and path.read_bytes()) for path in machine.home.rglob("*")) == before


def test_sites_of_others_are_tried_with_it_and_stay(machine: Machine) -> None:
    (machine.home / "sites-enabled/wiki").write_text("server { listen 81; }\n", encoding="utf-8")
    result = machine.settle({"oplever": PLAIN})
    assert result["others"] == ["wiki"]
    assert machine.tried[-1].keys() == {"nginx.conf", "oplever", "wiki"}
    assert machine.settle({"oplever": ""})["roots"] == [str(machine.srv)]
    assert machine.enabled() == ["wiki"]


def test_unknown_names_over_tls_have_a_site_while_some_site_has_tls(machine: Machine) -> None:
    unknown = {"with_tls": {"unknown-tls": UNKNOWN_TLS}}
    machine.settle({"oplever": PLAIN}, **unknown)
    assert machine.enabled() == ["oplever"]
    machine.settle({"oplever": TLS.replace("443", "19532")}, **unknown)  # nobody comes there with a name of a site
    assert machine.enabled() == ["oplever"]
    machine.settle({"oplever": TLS.replace("443", "[::]:443")}, **unknown)
    assert machine.enabled() == ["oplever", "unknown-tls"]
    machine.settle({"oplever": TLS}, **unknown)
    assert machine.enabled() == ["oplever", "unknown-tls"]
    machine.settle({"wiki": PLAIN}, **unknown)  # another owner, without TLS of its own
    assert machine.enabled() == ["oplever", "unknown-tls", "wiki"]
    machine.settle({"oplever": PLAIN}, **unknown)
    assert machine.enabled() == ["oplever", "wiki"]
    assert not (machine.home / "sites-available/unknown-tls").exists()


def test_shared_sites_go_with_the_last_owner(machine: Machine) -> None:
    for owner in ("oplever", "wiki"):
        machine.settle({"unknown": UNKNOWN, owner: PLAIN})
    machine.settle({"oplever": ""}, shared=["unknown"])
    assert machine.enabled() == ["unknown", "wiki"]
    (machine.home / "conf.d").mkdir()
    (machine.home / "conf.d/own.conf").touch()
    machine.settle({"wiki": ""}, shared=["unknown"])
    assert machine.enabled() == ["unknown"], "a site in conf.d is one too"
    (machine.home / "conf.d/own.conf").unlink()
    machine.settle({"wiki": ""}, shared=["unknown"])
    assert machine.enabled() == []


def test_settings_stand_once_in_the_block_http(machine: Machine) -> None:
    settings = {"server_tokens": "off", "ssl_protocols": "TLSv1.2 TLSv1.3", "gzip": "on"}
    machine.settle({"oplever": PLAIN}, settings=settings)
    text = (machine.home / "nginx.conf").read_text("utf-8")
    assert text.splitlines()[1:5] == [
        "http {",
        "\tgzip on;",
        "\tserver_tokens off;",
        "\tssl_protocols TLSv1.2 TLSv1.3;",
    ]
    assert machine.settle({"oplever": PLAIN}, settings=settings)["changed"] is False


def test_password_files_are_for_nginx_alone_never_shown_and_go_when_nobody_has_them(machine: Machine) -> None:
    result = machine.settle({"oplever": PLAIN}, accounts={"www": "docent:$6$hash\n"})
    path = machine.home / "accounts.d/oplever/www"
    assert path.stat().st_mode & 0o777 == 0o640
    assert "hash" not in str(result)
    path.chmod(0o644)
    assert machine.settle({"oplever": PLAIN}, accounts={"www": "docent:$6$hash\n"})["changed_files"] == [str(path)]
    assert path.stat().st_mode & 0o777 == 0o640
    machine.settle({"oplever": PLAIN})
    assert not path.parent.parent.exists()


def test_files_of_others_are_named(machine: Machine) -> None:
    (machine.home / "snippets/mine.conf").touch()
    (machine.home / "conf.d").mkdir()
    (machine.home / "conf.d/own.conf").touch()
    result = machine.settle({"oplever": PLAIN}, accounts={"www": "a:b\n"})
    assert result["others"] == ["conf.d/own.conf"]
    assert result["foreign"] == [f"{machine.home}/conf.d/own.conf", f"{machine.home}/snippets/mine.conf"]
