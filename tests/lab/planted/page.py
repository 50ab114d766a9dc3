"""docs/reference/agreement.md: what the two said, and every disagreement with who is right."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from lab.planted.agreement import STATES, Pair, Ruling, ruling_for

HEAD = Path(__file__).with_name("agreement.md").read_text(encoding="utf-8")

RULES_SAY = (
    "Per machine and state: what the audit says of the control, then what OpenSCAP says of the rule. p pass, f fail, "
    "n not applicable, e error, c not checked, - no such rule. A rule that passes beside a control that fails is no "
    "disagreement when another rule of that control fails."
)


def page(found: list[Pair], known: list[Ruling]) -> str:
    return "\n".join([HEAD, *_summary(found, known), *_disagreements(found, known), *_rules(found)])


def _summary(found: list[Pair], known: list[Ruling]) -> list[str]:
    lines = [
        "## How often they agree", "",
        "*Settled* counts as agreement where the audit is right, or where each answers a question of its own.", "",
        "| machine | state | both judge | agree | settled |", "|---|---|---|---|---|",
    ]  # fmt: skip
    for state, meaning in STATES.items():
        for machine in sorted({pair.machine for pair in found}):
            mine = [pair for pair in found if (pair.machine, pair.state) == (machine, state) and pair.comparable]
            if mine:
                lines.append(
                    f"| {machine} | {state}: {meaning} | {len(mine)} | {_share(mine)} | {_share(mine, known)} |"
                )
    every = [pair for pair in found if pair.comparable]
    return [*lines, f"| all | | {len(every)} | {_share(every)} | {_share(every, known)} |", ""]


def _share(chosen: list[Pair], known: Iterable[Ruling] = ()) -> str:
    good = [pair for pair in chosen if pair.agrees or ((r := ruling_for(pair, known)) and r.right != "openscap")]
    return f"{100 * len(good) / len(chosen):.1f} %"


def _disagreements(found: list[Pair], known: list[Ruling]) -> list[str]:
    different = [pair for pair in found if pair.comparable and not pair.agrees]
    lines = ["## Disagreements", ""]
    who = {"ours": "the audit", "both": "each, of its own question", "openscap": "OpenSCAP"}
    for ruling in known:
        mine = [pair for pair in different if ruling.about(pair)]
        if not mine:
            continue
        controls = ", ".join(f"`{name}`" for name in sorted({pair.control for pair in mine}))
        rules = sorted({rule for pair in mine for rule, verdict in pair.rules.items() if verdict == pair.theirs})
        places = sorted({f"{pair.machine} {pair.state}" for pair in mine})
        lines += [
            f"### {controls}", "",
            f"The audit says *{ruling.ours}*, OpenSCAP *{mine[0].theirs}* ({', '.join(places)}). "
            f"Right: **{who[ruling.right]}**.", "",
            ruling.why, "", f"Rules: {', '.join(f'`{rule}`' for rule in rules)}", "",
        ]  # fmt: skip
    return lines


def _rules(found: list[Pair]) -> list[str]:
    places = [(m, s) for s in STATES for m in sorted({pair.machine for pair in found})]
    head = " | ".join(f"{machine} {state}" for machine, state in places)
    lines = [
        "## Every rule", "",
        RULES_SAY, "",
        f"| rule | control | {head} |", "|---|---|" + "---|" * len(places),
    ]  # fmt: skip
    cells: dict[tuple[str, str], dict[tuple[str, str], str]] = {}
    for pair in found:
        for rule, verdict in pair.rules.items():
            cells.setdefault((rule, pair.control), {})[pair.machine, pair.state] = (
                f"{_letter(pair.ours)}{_letter(verdict)}"
            )
    for (rule, control), said in sorted(cells.items()):
        lines.append(f"| `{rule}` | `{control}` | {' | '.join(said.get(place, '-') for place in places)} |")
    return lines


def _letter(verdict: str) -> str:
    return {"notchecked": "c", "notapplicable": "n", "not_applicable": "n"}.get(verdict, verdict[:1])
