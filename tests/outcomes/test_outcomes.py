"""Proven, kept or failed, and the words for it."""

from hypothesis import given
from hypothesis import strategies as st

from errors import ResourceError
from outcomes import Doubt, Outcome, Standing

DOUBTS = st.lists(
    st.builds(Doubt, st.sampled_from(["more", "other"]), st.sampled_from(["", "set it"]))
)
ERRORS = st.lists(st.builds(ResourceError, st.sampled_from(["one", "two"])))


@given(errors=ERRORS, doubts=DOUBTS)
def test_nothing_is_proven_that_anything_speaks_against(
    errors: list[ResourceError], doubts: list[Doubt]
) -> None:
    outcome = Outcome.of(errors, doubts)
    assert outcome.is_proven is not bool(errors or doubts)
    assert (outcome.standing is Standing.FAILED) is bool(errors)
    assert bool(outcome.doubts) is (bool(doubts) and not errors)


def test_equal_doubts_are_told_once_with_an_example() -> None:
    more = Doubt("has_more is true", "set paginationType")
    places = [more.at(f"GET https://h.test/{number}") for number in range(3)]
    told = Outcome.of([], [*places, Doubt("the total fell")])
    assert str(told) == (
        "kept: 3 times, first GET https://h.test/0: has_more is true (set paginationType); "
        "the total fell"
    )


def test_a_doubt_keeps_the_first_place_that_it_is_given() -> None:
    assert Doubt("more").at("here").at("there").place == "here"
