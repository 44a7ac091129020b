"""A small OpenID provider as a program: it signs in whom it is told to, and can be told to lie.

    python provider.py PORT

`GET /next?...` says what its next tokens hold: claims as parameters, and `lie` for a way to be
wrong. It checks what a provider has to: client, secret, redirect, code used once, PKCE.
"""

import base64
import hashlib
import hmac
import json
import secrets
import sys
import time
from typing import Any
from urllib.parse import urlencode

import uvicorn
from fastapi import FastAPI, Form, Header, HTTPException, Request
from fastapi.responses import RedirectResponse
from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "cbir", "between the two of us"


class Provider:
    """What it knows: its keys, what it was told to say next, and the codes that it gave."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
        self.other = RSAKey.generate_key(2048, {"kid": "one"})
        self.told: dict[str, str] = {}
        self.codes: dict[str, dict[str, str]] = {}

    def application(self) -> FastAPI:
        app = FastAPI()
        app.get("/.well-known/openid-configuration")(self.facts)
        app.get("/keys")(self.keys)
        app.get("/next")(self.say)
        app.get("/authorize")(self.authorize)
        app.post("/token")(self.token)
        return app

    def facts(self) -> dict[str, Any]:
        issuer = self.issuer
        return {
            "issuer": "http://127.0.0.1:1" if self.told.get("lie") == "name" else issuer,
            "authorization_endpoint": f"{issuer}/authorize",
            "token_endpoint": f"{issuer}/token",
            "jwks_uri": f"{issuer}/keys",
        }

    def keys(self) -> dict[str, Any]:
        return {"keys": [self.key.as_dict(private=False)]}

    def say(self, request: Request) -> dict[str, str]:
        self.told = dict(request.query_params)
        return self.told

    def authorize(self, request: Request) -> RedirectResponse:
        asked = dict(request.query_params)
        if asked["client_id"] != CLIENT or asked["response_type"] != "code":
            raise HTTPException(400)
        if asked["code_challenge_method"] != "S256" or "openid" not in asked["scope"].split():
            raise HTTPException(400)
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        state = "another" if self.told.get("lie") == "state" else asked["state"]
        back = {"state": state, "code": code}
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(back)}", 302)

    def token(
        self,
        code: str = Form(),
        redirect_uri: str = Form(),
        code_verifier: str = Form(),
        grant_type: str = Form(),
        authorization: str = Header(),
    ) -> dict[str, Any]:
        known = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        asked = self.codes.pop(code, None)
        if asked is None or authorization != f"Basic {known}" or grant_type != "authorization_code":
            raise HTTPException(400, "invalid_grant")
        digest = base64.urlsafe_b64encode(hashlib.sha256(code_verifier.encode()).digest())
        if digest.rstrip(b"=").decode() != asked["code_challenge"]:
            raise HTTPException(400, "invalid_grant")
        if redirect_uri != asked["redirect_uri"]:
            raise HTTPException(400, "invalid_grant")
        claims = _claims(self.issuer, asked["nonce"], self.told)
        return {"access_token": "a", "token_type": "Bearer", "id_token": self._signed(claims)}

    def _signed(self, claims: dict[str, Any]) -> str:
        lie = self.told.get("lie")
        if lie in ("symmetric", "unsigned"):
            return _forged(claims, self.key.as_pem(private=False) if lie == "symmetric" else b"")
        header = {"alg": "RS256", "kid": "one"}
        return jwt.encode(header, claims, self.other if lie == "key" else self.key)


def _claims(issuer: str, nonce: str, told: dict[str, str]) -> dict[str, Any]:
    lie, now = told.get("lie"), int(time.time())
    return {
        "iss": "http://127.0.0.1:1" if lie == "issuer" else issuer,
        "aud": "somebody else" if lie == "audience" else CLIENT,
        "sub": "1",
        "iat": now - 1000 if lie == "time" else now,
        "exp": now - 900 if lie == "time" else now + 300,
        "nonce": "another" if lie == "nonce" else nonce,
        "preferred_username": told.get("name", "olga"),
        "groups": told.get("groups", "radiology").split(","),
    }


def _forged(claims: dict[str, Any], secret: bytes) -> str:
    """Without a signature; or with the public key taken for a shared secret."""
    head = {"alg": "HS256", "kid": "one"} if secret else {"alg": "none"}
    body = b".".join(_base64(json.dumps(one).encode()) for one in (head, claims))
    signature = hmac.digest(secret, body, "sha256") if secret else b""
    return (body + b"." + _base64(signature)).decode()


def _base64(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


if __name__ == "__main__":
    port = int(sys.argv[1])
    uvicorn.run(Provider(f"http://127.0.0.1:{port}").application(), port=port, log_level="warning")
