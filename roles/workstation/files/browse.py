"""Start the browser as a user would and tell what it asked a web server on this machine; leaves nothing behind."""

import http.server
import os
import subprocess
import sys
import tempfile
import threading

PAGE = b"""<!doctype html><title>Oplever</title><p id=p>-</p>
<script>new Image().src = "/ran?" + navigator.language</script>"""


class Asked(http.server.BaseHTTPRequestHandler):
    """Serves one page; its script asks for a second address, which shows that the page was really loaded and run."""

    reported = threading.Event()
    language = ""

    def do_GET(self):
        if self.path.startswith("/ran?"):
            Asked.language = self.path.partition("?")[2][:20]
            Asked.reported.set()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *args):
        """Nothing: the answer is the only output."""


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Asked)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        env = dict(os.environ, HOME=home, MOZ_HEADLESS="1", XDG_RUNTIME_DIR=home)
        url = f"http://127.0.0.1:{server.server_port}/"
        command = ["firefox-esr", "--headless", "--no-remote", "--profile", home, url]
        browser = subprocess.Popen(
            command, env=env, cwd=home, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        loaded = Asked.reported.wait(float(sys.argv[1]))
        browser.terminate()
        try:
            browser.wait(10)
        except subprocess.TimeoutExpired:
            browser.kill()
    print("language=" + Asked.language if loaded else "the page was not loaded")


if __name__ == "__main__":
    main()
