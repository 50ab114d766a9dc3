"""What a site file means: merging over its levels, groups and variables, and what follows from an address."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.oplever.lab.plugins.plugin_utils.site import problems

Load = Callable[..., Any]


def variables(inventory: Any, machine: str) -> dict[str, Any]:
    """As Ansible merges them: all, workstations, room, machine."""
    groups = [group for group, members in inventory.members.items() if machine in members]
    parents = [parent for parent, children in inventory.children.items() if set(children) & set(groups)]
    merged: dict[str, Any] = {}
    for group in ("all", *parents, *groups):
        merged |= inventory.groups.get(group, {})
    return merged | inventory.machines[machine]


def accounts(inventory: Any, machine: str) -> dict[str, Any]:
    return {user["name"]: user for user in variables(inventory, machine)["base_users"]}


@pytest.mark.slow
def test_a_dictionary_by_name_merges_over_all_levels(load_site: Load, site_text: str) -> None:
    text = site_text.replace(
        "rooms:",
        "workstations:\n  users:\n    docent: {full_name: Docent}\n    beheer: {shell: /bin/zsh}\nrooms:",
    ).replace(
        "      pc-med-1: {address: 198.51.100.31,",
        "      pc-med-1: {users: {docent: ~, gast: {}}, address: 198.51.100.31,",
    )
    text = text.replace("    address: 198.51.100.11", "    address: 198.51.100.11\n    users: {docent: {uid: 1500}}")
    inventory = load_site(text)
    assert accounts(inventory, "srv1").keys() == {"beheer"}
    assert accounts(inventory, "pc-101-02") == {
        "beheer": {"name": "beheer", "groups": ["sudo"], "sudo": "password", "shell": "/bin/zsh"},
        "docent": {"name": "docent", "full_name": "Docent", "uid": 1500},
    }
    assert accounts(inventory, "pc-med-1").keys() == {"beheer", "gast"}


@pytest.mark.slow
def test_state_absent_goes_to_a_role_that_knows_it_and_else_takes_away(load_site: Load, site_text: str) -> None:
    text = site_text.replace(
        "rooms:", "workstations:\n  roles:\n    browser: {bookmarks: {Wiki: {url: http://wiki/}}}\nrooms:"
    ).replace(
        "    address: 198.51.100.11",
        "    address: 198.51.100.11\n    users: {beheer: {state: absent}}\n"
        "    roles: {browser: {bookmarks: {Wiki: {state: absent}}}}",
    )
    inventory = load_site(text)
    assert accounts(inventory, "pc-101-01")["beheer"]["state"] == "absent"
    assert variables(inventory, "pc-101-01")["browser_bookmarks"] == []
    assert variables(inventory, "pc-med-1")["browser_bookmarks"] == [{"name": "Wiki", "url": "http://wiki/"}]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "groups"),
    [
        ("{add: [docent]}", ["sudo", "docent"]),
        ("{remove: [sudo]}", []),
        ("{replace: [docent]}", ["docent"]),
        ("~", []),
    ],
)
def test_a_second_list_says_what_it_does(change: str, groups: list[str], load_site: Load, site_text: str) -> None:
    roles = f"      sshd: {{allow_groups: {change}}}\n      mariadb: {{databases"
    inventory = load_site(site_text.replace("      mariadb: {databases", roles))
    assert variables(inventory, "srv2")["sshd_allow_groups"] == groups
    assert variables(inventory, "srv1")["sshd_allow_groups"] == ["sudo"]


LIST = "line 8 has this list too"
TEMPLATE = "cannot be merged with line 8, because one of them is a template"


@pytest.mark.parametrize(
    ("wide", "narrow", "answer"),
    [
        ("users: {jan: {groups: [sudo]}}", "users: {jan: {groups: [docent]}}", f"users.jan.groups: {LIST}"),
        ("users: {jan: {groups: [sudo]}}", "users: {kim: {groups: [docent]}}", None),
        ("roles: {sshd: {options: {A: [x]}}}", "roles: {sshd: {options: {A: [y]}}}", f"options.A: {LIST}"),
        ("roles: {sshd: {options: {A: [x]}}}", "roles: {sshd: {options: {A: {add: [y]}}}}", None),
        ("users: '{{ x }}'", "users: {kim: {}}", f"users: {TEMPLATE}"),
        ("users: {kim: {}}", "users: '{{ x }}'", f"users: {TEMPLATE}"),
        ("roles: {sshd: {port: 22}}", "roles: {sshd: {port: '{{ x }}'}}", None),
    ],
)
def test_nothing_is_replaced_in_silence(
    wide: str, narrow: str, answer: str | None, load_site: Load, site_text: str
) -> None:
    """Lists inside items and inside free dictionaries count too, and so do templates that stand for them."""
    start, end = site_text.index("users:"), site_text.index("rooms:")
    text = f"{site_text[:start]}{wide}\n{site_text[end:]}"
    text = text.replace("    network: lokalen\n", f"    network: lokalen\n    {narrow}\n")
    if answer is None:
        load_site(text)
    else:
        with pytest.raises(problems.SiteError, match=re.escape(answer)):
            load_site(text)


@pytest.mark.slow
def test_a_role_can_be_taken_away(load_site: Load, site_text: str) -> None:
    inventory = load_site(site_text.replace("      mariadb: {", "      firewall: ~\n      mariadb: {"))
    assert inventory.machines["srv2"]["oplever_without"] == ["firewall"]
    assert "oplever_without" not in inventory.machines["srv1"]


@pytest.mark.slow
def test_groups_are_rooms_layers_and_roles(load_site: Load, site_text: str) -> None:
    inventory = load_site(site_text)
    assert inventory.children == {"workstations": ["lokaal_101", "mediatheek"]}
    members = {group: machines for group, machines in inventory.members.items() if machines}
    assert members == {
        "lokaal_101": ["pc-101-01", "pc-101-02", "pc-101-03"],
        "mediatheek": ["pc-med-1"],
        "servers": ["srv1", "srv2"],
        "dns_servers": ["srv1"],
        "web_servers": ["srv1"],
        "database_servers": ["srv2"],
    }


@pytest.mark.slow
def test_one_address_goes_everywhere(load_site: Load, site_text: str) -> None:
    inventory = load_site(site_text)
    server, machine = variables(inventory, "srv1"), variables(inventory, "pc-101-03")
    assert machine["ansible_host"] == "198.51.100.13"
    assert {"name": "pc-101-03", "address": "198.51.100.13"} in server["dns_hosts"]
    assert {"name": "srv1", "address": "192.0.2.11", "aliases": ["ns"]} in server["dns_hosts"]
    assert machine["dns_client_servers"] == ["192.0.2.11"]
    assert machine["dns_client_test_names"] == ["srv1.school.example", "ns.school.example", "srv2.school.example"]
    assert "dns_hosts" not in machine
    assert variables(inventory, "pc-med-1")["oplever_mac"] == "52:54:00:00:00:01"


@pytest.mark.slow
def test_name_servers_of_a_network_go_before_those_of_the_site(load_site: Load, site_text: str) -> None:
    text = site_text.replace("    cidr: 198.51.100.0/24", "    cidr: 198.51.100.0/24\n    dns: [198.51.100.1]")
    inventory = load_site(text)
    assert variables(inventory, "pc-101-01")["dns_client_servers"] == ["198.51.100.1"]
    assert inventory.groups["mediatheek"]["dns_client_servers"] == ["198.51.100.1"]
    assert variables(inventory, "srv2")["dns_client_servers"] == ["192.0.2.11"]


@pytest.mark.slow
def test_a_time_server_serves_the_others_and_does_not_ask_itself(load_site: Load, site_text: str) -> None:
    inventory = load_site(site_text.replace("      mariadb: {", "      timesync: {}\n      mariadb: {"))
    assert inventory.members["time_servers"] == ["srv2"]
    assert variables(inventory, "srv1")["timesync_servers"] == ["192.0.2.12"]
    assert variables(inventory, "srv2")["timesync_servers"] == []
    assert variables(inventory, "srv2")["timesync_serve_to"] == ["192.0.2.0/26", "198.51.100.0/24"]


@pytest.mark.slow
def test_options_of_a_client_alone_make_no_server(load_site: Load, site_text: str) -> None:
    text = site_text.replace("      mariadb: {", "      dns: {client_search: [school.example]}\n      mariadb: {")
    inventory = load_site(text)
    assert inventory.members["dns_servers"] == ["srv1"]
    assert variables(inventory, "srv2")["dns_client_search"] == ["school.example"]
    assert rules(inventory, "srv2") == {}


def rules(inventory: Any, machine: str) -> dict[str, Any]:
    services = variables(inventory, machine).get("firewall_services", [])
    return {rule["comment"]: rule.get("from", "everyone") for rule in services}


SITE_NETWORKS = ["192.0.2.0/26", "198.51.100.0/24"]


@pytest.mark.parametrize(
    ("options", "opened"),
    [
        ("{}", {}),
        ("{bind_address: 127.0.0.1}", {}),
        ("{bind_address: 0.0.0.0}", {"MariaDB 3306/tcp": SITE_NETWORKS}),
        ("{bind_address: 0.0.0.0, open_to: network}", {"MariaDB 3306/tcp": ["192.0.2.0/26"]}),
        ("{bind_address: 0.0.0.0, open_to: everyone}", {"MariaDB 3306/tcp": "everyone"}),
        ("{bind_address: 0.0.0.0, open_to: nobody}", {}),
        (
            "{bind_address: 0.0.0.0, open_to: [lokalen, 192.0.2.11]}",
            {"MariaDB 3306/tcp": ["198.51.100.0/24", "192.0.2.11"]},
        ),
    ],
)
def test_a_role_opens_its_port_from_where_its_users_are(
    options: str, opened: dict[str, Any], load_site: Load, site_text: str
) -> None:
    inventory = load_site(site_text.replace("mariadb: {databases: [leerlingen]}", f"mariadb: {options}"))
    assert rules(inventory, "srv2") == opened
    assert rules(inventory, "srv1").keys() == {"DNS 53/udp", "DNS 53/tcp", "HTTP 80/tcp"}


@pytest.mark.slow
def test_a_port_depends_on_any_of_the_items(load_site: Load, site_text: str) -> None:
    tls = "{root: /srv/www, tls: {certificate: /etc/a.pem, key: /etc/a.key}}"
    inventory = load_site(site_text.replace("{root: /srv/www}", tls))
    assert "HTTPS 443/tcp" in rules(inventory, "srv1")


@pytest.mark.slow
def test_a_role_whose_state_is_absent_serves_nothing(load_site: Load, site_text: str) -> None:
    inventory = load_site(site_text.replace("      nginx:\n", "      nginx:\n        state: absent\n"))
    assert variables(inventory, "srv1")["nginx_state"] == "absent"
    assert {service["comment"] for service in variables(inventory, "srv1")["firewall_services"]} == {
        "DNS 53/udp",
        "DNS 53/tcp",
    }
    assert variables(inventory, "srv1")["harden_purposes"] == ["dns"]


@pytest.mark.slow
def test_an_authority_at_one_server_knows_every_machine_and_they_know_it(load_site: Load, site_text: str) -> None:
    inventory = load_site(site_text.replace("      dns:", "      ca: {days: 30}\n      dns:", 1))
    assert variables(inventory, "srv1")["ca_domains"] == ["school.example"]
    hosts = {host["name"]: host for host in variables(inventory, "srv1")["ca_hosts"]}
    assert hosts["srv1"] == {"name": "srv1", "address": "192.0.2.11", "aliases": ["ns"]}
    assert hosts.keys() == {"srv1", "srv2", "pc-101-01", "pc-101-02", "pc-101-03", "pc-med-1"}
    for machine in ("srv1", "srv2", "pc-101-01"):
        assert variables(inventory, machine)["ca_server"] == "srv1"
    assert "ca_hosts" not in variables(inventory, "srv2")
    assert "ca_server" not in variables(load_site(site_text), "srv2"), "without an authority nobody gets a certificate"


def test_a_wiki_that_asks_the_directory_needs_one_word(load_site: Load, site_text: str) -> None:
    text = site_text.replace("      dns:", "      ca: {}\n      directory: {}\n      dns:", 1)
    inventory = load_site(text.replace("mariadb: {d", "dokuwiki: {login: directory}\n      mariadb: {d"))
    wiki, server = variables(inventory, "srv2"), variables(inventory, "srv1")
    assert (wiki["dokuwiki_login"], wiki["directory_server"], wiki["directory_domain"]) == (
        "directory",
        "srv1",
        "school.example",
    )
    assert "directory_tls" not in wiki
    assert server["directory_tls"] == {"ca": True}
    assert {rule["port"] for rule in server["firewall_services"]} >= {"636"}
    assert {rule["port"] for rule in wiki["firewall_services"]} >= {"80", "443"}
    watched = [row.get("port") for row in wiki["oplever_monitoring"] if row["role"] == "dokuwiki"]
    assert watched == [80, 443]
    plain = variables(load_site(text.replace("      ca: {}\n", "")), "srv1")
    assert "directory_tls" not in plain
    assert "636" not in {rule["port"] for rule in plain["firewall_services"]}


@pytest.mark.slow
def test_options_of_a_host_do_not_make_it_an_authority(load_site: Load, site_text: str) -> None:
    text = site_text.replace("      dns:", "      ca: {}\n      dns:", 1)
    inventory = load_site(text.replace("mariadb: {d", "ca: {reload: [mariadb.service]}\n      mariadb: {d"))
    assert inventory.members["ca_servers"] == ["srv1"]
    assert variables(inventory, "srv2")["ca_reload"] == ["mariadb.service"]


@pytest.mark.slow
def test_purposes_follow_from_roles_and_can_be_added_to(load_site: Load, site_text: str) -> None:
    inventory = load_site(site_text)
    assert variables(inventory, "srv1")["harden_purposes"] == ["dns", "web"]
    assert variables(inventory, "pc-101-01")["harden_purposes"] == ["desktop"]
    text = site_text.replace("roles:\n  sshd", "roles:\n  harden: {purposes: {add: [mail]}}\n  sshd", 1)
    assert variables(load_site(text), "srv1")["harden_purposes"] == ["dns", "web", "mail"]


@pytest.mark.slow
def test_the_name_of_an_item_goes_where_the_role_wants_it(load_site: Load, site_text: str) -> None:
    inventory = load_site(site_text)
    assert variables(inventory, "srv1")["nginx_sites"] == [{"server_names": ["www.school.example"], "root": "/srv/www"}]
    named = site_text.replace("www.school.example: {", "school: {server_names: [a.example, b.example], ")
    assert variables(load_site(named), "srv1")["nginx_sites"][0]["server_names"] == ["a.example", "b.example"]


def test_machines_and_addresses_can_come_from_a_table(load_site: Load, site_text: str) -> None:
    """As a spreadsheet in Dutch writes it: a mark at the start, semicolons, capitals and hyphens."""
    text = site_text.replace("    machines: pc-101-[01-03]\n    address: 198.51.100.11\n", "    csv: macs.csv\n")
    table = "\N{ZERO WIDTH NO-BREAK SPACE}Name;MAC;Address\npc-1;52-54-00-AA-00-01;198.51.100.40\n;;\n"
    inventory = load_site(text, {"macs.csv": table})
    assert inventory.members["lokaal_101"] == ["pc-1"]
    assert variables(inventory, "pc-1")["oplever_mac"] == "52:54:00:aa:00:01"
    assert variables(inventory, "pc-1")["ansible_host"] == "198.51.100.40"


def test_a_connection_merges_by_key_and_its_paths_are_beside_the_file(
    load_site: Load, site_text: str, tmp_path: Any
) -> None:
    connection = "connection: {user: beheer, key: keys/id, known_hosts: known_hosts}\n"
    text = site_text.replace("rooms:", f"{connection}rooms:")
    text = text.replace("  srv2:\n", "  srv2:\n    connection: {port: 2222}\n")
    values = variables(load_site(text), "srv2")
    assert values["ansible_user"] == "beheer"
    assert values["ansible_port"] == 2222
    assert values["ansible_become"] is True
    assert values["ansible_ssh_private_key_file"] == str(tmp_path / "keys/id")
    assert f"UserKnownHostsFile={tmp_path}/known_hosts" in values["ansible_ssh_common_args"]
    assert (
        "HostKeyAlias={{ inventory_hostname_short }}" in values["ansible_ssh_common_args"]
    )  # right when delegated to, too


OWN_ROLE = {
    "roles/kiosk/tasks/main.yml": "[]\n",
    "roles/kiosk/meta/argument_specs.yml": """\
argument_specs:
  main:
    options:
      kiosk_url: {type: str, required: true}
      kiosk_buttons:
        type: list
        elements: dict
        options: {name: {type: str, required: true}, url: {type: str}}
      kiosk_lines: {type: list, elements: dict, options: {name: {type: str}, text: {type: str}}}
""",
}


def test_a_role_of_ones_own_is_played_without_touching_a_playbook(
    load_site: Load, site_text: str, tmp_path: Any
) -> None:
    roles = "    roles: {kiosk: {url: http://a/, buttons: {home: {url: /}}, lines: [{text: a}, {text: b}]}}\n"
    text = site_text.replace("    network: lokalen\n", f"    network: lokalen\n{roles}")
    inventory = load_site(text, {**OWN_ROLE, "roles/kiosk/meta/oplever.yml": "stage: Workstations\n"})
    assert inventory.members["role_kiosk"] == ["pc-med-1"]
    assert inventory.children["stage_workstations"] == ["role_kiosk"]
    assert inventory.groups["all"]["oplever_own_roles"] == [
        {
            "stage": "Workstations",
            "role": "kiosk",
            "include": str(tmp_path / "roles/kiosk"),
            "groups": ["role_kiosk"],
            "tests": "",
        }
    ]
    assert variables(inventory, "pc-med-1")["kiosk_buttons"] == [{"name": "home", "url": "/"}]
    assert variables(inventory, "pc-med-1")["kiosk_lines"] == [{"text": "a"}, {"text": "b"}]  # no name is required


AT = "servers.srv2.roles.kiosk"
DECLARED = {
    "prots: []": '1: prots: unknown key; did you mean "ports"?',
    "stage: Werkplekken": (
        "1: stage: there is no such stage; possible are Applications, Backups, Base system, Certificates"
    ),
    "site: {url: domian}": '8: site.url: there is no source of this name; did you mean "domain"?',
    "site: {ulr: domain}": '8: site.ulr: the role has no such option; did you mean "url"?',
    "ports: [{port: 80, when: ulr}]": '20: ports.0.when: the role has no such option; did you mean "url"?',
    "backup: [{option: buttons.*.ulr}]": "11: backup.0.option: the role has no such option",
    "backup: [{comment: all}]": "10: backup.0: needs one of path, option",
    "backup: [{path: /srv, dupm: x}]": '23: backup.0.dupm: unknown key; did you mean "dump"?',
    "monitoring: [{unit: kiosk.service, port: 80}]": "14: monitoring.0: needs one of unit, port, url",
    "monitoring: [{port: http}]": '15: monitoring.0.port: must be a whole number, not "http"',
    "by_name: {buttons: nmae}": '11: by_name.buttons: the items have no such option; did you mean "name"?',
}
WRONG: list[tuple[dict[str, str], str, str]] = [
    ({}, "{}", f"site.yml:32:7: {AT}: there is no role of this name"),
    (OWN_ROLE, "{}", f"site.yml:32:7: {AT}: misses url"),
    (OWN_ROLE, "{ulr: http://a/}", f'site.yml:32:15: {AT}.ulr: unknown key; did you mean "url"?'),
    ({"roles/kiosk/tasks/main.yml": "[]\n"}, "{}", f"site.yml:32:7: {AT}: the role in "),
]
WRONG += [
    ({**OWN_ROLE, "roles/kiosk/meta/oplever.yml": text}, "{url: http://a/}", f"roles/kiosk/meta/oplever.yml:1:{answer}")
    for text, answer in DECLARED.items()
]


@pytest.mark.parametrize(("files", "options", "answer"), WRONG, ids=range(len(WRONG)))
def test_a_role_of_ones_own_is_checked_too(
    files: dict[str, str], options: str, answer: str, load_site: Load, site_text: str
) -> None:
    roles = f"    roles:\n      kiosk: {options}\n      mariadb: {{databases"
    with pytest.raises(problems.SiteError) as refusal:
        load_site(site_text.replace("    roles:\n      mariadb: {databases", roles), files)
    assert any(answer in line for line in refusal.value.lines), refusal.value.lines


def test_a_dhcp_server_gets_networks_and_machines_from_the_site(site_text: str, load_site: Load) -> None:
    text = site_text.replace(
        "      mariadb: {",
        "      dhcp: {networks: {lokalen: {pools: [198.51.100.200-198.51.100.249]}}}\n      mariadb: {",
    )
    inventory = load_site(text)
    server, machine = variables(inventory, "srv2"), variables(inventory, "pc-med-1")
    assert inventory.members["dhcp_servers"] == ["srv2"]
    assert server["dhcp_networks"] == [
        {"name": "servers", "network": "192.0.2.0/26", "gateway": "192.0.2.1", "name_servers": ["192.0.2.11"]},
        {
            "name": "lokalen",
            "network": "198.51.100.0/24",
            "name_servers": ["192.0.2.11"],
            "pools": ["198.51.100.200-198.51.100.249"],
        },
    ]
    assert server["dhcp_hosts"] == [{"name": "pc-med-1", "mac": "52:54:00:00:00:01", "address": "198.51.100.31"}]
    assert (machine["dhcp_client_address"], machine["dhcp_client_servers"]) == ("198.51.100.31", ["192.0.2.12"])
    assert machine["dhcp_domain"] == "school.example"
    assert "dhcp_client_address" not in variables(inventory, "pc-101-01")
    assert "dhcp" in server["harden_purposes"]
    assert any(rule["port"] == "67" and rule["protocol"] == "udp" for rule in server["firewall_services"])


def test_without_a_dhcp_server_no_machine_asks_for_one(load_site: Load, site_text: str) -> None:
    assert "dhcp_client_address" not in variables(load_site(site_text), "pc-med-1")


def test_two_name_servers_know_each_other(load_site: Load, site_text: str) -> None:
    text = site_text.replace("      mariadb: {", "      dns: {secondary: true}\n      mariadb: {")
    inventory = load_site(text)
    for name in ("srv1", "srv2"):
        assert variables(inventory, name)["dns_servers"] == ["192.0.2.11", "192.0.2.12"]
        assert variables(inventory, name)["dns_networks"] == ["192.0.2.0/26", "198.51.100.0/24"]
    assert variables(inventory, "pc-101-01")["dns_client_servers"] == ["192.0.2.11", "192.0.2.12"]


def test_a_server_that_is_taken_away_serves_nobody_but_runs_its_role(load_site: Load, site_text: str) -> None:
    inventory = load_site(site_text.replace("dns: {forwarders: [192.0.2.1]}", "dns: {state: absent}"))
    server = variables(inventory, "srv1")
    assert inventory.members["dns_servers"] == ["srv1"]
    assert server["dns_state"] == "absent"
    assert not any(rule["port"] == "53" for rule in server["firewall_services"])
    assert "dns" not in server["harden_purposes"]
    assert "dns_client_servers" not in variables(inventory, "pc-101-01")


@pytest.mark.slow
def test_a_dictionary_by_name_within_another_becomes_a_list_too(load_site: Load, site_text: str) -> None:
    zones = "zones: {school.example: {records: {www: {cname: srv1}, '@': {mx: [10 srv1]}}}}"
    text = site_text.replace("dns: {forwarders: [192.0.2.1]}", f"dns: {{{zones}}}")
    assert variables(load_site(text), "srv1")["dns_zones"] == [
        {"name": "school.example", "records": [{"name": "www", "cname": "srv1"}, {"name": "@", "mx": ["10 srv1"]}]}
    ]
