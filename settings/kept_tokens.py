"""The file of `refreshTokenFile`: what this integration writes there, and nothing else.

A file of another program, such as its credentials, is neither sent to anyone nor replaced.
"""

import json
from dataclasses import asdict, dataclass, field

NOT_OURS = (
    "was not written by this integration, so that it is neither sent nor replaced; name a new "
    "file, and put the token that it begins with into refreshToken"
)


@dataclass(frozen=True, slots=True)
class KeptToken:
    """The newest refresh token, and a hash of the one in the settings that it descends from."""

    refresh_token: str = field(repr=False)
    issued_from: str

    @property
    def text(self) -> str:
        """The content of the file."""
        return json.dumps(asdict(self))


def parse(text: str) -> KeptToken | None:
    """Return what a file holds; None unless this integration wrote it.

    Sample: `{"refresh_token": "rt_77c1e0", "issued_from": "e3b0c442…"}`
    """
    try:
        kept = json.loads(text)
        found = KeptToken(**kept)
    except (ValueError, TypeError, RecursionError):
        return None
    texts = (found.refresh_token, found.issued_from)
    return found if all(isinstance(each, str) for each in texts) else None
