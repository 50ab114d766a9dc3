"""docs/reference/agreement.md: what the two said, and every disagreement with who is right."""

from __future__ import annotations

from pathlib import Path

from lab.planted.agreement import STATES, Pair, Ruling, Rulings, comparable_pairs

HEAD = Path(__file__).with_name("agreement.md").read_text(encoding="utf-8")
WHO = {"ours": "the audit", "both": "each, of its own question", "openscap": "OpenSCAP"}
# What is counted, after what was taken out: one column more for each.
TAKEN = ((), ("question",), ("question", "blind"))

SHARES_SAY = (
    "The first share is raw: every control that both judge. For the second and third, controls are taken out on a "
    "release when a disagreement about them there is of class *question*, and of class *question* or *blind*: such a "
    "control is taken out in all states of that release, so also where the two agree; the number of those left is in "
    "brackets."
)
RULES_SAY = (
    "Per machine and state: what the audit says of the control, then what OpenSCAP says of the rule. p pass, f fail, "
    "n not applicable, e error, c not checked, - no such rule. A rule that passes beside a control that fails is no "
    "disagreement when another rule of that control fails."
)


def page(compared: list[Pair], rulings: Rulings) -> str:
    head = HEAD.replace("@content@", rulings.content)
    parts = (
        _shares(compared, rulings),
        _classes(compared, rulings),
        _disagreements(compared, rulings),
        _rules(compared),
    )
    return "\n".join([head, *(line for part in parts for line in part)])


def _shares(compared: list[Pair], rulings: Rulings) -> list[str]:
    lines = [
        "## How often they agree", "",
        SHARES_SAY, "",
        "| machine | state | both judge | agree | without *question* | without *question* and *blind* |",
        "|---|---|---|---|---|---|",
    ]  # fmt: skip
    judged_pairs = comparable_pairs(compared)
    for state, meaning in STATES.items():
        for machine in sorted({pair.machine for pair in compared}):
            mine = [pair for pair in judged_pairs if (pair.machine, pair.state) == (machine, state)]
            lines.append(f"| {machine} | {state}: {meaning} | {len(mine)} | {_cells(mine, rulings)} |")
    return [*lines, f"| all | | {len(judged_pairs)} | {_cells(judged_pairs, rulings)} |", ""]


def _cells(chosen: list[Pair], rulings: Rulings) -> str:
    cells = []
    for kinds in TAKEN:
        out = rulings.controls(*kinds)
        left = [pair for pair in chosen if (pair.control, pair.machine) not in out]
        share = 100 * sum(pair.agrees for pair in left) / len(left) if left else 100
        cells.append(f"{share:.1f} %" + (f" ({len(left)})" if kinds else ""))
    return " | ".join(cells)


def _classes(compared: list[Pair], rulings: Rulings) -> list[str]:
    """Each class, how many disagreements have it, and who is right in them."""
    different = [(pair, rulings.ruling(pair)) for pair in comparable_pairs(compared) if not pair.agrees]
    lines = [
        "## Why they differ", "",
        f"{len(different)} disagreements, each looked into on the machine:", "",
        "| class | disagreements | the audit is right | of a question of its own | OpenSCAP is right | meaning |",
        "|---|---|---|---|---|---|",
    ]  # fmt: skip
    for kind, meaning in rulings.kinds.items():
        mine = [ruling for _, ruling in different if ruling and ruling.kind == kind]
        counts = [sum(ruling.right == right for ruling in mine) for right in WHO]
        lines.append(f"| {kind} | {len(mine)} | {' | '.join(map(str, counts))} | {' '.join(meaning.split())} |")
    open_ones = sum(ruling is None for _, ruling in different)
    return [*lines, f"| not looked into | {open_ones} | | | | |", ""]


def _disagreements(compared: list[Pair], rulings: Rulings) -> list[str]:
    different = [pair for pair in comparable_pairs(compared) if not pair.agrees]
    lines = ["## Disagreements", ""]
    for ruling in rulings.entries:
        mine = [pair for pair in different if ruling.case(pair)]
        if mine:
            lines += _explanation(ruling, mine)
    return lines


def _explanation(ruling: Ruling, mine: list[Pair]) -> list[str]:
    controls = ", ".join(f"`{name}`" for name in sorted({pair.control for pair in mine}))
    rules = ", ".join(f"`{rule}`" for rule in sorted({rule for pair in mine for rule in pair.deciding}))
    places = ", ".join(sorted({f"{pair.machine} {pair.state}" for pair in mine}))
    return [
        f"### {controls}", "",
        f"The audit says *{ruling.ours}*, OpenSCAP *{mine[0].theirs}* ({places}). Right: **{WHO[ruling.right]}**. "
        f"Class: *{ruling.kind}*.", "",
        ruling.why, "", f"Rules: {rules}", "",
    ]  # fmt: skip


def _rules(compared: list[Pair]) -> list[str]:
    places = [(m, s) for s in STATES for m in sorted({pair.machine for pair in compared})]
    head = " | ".join(f"{machine} {state}" for machine, state in places)
    lines = [
        "## Every rule", "",
        RULES_SAY, "",
        f"| rule | control | {head} |", "|---|---|" + "---|" * len(places),
    ]  # fmt: skip
    cells: dict[tuple[str, str], dict[tuple[str, str], str]] = {}
    for pair in compared:
        for rule, verdict in pair.rules.items():
            cells.setdefault((rule, pair.control), {})[pair.machine, pair.state] = (
                f"{_letter(pair.ours)}{_letter(verdict)}"
            )
    for (rule, control), counts in sorted(cells.items()):
        lines.append(f"| `{rule}` | `{control}` | {' | '.join(counts.get(place, '-') for place in places)} |")
    return lines


def _letter(verdict: str) -> str:
    return {"notchecked": "c", "notapplicable": "n", "not_applicable": "n"}.get(verdict, verdict[:1])
