"""Start Firefox as a user without a screen, and tell what it does under its policies; leaves nothing behind.

`browse.py USER SETTINGS` as root. SETTINGS is JSON: `policies`, names that must hold; `extensions`, ids that must work;
`blocked`, an address that must be refused, or null; `tls`, the directory with certificate and key of this machine, or
null. Firefox has an empty profile, and answers on its remote protocol (Marionette: a length and JSON) on a port of this
machine for as long as that takes.
"""

import http.server
import json
import os
import pwd
import re
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

PATIENCE = 60  # seconds; a machine that has just started is slow
ASYNCHRONOUS = 10  # seconds in which Firefox opens its start page and installs extensions
COMMAND = ["firefox-esr", "--headless", "--no-remote", "--marionette", "--remote-allow-system-access"]
PREFERENCES = """
user_pref("marionette.port", 0);
user_pref("remote.prefs.recommended", false);
user_pref("network.dns.localDomains", "NAME");
"""
PAGE = b"<!doctype html><title>-</title><script>document.title = 'in ' + navigator.language</script>"
# Firefox tells its policies to scripts of its own alone. It keeps a list of what failed since ESR 153.
STATE = """
let [wanted, extensions, done] = arguments;
(async () => {
  let failures = {};
  try {
    let {PolicyFailures} = ChromeUtils.importESModule("resource://gre/modules/PoliciesHelpers.sys.mjs");
    failures = PolicyFailures.getAll();
  } catch (error) {}
  let {AddonManager} = ChromeUtils.importESModule("resource://gre/modules/AddonManager.sys.mjs");
  let idle = [];
  for (let id of extensions) if (!(await AddonManager.getAddonByID(id))?.isActive) idle.push(id);
  let active = Services.policies.getActivePolicies() || {};
  done({
    without_effect: wanted.filter(name => !(name in active)),
    failures,
    language: Services.locale.appLocaleAsBCP47,
    start: [gBrowser.currentURI.spec, Services.prefs.prefIsLocked("browser.startup.homepage")],
    idle_extensions: idle,
    takes_other_extensions: Services.policies.mayInstallAddon({id: "any@other.example", type: "extension"}),
  });
})();
"""
# A proxy would have to find this machine, and it is not what is asked here.
DIRECT = """
Services.prefs.unlockPref("network.proxy.type");
Services.prefs.setIntPref("network.proxy.type", 0);
arguments[arguments.length - 1](true);
"""


class Pages(http.server.BaseHTTPRequestHandler):
    """Serves one page, whose script shows that it was loaded and run."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *args):
        """Nothing: the answer is the only output."""


def serve(tls=None):
    """The port of a web server on this machine."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(os.path.join(tls, "host.pem"), os.path.join(tls, "host.key"))
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_port


def name_in(tls):
    """The first host name in the certificate of this machine; empty when there is none."""
    command = ["openssl", "x509", "-in", os.path.join(tls, "host.pem"), "-noout", "-ext", "subjectAltName"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    found = re.search(r"DNS:([A-Za-z0-9.-]+)", done.stdout)
    return found[1] if found else ""


class Browser:
    """The remote protocol of Firefox on a port of this machine."""

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

    def title(self, url):
        """Of the page at `url`, or why there is none."""
        try:
            self.ask("WebDriver:Navigate", url=url)
            return self.ask("WebDriver:GetTitle")["value"]
        except ValueError as problem:
            return "refused: " + re.sub(r"&.*", "", str(problem))

    def inside(self, script, *arguments):
        """What a script of Firefox itself gives to its last argument."""
        self.ask("Marionette:SetContext", value="chrome")
        answer = self.ask("WebDriver:ExecuteAsyncScript", script=script, args=list(arguments))["value"]
        self.ask("Marionette:SetContext", value="content")
        return answer


def start(home, user, name):
    """The process of Firefox and the port on which it answers, 0 when it does not."""
    account = pwd.getpwnam(user)
    profile = os.path.join(home, "profile")
    os.mkdir(profile)
    with open(os.path.join(profile, "user.js"), "w", encoding="utf-8") as stream:
        stream.write(PREFERENCES.replace("NAME", name))
    for place in (home, profile, stream.name):
        os.chown(place, account.pw_uid, account.pw_gid)
    process = subprocess.Popen(
        [*COMMAND, "--profile", profile],
        user=account.pw_uid,
        group=account.pw_gid,
        extra_groups=os.getgrouplist(user, account.pw_gid),
        env=dict(os.environ, HOME=home, XDG_RUNTIME_DIR=home),
        cwd=home,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    end = time.monotonic() + PATIENCE
    port = os.path.join(profile, "MarionetteActivePort")
    while time.monotonic() < end and process.poll() is None:
        if os.path.exists(port) and os.path.getsize(port):
            with open(port, encoding="utf-8") as stream:
                return process, int(stream.read())
        time.sleep(0.1)
    return process, 0


def look(browser, settings, name):
    """What Firefox does, by name."""
    end = time.monotonic() + ASYNCHRONOUS
    while True:
        seen = browser.inside(STATE, settings["policies"], settings["extensions"])
        if (not seen["idle_extensions"] and seen["start"][0] != "about:blank") or time.monotonic() > end:
            break
        time.sleep(0.2)
    seen["page"] = browser.title("http://127.0.0.1:%d/" % serve())
    seen["about_config"] = browser.title("about:config")
    if settings["blocked"]:
        seen["blocked"] = browser.title(settings["blocked"])
    if settings["tls"]:
        browser.inside(DIRECT)
        seen["tls"] = browser.title("https://%s:%d/" % (name, serve(settings["tls"])))
    return seen


def main(user, settings):
    name = name_in(settings["tls"]) if settings["tls"] else ""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        process, port = start(home, user, name)
        try:
            seen = look(Browser(port), settings, name) if port else {"page": "the browser does not start"}
        finally:
            end(process)
    for key, value in sorted(seen.items()):
        print(key + "=" + json.dumps(value))


def end(process):
    """Firefox and the processes that it started; it has ended by itself when it does not start."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(10)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
