# Copyright: The Oplever team; MIT licence
"""oplever.lab.preflight: what a role asks beforehand: its options, the release, and how Ansible logs in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible.plugins.action import ActionBase
from ansible.template import Templar
from ansible_collections.oplever.lab.plugins.plugin_utils import inputs, login

# meta/main.yml of a role names releases by their code names, people know their numbers.
NUMBERS = {"bookworm": "12", "trixie": "13"}
LOGIN = "oplever_login"
IDENTITY = ("distribution", "distribution_release", "distribution_version")


class ActionModule(ActionBase):
    """One task instead of three. The machine is asked only for facts that nobody gathered yet."""

    _VALID_ARGS = frozenset({"kinds", "unique", "facts", "login", "mistakes"})
    _requires_connection = False  # with all facts there, none is needed

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        variables = task_vars or {}
        if self._task._role is None:
            return {**result, "failed": True, "msg": "oplever.lab.preflight works only as a task of a role."}
        refused = self._options_refused(variables) or self._values_refused(variables)
        answer = refused or self._platform(variables)
        if not answer.get("failed") and (mistakes := self._mistakes(variables, answer.get("ansible_facts") or {})):
            answer = {**answer, "failed": True, "msg": " ".join(mistakes)}
        return {**result, **answer}

    def _options_refused(self, variables: dict[str, Any]) -> dict[str, Any]:
        """What Ansible says of options that do not fit the argument specification of this entry point; else nothing.

        Ansible does that in a task before the role, unless `include_role` has `rolespec_validate: false`.
        """
        role = self._task._role
        point = role._from_files.get("tasks", "main")
        specification = role._get_role_argspecs().get(point)
        if not specification:
            return {}
        task = self._task.copy()
        task.args = {
            "argument_spec": specification.get("options") or {},
            "provided_arguments": role._role_params,
            "validate_args_context": {"type": "role", "name": role.get_name(), "argument_spec_name": point},
        }
        action = self._shared_loader_obj.action_loader.get(
            "ansible.builtin.validate_argument_spec",
            task=task,
            connection=self._connection,
            play_context=self._play_context,
            loader=self._loader,
            templar=self._templar,
            shared_loader_obj=self._shared_loader_obj,
        )
        answer: dict[str, Any] = action.run(task_vars=variables)
        return answer if answer.get("failed") else {}

    def _values_refused(self, variables: dict[str, Any]) -> dict[str, Any]:
        kinds: dict[str, str] = self._task.args.get("kinds") or {}
        unique: list[list[str]] = self._task.args.get("unique") or []
        names = {path.split(".")[0] for path in [*kinds, *(path for paths in unique for path in paths)]}
        values = {name: self._templar.template(variables[name]) for name in sorted(names) if name in variables}
        try:
            wrong = inputs.problems(values, kinds, unique)
        except KeyError as error:
            wrong = [f"oplever.lab.preflight has no kind {error}."]
        return {"failed": True, "msg": " ".join(wrong)} if wrong else {}

    def _mistakes(self, variables: dict[str, Any], gathered: Mapping[str, Any]) -> list[str]:
        """What the variables named in `mistakes` hold, with the facts that were `gathered` just now."""
        names: list[str] = self._task.args.get("mistakes") or []
        if unknown := [name for name in names if name not in variables]:
            return [f"oplever.lab.preflight: there is no variable {', '.join(unknown)}."]
        facts = {**(variables.get("ansible_facts") or {}), **_without_prefix(gathered)}
        templar = Templar(loader=self._loader, variables={**variables, "ansible_facts": facts})
        return [str(mistake) for name in names for mistake in templar.template(variables[name])]

    def _platform(self, variables: dict[str, Any]) -> dict[str, Any]:
        """The facts that were missing, or why this role does not work on this machine."""
        role = self._task._role
        facts = dict(variables.get("ansible_facts") or {})
        platforms = (role._metadata.galaxy_info or {}).get("platforms") or []
        about = (role.get_name(include_role_fqcn=False), platforms, str(variables["inventory_hostname"]))
        problem = unsupported(*about, facts) if "distribution_release" in facts else ""
        gathered: dict[str, Any] = {}
        needed = [*IDENTITY, *(self._task.args.get("facts") or [])]
        if not problem and (missing := subsets(needed, facts)):
            answer = self._execute_module(
                module_name="ansible.legacy.setup",
                module_args={"gather_subset": ["!all", "!min", *missing]},
                task_vars=variables,
            )
            if answer.get("failed") or answer.get("unreachable"):
                return dict(answer)
            gathered = dict(answer["ansible_facts"])
            facts.update(_without_prefix(gathered))
            problem = unsupported(*about, facts)
        if not problem and (self._task.args.get("login") or (LOGIN in needed and LOGIN not in facts)):
            reply = self._low_level_execute_command(login.QUESTION, sudoable=False)  # with become it is about root
            try:
                gathered[LOGIN] = login.parse(reply["stdout"], remote=login.is_remote(self._connection))
            except ValueError as error:
                problem = f"{error} {reply['stderr'].strip()[-200:]}"
        about_machine = {"changed": False, "ansible_facts": gathered}
        return {**about_machine, "failed": True, "msg": problem} if problem else about_machine


def _without_prefix(facts: Mapping[str, Any]) -> dict[str, Any]:
    """As `ansible_facts` names them."""
    return {name.removeprefix("ansible_"): value for name, value in facts.items()}


def subsets(needed: Sequence[str], facts: Mapping[str, Any]) -> list[str]:
    """The subsets of `setup` that give those of the `needed` facts that are not among `facts`."""
    missing = [name for name in needed if name not in facts and name != LOGIN]
    return list(dict.fromkeys("distribution" if name in IDENTITY else name for name in missing))


def unsupported(role: str, platforms: Sequence[Mapping[str, Any]], host: str, facts: Mapping[str, Any]) -> str:
    """Why `role`, with these `platforms` in its meta/main.yml, does not work on `host`; empty where it does."""
    name, release = facts.get("distribution"), facts.get("distribution_release")
    supported = {str(platform["name"]): [str(v) for v in platform["versions"]] for platform in platforms}
    if release in supported.get(str(name), []):
        return ""
    listed = " and ".join(
        f"{system} {' and '.join(NUMBERS.get(version, version) for version in versions)}"
        for system, versions in supported.items()
    )
    return f"Role {role} supports {listed}; {host} has {name} {facts.get('distribution_version')} ({release})."
