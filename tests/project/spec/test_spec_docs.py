"""The generated pages: what they say, and that they are up to date."""

from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any, Literal, cast

import pytest
import yaml
from pydantic.v1 import BaseModel as BaseModelV1
from pydantic.v1 import Field as FieldV1

from tools.scripts import configuration_page, contract_page, generate_docs
from tools.scripts.contract_markers import MarkerCollector
from tools.scripts.contract_page import Statement
from tools.scripts.markdown import table
from tools.scripts.model_tables import fields, nested_models, section, type_name, words

ROOT = Path(__file__).resolve().parents[3]


class Inner(BaseModelV1):
    """What is inside."""

    field: str = FieldV1(description="JQ, such as `.id | tostring`.")


class Outer(BaseModelV1):
    """What is outside."""

    method: Literal["GET", "POST"] = FieldV1("GET", description="The method.")
    inner: dict[str, Inner] = FieldV1(default_factory=dict, description="More.")


def test_the_configuration_page_is_up_to_date() -> None:
    path, text, _ = generate_docs.PAGES["configuration"](ROOT)
    difference = generate_docs.difference(path, text)
    assert not difference, f"run python -m tools.scripts.generate_docs configuration\n{difference}"


def test_the_page_names_every_setting_and_its_topic() -> None:
    text = configuration_page.render(ROOT)
    settings = yaml.safe_load((ROOT / ".port" / "spec.yaml").read_text("utf-8"))["configurations"]
    topics = text.split("\n## ")
    for setting in settings:
        topic = configuration_page.topic_of(setting)
        assert any(t.startswith(topic) and f"| `{setting['name']}` |" in t for t in topics)
        assert all(name in text for name in configuration_page.names_of(setting))


def test_names_of_a_secret() -> None:
    assert configuration_page.names_of({"name": "apiToken", "sensitive": True}) == (
        "OCEAN__INTEGRATION__CONFIG__API_TOKEN",
        "integration.secrets.apiToken",
        'ocean.integration_config["api_token"]',
    )


@pytest.mark.parametrize(
    "hint, expected",
    [
        (str, "string"),
        (bool | None, "boolean"),
        (int | str, "integer or string"),
        (list[str], "list of string"),
        (tuple[str, ...], "list of string"),
        (dict[str, Any], "object"),
        (dict[str, str], "object of string by name"),
        (dict[str, Inner], "object of inner by name"),
        (Literal["GET", "POST"], "one of `GET`, `POST`"),
        (Annotated[dict[str, Any], "more"], "object"),
    ],
)
def test_types_are_told_in_words(hint: object, expected: str) -> None:
    assert type_name(hint) == expected


def test_class_names_are_told_in_words() -> None:
    assert words("PathParameter") == "path parameter"


def test_models_become_tables() -> None:
    assert section("### Inner", Inner) == (
        "### Inner\n\nWhat is inside.\n\n"
        "| Field | Type | Default | What it is |\n"
        "| --- | --- | --- | --- |\n"
        "| `field` | string | required | JQ, such as `.id \\| tostring`. |\n"
    )
    assert [field.name for field in fields(Outer)] == ["method", "inner"]
    assert nested_models(Outer) == [Inner]


def test_columns_that_say_nothing_are_left_out() -> None:
    assert table(("A", "B"), [("1", ""), ("2", "")]) == "| A |\n| --- |\n| 1 |\n| 2 |"


def test_a_stale_page_is_told_with_the_difference(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    assert "+new" in generate_docs.difference(page, "new\n")
    page.write_text("new\n", "utf-8")
    assert generate_docs.difference(page, "new\n") == ""


STATEMENTS = [
    Statement("auth.bearer", 1, "The token is sent."),
    Statement("items.mark", 2, "Items carry __x."),
    Statement("loop.cursor", 3, "A repeated cursor ends."),
]


def test_gaps_in_the_fixed_parts_and_unknown_ids_are_problems() -> None:
    tests = {"auth.bearer": ["tests/a.py::test_b"], "auth.baerer": ["tests/a.py::test_c"]}
    assert contract_page.problems(STATEMENTS, tests) == [
        "no test proves items.mark: Items carry __x.",
        "unknown contract id auth.baerer at tests/a.py::test_c",
    ]


def test_statements_are_listed_with_their_tests() -> None:
    text = contract_page.render(STATEMENTS, {"items.mark": ["tests/a.py::TestB::test_c"]})
    assert "| `items.mark` | Items carry \\_\\_x. | [TestB.test_c](../tests/a.py) |" in text
    assert "| `auth.bearer` | The token is sent. | **none yet** |" in text
    assert "0 of 1 statements are proven by tests." in text


def test_markers_are_collected_once_for_all_cases_of_a_test() -> None:
    items = [item("test_a[1]", "x.one", "x.two"), item("test_a[2]", "x.one"), item("test_b")]
    collector = MarkerCollector()
    collector.pytest_collection_modifyitems(cast("list[pytest.Item]", items))
    assert collector.tests == {"x.one": ["tests/a.py::test_a"], "x.two": ["tests/a.py::test_a"]}


def item(name: str, *identifiers: str) -> SimpleNamespace:
    marks = [pytest.mark.contract(*identifiers).mark] if identifiers else []
    return SimpleNamespace(nodeid=f"tests/a.py::{name}", iter_markers=lambda _name: marks)


def test_the_registry_of_statements_is_sound() -> None:
    statements = contract_page.load(ROOT / "tests" / "contract.yaml")
    identifiers = [statement.id for statement in statements]
    assert len(identifiers) == len(set(identifiers))
    assert [s.part for s in statements] == sorted(s.part for s in statements)
    assert all(statement.text.endswith(".") for statement in statements)
