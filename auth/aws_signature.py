"""`authType: aws_sigv4`: AWS Signature Version 4, in the Authorization header.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import hashlib
import hmac
import posixpath
from collections.abc import Iterable
from datetime import UTC, datetime
from urllib.parse import quote, unquote_to_bytes

import httpx

from auth.strategy import CLOCK, Clock, SignedAuth, copied
from redaction import Redactor
from settings.credentials import AwsSettings
from settings.types import revealed

_ALGORITHM = "AWS4-HMAC-SHA256"
_UNRESERVED = "-_.~"

type Pairs = Iterable[tuple[str, str]]


class SigV4Auth(SignedAuth):
    """A signature of method, path, query, Host, Content-Type, every X-Amz header and the body."""

    serves = AwsSettings

    def __init__(self, settings: AwsSettings, redactor: Redactor, clock: Clock = CLOCK) -> None:
        self._access_key_id = settings.access_key_id
        self._secret = revealed(settings.secret_access_key)
        self._session_token = revealed(settings.session_token)
        self._region = settings.signing_region or ""
        self._service = settings.signing_service
        self._clock = clock

    def sign(self, request: httpx.Request) -> httpx.Request:
        url = unambiguous(request.url)
        path, _, query = url.raw_path.decode("ascii").partition("?")
        # AWS takes a signature for five minutes only.
        moment = datetime.fromtimestamp(self._clock.now(), UTC).strftime("%Y%m%dT%H%M%SZ")
        digest = _sha256(request.content)
        headers = httpx.Headers(request.headers)
        headers["X-Amz-Date"] = moment
        headers["X-Amz-Content-Sha256"] = digest
        if self._session_token:
            headers["X-Amz-Security-Token"] = self._session_token
        signed = [pair for pair in headers.multi_items() if _is_signed(pair[0])]
        headers["Authorization"] = self.authorization(
            request.method, path, query, signed, digest, moment
        )
        return copied(request, headers, url=url)

    def authorization(
        self, method: str, path: str, query: str, headers: Pairs, digest: str, moment: str
    ) -> str:
        """Return the Authorization header of a request.

        Inputs: `path` and `query` as they are sent; `headers`, those to sign; `digest`, the SHA-256
        of the body in hex; `moment`, the X-Amz-Date, such as `20150830T123600Z`.
        """
        lines, names = _canonical_headers(headers)
        uri = path if self._service == "s3" else quote(_normal(path), safe=f"/{_UNRESERVED}")
        canonical_query = "&".join(f"{name}={value}" for name, value in sorted(_pairs(query)))
        whole = "\n".join([method, uri, canonical_query, *lines, "", names, digest])
        scope = f"{moment[:8]}/{self._region}/{self._service}/aws4_request"
        to_sign = "\n".join([_ALGORITHM, moment, scope, _sha256(whole.encode())])
        signature = _hmac(self._key_of(moment[:8]), to_sign).hex()
        credential = f"Credential={self._access_key_id}/{scope}"
        return f"{_ALGORITHM} {credential}, SignedHeaders={names}, Signature={signature}"

    def _key_of(self, date: str) -> bytes:
        key = f"AWS4{self._secret}".encode()
        for part in (date, self._region, self._service, "aws4_request"):
            key = _hmac(key, part)
        return key


def unambiguous(url: httpx.URL) -> httpx.URL:
    """Return the same address, encoded as AWS encodes it, so that both sides sign the same text.

    A plus in a query means a space, as everywhere where forms are sent; AWS reads it as a plus.
    """
    path, mark, query = url.raw_path.decode("ascii").partition("?")
    encoded = "/".join(map(_encoded, path.split("/")))
    pairs = "&".join(f"{name}={value}" for name, value in _pairs(query.replace("+", "%20")))
    return url.copy_with(raw_path=f"{encoded}{mark}{pairs}".encode("ascii"))


def _is_signed(name: str) -> bool:
    return name in ("host", "content-type") or name.startswith("x-amz-")


def _canonical_headers(headers: Pairs) -> tuple[list[str], str]:
    """Return a line for each header, and the names of all."""
    values: dict[str, list[str]] = {}
    for name, value in headers:
        values.setdefault(name.lower(), []).append(" ".join(value.split()))
    names = sorted(values)
    return [f"{name}:{','.join(values[name])}" for name in names], ";".join(names)


def _pairs(query: str) -> list[tuple[str, str]]:
    parts = (part.partition("=") for part in query.split("&") if part)
    return [(_encoded(name), _encoded(value)) for name, _, value in parts]


def _encoded(text: str) -> str:
    return quote(unquote_to_bytes(text), safe=_UNRESERVED)


def _normal(path: str) -> str:
    """Return the path without empty and dot segments, as all services but S3 do (RFC 3986)."""
    normal = posixpath.normpath(f"/{path.lstrip('/')}")
    return f"{normal}/" if path.endswith(("/", "/.", "/..")) and normal != "/" else normal


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
