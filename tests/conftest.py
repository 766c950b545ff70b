"""What every test needs: nothing that one test's boot of Ocean leaves behind reaches the next."""

from collections.abc import Iterator

import pytest
from port_ocean.log.sensetive import SensitiveLogFilter


@pytest.fixture(autouse=True)
def _forget_masked_words() -> Iterator[None]:
    """Ocean keeps the words to mask in one list for the whole process."""
    before = list(SensitiveLogFilter.compiled_patterns)
    yield
    SensitiveLogFilter.compiled_patterns[:] = before
