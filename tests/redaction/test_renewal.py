"""Renewed credentials: masked while they matter, forgotten when an instance runs for months."""

import time

import pytest
from port_ocean.log.sensetive import sensitive_log_filter

from redaction import MASK, MOST_LEARNT, Redactor


@pytest.mark.contract("secrets.log-auth-response")
def test_a_renewed_token_is_masked_and_so_is_the_one_before() -> None:
    redactor = Redactor()
    redactor.learn_renewed({"access_token": "first-token-1"})
    redactor.learn_renewed({"access_token": "second-token-2"})

    assert redactor.text("first-token-1, second-token-2") == f"{MASK}, {MASK}"
    assert "first" not in sensitive_log_filter.mask_string("first-token-1", full_hide=True)


def test_what_is_masked_does_not_grow_with_every_renewal() -> None:
    redactor = Redactor(["lasting-secret"])
    sizes = []
    for number in range(50):
        redactor.learn_renewed({"access_token": f"token-number-{number}"})
        sizes.append(len(sensitive_log_filter.compiled_patterns))

    assert sizes[-1] == sizes[20]
    assert redactor.text("lasting-secret token-number-49") == f"{MASK} {MASK}"


@pytest.mark.contract("secrets.log-auth-response")
def test_what_is_renewed_often_makes_no_room_for_itself_among_other_secrets() -> None:
    redactor = Redactor()
    redactor.learn_renewed({"access_token": "token-of-the-login"})
    for number in range(100):
        redactor.learn_renewed(f"session-number-{number}", of="x-session-id")

    assert redactor.text("token-of-the-login session-number-99") == f"{MASK} {MASK}"
    assert {"token-of-the-login", "session-number-99"} <= redactor.held


@pytest.mark.contract("secrets.errors")
def test_a_secret_in_a_path_is_masked_however_it_is_encoded() -> None:
    redactor = Redactor(["a=b c/ü?"])

    shown = redactor.url("https://api.example.com/x/a=b%20c%2F%C3%BC%3F/y")

    assert shown == f"https://api.example.com/x/{MASK}/y"


ANSWER = {
    "token": "own-token-1",
    "token_type": "Bearer",
    "expires_in": 36000,
    "account": {"name": "ordinary-name", "apiKey": "key-of-account"},
    "secrets": [{"text": "text-of-a-secret"}, "bare-secret"],
    "profile": {"language": "english", "roles": ["reader", "writer"]},
}


@pytest.mark.contract("bounds.learnt-secrets")
def test_of_a_login_what_is_used_and_what_has_a_telling_name_is_masked() -> None:
    redactor = Redactor()
    redactor.learn_renewed([{"session": "used-session-7"}, {"token_type": "Basic"}], ANSWER)
    for secret in (
        "used-session-7",
        "own-token-1",
        "key-of-account",
        "text-of-a-secret",
        "bare-secret",
    ):
        assert redactor.text(f"<{secret}>") == f"<{MASK}>"
    for plain in ("Basic", "Bearer", "36000", "ordinary-name", "english", "reader", "writer"):
        assert redactor.text(plain) == plain


@pytest.mark.contract("bounds.learnt-secrets")
def test_a_login_with_very_many_texts_teaches_a_hundred_in_no_time() -> None:
    redactor = Redactor()
    answer = {
        "items": [f"ordinary text {number}" for number in range(20_000)],
        "tokens": [f"token-number-{number}" for number in range(20_000)],
    }
    start = time.process_time()
    redactor.learn_renewed(["used-first"], answer)
    assert time.process_time() - start < 1
    assert redactor.text("used-first token-number-9") == f"{MASK} {MASK}"
    plain = "the rest of 20,000"
    assert redactor.text(plain) == plain
    assert len(redactor._renewed["login"][0]) <= 2 * MOST_LEARNT


@pytest.mark.contract("bounds.learnt-secrets")
def test_what_is_used_is_masked_however_long_it_is() -> None:
    redactor = Redactor()
    token = "abc-123_" * 1500
    redactor.learn_renewed([{"access_token": token}], {"id_token": "x" * 9000, "pwd": "s3cret"})
    assert redactor.text(f"{token} s3cret") == f"{MASK} {MASK}"
