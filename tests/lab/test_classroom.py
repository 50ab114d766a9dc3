"""A room of two machines from a site file: an exam that shuts its pupils out until it is taken off again, and a page
that one of them shows by itself on a screen in memory; a teacher who watches the room, and nobody else; then all of it
is taken away, and nothing of it is left."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from waiting import wait_for

from lab.conftest import Lab
from lab.site_file import HEAD, SiteFile, differences

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.truth

ROOM = """\
roles: {{harden: ~, timesync: ~}}
rooms:
  "101":
    users: {{leerling: {{}}}}
    roles: {{workstation: ~, browser: ~{room}}}
    machines:
      srv1: {{address: {subnet}.11}}
      ws1: {{address: {subnet}.13, roles: {{{kiosk}}}}}
"""
EXAM = """{{test_user: leerling, exam: true, exam_until: "2099-12-31 23:59", exam_groups: [leerling],
      exam_allow: [{subnet}.12]}}"""
KIOSK = "{{kiosk_url: 'http://{subnet}.12/'}}"
WATCHED = """\
roles: {{harden: ~, timesync: ~}}
users: {{leerling: {{}}, docent: {{groups: [docenten]}}}}
groups: {{docenten: {{}}}}
rooms:
  "101":
    roles: {{workstation: ~, browser: ~}}
    machines:
      srv1: {{address: {subnet}.11, mac: "52:54:00:12:34:56"{watched}}}
      ws1: {{address: {subnet}.13{teacher}}}
servers:
  web1: {{address: {subnet}.12}}
"""
# An X server of root, as that of a log-in screen, and a session on it.
SCREEN = """systemd-run --unit=xserver Xvfb :9 -screen 0 800x600x24 -nolisten tcp
systemd-run --unit=screen -p User=leerling -p PAMName=login --setenv=XDG_SESSION_TYPE=x11 \\
  --setenv=XDG_SESSION_CLASS=user --setenv=DISPLAY=:9 sh -c 'sleep infinity; :'"""
ASK = ROOT / "roles/classroom/files/veyon.py"
KEY = "/etc/veyon/keys/private/ws1/key"
VERIFY = ("-e", "oplever_verify=classroom", "-e", "oplever_audit=false", "-e", "oplever_drift=false")
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


class Room(SiteFile):
    """srv1 and ws1 are the room; web1 serves the page. The kiosk is on ws1, since that of Debian 12 draws nothing on a
    screen in memory."""

    def play(self, room: str = "", kiosk: str = "") -> None:
        """The site with these options of the role for the room, and for ws1."""
        options = {"room": room, "kiosk": kiosk}
        words = {name: text and f"classroom: {text.format(**self.facts)}" for name, text in options.items()}
        words["room"] = words["room"] and f", {words['room']}"
        self.path.write_text((HEAD + ROOM).format(**self.facts, **words), encoding="utf-8")
        tags = "classroom" if room else "base"
        self.lab.ansible("-i", str(self.path), "playbooks/site.yml", "--tags", tags)

    def watch(self, watched: str = "", teacher: str = "", tags: str = "classroom,firewall") -> None:
        """The site with these options of the role for srv1, which is watched, and ws1, the machine of the teacher."""
        options = {"watched": watched, "teacher": teacher}
        words = {name: text and f", roles: {{classroom: {text}}}" for name, text in options.items()}
        self.path.write_text((HEAD + WATCHED).format(**self.facts, **words), encoding="utf-8")
        self.lab.ansible("-i", str(self.path), "playbooks/site.yml", "--tags", tags)

    def ask(self, host: str, key: str) -> str:
        """What becomes of somebody at `host` who asks for the screen of srv1 with this key."""
        program = ASK.read_text(encoding="utf-8")
        return self.shell(host, f"python3 -I - {key} ws1 {self.subnet}.11=srv1 <<'END'\n{program}\nEND").strip()

    def tests(self) -> dict[str, str]:
        """Id of each test of the role on ws1 -> its result, in the record of the last run."""
        _, record = self.lab.latest()
        tests = [test for test in record["tests"] if test["id"].startswith("classroom.")]
        return {test["id"]: test["status"] for test in tests if test["host"] == "ws1"}

    def pupil(self, host: str, address: str, port: int) -> str:
        """What a pupil at a machine gets at another one."""
        return self.shell(
            host, f"runuser -u leerling -- python3 -c {CONNECT!r} {address} {port} 2>&1 | tail -n 1"
        ).strip()

    def visits(self) -> int:
        """How often the kiosk asked for its page."""
        return self.shell("web1", "journalctl -u catalogus --no-pager").count(f"{self.subnet}.13 - - ")

    def screen(self) -> list[list[float]]:
        """The most frequent colour on the screen of the kiosk, and its part."""
        self.shell("ws1", f"cat >/tmp/points <<'END'\n{POINTS}\nEND")
        answer = self.shell("ws1", f"{AS_KIOSK} grim -t ppm - 2>/dev/null | python3 /tmp/points 2>/dev/null || echo []")
        return json.loads(answer)  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def room(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Room:
    room = Room.booted(lab, tmp_path_factory)
    # What takes the pictures, and what stays when the role is taken off.
    for host, packages in {"srv1": "nftables", "ws1": "nftables firefox-esr grim"}.items():
        lab.shell(host, f"apt-get update -q && apt-get install -y -q --no-install-recommends {packages}", timeout=600)
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
    left = {host: differences(before[host], room.snapshot(host)) for host in before}
    assert left == {"srv1": {}, "ws1": {}}, json.dumps(left, indent=1)


def test_a_teacher_watches_the_room_and_nobody_else_does(room: Room) -> None:
    room.watch(tags="base,firewall")
    room.shell("srv1", "apt-get install -y -q --no-install-recommends xvfb openssl")
    room.shell("srv1", SCREEN)
    before = {host: room.snapshot(host) for host in ("srv1", "ws1")}
    room.watch("{watched: true}", "{teacher: true, teacher_group: docenten}")
    wait_for(lambda: room.ask("ws1", KEY).startswith("srv1 accepted"))
    assert room.ask("ws1", KEY) == "srv1 accepted (3)"
    assert room.ask("ws1", "-") == "srv1 refused (closed)"
    assert room.ask("web1", "-") == "srv1 silent"
    assert f'Access control successful for "::ffff:{room.subnet}.13"' in room.shell("srv1", "journalctl -u veyon")
    assert room.shell("ws1", f"runuser -u docent -- openssl pkey -noout -in {KEY} && echo can") == "can\n"
    assert room.shell("ws1", f"runuser -u leerling -- cat {KEY} 2>/dev/null || echo cannot") == "cannot\n"
    room.lab.ansible("-i", str(room.path), "playbooks/verify.yml", *VERIFY)
    assert room.tests()["classroom.veyon_reach"] == "pass"
    assert "PRIVATE KEY" not in "".join(path.read_text(errors="replace") for path in files(room.lab.records))

    room.watch("{state: absent}", "{state: absent}")
    left = {host: differences(before[host], room.snapshot(host)) for host in before}
    assert left["srv1"] == {}, json.dumps(left, indent=1)
    # Packages that came along make these and leave them; openssl was there, and stays as one that was asked for.
    stays = {"account": ["polkitd"], "file": ["/etc/xml"], "group": ["polkitd"], "manual": ["openssl"]}
    assert {kind: list(names) for kind, names in left["ws1"].items()} == stays, json.dumps(left, indent=1)


def files(place: Path) -> list[Path]:
    return [path for path in place.rglob("*") if path.is_file()]


def kiosk(room: Room) -> None:
    """The page is on the whole screen, and comes back when somebody ends the browser."""
    assert room.shell("ws1", "systemctl is-active oplever-kiosk || true") == "inactive\n"
    room.shell("ws1", f"mkdir -p {DROP_IN} && cat >{DROP_IN}/memory.conf <<'END'\n{IN_MEMORY}END")
    visits = room.visits()
    room.shell("ws1", "systemctl daemon-reload && systemctl start oplever-kiosk")
    wait_for(lambda: covered(room.screen()))
    assert room.visits() > visits
    assert "oplever-kiosk" in room.shell("ws1", "loginctl list-users")
    assert "oplever-kiosk" not in room.shell("ws1", "/usr/local/lib/oplever-classroom/classroom off --dry-run")
    visits = room.visits()
    room.shell("ws1", "pkill -u oplever-kiosk firefox")
    wait_for(lambda: room.visits() > visits)
    wait_for(lambda: covered(room.screen()))
    room.shell("ws1", f"rm -r {DROP_IN} && systemctl daemon-reload")


def covered(screen: list[list[float]]) -> bool:
    """All but the letters has the colour of the page."""
    return bool(screen) and tuple(screen[0][:3]) == COLOUR and screen[0][3] > 0.95
