"""Bodies as a recording keeps them: readable, without secrets, and packed again when replayed."""

import gzip
import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any

from formats.packing import DAMAGE, is_gzip, is_zip
from probe.masking import Masker

_LARGEST = 100 * 2**20


def to_save(content: bytes, masker: Masker) -> dict[str, Any]:
    """Return a body as JSON: `json`, `text`, `latin` (bytes, no UTF-8), `gzip`, or `zip`."""
    try:
        if is_gzip(content):
            return {"gzip": to_save(_gunzipped(content), masker)}
        if is_zip(content):
            files = _files(content)
            return {"zip": {name: to_save(file, masker) for name, file in files.items()}}
    except DAMAGE:
        # What cannot be unpacked cannot be searched for secrets.
        return {"text": "a packed body that is damaged or too large to keep"}
    try:
        return {"json": masker.value(json.loads(content))}
    except (ValueError, RecursionError):
        pass
    try:
        return {"text": masker.text(content.decode())}
    except UnicodeDecodeError:
        return {"latin": masker.text(content.decode("latin-1"))}


def from_saved(saved: Mapping[str, Any]) -> bytes:
    """Return the body again, apart from what was masked."""
    if "gzip" in saved:
        return gzip.compress(from_saved(saved["gzip"]), mtime=0)
    if "zip" in saved:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in saved["zip"].items():
                archive.writestr(name, from_saved(content))
        return file.getvalue()
    if "latin" in saved:
        return str(saved["latin"]).encode("latin-1", errors="replace")
    text = saved["text"] if "text" in saved else json.dumps(saved["json"])
    return str(text).encode()


def _gunzipped(content: bytes) -> bytes:
    with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
        return _at_most(file.read(_LARGEST + 1))


def _files(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > _LARGEST:
            raise ValueError("too large")
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        return {entry.filename: _at_most(archive.read(entry)) for entry in entries}


def _at_most(content: bytes) -> bytes:
    if len(content) > _LARGEST:
        raise ValueError("too large")
    return content
