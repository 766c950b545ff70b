"""`authType: jwt`: a JSON Web Token (RFC 7519) signed here, sent as `Authorization: Bearer`."""

import httpx

from auth.renewal import renewal_age
from auth.signing import JwtSigner
from auth.strategy import CLOCK, Clock, SignedAuth, with_bearer
from redaction import Redactor
from settings.credentials import JwtSettings


class JwtAuth(SignedAuth):
    """Sends one token until shortly before it expires, or a new one with every attempt."""

    serves = JwtSettings

    def __init__(self, settings: JwtSettings, redactor: Redactor, clock: Clock = CLOCK) -> None:
        self._signer = JwtSigner.of(settings)
        self._redactor = redactor
        self._clock = clock
        valid_for = renewal_age(self._signer.lifetime) - self._signer.backdated
        self._valid_for = 0.0 if settings.token_per_request else valid_for
        self._token = ""
        self._signed_at = float("-inf")

    def sign(self, request: httpx.Request) -> httpx.Request:
        return with_bearer(request, self._current())

    def _current(self) -> str:
        age = self._clock.now() - self._signed_at
        # A clock that was set back makes a token of the future, which no API takes.
        if not 0 <= age < self._valid_for:
            self._signed_at = self._clock.now()
            self._token = self._signer.sign(self._signed_at)
            if self._valid_for:
                self._redactor.learn_renewed(self._token)
        return self._token
