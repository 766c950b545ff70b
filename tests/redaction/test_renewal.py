"""Renewed credentials: masked while they matter, forgotten when an instance runs for months."""

import pytest
from port_ocean.log.sensetive import sensitive_log_filter

from redaction import MASK, Redactor


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


@pytest.mark.contract("secrets.errors")
def test_a_secret_in_a_path_is_masked_however_it_is_encoded() -> None:
    redactor = Redactor(["a=b c/ü?"])

    shown = redactor.url("https://api.example.com/x/a=b%20c%2F%C3%BC%3F/y")

    assert shown == f"https://api.example.com/x/{MASK}/y"
