"""A room of two machines from a site file: an exam that shuts its pupils out until it is taken off again, and a page
that one of them shows by itself on a screen in memory; then all of it is taken away, and nothing of it is left."""

from __future__ import annotations

import json

import pytest
from waiting import wait_for

from lab.conftest import Lab
from lab.site_file import HEAD, SiteFile, differences, without

pytestmark = pytest.mark.truth

ROOM = """\
roles: {{harden: ~, timesync: ~}}
rooms:
  "101":
    users: {{leerling: {{}}}}
    roles: {{workstation: ~, browser: ~{room}}}
    machines:
      srv1: {{address: {subnet}.11, roles: {{browser: {{language: nl}}{kiosk}}}}}
      ws1: {{address: {subnet}.13}}
"""
EXAM = """{{test_user: leerling, exam: true, exam_until: "2099-12-31 23:59", exam_groups: [leerling],
      exam_allow: [{subnet}.12]}}"""
KIOSK = "{{kiosk_url: 'http://{subnet}.12/'}}"
COLOUR = (207, 232, 255)
PAGE = "<!doctype html><title>Catalogus</title><body style='background: #cfe8ff'><h1>Catalogus</h1>"
# What the machine of a lab lacks: a screen, and a terminal.
IN_MEMORY = """\
[Service]
ExecCondition=
StandardInput=null
TTYPath=
TTYReset=false
TTYVHangup=false
TTYVTDisallocate=false
UtmpIdentifier=
Environment=WLR_BACKENDS=headless WLR_LIBINPUT_NO_DEVICES=1 WLR_RENDERER=pixman
"""
DROP_IN = "/run/systemd/system/oplever-kiosk.service.d"
AS_KIOSK = "runuser -u oplever-kiosk -- env XDG_RUNTIME_DIR=/run/user/$(id -u oplever-kiosk) WAYLAND_DISPLAY=wayland-0"
# Of each colour on the screen, how many points have it.
POINTS = """import collections, json, sys
form, size, most, data = sys.stdin.buffer.read().split(b"\\n", 3)
points = collections.Counter(zip(data[0::3], data[1::3], data[2::3]))
print(json.dumps([list(point) + [count / sum(points.values())] for point, count in points.most_common(1)]))"""
CONNECT = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 5); print('reached')"
STAYS = {"libnftables1", "nftables"}
"""What the README of the role says: nftables stays, and Firefox is the role browser's."""


class Room(SiteFile):
    """srv1 and ws1 are the room; web1 serves the page."""

    def play(self, room: str = "", kiosk: str = "") -> None:
        """The site with these options of the role for the room, and for srv1."""
        options = {"room": room, "kiosk": kiosk}
        words = {name: text and f", classroom: {text.format(**self.facts)}" for name, text in options.items()}
        self.path.write_text((HEAD + ROOM).format(**self.facts, **words), encoding="utf-8")
        self.lab.ansible("-i", str(self.path), "playbooks/site.yml", "--tags", "base,browser,classroom")

    def tests(self) -> dict[str, str]:
        """Id of each test of the role on srv1 -> its result, in a record of its own."""
        only = ("-e", "oplever_verify=classroom", "-e", "oplever_audit=false", "-e", "oplever_drift=false")
        self.lab.ansible("-i", str(self.path), "playbooks/verify.yml", *only)
        _, record = self.lab.latest()
        return {test["id"]: test["status"] for test in record["tests"] if test["host"] == "srv1"}

    def pupil(self, host: str, address: str, port: int) -> str:
        """What a pupil at a machine gets at another one."""
        return self.shell(
            host, f"runuser -u leerling -- python3 -c {CONNECT!r} {address} {port} 2>&1 | tail -n 1"
        ).strip()

    def visits(self) -> int:
        """How often the kiosk asked for its page."""
        return self.shell("web1", "journalctl -u catalogus --no-pager").count(f"{self.subnet}.11 - - ")

    def screen(self) -> list[list[float]]:
        """The most frequent colour on the screen of the kiosk, and its part."""
        self.shell("srv1", f"cat >/tmp/points <<'END'\n{POINTS}\nEND")
        answer = self.shell(
            "srv1", f"{AS_KIOSK} grim -t ppm - 2>/dev/null | python3 /tmp/points 2>/dev/null || echo []"
        )
        return json.loads(answer)  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def room(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Room:
    room = Room.booted(lab, tmp_path_factory)
    lab.shell("srv1", "apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q grim", timeout=300)
    room.shell(
        "web1",
        f'mkdir -p /srv/catalogus && echo "{PAGE}" >/srv/catalogus/index.html'
        " && systemd-run --unit=catalogus python3 -u -m http.server 80 --directory /srv/catalogus",
    )
    return room


def test_an_exam_and_a_kiosk_come_and_go(room: Room) -> None:
    room.play()
    before = {host: room.snapshot(host) for host in ("srv1", "ws1")}
    elsewhere = f"{room.subnet}.1"
    room.play(EXAM, KIOSK)
    results = room.tests()
    assert {name: result for name, result in results.items() if result != "pass"} == {
        "classroom.exam_over": "not_applicable", "classroom.kiosk_screen": "not_applicable"
    }  # fmt: skip
    assert {"classroom.exam_refused", "classroom.kiosk_page", "classroom.kiosk_alone"} <= results.keys()
    for host in ("srv1", "ws1"):
        assert room.pupil(host, f"{room.subnet}.12", 80) == "reached"
        assert "refused" in room.pupil(host, elsewhere, 22)
    kiosk(room)

    room.play("{{test_user: leerling}}")
    results = room.tests()
    assert results.keys() == {"classroom.settings", "classroom.exam_off"}
    assert set(results.values()) == {"pass"}
    room.play("{{state: absent}}")
    left = {host: without(differences(before[host], room.snapshot(host)), STAYS) for host in before}
    assert left == {"srv1": {}, "ws1": {}}, json.dumps(left, indent=1)


def kiosk(room: Room) -> None:
    """The page is on the whole screen, and comes back when somebody ends the browser."""
    assert room.shell("srv1", "systemctl is-active oplever-kiosk || true") == "inactive\n"
    room.shell("srv1", f"mkdir -p {DROP_IN} && cat >{DROP_IN}/memory.conf <<'END'\n{IN_MEMORY}END")
    visits = room.visits()
    room.shell("srv1", "systemctl daemon-reload && systemctl start oplever-kiosk")
    wait_for(lambda: covered(room.screen()))
    assert room.visits() > visits
    assert "oplever-kiosk" in room.shell("srv1", "loginctl list-users")
    assert "oplever-kiosk" not in room.shell("srv1", "/usr/local/lib/oplever-classroom/classroom off --dry-run")
    visits = room.visits()
    room.shell("srv1", "pkill -u oplever-kiosk firefox")
    wait_for(lambda: room.visits() > visits)
    wait_for(lambda: covered(room.screen()))
    room.shell("srv1", f"rm -r {DROP_IN} && systemctl daemon-reload")


def covered(screen: list[list[float]]) -> bool:
    """All but the letters has the colour of the page."""
    return bool(screen) and tuple(screen[0][:3]) == COLOUR and screen[0][3] > 0.95
