"""The studio: what the page can ask for, on top of what `init`, `preview` and `check` do."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from pydantic.alias_generators import to_snake

from cli.arrays import jq_path
from cli.as_json import write_json
from cli.init.addresses import split_endpoints
from cli.init.asking import Assuming
from cli.init.blocks import block_of
from cli.init.detect.answers import Paging
from cli.init.detect.lists import ListGuess
from cli.init.initialise import Request, connection_of, given_secrets
from cli.init.openapi.document import load_document
from cli.init.openapi.endpoints import look_through, server_url, shared_prefix
from cli.init.openapi.sources import shown as shown_source
from cli.init.plan import PAGING, SetupPlan, make_plan
from cli.init.surveyed import Join
from cli.init.values import scalar_keys
from cli.inputs import own_version
from cli.mapping_file import to_plain
from cli.studio.connection import Connection, form
from cli.studio.draft import Draft
from cli.studio.jobs import Jobs, Tell
from cli.studio.keeping import Keeping
from cli.studio.looks import Look, Looks
from cli.studio.marks import Mark
from cli.studio.port import AtPort
from cli.studio.readings import Readings
from cli.studio.start import Start
from cli.studio.tree import window
from cli.surroundings import Surroundings
from errors import ConfigurationError
from mapping.fields.pagination import spelt
from probe.recording import RecordedExchange
from settings.pagination import PAGINATION_TYPES

# Seconds that an expression may take while someone types it.
_PATIENCE = 10
_MOST_LISTED = 2000
_MOST_FIELDS = 60


class Studio:
    """One run of the studio; every method answers a question of the page with JSON values."""

    def __init__(self, start: Start, around: Surroundings) -> None:
        self._start = start
        self._around = around
        limit = min(around.config.process_in_queue_timeout, _PATIENCE)
        around.config.process_in_queue_timeout = limit
        self.jobs = Jobs()
        self._connection = Connection(start)
        self._looks = Looks(self._connection)
        self._readings = Readings(self._connection, around)
        self._keeping = Keeping(start.folder)
        self._port = AtPort(around)
        self._draft = self._first_draft()

    async def close(self) -> None:
        """End what a run has started."""
        await self._connection.close()
        self._around.processor.close()

    def write(self, value: Any) -> str:
        """Return a value as one line of JSON, without secrets."""
        return write_json(value, self._connection.text, indent=None)

    def state(self) -> dict[str, Any]:
        """Return all that the page shows without asking anything of the API."""
        return {
            "version": own_version(),
            "folder": str(self._start.folder.resolve()),
            "url": self._start.url,
            "base": self._base_of_url(),
            "connection": self._connection.shown(),
            "endpoints": [self._endpoint(look) for look in self._looks.all.values()],
            "documented": self._documented(),
            "port": self._port.name,
            "draft": {
                "settings": self._draft.settings,
                "mapping": self._draft.mapping,
                "blueprints": self._draft.blueprints,
                "warnings": self._draft.warnings,
            },
        }

    def form(self) -> dict[str, Any]:
        """Return what the page has to know of settings and pagination types."""
        types = {
            name: [
                {"name": spelt(each), "about": option.description, "usual": option.usual}
                for each, option in kind.options().items()
            ]
            for name, kind in PAGINATION_TYPES.items()
        }
        return {**form(), "pagination": types}

    async def connect(self, settings: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
        """Take settings, and reach the API with them."""
        ok = await self._connection.connect(settings, tell)
        self._looks.start_anew()
        self._readings.start_anew()
        self._around.notes.take()
        if self._looks.surveyed:
            self._grow()
        return {"ok": ok, "steps": self._connection.steps}

    async def read_document(self, source: str, tell: Tell) -> dict[str, Any]:
        """Read an OpenAPI document; returns the lists it has, and what it says of the API."""
        given = self._connection.given
        tell({"asked": shown_source(source)})
        root, address = await asyncio.to_thread(load_document, source, verify=given.verifies)
        server, prefix = server_url(root, address), shared_prefix(root)
        # An address that the user gives is the one that is asked.
        base = str(given.values.get("base_url", "")).rstrip("/")
        if base not in ("", server + prefix):
            prefix = ""
        lists = await asyncio.to_thread(look_through, root, prefix)
        self._looks.learn({one.path: one for one in lists.usable})
        left_out = [{"path": path, "why": why} for path, why in lists.left_out.items()]
        named = server + prefix if server else ""
        return {"server": named, "leftOut": left_out[:_MOST_LISTED]}

    async def look(self, address: str, choices: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
        """Look at an endpoint, with what the user chose of it."""
        look = await self._looks.look(address, tell, _chosen(choices))
        self._around.notes.take()
        self._grow()
        if "place" in choices and look.surveyed:
            self._put(look.kind, ("selector", "data_path"), look.surveyed.found.data_path)
        return await self.endpoint(look.kind)

    async def endpoint(self, kind: str, number: int | None = None) -> dict[str, Any]:
        """Return what is known of an endpoint, and what one of its answers says of itself."""
        look = self._looks.known(kind)
        shown = look.shown if number is None else number
        guesses: Sequence[ListGuess] = ()
        marks: Sequence[Mark] = ()
        if look.exchanges:
            guesses, marks = await self._looks.marks(look, shown)
        return {
            **self._endpoint(look),
            "exchanges": [_exchange(one) for one in look.exchanges],
            "shown": shown,
            "lists": [_list(one) for one in guesses],
            "marks": [asdict(mark) for mark in marks],
            "headers": _headers(look, shown),
            "notes": look.notes,
        }

    async def tree(self, kind: str, number: int, path: list[str | int], start: int) -> Any:
        """Return a window of an answer."""
        return window(await self._looks.body(kind, number), path, start)

    def item_tree(self, index: int, number: int, path: list[str | int], start: int) -> Any:
        """Return a window of an item of the preview."""
        return window(self._readings.item(index, number), path, start)

    def remove(self, kind: str) -> dict[str, Any]:
        """Leave an endpoint out again."""
        look = self._looks.all.pop(kind, None)
        index = self._draft.index_of(kind)
        if index is not None:
            self._draft.edit(["mapping", "resources", index], None)
            self._readings.start_anew()
        if look:
            self._grow()
        return self.state()

    def identify(self, kind: str, keys: list[str]) -> dict[str, Any]:
        """Let a field identify the items of an endpoint."""
        made = self._looks.identify(kind, tuple(keys))
        self._grow()
        self._put(kind, ("port", "entity", "mappings", "identifier"), made.expression)
        return self.state()

    def paginate(self, kind: str, index: int | None, block: Any) -> dict[str, Any]:
        """Let an endpoint page in another way than what was found out."""
        place = self._draft.index_of(kind) if index is None else index
        if place is None:
            raise ConfigurationError(f"{kind} is not in the mapping yet: choose its items first")
        self._draft.edit(["mapping", "resources", place, "selector", "pagination"], block)
        return self.state()

    def edit(self, edits: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Change parts of the draft."""
        for one in edits:
            self._draft.edit(one["path"], one.get("value"))
        return self.state()

    async def preview(self) -> dict[str, Any]:
        """Read and map the draft."""
        return await self._readings.preview(self._draft)

    async def attempt(self, index: int, pagination: Any) -> dict[str, Any]:
        """Read a resource with another pagination, without taking that over."""
        return await self._readings.attempt(self._draft, index, pagination)

    async def evaluate(self, index: int, expressions: Sequence[str]) -> dict[str, Any]:
        """Evaluate expressions on some items of a resource."""
        return {"values": [await self._readings.evaluate(index, one) for one in expressions]}

    def changes(self, *, with_secrets: bool) -> dict[str, Any]:
        """Return what writing the files would change."""
        return self._keeping.changes(self._plan(), self._secrets(with_secrets))

    def keep(self, state: str, *, with_secrets: bool) -> dict[str, Any]:
        """Write the files."""
        return self._keeping.write(self._plan(), self._secrets(with_secrets), state)

    async def compare_with_port(self) -> dict[str, Any]:
        """Return what putting the mapping into Port would change there."""
        return await self._port.compare(self._draft)

    async def take_from_port(self) -> dict[str, Any]:
        """Take the mapping from Port in place of the draft."""
        await self._port.take(self._draft)
        self._readings.start_anew()
        return self.state()

    async def put_into_port(self, state: str) -> dict[str, Any]:
        """Put the mapping into Port."""
        await self._port.put(self._draft, state)
        return await self._port.compare(self._draft)

    def _base_of_url(self) -> str:
        """Return what of the address that the studio was started with is the API's root."""
        try:
            return split_endpoints([self._start.url])[0]
        except ConfigurationError:
            return self._start.url

    def _first_draft(self) -> Draft:
        mapping, blueprints = self._keeping.load()
        source, known = self._start.source, self._start.blueprints
        if source is not None:
            mapping = to_plain(source.data)
        if known is not None:
            blueprints = [*known.values()]
        return Draft(mapping, blueprints)

    def _grow(self) -> None:
        """Bring the draft up to what is known of endpoints."""
        connection = connection_of(self._request())
        self._draft.grow(make_plan(self._looks.surveyed, connection, Assuming()))

    def _request(self) -> Request:
        settings = self._connection.settings
        base = settings.base_url if settings else str(self._connection.values.get("base_url", ""))
        return Request(self._connection.given, base, [], self._start.folder)

    def _plan(self) -> SetupPlan:
        """Return what is written: the connection as it is now, and how it pages."""
        plan = self._draft.plan
        paging = {name: value for name, value in plan.settings.items() if name in PAGING}
        plan.settings = {**connection_of(self._request()), **paging}
        return plan

    def _secrets(self, with_secrets: bool) -> dict[str, str]:
        values = self._connection.values
        named = given_secrets(values)
        return {name: str(values[to_snake(name)]) for name in named} if with_secrets else named

    def _put(self, kind: str, path: Sequence[str], value: Any) -> None:
        index = self._draft.index_of(kind)
        if index is not None:
            self._draft.edit(["mapping", "resources", index, *path], value)

    def _documented(self) -> list[dict[str, Any]]:
        listed = [*self._looks.documented.values()][:_MOST_LISTED]
        return [
            {"path": one.path, "summary": one.summary, "tag": one.tag, "method": one.method}
            for one in listed
        ]

    def _endpoint(self, look: Look) -> dict[str, Any]:
        one = look.surveyed
        told: dict[str, Any] = {
            "kind": look.kind,
            "index": self._draft.index_of(look.kind),
            "ok": one is not None,
            "error": look.error,
            "advice": look.advice,
            "placeholders": _placeholders(look),
        }
        if one is None:
            return told
        made = one.identifier
        return {
            **told,
            "items": len(one.items),
            "dataPath": one.found.data_path,
            "form": one.found.form,
            "paging": _paging(one.paging),
            "identifier": {"expression": made.expression, "why": made.why} if made else None,
            "leftOut": one.shape.left_out,
            "fields": scalar_keys(one.items)[:_MOST_FIELDS],
        }


def _chosen(choices: Mapping[str, Any]) -> dict[str, Any]:
    """Return fields of `Wanted` from what the page says was chosen."""
    found: dict[str, Any] = {}
    if choices.get("place") is not None:
        found["place"] = tuple(map(str, choices["place"]))
    if joins := choices.get("joins"):
        found["joins"] = {
            name: Join(one["path"], tuple(map(str, one["keys"]))) for name, one in joins.items()
        }
    return found


def _list(guess: ListGuess) -> dict[str, Any]:
    return {
        "path": guess.path,
        "dataPath": guess.data_path,
        "form": guess.form,
        "count": len(guess.items),
    }


def _paging(paging: Paging) -> dict[str, Any]:
    return {
        "type": paging.type,
        "proven": paging.is_proven,
        "why": paging.why,
        "doubt": paging.doubt,
        "incomplete": paging.is_incomplete,
        "block": block_of(paging.settings) if paging.type != "none" else "none",
        "settings": dict(paging.settings),
    }


def _placeholders(look: Look) -> list[dict[str, Any]]:
    sources = look.surveyed.parameters if look.surveyed else {}
    return [
        {
            "name": name,
            "list": sources[name].parent.kind if name in sources else None,
            "field": jq_path(sources[name].fields[name]) if name in sources else None,
        }
        for name in look.wanted.placeholders
    ]


def _exchange(one: RecordedExchange) -> dict[str, Any]:
    return {
        "method": one.method,
        "url": one.url,
        "status": one.status,
        "ms": one.milliseconds,
        "bytes": len(one.content),
        "error": one.error.cause if one.error else None,
    }


def _headers(look: Look, number: int) -> list[tuple[str, str]]:
    response = look.exchanges[number].response if look.exchanges else None
    hidden = ("set-cookie", "authorization")
    found = response.headers.items() if response else ()
    return [(name, text) for name, text in found if name.lower() not in hidden]
