"""The server's side of HTTP Digest (RFC 7616), which counts how often each nonce was used."""

import hashlib
import urllib.request
from dataclasses import dataclass, field

_HASHES = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}


@dataclass
class DigestGuard:
    """Takes a digest of the password for a nonce that it gave, each count of it once.

    With `strict`, a count must be higher than the one before. A nonce is stale after `uses`.
    """

    username: str
    password: str
    algorithm: str = "SHA-256"
    qop: str | None = "auth"
    strict: bool = True
    says_stale: bool = True
    shares_nonce: bool = False
    uses: int = 1000
    challenges: int = 0
    accepted: list[tuple[str, int]] = field(default_factory=list)
    _highest: dict[str, int] = field(default_factory=dict)

    def challenge_to(self, method: str, target: str, header: str) -> str | None:
        """Return the challenge that answers a request with this Authorization; None admits it."""
        if not header.startswith("Digest "):
            return self._challenge()
        given = urllib.request.parse_keqv_list(urllib.request.parse_http_list(header[7:]))
        assert (given["uri"], given["username"]) == (target, self.username)
        if given["response"] != self._expected(method, target, given):
            return self._challenge()
        count, nonce = int(given.get("nc", "0"), 16), given["nonce"]
        highest = self._highest.get(nonce, 0)
        is_fresh = count > highest if self.strict else (nonce, count) not in self.accepted
        if self.qop and (not is_fresh or count > self.uses):
            return self._challenge(is_new=True, is_stale=self.says_stale)
        self._highest[nonce] = max(highest, count)
        self.accepted.append((nonce, count))
        return None

    def _expected(self, method: str, target: str, given: dict[str, str]) -> str:
        def hashed(*parts: str) -> str:
            return _HASHES[self.algorithm](":".join(parts).encode()).hexdigest()

        own = hashed(self.username, given["realm"], self.password)
        asked = hashed(method, target)
        if not self.qop:
            return hashed(own, given["nonce"], asked)
        assert given["qop"] == "auth"
        return hashed(own, given["nonce"], given["nc"], given["cnonce"], "auth", asked)

    def _challenge(self, *, is_new: bool = False, is_stale: bool = False) -> str:
        self.challenges += 1
        nonce = "shared" if self.shares_nonce and not is_new else f"n0nce-{self.challenges}"
        parts = [f'Digest realm="api@example.org", nonce="{nonce}", algorithm={self.algorithm}']
        parts += [f'qop="{self.qop}"'] if self.qop else []
        parts += ["stale=true"] if is_stale else []
        return ", ".join(parts)
