"""`authType: oauth2`: access tokens from a token endpoint (RFC 6749, 7523, 8693, 8705)."""

import math
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx

from api_messages import address_below
from auth.json_web_token import JwtSigner
from auth.refresh_tokens import RefreshTokens
from auth.renewal import Credentials, RenewedAuth, own_headers, shown_endpoint
from auth.strategy import CLOCK, Clock, with_bearer
from errors import AuthenticationError
from formats.json_text import parse
from redaction import Redactor
from settings.basic_credentials import client_pair
from settings.connection import ConnectionSettings
from settings.credentials import OAuthSettings
from settings.types import revealed
from transport.exchange import Exchange

# Seconds; a token that is refused earlier is renewed after a 401.
_SHORTEST_LIFE = 10.0
_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_CLIENT_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"  # noqa: S105 (no secret)
# Bytes; a file that is larger is no token.
_LONGEST_TOKEN = 65_536
_NO_TOKEN = "the token endpoint's answer holds no access_token that a header can carry"  # noqa: S105 (no secret)
# What the codes of RFC 6749, section 5.2 mean here. Of an answer, only code and description, which
# the RFC gives developers to read, may be quoted.
_ADVICE = {
    "invalid_request": "look at grantType, scope, audience and tokenParameters",
    "invalid_client": "look at clientId, clientSecret and clientAuthentication",
    "unauthorized_client": "this client may not use this grantType",
    "unsupported_grant_type": "look at grantType and tokenUrl",
    "invalid_scope": "look at scope",
}
_ADVICE_BY_GRANT = {
    "client_credentials": "look at clientId and clientSecret",
    "refresh_token": "the refresh token has expired, was revoked or was used before: put a new one "
    "into refreshToken",
    "password": "look at username and password",
    "jwt_bearer": "look at signingKey, tokenClaims and the clock of this machine",
    "token_exchange": "the token in subjectToken or subjectTokenFile has expired, or tokenUrl does "
    "not trust who issued it",
}


@dataclass(frozen=True, slots=True)
class AccessToken(Credentials):
    """An access token, and its lifetime in seconds; None when only a 401 tells."""

    value: str = field(repr=False)
    lifetime: float | None

    def apply(self, request: httpx.Request, *, waited: bool) -> httpx.Request:
        return with_bearer(request, self.value)


class OAuthAuth(RenewedAuth):
    """Access tokens, which are traded for the grant that the settings name, and renewed."""

    serves = OAuthSettings

    def __init__(
        self, settings: ConnectionSettings, redactor: Redactor, clock: Clock = CLOCK
    ) -> None:
        self._url = httpx.URL(address_below(settings.base_url, settings.token_url or ""))
        super().__init__(
            name=f"{settings.grant_type} at tokenUrl",
            endpoint=shown_endpoint("POST", self._url, redactor),
            advice="look at tokenUrl",
            clock=clock,
        )
        self._settings = settings
        self._signer = JwtSigner(settings) if settings.signing_text else None
        self._redactor = redactor
        given = revealed(settings.refresh_token)
        self._refresh_tokens = RefreshTokens(given, settings.refresh_token_file)

    @property
    def is_at_risk(self) -> bool:
        """True while a refresh token is traded for another one, until that is stored."""
        return self._settings.grant_type == "refresh_token" and self._lock.locked()

    def _alone(self) -> AbstractAsyncContextManager[object]:
        if self._settings.grant_type == "refresh_token":
            return self._refresh_tokens.exclusively()
        return super()._alone()

    def _request_credentials(self) -> httpx.Request:
        headers = {
            **own_headers(self._url, self._settings),
            "Accept": "application/json",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        named = {"scope": self._settings.scope, "audience": self._settings.audience}
        form = {**self._grant(), **named, **self._client(headers)}
        form = {name: value for name, value in form.items() if value}
        form |= self._settings.token_parameters
        request = httpx.Request("POST", self._url, headers=headers, content=urlencode(form))
        # An answer that got lost would take the new refresh token along.
        rotates = self._settings.grant_type == "refresh_token"
        Exchange(rescue=self._rescue if rotates else None).attach_to(request)
        return request

    def _rescue(self, response: httpx.Response) -> None:
        with suppress(AuthenticationError):
            self._store(response)

    def _grant(self) -> dict[str, str]:
        settings = self._settings
        match settings.grant_type:
            case "refresh_token":
                token = self._refresh_tokens.current()
                if not token:
                    raise AuthenticationError(
                        f"there is no refresh token in {settings.refresh_token_file}",
                        advice="put one into refreshToken",
                    )
                if self._redactor.text(token) == token:
                    self._redactor.learn_renewed(token)
                return {"grant_type": "refresh_token", "refresh_token": token}
            case "password":
                password = revealed(settings.password)
                user = {"username": settings.username or "", "password": password}
                return {"grant_type": "password", **user}
            case "jwt_bearer":
                return {"grant_type": _JWT_BEARER, "assertion": self._assertion()}
            case "token_exchange":
                subject = {"subject_token": self._subject_token()}
                kind = {"subject_token_type": settings.subject_token_type}
                return {"grant_type": _TOKEN_EXCHANGE, **subject, **kind}
        return {"grant_type": settings.grant_type}

    def _subject_token(self) -> str:
        """Return the token to trade; a file is read each time, because others renew it.

        Raises:
            AuthenticationError: it cannot be read, or holds no token.
        """
        file = self._settings.subject_token_file
        if file is None:
            return revealed(self._settings.subject_token)
        try:
            with file.open("rb") as opened:
                token = opened.read(_LONGEST_TOKEN + 1).decode("ascii").strip()
        except OSError as error:
            raise _no_subject(f"{file} cannot be read: {error.strerror}") from None
        except UnicodeDecodeError:
            raise _no_subject(f"{file} cannot be read: it is no text in ASCII") from None
        if not token or len(token) > _LONGEST_TOKEN or not token.isprintable():
            raise _no_subject(f"{file} holds no token")
        if self._redactor.text(token) == token:
            self._redactor.learn_renewed(token, of="subjectToken")
        return token

    def _client(self, headers: dict[str, str]) -> dict[str, str]:
        """Return form fields that prove who the client is, or add a header to `headers` instead.

        See RFC 6749, section 2.3.1, and RFC 7523, section 2.2.
        """
        settings = self._settings
        identity = settings.client_id or ""
        secret = revealed(settings.client_secret)
        if settings.client_authentication == "assertion":
            proof = {"client_assertion": self._assertion(sub=identity)}
            return {"client_id": identity, "client_assertion_type": _CLIENT_ASSERTION, **proof}
        if settings.client_authentication == "certificate":
            # The connection shows it (RFC 8705, section 2).
            return {"client_id": identity}
        if secret and settings.client_authentication == "header":
            headers["Authorization"] = f"Basic {client_pair(identity, secret)}"
            return {}
        return {"client_id": identity, "client_secret": secret}

    def _assertion(self, **claims: str) -> str:
        assert self._signer  # noqa: S101 (checked by ConnectionSettings.parse)
        if self._settings.client_id:
            claims["iss"] = self._settings.client_id
        return self._signer.sign(self._clock.now(), aud=str(self._url), **claims)

    async def _receive(self, response: httpx.Response) -> None:
        self._store(response)

    def _store(self, response: httpx.Response) -> None:
        with self._noticing_failure(self._endpoint):
            token = self._evaluate(response)
        self._keep(token)

    def _evaluate(self, response: httpx.Response) -> AccessToken:
        answer = _read(response)
        # Some, GitHub among them, refuse with 200.
        if not response.is_success or (answer.get("error") and "access_token" not in answer):
            raise self._refused(response.status_code, answer)
        token = answer.get("access_token")
        used = {"access_token": token, "refresh_token": answer.get("refresh_token")}
        self._redactor.learn_renewed(used, answer)
        if not (isinstance(token, str) and token.isascii() and token.isprintable() and token):
            raise AuthenticationError(_NO_TOKEN, advice="look at tokenUrl")
        renewed = answer.get("refresh_token")
        if self._settings.grant_type == "refresh_token" and renewed and isinstance(renewed, str):
            self._refresh_tokens.replace(renewed)
        return AccessToken(token, _lifetime(answer.get("expires_in")))

    def _refused(self, status: int, answer: Mapping[str, Any]) -> AuthenticationError:
        code, description = self._quoted(answer, "error"), self._quoted(answer, "error_description")
        grant = self._settings.grant_type
        advice = _ADVICE_BY_GRANT[grant] if code == "invalid_grant" else _ADVICE.get(code)
        return AuthenticationError(
            f"the token endpoint answered {status}{f' with {code}' if code else ''}",
            said=description,
            advice=advice or "look at tokenUrl and the settings of grantType",
        )

    def _quoted(self, answer: Mapping[str, Any], name: str) -> str:
        """Return a text of the answer, masked and on one line; empty where it is none."""
        text = answer.get(name)
        return self._redactor.excerpt(text.encode()) if isinstance(text, str) else ""


def _no_subject(why: str) -> AuthenticationError:
    return AuthenticationError(why, advice="look at subjectTokenFile")


def _read(response: httpx.Response) -> Mapping[str, Any]:
    """Return the answer as an object; empty where it is none and is an error anyway."""
    try:
        answer = parse(response.content)
    except (ValueError, RecursionError):
        answer = None
    if isinstance(answer, Mapping):
        return answer
    if not response.is_success:
        return {}
    raise AuthenticationError(
        "the token endpoint's answer is not a JSON object", advice="look at tokenUrl"
    )


def _lifetime(expires_in: object) -> float | None:
    """Return seconds; None for no positive number: some send 0 for tokens that never expire.

    A life of less than a moment would mean a request for a token before each request.
    """
    try:
        seconds = float(expires_in)  # type: ignore[arg-type] # of whatever type the answer has
    except (TypeError, ValueError):
        return None
    return max(seconds, _SHORTEST_LIFE) if math.isfinite(seconds) and seconds > 0 else None
