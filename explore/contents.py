"""Bodies of answers in a recording: without secrets, and as they can be read again."""

import contextlib
import gzip
import json
import zipfile
import zlib
from collections.abc import Mapping
from io import BytesIO
from typing import Any

from explore.masking import Masker
from formats.packing import is_gzip, is_zip

_DAMAGES = (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError)
_UTF_8 = "utf-8"
# Every byte has a character in it.
_ANY = "latin-1"


def content_to_save(content: bytes, masker: Masker) -> dict[str, Any]:
    """What a recording holds of a body: `json`, `text` with its `encoding`, or `files`.

    What is packed is unpacked, because secrets in it could not be seen.
    """
    plain = _unpacked(content)
    if isinstance(plain, dict):
        return {"files": {name: _text(inner, masker) for name, inner in plain.items()}}
    try:
        return {"json": masker.value(json.loads(plain))}
    except (ValueError, RecursionError):
        return _text(plain, masker)


def content_of(saved: Mapping[str, Any]) -> bytes:
    """The body that a recording holds, zipped again where it was an archive."""
    if "files" in saved:
        packed = BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for name, inner in saved["files"].items():
                archive.writestr(name, content_of(inner))
        return packed.getvalue()
    if "text" in saved:
        return str(saved["text"]).encode(saved.get("encoding", _UTF_8))
    return json.dumps(saved["json"]).encode()


def _text(content: bytes, masker: Masker) -> dict[str, Any]:
    try:
        return {"text": masker.text(content.decode(_UTF_8))}
    except UnicodeDecodeError:
        return {"text": masker.text(content.decode(_ANY)), "encoding": _ANY}


def _unpacked(content: bytes) -> bytes | dict[str, bytes]:
    """The content, or that of each file of an archive; as it is, where it is damaged."""
    with contextlib.suppress(*_DAMAGES):
        if is_gzip(content):
            return gzip.decompress(content)
        if is_zip(content):
            with zipfile.ZipFile(BytesIO(content)) as archive:
                return {name: archive.read(name) for name in archive.namelist()}
    return content
