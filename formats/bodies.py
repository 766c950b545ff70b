"""The documents of an answer as whole JSON values."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from api_messages import ApiResponse
from errors import ResponseError
from formats.documents import Documents
from formats.format import Document, Format
from formats.json_text import Body
from formats.paths import Step
from formats.registry import guess
from formats.texts import PAGE_ADVICE, is_page
from statuses import Meaning, meaning_of

# Of a packed body that must be looked at as a whole, so many bytes are held in memory.
_MOST_AT_ONCE = 512 * 2**20
_ADVICE = "look at kind, and at headers such as Accept"


async def decode(response: ApiResponse, wanted: Format | None = None) -> Body:
    """Return the JSON value of an answer; null for one whose status says that it is empty.

    Several packed documents become one list.

    Raises:
        ResponseError: the body is empty, or not what it should be.
    """
    if meaning_of(response.status) is Meaning.EMPTY:
        return Body(None)
    async with aclosing(bodies(Documents(response, wanted))) as found:
        all_of_them = [body async for body in found]
    if len(all_of_them) == 1:
        return all_of_them[0]
    values = [body.value if isinstance(body.value, list) else [body.value] for body in all_of_them]
    return Body([item for value in values for item in value])


async def bodies(documents: Documents, path: Sequence[Step] | None = None) -> AsyncGenerator[Body]:
    """Yield each document as a JSON value; in XML, what is at `path` is always a list.

    Raises:
        ResponseError: a document is empty, or not what it should be.
        EndpointError: a large body did not arrive to its end.
    """
    room = _Room(_MOST_AT_ONCE)
    async with aclosing(documents.each()) as found:
        async for document in found:
            if document.name:
                document.chunks = room.taken_by(document.name, document.chunks)
            yield await _whole(document, path or ())


async def _whole(document: Document, path: Sequence[Step]) -> Body:
    try:
        return await document.format.value(document, path)
    except ValueError as error:
        raise ResponseError(str(error), advice=_advice(document)) from None


def _advice(document: Document) -> str:
    start = document.start.decode(errors="replace")
    if is_page(start):
        return PAGE_ADVICE
    looks_like = guess(start)
    if looks_like is None or isinstance(document.format, looks_like):
        return _ADVICE
    return f"it looks like {looks_like.name}: then set response_format: {looks_like.name}"


class _Room:
    """The bytes that all documents packed in one body may take together."""

    def __init__(self, size: int) -> None:
        self._size = self._left = size

    async def taken_by(self, name: str, chunks: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
        """Yield the same chunks of a document, as long as there is room."""
        async for chunk in chunks:
            self._left -= len(chunk)
            if self._left < 0:
                raise ResponseError(
                    f"up to {name}, the body unpacks to more than {self._size} bytes, which is too "
                    "large for a data_path that looks at the whole",
                    advice="a data_path such as .items, or .items[] | …, reads it piece by piece",
                )
            yield chunk
