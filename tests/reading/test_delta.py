"""Tokens that tell what changed: nothing is lost, and nothing comes back, in any order of runs."""

import asyncio
import threading
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from api_messages import ApiRequest, ApiResponse
from cache.delta_tokens import DeltaToken
from errors import ResourceError, SelectorError, StatusError
from framework.owners import EntityOwners
from framework.runs import DeltaState
from mapping.fields.selector import CustomSelector
from mapping.plan.resource import ResourcePlan
from reading.resource_reader import ResourceReader
from reading.session import Session
from settings.connection import ConnectionSettings
from tests.reading.test_resource_reader import BASE, Api
from tests.reading.test_timed_reader import START

SETTINGS = {"base_url": BASE, "response_directory": "/tmp/none"}
PARSED = ConnectionSettings.parse(SETTINGS)
LINKED = {
    "data_path": ".value",
    "pagination": "next_link",
    "incremental": {"delta": {"link": "@odata.deltaLink", "removed": 'has("@removed")'}},
}
TOKENS = {
    "data_path": ".items",
    "pagination": {
        "type": "cursor",
        "param": "pageToken",
        "cursor_path": "nextPageToken",
        "size_param": "",
    },
    "incremental": {
        "param": "syncToken",
        "delta": {
            "token": "nextSyncToken",
            "removed": '.status == "cancelled"',
            "reset": '.status == 400 and .body.error.reason == "x"',
        },
    },
}


def plan_of(selector: dict[str, Any], **config: Any) -> ResourcePlan:
    parsed = ConnectionSettings.parse({**SETTINGS, **config})
    return CustomSelector.validate({"query": "true", **selector}).plan("/things", parsed)


class Tokens:
    """Those that are kept, in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, DeltaToken | None] = {}

    async def load(self, resource: str) -> DeltaToken | None:
        return self.kept.get(resource)

    async def save(self, resource: str, token: DeltaToken | None) -> None:
        self.kept[resource] = token


@dataclass
class Graph:
    """An API with delta links, as Microsoft Graph has them, or with sync tokens, as Google.

    A round tells of all that changed since it began before; `meanwhile` happens between its pages.
    Items have a name, which another may have as well, and by which the catalog knows them.
    """

    is_linked: bool = True
    items: dict[str, int] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    changes: list[str] = field(default_factory=list)
    oldest: int = 0
    meanwhile: list[tuple[str, str]] = field(default_factory=list)
    rounds: dict[str, list[str]] = field(default_factory=dict)

    def change(self, what: str, name: str) -> None:
        if what == "delete":
            self.items.pop(name, None)
        else:
            if what.startswith("call "):
                self.names[name] = what.removeprefix("call ")
            self.items[name] = self.items.get(name, 0) + len(self.changes) + 1
        self.changes.append(name)

    def __call__(self, request: ApiRequest) -> Any:
        query = request.url.params
        page, begun = query.get("pageToken"), len(self.changes)
        token = query.get("syncToken")
        if page is None:
            if token and int(token) < self.oldest:
                return 410 if self.is_linked else self._refusal(request)
            since = int(token or 0)
            names = self.items if not token else self.changes[since:]
            page = f"{begun}-{token}-{len(self.rounds)}-0"
            self.rounds[page.rpartition("-")[0]] = list(dict.fromkeys(names))
        elif self.meanwhile:
            self.change(*self.meanwhile.pop())
        key, _, at = page.rpartition("-")
        names, start = self.rounds[key], int(at)
        found = [self._shown(name) for name in names[start : start + 2]]
        if start + 2 < len(names):
            return self._body(found, "@odata.nextLink", "nextPageToken", f"{key}-{start + 2}")
        return self._body(found, "@odata.deltaLink", "nextSyncToken", key.partition("-")[0])

    def _refusal(self, request: ApiRequest) -> StatusError:
        answer = ApiResponse(request.url, 400, httpx.Headers(), b'{"error": {"reason": "x"}}')
        return StatusError(400, "the API answered 400", answer=answer)

    def _shown(self, name: str) -> dict[str, Any]:
        known = {"id": name, "name": self.names.get(name, name)}
        if name in self.items:
            return {**known, "version": self.items[name]}
        gone = {"@removed": {"reason": "deleted"}} if self.is_linked else {"status": "cancelled"}
        return {**known, **gone}

    def _body(self, found: list[Any], link: str, token: str, value: str) -> dict[str, Any]:
        if not self.is_linked:
            return {"items": found, token: value}
        name = "pageToken" if token == "nextPageToken" else "syncToken"
        return {"value": found, link: f"{BASE}/things?{name}={value}"}


@dataclass
class Round:
    """A run that has read and not written yet."""

    items: dict[str, int]
    removed: list[str]
    delta: DeltaState
    is_full: bool
    gone: set[str] = field(default_factory=set)


class Catalog:
    def __init__(self, api: Graph, plan: ResourcePlan) -> None:
        self.entities: dict[str, int] = {}
        self.tokens = Tokens()
        self._api = api
        self._plan = plan

    async def begin(self, *, is_full: bool) -> Round | None:
        """Read; None where that fails."""
        tokens: Any = self.tokens
        delta = await DeltaState.loaded(tokens, "/things", goes_on=not is_full)
        client: Any = Api(self._api)
        reader = ResourceReader(
            self._plan,
            Session(client, PARSED),
            since=None if is_full else START,
            token=None if is_full else delta.begun,
        )
        items: dict[str, int] = {}
        try:
            async for batch in reader.batches():
                items |= {item["name"]: item["version"] for item in batch}
                for item in batch:
                    delta.owners.bring(("thing", item["name"]), item["id"])
        except ResourceError:
            return None
        assert reader.delta
        delta.next = reader.delta.next_token
        removed = reader.delta.removed
        gone = {
            item["name"]
            for name, item in removed.items()
            if delta.owners.let_go(("thing", item["name"]), name)
        }
        return Round(items, list(removed), delta, is_full, gone)

    async def end(self, one: Round) -> None:
        """Write what was read, as Ocean does."""
        self.entities |= one.items
        for name in one.gone:
            self.entities.pop(name, None)
        if one.is_full:
            for name in self.entities.keys() - one.items.keys():
                del self.entities[name]
        await one.delta.advance()

    async def run(self, *, is_full: bool) -> None:
        one = await self.begin(is_full=is_full)
        assert one
        await self.end(one)


NAMES = st.sampled_from("abcdef")
CHANGES = st.tuples(st.sampled_from(["change", "change", "delete"]), NAMES)
STEPS = st.one_of(
    CHANGES,
    st.tuples(st.just("meanwhile"), CHANGES),
    st.tuples(st.sampled_from(["begin full", "begin incremental", "end"]), st.just("")),
    st.tuples(st.just("expire"), st.just("")),
)


@pytest.mark.contract("incremental.delta")
@pytest.mark.parametrize("is_linked", [True, False])
@given(steps=st.lists(STEPS, max_size=25))
@example(
    # Read by an incremental run, deleted, not seen by a full one, and written only then.
    steps=[
        ("change", "a"),
        ("begin incremental", ""),
        ("delete", "a"),
        ("begin full", ""),
        ("end", ""),
        ("end", ""),
    ]
)
@settings(max_examples=60, deadline=None)
def test_runs_in_any_order_lose_nothing_and_bring_nothing_back(
    is_linked: bool, steps: list[tuple[str, Any]]
) -> None:
    api = Graph(is_linked)
    catalog = Catalog(api, plan_of(LINKED if is_linked else TOKENS))

    async def history() -> bool:
        under_way: list[Round] = []
        has_expired = False
        await catalog.run(is_full=True)
        for step, value in steps:
            match step:
                case "meanwhile":
                    api.meanwhile.append(value)
                case "begin full" | "begin incremental":
                    begun = await catalog.begin(is_full=step == "begin full")
                    under_way += [begun] if begun else []
                case "end":
                    if under_way:
                        # The last that began ends first.
                        await catalog.end(under_way.pop())
                case "expire":
                    api.oldest, has_expired = len(api.changes), True
                case _:
                    api.change(step, value)
        while under_way:
            await catalog.end(under_way.pop(0))
        api.meanwhile.clear()
        await catalog.run(is_full=False)
        return has_expired

    has_expired = asyncio.run(history())
    assert api.items.items() <= catalog.entities.items()
    if not has_expired:
        assert catalog.entities == api.items
    asyncio.run(catalog.run(is_full=True))
    assert catalog.entities == api.items


CALLED = st.tuples(st.sampled_from(["call x", "call y", "call a", "delete", "change"]), NAMES)
TAKEN = st.one_of(
    CALLED,
    CALLED,
    st.tuples(st.just("meanwhile"), CALLED),
    st.tuples(
        st.sampled_from(["begin full", "begin incremental", "end", "full", "expire"]), st.just("")
    ),
    st.tuples(st.just("incremental"), st.just("")),
)


@pytest.mark.contract("incremental.delta")
@given(steps=st.lists(TAKEN, max_size=25))
@example(
    # A removal that arrives a round after another item took over the name.
    steps=[
        ("call x", "a"),
        ("full", ""),
        ("call x", "b"),
        ("incremental", ""),
        ("delete", "a"),
        ("incremental", ""),
    ]
)
@example(
    # A full run that began before two others ends between them.
    steps=[
        ("begin full", ""),
        ("call x", "a"),
        ("incremental", ""),
        ("begin incremental", ""),
    ]
)
@example(
    # An item that is called like another one's id.
    steps=[("change", "a"), ("full", ""), ("call a", "b"), ("incremental", ""), ("delete", "b")]
)
@settings(max_examples=150, deadline=None)
def test_no_removal_takes_what_another_item_has(steps: list[tuple[str, Any]]) -> None:
    api = Graph()
    catalog = Catalog(api, plan_of(LINKED))

    async def history() -> None:
        under_way: list[Round] = []
        await catalog.run(is_full=True)
        for step, value in steps:
            match step:
                case "meanwhile":
                    api.meanwhile.append(value)
                case "full" | "incremental":
                    await catalog.run(is_full=step == "full")
                case "begin full" | "begin incremental":
                    begun = await catalog.begin(is_full=step == "begin full")
                    under_way += [begun] if begun else []
                case "end":
                    if under_way:
                        await catalog.end(under_way.pop())
                case "expire":
                    api.oldest = len(api.changes)
                case _:
                    api.change(step, value)
        while under_way:
            await catalog.end(under_way.pop(0))
        api.meanwhile.clear()
        await catalog.run(is_full=False)

    asyncio.run(history())
    living = {api.names.get(name, name) for name in api.items}
    assert living <= catalog.entities.keys()
    asyncio.run(catalog.run(is_full=True))
    assert living == catalog.entities.keys()


def names(count: int) -> Graph:
    api = Graph()
    for number in range(count):
        api.change("change", f"n{number}")
    return api


@pytest.mark.contract("incremental.delta")
async def test_a_round_asks_for_what_changed_only() -> None:
    api = names(20)
    catalog = Catalog(api, plan_of(LINKED))
    await catalog.run(is_full=True)
    api.change("delete", "n3")
    api.change("change", "n4")
    one = await catalog.begin(is_full=False)
    assert one
    assert (set(one.items), one.removed) == ({"n4"}, ["n3"])


@pytest.mark.contract("incremental.delta")
async def test_a_removal_that_is_wrong_about_all_deletes_nothing_by_itself() -> None:
    """A full resync has its own proof, and its own guards."""
    block = {"link": "@odata.deltaLink", "removed": "true"}
    api = names(5)
    catalog = Catalog(api, plan_of({**LINKED, "incremental": {"delta": block}}))
    one = await catalog.begin(is_full=True)
    assert one
    assert (one.items, one.removed) == ({}, [])


@pytest.mark.contract("incremental.delta")
async def test_a_failed_round_keeps_its_token() -> None:
    api = names(5)
    catalog = Catalog(api, plan_of(LINKED))
    await catalog.run(is_full=True)
    token = catalog.tokens.kept["/things"]
    broken = Catalog(api, plan_of({**LINKED, "data_path": ".nothing"}))
    broken.tokens = catalog.tokens
    assert await broken.begin(is_full=True) is None
    assert catalog.tokens.kept["/things"] == token


@pytest.mark.contract("incremental.delta")
@pytest.mark.parametrize(
    "delta, more, said",
    [
        ({}, {}, "give either link or token"),
        ({"link": "a", "token": "b"}, {"param": "p"}, "give either link or token"),
        ({"token": "b"}, {}, "incremental.param: is required with delta.token"),
        ({"link": "a"}, {"param": "p"}, "incremental.param: has no effect with delta.link"),
        ({"link": "a[0].b"}, {}, "write `a.0.b`"),
        ({"link": "a"}, {"lookback": "5m"}, "lookback: has no effect with delta"),
        ({"link": "a"}, {"field": ".x"}, "field: has no effect with delta"),
        ({"link": "a", "removed": ".["}, {}, "incremental.delta.removed"),
    ],
)
def test_misuse_is_refused(delta: dict[str, Any], more: dict[str, Any], said: str) -> None:
    with pytest.raises(SelectorError) as caught:
        plan_of({"incremental": {"delta": delta, **more}})
    assert said in str(caught.value)


@pytest.mark.contract("incremental.delta")
def test_a_token_needs_a_directory_and_one_list() -> None:
    with pytest.raises(SelectorError, match="needs the setting responseDirectory"):
        plan_of(LINKED, response_directory="")
    nested = {
        **LINKED,
        "endpoint": "/x/{y}",
        "path_parameters": {"y": {"endpoint": "/y", "field": ".id"}},
    }
    with pytest.raises(SelectorError, match="cannot be used with path_parameters"):
        plan_of(nested)


async def test_owners_are_read_and_written_beside_the_event_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    workers = []
    read, write = EntityOwners.from_bytes, EntityOwners.to_bytes

    def reading(content: bytes) -> EntityOwners:
        workers.append(threading.current_thread())
        return read(content)

    def writing(owners: EntityOwners) -> bytes:
        workers.append(threading.current_thread())
        return write(owners)

    monkeypatch.setattr(EntityOwners, "from_bytes", reading)
    monkeypatch.setattr(EntityOwners, "to_bytes", writing)
    tokens: Any = Tokens()
    tokens.kept["x"] = DeltaToken("old", write(EntityOwners()), 1, 1)
    state = await DeltaState.loaded(tokens, "x", goes_on=True)
    state.next = "new"
    await state.advance()
    assert tokens.kept["x"].text == "new"
    assert len(workers) == 2
    assert threading.main_thread() not in workers
