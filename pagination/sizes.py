"""Facts about an API that the answers of a resource teach: its page size, and its markers."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from expressions.jq_expressions import keys_of
from formats.json_values import kind_of
from pagination.counts import number_told
from pagination.lookup import find
from pagination.witness import Rank
from settings.pagination import PaginationSettings

# So much of the keys of a body as a warning can take.
_LONGEST_KEYS = 300

# Of short pages as long as the longest, so many are asked about before only some are.
_ALL_ASKED = 8


@dataclass(slots=True)
class PageSizes:
    """Facts about the server, learnt from answers by all endpoints of a resource.

    `markers_seen` are the markers that settings name and answers had; `spoke`, the places of
    answers that said more without being named.
    """

    page_size: int
    saw_full: bool = False
    longest_final: int = 0
    markers_seen: set[str] = field(default_factory=set)
    spoke: dict[str, Rank] = field(default_factory=dict)
    _unmet: dict[str, str] = field(default_factory=dict)
    _met: set[str] = field(default_factory=set)
    _trusted: Counter[int] = field(default_factory=Counter)

    def is_full(self, received: int) -> bool:
        """Return whether the server could not have sent more in one page, as far as is known."""
        return received >= self.page_size

    def should_probe(self, length: int) -> bool:
        """Return whether to ask for a page after a short one of this length, while none was full.

        Yes for each new longest one. Pages that are just as long may be full by a cap that the
        server keeps to itself: of these, the first eight are asked about, then the sixteenth, the
        thirty-second and so on.
        """
        if length != self.longest_final:
            return length > self.longest_final
        self._trusted[length] += 1
        count = self._trusted[length]
        return count <= _ALL_ASKED or count & (count - 1) == 0

    def remember_final(self, length: int) -> None:
        """Remember that a short page of this length turned out to be the last."""
        self.longest_final = max(self.longest_final, length)

    def learn_cap(self, length: int) -> bool:
        """Take it that the server sends at most so many items per page, whatever is asked for.

        Return whether endpoints that ended with so many items were trusted to be complete.
        """
        self.page_size = min(self.page_size, length)
        self.saw_full = True
        return self._trusted[length] > _ALL_ASKED

    def look_for(self, places: Mapping[str, str], body: Any) -> None:
        """Note which places, by the settings that name them, a body has.

        A total that is no number is none.
        """
        for setting, path in places.items():
            if setting in self._met or not isinstance(body, dict | list):
                continue
            present, value = find(body, path)
            is_total = setting == "total_path"
            if present and is_total and value is not None and number_told(value) is None:
                self._unmet[setting] = f"{path} holds {kind_of(value)}, and no number of items"
            elif present:
                self._met.add(setting)
                self._unmet.pop(setting, None)
            elif setting not in self._unmet:
                keys = keys_of(body)
                more = "…" if len(keys) > _LONGEST_KEYS else ""
                self._unmet[setting] = f"{path} is in no answer, {keys[:_LONGEST_KEYS]}{more} are"

    def met_total_path(self, settings: PaginationSettings) -> str | None:
        """Return the place of totals that settings name; None where no answer so far had it.

        Such a place does not hide the usual ones.
        """
        return None if "total_path" in self._unmet else settings.total_path

    def unmet_places(self) -> Iterator[str]:
        """Yield what to say of places that settings name: no answer has them, or a number there."""
        for setting, said in self._unmet.items():
            yield f"{setting}: {said}"
