"""The lab itself: booted machines, nothing changed on a second call, nothing left behind."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from waiting import wait_for

from lab.conftest import Lab

ROOT = Path(__file__).resolve().parents[2]
PLAYBOOK = ROOT / ".venv/bin/ansible-playbook"
ADHOC = ROOT / ".venv/bin/ansible"
LAB_ID = hashlib.sha256(f"{ROOT}:test".encode()).hexdigest()[:6]
STATE = Path("/var/lib/oplever") / LAB_ID
TAKEN = f"taken{LAB_ID}"
FORWARD = Path("/proc/sys/net/ipv4/ip_forward")
ENV = {**os.environ, "OPLEVER_LAB": "test", "OPLEVER_JOURNAL": "0"}
MACHINES = ("srv1", "web1", "ws1")


def play(name: str, *options: str, **env: str) -> subprocess.CompletedProcess[str]:
    argv = [PLAYBOOK, f"playbooks/lab_{name}.yml", *options]
    return subprocess.run(argv, cwd=ROOT, env={**ENV, **env}, text=True, capture_output=True, check=False, timeout=600)


def shell(command: str, *hosts: str) -> dict[str, str]:
    """The output of a command as root per machine; of all machines when none is named."""
    machines = Lab(Path(), ENV)
    return {host: machines.shell(host, command) for host in hosts or MACHINES}


def traces() -> dict[str, list[str]]:
    """All that this lab may have made on the host, by kind."""
    processes = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            text = (entry / "cmdline").read_text() + (entry / "mountinfo").read_text()
        except OSError:
            continue
        if f"opl{LAB_ID}" in text or f"/var/lib/oplever/{LAB_ID}/" in text:
            processes.append(entry.name)
    links = subprocess.check_output(["ip", "link"], text=True).splitlines()
    tables = subprocess.check_output(["nft", "list", "tables"], text=True).splitlines()
    groups = [str(path) for path in Path("/sys/fs/cgroup").glob(f"**/oplever/opl{LAB_ID}-*")]
    labs = [path.parent.name for path in Path("/var/lib/oplever").glob("*/checkout")]
    return {
        "processes": [pid for pid in processes if pid != str(os.getpid())],
        "links": [line for line in links if f"opl{LAB_ID}" in line],
        "tables": [line for line in tables if LAB_ID in line],
        "groups": groups,
        "state": [lab for lab in labs if lab == LAB_ID],
    }


def forwarding() -> str | None:
    """Whether this host forwards packets, unless another lab needs that now."""
    labs = {path.parent.name for path in Path("/var/lib/oplever").glob("*/checkout")}
    return None if labs - {LAB_ID} else FORWARD.read_text(encoding="utf-8")


@dataclass(frozen=True)
class Host:
    """This host without the lab."""

    traces: dict[str, list[str]]
    forwarding: str | None


@pytest.fixture(scope="module")
def before() -> Iterator[Host]:
    play("down")
    yield Host(traces(), forwarding())
    play("down")


@pytest.fixture
def lab(before: Host, request: pytest.FixtureRequest) -> None:
    """The lab is up; it stays so for the next test. What a test that failed left behind is repaired."""
    is_up = all((STATE / machine / "pid").exists() for machine in MACHINES)
    if not is_up or request.session.testsfailed:
        done = play("up")
        assert done.returncode == 0, done.stdout + done.stderr


def test_three_machines_run_without_a_failed_unit(lab: None) -> None:
    releases = shell("systemctl is-system-running --wait; . /etc/os-release; echo $VERSION_CODENAME")
    assert all("running" in text and "degraded" not in text for text in releases.values()), releases
    assert "bookworm" in releases["srv1"]
    assert "trixie" in releases["web1"]
    options = shell("findmnt --noheadings --output OPTIONS /")
    assert all("volatile" in text for text in options.values()), "packages are installed at the pace of the disk"


def test_machines_know_themselves_and_reach_each_other(lab: None) -> None:
    assert "web1.lab.example" in shell("hostname -f", "web1")["web1"]
    address = shell("hostname -I", "web1")["web1"].split()[0]
    greeting = f"import socket; print(socket.create_connection(('{address}', 22)).recv(7))"
    assert "SSH-2.0" in shell(f'python3 -c "{greeting}"', "ws1")["ws1"]


def test_a_service_that_ends_on_one_machine_leaves_its_namesakes_alone(lab: None) -> None:
    """Machines in one control group would take it away from each other."""
    start = "systemd-run --quiet --unit=namesake --collect sleep 600 && sleep 1"
    shell(start)
    shell("systemctl stop namesake.service", "srv1")
    shell("systemctl is-active namesake.service", "web1", "ws1")
    shell(start, "srv1")
    complaints = "journalctl --boot --grep 'control group|cgroup' --priority=warning --quiet || true"
    assert shell(complaints, "srv1")["srv1"] == ""


def test_a_second_call_changes_nothing(lab: None) -> None:
    assert "changed=0 " in play("up").stdout


def test_a_machine_that_died_is_booted_again_with_what_it_held(lab: None) -> None:
    shell("touch /root/kept", "ws1")
    os.kill(nspawn_pid("ws1"), signal.SIGKILL)
    done = play("up")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "kept" in shell("ls /root", "ws1")["ws1"]


def test_one_machine_is_made_anew_and_the_others_go_on(lab: None) -> None:
    began = "touch /root/of_before; stat --format=%Y /proc/1"
    before = shell(began, "srv1", "web1", "ws1")
    done = play("up", "-e", '{"lab_anew": ["ws1"]}')
    assert done.returncode == 0, done.stdout + done.stderr
    assert shell("ls /root", "ws1")["ws1"] == ""
    assert shell("ls /root", "web1")["web1"] == "of_before\n"
    assert {host: shell(began, host)[host] for host in ("srv1", "web1")} == {k: before[k] for k in ("srv1", "web1")}


def test_a_machine_that_the_lab_does_not_have_is_not_made_anew() -> None:
    done = helper("preflight", anew=["ws9"])
    assert (done.returncode, done.stdout) == (1, "")
    assert "lab_anew names no machine of this lab: ws9" in done.stderr


def test_a_machine_comes_back_from_its_own_reboot(lab: None) -> None:
    """Twice: what starts it again must still be there after the first time."""
    # All machines have the kernel of the host, so its boot id stays; what is new is the init of the machine.
    began = "stat --format=%Y /proc/1"
    for _ in range(2):
        before = shell(began, "web1")
        reboot = [ADHOC, "web1", "-m", "ansible.builtin.reboot", "-a", "reboot_timeout=60"]
        done = subprocess.run(reboot, cwd=ROOT, env=ENV, text=True, capture_output=True, check=False, timeout=120)
        assert shell(began, "web1") != before, done.stdout
    assert "running" in shell("systemctl is-system-running --wait", "web1")["web1"]
    assert "changed=0 " in play("up").stdout


def test_a_process_of_the_host_with_mounts_of_its_own_lives_on(lab: None) -> None:
    """As a service with `PrivateTmp=` that started while the lab was up: it has a copy of the machines' mounts."""
    bystander = subprocess.Popen(["unshare", "--mount", "--propagation", "private", "sleep", "600"])
    try:
        assert play("down").returncode == 0
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_down_leaves_nothing_and_restores_what_was_there(before: Host, lab: None) -> None:
    assert traces() != before.traces, "the lab made nothing that this test would see"
    assert play("down").returncode == 0
    assert traces() == before.traces
    now = forwarding()
    assert now == before.forwarding or None in (now, before.forwarding)
    assert "changed=0 " in play("down").stdout


@pytest.mark.parametrize(
    "trace",
    [
        pytest.param(Path(f"/sys/class/net/opl{LAB_ID}"), marks=pytest.mark.truth, id="net"),
        pytest.param(STATE / "srv1/pid", marks=pytest.mark.truth, id="first"),
        pytest.param(STATE / "ws1/pid", id="last"),
    ],
)
def test_killed_at_any_moment_it_comes_up(before: Host, trace: Path) -> None:
    """The controller dies as soon as this is there, what it started may go on; the next call finds its way."""
    if traces() != before.traces:
        play("down")
    argv = [PLAYBOOK, "playbooks/lab_up.yml"]
    silent = subprocess.DEVNULL
    killed = subprocess.Popen(argv, cwd=ROOT, env=ENV, stdout=silent, stderr=silent, start_new_session=True)
    wait_for(trace.exists)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    done = play("up")
    assert done.returncode == 0, done.stdout + done.stderr
    shell("true")
    assert play("down").returncode == 0
    assert traces() == before.traces


def test_a_second_call_waits_for_one_that_still_works(before: Host) -> None:
    with socket.socket(socket.AF_UNIX) as taken:
        taken.bind(f"\0oplever-lab-{LAB_ID}")
        done = helper("harvest")
    assert done.returncode == os.EX_TEMPFAIL
    assert "an earlier call still works on this lab" in done.stderr
    assert helper("harvest").returncode == 0


SMALL_DISK = "mount -t tmpfs -o size=64m tmpfs /var/lib/oplever"
NOT_DEBIAN = (
    "d=$(mktemp -d) && mount -t tmpfs tmpfs $d && mkdir $d/up $d/work && mknod $d/up/debian_version c 0 0"
    " && mount -t overlay overlay -o lowerdir=/etc,upperdir=$d/up,workdir=$d/work /etc"
)


@pytest.mark.parametrize(
    ("made_so", "message"),
    [(SMALL_DISK, "make room, or mount a larger disk"), (NOT_DEBIAN, "this host is not Debian-like")],
)
def test_a_host_that_will_not_do_is_refused_with_the_way_out(made_so: str, message: str) -> None:
    """In a mount namespace of its own the host really is like that, and no other lab notices."""
    done = helper("preflight", prefix=f"mkdir -p /var/lib/oplever && {made_so} && exec")
    assert (done.returncode, done.stdout) == (1, "")
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1


def helper(command: str, prefix: str = "exec", anew: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
    """The role's helper as its tasks call it, for a lab without machines."""
    spec = {"id": LAB_ID, "name": "test", "checkout": str(ROOT), "subnet": "10.99.7", "domain": "lab.example"}
    settings = {"user": "beheer", "public_key": "", "fresh": False, "timeout": 5, "machines": [], "host_keys": {},
                "anew": anew}  # fmt: skip
    argv = ["unshare", "--mount", "sh", "-c", f"{prefix} /usr/bin/python3 {ROOT}/roles/lab/files/lab {command}"]
    return subprocess.run(
        argv, input=json.dumps(spec | settings), text=True, capture_output=True, check=False, timeout=60
    )


def nspawn_pid(machine: str) -> int:
    pid = int(Path(f"/var/lib/oplever/{LAB_ID}/{machine}/pid").read_text())
    assert f"--machine=opl{LAB_ID}-{machine}" in Path(f"/proc/{pid}/cmdline").read_text()
    return pid


def test_an_address_range_in_use_is_refused_with_the_way_out(before: Host) -> None:
    subprocess.run(["ip", "link", "add", TAKEN, "type", "bridge"], check=True)
    try:
        subprocess.run(["ip", "address", "add", "10.99.7.1/24", "dev", TAKEN], check=True)
        subprocess.run(["ip", "link", "set", TAKEN, "up"], check=True)
        done = play("up", OPLEVER_LAB_SUBNET="10.99.7")
    finally:
        subprocess.run(["ip", "link", "delete", TAKEN], check=True)
        play("down")
    assert done.returncode == 2
    assert "10.99.7.0/24 is in use" in done.stdout + done.stderr
    assert "OPLEVER_LAB_SUBNET" in done.stdout + done.stderr


def test_what_is_mounted_in_a_half_made_tree_is_not_removed_with_it(tmp_path: Path) -> None:
    """A killed mmdebstrap leaves /dev/shm of this host mounted in the tree that the next one removes."""
    kept, place = tmp_path / "shm", tmp_path / "tree/dev/shm"
    kept.mkdir()
    (kept / "of-the-host").touch()
    place.mkdir(parents=True)
    subprocess.run(["mount", "--bind", kept, place], check=True)
    try:
        code = f"from pathlib import Path; from base import clear; clear(Path('{tmp_path}/tree'))"
        subprocess.run(["/usr/bin/python3", "-c", code], cwd=ROOT / "roles/lab/files/lab", check=True)
    finally:
        subprocess.run(["umount", "--quiet", place], check=False)
    assert (kept / "of-the-host").exists()
    assert not (tmp_path / "tree").exists()
