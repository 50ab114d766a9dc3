"""Ways through a stack of PAM that end in success although nobody showed who he is (pam.conf(5), pam_dispatch.c)."""

from __future__ import annotations

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
# What the stack thinks so far: nothing yet, success, success that a later failure spoiled, failure.
NOTHING, GOOD, SPOILED, BAD = range(4)


def actions(control):
    """Answer of a module -> what PAM does with it, of a control as it is written."""
    if not control.startswith("["):
        return WORDS.get(control.lower(), WORDS["optional"])
    pairs = dict(pair.partition("=")[::2] for pair in control.strip("[]").lower().split())
    return dict({"default": "bad"}, **pairs)


def unproven(lines, proofs=PROOFS):
    """The rules by which the stack ends in success where no module of `proofs` let anybody in, in their order."""
    deciding, passed, to_do = set(), set(), [(0, NOTHING, None)]
    while to_do:
        place = to_do.pop()
        if place in passed:
            continue
        passed.add(place)
        at, thought, decider = place
        if at >= len(lines):
            if thought == GOOD:
                deciding.add(decider)
            continue
        for answer, action in _answers(lines[at], proofs):
            jump = int(action) if action.isdigit() else 0
            if at + jump >= len(lines):
                continue  # a jump past the end is an error, and the answer is no
            after = thought if jump else _thought(thought, answer, action)
            by = decider
            if answer == "success" and (jump or (after == GOOD and by is None)):
                by = at
            if action == "die" or (action == "done" and after in (GOOD, SPOILED)):
                deciding.update({by} if after == GOOD else ())
            else:
                to_do.append((at + 1 + jump, after, by))
    return [lines[number] for number in sorted(deciding)]


def _answers(line, proofs):
    """(answer, action) for each answer that a rule can give to somebody who shows nothing."""
    table = actions(line.control)
    answers = ALWAYS.get(line.module) or ("success", *table)
    return sorted(
        {(a, table.get(a, table["default"])) for a in answers if not (a == "success" and line.module in proofs)}
    )


def _thought(thought, answer, action):
    """What the stack thinks after `answer`; a jump changes nothing."""
    if action == "reset":
        return NOTHING
    if action in ("bad", "die"):
        return BAD
    if action == "ignore" or thought in (SPOILED, BAD):
        return thought
    return GOOD if answer == "success" else SPOILED
