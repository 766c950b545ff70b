"""`authType: jwt`: a JSON Web Token (RFC 7519) signed here, sent as `Authorization: Bearer`."""

import time
from collections.abc import Callable

import httpx

from auth.renewal import renewal_age
from auth.signed import SignedAuth
from auth.signing import JwtSigner
from redaction import Redactor


class JwtAuth(SignedAuth):
    """Sends one token until shortly before it expires, or a new one with every attempt.

    `clock` gives seconds since 1970, because others read the times in a token.
    """

    def __init__(
        self,
        signer: JwtSigner,
        *,
        per_request: bool,
        redactor: Redactor,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._signer = signer
        self._redactor = redactor
        self._clock = clock
        self._valid_for = 0.0 if per_request else renewal_age(signer.lifetime) - signer.backdated
        self._token = ""
        self._signed_at = float("-inf")

    def sign(self, request: httpx.Request) -> httpx.Request:
        headers = httpx.Headers(request.headers)
        headers["Authorization"] = f"Bearer {self._current()}"
        return httpx.Request(
            request.method,
            request.url,
            headers=headers,
            content=request.content,
            extensions=request.extensions,
        )

    def _current(self) -> str:
        age = self._clock() - self._signed_at
        # A clock that was set back makes a token of the future, which no API takes.
        if not 0 <= age < self._valid_for:
            self._signed_at = self._clock()
            self._token = self._signer.sign(self._signed_at)
            if self._valid_for:
                self._redactor.learn_renewed(self._token)
        return self._token
