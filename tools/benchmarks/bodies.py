"""The bodies that the server sends; made once, so that sending costs next to nothing."""

import json
from functools import lru_cache

# So many pages in a row have items of their own; longer listings repeat them.
DISTINCT_PAGES = 256
_LARGE_PAGE = 10_000
_DISTINCT_LARGE_PAGES = 2


def item(number: int) -> dict[str, object]:
    """Return one record of about 300 bytes, of the kind that APIs list."""
    return {
        "id": number,
        "key": f"service-{number:09d}",
        "name": f"Payment service {number}",
        "description": "Takes payments, and tells the ledger about them",
        "language": "python",
        "archived": number % 7 == 0,
        "stars": number % 1000,
        "score": number / 8,
        "owner": {"id": number % 97, "email": f"team-{number % 97}@example.com"},
        "tags": ["tier-1", "payments"],
    }


@lru_cache(maxsize=1024)
def items_text(page: int, size: int) -> bytes:
    """Return the items of a page as JSON text, without the brackets around them."""
    distinct = DISTINCT_PAGES if size < _LARGE_PAGE else _DISTINCT_LARGE_PAGES
    start = page % distinct * size
    return b",".join(
        json.dumps(item(number), separators=(",", ":")).encode()
        for number in range(start, start + size)
    )


def megabyte() -> bytes:
    """Return about 1 MB of items, followed by the comma before the next ones."""
    text = items_text(0, 3800)
    return text + b","
