"""How Python's garbage collector is set for a process that mostly parses JSON."""

import gc

# Containers made until young objects are looked at; Python's 700 suit programs that make cycles.
_YOUNG = 10_000
_OLDER = 20


def spare_the_collector() -> None:
    """Keep the collector from holding up the event loop; once, when all is loaded.

    It passes over what was loaded for good: a full collection of Ocean's modules takes 60 ms or
    more, again and again while items are parsed. And it looks at young objects less often, because
    what JSON becomes has no cycles and is freed without it.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _OLDER, _OLDER)
