"""Arguments of the commands, and the codes that they exit with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cli.inputs import GivenSettings, gather
from reading.session import Limits

OK = 0
PROBLEMS = 1
USAGE = 2


@dataclass(frozen=True, slots=True)
class Inputs:
    """The sources of settings and mapping, and the form of the output."""

    flags: Mapping[str, Any] = field(default_factory=dict, repr=False)
    env_places: Mapping[str, str] = field(default_factory=dict)
    mapping: Path | None = None
    from_port: bool = False
    as_json: bool = False

    @property
    def given(self) -> GivenSettings:
        return gather(self.flags, self.env_places)


@dataclass(frozen=True, slots=True)
class PreviewOptions:
    """The options of `preview` beyond its inputs."""

    limits: Limits
    blueprints: Path | None = None
    save: Path | None = None
    replay: Path | None = None
    rows: int = 10


@dataclass(frozen=True, slots=True)
class InitOptions:
    """The options of `init` beyond its inputs; `endpoints` are URLs, or paths below baseUrl."""

    endpoints: tuple[str, ...]
    out: Path
    yes: bool = False
    openapi: str = ""
    select: tuple[str, ...] = ()
