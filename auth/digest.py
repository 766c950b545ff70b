"""`authType: digest`: a user name and password as a hash that a challenge asks for (RFC 7616)."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager

import httpx

from auth.strategy import AuthStrategy
from errors import AuthenticationError
from redaction import Redactor
from settings.credentials import DigestSettings
from settings.types import revealed
from statuses import Meaning, meaning_of

# Each round is a request with the last challenge, and one with the new challenge in its answer.
_MOST_ROUNDS = 3


class DigestAuth(AuthStrategy):
    """The digest of user name and password, for the last challenge that the API gave.

    httpx makes it: it remembers a challenge, so that mostly only the first request is sent twice,
    and counts how often a nonce was used. That is not enough where many requests share one nonce:
    they overtake each other on the way, or one is retried, and a strict server takes no count twice
    and none that is lower than the last. Then there is another round, with another nonce.
    """

    serves = DigestSettings

    def __init__(self, settings: DigestSettings, redactor: Redactor) -> None:
        self._digest = httpx.DigestAuth(settings.username or "", revealed(settings.password))
        self._was_accepted = False

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        """Send the request with a digest, and again where its answer is a new challenge.

        Raises:
            AuthenticationError: the challenge asks for what is not possible here.
        """
        for _ in range(_MOST_ROUNDS):
            with _explaining():
                response = yield from self._round(request)
            if meaning_of(response.status_code) is not Meaning.UNAUTHENTICATED:
                self._was_accepted |= "Authorization" in request.headers
                return
            # A password that is wrong is not tried again and again, which could lock the account.
            if not (self._was_accepted or _is_stale(response)):
                return

    def _round(
        self, request: httpx.Request
    ) -> Generator[httpx.Request, httpx.Response, httpx.Response]:
        """Return the answer to the last request of one round."""
        flow = self._digest.auth_flow(request)
        response = yield next(flow)
        try:
            while True:
                response = yield flow.send(response)
        except StopIteration:
            return response


def _is_stale(response: httpx.Response) -> bool:
    """Return whether only the nonce was refused (RFC 7616, section 3.3)."""
    challenge = response.headers.get("www-authenticate", "").lower().replace(" ", "")
    return "stale=true" in challenge or 'stale="true"' in challenge


@contextmanager
def _explaining() -> Iterator[None]:
    try:
        yield
    except NotImplementedError:
        # httpx has no qop auth-int (RFC 7616, section 3.4.3), which signs the body as well; servers
        # that ask for it offer auth beside it, and where one does not, no request is sent.
        raise _impossible("asks for qop auth-int only, and auth is what is possible") from None
    except KeyError:
        raise _impossible(
            "names an algorithm other than MD5, SHA, SHA-256, SHA-512 and these with -SESS"
        ) from None
    except (httpx.ProtocolError, ValueError):
        raise _impossible("cannot be read, or username is not ASCII") from None


def _impossible(why: str) -> AuthenticationError:
    return AuthenticationError(
        f"the API's challenge for Digest {why}",
        advice="look at username, and whether the API takes another authType",
    )
