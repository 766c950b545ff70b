"""What answers teach about the size of the server's pages."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class PageSizes:
    """What a resource's answers taught about the server's page size; shared by its endpoints."""

    page_size: int
    saw_full: bool = False
    longest_final: int = 0
    markers_seen: set[str] = field(default_factory=set)
    _trusted: Counter[int] = field(default_factory=Counter)

    def is_full(self, received: int) -> bool:
        """Whether the server could have sent no more in one page, as far as is known."""
        return received >= self.page_size

    def should_probe(self, length: int) -> bool:
        """Whether to ask for a page after a short one of this length, while none was full.

        Yes for each new longest one. Pages that are just as long may be full by a cap that the
        server keeps to itself: of these, the first, second, fourth, eighth … is asked about.
        """
        if length != self.longest_final:
            return length > self.longest_final
        self._trusted[length] += 1
        count = self._trusted[length]
        return count & (count - 1) == 0

    def remember_final(self, length: int) -> None:
        """A short page of this length turned out to be the last."""
        self.longest_final = max(self.longest_final, length)

    def learn_cap(self, length: int) -> bool:
        """The server sends at most so many items per page, whatever is asked for.

        Returns whether endpoints that ended with so many items were trusted to be complete.
        """
        self.page_size = min(self.page_size, length)
        self.saw_full = True
        # The last of the count is the one that was asked about and taught the cap.
        trusted = self._trusted[length]
        return trusted > 2
