"""`authType: jwt`: a JSON Web Token (RFC 7519) signed here, sent as `Authorization: Bearer`."""

import math
import uuid
import warnings

import httpx
import jwt

from auth.renewal import renewal_age
from auth.strategy import CLOCK, Clock, SignedAuth, with_bearer
from redaction import Redactor
from settings.credentials import JwtSettings, SigningSettings
from settings.signing_key import load_key

# Clocks differ; a token from the future would be refused.
_BACKDATED = 30


class JwtSigner:
    """A shared secret or private key, which signs tokens; a claim that is None is left out."""

    def __init__(self, settings: SigningSettings) -> None:
        self.lifetime = settings.token_lifetime
        self._algorithm = settings.signing_algorithm
        self._key = load_key(settings.signing_text or "", self._algorithm)
        self._claims = settings.token_claims
        self._headers = settings.token_headers

    def sign(self, now: float, **defaults: str) -> str:
        """Return a new token of `now`, in seconds since 1970; `claims` win over `defaults`."""
        issued = int(now) - self.backdated
        times = {"iat": issued, "nbf": issued, "exp": issued + self.lifetime}
        claims = {**times, "jti": str(uuid.uuid4()), **defaults, **self._claims}
        given = {name: value for name, value in claims.items() if value is not None}
        with warnings.catch_warnings():
            # How long its secret is has been decided by the API.
            warnings.simplefilter("ignore", jwt.InsecureKeyLengthWarning)
            return jwt.encode(given, self._key, self._algorithm, self._headers)

    @property
    def backdated(self) -> int:
        """The seconds by which a token is older than its moment; its lifetime counts from there."""
        return min(_BACKDATED, self.lifetime // 10)


class JwtAuth(SignedAuth):
    """A token that is sent until shortly before it expires, or a new one with every attempt."""

    serves = JwtSettings

    def __init__(self, settings: JwtSettings, redactor: Redactor, clock: Clock = CLOCK) -> None:
        self._signer = JwtSigner(settings)
        self._redactor = redactor
        self._clock = clock
        valid_for = renewal_age(self._signer.lifetime) - self._signer.backdated
        self._valid_for = 0.0 if settings.token_per_request else valid_for
        self._token = ""
        self._signed_at: float = -math.inf

    def sign(self, request: httpx.Request) -> httpx.Request:
        return with_bearer(request, self._current())

    def _current(self) -> str:
        age = self._clock.now() - self._signed_at
        # A clock that was set back makes a token of the future, which no API takes.
        if not 0 <= age < self._valid_for:
            # Its times are whole seconds, from which its age counts as well.
            self._signed_at = math.floor(self._clock.now())
            self._token = self._signer.sign(self._signed_at)
            if self._valid_for:
                self._redactor.learn_renewed(self._token)
            else:
                # One for each request is too many to be masked one by one.
                self._redactor.hold(self._token)
        return self._token
