"""What the packet filter of the role firewall lets in besides the ports of services, between networks of their own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader
from ansible.template import Templar
from ansible.utils.collection_loader import AnsibleCollectionConfig

ROOT = Path(__file__).resolve().parents[3]
pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("nft") is None, reason="needs root and nft to load rules in a network of its own"
)
# A neighbour with a cable to the machine; what it sends goes through the rules, which count.
BETWEEN = """
set -e
unshare -n sleep 60 & other=$!
until [ "$(readlink /proc/$other/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.1; done
trap 'kill $other' EXIT
ip link add lan0 type veth peer name lan1 netns $other
ip link set lan0 up
ip -6 address add fe80::1/64 dev lan0 nodad
nsenter -t $other -n sh -c 'ip link set lan1 up; ip -6 address add fe80::2/64 dev lan1 nodad'
nft -f "$1"
nsenter -t $other -n python3 -c "$2"
nft list chain inet oplever_filter input
"""
SEND = """
import socket, struct, time
where = socket.if_nametoindex("lan1")
for _ in range(15):  # the cable carries after a moment
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as plug:
            plug.bind(("::", 547))
            plug.sendto(b"reply", ("fe80::1", 546, 0, where))
        with socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) as plug:
            plug.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, where)
            plug.sendto(struct.pack("!BBHHH16s", 130, 0, 0, 1000, 0, bytes(16)), ("ff02::1", 0, 0, where))
    except OSError:
        pass
    time.sleep(0.1)
"""


def rules() -> str:
    """The file of the role, with rules that count what they accept."""
    if AnsibleCollectionConfig.collection_finder is None:  # once in each process
        init_plugin_loader()
    loader = DataLoader()
    loader.set_basedir(str(ROOT / "roles/firewall"))
    variables: dict[str, Any] = {"role_path": str(ROOT / "roles/firewall"), "ansible_managed": "test"}
    variables["ansible_search_path"] = [variables["role_path"]]
    for name in ("defaults", "vars"):
        variables |= loader.load_from_file(str(ROOT / f"roles/firewall/{name}/main.yml"), trusted_as_template=True)
    variables["ansible_facts"] = {"oplever_login": {"port": 22, "remote": True}}
    text: str = Templar(loader, variables).template(variables["__firewall_table_text"])
    return re.sub(r" accept\b(?=$| comment)", " counter accept", text, flags=re.MULTILINE)


@pytest.mark.parametrize(
    "what",
    ["udp dport 546", "mld-listener-query"],
    ids=["an answer of a DHCPv6 server", "a switch that asks for groups"],
)
def test_what_ipv6_cannot_do_without_comes_in(tmp_path: Path, what: str) -> None:
    file = tmp_path / "rules.nft"
    file.write_text(rules(), encoding="utf-8")
    words = ["unshare", "-n", "sh", "-c", BETWEEN, "between", str(file), SEND]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    if "not permitted" in done.stderr:
        pytest.skip("no network of its own can be made here")
    assert done.returncode == 0, done.stderr
    counted = re.findall(rf"{what}.*counter packets (\d+)", done.stdout)
    assert [int(number) > 0 for number in counted] == [True], done.stdout
