"""A dead proxy or mirror of apt is named with the cause, and only when something has to be fetched."""

from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.oplever.lab.plugins.module_utils import apt_sources

DEBIAN = "http://deb.debian.org/debian"


class Server(http.server.BaseHTTPRequestHandler):
    status = 404

    def do_HEAD(self) -> None:
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


@pytest.fixture
def server() -> Iterator[str]:
    """The address of a server that answers 404, or what `Server.status` says."""
    listening = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{listening.server_port}"
    listening.shutdown()
    listening.server_close()


@pytest.fixture
def closed() -> str:
    """The address of a port on which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


def test_any_answer_of_a_mirror_will_do(server: str) -> None:
    assert apt_sources.problems(apt_sources.targets({f"{server}/debian": "x"}, {}, {})) == []


def test_a_proxy_that_cannot_reach_the_mirror_is_named(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    servers = apt_sources.targets({DEBIAN: "/etc/apt/sources.list"}, {("http", ""): server}, {})
    assert apt_sources.problems(servers) == []
    monkeypatch.setattr(Server, "status", 503)
    assert apt_sources.problems(servers) == [f"The apt proxy {server} does not work: it answers 503 for {DEBIAN}."]


def test_who_does_not_listen_is_named_with_the_file(closed: str) -> None:
    servers = apt_sources.targets({f"{closed}/debian": "/etc/apt/sources.list"}, {}, {})
    assert apt_sources.problems(servers) == [
        f"The mirror {closed} (/etc/apt/sources.list) does not work: connection refused."
    ]


@pytest.mark.slow
def test_who_never_answers_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apt_sources, "CONNECT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        (problem,) = apt_sources.problems(apt_sources.targets({f"{address}/debian": ""}, {}, {}))
    assert "no answer within" in problem


@pytest.mark.slow
def test_the_limit_for_all_is_kept_where_one_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that is looked up has no limit of its own."""
    monkeypatch.setattr(apt_sources, "ALL_SECONDS", 0.2)
    hanging = threading.Event()
    monkeypatch.setattr(apt_sources, "problem", lambda address, site: str(hanging.wait(30)))
    assert apt_sources.problems({DEBIAN: ("mirror", DEBIAN, "")}) == [
        f"The mirror {DEBIAN} does not work: no answer within 0 s."
    ]
    hanging.set()


def test_a_proxy_stands_before_mirrors_unless_one_goes_direct() -> None:
    places = {DEBIAN: "a", "https://other.example/x": "b", "file:/srv/debs": "c"}
    configured = {("http", ""): "http://proxy.example:3142", ("https", "other.example"): "DIRECT"}
    assert apt_sources.targets(places, configured, {}) == {
        "http://proxy.example:3142": ("apt proxy", DEBIAN, ""),
        "https://other.example": ("mirror", "https://other.example/x", "b"),
    }
    assert list(apt_sources.targets({DEBIAN: "a"}, {}, {"http_proxy": "http://env.example:8080"})) == [
        "http://env.example:8080"
    ]


def test_a_password_of_a_proxy_is_not_shown(closed: str) -> None:
    secret = closed.replace("http://", "http://school:geheim@")
    (problem,) = apt_sources.problems(apt_sources.targets({DEBIAN: ""}, {("http", ""): secret}, {}))
    assert "geheim" not in problem
    assert closed in problem


def test_the_file_that_names_an_address_is_found(tmp_path: Path) -> None:
    (tmp_path / "apt.conf.d").mkdir()
    (tmp_path / "apt.conf.d/01proxy").write_text('Acquire::http::Proxy "http://p:1";', encoding="utf-8")
    assert apt_sources.place_of("http://p:1", str(tmp_path)) == str(tmp_path / "apt.conf.d/01proxy")
    assert apt_sources.place_of("http://q:1", str(tmp_path)) == ""


def test_what_is_installed_is_told_by_dpkg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "dpkg-query"
    program.write_text("#!/bin/sh\nprintf 'less installed\\nnano config-files\\n'\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path) + ":/bin")
    assert apt_sources.missing(["less", "nano", "tree", "nginx=1.22"]) == ["nano", "tree", "nginx=1.22"]


STATES = """Package: libpopt0
Architecture: amd64
Auto-Installed: 1

Package: nftables
Architecture: amd64
Auto-Installed: 0

"""


def test_what_came_with_another_package_is_still_to_be_asked_for(tmp_path: Path) -> None:
    """Otherwise it goes when the other one goes."""
    (tmp_path / "states").write_text(STATES, encoding="utf-8")
    assert apt_sources.only_as_dependency(str(tmp_path / "states")) == {"libpopt0"}
    assert apt_sources.only_as_dependency(str(tmp_path / "nowhere")) == set()


def test_root_without_its_programs_is_told_how_to_get_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ldconfig", "start-stop-daemon"):
        monkeypatch.setenv("PATH", str(tmp_path))
        assert not apt_sources.has_programs_of_root()
        (tmp_path / name).touch(mode=0o755)
    assert apt_sources.has_programs_of_root()
    assert "ansible_become_flags to -l" in apt_sources.NO_PROGRAMS


def test_what_is_about_to_be_written_is_asked_through_the_new_proxy(server: str, closed: str) -> None:
    places, through = {DEBIAN: "", f"{server}/own": ""}, {("http", ""): closed, ("http", "127.0.0.1"): "DIRECT"}
    wrong = apt_sources.problems(apt_sources.targets(places, through, {}))
    assert wrong == [f"The apt proxy {closed} does not work: connection refused."]
