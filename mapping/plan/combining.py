"""Values of several fields: each with each, as far as memory allows."""

import math
from collections.abc import Sequence

# What one item, or one answer, may give: a hundred of each of two fields are 10,000.
MOST_COMBINATIONS = 100_000


def too_many(values: Sequence[Sequence[object]]) -> str:
    """Return what to say where values of several fields make too many combinations; else nothing.

    Of one field, there may be as many as the item holds.

    Sample: `1000 x 1000 values make more than 100,000 combinations`.
    """
    counts = [len(each) for each in values]
    several = [count for count in counts if count > 1]
    if len(several) < 2 or math.prod(counts) <= MOST_COMBINATIONS:
        return ""
    told = " x ".join(map(str, several))
    return f"{told} values make more than {MOST_COMBINATIONS:,} combinations"
