"""Ways through a stack of PAM that end in success although nobody showed who he is (pam.conf(5), pam_dispatch.c)."""

from __future__ import annotations

from typing import NamedTuple

# pam.conf(5): what the short words stand for.
WORDS = {
    "required": {"success": "ok", "new_authtok_reqd": "ok", "ignore": "ignore", "default": "bad"},
    "requisite": {"success": "ok", "new_authtok_reqd": "ok", "ignore": "ignore", "default": "die"},
    "sufficient": {"success": "done", "new_authtok_reqd": "done", "default": "ignore"},
    "optional": {"success": "ok", "new_authtok_reqd": "ok", "default": "ignore"},
}
# What these modules answer is known beforehand.
ALWAYS = {"pam_permit.so": ("success",), "pam_deny.so": ("default",)}
# What these let through has shown a secret, a device or a body, or is root already.
PROOFS = (
    "pam_unix.so", "pam_sss.so", "pam_ldap.so", "pam_krb5.so", "pam_winbind.so", "pam_ssh_agent_auth.so", "pam_u2f.so",
    "pam_google_authenticator.so", "pam_oath.so", "pam_yubico.so", "pam_pkcs11.so", "pam_p11.so", "pam_fprintd.so",
    "pam_userdb.so", "pam_radius_auth.so", "pam_systemd_home.so", "pam_rootok.so", "pam_mysql.so", "pam_poldi.so",
)  # fmt: skip
# The result of the rules so far: none yet, success, success that a later failure took back, failure.
UNDECIDED, SUCCESS, SPOILED, FAILURE = range(4)


class _Place(NamedTuple):
    """A place on a way through the stack: before the rule of this `number`, with the `result` of those before it, and
    the number of the rule that decided on success."""

    number: int
    result: int
    decider: int | None


def actions(control):
    """Answer of a module -> what PAM does with it, of a control as it is written."""
    if not control.startswith("["):
        return WORDS.get(control.lower(), WORDS["optional"])
    pairs = dict(pair.partition("=")[::2] for pair in control.strip("[]").lower().split())
    return dict({"default": "bad"}, **pairs)


def unproven(lines, proofs=PROOFS):
    """The rules by which the stack ends in success where no module of `proofs` let anybody in, in their order."""
    deciding, visited, waiting = set(), set(), [_Place(0, UNDECIDED, None)]
    while waiting:
        place = waiting.pop()
        if place in visited:
            continue
        visited.add(place)
        if place.number >= len(lines):
            if place.result == SUCCESS:
                deciding.add(place.decider)
            continue
        for answer, action in _answers(lines[place.number], proofs):
            jump = int(action) if action.isdigit() else 0
            if place.number + jump >= len(lines):
                continue  # a jump past the end is an error, and the answer is no
            following = _following(place, answer, action, jump)
            is_over = action == "die" or (action == "done" and following.result in (SUCCESS, SPOILED))
            if not is_over:
                waiting.append(following)
            elif following.result == SUCCESS:
                deciding.add(following.decider)
    return [lines[number] for number in sorted(deciding)]


def _following(place, answer, action, jump):
    """Where a way goes on after this answer of a module, to which PAM responds with `action`, or with a jump."""
    result = place.result if jump else _result(place.result, answer, action)
    decider = place.decider
    if answer == "success" and (jump or (result == SUCCESS and decider is None)):
        decider = place.number
    return _Place(place.number + 1 + jump, result, decider)


def _answers(line, proofs):
    """(answer, action) for each answer that a rule can give to somebody who shows nothing."""
    table = actions(line.control)
    answers = ALWAYS.get(line.module) or ("success", *table)
    possible = (answer for answer in answers if not (answer == "success" and line.module in proofs))
    return sorted({(answer, table.get(answer, table["default"])) for answer in possible})


def _result(before, answer, action):
    """The result of the stack after an answer, where that of the rules before it was `before`."""
    if action == "reset":
        return UNDECIDED
    if action in ("bad", "die"):
        return FAILURE
    if action == "ignore" or before in (SPOILED, FAILURE):
        return before
    return SUCCESS if answer == "success" else SPOILED
