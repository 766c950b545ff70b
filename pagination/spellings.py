"""The words of dialects in all their spellings."""

from collections.abc import Iterable


def spellings(name: str) -> set[str]:
    """Return the usual spellings of a word.

    Sample: `has_more` gives `has_more`, `hasMore`, `HasMore`, `has-more`, `HAS_MORE`, `hasmore`.
    """
    if not name.strip("_").replace("_", "").isalpha() or name.lower() != name:
        return {name}
    lead = name[: len(name) - len(name.lstrip("_"))]
    words = name.lstrip("_").split("_")
    pascal = "".join(word.capitalize() for word in words)
    spelt = {"_".join(words), pascal[0].lower() + pascal[1:], pascal, "-".join(words)}
    return {f"{lead}{each}" for each in (*spelt, "_".join(words).upper(), "".join(words))}


def every_spelling[Value](words: Iterable[str], value: Value) -> dict[str, Value]:
    """Return a look-up table of the words in all their spellings."""
    return {spelt: value for word in words for spelt in spellings(word)}


def with_attributes(names: Iterable[str]) -> frozenset[str]:
    """Return the names, and those that attributes of XML have: `total` and `@total`."""
    return frozenset(spelt for name in names for spelt in (name, f"@{name}"))
