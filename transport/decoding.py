"""Content encodings of answers, undone in small pieces, and refused where made for harm."""

import zlib
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from typing import Protocol

import brotli  # type: ignore[import-untyped]  # it ships no types
import httpx
import zstandard

from errors import ResponseError
from formats.packing import PIECE, check_ratio, is_gzip, is_zip

# Of zstd, so many bytes are given at once: 4 of them may become 128 kB, and no limit can be set.
_ZSTD_SLICE = 512
# What RFC 9659 allows for zstd in HTTP, so that no frame can ask for more memory.
_ZSTD_WINDOW = 8 * 2**20
_WITH_GZIP_HEADER = zlib.MAX_WBITS | 16
_GZIP_START, _NO_START = b"\x1f\x8b\x08", b"\0"
_ZLIB_HEADER = 2


class _Decoder(Protocol):
    """A decoder of one body."""

    @property
    def has_ended(self) -> bool:
        """True where what was fed so far is whole."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield what comes of some bytes, in pieces of bounded size.

        Raises:
            httpx.DecodingError: they are damaged.
        """


async def decoded(response: httpx.Response) -> AsyncGenerator[bytes]:
    """Yield the body of an answer that is being received, with its Content-Encoding undone.

    Sample: of `Content-Encoding: gzip`, what was packed; of an unknown name, the bytes as they are.

    Raises:
        httpx.DecodingError: the body is damaged, or ends too early.
        ResponseError: it is encoded several times, or was made for harm.
    """
    decoder = _decoder_of(response.headers)
    if decoder is None:
        async for chunk in response.aiter_raw():
            yield chunk
        return
    packed = unpacked = 0
    is_packed_twice = False
    async for chunk in response.aiter_raw():
        packed += len(chunk)
        for piece in decoder.feed(chunk):
            is_packed_twice |= not unpacked and (is_gzip(piece) or is_zip(piece))
            unpacked += len(piece)
            check_ratio(packed, unpacked, is_packed_twice=is_packed_twice)
            yield piece
    if packed and not decoder.has_ended:
        raise httpx.DecodingError("it ends too early")


def _decoder_of(headers: httpx.Headers) -> _Decoder | None:
    names = headers.get_list("content-encoding", split_commas=True)
    known = [name for each in names if (name := each.strip().lower()) in _DECODERS]
    if len(known) > 1:
        raise ResponseError(
            f"the body is encoded several times ({', '.join(known)}), which is refused",
            advice="ask for one, such as headers: {Accept-Encoding: gzip}",
        )
    return _DECODERS[known[0]]() if known else None


class _Zlib(_Decoder):
    """Decodes what zlib knows, in a form that `window_bits` names for it."""

    def __init__(self, window_bits: int) -> None:
        self._inside = zlib.decompressobj(window_bits)

    @property
    def has_ended(self) -> bool:
        return self._inside.eof

    @property
    def unused(self) -> bytes:
        """What was fed beyond the end."""
        return self._inside.unused_data

    def feed(self, data: bytes) -> Iterator[bytes]:
        while not self._inside.eof:
            try:
                piece = self._inside.decompress(data, PIECE)
            except zlib.error as error:
                raise httpx.DecodingError(str(error)) from None
            data = self._inside.unconsumed_tail
            if piece:
                yield piece
            elif not data:
                return


class _Deflate(_Decoder):
    """Decodes deflate, with the header that RFC 9110 asks for or, as some send it, without one."""

    def __init__(self) -> None:
        self._start = b""
        self._inside: _Zlib | None = None

    @property
    def has_ended(self) -> bool:
        return self._inside is not None and self._inside.has_ended

    def feed(self, data: bytes) -> Iterator[bytes]:
        if self._inside is None:
            data = self._start = self._start + data
            if len(data) < _ZLIB_HEADER:
                return
            self._inside = _Zlib(zlib.MAX_WBITS if _has_zlib_header(data) else -zlib.MAX_WBITS)
        yield from self._inside.feed(data)


def _has_zlib_header(data: bytes) -> bool:
    """Return whether two bytes are a header of RFC 1950: method 8, and a check of both."""
    return data[0] & 15 == zlib.DEFLATED and int.from_bytes(data[:_ZLIB_HEADER]) % 31 == 0


class _Gzip(_Decoder):
    """Decodes gzip, all members of it; what follows them and is none is passed over."""

    def __init__(self) -> None:
        self._member = _Zlib(_WITH_GZIP_HEADER)
        self._between = b""

    @property
    def has_ended(self) -> bool:
        return self._member.has_ended

    def feed(self, data: bytes) -> Iterator[bytes]:
        while data:
            if self._member.has_ended:
                data = self._between + data
                if not is_gzip(data):
                    self._between = data if _GZIP_START.startswith(data) else _NO_START
                    return
                self._member, self._between = _Zlib(_WITH_GZIP_HEADER), b""
            yield from self._member.feed(data)
            data = self._member.unused


class _Brotli(_Decoder):
    """Decodes brotli (RFC 7932)."""

    def __init__(self) -> None:
        self._inside = brotli.Decompressor()

    @property
    def has_ended(self) -> bool:
        return bool(self._inside.is_finished())

    def feed(self, data: bytes) -> Iterator[bytes]:
        while not self._inside.is_finished():
            try:
                piece = self._inside.process(data, output_buffer_limit=PIECE)
            except brotli.error as error:
                raise httpx.DecodingError(str(error)) from None
            data = b""
            if piece:
                yield piece
            elif self._inside.can_accept_more_data():
                return


class _Zstandard(_Decoder):
    """Decodes zstd (RFC 8878), all frames of it."""

    def __init__(self) -> None:
        self._inside = self._frame()

    @property
    def has_ended(self) -> bool:
        return self._inside.eof

    def feed(self, data: bytes) -> Iterator[bytes]:
        for start in range(0, len(data), _ZSTD_SLICE):
            yield from self._decompress(data[start : start + _ZSTD_SLICE])

    def _decompress(self, data: bytes) -> Iterator[bytes]:
        while data:
            if self._inside.eof:
                self._inside = self._frame()
            try:
                piece = self._inside.decompress(data)
            except zstandard.ZstdError as error:
                raise httpx.DecodingError(str(error)) from None
            data = self._inside.unused_data if self._inside.eof else b""
            if piece:
                yield piece

    @staticmethod
    def _frame() -> "zstandard.ZstdDecompressionObj":
        return zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj()


_DECODERS: Mapping[str, Callable[[], _Decoder]] = {
    "gzip": _Gzip,
    "x-gzip": _Gzip,
    "deflate": _Deflate,
    "br": _Brotli,
    "zstd": _Zstandard,
}
