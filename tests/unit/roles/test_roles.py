"""playbooks/vars/roles.yml is the one list of roles: everything that depends on roles agrees with it."""

from __future__ import annotations

import functools
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
import yaml_files
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

ROOT = Path(__file__).resolve().parents[3]
BIN = Path(sys.executable).parent
OF_THE_LAB = {"lab"}  # boots the machines; nothing that a machine gets
SERVICES = "tests/lab/test_services.py"
OF_OTHER_LABS = {
    "ca_servers": "tests/lab/test_tls.py",
    "routers": "tests/lab/test_router.py",
    "networked_machines": "tests/lab/test_router.py",
    "apt_machines": SERVICES,
    "container_hosts": "extensions/molecule/containers/molecule.yml",
    "directory_servers": "extensions/molecule/directory/molecule.yml",
    "files_servers": "tests/lab/test_files.py",
    "backup_servers": "tests/lab/test_backup.py",
    "logging_servers": "tests/lab/test_monitoring.py",
    "mail_clients": SERVICES,
    "monitoring_servers": "tests/lab/test_monitoring.py",
    "php_servers": SERVICES,
    "postgresql_servers": SERVICES,
    "desktop_machines": "extensions/molecule/desktop/molecule.yml",
    "classroom_machines": "extensions/molecule/classroom/molecule.yml",
    "office_machines": "extensions/molecule/office/molecule.yml",
    "website_servers": "extensions/molecule/wordpress/molecule.yml",
    "print_servers": "extensions/molecule/print/molecule.yml",
    "desk_servers": "extensions/molecule/oplever_web/molecule.yml",
}
"""Groups that the demo does without, and the test that boots a machine of each."""
FIELDS = {"stage", "role", "groups", "except", "needs", "tasks", "tests"}


def load(path: str) -> Any:
    return yaml_files.load(ROOT / path)


ENTRIES: list[dict[str, Any]] = load("playbooks/vars/roles.yml")["oplever_roles"]
ROLES = sorted({entry["role"] for entry in ENTRIES})


def test_every_role_folder_is_in_the_list() -> None:
    folders = {path.name for path in (ROOT / "roles").iterdir() if path.is_dir()}
    assert folders - OF_THE_LAB == set(ROLES)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: f"{entry['stage']}-{entry['role']}")
def test_an_entry_has_known_fields_and_entry_points_that_exist(entry: dict[str, Any]) -> None:
    assert entry.keys() - FIELDS == set()
    tasks, tests = entry.get("tasks", "main"), entry.get("tests", "verify")
    specs = load(f"roles/{entry['role']}/meta/argument_specs.yml")["argument_specs"]
    for point in (tasks, tests) if tests else (tasks,):
        assert (ROOT / "roles" / entry["role"] / "tasks" / f"{point}.yml").is_file()
        assert point in specs


def test_site_has_a_play_for_each_stage_in_the_order_of_the_list() -> None:
    plays = load("playbooks/stages.yml")
    assert {play["ansible.builtin.import_playbook"] for play in plays} == {"stage.yml"}
    stages = list(dict.fromkeys(entry["stage"] for entry in ENTRIES))
    assert [play["vars"]["oplever_stage_name"] for play in plays] == stages
    assert [play["name"] for play in plays] == stages


def test_a_service_gets_its_new_settings_where_a_later_role_fails() -> None:
    (play,) = load("playbooks/stage.yml")
    assert play["force_handlers"] is True


@pytest.mark.slow
def test_every_role_has_a_scenario_with_variables_and_sabotage() -> None:
    scenarios = {path.parent.name for path in (ROOT / "extensions/molecule").glob("*/molecule.yml")}
    assert scenarios == set(ROLES)
    for role in ROLES:
        assert len(load(f"extensions/molecule/{role}/sabotage.yml")["sabotage_cases"]) >= 2, role
        assert (ROOT / f"extensions/molecule/{role}/vars.yml").is_file(), role


@pytest.mark.parametrize("role", ROLES)
def test_a_role_declares_its_data_and_tells_its_users_in_two_languages(role: str) -> None:
    """That nothing must be backed up or watched is said as well, by an empty list."""
    declared = load(f"roles/{role}/meta/oplever.yml")
    assert {"backup", "monitoring"} <= declared.keys()
    content = load(f"roles/{role}/meta/handout.yml")
    handout = content if isinstance(content, dict) else {"check": content}
    texts = [*handout.get("check", []), *(card["title"] for card in handout.get("cards", []))]
    assert texts
    assert [text for text in texts if not (text.get("nl") and text.get("en"))] == []


def test_the_lab_has_a_machine_of_every_group() -> None:
    groups = load("inventories/lab/hosts.yml")["all"]["children"]
    named = {group for entry in ENTRIES for group in (*entry["groups"], *entry.get("except", ()))} - {"all"}
    assert all((ROOT / test).is_file() for test in OF_OTHER_LABS.values())
    assert [group for group in sorted(named - OF_OTHER_LABS.keys()) if not groups.get(group, {}).get("hosts")] == []


def entry_name(entry: dict[str, Any]) -> str:
    return f"{entry['role']} ({entry['tasks']})" if "tasks" in entry else str(entry["role"])


def test_the_guide_shows_the_list_and_links_each_role() -> None:
    guide = (ROOT / "docs/admin.md").read_text(encoding="utf-8")
    groups = list(dict.fromkeys(group for entry in ENTRIES for group in entry["groups"]))
    rows = {group: [entry_name(entry) for entry in ENTRIES if group in entry["groups"]] for group in groups}
    table = "\n".join(f"| `{group}` | {', '.join(roles)} |" for group, roles in rows.items())
    assert table in guide, f"docs/admin.md needs this table:\n{table}"
    assert [role for role in ROLES if f"(../roles/{role}/README.md)" not in guide] == []


@functools.cache
def listed(*arguments: str) -> dict[str, list[set[str]]]:
    """What `ansible-playbook --list-tasks` says would run: play -> tags of each task. It touches no machine."""
    command = [str(BIN / "ansible-playbook"), "playbooks/site.yml", "--list-tasks", *arguments]
    done = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    plays: dict[str, list[set[str]]] = {}
    for line in done.stdout.splitlines():
        if play := re.match(r"  play #\d+ \(.*?\): (.*?)\t", line):
            plays[name := play[1]] = []
        elif task := re.match(r"      .*?\tTAGS: \[(.*)\]$", line):
            plays[name].append(set(task[1].split(", ")))
    return plays


@pytest.mark.slow
@pytest.mark.parametrize("role", ROLES)
def test_a_tag_selects_the_stages_of_one_role(role: str) -> None:
    """A tag selects the tasks that bear it, and those that always run."""
    plays = {name for name, tasks in listed().items() if any({role, "always"} & tags for tags in tasks)}
    assert plays == {entry["stage"] for entry in ENTRIES if entry["role"] == role}


@pytest.mark.slow
def test_ansible_selects_by_these_tags() -> None:
    assert [name for name, tasks in listed("--tags", "ca").items() if tasks] == ["Certificates"]


@pytest.mark.slow
def test_an_unknown_tag_selects_nothing() -> None:
    assert any(listed().values())
    assert not any(listed("--tags", "nosuch").values())


OF_ROOT = (
    "postconf",
    "nft",
    "named",
    "rndc",
    "kea-dhcp4",
    "chronyd",
    "nginx",
    "mariadbd",
    "locale-gen",
    "visudo",
    "sshd",
)
"""Programs of /usr/sbin, which is not in PATH where Ansible becomes root with `su`."""
STARTS = re.compile(
    rf"(?:^|argv: \[|validate: |apply: |command: |[;|&{{(] |then |: |-c ')({'|'.join(OF_ROOT)}) -", re.M
)


@pytest.mark.parametrize("role", ROLES)
def test_programs_of_root_are_named_with_their_path(role: str) -> None:
    """Not in the tests, which the engine runs with a PATH of its own; nor in the steps of harden, which get one."""
    paths = [p for part in ("tasks", "vars", "handlers") for p in (ROOT / "roles" / role / part).glob("*.yml")]
    assert {str(p): hits for p in paths if (hits := STARTS.findall(p.read_text(encoding="utf-8")))} == {}


@pytest.mark.parametrize("role", ROLES)
def test_defaults_are_values_that_the_role_takes(role: str) -> None:
    """Ansible holds every variable against the specification, those that nobody set too."""
    specs = load(f"roles/{role}/meta/argument_specs.yml")["argument_specs"]
    defaults = load(f"roles/{role}/defaults/main.yml")
    literal = {name: value for name, value in defaults.items() if value is not None and "{{" not in json.dumps(value)}
    for point, spec in specs.items():
        options = {name: {**option, "required": False} for name, option in (spec.get("options") or {}).items()}
        values = {name: value for name, value in literal.items() if name in options}
        assert ArgumentSpecValidator(options).validate(values).error_messages == [], point
        written = {name: options[name]["default"] for name in values if "default" in options[name]}
        assert {name: values[name] for name in written} == written, point


READ = re.compile(r"lookup\('ansible\.builtin\.template', '([\w.]+\.yml\.j2)'\) \| from_yaml( or \[\])?")
BLOCKS = re.compile(r"\{%-?\s*(if|for|macro|endif|endfor|endmacro)\b.*?%\}", re.DOTALL)


@pytest.mark.parametrize("role", ROLES)
def test_a_list_that_can_be_empty_is_read_as_one(role: str) -> None:
    """A template of which every item depends on a condition gives no text when none holds, and YAML makes that null."""
    read = READ.findall((ROOT / f"roles/{role}/vars/main.yml").read_text(encoding="utf-8"))
    texts = {name: (ROOT / f"roles/{role}/templates/{name}").read_text(encoding="utf-8") for name, _ in read}
    assert [name for name, otherwise in read if not otherwise and not _has_an_item_always(texts[name])] == []


def _has_an_item_always(template: str) -> bool:
    """Whether a line outside all conditions and loops begins an item of a list."""
    depth, position = 0, 0
    for block in BLOCKS.finditer(template):
        if depth == 0 and re.search(r"^- ", template[position : block.start()], re.MULTILINE):
            return True
        depth += -1 if block[1].startswith("end") else 1
        position = block.end()
    return depth == 0 and bool(re.search(r"^- ", template[position:], re.MULTILINE))


def strings(value: Any) -> list[str]:
    """All texts in what a YAML file holds."""
    if isinstance(value, dict):
        return [text for pair in value.items() for item in pair for text in strings(item)]
    if isinstance(value, list):
        return [text for item in value for text in strings(item)]
    return [value] if isinstance(value, str) else []


EXPRESSION = re.compile(r"\{\{.*?\}\}", re.DOTALL)
YAML_FILES = sorted(
    path
    for part in ("roles", "playbooks", "extensions/molecule", "inventories")
    for path in (ROOT / part).rglob("*.yml")
    if "files" not in path.parts
)


@pytest.mark.slow
def test_a_group_of_a_pattern_is_named_with_one_backslash() -> None:
    r"""Ansible doubles the backslashes of texts in {{ }}, not in {% %}: '\\1' there is a backslash and a 1."""
    expressions = {
        str(path.relative_to(ROOT)): [
            expression
            for document in yaml.safe_load_all(path.read_text(encoding="utf-8"))
            for text in strings(document)
            for expression in EXPRESSION.findall(text)
            if re.search(r"\\\\[0-9]", expression)
        ]
        for path in YAML_FILES
    }
    assert {path: wrong for path, wrong in expressions.items() if wrong} == {}


def test_packages_of_php_go_with_their_pools_alone() -> None:
    """The role php_fpm knows which of them another application has asked for as well."""
    texts = {path: path.read_text(encoding="utf-8") for path in ROOT.glob("roles/*/tasks/absent.yml")}
    with_pools = {path.parts[-3]: text for path, text in texts.items() if "name: oplever.lab.php_fpm" in text}
    assert with_pools.keys() == {"dokuwiki", "wordpress"}
    assert [role for role, text in with_pools.items() if "php_packages" in text] == []
