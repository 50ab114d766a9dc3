"""Start the kiosk on a screen in memory, and ask the browser in it what a person would see: `kiosk_page.py POLICIES`.

Its unit is the one of the machine, without a terminal; POLICIES is JSON, names that must hold. Each line is a name with
a value as JSON.
"""

import contextlib
import json
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

UNIT = Path("/etc/systemd/system/oplever-kiosk.service")
TEST = Path("/run/systemd/system/oplever-kiosk-test.service")
PROFILE = Path("/run/oplever-kiosk-test-home/profile")
PATIENCE = 60  # seconds; a machine that has just started is slow
LEFT_OUT = re.compile(r"(?m)^(Condition|ExecCondition|StandardInput|TTY|Utmp|Restart)\w*=.*\n")
IN_MEMORY = """
Environment=WLR_BACKENDS=headless WLR_LIBINPUT_NO_DEVICES=1 WLR_RENDERER=pixman
ExecStart="""
ELSEWHERE = ["http://elders.invalid/", "https://elders.invalid/", "file:///etc/passwd", "about:config", "about:addons"]
SEEN = """
let [wanted, done] = arguments;
(async () => {
  let {PolicyFailures} = ChromeUtils.importESModule("resource://gre/modules/PoliciesHelpers.sys.mjs");
  let page = gBrowser.selectedBrowser.getBoundingClientRect();
  let active = Services.policies.getActivePolicies() || {};
  done({
    page: gBrowser.selectedBrowser.documentURI.spec,
    is_loading: gBrowser.selectedBrowser.webProgress.isLoadingDocument,
    covers: page.width == screen.width && page.height == screen.height && page.left == 0 && page.top == 0,
    without_effect: wanted.filter(name => !(name in active)),
    failures: PolicyFailures.getAll(),
  });
})();
"""


class Browser:
    """The remote protocol of Firefox (Marionette: a length and JSON) on a port of this machine."""

    def __init__(self, port):
        self.stream = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE).makefile("rwb")
        self.number = 0
        self.read()
        self.ask("WebDriver:NewSession")

    def read(self):
        length = b""
        while not length.endswith(b":"):
            digit = self.stream.read(1)
            if not digit:
                raise OSError("the browser has ended")
            length += digit
        return json.loads(self.stream.read(int(length[:-1])))

    def ask(self, command, **parameters):
        """The answer. Raises ValueError with what Firefox says when it refuses."""
        self.number += 1
        text = json.dumps([0, self.number, command, parameters]).encode()
        self.stream.write(b"%d:%b" % (len(text), text))
        self.stream.flush()
        _, _, error, answer = self.read()
        if error:
            raise ValueError(error["message"])
        return answer

    def seen(self, policies):
        self.ask("Marionette:SetContext", value="chrome")
        answer = self.ask("WebDriver:ExecuteAsyncScript", script=SEEN, args=[policies])["value"]
        self.ask("Marionette:SetContext", value="content")
        return answer

    def is_refused(self, url):
        """Whether the policies refuse it; a site that is not there is another matter."""
        try:
            self.ask("WebDriver:Navigate", url=url)
        except ValueError as problem:
            return "blockedByPolicy" in str(problem)
        return False


def main(policies):
    try:
        start()
        browser = Browser(until(port))
        seen = until(lambda: loaded(browser.seen(policies)))
        seen["opened"] = [url for url in ELSEWHERE if not browser.is_refused(url)]
        for name, value in sorted(seen.items()):
            print(name + "=" + json.dumps(value))
    finally:
        run("systemctl", "stop", TEST.name)
        TEST.unlink()
        run("systemctl", "daemon-reload")


def start():
    TEST.write_text(in_memory(UNIT.read_text(encoding="utf-8")), encoding="utf-8")
    run("systemctl", "daemon-reload")
    run("systemctl", "start", TEST.name)


def in_memory(unit):
    """The unit for a screen in memory, with a browser that answers, and with directories of its own."""
    text = re.sub(r"(/run/|Directory=)oplever-kiosk", r"\1oplever-kiosk-test", LEFT_OUT.sub("", unit))
    text = re.sub(r"(?m)^(ExecStartPre=[+].*)$", r"\1 --test", text)
    text = text.replace("--kiosk ", "--kiosk --marionette --remote-allow-system-access ")
    return text.replace("\nExecStart=", IN_MEMORY)


def port():
    """On which the browser answers, once it does. Raises OSError where the kiosk has ended."""
    with contextlib.suppress(OSError, ValueError):
        return int((PROFILE / "MarionetteActivePort").read_text())
    if subprocess.run(["systemctl", "is-active", "--quiet", TEST.name], check=False).returncode:
        raise OSError("the kiosk does not start")
    return None


def loaded(seen):
    return None if seen["page"] == "about:blank" or seen["is_loading"] else seen


def until(asked):
    """The first answer. Raises TimeoutError where there is none."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        answer = asked()
        if answer is not None:
            return answer
        time.sleep(0.5)
    raise TimeoutError("the kiosk shows nothing")


def run(*argv):
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
