"""Ways through a stack of PAM that end in success although nobody showed who he is (pam.conf(5), pam_dispatch.c).

The rules of a substack are one level deeper than the line that brings them in, which is a rule of its own here.
"""

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
SUBSTACK = "substack"
# What a module answers that refuses nobody: that all is well, or that it has nothing to say about this account.
NO_REFUSAL = ("success", "new_authtok_reqd", "ignore", "user_unknown", "authinfo_unavail", "cred_unavail")
# The result of the rules so far: none yet, success, success that a later failure took back, failure.
UNDECIDED, SUCCESS, SPOILED, FAILURE = range(4)


class _Place(NamedTuple):
    """A place on a way through the stack: before the rule of this `number`, with the `result` of those before it, the
    number of the rule that decided on success, and the result with which each level was entered."""

    number: int
    result: int
    decider: int | None
    entered: tuple[int, ...]


def actions(control):
    """Answer of a module -> what PAM does with it, of a control as it is written."""
    if not control.startswith("["):
        return WORDS.get(control.lower(), WORDS["optional"])
    pairs = dict(pair.partition("=")[::2] for pair in control.strip("[]").lower().split())
    return dict({"default": "bad"}, **pairs)


def unproven(lines, silent=()):
    """The rules by which the stack ends in success where no module let anybody in who showed nothing, in their order.
    Those of `silent` let nobody in."""
    return _ways_to_success(lines, lambda line: _answers(line, silent))


def overruled(lines, module, proofs=PROOFS):
    """The rules by which the stack ends in success though this module refused, and none of `proofs` let anybody in."""

    def answers(line):
        table = actions(line.control)
        if line.module == module:
            return [word for word in table if word not in NO_REFUSAL]
        return _answers(line, proofs=proofs)

    return _ways_to_success(lines, answers)


def _answers(line, silent=(), proofs=PROOFS):
    """What a rule can answer to somebody who shows nothing."""
    possible = ALWAYS.get(line.module) or ("success", *actions(line.control))
    lets_nobody_in = line.module in proofs or line in silent
    return [answer for answer in possible if not (answer == "success" and lets_nobody_in)]


def _ways_to_success(lines, answers):
    """The rules that decide on success, where each rule gives one of `answers(rule)`."""
    deciding, visited, waiting = set(), set(), [_Place(0, UNDECIDED, None, (UNDECIDED,))]
    while waiting:
        place = waiting.pop()
        if place in visited:
            continue
        visited.add(place)
        if place.number >= len(lines):
            if place.result == SUCCESS:
                deciding.add(place.decider)
            continue
        line = lines[place.number]
        if line.control == SUBSTACK:
            entered = (*place.entered[: line.level + 1], place.result)
            waiting.append(place._replace(number=place.number + 1, entered=entered))
            continue
        table = actions(line.control)
        waiting += [_following(lines, place, answer, table.get(answer, table["default"])) for answer in answers(line)]
    return [lines[number] for number in sorted(deciding)]


def _following(lines, place, answer, action):
    """Where a way goes on after this answer of a module, to which PAM responds with `action`, or with a jump."""
    if action.isdigit() and int(action):
        number, is_whole = after_jump(lines, place.number, int(action))
        decider = place.number if answer == "success" else place.decider
        return place._replace(number=number, result=place.result if is_whole else FAILURE, decider=decider)
    level = lines[place.number].level
    result = place.entered[level] if action == "reset" else _result(place.result, answer, action)
    decider = place.decider
    if answer == "success" and result == SUCCESS and decider is None:
        decider = place.number
    is_over = action == "die" or (action == "done" and result in (SUCCESS, SPOILED))
    number = after_level(lines, place.number) if is_over else place.number + 1
    return place._replace(number=number, result=result, decider=decider)


def after_jump(lines, number, count):
    """(number of the rule behind `count` more of the same level, whether there were as many). A substack is one."""
    level, at = lines[number].level, number + 1
    while count and at < len(lines) and lines[at].level >= level:
        at += 1
        while at < len(lines) and lines[at].level > level:
            at += 1
        count -= 1
    return at, not count


def after_level(lines, number):
    """The number of the first rule behind the substack, or the stack, that a rule is in."""
    level, at = lines[number].level, number + 1
    while at < len(lines) and lines[at].level >= level:
        at += 1
    return at


def _result(before, answer, action):
    """The result of the stack after an answer, where that of the rules before it was `before`."""
    if action in ("bad", "die"):
        return FAILURE
    if action == "ignore" or before in (SPOILED, FAILURE):
        return before
    return SUCCESS if answer == "success" else SPOILED
