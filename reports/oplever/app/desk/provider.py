"""OpenID Connect: an organisation's own login tells the desk who somebody is (docs/decisions/0151).

The code flow with PKCE. Of what the provider sends only the ID token counts, and of that only what is checked here:
signature, issuer, audience, time, nonce and, where somebody proves anew who he is, the moment of that login.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import ssl
import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode, urlsplit

from msgspec import Struct

from oplever import config, extras
from oplever.config import Oidc
from oplever.errors import OpleverError
from oplever.mail.secret import password
from oplever.messages import M_

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA")
"""Those in which only the provider has the key that signs."""
_LEEWAY = 60
"""Seconds by which the clock of the provider may differ."""
_SECONDS = 10.0
_LARGEST = 1 << 20
_KEPT_SECONDS = 3600.0
_KEYS_SECONDS = 60.0
"""In which its keys are fetched once more at most for notices: anybody can send one that none of them signed."""
_LOGGED_OUT = "http://schemas.openid.net/event/backchannel-logout"
_OLDEST_NOTICE = 600
"""Seconds after which a notice is no news."""


class Provider(Struct, frozen=True):
    """What the provider says of itself, with its keys as it publishes them; `end` is where one logs out, if there."""

    settings: Oidc
    authorization: str
    token: str
    keys_address: str
    keys: dict[str, Any]
    end: str


class Request(Struct, frozen=True):
    """A login that was begun: what has to come back with it."""

    state: str
    nonce: str
    verifier: str


class Origin(Struct, frozen=True):
    """What the provider itself calls somebody (`subject`) and the session there (`sid`); each empty when it does not
    say."""

    subject: str
    sid: str


class Person(Struct, frozen=True):
    """Who logged in: `identity` is the value of the configured claim, `groups` those of the claim for roles;
    `logged_in` is when he last showed the provider who he is, in seconds since 1970, None when it does not say."""

    identity: str
    groups: tuple[str, ...]
    logged_in: int | None
    origin: Origin


def settings() -> Oidc | None:
    """None where no provider is configured. Raises OpleverError (`config-invalid`)."""
    return config.load().desk.oidc


def configured() -> Oidc:
    """Raises OpleverError (`provider-none`, `config-invalid`)."""
    oidc = settings()
    if oidc is None:
        raise OpleverError(
            "provider-none",
            M_("this desk has no other login than its own"),
            M_("log in with a password, or set desk.oidc in oplever.yml"),
        )
    return oidc


def name_of(oidc: Oidc) -> str:
    """How pages call the provider."""
    return oidc.name or urlsplit(oidc.issuer).netloc


def find(oidc: Oidc) -> Provider:
    """What the provider says of itself; kept for an hour. Raises OpleverError: `provider-unreachable`,
    `extra-missing`."""
    return _find(oidc, _hour())


def _hour() -> int:
    return int(time.monotonic() / _KEPT_SECONDS)


@lru_cache(maxsize=4)
def _find(oidc: Oidc, _hour: int) -> Provider:
    for module in ("httpx2", "joserfc"):
        extras.load(module, "oidc")
    about = _get(oidc, f"{oidc.issuer.rstrip('/')}/.well-known/openid-configuration")
    if about.get("issuer") != oidc.issuer:
        raise _unreachable(oidc, M_("it calls itself {issuer}", issuer=str(about.get("issuer"))[:200]))
    authorization, token, keys = (
        str(about.get(name, "")) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")
    )
    for place in (authorization, token, keys):
        if not _is_safe(place):
            raise _unreachable(oidc, M_("{address} is no address with https", address=place[:200] or "-"))
    end = str(about.get("end_session_endpoint", ""))
    return Provider(oidc, authorization, token, keys, _get(oidc, keys), end if _is_safe(end) else "")


def begin() -> Request:
    """Three secrets that nobody had before."""
    return Request(*(secrets.token_urlsafe(32) for _ in range(3)))


def address(provider: Provider, request: Request, callback: str, *, anew: bool) -> str:
    """Where a browser goes to log in; `anew` whoever is logged in there has to show again who he is."""
    challenge = base64.urlsafe_b64encode(hashlib.sha256(request.verifier.encode()).digest()).rstrip(b"=").decode()
    values = {
        "response_type": "code",
        "client_id": provider.settings.client,
        "redirect_uri": callback,
        "scope": " ".join(("openid", *provider.settings.scopes)),
        "state": request.state,
        "nonce": request.nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    if anew:
        values |= {"prompt": "login", "max_age": "0"}
    return _with(provider.authorization, values)


def end_address(provider: Provider, after: str) -> str:
    """Where a browser goes to log out at the provider, and `after` that. It has no ID token with it, since none is
    kept: a provider then asks whether somebody wants to log out, so that no other site can make it do so.

    Raises OpleverError (`provider-no-logout`).
    """
    if not provider.end:
        name = name_of(provider.settings)
        raise OpleverError(
            "provider-no-logout",
            M_("{provider} does not say where one logs out", provider=name),
            M_("log out on a page of {provider} itself, or close every window of the browser", provider=name),
        )
    return _with(provider.end, {"client_id": provider.settings.client, "post_logout_redirect_uri": after})


def _with(place: str, values: Mapping[str, str]) -> str:
    return f"{place}{'&' if '?' in place else '?'}{urlencode(values)}"


def person(provider: Provider, code: str, verifier: str, nonce: str, callback: str, *, since: int | None) -> Person:
    """Who this code is for; with `since` he has to have logged in at that moment (seconds since 1970) or later.

    Raises OpleverError: `provider-refused` when anything of the answer is not as it has to be, `provider-unreachable`.
    """
    oidc = provider.settings
    claims = _claims(provider, _token(provider, code, verifier, callback), nonce)
    moment = claims.get("auth_time")
    logged_in = int(moment) if isinstance(moment, int | float) else None
    if since is not None and (logged_in is None or logged_in < since - _LEEWAY):
        raise refused(oidc, M_("you did not log in there again"))
    identity = claims.get(oidc.claim)
    if not isinstance(identity, str) or not identity.strip():
        raise refused(oidc, M_("it gives no {claim}", claim=oidc.claim))
    groups = claims.get(oidc.roles.claim) if oidc.roles else ()
    names = [groups] if isinstance(groups, str) else groups if isinstance(groups, list | tuple) else ()
    origin = Origin(_word(claims, "sub"), _word(claims, "sid"))
    return Person(identity.strip(), tuple(name for name in names if isinstance(name, str)), logged_in, origin)


def _word(claims: Mapping[str, Any], name: str) -> str:
    """A claim that is a text; empty when it is none."""
    value = claims.get(name)
    return value if isinstance(value, str) else ""


def logged_out(provider: Provider, token: str) -> Origin:
    """Who logged out there, by a token that the provider sent (OpenID Connect Back-Channel Logout 1.0).

    Raises OpleverError (`provider-refused`) when it is not one for this desk, or an old one.
    """
    oidc = provider.settings
    claims = _checked(provider, token, {"jti": {"essential": True}}, is_of_anybody=True)
    events = claims.get("events")
    origin = Origin(_word(claims, "sub"), _word(claims, "sid"))
    is_notice = isinstance(events, dict) and _LOGGED_OUT in events and "nonce" not in claims
    if not is_notice or origin == Origin("", ""):
        raise refused(oidc, M_("it does not say who logged out"))
    if not isinstance(claims["iat"], int | float) or claims["iat"] < time.time() - _OLDEST_NOTICE:
        raise refused(oidc, M_("the notice is too old"))
    return origin


def refused(oidc: Oidc, reason: str) -> OpleverError:
    return OpleverError(
        "provider-refused",
        M_("the login at {provider} does not count: {reason}", provider=name_of(oidc), reason=reason),
        M_("log in again; if that does not help, tell the administrator what it says here"),
    )


def _unreachable(oidc: Oidc, reason: str) -> OpleverError:
    return OpleverError(
        "provider-unreachable",
        M_("{issuer} cannot be used to log in: {reason}", issuer=oidc.issuer, reason=reason),
        M_("check desk.oidc in oplever.yml, and look whether that address answers; a password still works"),
    )


def _is_safe(place: str) -> bool:
    """Whether what goes there is seen by nobody else: over TLS, or on this computer."""
    try:
        parts = urlsplit(place)
    except ValueError:  # it is no address
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1", "localhost"))


def _get(oidc: Oidc, place: str) -> dict[str, Any]:
    return _answer(oidc, "GET", place)


def _token(provider: Provider, code: str, verifier: str, callback: str) -> str:
    oidc = provider.settings
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": callback,
        "client_id": oidc.client,
        "code_verifier": verifier,
    }
    if oidc.secret:
        form["client_secret"] = password(oidc.secret)
    token = _answer(oidc, "POST", provider.token, form).get("id_token")
    if not isinstance(token, str):
        raise refused(oidc, M_("it gives no ID token"))
    return token


def _answer(oidc: Oidc, method: str, place: str, form: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A JSON object from the provider. Raises OpleverError."""
    httpx = extras.load("httpx2", "oidc")
    try:
        with httpx.Client(timeout=_SECONDS, verify=_ssl_context(oidc, _hour()), trust_env=False) as client:
            answer = client.request(method, place, data=form, headers={"accept": "application/json"})
            is_refusal = form is not None and 400 <= answer.status_code < 500
            content = answer.json() if len(answer.content) <= _LARGEST else None
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as problem:
        raise _unreachable(oidc, " ".join(str(problem).split())[:300] or type(problem).__name__) from None
    if is_refusal:
        reason = str(content.get("error", answer.status_code)) if isinstance(content, dict) else answer.status_code
        raise refused(oidc, M_("it says {error}", error=str(reason)[:100]))
    if answer.status_code != 200 or not isinstance(content, dict):
        raise _unreachable(oidc, M_("{address} answers {status}", address=place, status=answer.status_code))
    return content


@lru_cache(maxsize=4)
def _ssl_context(oidc: Oidc, _hour: int) -> ssl.SSLContext:
    """The certificates that count; reading those of the system takes longer than the rest of a login."""
    if oidc.ca:
        return ssl.create_default_context(cafile=str(config.path_beside(oidc.ca)))
    context: ssl.SSLContext = extras.load("httpx2", "oidc").create_ssl_context(trust_env=False)
    return context


def _claims(provider: Provider, token: str, nonce: str) -> dict[str, Any]:
    """What the ID token says, when it is one for this login at this desk. Raises OpleverError (`provider-refused`)."""
    oidc = provider.settings
    checks: dict[str, dict[str, object]] = {
        "sub": {"essential": True},
        "exp": {"essential": True},
        "nonce": {"essential": True, "value": nonce},
    }
    claims = _checked(provider, token, checks)
    is_for_several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if (is_for_several or "azp" in claims) and claims.get("azp") != oidc.client:
        raise refused(oidc, M_("the ID token is for somebody else"))
    return claims


def _checked(
    provider: Provider, token: str, checks: Mapping[str, dict[str, object]], *, is_of_anybody: bool = False
) -> dict[str, Any]:
    """The claims of a token that the provider signed for this desk, and that has what `checks` asks besides; one that
    `is_of_anybody` did not come from the provider by a request of the desk. Raises OpleverError (`provider-refused`).
    """
    oidc = provider.settings
    jwt, errors = extras.load("joserfc.jwt", "oidc"), extras.load("joserfc.errors", "oidc")
    of_desk: dict[str, dict[str, object]] = {
        "iss": {"essential": True, "value": oidc.issuer},
        "aud": {"essential": True, "value": oidc.client},
        "iat": {"essential": True},
    }
    try:
        claims = _verified_claims(provider, token, is_of_anybody=is_of_anybody)
        jwt.JWTClaimsRegistry(leeway=_LEEWAY, **of_desk, **checks).validate(claims)
    except (errors.JoseError, ValueError, TypeError, KeyError) as problem:
        raise refused(oidc, " ".join(str(problem).split())[:200]) from None
    return claims


def _verified_claims(provider: Provider, token: str, *, is_of_anybody: bool) -> dict[str, Any]:
    """The claims of a token that the provider signed. Raises JoseError, ValueError."""
    jwt, errors = extras.load("joserfc.jwt", "oidc"), extras.load("joserfc.errors", "oidc")
    import_keys = extras.load("joserfc.jwk", "oidc").KeySet.import_key_set
    try:
        claims: dict[str, Any] = jwt.decode(token, import_keys(provider.keys), algorithms=list(ALGORITHMS)).claims
    except (errors.JoseError, ValueError):
        oidc, address = provider.settings, provider.keys_address
        minute = int(time.monotonic() / _KEYS_SECONDS)
        keys = _keys_of_minute(oidc, address, minute) if is_of_anybody else _get(oidc, address)
        if keys == provider.keys:
            raise
        _find.cache_clear()  # it signs with another key since it was asked
        claims = jwt.decode(token, import_keys(keys), algorithms=list(ALGORITHMS)).claims
    return claims


@lru_cache(maxsize=4)
def _keys_of_minute(oidc: Oidc, address: str, _minute: int) -> dict[str, Any]:
    return _get(oidc, address)
