"""Signing in at somebody else's: OpenID Connect, code flow with PKCE, state and nonce (Authlib).

`oidc.toml` in the folder of the users turns it on:

    issuer = "https://sign-in.hospital.example/realms/radiology"
    client_id = "cbir"
    client_secret_file = "oidc.secret"      # optional
    name_claim = "preferred_username"       # what a person is called in the audit log
    role_claim = "groups"
    [roles]                                 # value of that claim -> role; nobody else gets in
    radiology = "reader"
"""

import hmac
import secrets
import threading
import time
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from models.errors import UsageError
from retrieval.web.access import private_file
from retrieval.web.access.roles import ROLES, Person
from retrieval.web.access.tokens import digest
from retrieval.web.problems import Problem

FILE = "oidc.toml"
COOKIE = "__Host-sign-in"
WITHIN_S = 600
_MOST = 1000
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
_TIMEOUT_S = 10
_LEEWAY_S = 60
_NAME_LENGTH = 128


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """What `oidc.toml` says. `secret`: of this server at the provider; may be empty."""

    issuer: str
    client_id: str
    secret: str
    name_claim: str
    role_claim: str
    roles: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Begun:
    """A sign-in that is under way."""

    state: str
    nonce: str
    verifier: str
    back: str
    until: float


class Provider:
    """An OpenID provider as this server uses it. Safe to use from several threads."""

    def __init__(self, settings: ProviderSettings) -> None:
        """Asks nothing yet."""
        self._settings = settings
        self._lock = threading.Lock()
        self._begun: dict[str, _Begun] = {}

    @classmethod
    def of(cls, folder: Path) -> "Provider | None":
        """The one of a folder, None if it names none. Raises `UsageError`."""
        path = folder / FILE
        return cls(_settings(path)) if path.exists() else None

    def begin(self, back: str) -> tuple[str, str]:
        """The address to send a browser to, and the cookie that it has to bring back.

        `back`: this server's address that the provider sends it to. Raises `Problem`.
        """
        state, nonce, verifier, cookie = (secrets.token_urlsafe(32) for _ in range(4))
        with self._session(back) as session:
            facts = self._facts(session)
            address, _ = session.create_authorization_url(
                facts["authorization_endpoint"], state=state, code_verifier=verifier, nonce=nonce
            )
        now = time.monotonic()
        with self._lock:
            self._begun = {key: one for key, one in self._begun.items() if one.until > now}
            if len(self._begun) >= _MOST:
                raise Problem(429, "busy", "many people are signing in")
            self._begun[digest(cookie)] = _Begun(state, nonce, verifier, back, now + WITHIN_S)
        return str(address), cookie

    def finish(self, cookie: str, asked: Mapping[str, str]) -> Person:
        """Who has come back from the provider. `asked`: the query of the address.

        Raises `Problem`: 401 if it is not what was begun with this browser or what it brings does
        not hold, 403 if he has no role here.
        """
        with self._lock:
            begun = self._begun.pop(digest(cookie), None)
        if begun is None or begun.until < time.monotonic():
            raise _refused("this sign-in was not begun here, or too long ago")
        if not hmac.compare_digest(begun.state.encode(), asked.get("state", "").encode()):
            raise _refused("the provider's answer does not belong to this sign-in")
        if not asked.get("code"):
            raise _refused("the provider has not signed anybody in")
        return self._person(self._claims(begun, asked["code"]))

    def _claims(self, begun: _Begun, code: str) -> Mapping[str, Any]:
        from authlib.common.errors import AuthlibBaseError
        from authlib.oidc.core import CodeIDToken
        from joserfc import jwt
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet, KeySetSerialization
        from joserfc.jws import JWSRegistry

        wanted = self._settings
        try:
            with self._session(begun.back) as session:
                facts = self._facts(session)
                token = session.fetch_token(
                    facts["token_endpoint"], code=code, code_verifier=begun.verifier
                )
                keys = KeySet.import_key_set(
                    cast(KeySetSerialization, _json(session, facts["jwks_uri"]))
                )
            registry = JWSRegistry(algorithms=list(_ALGORITHMS), strict_check_header=False)
            read = jwt.decode(token["id_token"], key=keys, registry=registry)
            claims = CodeIDToken(
                read.claims,
                read.header,
                {
                    "iss": {"essential": True, "value": wanted.issuer},
                    "aud": {"essential": True, "value": wanted.client_id},
                },
                {"nonce": begun.nonce, "client_id": wanted.client_id},
            )
            claims.validate(leeway=_LEEWAY_S)
        except OSError as error:  # which the errors of requests are
            raise _unreached("the provider cannot be reached") from error
        except (AuthlibBaseError, JoseError, KeyError, TypeError, ValueError) as error:
            raise _refused("what the provider says does not hold") from error
        return dict(claims)

    def _person(self, claims: Mapping[str, Any]) -> Person:
        settings = self._settings
        said = claims.get(settings.role_claim)
        groups = said if isinstance(said, list) else [said]
        roles = {
            settings.roles[one] for one in groups if isinstance(one, str) and one in settings.roles
        }
        name = claims.get(settings.name_claim)
        if not isinstance(name, str) or not name.strip() or len(name) > _NAME_LENGTH:
            raise _refused(f"the provider does not say {settings.name_claim}")
        if not roles:
            raise Problem(403, "no_role", "you are known, but have no role here")
        role = max(roles, key=list(ROLES).index)
        return Person(name, role, ROLES[role], "session")

    def _session(self, back: str) -> Any:
        from authlib.integrations.requests_client import OAuth2Session

        return OAuth2Session(
            self._settings.client_id,
            self._settings.secret or None,
            token_endpoint_auth_method="client_secret_basic" if self._settings.secret else "none",
            scope="openid profile",
            redirect_uri=back,
            code_challenge_method="S256",
            default_timeout=_TIMEOUT_S,
        )

    def _facts(self, session: Any) -> Mapping[str, Any]:
        """What the provider tells of itself (OpenID Connect Discovery 1.0, 4). Raises `Problem`."""
        issuer = self._settings.issuer
        facts = _json(session, f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if facts.get("issuer") != issuer:
            raise _unreached(f"the provider calls itself otherwise than {FILE} does")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not _is_safe(str(facts.get(name, ""))):
                raise _unreached(f"the provider's {name} is not reached by https")
        return facts


def _json(session: Any, address: str) -> Mapping[str, Any]:
    from requests import RequestException

    try:
        response = session.get(address, withhold_token=True)
        response.raise_for_status()
        told = response.json()
    except (RequestException, ValueError) as error:
        raise _unreached("the provider cannot be reached") from error
    if not isinstance(told, dict):
        raise _unreached("the provider's answer is not what was expected")
    return told


def _settings(path: Path) -> ProviderSettings:
    try:
        told = tomllib.loads(path.read_text("utf-8"))
        secret = told.pop("client_secret_file", "")
        read = private_file.read(path.parent / secret).decode().strip() if secret else ""
        settings = ProviderSettings(
            secret=read,
            name_claim=str(told.pop("name_claim", "preferred_username")),
            role_claim=str(told.pop("role_claim", "groups")),
            **told,
        )
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UsageError(
            f"{path} cannot be used ({type(error).__name__}); it names issuer, client_id, "
            "client_secret_file, name_claim, role_claim and a table of roles (docs/security.md)"
        ) from error
    if not _is_safe(str(settings.issuer)):
        raise UsageError(f"{path}: issuer is not reached by https")
    wrong = sorted(set(settings.roles.values()) - set(ROLES))
    if wrong or not settings.roles:
        raise UsageError(f"{path}: roles are {', '.join(ROLES)}, not {', '.join(wrong) or 'none'}")
    return settings


def _is_safe(address: str) -> bool:
    """Whether nobody can read along on the way: https, or this machine itself."""
    parts = urlsplit(address)
    return parts.scheme == "https" or (
        parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1", "localhost")
    )


def _refused(why: str) -> Problem:
    return Problem(401, "sign_in_refused", why, "Sign in again.")


def _unreached(why: str) -> Problem:
    return Problem(502, "provider", why, "Ask who runs this server to look at its sign-in.")
