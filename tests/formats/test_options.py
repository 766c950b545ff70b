"""`response_format` as a user writes it, in the selector and in path parameters."""

import re
from typing import Any

import pytest

from errors import SelectorError
from formats.csv_format import Csv
from formats.registry import parse_format
from formats.xml_format import Xml
from mapping.fields.selector import CustomSelector
from settings.connection import ConnectionSettings


@pytest.mark.parametrize("kind", ["json", "jsonl", "csv", "xml"])
def test_a_type_alone_is_a_block_of_it(kind: str) -> None:
    assert parse_format(kind) == parse_format({"type": kind})
    assert parse_format({"type": kind, "encoding": None}).name == kind


def test_all_options() -> None:
    given = {"type": "csv", "delimiter": ";", "encoding": "windows-1252", "columns": ["a", "b"]}
    assert parse_format(given) == Csv(";", "windows-1252", ("a", "b"))
    assert parse_format({"type": "xml", "lists": ["a"]}) == Xml(lists=frozenset("a"))
    assert parse_format({"type": "csv", "delimiter": "\\t"}) == Csv("\t")


SETTINGS = ConnectionSettings(base_url="https://api.test")
_WRONG: list[tuple[Any, str]] = [
    ("yaml", "type must be one of json, jsonl, csv, xml (got 'yaml')"),
    ({}, "type must be one of json, jsonl, csv, xml (got None)"),
    ({"delimiter": ";"}, "type must be one of"),
    ({"type": "json", "delimiter": ";"}, "'delimiter' is no option of json; json has encoding"),
    ({"type": "csv", "lists": ["a"]}, "csv has delimiter, encoding, columns"),
    ({"type": "xml", "columns": ["a"]}, "'columns' is no option of xml; xml has encoding, lists"),
    ({"type": "csv", "seperator": ";"}, "'seperator' is no option of csv"),
    ({"type": "csv", "delimiter": "||"}, "delimiter must be one character"),
    ({"type": "csv", "delimiter": '"'}, "delimiter must be one character"),
    ({"type": "csv", "delimiter": 1}, "delimiter must be one character"),
    ({"type": "csv", "encoding": "utf-9"}, "(got 'utf-9')"),
    ({"type": "csv", "encoding": "zip"}, "(got 'zip')"),
    ({"type": "csv", "columns": []}, "columns must be a list of names"),
    ({"type": "csv", "columns": "id"}, "columns must be a list of names"),
    ({"type": "csv", "columns": ["id", "id"]}, "two columns have the name 'id'"),
    ({"type": "csv", "columns": ["id", " "]}, "column 2 of 2 has no name"),
    ({"type": "xml", "lists": [1]}, "lists must be a list of names"),
]


@pytest.mark.parametrize("value, said", _WRONG)
def test_what_is_wrong_is_named_at_its_place(value: Any, said: str) -> None:
    selector = CustomSelector.validate({"query": "true", "response_format": value})
    with pytest.raises(SelectorError, match=rf"response_format: .*{re.escape(said)}"):
        selector.plan("/x", SETTINGS)
    nested = {"t": {"endpoint": "/t", "field": ".id", "response_format": value}}
    selector = CustomSelector.validate({"query": "true", "path_parameters": nested})
    place = r"path_parameters\.t\.response_format: "
    with pytest.raises(SelectorError, match=rf"{place}.*{re.escape(said)}"):
        selector.plan("/x/{t}", SETTINGS)


def test_it_reaches_the_plan() -> None:
    parameter = {"endpoint": "/t", "field": ".id", "response_format": "xml"}
    selector = CustomSelector.validate(
        {
            "query": "true",
            "responseFormat": {"type": "csv", "delimiter": ";"},
            "path_parameters": {"t": parameter},
        }
    )
    plan = selector.plan("/x/{t}", SETTINGS)
    assert plan.endpoint.response_format == Csv(";")
    assert plan.parameters[0].endpoint
    assert plan.parameters[0].endpoint.response_format == Xml()
    assert (
        CustomSelector.validate({"query": "true"}).plan("/x", SETTINGS).endpoint.response_format
        is None
    )
