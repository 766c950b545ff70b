"""Names for values that must not be shown: equal for equal values, and not to be turned back."""

import hashlib
from functools import lru_cache

# About ten milliseconds and 4 MB for each value: too dear to try all short ones.
_COST, _BLOCK, _LANES = 2**12, 8, 1


@lru_cache(maxsize=1000)
def pseudonym(text: str) -> str:
    """Return what items carry in place of the value of a variable, such as `9f1c22a7b0d4e8365c11`.

    It stays the same from run to run, because identifiers may be made of it.
    """
    content = text.encode("utf-8", "surrogatepass")
    salt = b"ocean-custom variables"
    made = hashlib.scrypt(content, salt=salt, n=_COST, r=_BLOCK, p=_LANES, dklen=10)
    return made.hex()
