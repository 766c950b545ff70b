"""The size of the server's pages, as its answers teach it."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class PageSizes:
    """Facts about the server's page size, learnt from answers by all endpoints of a resource."""

    page_size: int
    saw_full: bool = False
    longest_final: int = 0
    markers_seen: set[str] = field(default_factory=set)
    _trusted: Counter[int] = field(default_factory=Counter)

    def is_full(self, received: int) -> bool:
        """Return whether the server could not have sent more in one page, as far as is known."""
        return received >= self.page_size

    def should_probe(self, length: int) -> bool:
        """Return whether to ask for a page after a short one of this length, while none was full.

        Yes for each new longest one. Pages that are just as long may be full by a cap that the
        server keeps to itself: of these, the first, second, fourth, eighth … is asked about.
        """
        if length != self.longest_final:
            return length > self.longest_final
        self._trusted[length] += 1
        count = self._trusted[length]
        return count & (count - 1) == 0

    def remember_final(self, length: int) -> None:
        """Remember that a short page of this length turned out to be the last."""
        self.longest_final = max(self.longest_final, length)

    def learn_cap(self, length: int) -> bool:
        """Take it that the server sends at most so many items per page, whatever is asked for.

        Return whether endpoints that ended with so many items were trusted to be complete.
        """
        self.page_size = min(self.page_size, length)
        self.saw_full = True
        # The last of the count is the one that was asked about and taught the cap.
        trusted = self._trusted[length]
        return trusted > 2
