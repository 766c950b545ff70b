"""Everything that can go wrong on the way from a setting to a batch of items.

    OceanCustomError
    ├── ConfigurationError        something the user wrote cannot work
    │   ├── SettingsError           a connection setting; stops the start
    │   └── SelectorError           a selector or path parameter; fails its resource only
    ├── EndpointError             an endpoint could not be read to its end
    │   ├── RequestError            no usable answer: DNS, TLS, refused, timed out, wait too long
    │   │   └── RefusedOriginError    a link or redirect left the API's origin
    │   ├── StatusError             the API answered with an error status
    │   │   └── GoneError             that of something that was there: it is no more
    │   ├── ResponseError           a success status, but the body is no usable answer
    │   ├── PaginationError         the pages contradict each other or never end
    │   │   └── TooDeepError          there is more than the API, or the mapping, lets be read
    │   ├── ExpressionLimitError    an expression takes more time or memory than it may
    │   ├── ExportError             an export job failed, or was not done in time
    │   └── AuthenticationError     no credentials could be fetched
    ├── LiveEventError            an event could not be applied; the next resync makes up for it
    └── ResourceError             a resource that failed, with all its endpoint errors grouped

Messages are for the person on call. They never hold a credential: URLs and bodies go through
`redaction.Redactor` before they get here, because exceptions and their tracebacks leave the
process unmasked.
"""

from collections.abc import Sequence
from typing import Any, Self, TypedDict, Unpack

from api_messages import ApiResponse
from escapes import visible


class OceanCustomError(Exception):
    """Base of every error that this integration raises on purpose.

    Errors are values: what one says never changes, and operations such as `at` give another one.
    """

    def __str__(self) -> str:
        # An API may say anything, also to a terminal.
        return visible(super().__str__())

    def __setattr__(self, name: str, value: object) -> None:
        # Raising an error, and handling it, sets names such as __traceback__.
        if not name.startswith("__"):
            raise AttributeError(f"{name} of an error cannot be changed")
        super().__setattr__(name, value)

    def __setstate__(self, state: dict[str, Any] | None) -> None:
        vars(self).update(state or {})

    def _replaced(self, **changes: Any) -> Self:
        other = type(self).__new__(type(self), *self.args)
        vars(other).update({**vars(self), **changes})
        return other.with_traceback(self.__traceback__)


class ConfigurationError(OceanCustomError):
    """Something in the settings or the mapping is wrong; retrying cannot help."""


class SettingsError(ConfigurationError):
    """One or more connection settings are missing or wrong.

    `problems` holds one line per wrong setting, each starting with the setting's name in the spec.
    """

    problems: tuple[str, ...]

    def __init__(self, problems: Sequence[str]) -> None:
        listed = "\n".join(f"  - {problem}" for problem in problems)
        noun = "setting is" if len(problems) == 1 else "settings are"
        super().__init__(f"{len(problems)} connection {noun} wrong:\n{listed}")
        vars(self).update(problems=tuple(problems))


class SelectorError(ConfigurationError):
    """A selector, path parameter or data_path of one resource cannot be used."""


class Told(TypedDict, total=False):
    """All that an error may say beside its reason; see `EndpointError`."""

    said: str
    endpoint: str
    advice: str
    answer: ApiResponse | None


class EndpointError(OceanCustomError):
    """An endpoint could not be read to its end.

    `reason` says what went wrong without the address, equal for equal causes, so that failures of
    many endpoints can be grouped; `said` is the redacted start of the body; `endpoint`, the method
    and redacted URL; `advice`, the setting or selector to look at. `answer` is the response itself
    where there is one, for rules to look at; it may hold secrets and is never shown.
    """

    reason: str
    said: str = ""
    endpoint: str = ""
    advice: str = ""
    answer: ApiResponse | None = None

    def __init__(self, reason: str, **told: Unpack[Told]) -> None:
        super().__init__(reason)
        vars(self).update(told, reason=reason)

    def __str__(self) -> str:
        return visible(f"{self.endpoint}: {self.text}" if self.endpoint else self.text)

    @property
    def text(self) -> str:
        """The message without the endpoint."""
        hint = f" ({self.advice})" if self.advice else ""
        return f"{self.cause}{hint}"

    @property
    def cause(self) -> str:
        """The message without endpoint and advice: what went wrong, and what the body said."""
        return f"{self.reason}: {self.said}" if self.said else self.reason

    def at(self, endpoint: str) -> Self:
        """Return the same error about an endpoint, such as `GET https://api.test/users`.

        An error that names one already is kept, as it knows better.
        """
        return self if self.endpoint else self._replaced(endpoint=endpoint)

    def advised(self, more: str) -> Self:
        """Return the same error with more advice, after that which it has."""
        return self._replaced(advice="; ".join(filter(None, (self.advice, more))))

    def without_answer(self) -> Self:
        """Return the same error without the response, so that it can be kept for long."""
        return self._replaced(answer=None)

    def about(self, answer: ApiResponse, said: str) -> Self:
        """Return the same error about an answer; its own quotation of the body is kept."""
        return self._replaced(answer=answer, said=self.said or said)


class RequestError(EndpointError):
    """The request got no usable answer at all."""


class RefusedOriginError(RequestError):
    """A link or redirect points to another origin than the API's."""


class StatusError(EndpointError):
    """The API answered with a status that is neither success nor redirect."""

    status: int

    def __init__(self, status: int, reason: str, **told: Unpack[Told]) -> None:
        super().__init__(reason, **told)
        vars(self).update(status=status)


class GoneError(StatusError):
    """The API says of an endpoint that had to be there that it is no more; no rule says otherwise.

    Only this one of all errors may be taken for the end of something: of a nested endpoint's
    parent, or of the item of a live event.
    """

    @classmethod
    def of(cls, error: StatusError) -> Self:
        """Return the same error, as one that says so."""
        gone = cls(error.status, error.reason)
        vars(gone).update(vars(error))
        return gone.with_traceback(error.__traceback__)


class ResponseError(EndpointError):
    """The status says success, but the body cannot be the answer."""


class PaginationError(EndpointError):
    """Pages contradict each other, so that reading on could lose or repeat items."""


class TooDeepError(PaginationError):
    """There is more than can be read in one go; a narrower request may be answered."""


class ExpressionLimitError(EndpointError):
    """An expression takes more time or memory than it may, or gives more; it says nothing then."""


class ExportError(EndpointError):
    """An export job failed, was not done in time, or did not say what comes next."""


class AuthenticationError(EndpointError):
    """Credentials could not be fetched: refused, or not what the answer holds."""


class ResourceError(OceanCustomError):
    """A resource was not read completely; Ocean must not delete anything because of it."""


class LiveEventError(OceanCustomError):
    """A webhook event could not be applied; the next resync makes up for it."""
