"""Endpoints that were looked at: what `init` finds out about them, and their answers."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from api_messages import ApiResponse
from cli.arrays import jq_path
from cli.init.addresses import split_endpoints
from cli.init.asking import Assuming
from cli.init.detect.answers import Answer
from cli.init.detect.identifiers import Identifier, Keys, Part, value_of
from cli.init.detect.lists import ListGuess, find_lists, list_at
from cli.init.openapi.endpoints import Collection
from cli.init.paths import fits
from cli.init.survey import Surveyor
from cli.init.surveyed import Surveyed, Wanted
from cli.studio.connection import Connection
from cli.studio.jobs import Tell
from cli.studio.marks import Mark, marks_of
from cli.studio.memory import RememberingClient
from errors import ConfigurationError, EndpointError
from formats.bodies import decode
from probe.advice import advice_for, without_hint
from probe.recording import RecordedExchange

_MOST_GUESSES = 12
_MOST_BODIES = 6
_LONGEST = 20_000


@dataclass(slots=True)
class Look:
    """One endpoint that was looked at; `surveyed` is None where it cannot be used yet."""

    wanted: Wanted
    exchanges: list[RecordedExchange] = field(default_factory=list)
    surveyed: Surveyed | None = None
    error: str = ""
    advice: str = ""
    notes: list[str] = field(default_factory=list)

    @property
    def kind(self) -> str:
        return self.wanted.path

    @property
    def shown(self) -> int:
        """The number of the answer that shows most: the first one of the endpoint itself."""
        own = [n for n, one in enumerate(self.exchanges) if _ends_as(_path_of(one), self.kind)]
        # With a larger page, what leads to the next one may be missing.
        plain = min((len(self.exchanges[n].request.url.query) for n in own), default=0)
        fitting = [n for n in own if len(self.exchanges[n].request.url.query) == plain]
        last = max(0, len(self.exchanges) - 1)
        return max(fitting, key=lambda n: len(self.exchanges[n].content), default=last)


class Looks:
    """The endpoints of a studio, looked at by the detection of `init` through one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._asker = Assuming()
        self._surveyor: Surveyor | None = None
        self._bodies: dict[int, Any] = {}
        self._identified: dict[str, Keys] = {}
        self.all: dict[str, Look] = {}
        self.documented: dict[str, Collection] = {}

    def start_anew(self) -> None:
        """Forget what was asked over another connection; the endpoints stay."""
        self._surveyor = None

    @property
    def surveyed(self) -> list[Surveyed]:
        """The endpoints that can be used, with all that was found out about them."""
        return [look.surveyed for look in self.all.values() if look.surveyed]

    def learn(self, collections: Mapping[str, Collection]) -> None:
        """Take note of the endpoints of a document."""
        self.documented.update(collections)
        self.start_anew()

    async def look(self, address: str, tell: Tell, change: Mapping[str, Any] | None = None) -> Look:
        """Look at an endpoint, again where it is known; what goes wrong is in the result.

        Inputs: `address`, a URL or path; `change`, fields of `Wanted` that the user chose.

        Raises:
            ConfigurationError: it is no address of this API.
        """
        wanted = _changed(self._wanted(address), change or {})
        client, surveyor = self._connection.asks, self._prepared(wanted)
        before, look = self.all.get(wanted.path), Look(wanted)
        client.exchanges.clear()
        if isinstance(client, RememberingClient):
            client.listener = lambda one: tell({"asked": f"{one.method} {one.url}"})
        try:
            look.surveyed = await _surveyed(client, surveyor, wanted)
            look.surveyed.is_insisted = True
        except EndpointError as error:
            last = client.exchanges[-1] if client.exchanges else None
            is_last = last is not None and last.error is error
            settings = self._connection.settings
            look.advice = advice_for(last, settings) if last and settings and is_last else ""
            look.error = without_hint(error, look.advice)
        except ConfigurationError as error:
            look.error = str(error)
        if look.error and before and before.surveyed:
            # What is known of it stays, and so does its resource.
            look.wanted, look.surveyed = before.wanted, before.surveyed
        # Only now, so that one that is interrupted leaves what was known.
        self.all[wanted.path] = look
        look.exchanges = [*client.exchanges]
        look.notes = [*self._asker.notes]
        if wanted.path in self._identified:
            # Where its items have no such field any more, what was found out counts.
            with suppress(ConfigurationError):
                self.identify(wanted.path, self._identified[wanted.path])
        return look

    def known(self, kind: str) -> Look:
        """Return what is known of an endpoint.

        Raises:
            ConfigurationError: it was not looked at.
        """
        if kind not in self.all:
            raise ConfigurationError(f"{kind} was not looked at yet")
        return self.all[kind]

    def identify(self, kind: str, keys: Keys) -> Identifier:
        """Let a field identify the items of an endpoint; returns how.

        Raises:
            ConfigurationError: an item that was seen has no such field.
        """
        look = self.known(kind)
        items = look.surveyed.items if look.surveyed else []
        values = [value_of(item, keys) for item in items]
        if not values or any(isinstance(one, dict | list | None) for one in values):
            raise ConfigurationError(f"{jq_path(keys)} is no text or number in all items of {kind}")
        made = Identifier(
            (Part(keys, all(isinstance(v, str) for v in values)),), True, why="chosen"
        )
        if look.surveyed:
            look.surveyed.identifier = made
        self._identified[kind] = keys
        return made

    async def body(self, kind: str, number: int) -> Any:
        """Return the JSON value of an answer; of what is none, the start of its text."""
        look = self.known(kind)
        if not 0 <= number < len(look.exchanges):
            raise ConfigurationError("there is no such answer")
        return await self.value_of(look.exchanges[number], look.wanted)

    async def value_of(self, exchange: RecordedExchange, wanted: Wanted) -> Any:
        """Return the JSON value of an exchange, as its endpoint reads it."""
        key = id(exchange.content)
        if key not in self._bodies:
            while len(self._bodies) >= _MOST_BODIES:
                self._bodies.pop(next(iter(self._bodies)))
            # With the bytes, so that no other ones get their number.
            self._bodies[key] = (exchange.content, await _decoded(exchange, wanted))
        return self._bodies[key][1]

    async def marks(self, look: Look, number: int) -> tuple[list[ListGuess], list[Mark]]:
        """Return the lists that an answer may hold, the best first, and what it says of itself."""
        exchange = look.exchanges[number]
        body = await self.value_of(exchange, look.wanted)
        guesses = find_lists(body, look.kind) if isinstance(body, dict | list) else []
        chosen = look.wanted.place
        if chosen is not None and (own := list_at(body, chosen, look.kind)):
            guesses = [own, *(one for one in guesses if one.path != chosen)]
        first = guesses[0] if guesses else None
        path = first.path if first and first.form == "array" else None
        headers = exchange.response.headers if exchange.response else {}
        items = first.items if first and first.form != "object" else []
        answer = Answer(items, body, headers, exchange.status or 0, path)
        return guesses[:_MOST_GUESSES], marks_of(answer, guesses)

    def _wanted(self, address: str) -> Wanted:
        settings = self._connection.settings
        if address in self.all:
            return self.all[address].wanted
        if address in self.documented:
            return self.documented[address].wanted()
        _, found = split_endpoints([address], settings.base_url if settings else "")
        return found[0]

    def _prepared(self, wanted: Wanted) -> Surveyor:
        self._asker.notes.clear()
        if self._surveyor is None:
            base = self._connection.settings
            self._surveyor = Surveyor(
                self._connection.asks,
                base.base_url if base else "",
                self._asker,
                known=[one.wanted() for one in self.documented.values()],
            )
        self._surveyor.learn([*(look.wanted for look in self.all.values()), wanted])
        self._surveyor.forget(wanted.path)
        return self._surveyor


def _changed(wanted: Wanted, change: Mapping[str, Any]) -> Wanted:
    joins = {**wanted.joins, **change.get("joins", {})}
    return replace(wanted, **{**change, "joins": joins})


async def _surveyed(client: Any, surveyor: Surveyor, wanted: Wanted) -> Surveyed:
    if not isinstance(client, RememberingClient):
        return await surveyor.survey(wanted)
    # Whether the same question has the same answer is for the API to say.
    with client.anew():
        return await surveyor.survey(wanted)


async def _decoded(exchange: RecordedExchange, wanted: Wanted) -> Any:
    response: ApiResponse | None = exchange.response
    if response is None:
        return str(exchange.error or "there was no answer")
    try:
        whole = replace(response, content=exchange.content, large=None)
        return (await decode(whole, wanted.endpoint.response_format)).value
    except (EndpointError, ValueError, RecursionError):
        return exchange.content[:_LONGEST].decode(errors="replace")


def _path_of(exchange: RecordedExchange) -> str:
    return exchange.request.url.path


def _ends_as(path: str, kind: str) -> bool:
    """Return whether an address may be that of an endpoint below some base."""
    own, wanted = _segments(path), _segments(kind)
    return len(own) >= len(wanted) and fits("/".join(own[-len(wanted) :]), "/".join(wanted))


def _segments(path: str) -> Sequence[str]:
    return [segment for segment in path.partition("?")[0].split("/") if segment]
