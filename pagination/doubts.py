"""Doubts over the end of an endpoint, in words: what was seen, and the settings that answer it."""

from outcomes import Doubt
from pagination.witness import Rank, Sign
from settings.pagination import PaginationSettings, SingleRequestSettings


def doubt_over(sign: Sign, end: str, settings: PaginationSettings) -> Doubt:
    """Return the doubt that a sign of more leaves over an end, which was reached as told.

    Sample: `has_more is true, and paginationType is none`.
    """
    answers = [f"set {sign.way}" if sign.way else "see which paginationType the API has"]
    if isinstance(settings, SingleRequestSettings):
        answers.append("if one page is all that is wanted, `pagination: none` in the selector")
    answers.append(f"if {sign.place} does not speak of pages, {_ignoring(sign)}")
    return Doubt(f"{sign}, and {end}", "; ".join(answers))


def doubt_over_part(sign: Sign) -> Doubt:
    """Return the doubt over a list of which the API itself says that it is not whole."""
    answer = f"narrow the request; if {sign.place} does not speak of the list, {_ignoring(sign)}"
    return Doubt(f"{sign}, so that the list is not whole", answer)


def doubt_over_empty_pages(end: str) -> Doubt:
    """Return the doubt over pages without items, each of which leads to another."""
    return Doubt(
        f"{end}, and each leads to another",
        "look at data_path; if they are the end, `stop: empty_page` in the selector's pagination",
    )


def _ignoring(sign: Sign) -> str:
    place = sign.place if sign.rank is not Rank.LINK else sign.place.removesuffix(".href")
    return f"`ignore_markers: [{place}]` in the selector's pagination"
