"""Names that no setting has: misspelt ones are wrong, of others there is a warning."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic.alias_generators import to_camel

from errors import SettingsError
from settings.connection import ConnectionSettings
from settings.names import PREFIX, given_beside

BASE = {"base_url": "https://api.example.com"}
NAMES = sorted(ConnectionSettings.names())


def problems(**config: Any) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        ConnectionSettings.parse({**BASE, **config})
    return caught.value.problems


def warnings(**config: Any) -> list[str]:
    return ConnectionSettings.parse({**BASE, **config}).warnings


@pytest.mark.contract("settings.names.misspelt")
@pytest.mark.parametrize(
    "name, meant",
    [
        ("pagination_tipe", "paginationType"),
        ("paginationtype", "paginationType"),
        ("base_u_r_l", "baseUrl"),
        ("page_sizes", "pageSize"),
        ("api_tokn", "apiToken"),
        ("auth_typ", "authType"),
        ("verify_tls", "verifySsl"),
        ("time_out", "timeout"),
        ("has_more_pth", "hasMorePath"),
        ("cursor_paht", "cursorPath"),
        ("next_link_paths", "nextLinkPath"),
        ("max_concurrent_request", "maxConcurrentRequests"),
    ],
)
def test_a_misspelt_setting_is_wrong(name: str, meant: str) -> None:
    if name == "base_u_r_l":
        with pytest.raises(SettingsError) as caught:
            ConnectionSettings.parse({name: "https://api.example.com"})
        said = caught.value.problems
    else:
        said = problems(**{name: "x"})
    assert f"{to_camel(name)}: is no setting; did you mean {meant}?" in said


@pytest.mark.contract("settings.names.misspelt")
@given(name=st.sampled_from(NAMES), data=st.data())
def test_each_setting_with_a_slip_of_the_pen_is_found(name: str, data: st.DataObject) -> None:
    assume(len(name) >= 6 and name != "base_url")
    at = data.draw(st.integers(1, len(name) - 2))
    slip = data.draw(st.sampled_from(["left out", "twice", "swapped"]))
    if slip == "left out":
        wrong = name[:at] + name[at + 1 :]
    elif slip == "twice":
        wrong = name[:at] + name[at] + name[at:]
    else:
        wrong = name[: at - 1] + name[at] + name[at - 1] + name[at + 1 :]
    assume(wrong not in NAMES and to_camel(wrong) not in map(to_camel, NAMES))
    assert any("did you mean" in problem for problem in problems(**{wrong: "1"}))


@pytest.mark.contract("settings.names.unknown")
@pytest.mark.parametrize(
    "name",
    [
        *("log_level", "region", "api_version", "tenant_id", "organization", "debug"),
        *("batch_size", "environment", "team", "extra", "resync_interval", "kind"),
    ],
)
def test_another_name_is_only_worth_a_warning(name: str) -> None:
    assert warnings(**{name: "x"}) == [f"{to_camel(name)}: is no setting, and nothing reads it"]


@pytest.mark.contract("settings.names.unknown")
@pytest.mark.parametrize("value", [None, "", "  ", {}, []])
def test_an_unknown_name_without_a_value_is_nothing(value: object) -> None:
    assert warnings(pagination_tipe=value, region=value, auth_value=value) == []


@pytest.mark.contract("settings.names.unknown")
def test_a_name_like_a_setting_that_is_given_too_is_no_misspelt_one() -> None:
    said = warnings(page_size="50", page_sizes="x")
    assert said == ["pageSizes: is no setting, and nothing reads it"]


def test_every_setting_is_one() -> None:
    """No name that may be given looks like a misspelt other one."""
    unset = dict.fromkeys(NAMES, "")
    assert warnings(**{**unset, **BASE}) == []
    both = {"page_size": "10", "size_param": "n", "start_page": "0", "timeout": "9"}
    assert warnings(**both) == []


@pytest.mark.contract("settings.names.old-examples")
@pytest.mark.parametrize(
    "name, instead",
    [
        ("page_param", "paginationParam"),
        ("limit_param", "sizeParam"),
        ("offset_param", "paginationParam"),
        ("cursor_param", "paginationParam"),
        ("auth_value", "apiToken, apiKey or username and password"),
    ],
)
def test_names_of_old_examples_are_wrong(name: str, instead: str) -> None:
    (said,) = problems(**{name: "x"})
    assert said.startswith(f"{to_camel(name)}: is no setting, and nothing reads it; use {instead}")
    (said,) = problems(**{name: "x", "pagination_param": "p", "size_param": "s"})
    assert said.startswith(f"{to_camel(name)}: ")


def test_what_is_wrong_is_told_together() -> None:
    said = problems(pagination_tipe="page", cursor_param="c", page_size="none")
    assert [line.partition(":")[0] for line in said] == [
        "paginationTipe",
        "cursorParam",
        "pageSize",
    ]


@pytest.mark.contract("settings.names.misspelt")
@pytest.mark.parametrize(
    "variables, found",
    [
        ({f"{PREFIX}PAGINATION_TIPE": "page"}, {"pagination_tipe": "page"}),
        ({f"{PREFIX}pagination_tipe": "page"}, {"pagination_tipe": "page"}),
        ({f"{PREFIX}CUSTOM_HEADER__ACCEPT": "x"}, {"custom_header": "x"}),
        ({f"{PREFIX}CUSTOM_HEADERS__ACCEPT": "x"}, {}),
        ({f"{PREFIX}PAGE_SIZE": "5", f"{PREFIX}BASE_URL": "x"}, {}),
        ({f"{PREFIX}REGION": ""}, {}),
        ({"OCEAN__INTEGRATION__CONFIG": json.dumps({"pageSise": 5})}, {"page_sise": 5}),
        ({"OCEAN__INTEGRATION__CONFIG": json.dumps({"pageSize": 5})}, {}),
        ({"OCEAN__INTEGRATION__CONFIG": "none"}, {}),
        ({"OCEAN__INTEGRATION__IDENTIFIER": "x", "OCEAN__PORT__CLIENT_ID": "y"}, {}),
    ],
)
def test_names_are_found_where_ocean_looks(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    variables: dict[str, str],
    found: dict[str, Any],
) -> None:
    file = tmp_path / ".env"
    assert given_beside(ConnectionSettings.names(), file) == {}
    file.write_text("".join(f"{name}='{value}'\n" for name, value in variables.items()), "utf-8")
    assert given_beside(ConnectionSettings.names(), file) == found
    file.unlink()
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert given_beside(ConnectionSettings.names(), file) == found


@pytest.mark.contract("settings.names.misspelt")
@pytest.mark.parametrize(
    "text, found",
    [
        ("integration: {config: {paginationTipe: page}}", {"pagination_tipe": "page"}),
        ("integration: {config: {pagination_tipe: page}}", {"pagination_tipe": "page"}),
        ("integration: {config: {region: '{{ from env REGION }}'}}", {"region": "eu"}),
        ("integration: {config: {region: '{{ from env NOT_SET }}'}}", {}),
        ("integration: {config: {pageSize: 5}}", {}),
        ("integration: {config: null}", {}),
        ("integration: [config]", {}),
        ("[", {}),
        ("", {}),
        (None, {}),
    ],
)
def test_names_are_found_in_oceans_own_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str | None, found: dict[str, Any]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REGION", "eu")
    if text is not None:
        Path("config.yaml").write_text(text, "utf-8")
    assert given_beside(ConnectionSettings.names()) == found


@pytest.mark.contract("settings.basic.warning")
def test_basic_without_a_password_is_worth_a_warning() -> None:
    basic = {"auth_type": "basic", "username": "reader"}
    (said,) = warnings(**basic)
    assert said.startswith("password: is not set")
    assert warnings(**basic, password="x") == []
    assert warnings(username="reader") == []
    assert warnings(auth_type="bearer_token", api_token="t") == []


@pytest.mark.contract("settings.names.misspelt")
def test_oceans_defaults_are_not_what_somebody_gave() -> None:
    config = {"base_url": "https://a.test", "pagination_type": "none", "pagination_tipe": "page"}
    with pytest.raises(SettingsError, match="did you mean paginationType"):
        ConnectionSettings.parse(config, {"base_url": 1, "pagination_tipe": 1})
    settings = ConnectionSettings.parse(config, config)
    assert settings.warnings == ["paginationTipe: is no setting, and nothing reads it"]
