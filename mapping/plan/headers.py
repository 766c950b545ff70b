"""Headers that a mapping may set: all but those of the connection."""

import re
from collections.abc import Iterable

from errors import SelectorError

# They say where a request goes, where it ends, and what becomes of its connection (RFC 9110,
# section 7.6.1; RFC 9112), with the credentials of the instance in it.
OF_THE_CONNECTION = frozenset(
    {
        "connection",
        "content-length",
        "expect",
        "host",
        "http2-settings",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")


def check_header_names(names: Iterable[str], place: str) -> None:
    """Refuse names that HTTP does not allow, and headers that are the connection's.

    Raises:
        SelectorError: names the header.
    """
    for name in names:
        if not _NAME.fullmatch(name):
            raise SelectorError(f"{place}: {name!r} is no name that HTTP allows for a header")
        if name.lower() in OF_THE_CONNECTION:
            raise SelectorError(
                f"{place}: {name} belongs to the connection and is not the mapping's; leave it out "
                "(another Host may stand in the setting customHeaders)"
            )
