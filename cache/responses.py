"""The kept response for a request: found, served and replaced.

Everything here works on files, so it is called in threads, and may raise OSError.
"""

from dataclasses import dataclass

import httpx

from cache import conditions
from cache.directory import KeptResponses
from cache.files import Entry, KeptBody, Metadata, NewEntry, body_digest
from transport.exchange import Exchange

# Of a large body, so much is at hand at once, for messages.
_START = 65_536
_COPIED_AT_ONCE = 1_000_000


@dataclass(frozen=True, slots=True)
class Known:
    """A request before it is sent, with the entry that is kept for it, if any.

    `sent` are its headers before credentials are added, which are part of the entry's name.
    """

    name: str
    sent: httpx.Headers
    entry: Entry | None = None

    @property
    def kept(self) -> httpx.Headers:
        """Return the headers of the kept response; none where nothing is kept."""
        return httpx.Headers(list(self.entry.metadata.headers) if self.entry else [])


class ResponseMemory:
    """The kept responses of one instance.

    `instance` is equal only for instances that may see each other's responses.
    """

    def __init__(self, responses: KeptResponses, instance: bytes) -> None:
        self._responses = responses
        self._instance = instance

    def look_up(self, identity: str, sent: httpx.Headers) -> Known:
        """Return the response that is kept for a request with this `identity`."""
        key = self._responses.keyed_hash(b"name", self._instance, identity.encode())
        name = key.hex()
        entry = self._responses.find(name)
        if entry and entry.metadata.varying != self._varying(entry.metadata.headers, sent):
            entry = None
        return Known(name, sent, entry)

    def serve(self, known: Known, answer: httpx.Headers) -> httpx.Response | None:
        """Return the kept response with the headers of a 304; None when it cannot be used."""
        entry, kept = known.entry, known.kept
        if entry is None or not conditions.is_about(kept, answer):
            return None
        if not entry.is_intact():
            self._responses.remove(known.name)
            return None
        headers = conditions.merged(kept, answer)
        if "date" not in answer:
            # The kept one would pass for what the server's clock says now.
            headers.pop("date", None)
        if not entry.metadata.is_large:
            return httpx.Response(200, headers=headers, content=entry.read_all())
        served = httpx.Response(200, headers=headers, content=entry.read_at(0, _START))
        Exchange(large_body=KeptBody(entry)).attach_to(served)
        return served

    def refresh(self, known: Known, headers: httpx.Headers) -> None:
        """Note that an entry was used, and the headers with which it was served."""
        entry = known.entry
        if entry is None:
            return
        if not conditions.may_be_kept(headers):
            self._responses.remove(known.name)
        elif not conditions.differs(known.kept, headers):
            entry.touch()
        elif new := self.begin(
            known, headers, entry.metadata.digest, entry.metadata.size, entry.metadata.is_large
        ):
            for position in range(0, entry.metadata.size, _COPIED_AT_ONCE):
                new.write(entry.read_at(position, _COPIED_AT_ONCE))
            self.commit(new, known)

    def keep(self, known: Known, headers: httpx.Headers, content: bytes) -> None:
        """Keep a small response in place of what was kept, if it can be asked about later."""
        digest = body_digest()
        digest.update(content)
        if new := self.begin(known, headers, digest.digest(), len(content), False):
            new.write(content)
            self.commit(new, known)

    def begin(
        self, known: Known, headers: httpx.Headers, digest: bytes, size: int, is_large: bool
    ) -> NewEntry | None:
        """Return an entry to write a body to; None when there is nothing new to keep.

        What can no longer be asked about is removed.
        """
        headers = conditions.to_keep(headers)
        can_be_asked = conditions.may_be_kept(headers) and conditions.conditions_of(headers)
        if not can_be_asked or not self._responses.fits(size):
            if known.entry:
                self._responses.remove(known.name)
            return None
        entry = known.entry
        if (
            entry
            and entry.metadata.digest == digest
            and not conditions.differs(known.kept, headers)
        ):
            entry.touch()
            return None
        pairs = tuple(headers.raw)
        metadata = Metadata(pairs, digest, size, is_large, self._varying(pairs, known.sent))
        return self._responses.begin(known.name, metadata)

    def commit(self, new: NewEntry, known: Known) -> None:
        """Put a written entry in its place."""
        try:
            self._responses.commit(new, known.name)
        except OSError:
            new.discard()
            raise

    def _varying(
        self, kept: tuple[tuple[bytes, bytes], ...], sent: httpx.Headers
    ) -> tuple[str, ...]:
        """Return keyed hashes of the request headers that a response depends on."""
        names = conditions.varying_names(httpx.Headers(list(kept)))
        return tuple(
            self._responses.keyed_hash(b"vary", name.encode(), sent.get(name, "").encode()).hex()
            for name in names
        )
