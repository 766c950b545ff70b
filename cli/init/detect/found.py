"""The result of detecting how an endpoint pages."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cli.init.detect.answers import Answer, Ask

type Questions[Result] = Generator[Ask, Answer, Result]


@dataclass(frozen=True, slots=True)
class Paging:
    """The pagination of an endpoint, as detected.

    `settings` are connection settings by their names in the spec, or options that only a
    `pagination` block has, in the same spelling; `query` belongs to the endpoint
    itself, such as a page size; `why` is the evidence; `doubt` says what could not be proven;
    `is_incomplete`, that there is more than can be read so.
    """

    settings: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, str | int] = field(default_factory=dict)
    is_proven: bool = False
    why: str = ""
    doubt: str = ""
    is_incomplete: bool = False

    @property
    def type(self) -> str:
        return str(self.settings.get("paginationType", "none"))
