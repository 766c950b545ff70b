"""Core metadata fields, which packages fill in very differently, brought to one form."""

import re
import unicodedata
from collections.abc import Iterable
from email.utils import getaddresses

from tools.sandbox.sample.models import Person

LONGEST_LICENSE_NAME = 64
UNKNOWN_LICENSE = "Unknown"


def slug(text: str) -> str:
    """Return a slug of lower-case ASCII, digits and hyphens: `Armin Rigo` gives `armin-rigo`."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", ascii_text.lower()).strip("-")


def license_name(expression: str | None, text: str | None, classifiers: Iterable[str]) -> str:
    """Return the licence's name: the SPDX expression, a short licence text, or the classifier."""
    if expression:
        return expression
    if text and len(text) <= LONGEST_LICENSE_NAME and "\n" not in text:
        return text.strip()
    named = [name.split(" :: ")[-1] for name in classifiers if name.startswith("License :: ")]
    return named[-1] if named else UNKNOWN_LICENSE


def homepage(direct: str | None, project_urls: Iterable[str]) -> str | None:
    """Return `Home-page`, or the first of the project's labelled URLs that stands for it."""
    if direct:
        return direct
    labelled = dict(_labelled(url) for url in project_urls)
    wanted = ("homepage", "home", "repository", "source", "sourcecode", "github", "documentation")
    found = (labelled[label] for label in wanted if label in labelled)
    return next(found, next(iter(labelled.values()), None))


def _labelled(project_url: str) -> tuple[str, str]:
    label, _, url = project_url.partition(",")
    return re.sub(r"[^a-z]", "", label.lower()), url.strip()


def people(names: str | None, addresses: str | None) -> list[Person]:
    """Return the persons in a pair of fields such as `Author` and `Author-email`.

    The second may hold bare addresses, which then belong to the names in order.
    """
    mailboxes = [(name, mail) for name, mail in getaddresses([addresses or ""]) if "@" in mail]
    loose = _split_names(names, len(mailboxes))
    if not mailboxes:
        return [Person(id=slug(name), name=name) for name in loose if slug(name)]
    return [
        Person(id=mail.lower(), name=name or (loose[at] if at < len(loose) else mail), email=mail)
        for at, (name, mail) in enumerate(mailboxes)
    ]


def _split_names(names: str | None, addresses: int) -> list[str]:
    if not names:
        return []
    if addresses == 1:
        return [names.strip()]
    return [name.strip() for name in names.split(",") if name.strip()]


def keywords(text: str | None) -> tuple[str, ...]:
    """Return the keywords, which are parted by commas or, in older packages, by spaces."""
    if not text:
        return ()
    parts = text.split(",") if "," in text else text.split()
    return tuple(dict.fromkeys(part.strip() for part in parts if part.strip()))
