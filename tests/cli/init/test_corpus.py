"""`init` on a corpus of response shapes: it picks what a person would pick."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.surroundings import Surroundings
from errors import ConfigurationError
from tests.cli.init.corpus import CASES, S3, Case, Pick
from tests.cli.init.test_init_shapes import init
from tests.support.fake_api import FakeApi, Reply

pytestmark = pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")

type Record = Callable[[str, object], None]


@pytest.mark.contract("init.picks")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_init_picks_what_a_person_would(
    case: Case, api: FakeApi, around: Surroundings, tmp_path: Path, record_property: Record
) -> None:
    api.answer = case.answer
    asked = [f"{api.url}{path}" for path in _asked(case)]
    record_property("init shapes", "0/1")
    report = await init(around, *asked, folder=tmp_path / "out")
    wrong = _wrong(case, report.plan)
    if not wrong:
        record_property("init shapes", "1/0")
    assert wrong == [], "\n".join(wrong)


def _asked(case: Case) -> list[str]:
    """The addresses that are given: the picks' paths, each below what baseUrl will be."""
    known = list(case.answers)
    found = []
    for path in case.picks:
        start = path.partition("{")[0]
        like = next(
            (one for one in known if one.endswith(path) or ("{" in path and start in one)), path
        )
        found.append(f"{like.partition(start)[0]}{path}")
    return found


def _wrong(case: Case, plan: Any) -> list[str]:
    resources = {one["kind"]: one for one in plan.mapping["resources"]}
    blueprints = {one["identifier"]: one for one in plan.blueprints}
    told = [f"warnings: {plan.warnings}"]
    wrong: list[str] = []
    for path, pick in case.picks.items():
        if path not in resources:
            return [f"{path} is not there, but {list(resources)}", *told]
        wrong += _differences(path, pick, resources[path], blueprints, plan.settings)
    return [*wrong, *told] if wrong else []


def _differences(path: str, pick: Pick, resource: Any, blueprints: Any, settings: Any) -> list[str]:
    selector = resource["selector"]
    mappings = resource["port"]["entity"]["mappings"]
    name = mappings["blueprint"].strip('"')
    properties = blueprints[name]["schema"]["properties"]
    relations = {key: one["target"] for key, one in blueprints[name]["relations"].items()}
    own = selector.get("pagination", settings.get("paginationType", "none"))
    got: dict[str, tuple[Any, Any]] = {
        "data_path": (selector.get("data_path", "."), pick.data_path),
        "identifier": (mappings["identifier"], pick.identifier),
        "title": (mappings["title"], pick.title or mappings["title"]),
        "way": (own["type"] if isinstance(own, dict) else own, pick.way),
        "blueprint": (name, pick.blueprint or name),
        "relations": (relations, dict(pick.relations)),
        "types": (
            {key: properties.get(key, {}).get("type") for key in pick.types},
            dict(pick.types),
        ),
        "absent": ([key for key in pick.absent if key in properties], []),
        "selector": ({key: selector.get(key) for key in pick.selector}, dict(pick.selector)),
        "enums": ([key for key, one in properties.items() if "enum" in one], []),
    }
    return [
        f"{path} {key}: {mine!r}, not {theirs!r}"
        for key, (mine, theirs) in got.items()
        if mine != theirs
    ]


async def test_a_list_that_calls_itself_truncated_is_not_taken_for_whole(
    api: FakeApi, around: Surroundings, tmp_path: Path
) -> None:
    whole = S3.replace("<IsTruncated>false", "<IsTruncated>true")
    api.answer = lambda request: Reply(200, whole.encode(), {"content-type": "application/xml"})
    with pytest.raises(ConfigurationError, match="IsTruncated"):
        await init(around, f"{api.url}/", folder=tmp_path / "out")


async def test_values_that_nobody_lists_say_where_they_were_looked_for(
    api: FakeApi, around: Surroundings, tmp_path: Path
) -> None:
    api.answer = lambda request: Reply(404, {})
    with pytest.raises(ConfigurationError) as error:
        await init(around, f"{api.url}/api/v1/label/{{label}}/values", folder=tmp_path / "out")
    for looked in ("/label: 404", "/label/: 404", "/labels: 404"):
        assert looked in str(error.value)
