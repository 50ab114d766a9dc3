#!/usr/bin/python3 -I
"""Machines of a room: homes brought back, exams, and the hours at which a machine is on.

    classroom login UID     before the first session of an account begins
    classroom logout UID    after its last session ended
    classroom sessions      end what sessions left behind that are closed
    classroom exam-start | exam-stop | exam-state
    classroom off [--dry-run]
    classroom wake [--dry-run]

Only units of systemd run it, so that no user has a hand in its environment.
"""

import contextlib
import fcntl
import grp
import ipaddress
import json
import os
import pwd
import re
import signal
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

SETTINGS = Path("/etc/oplever-classroom.json")
MARK = Path("/run/oplever-exam")  # there while an exam is on
LOCK = Path("/run/oplever-exam.lock")
MODULES = Path("/run/modprobe.d/oplever-exam.conf")
RULES = Path("/run/udev/rules.d/90-oplever-exam.rules")
CLOCK = Path("/dev/rtc0")
FIRST_UID = 1000
NOBODY = 65534
ADMINISTRATORS = {"adm", "root", "sudo"}
# Where everybody can leave files, and where jobs for later are, which would run in the home of the next one.
PLACES = ["/dev/shm", "/run/lock", "/tmp", "/var/tmp", "/var/spool/cron"]  # noqa: S108
ELSEWHERE = ("9p", "afs", "ceph", "cifs", "fuse", "nfs", "nfs4", "smb3", "virtiofs")
SEARCH = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
KIOSK = "oplever-kiosk"  # account of a page that is shown by itself: nobody is logged in there
AT_ONCE = 500  # names on one command line


def main(words):
    settings = json.loads(SETTINGS.read_text(encoding="utf-8"))
    command, rest = words[0], words[1:]
    if command in ("login", "logout"):
        at_session(settings, command, pwd.getpwuid(int(rest[0])))
    elif command in HOURS:
        HOURS[command](settings, "--dry-run" in rest)
    elif command in EXAMS:
        with alone():
            EXAMS[command](settings)
    else:
        end_closed(settings)


def at_session(settings, command, account):
    if command == "login" and is_covered(account, [], settings["exam"]["groups"]):
        with alone():
            if MARK.exists():
                load(settings["exam"], {account.pw_uid})
    if is_covered(account, settings["reset"]["users"], settings["reset"]["groups"]):
        reset(account, Path(settings["reset"]["model"]))


def is_covered(account, users, groups):
    """Whether the account is one of these or in one of these groups; never one of the system or an administrator."""
    if account.pw_uid < FIRST_UID or account.pw_uid == NOBODY:
        return False
    names = set(group_names(account))
    return not names & ADMINISTRATORS and (account.pw_name in users or bool(names & set(groups)))


def group_names(account):
    for gid in os.getgrouplist(account.pw_name, account.pw_gid):
        with contextlib.suppress(KeyError):
            yield grp.getgrgid(gid).gr_name


# Homes


def reset(account, model):
    """End what runs of the account, remove its files outside its home, and bring its home back to the model."""
    kill(account.pw_uid)
    Path("/var/lib/systemd/linger", account.pw_name).unlink(missing_ok=True)
    for place in filter(os.path.isdir, PLACES):
        # A directory that holds something of others is not empty and stays.
        subprocess.run(
            ["find", place, "-xdev", "-mindepth", "1", "-uid", str(account.pw_uid), "-delete"],
            env=SEARCH, stderr=subprocess.DEVNULL, check=False,
        )  # fmt: skip
    with home_of(account) as home:
        if home is not None:
            fill(home, account, model, empty(home, account))
            close_to_others(home, Path("/etc/login.defs").read_text(encoding="utf-8"))


@contextlib.contextmanager
def home_of(account):
    """The open directory; none where there is none yet. Raises OSError for a link, or a home that is not theirs."""
    try:
        home = os.open(account.pw_dir, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except FileNotFoundError:
        yield None
        return
    try:
        if os.fstat(home).st_uid != account.pw_uid:
            raise OSError(account.pw_dir + " is not of " + account.pw_name + "; left as it is")
        kind = kind_of_file_system(os.path.realpath(account.pw_dir), mounts())
        if kind.partition(".")[0] in ELSEWHERE:
            raise OSError(account.pw_dir + " is on another machine (" + kind + "); left as it is")
        yield home
    finally:
        os.close(home)


def mounts(text=None):
    """Place and kind of each mounted file system, as /proc/self/mountinfo has them."""
    lines = (text or Path("/proc/self/mountinfo").read_text(errors="surrogateescape")).splitlines()
    for words in map(str.split, lines):
        place = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), words[4])
        yield place, words[words.index("-") + 1]


def kind_of_file_system(path, mounted):
    inside = [(place, kind) for place, kind in mounted if (path + "/").startswith(place.rstrip("/") + "/")]
    # Of two on one place the later one is seen.
    return max(enumerate(inside), key=lambda item: (len(item[1][0]), item[0]))[1][1]


def empty(home, account):
    """Remove all in the home but what holds another file system; the names that stay."""
    top = os.path.realpath(account.pw_dir) + "/"
    kept = set()
    for place, kind in mounts():
        if place.startswith(top):
            # Of a program of the user, which has ended: nothing behind it answers any more.
            gone = kind.startswith("fuse") and run("umount", "--lazy", place).returncode == 0
            kept |= set() if gone else {place[len(top) :].split("/")[0]}
    names = sorted(set(os.listdir(home)) - kept)
    for start in range(0, len(names), AT_ONCE):
        run("rm", "-rf", "--one-file-system", "--", *names[start : start + AT_ONCE], cwd=home)
    left = set(os.listdir(home))
    if left:
        say("stays in " + account.pw_dir + ": " + ", ".join(sorted(left)))
    return left


def fill(home, account, model, kept):
    names = sorted(set(os.listdir(model)) - kept)
    owner = str(account.pw_uid) + ":" + str(account.pw_gid)
    for start in range(0, len(names), AT_ONCE):
        some = names[start : start + AT_ONCE]
        run("cp", "-a", "--no-preserve=ownership", "--", *(str(model / name) for name in some), ".", cwd=home)
        run("chown", "-hR", owner, "--", *some, cwd=home)


def close_to_others(home, definitions):
    """Close the home to others again, whatever the account had given to them."""
    mode = re.search(r"(?m)^HOME_MODE\s+([0-7]+)", definitions)
    for name in ("system.posix_acl_access", "system.posix_acl_default"):
        with contextlib.suppress(OSError):
            os.removexattr(home, name)
    os.fchmod(home, int(mode[1], 8) if mode else 0o700)


def kill(uid, spared=()):
    """End all processes of the account. Raises TimeoutError where they do not."""
    for _ in range(100):
        running = [process for process in processes(uid) if process not in spared]
        if not running:
            return
        for process in running:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        time.sleep(0.05)
    raise TimeoutError("processes of the account " + str(uid) + " do not end")


def processes(uid):
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            status = dict(line.split(":", 1) for line in (path / "status").read_text().splitlines())
            if str(uid) in status["Uid"].split() and not status["State"].strip().startswith("Z"):
                yield int(path.name)


# Sessions


def end_closed(settings):
    """End accounts without an open session. Looks twice: systemd does not tell what changes while this runs."""
    for pause in (0, 1):
        time.sleep(pause)
        for uid in known_users():
            with contextlib.suppress(KeyError):  # of no account any more
                account = pwd.getpwuid(uid)
                if is_covered(account, settings["reset"]["users"], settings["reset"]["groups"]):
                    end_if_closed(uid)


def end_if_closed(uid):
    if not has_open_session(uid):
        # The manager of the account ends as systemd has it, so that it is no unit that failed.
        manager = "/user@%d.service/init.scope" % uid
        kill(uid, [process for process in processes(uid) if manager in control_group(process)])
        run("loginctl", "terminate-user", str(uid))


def known_users():
    return [int(line.split()[0]) for line in run("loginctl", "list-users", "--no-legend").stdout.splitlines()]


def has_open_session(uid):
    """Sessions of people; that of the manager of systemd itself is none."""
    for session in run("loginctl", "show-user", str(uid), "--property=Sessions", "--value").stdout.split():
        shown = run("loginctl", "show-session", session, "--property=Class", "--property=State").stdout
        values = dict(line.split("=", 1) for line in shown.splitlines())
        if values.get("Class", "").startswith(("user", "background")) and values.get("State") != "closing":
            return True
    return False


def control_group(process):
    with contextlib.suppress(OSError):
        return Path("/proc", str(process), "cgroup").read_text()
    return ""


# Exams


@contextlib.contextmanager
def alone():
    """One at a time: who logs in while another does, or while the exam ends, does not bring back an older table."""
    lock = os.open(LOCK, os.O_WRONLY | os.O_CREAT, 0o600)  # users cannot open it, nor keep it locked
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def exam_start(settings):
    if exam_ended(settings["exam"], datetime.now()):
        exam_stop(settings)
        return
    load(settings["exam"], set())
    if settings["exam"]["usb"]:
        write(MODULES, "install usb-storage /bin/false\ninstall uas /bin/false\n")
        write(
            RULES,
            'ACTION=="add", SUBSYSTEM=="usb", ENV{DEVTYPE}=="usb_interface", '
            'ATTR{bInterfaceClass}=="08", ATTR{authorized}="0"\n',
        )
    else:
        allow_usb()
    reload_udev()
    MARK.touch()


def exam_stop(_settings):
    run("nft", "-f", "-", text="table inet oplever_exam\ndelete table inet oplever_exam\n")
    allow_usb()
    reload_udev()
    MARK.unlink(missing_ok=True)


def exam_state(settings):
    print("ended" if exam_ended(settings["exam"], datetime.now()) else "on")


def exam_ended(exam, now):
    return now >= datetime.strptime(exam["until"], "%Y-%m-%d %H:%M")


def allow_usb():
    for path in (MODULES, RULES):
        path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # of others too, or not there
            path.parent.rmdir()


def reload_udev():
    if Path("/run/udev/control").exists():
        run("udevadm", "control", "--reload")


def load(exam, more):
    """Load the table of the packet filter at once, or not at all."""
    people = members(exam["groups"]) | more
    done = run("nft", "-f", "-", text=table(people, subordinates(people), exam["allow"]))
    if done.returncode:
        raise OSError("nft: " + done.stderr.strip())


def members(groups):
    """Numbers of the accounts in these groups: those that the machine or the directory tells, and who is logged in."""
    accounts = pwd.getpwall()
    names = [name for group in groups for name in group_members(group)]
    for find, keys in ((pwd.getpwnam, names), (pwd.getpwuid, known_users())):
        for key in keys:
            with contextlib.suppress(KeyError):
                accounts.append(find(key))
    return {account.pw_uid for account in accounts if is_covered(account, [], groups)}


def group_members(group):
    with contextlib.suppress(KeyError):
        return grp.getgrnam(group).gr_mem
    return []


def subordinates(people, path=Path("/etc/subuid")):
    """First and last of the numbers that these accounts can also have, in a container of their own."""
    own = {str(uid) for uid in people}
    for uid in people:
        with contextlib.suppress(KeyError):
            own.add(pwd.getpwuid(uid).pw_name)
    lines = path.read_text().splitlines() if path.exists() else []
    fields = [line.split(":") for line in lines if line.count(":") == 2]
    return sorted((int(first), int(first) + int(count) - 1) for name, first, count in fields if name in own)


def table(people, ranges, allowed):
    """The table for nft. What has no socket, as an answer of the kernel, is of nobody and passes."""
    networks = [ipaddress.ip_network(item) for item in allowed]
    lines = ["table inet oplever_exam", "delete table inet oplever_exam", "table inet oplever_exam {"]
    lines.append("set people { type uid; " + elements(map(str, sorted(people))) + "}")
    lines += ["chain output {", "type filter hook output priority filter + 10; policy accept;"]
    lines.append("meta skuid @people jump exam")
    lines += ["meta skuid %d-%d jump exam" % pair for pair in ranges]
    lines += ["}", "chain exam {", 'oifname "lo" accept']
    lines += ["%s daddr %s accept" % ("ip" if item.version == 4 else "ip6", item) for item in networks]
    lines += ["meta l4proto tcp reject with tcp reset", "reject with icmpx admin-prohibited", "}", "}"]
    return "\n".join(lines) + "\n"


def elements(words):
    joined = ", ".join(words)
    return "elements = { " + joined + " } " if joined else ""


# Hours


def off(settings, dry_run):
    people = sorted({pwd.getpwuid(uid).pw_name for uid in known_users() if has_open_session(uid)} - {KIOSK})
    if people:
        print("stays on: " + ", ".join(people))
        if not dry_run:
            run("wall", settings["hours"]["notice"])
        return
    print("off")
    if not dry_run:
        run("systemctl", "poweroff")


def wake(settings, dry_run):
    """Set the clock of the machine to start it again; for a machine without one, others must wake it."""
    moment = next_moment(settings["hours"]["on"], datetime.now())
    if moment is None:
        return
    print(moment.strftime("%Y-%m-%d %H:%M"))
    if not dry_run and CLOCK.exists():
        # The role also stops the unit of this, when it takes it away.
        goes_off = run("systemctl", "show", "--property=SystemState", "--value").stdout.strip() == "stopping"
        until = ["--time", str(int(moment.timestamp()))] if goes_off else []
        run("rtcwake", "--mode", "no" if goes_off else "disable", *until)


def next_moment(times, now):
    moments = []
    for text in times:
        days, _, clock = text.rpartition(" ")
        hour, minute = map(int, clock.split(":"))
        for distance in range(8):
            moment = (now + timedelta(days=distance)).replace(hour=hour, minute=minute, second=0, microsecond=0)
            if moment > now and moment.weekday() in week_days(days):
                moments.append(moment)
    return min(moments, default=None)


def week_days(text):
    """Numbers of the days: `Mon..Fri,Sun`; every day without any."""
    numbers = set()
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("..")
        numbers |= set(range(DAYS.index(first), DAYS.index(last or first) + 1))
    return numbers or set(range(7))


# Programs


def run(*argv, cwd=None, text=""):
    place = None if cwd is None else "/proc/self/fd/%d" % cwd
    done = subprocess.run(argv, cwd=place, input=text, capture_output=True, text=True, env=SEARCH, check=False)
    if done.returncode:
        say(" ".join(argv[:2]) + ": " + done.stderr.strip())
    return done


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def say(message):
    print(message.encode("utf-8", "backslashreplace").decode(), file=sys.stderr)


HOURS = {"off": off, "wake": wake}
EXAMS = {"exam-start": exam_start, "exam-stop": exam_stop, "exam-state": exam_state}

if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except (KeyError, OSError, TimeoutError) as error:
        sys.exit("classroom: " + str(error))
