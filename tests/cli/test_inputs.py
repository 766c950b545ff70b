"""Where settings come from, where problems stand, what is masked."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from port_ocean.core.models import Entity

from cli.findings import blueprint_differences, collisions, type_problem, unusable_identifiers
from cli.inputs import gather, load_env_file
from errors import SettingsError
from probe.masking import Masker
from redaction import Redactor

PREFIX = "OCEAN__INTEGRATION__CONFIG__"


def test_flags_win_over_the_environment_and_that_over_the_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(f"{PREFIX}PAGE_SIZE", "20")
    Path(".env").write_text(
        f"{PREFIX}PAGE_SIZE=10\nexport {PREFIX}TIMEOUT=7\n{PREFIX}BASE_URL=https://file\n", "utf-8"
    )
    found = gather({"base_url": "https://flag", "api_token": None}, load_env_file(None))
    assert found.values == {"page_size": "20", "timeout": "7", "base_url": "https://flag"}
    assert found.places == {
        "page_size": f"{PREFIX}PAGE_SIZE",
        "timeout": ".env:2",
        "base_url": "--base-url",
    }


def test_all_settings_as_one_json_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PREFIX.rstrip("_"), '{"baseUrl": "https://one", "pageSize": 5}')
    assert gather({}, {}).values == {"base_url": "https://one", "page_size": 5}


def test_problems_name_the_place(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("x.env").write_text(f"# c\n{PREFIX}PAGE_SIZE=no\n", "utf-8")
    found = gather({"base_url": "https://x"}, load_env_file(Path("x.env")))
    with pytest.raises(SettingsError) as error:
        found.parse()
    [problem] = found.problems(error.value)
    assert problem.place == "x.env:2"


def test_settings_are_not_shown_by_accident() -> None:
    assert "s3cr3t" not in repr(gather({"api_token": "s3cr3t"}, {}))


def masker() -> Masker:
    return Masker(Redactor(["known-secret"]))


def test_secrets_are_masked_and_stay_distinct() -> None:
    masked = masker()
    first = masked.value({"next_page_token": "abc", "note": "known-secret", "n": 5})
    second = masked.value({"next_page_token": "def"})
    assert first == {"next_page_token": "***1", "note": "***", "n": 5}
    assert second == {"next_page_token": "***2"}
    assert masked.text("https://x/?page_token=abc&size=5") == "https://x/?page_token=***1&size=5"


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["a", "password", "apiKey", "x"]), inner, max_size=3)
        ),
        max_leaves=10,
    )
)
def test_masking_twice_is_masking_once(value: Any) -> None:
    masked = masker()
    once = masked.value(value)
    assert masked.value(once) == once


def entity(identifier: Any, **properties: Any) -> Entity:
    return Entity.parse_obj(
        {"identifier": identifier, "blueprint": "b", "title": "t", "properties": properties}
    )


def test_identifiers_that_port_refuses() -> None:
    found = list(unusable_identifiers([entity(5), entity("a b"), entity("ok/1:x")]))
    assert ["tostring" in finding.message for finding in found] == [True, False]
    assert all(finding.is_error for finding in found)


@given(st.lists(st.sampled_from("abc"), max_size=8))
def test_collisions_are_found_exactly(names: list[str]) -> None:
    found = list(collisions([entity(name) for name in names]))
    assert len(found) == sum(names.count(name) > 1 for name in set(names))


@pytest.mark.parametrize(
    "value, schema, fits",
    [
        ("x", {"type": "string"}, True),
        (1, {"type": "string"}, False),
        (True, {"type": "number"}, False),
        (1.5, {"type": "number"}, True),
        (["a"], {"type": "array", "items": {"type": "string"}}, True),
        ([1], {"type": "array", "items": {"type": "string"}}, False),
        ("open", {"type": "string", "enum": ["open"]}, True),
        ("other", {"type": "string", "enum": ["open"]}, False),
        ("2026-01-01T00:00:00Z", {"type": "string", "format": "date-time"}, True),
        ("yesterday", {"type": "string", "format": "date-time"}, False),
        ("a@b.com", {"type": "string", "format": "email"}, True),
        ("a", {"type": "string", "format": "email"}, False),
        ("https://x.com", {"type": "string", "format": "url"}, True),
        ("x.com", {"type": "string", "format": "url"}, False),
        ({}, {"type": "object"}, True),
    ],
)
def test_values_and_types(value: Any, schema: dict[str, Any], fits: bool) -> None:
    assert (type_problem(value, schema) == "") is fits


def test_what_a_blueprint_lacks() -> None:
    blueprint = {"schema": {"properties": {"a": {"type": "string"}}, "required": ["a", "c"]}}
    found = list(blueprint_differences([entity("1", a="x", b=1)], {"b": blueprint}))
    assert [(one.field, one.is_error) for one in found] == [("b.b", False), ("b.c", True)]
    [missing] = blueprint_differences([entity("1")], {})
    assert "is not in the blueprints file" in missing.message


def test_the_file_of_ocean_gives_what_nothing_else_does(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    lines = ("integration:", "  config: {baseUrl: https://a.test, pageSize: 5, region: eu}")
    Path("config.yaml").write_text("\n".join(lines), "utf-8")
    monkeypatch.setenv("OCEAN__INTEGRATION__CONFIG__PAGE_SIZE", "7")
    found = gather({"base_url": "https://b.test"}, {})
    assert found.values == {"base_url": "https://b.test", "page_size": "7", "region": "eu"}
    assert found.places["region"] == "config.yaml"
    assert found.placed(found.parse().warnings)[0].place == "config.yaml"
