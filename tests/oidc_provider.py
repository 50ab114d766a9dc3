"""A provider of OpenID Connect on a socket: discovery, keys, the code flow with PKCE, and the faults that a test asks
for. It knows one person at a time, who logs in when a test or a browser says so."""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

CLIENT, SECRET = "oplever", "geheim van de client"


@cache
def key(name: str) -> RSAKey:
    """A key that is made once: it takes a fifth of a second."""
    return RSAKey.generate_key(2048, {"kid": name, "use": "sig", "alg": "RS256"})


class Provider:
    """`person` are the claims of whoever logs in; `fault` is what is wrong with the next token, `delay` by how many
    seconds its login is longer ago."""

    def __init__(self, port: int) -> None:
        self.issuer = f"http://127.0.0.1:{port}"
        self.key = key("first")
        self.person: dict[str, Any] = {"sub": "u-1", "preferred_username": "mdewit"}
        self.fault, self.delay = "", 0
        self.is_logged_in = False
        self.codes: dict[str, dict[str, str]] = {}
        self.requests: list[dict[str, str]] = []

    def discovery(self) -> dict[str, Any]:
        issuer = "http://127.0.0.1:1" if self.fault == "discovery" else self.issuer
        places = {"authorization_endpoint": "/authorize", "token_endpoint": "/token", "jwks_uri": "/keys"}
        if self.fault != "no log-out":
            places["end_session_endpoint"] = "/end"
        return {"issuer": issuer, **{name: self.issuer + path for name, path in places.items()}}

    def keys(self) -> dict[str, Any]:
        return dict(KeySet([self.key]).as_dict(private=False))

    def log_in(self, address: str) -> str:
        """Somebody logs in at the address to which the desk sent him: where the browser is sent back to."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert (asked["response_type"], asked["client_id"], asked["code_challenge_method"]) == ("code", CLIENT, "S256")
        assert "openid" in asked["scope"].split()
        self.requests.append(asked)
        self.is_logged_in = True
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state'], 'iss': self.issuer})}"

    def log_out(self, address: str) -> str:
        """Somebody says that he wants to log out: where the browser is sent back to."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert asked.pop("client_id") == CLIENT
        self.is_logged_in = False
        return asked["post_logout_redirect_uri"]

    def token(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        asked = self.codes.pop(form.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if asked is None or asked["code_challenge"] != challenge.rstrip(b"=").decode():
            return 400, {"error": "invalid_grant"}
        if form.get("client_secret") != SECRET or form["redirect_uri"] != asked["redirect_uri"]:
            return 401, {"error": "invalid_client"}
        return 200, {"access_token": "x", "token_type": "Bearer", "id_token": self.id_token(asked["nonce"])}

    def notice(self, **claims: Any) -> str:
        """The token by which it says that somebody logged out; a claim that is None is left out."""
        now = int(time.time())
        event = {"http://schemas.openid.net/event/backchannel-logout": {}}
        of_all = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 120, "jti": secrets.token_urlsafe(8)}
        said = {**of_all, "events": event, **claims}
        signed_by = key("of somebody else") if self.fault == "another key" else self.key
        content = {name: value for name, value in said.items() if value is not None}
        return jwt.encode({"alg": "RS256", "kid": self.key.kid, "typ": "logout+jwt"}, content, signed_by)

    def id_token(self, nonce: str) -> str:
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": nonce,
            "auth_time": now - self.delay, **self.person,
        }  # fmt: skip
        claims |= {
            "issuer": {"iss": "https://evil.example"},
            "audience": {"aud": "another"},
            "audiences": {"aud": [CLIENT, "another"]},
            "party": {"azp": "another"},
            "nonce": {"nonce": "another"},
            "expired": {"iat": now - 7200, "exp": now - 3600},
            "no claim": {"preferred_username": ""},
        }.get(self.fault, {})
        if self.fault.startswith("without "):
            del claims[self.fault.removeprefix("without ")]
        if self.fault == "none":
            return b".".join((encoded({"alg": "none"}), encoded(claims), b"")).decode()
        if self.fault == "public key":  # as a secret, which everybody knows
            text = b".".join((encoded({"alg": "HS256", "kid": "first"}), encoded(claims)))
            mac = hmac.new(self.key.as_pem(private=False), text, "sha256").digest()
            return (text + b"." + base64.urlsafe_b64encode(mac).rstrip(b"=")).decode()
        if self.fault == "another key":
            return jwt.encode({"alg": "RS256", "kid": "first"}, claims, key("of somebody else"))
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.key)


def encoded(value: dict[str, Any]) -> bytes:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")


def page(words: str, place: str) -> str:
    """A page with one link."""
    link = f'<a id="go" href="{html.escape(place)}">{words}</a>'
    return f'<!DOCTYPE html><html lang="en"><title>School</title>{link}</html>'


@contextmanager
def running() -> Iterator[Provider]:
    """On a socket of its own, for programs and browsers: its page of a login has one button."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            if path == "/.well-known/openid-configuration":
                self.answer(200, provider.discovery())
            elif path == "/keys":
                self.answer(200, provider.keys())
            elif path == "/authorize":
                self.answer(200, page("Log in", provider.log_in(self.path)))
            elif path == "/end":
                self.answer(200, page("Log out", provider.log_out(self.path)))
            else:
                self.answer(404, {})

        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["content-length"])).decode()
            form = {name: values[0] for name, values in parse_qs(content).items()}
            self.answer(*provider.token(form))

        def answer(self, status: int, content: dict[str, Any] | str) -> None:
            body = (content if isinstance(content, str) else json.dumps(content)).encode()
            self.send_response(status)
            self.send_header("content-type", "text/html" if isinstance(content, str) else "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider = Provider(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
