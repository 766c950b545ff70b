"""Blueprints and their scorecards."""

from fastapi import APIRouter, Response

from tools.sandbox.port import blueprints
from tools.sandbox.port.errors import required_text
from tools.sandbox.port.routes.common import Body, CurrentActor, State, answer
from tools.sandbox.port.store import EntityStore

router = APIRouter()


@router.get("/blueprints")
async def list_all(state: State) -> Response:
    return answer(blueprints=list(state.blueprints.values()))


@router.post("/blueprints")
async def create(state: State, actor: CurrentActor, body: Body) -> Response:
    return answer(201, blueprint=blueprints.create_blueprint(state, body, by=actor.datasource))


@router.get("/blueprints/{identifier}")
async def get(state: State, identifier: str) -> Response:
    return answer(blueprint=state.blueprint(identifier))


@router.put("/blueprints/{identifier}")
async def replace(state: State, actor: CurrentActor, identifier: str, body: Body) -> Response:
    return answer(
        blueprint=blueprints.replace_blueprint(state, identifier, body, by=actor.datasource)
    )


@router.patch("/blueprints/{identifier}")
async def patch(state: State, actor: CurrentActor, identifier: str, body: Body) -> Response:
    return answer(
        blueprint=blueprints.patch_blueprint(state, identifier, body, by=actor.datasource)
    )


@router.delete("/blueprints/{identifier}")
async def delete(state: State, identifier: str) -> Response:
    blueprints.delete_blueprint(state, identifier)
    return answer()


@router.delete("/blueprints/{identifier}/all-entities")
async def delete_entities(
    state: State, actor: CurrentActor, identifier: str, delete_blueprint: bool = False
) -> Response:
    """Delete every entity, and with `delete_blueprint` the blueprint; done when answered."""
    state.blueprint(identifier)
    store = EntityStore(state, actor)
    for key in list(state.entities.get(identifier, {})):
        if state.find_entity(identifier, key):
            store.delete(identifier, key, delete_dependents=True)
    if delete_blueprint:
        blueprints.delete_blueprint(state, identifier)
    return answer(migrationId=f"delete-{identifier}")


@router.get("/blueprints/{identifier}/scorecards")
async def list_scorecards(state: State, identifier: str) -> Response:
    state.blueprint(identifier)
    return answer(scorecards=list(state.scorecards.get(identifier, {}).values()))


@router.post("/blueprints/{identifier}/scorecards")
async def create_scorecard(state: State, identifier: str, body: Body) -> Response:
    state.blueprint(identifier)
    name = required_text(body, "identifier")
    state.scorecards.setdefault(identifier, {})[name] = body
    return answer(201, scorecard=body)
