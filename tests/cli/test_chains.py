"""What a preview reads of path parameters that depend on each other: a bounded part."""

from pathlib import Path
from typing import Any

import pytest

from cli.commands import Inputs, PreviewOptions, run_preview
from cli.surroundings import Surroundings
from reading import resource_reader as resync
from reading.session import Limits
from tests.cli.conftest import Screen
from tests.support.fake_api import FakeApi, Received, Reply

pytestmark = [
    pytest.mark.filterwarnings("ignore:This process:DeprecationWarning"),
    pytest.mark.usefixtures("steady_clock"),
]

MAPPING = """
resources:
  - kind: /things/{org}/{repo}
    selector:
      query: "true"
      path_parameters:
        org: {values: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]}
        repo: {endpoint: "/orgs/{org}/repos", field: .id, include: {of: .of}}
    port:
      entity:
        mappings:
          identifier: .id
          title: .__org + .__repo + .__of
          blueprint: '"thing"'
"""


class Repos:
    """An API whose first organisations have no repositories; `asked` are the paths."""

    def __init__(self, empty: int) -> None:
        self.asked: list[str] = []
        self._empty = empty

    def __call__(self, request: Received) -> Reply:
        self.asked.append(request.path)
        _, name, org, *rest = request.path.split("/")
        if name == "things":
            return Reply(200, [{"id": f"{org}-{rest[0]}"}])
        few = int(org) < self._empty
        return Reply(200, [] if few else [{"id": "a", "of": "x"}, {"id": "b", "of": "y"}])


async def run(around: Surroundings, screen: Screen, api: FakeApi, limits: Limits) -> dict[str, Any]:
    Path("port-app-config.yml").write_text(MAPPING, "utf-8")
    inputs = Inputs({"base_url": api.url}, as_json=True)
    await run_preview(inputs, PreviewOptions(limits), around, screen.terminal)
    (resource,) = screen.json["resources"]
    return dict(resource)


@pytest.mark.parametrize("empty", [0, 3])
async def test_a_chain_is_followed_until_there_is_something_to_show(
    api: FakeApi, around: Surroundings, screen: Screen, empty: int
) -> None:
    api.answer = repos = Repos(empty)
    shown = await run(around, screen, api, Limits(pages=1, endpoints=1))
    (entity,) = shown["entities"]
    assert (entity["identifier"], entity["title"]) == (f"{empty}-a", f"{empty}ax")
    assert sum(path.startswith("/things") for path in repos.asked) == 1
    assert len(repos.asked) <= empty + 6


async def test_a_preview_of_parents_without_children_ends(
    api: FakeApi, around: Surroundings, screen: Screen
) -> None:
    api.answer = repos = Repos(100)
    shown = await run(around, screen, api, Limits(pages=1, endpoints=1))
    assert shown["entities"] == []
    assert len(repos.asked) == 10


@pytest.mark.parametrize("empty, asked", [(3, 5), (9, 4)])
async def test_what_was_left_out_makes_a_preview_partial(
    api: FakeApi,
    around: Surroundings,
    screen: Screen,
    monkeypatch: pytest.MonkeyPatch,
    empty: int,
    asked: int,
) -> None:
    monkeypatch.setattr(resync, "_PARENTS_FOR_EACH", 2)
    api.answer = repos = Repos(empty)
    shown = await run(around, screen, api, Limits(pages=1, endpoints=2))
    assert not shown["complete"]
    assert len(shown["entities"]) == (2 if asked == 5 else 0)
    assert sum(path.startswith("/orgs") for path in repos.asked) == 4
    assert len(repos.asked) <= asked + 1
