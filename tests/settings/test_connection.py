"""Connection settings: names, types, defaults, and one report of everything wrong."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from errors import SettingsError
from settings.connection import ConnectionSettings
from settings.pagination import (
    AskedSettings,
    ConnectionPagination,
    HeaderLinkSettings,
    NextLinkSettings,
    PageNumberSettings,
    SingleRequestSettings,
)

_BASE = {"base_url": "https://api.example.com"}
_REQUEST = {"endpoint": "/oauth/token", "body": {"client_secret": "hunter22"}}
_TEMPLATE = {"headers": {"Authorization": "Bearer {{.access_token}}"}}
_CUSTOM = {
    "auth_type": "custom",
    "custom_auth_request": _REQUEST,
    "custom_auth_request_template": _TEMPLATE,
}


def _parse(**config: Any) -> ConnectionSettings:
    return ConnectionSettings.parse({**_BASE, **config})


def _problems(**config: Any) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        _parse(**config)
    return caught.value.problems


@pytest.mark.contract(
    "settings.authType.default",
    "settings.paginationType.default",
    "settings.apiKeyHeader.default",
    "settings.timeout.default",
    "settings.verifySsl.default",
    "settings.maxConcurrentRequests.default",
)
@pytest.mark.parametrize("unset", [None, "", "  ", {}, []])
def test_defaults_hold_however_unset_is_spelt(unset: object) -> None:
    names = {*ConnectionSettings.model_fields, *ConnectionPagination.model_fields} - {"base_url"}
    for settings in (_parse(), _parse(**dict.fromkeys(names, unset))):
        assert settings.auth_type == "none"
        assert settings.api_key_header == "X-API-Key"
        assert settings.pagination == SingleRequestSettings()
        assert settings.timeout == 30
        assert settings.verify_ssl is True
        assert settings.max_concurrent_requests == 10
        assert settings.custom_headers == {}
        assert settings.allowed_hosts == ()


@pytest.mark.contract("settings.paginationParam.default", "settings.sizeParam.default")
@pytest.mark.parametrize(
    "kind, param, size",
    [("offset", "offset", "limit"), ("page", "page", "size"), ("cursor", "cursor", "limit")],
)
def test_pagination_parameters_have_the_names_of_their_type(
    kind: str, param: str, size: str
) -> None:
    pagination = _parse(pagination_type=kind).pagination
    assert isinstance(pagination, AskedSettings)
    assert (pagination.param, pagination.size_param) == (param, size)


@pytest.mark.contract(
    "settings.pageSize.default",
    "settings.startPage.default",
    "settings.nextLinkPath.default",
    "settings.headerLinkRel.default",
)
def test_options_have_the_defaults_of_their_type() -> None:
    assert _parse(pagination_type="page").pagination == PageNumberSettings(
        page_size=100, start_page=1
    )
    assert _parse(pagination_type="next_link").pagination == NextLinkSettings(
        next_link_path="@odata.nextLink"
    )
    assert _parse(pagination_type="header_link").pagination == HeaderLinkSettings(
        header_link_rel="next"
    )


@pytest.mark.contract("settings.paginationParam.custom", "settings.sizeParam.custom")
def test_pagination_parameters_can_be_renamed() -> None:
    pagination = _parse(
        pagination_type="page", pagination_param="p", size_param="per_page"
    ).pagination
    assert pagination == PageNumberSettings(param="p", size_param="per_page")


@pytest.mark.contract("settings.authType.values")
def test_auth_types() -> None:
    credentials = {"api_token": "t", "username": "u", "password": "p", "api_key": "k"}
    for auth_type in ("none", "bearer_token", "basic", "basic_auth", "api_key", "custom"):
        _parse(**{**_CUSTOM, **credentials, "auth_type": auth_type})
    (problem,) = _problems(auth_type="oauth")
    assert problem.startswith("authType: must be one of")
    assert "bearer_token" in problem
    assert "'oauth'" in problem


def test_response_directory() -> None:
    assert _parse().response_directory is None
    parsed = _parse(response_directory="/var/lib/x", response_directory_size="250")
    assert (parsed.response_directory, parsed.response_directory_size) == ("/var/lib/x", 250)
    (problem,) = _problems(response_directory="kept", response_directory_size="100")
    assert problem == (
        "responseDirectory: must be the absolute path of a directory, such as "
        "/var/lib/ocean-custom (got 'kept')"
    )
    (problem,) = _problems(response_directory_size="0")
    assert problem.startswith("responseDirectorySize: ")


def test_mapping_engines() -> None:
    assert _parse().mapping_engine == "fused"
    assert _parse(mapping_engine="ocean").mapping_engine == "ocean"
    (problem,) = _problems(mapping_engine="jq")
    assert problem == "mappingEngine: must be one of 'fused' or 'ocean' (got 'jq')"


@pytest.mark.contract("auth.basic.alias")
def test_basic_auth_is_basic() -> None:
    assert _parse(auth_type="basic_auth", username="u", password="p").auth_type == "basic"
    problems = _problems(auth_type="basic_auth")
    assert [problem.partition(":")[0] for problem in problems] == ["username"]


@pytest.mark.contract("settings.paginationType.values")
def test_pagination_types() -> None:
    for kind in ("none", "offset", "page", "cursor", "next_link", "header_link"):
        assert _parse(pagination_type=kind).pagination.type == kind
    (problem,) = _problems(pagination_type="pages")
    assert problem.startswith("paginationType: must be one of")


@pytest.mark.contract(
    "settings.apiToken.required",
    "settings.basic.required",
    "settings.apiKey.required",
    "settings.customAuth.required",
)
@pytest.mark.parametrize(
    "config, missing",
    [
        ({"auth_type": "bearer_token"}, ["apiToken"]),
        ({"auth_type": "bearer_token", "api_token": ""}, ["apiToken"]),
        ({"auth_type": "basic"}, ["username"]),
        ({"auth_type": "basic", "password": "p"}, ["username"]),
        ({"auth_type": "api_key"}, ["apiKey"]),
        ({"auth_type": "custom"}, ["customAuthRequest", "customAuthRequestTemplate"]),
        ({"auth_type": "oauth2"}, ["tokenUrl", "clientId", "clientSecret"]),
        (
            {"auth_type": "oauth2", "token_url": "/t", "grant_type": "refresh_token"},
            ["refreshToken"],
        ),
        (
            {"auth_type": "oauth2", "token_url": "/t", "grant_type": "password"},
            ["username", "password"],
        ),
        ({"auth_type": "oauth2", "token_url": "/t", "grant_type": "jwt_bearer"}, ["signingKey"]),
        (
            {"auth_type": "oauth2", "token_url": "/t", "client_authentication": "assertion"},
            ["clientId", "signingKey"],
        ),
        ({"auth_type": "jwt"}, ["signingKey"]),
        ({"auth_type": "aws_sigv4"}, ["accessKeyId", "secretAccessKey", "signingRegion"]),
        ({**_CUSTOM, "custom_auth_request": None}, ["customAuthRequest"]),
        ({**_CUSTOM, "custom_auth_request_template": "{}"}, ["customAuthRequestTemplate"]),
    ],
)
def test_credentials_that_the_auth_type_needs(config: dict[str, Any], missing: list[str]) -> None:
    assert [problem.partition(":")[0] for problem in _problems(**config)] == missing


@pytest.mark.contract("settings.baseUrl.required")
def test_base_url_is_required() -> None:
    with pytest.raises(SettingsError, match="baseUrl: is required"):
        ConnectionSettings.parse({"base_url": None})


@pytest.mark.contract("settings.baseUrl.trailing-slash", "settings.baseUrl.prefix")
@pytest.mark.parametrize("url", ["https://h.test/api/v1", " https://h.test/api/v1// "])
def test_base_url_keeps_its_prefix_and_loses_its_slash(url: str) -> None:
    assert _parse(base_url=url).base_url == "https://h.test/api/v1"


@pytest.mark.parametrize(
    "url", ["h.test", "ftp://h.test", "https://", "/api", "https://[", "https://h.test/#x", "{}"]
)
def test_base_url_must_be_an_address(url: str) -> None:
    (problem,) = _problems(base_url=url)
    assert problem.startswith("baseUrl: ")


@pytest.mark.contract("secrets.errors")
@pytest.mark.parametrize(
    "url",
    [
        "https://ada:hunter22@h.test/x",
        "https://h.test/?api_key=hunter22",
        "https://h.test/#hunter22",
        "ftp://ada:hunter22@h.test",
        "https://ada:hunter22/33@h.test",
        "https://ada:hunter22#33@h.test",
    ],
)
def test_a_refused_address_is_quoted_without_what_it_should_not_hold(url: str) -> None:
    (problem,) = _problems(base_url=url)
    assert "hunter22" not in problem
    (problem,) = _problems(allowed_hosts=url)
    assert "hunter22" not in problem


@pytest.mark.contract("settings.pageSize.string-integer", "settings.startPage.zero")
@given(size=st.integers(1, 10**6), start=st.integers(0, 99), limit=st.integers(1, 999))
def test_integers_may_be_text(size: int, start: int, limit: int) -> None:
    config = {"page_size": size, "start_page": start, "max_concurrent_requests": limit}
    for settings in (
        _parse(pagination_type="page", **config),
        _parse(pagination_type="page", **{name: f" {value} " for name, value in config.items()}),
    ):
        assert settings.pagination == PageNumberSettings(page_size=size, start_page=start)
        assert settings.max_concurrent_requests == limit


@pytest.mark.parametrize(
    "name, value",
    [
        ("page_size", "0"),
        ("page_size", "ten"),
        ("start_page", "-1"),
        ("timeout", "0"),
        ("timeout", "nan"),
        ("timeout", "inf"),
        ("max_concurrent_requests", "0"),
        ("max_requests_per_second", "0"),
        ("max_retries", "-1"),
        ("max_retry_wait", "-1"),
        ("max_outage_wait", "-1"),
        ("max_outage_wait", "inf"),
        ("verify_ssl", "perhaps"),
    ],
)
def test_values_out_of_range_are_quoted(name: str, value: str) -> None:
    (problem,) = _problems(**{name: value})
    assert problem.startswith(f"{name.split('_')[0]}")
    assert f"(got '{value}')" in problem


@pytest.mark.contract("settings.verifySsl.false")
@pytest.mark.parametrize("value", [False, "false", "False", "0", "no"])
def test_verify_ssl_can_be_switched_off(value: object) -> None:
    assert _parse(verify_ssl=value).verify_ssl is False


@pytest.mark.contract("settings.objects.json-string", "settings.objects.native")
@pytest.mark.parametrize("encode", [json.dumps, dict])
def test_objects_may_be_json_text_or_native(encode: Any) -> None:
    settings = _parse(
        auth_type="custom",
        custom_auth_request=encode(_REQUEST),
        custom_auth_request_template=encode(_TEMPLATE),
        custom_headers=encode({"X-Tenant": "acme", "X-Number": 7}),
    )
    assert settings.custom_auth_request
    assert settings.custom_auth_request.body == _REQUEST["body"]
    assert settings.custom_auth_request_template
    assert settings.custom_auth_request_template.headers == _TEMPLATE["headers"]
    assert settings.custom_headers == {"X-Tenant": "acme", "X-Number": "7"}


@pytest.mark.contract("settings.customHeaders.environment")
def test_environment_variables_in_custom_headers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TENANT", "acme")
    monkeypatch.delenv("NOT_THERE", raising=False)
    settings = _parse(custom_headers={"X-Tenant": "t-${TENANT}!", "X-Plain": "$TENANT {TENANT}"})
    assert settings.custom_headers == {"X-Tenant": "t-acme!", "X-Plain": "$TENANT {TENANT}"}
    (problem,) = _problems(custom_headers={"X-A": "${NOT_THERE}"})
    assert problem.startswith("customHeaders: ")
    assert "NOT_THERE" in problem


def test_blanks_around_a_header_are_no_part_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_KEY", "k3y-value \t")
    assert _parse(custom_headers={"X-Key": " ${GATEWAY_KEY}"}).custom_headers == {
        "X-Key": "k3y-value"
    }


@pytest.mark.parametrize(
    "headers",
    [{"X A": "v"}, {"": "v"}, {"X:": "v"}, {"X": "a\r\nY: b"}, {"X": "a\x00b"}, {"X": "Zoë"}],
)
def test_headers_that_http_does_not_allow_are_refused(headers: dict[str, str]) -> None:
    (problem,) = _problems(custom_headers=headers)
    assert problem.startswith("customHeaders")


@pytest.mark.contract("start.bad-settings")
@pytest.mark.parametrize(
    "config, name",
    [
        ({"auth_type": "bearer_token", "api_token": "abc\ndef"}, "apiToken"),
        ({"auth_type": "api_key", "api_key": "abc\r\nX: y"}, "apiKey"),
        ({"auth_type": "bearer_token", "api_token": "abcß"}, "apiToken"),
        ({"auth_type": "api_key", "api_key": "abcß"}, "apiKey"),
        ({"auth_type": "api_key", "api_key": "abc", "api_key_prefix": "ß"}, "apiKey"),
        ({"auth_type": "api_key", "api_key": "abc", "api_key_header": "X Y"}, "apiKeyHeader"),
    ],
)
def test_credentials_that_no_header_can_carry_are_refused(
    config: dict[str, Any], name: str
) -> None:
    (problem,) = _problems(**config)
    assert problem.startswith(f"{name}: ")
    assert "abc" not in problem


@pytest.mark.parametrize("name, auth_type", [("api_token", "bearer_token"), ("api_key", "api_key")])
def test_the_line_break_at_the_end_of_a_mounted_secret_is_no_part_of_it(
    name: str, auth_type: str
) -> None:
    settings = _parse(**{"auth_type": auth_type, name: "s3cr3t\n"})
    assert getattr(settings, name).get_secret_value() == "s3cr3t"


@pytest.mark.contract("start.one-message")
def test_one_report_names_everything_wrong_in_the_words_of_the_spec() -> None:
    with pytest.raises(SettingsError) as caught:
        ConnectionSettings.parse(
            {
                "base_url": "nowhere",
                "auth_type": "basic",
                "page_size": "x",
                "verify_ssl": "maybe",
                "custom_headers": "{",
                "custom_auth_request": {"endpoint": "/t", "client": "hunter22"},
                "custom_auth_request_template": {"headers": {"A": "{{token}}"}},
                "allowed_hosts": "https://files.example.com/x",
            }
        )
    named = {problem.partition(":")[0] for problem in caught.value.problems}
    assert named == {
        "username",
        "baseUrl",
        "pageSize",
        "verifySsl",
        "customHeaders",
        "customAuthRequest.client",
        "customAuthRequestTemplate",
        "allowedHosts",
    }
    assert all(problem in str(caught.value) for problem in caught.value.problems)
    assert "hunter22" not in str(caught.value)


@pytest.mark.contract("start.bad-settings")
def test_bad_settings_are_found_at_once_and_without_a_network() -> None:
    begun = time.monotonic()
    assert _problems(base_url="https://no-such-host.invalid", page_size="0")
    assert time.monotonic() - begun < 1


@pytest.mark.contract("origin.allowed")
@pytest.mark.parametrize(
    "given_hosts",
    ["Files.example.com, *.cdn.example.com", '["files.example.com", "*.cdn.example.com"]'],
)
def test_allowed_hosts_are_a_list_or_text_with_commas(given_hosts: str) -> None:
    assert _parse(allowed_hosts=given_hosts).allowed_hosts == (
        "files.example.com",
        "*.cdn.example.com",
    )


@pytest.mark.contract("secrets.errors", "secrets.log-settings")
def test_the_settings_show_no_secret() -> None:
    secrets = {"api_token": "aaaa1111", "password": "bbbb2222", "api_key": "cccc3333"}
    headers = {"X-Key": "dddd4444"}
    settings = _parse(username="u", custom_headers=headers, **secrets, **_CUSTOM)
    shown = f"{settings!r} {settings}"
    for secret in (*secrets.values(), "dddd4444", "hunter22"):
        assert secret not in shown


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        _parse().__setattr__("page_size", 5)  # as an assignment, which mypy refuses already


@pytest.mark.contract("settings.mounted-names")
@pytest.mark.parametrize("name", ["username", "client_id", "access_key_id", "webhook_username"])
def test_names_beside_secrets_may_end_with_the_line_break_of_a_file(name: str) -> None:
    given = {
        "username": {"auth_type": "basic", "password": "p\n"},
        "client_id": {"auth_type": "oauth2", "client_secret": "s", "token_url": "/token"},
        "access_key_id": {
            "auth_type": "aws_sigv4",
            "secret_access_key": "s",
            "signing_region": "eu-west-1",
        },
        "webhook_username": {"webhook_auth": "basic", "webhook_secret": "s3cr3t-0f-h00ks!"},
    }[name]
    parsed = ConnectionSettings.parse(
        {"base_url": "https://api.test", **given, name: "catalog\r\n"}
    )
    assert getattr(parsed, name) == "catalog"
