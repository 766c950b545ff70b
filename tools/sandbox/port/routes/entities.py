"""Entities: write one or many, read, search, delete."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from tools.sandbox.port.errors import InvalidRequest, NotFound, PortError
from tools.sandbox.port.reading import page_of, reduced, search_datasource
from tools.sandbox.port.records import EntityRecord
from tools.sandbox.port.routes.common import Body, CurrentActor, State, answer
from tools.sandbox.port.search import search
from tools.sandbox.port.state import PortState
from tools.sandbox.port.store import EntityStore, WriteOptions, described_identifier

router = APIRouter()

DATASOURCE_PAGE_SIZE = 5000
SEARCH_PAGE_SIZE = 200

Names = Annotated[list[str] | None, Query()]
Options = Annotated[WriteOptions, Depends()]


@router.post("/blueprints/entities/datasource-entities")
async def find_by_datasource(state: State, body: Body) -> Response:
    """Return the entities that one integration wrote, which Ocean compares with its resync."""
    found = search_datasource(
        state,
        prefix=str(body.get("datasource_prefix", "")),
        suffix=str(body.get("datasource_suffix", "")),
        before=body.get("before"),
    )
    return _page(found, body, DATASOURCE_PAGE_SIZE)


@router.post("/entities/search")
async def search_all(
    state: State,
    body: Body,
    include: Names = None,
    exclude: Names = None,
    exclude_calculated_properties: bool = False,
) -> Response:
    found = search(state, body)
    return answer(
        matchingBlueprints=sorted({entity.blueprint for entity in found}),
        entities=[
            reduced(state, entity, include, exclude, derived=not exclude_calculated_properties)
            for entity in found
        ],
    )


@router.post("/blueprints/{blueprint}/entities/search")
async def search_blueprint(state: State, blueprint: str, body: Body) -> Response:
    state.blueprint(blueprint)
    found = search(state, body.get("query") or {"combinator": "and", "rules": []}, blueprint)
    include, exclude = body.get("include"), body.get("exclude")
    page, following = page_of(found, body, SEARCH_PAGE_SIZE)
    entities = [reduced(state, entity, include, exclude, derived=True) for entity in page]
    return answer(entities=entities, next=following)


@router.post("/blueprints/{blueprint}/entities/bulk")
async def write_many(
    state: State, actor: CurrentActor, blueprint: str, body: Body, options: Options
) -> Response:
    """Write entities one by one: 207 when some were refused, each told with its index."""
    entities = body.get("entities")
    if not isinstance(entities, list):
        raise InvalidRequest("body must have required property 'entities'")
    store = EntityStore(state, actor)
    _require_blueprint(state, store, blueprint, entities)
    written: list[dict[str, Any]] = []
    errors: list[dict[str, Any]] = []
    for index, entity in enumerate(entities):
        try:
            result = store.write(blueprint, entity, options)
        except PortError as error:
            errors.append(_bulk_error(index, entity, error))
        else:
            identifier = result.entity.identifier
            written.append({"identifier": identifier, "index": index, "created": result.created})
    return answer(207 if errors else 200, entities=written, errors=errors)


@router.post("/blueprints/{blueprint}/entities")
async def write_one(
    state: State, actor: CurrentActor, blueprint: str, body: Body, options: Options
) -> Response:
    result = EntityStore(state, actor).write(blueprint, body, options)
    return answer(201 if result.created else 200, entity=result.entity.as_json())


@router.get("/blueprints/{blueprint}/entities")
async def list_all(
    state: State, blueprint: str, include: Names = None, exclude: Names = None
) -> Response:
    state.blueprint(blueprint)
    records = state.entities.get(blueprint, {}).values()
    entities = [reduced(state, entity, include, exclude, derived=True) for entity in records]
    return answer(entities=entities)


@router.get("/blueprints/{blueprint}/entities-count")
async def count(state: State, blueprint: str) -> Response:
    state.blueprint(blueprint)
    return answer(count=len(state.entities.get(blueprint, {})))


@router.post("/blueprints/{blueprint}/bulk/entities/delete")
async def delete_many(
    state: State, actor: CurrentActor, blueprint: str, body: Body, delete_dependents: bool = False
) -> Response:
    """Delete what can be deleted; entities that are gone already or still needed are left out."""
    state.blueprint(blueprint)
    store = EntityStore(state, actor)
    deleted: list[str] = []
    errors: list[dict[str, Any]] = []
    for index, identifier in enumerate(body.get("entities", [])):
        try:
            store.delete(blueprint, identifier, delete_dependents=delete_dependents)
        except PortError as error:
            errors.append(_bulk_error(index, {"identifier": identifier}, error))
        else:
            deleted.append(identifier)
    return answer(deletedEntities=deleted, errors=errors)


@router.get("/blueprints/{blueprint}/entities/{identifier:path}")
async def get_one(
    state: State, blueprint: str, identifier: str, exclude_calculated_properties: bool = False
) -> Response:
    entity = _find(state, blueprint, identifier)
    derived = not exclude_calculated_properties
    return answer(entity=reduced(state, entity, None, None, derived=derived))


@router.patch("/blueprints/{blueprint}/entities/{identifier:path}")
@router.put("/blueprints/{blueprint}/entities/{identifier:path}")
async def rewrite_one(
    request: Request, state: State, actor: CurrentActor, blueprint: str, identifier: str, body: Body
) -> Response:
    """Replace an entity, or change some of it when it is patched."""
    entity = _find(state, blueprint, identifier)
    options = WriteOptions(upsert=True, merge=request.method == "PATCH")
    body = {**body, "identifier": entity.identifier}
    result = EntityStore(state, actor).write(entity.blueprint, body, options)
    return answer(entity=result.entity.as_json())


@router.delete("/blueprints/{blueprint}/entities/{identifier:path}")
async def delete_one(
    state: State,
    actor: CurrentActor,
    blueprint: str,
    identifier: str,
    delete_dependents: bool = False,
) -> Response:
    entity = _find(state, blueprint, identifier)
    store = EntityStore(state, actor)
    store.delete(blueprint, entity.identifier, delete_dependents=delete_dependents)
    return answer()


def _require_blueprint(
    state: PortState, store: EntityStore, blueprint: str, entities: list[Any]
) -> None:
    """Without its blueprint the whole request fails, and with it each of its entities."""
    try:
        state.blueprint(blueprint)
    except NotFound as error:
        for entity in entities:
            store.refuse(blueprint, entity, error)
        raise


def _find(state: PortState, blueprint: str, identifier: str) -> EntityRecord:
    """Decode an identifier of a path, which Ocean form-encodes, with `+` for a space."""
    try:
        return state.entity(blueprint, identifier)
    except NotFound:
        return state.entity(blueprint, identifier.replace("+", " "))


def _page(found: list[EntityRecord], body: dict[str, Any], default_limit: int) -> Response:
    page, following = page_of(found, body, default_limit)
    return answer(entities=[entity.as_json() for entity in page], next=following)


def _bulk_error(index: int, entity: Any, error: PortError) -> dict[str, Any]:
    return {
        "identifier": described_identifier(entity),
        "index": index,
        "statusCode": error.status,
        "error": error.code,
        "message": error.message,
    }
