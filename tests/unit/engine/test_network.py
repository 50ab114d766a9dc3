"""Connections of sources: a server that does not answer is waited for once."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from ansible_collections.oplever.lab.plugins.module_utils import network
from ansible_collections.oplever.lab.plugins.module_utils.engine import evaluate
from ansible_collections.oplever.lab.plugins.module_utils.machine import Machine


@pytest.fixture
def full() -> Iterator[int]:
    """A port whose queue is full, so that the kernel drops what comes: a connection gets no answer."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        port = server.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for client in waiting:
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", port))
        yield port
        for client in waiting:
            client.close()


def check(name: str, port: int, **more: object) -> dict[str, object]:
    url = f"http://127.0.0.1:{port}/"
    return {
        "id": name,
        "title": name,
        "source": "http",
        "select": {"url": url, "timeout": 1},
        "expect": {"status": 200},
    } | more


@pytest.mark.slow
def test_a_silent_server_is_asked_once(full: int, monkeypatch: pytest.MonkeyPatch) -> None:
    connections = []
    connect = socket.create_connection
    monkeypatch.setattr(socket, "create_connection", lambda *words: connections.append(words) or connect(*words))
    results = evaluate.evaluate(Machine(), [check(f"a.{number}", full) for number in range(20)])
    assert connections == [(("127.0.0.1", full), 1)]
    assert {result["status"] for result in results} == {"fail"}
    assert f"127.0.0.1 port {full} did not answer within 1 s" in results[0]["found"]
    assert all("was not asked again" in result["found"] for result in results[1:])
    assert {result["endpoint"] for result in results} == {f"tcp 127.0.0.1 {full}"}


@pytest.mark.slow
def test_the_machine_itself_is_waited_for_shortly(full: int) -> None:
    patient = check("a", full, select={"url": f"http://127.0.0.1:{full}/", "timeout": 30})
    (result,) = evaluate.evaluate(Machine(), [patient])
    assert f"did not answer within {network.OWN_SECONDS:g} s" in str(result["found"])


def test_a_server_that_refuses_is_asked_each_time() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        results = evaluate.evaluate(
            Machine(), [check("a", unused.getsockname()[1]), check("b", unused.getsockname()[1])]
        )
    assert all("refused" in result["found"] for result in results)


def test_a_name_without_address_is_told_as_such() -> None:
    machine = Machine()
    assert network.endpoint(machine, "tcp", "no-such-name.invalid", 80) == network.RESOLVER
    with pytest.raises(OSError, match=r"no-such-name\.invalid"):
        network.connect(machine, "no-such-name.invalid", 80, 1)


def test_what_builds_on_a_failed_check_is_not_tried() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        base = check("page", unused.getsockname()[1])
        command = {"source": "command", "select": {"argv": ["true"]}, "expect": {"rc": 0}}
        login = {"id": "login", "title": "login", "builds_on": ["page"], **command}
        other = {"id": "other", "title": "other", "builds_on": ["login"], **command}
        alone = {"id": "alone", "title": "alone", "builds_on": ["elsewhere"], **command}
        results = evaluate.evaluate(Machine(), [base, login, other, alone])
    assert [result["status"] for result in results] == ["fail", "error", "error", "pass"]
    assert results[1]["reason"] == "not tested: page fails, and this builds on it"
    assert results[1]["builds_on"] == ["page"]
