"""The inputs of one run of the studio."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.inputs import GivenSettings
from cli.mapping_file import MappingSource
from cli.saved import Recording


@dataclass(frozen=True, slots=True)
class Start:
    """All that the command line gives: `url` is an endpoint, or the API's base, to begin with.

    `source` and `blueprints` are those that there are already; `recording` answers in place of the
    API; files are written to `folder`.
    """

    given: GivenSettings
    folder: Path
    url: str = ""
    source: MappingSource | None = None
    blueprints: Mapping[str, Mapping[str, Any]] | None = None
    recording: Recording | None = None
