"""No secret survives in what is about to be said."""

import base64
import html
import json
import re
import string
from urllib.parse import quote, quote_plus

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from redaction import MASK, Redactor, leaves
from settings.connection import ConnectionSettings
from settings.secrets import redactor_for

# Without the mask's own character, and without blanks at the ends, which no credential has.
_SECRETS = (
    st.text(st.characters(codec="utf-8", exclude_characters="*", exclude_categories=["C"]))
    .map(str.strip)
    .filter(lambda text: len(text) >= 4)
)
_ASCII_SECRETS = st.text(string.ascii_letters + string.digits + "/+=.-_~!@:%&\"'\\", min_size=4)


def _forms(secret: str) -> set[str]:
    units = secret.encode("utf-16-be")
    return {
        re.sub("%..", lambda match: match[0].lower(), quote(secret)),
        html.escape(secret),
        # As .NET does with all that is not letter or digit.
        "".join(f"\\u{units[at : at + 2].hex().upper()}" for at in range(0, len(units), 2))
        if not re.search("[A-Za-z0-9]", secret)
        else secret,
        re.sub("[&+<>'\"=]", lambda match: f"\\u{ord(match[0]):04X}", secret),
        re.sub("[&+<>'\"=]", lambda match: f"&#x{ord(match[0]):X};", secret),
        secret,
        quote(secret, safe=""),
        quote(secret),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        base64.b64encode(secret.encode()).decode(),
    }


@pytest.mark.contract("secrets.errors")
@given(secret=_SECRETS, before=st.text(max_size=9), after=st.text(max_size=9))
def test_no_form_of_a_secret_survives_in_a_text(secret: str, before: str, after: str) -> None:
    redactor = Redactor([secret])
    for form in _forms(secret):
        assert form not in redactor.text(f"{before} {form} {after}").replace("***", "\0")


@pytest.mark.contract("secrets.errors")
@given(secret=_ASCII_SECRETS)
def test_no_secret_survives_in_a_url(secret: str) -> None:
    redactor = Redactor([secret])
    base = httpx.URL("https://api.example.test/v1")
    for url in (
        base.copy_with(params={"q": secret}),
        base.copy_with(path=f"/v1/{quote(secret, safe='')}/x"),
        base.copy_with(path=f"/v1/{quote(secret)}/x"),
        base.copy_with(username="user", password=secret),
    ):
        shown = redactor.url(url).replace("***", "\0")
        assert not any(form in shown for form in _forms(secret) - {"v1/x"})


@pytest.mark.contract("secrets.errors")
@given(secret=_SECRETS, padding=st.integers(0, 400))
def test_no_secret_survives_in_an_excerpt(secret: str, padding: int) -> None:
    redactor = Redactor([secret])
    for form in _forms(secret):
        shown = redactor.excerpt(b"x" * padding + f" {form} ".encode()).replace("***", "\0")
        assert form not in shown


@pytest.mark.contract("secrets.errors")
@pytest.mark.parametrize("blanks", [0, 1100, 1195])
def test_a_secret_longer_than_the_excerpt_is_not_shown_in_part(blanks: int) -> None:
    secret = "eyJhbGciOi" + "Q" * 1990
    shown = Redactor([secret]).excerpt(b" " * blanks + f"bad token {secret}!".encode())
    assert "eyJh" not in shown
    assert shown.startswith("bad token ***") or shown in ("", "bad", "bad token")


def test_an_excerpt_is_the_start_of_the_body_on_one_line() -> None:
    assert Redactor().excerpt(b"a\n  b\t\xff") == "a b \ufffd"
    assert Redactor().excerpt(b"y" * 301) == "y" * 300 + "…"
    assert Redactor().excerpt(b"") == ""


@pytest.mark.contract("secrets.errors")
def test_values_whose_name_tells_are_masked_unknown_or_not() -> None:
    redactor = Redactor()
    body = b'{"error": "no", "access_token": "abcdef", "client_secret" : "gh\\"ij", "code": "E1"}'
    shown = redactor.excerpt(body)
    assert "abcdef" not in shown
    assert "ij" not in shown
    assert "E1" in shown
    url = redactor.url("https://u:pw@h.test/x?api_key=k1k2&page=2&sig=zz#frag")
    assert url == "https://h.test/x?api_key=***&page=2&sig=***"


def test_an_address_makes_no_line_of_its_own() -> None:
    url = httpx.URL("https://h.test/a%0Ab", params={"q": "a\r\nERROR made up\u2028\x1b[1m é"})
    assert Redactor().url(url) == "https://h.test/a%0Ab?q=a%0D%0AERROR made up%E2%80%A8%1B[1m é"
    assert "\n" not in Redactor(["secret"]).url("https://h.test/secret%0Ax")


@pytest.mark.contract("secrets.words-kept")
def test_unset_secrets_and_short_values_mask_no_word() -> None:
    settings = ConnectionSettings.parse(
        {"base_url": "https://h.test", "api_token": None, "password": "", "api_key": " "}
    )
    redactor = redactor_for(settings)
    redactor.learn("", " ", "1", "GET")
    text = "None null '' GET 1 nothing is masked"
    assert redactor.text(text) == text


@pytest.mark.contract("secrets.log-settings")
def test_every_secret_of_the_settings_is_known() -> None:
    settings = ConnectionSettings.parse(
        {
            "base_url": "https://h.test",
            "auth_type": "custom",
            "api_token": "token-1111",
            "username": "ada",
            "password": "pass-2222",
            "api_key": "key-3333",
            "custom_headers": {"X-Tenant": "tenant-4444"},
            "custom_auth_request": {
                "endpoint": "/t?k=endpoint-8888",
                "headers": {"X-H": "head-5555"},
                "query_params": {"q": "query-6666"},
                "body_form": "grant_type=client_credentials&client_secret=form%2F7777",
            },
            "custom_auth_request_template": {"headers": {"A": "{{.a}}"}},
        }
    )
    pair = base64.b64encode(b"ada:pass-2222").decode()
    said = (
        f"token-1111 pass-2222 key-3333 tenant-4444 head-5555 query-6666 form/7777 {pair} "
        "endpoint-8888 "
        "grant client_credentials"
    )
    masked = redactor_for(settings).text(said)
    assert masked == " ".join([MASK] * 9 + ["grant client_credentials"])


@pytest.mark.contract("secrets.log-settings")
def test_every_secret_of_oauth_and_signatures_is_known() -> None:
    secrets = {
        "client_secret": "client/1111",
        "refresh_token": "refresh-2222",
        "signing_key": "signing-3333",
        "secret_access_key": "access+4444",
        "session_token": "session-5555",
        "token_parameters": {"resource": "parameter-6666"},
    }
    more = {"client_id": "cat alog", "signing_algorithm": "HS256"}
    settings = ConnectionSettings.parse({"base_url": "https://h.test", **secrets, **more})
    pair = base64.b64encode(b"cat+alog:client%2F1111").decode()
    said = f"client/1111 {pair} refresh-2222 signing-3333 access+4444 session-5555 parameter-6666"
    assert redactor_for(settings).text(said) == " ".join([MASK] * 7)


@pytest.mark.contract("secrets.errors")
def test_signed_tokens_are_known_by_their_form() -> None:
    token = "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJhIn0.c2lnbmF0dXJl-_A"
    assert Redactor().text(f"bad {token}, eyJ is fine") == f"bad {MASK}, eyJ is fine"


def test_the_scheme_before_a_secret_is_not_part_of_it() -> None:
    redactor = Redactor(["Bearer abcdef"])
    assert "abcdef" not in redactor.text("got abcdef and Bearer abcdef")


def test_the_longer_of_two_secrets_leaves_no_rest() -> None:
    assert Redactor(["abcd", "abcdefgh"]).text("x abcdefgh y") == "x *** y"


def test_secrets_that_overlap_leave_no_rest() -> None:
    redactor = Redactor(["abcdef", "opqr"])
    redactor.learn_renewed(["cdefgh", "mnopqrst", "abcd"])
    assert redactor.text("x abcdefgh y mnopqrst z abcdef") == "x *** y *** z ***"


def test_leaves_are_all_values_but_the_harmless() -> None:
    answer = {"access_token": "t", "token_type": "Bearer", "n": [1, {"x": None, "y": True}]}
    assert list(leaves(answer)) == ["t", "1"]
