"""JSON decoders on one body: how long they take, and what becomes of numbers.

python -m tools.benchmarks.clients.decoders '{"bytes": 300000, "repeat": 20}'
"""

import io
import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import ijson
import msgspec
import orjson

from tools.benchmarks.bodies import items_text
from tools.benchmarks.clients.measuring import report

_ITEM_BYTES = 300
_NUMBERS = {
    "2^53 + 1": b"9007199254740993",
    "2^64 + 1": b"18446744073709551617",
    "decimal": b"1234567890.12345678901",
}


def _ijson(use_float: bool) -> Callable[[bytes], Any]:
    return lambda content: list(ijson.items(io.BytesIO(content), "items.item", use_float=use_float))


DECODERS: dict[str, Callable[[bytes], Any]] = {
    "json": json.loads,
    "orjson": orjson.loads,
    "msgspec": msgspec.json.decode,
    "ijson, decimals": _ijson(False),
    "ijson, floats": _ijson(True),
}


def becomes(decode: Callable[[bytes], Any], digits: bytes) -> str:
    """Return the kind of a number after decoding, and whether it is still the same."""
    try:
        body = decode(b'{"items":[%s]}' % digits)
    except (ValueError, ijson.JSONError) as error:
        return type(error).__name__
    value = (body["items"] if isinstance(body, dict) else body)[0]
    return f"{type(value).__name__}, {'exact' if str(value).encode() == digits else 'changed'}"


def seconds(decode: Callable[[bytes], Any], content: bytes, repeat: int) -> float:
    """Return the median time of one decoding."""
    taken = []
    for _ in range(repeat):
        begin = time.perf_counter()
        value = decode(content)
        taken.append(time.perf_counter() - begin)
        del value
    return statistics.median(taken)


def main(job: dict[str, Any]) -> None:
    """Decode, and print times in seconds and the fate of numbers."""
    content = b'{"items":[%s]}' % items_text(0, job["bytes"] // _ITEM_BYTES)
    report(
        seconds={
            name: seconds(decode, content, job["repeat"]) for name, decode in DECODERS.items()
        },
        numbers={
            name: {text: becomes(decode, digits) for text, digits in _NUMBERS.items()}
            for name, decode in DECODERS.items()
        },
    )


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
