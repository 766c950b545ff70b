"""Failures of reading a resource: kept, told together, or taken for a vanished parent."""

from dataclasses import dataclass, field

from loguru import logger

import log_lines
from errors import EndpointError, GoneError, OceanCustomError, ResourceError
from mapping.plan.endpoint import Endpoint
from statuses import TABLE, Situation

_GONE = TABLE[Situation.NESTED][0].named
# So many parents do not vanish all at once: then the path is wrong.
_SUSPICIOUSLY_GONE = 3
_EXAMPLES = 3
# Ways of failing that are told; each is a line.
MOST_WAYS = 20


@dataclass(slots=True)
class _Way:
    """One way of failing: how many did, and the first of them."""

    examples: list[OceanCustomError] = field(default_factory=list)
    count: int = 0

    def __str__(self) -> str:
        first, *others = self.examples
        if not others or not isinstance(first, EndpointError):
            return f"  - {first}"
        places = "; ".join(
            each.endpoint for each in self.examples if isinstance(each, EndpointError)
        )
        more = f"; and {self.count - _EXAMPLES} more" if self.count > _EXAMPLES else ""
        return f"  - {self.count} times {first.text}: {places}{more}"


@dataclass(slots=True)
class Failures:
    """Errors of one resource, to be told together.

    `errors` are examples, a few of each way of failing, so that a million failures take no memory;
    `count` is how many there were.
    """

    errors: list[OceanCustomError] = field(default_factory=list)
    count: int = 0
    _ways: dict[tuple[str, str], _Way] = field(default_factory=dict)
    _untold: int = 0

    def add(self, error: OceanCustomError, endpoint: Endpoint | None = None) -> None:
        """Keep an error for the end; the first ones are logged as they happen."""
        if isinstance(error, EndpointError):
            error = error.without_answer()
            error = error.at(f"{endpoint.method} {endpoint.path}") if endpoint else error
        self.count += 1
        if self.count <= _EXAMPLES:
            logger.error(f"{error}")
        self._keep(error)

    def summary(self) -> str:
        """Return one line for each way of failing, with a count and up to three examples."""
        # Those without an endpoint are about the resource as a whole, and stand last.
        ways = sorted(
            self._ways.values(), key=lambda way: not isinstance(way.examples[0], EndpointError)
        )
        lines = [str(way) for way in ways]
        if self._untold:
            lines.append(f"  - {self._untold} more failed in other ways")
        return "\n".join(lines)

    def _keep(self, error: OceanCustomError) -> None:
        key = _way_of(error)
        if key not in self._ways and len(self._ways) == MOST_WAYS:
            self._untold += 1
            return
        way = self._ways.setdefault(key, _Way())
        way.count += 1
        if len(way.examples) < _EXAMPLES:
            way.examples.append(error)
            self.errors.append(error)


@dataclass(slots=True)
class Vanished:
    """The nested endpoints of one template whose parent vanished since it was discovered."""

    endpoint: Endpoint
    count: int = 0

    def take(self, error: OceanCustomError) -> bool:
        """Count and log an error that only says that the parent is gone; tell whether it does."""
        if not isinstance(error, GoneError):
            return False
        self.count += 1
        log_lines.few("gone, counted as empty").warning(
            f"{error.endpoint}: gone ({error.status}), counted as empty"
        )
        return True

    def check(self, endpoints: int) -> None:
        """Refuse to believe that all of so many vanished.

        Raises:
            ResourceError: names the path to look at.
        """
        if self.count >= _SUSPICIOUSLY_GONE and self.count == endpoints:
            raise ResourceError(
                f"all {self.count} nested endpoints answered {_GONE}; "
                f"look at the path {self.endpoint.path}"
            )


def _way_of(error: OceanCustomError) -> tuple[str, str]:
    if isinstance(error, EndpointError):
        return error.reason, error.advice
    return str(error), ""
