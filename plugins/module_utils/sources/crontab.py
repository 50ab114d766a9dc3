"""Tables of cron(8), crontab(5), read as cron reads them; tests/unit/engine/test_against_cron.py shows that."""

from __future__ import annotations

import re

WORDS = ("@reboot", "@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly")
SETTING = re.compile(r"""(?:"([^"\n]*)"|'([^'\n]*)'|([^=\s"'][^=\s]*|))[ \t]*=[ \t]*(.*)\Z""")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")
# Of each field the lowest and highest number, and the names that stand for them.
FIELDS = ((0, 59, ()), (0, 23, ()), (1, 31, ()), (1, 12, MONTHS), (0, 7, DAYS))
PART = re.compile(r"(?:\*|([A-Za-z0-9]+)(-[A-Za-z0-9]*)?)")
STEP = re.compile(r"/([A-Za-z0-9]*)")
DEFAULT_PATH = "/usr/bin:/bin"


class Job:
    """One line that starts something: `user`, `command` (text), `path` (PATH of the lines above it), and `settings`
    (all variables of these lines)."""

    __slots__ = ("command", "path", "settings", "user")

    def __init__(self, user, command, path=DEFAULT_PATH, settings=()):
        self.user = user
        self.command = command
        self.path = path
        self.settings = dict(settings)


def jobs(text, user=None):
    """The jobs of a table; of one of the system (`user` None) each line names its user. A line that cron does not
    understand is none."""
    settings, result = {}, []
    for line in text.splitlines():
        setting = SETTING.match(line.strip(" \t"))
        if setting:
            name = next(group for group in setting.groups()[:3] if group is not None)
            settings[name] = _unquoted(setting.group(4))
            continue
        job = entry(line, user, settings)
        if job is not None:
            result.append(job)
    return result


def entry(line, user=None, settings=()):
    """The Job of one line; None for white space, a comment, and what cron refuses."""
    text = line.strip(" \t")
    if not text or text[0] == "#":
        return None
    if text[0] == "@":
        word, text = _word(text)
        if word not in WORDS:
            return None
    else:
        for lowest, highest, names in FIELDS:
            field, text = _word(text)
            if not _is_field(field, lowest, highest, names):
                return None
    if user is None:
        user, text = _word(text)
        if not user:
            return None
    command = text.partition("%")[0].rstrip() if "\\" not in text else _before_percent(text)
    return Job(user, command, dict(settings).get("PATH", DEFAULT_PATH), settings)


def _word(text):
    word = re.match(r"[^ \t]*", text).group()
    return word, text[len(word) :].lstrip(" \t")


def _is_field(field, lowest, highest, names):
    """Whether cron takes a field: parts as `*`, `5`, `mon-fri`, `*/10` with commas between them. What follows the last
    part it passes over."""
    at = 0
    while True:
        hit = PART.match(field, at)
        if not hit:
            return False
        first, last = hit.group(1), hit.group(2)
        ends = [_number(word, names, lowest) for word in (first, last and last[1:]) if word is not None]
        if not all(end is not None and lowest <= end <= highest for end in ends):
            return False
        at = hit.end()
        step = STEP.match(field, at)
        if step:
            single = first is not None and last is None
            if single or not (step.group(1).isdigit() and int(step.group(1))):
                return False
            at = step.end()
        if field[at : at + 1] != ",":
            return True
        at += 1


def _number(word, names, lowest):
    if word.isdigit():
        return int(word)
    name = word.lower()
    return names.index(name) + lowest if name in names else None


def _before_percent(command):
    """What the shell gets: the rest, behind the first % that has no backslash before it, is standard input."""
    return re.split(r"(?<!\\)%", command)[0].replace("\\%", "%").rstrip()


def _unquoted(value):
    value = value.rstrip(" \t")
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" else value
