"""How many requests at once an API bears, learnt from what it refuses."""

# A level that was refused is tried again after so many times as many successes, at most.
_MOST_PATIENCE = 64


class AdaptiveLimit:
    """Requests allowed in flight at once: halved when the API is in trouble, then regrown.

    It starts at `maximum`, never leaves 1 to `maximum`, and grows by one after as many successes as
    it is high. What is in flight when it is halved belongs to the trouble that is known already, so
    that ten refusals at once halve it once: each request takes `generation` along when it starts,
    and brings it back.

    It stays where the API bears it: a level that was refused just above one that went well is
    tried again after twice as many successes as the time before.
    """

    def __init__(self, maximum: int) -> None:
        self.maximum = maximum
        self.current = maximum
        self.generation = 0
        self._successes = 0
        # Everything above it is in doubt.
        self._borne = maximum
        self._patience = 1

    def succeeded(self, generation: int) -> bool:
        """Count a success; returns whether the limit grew."""
        if self.current == self.maximum or generation != self.generation:
            return False
        self._successes += 1
        patience = self._patience if self.current == self._borne else 1
        if self._successes < self.current * patience:
            return False
        if self.current > self._borne:
            self._borne, self._patience = self.maximum, 1
        self._successes = 0
        self.current += 1
        return True

    def struggled(self, generation: int) -> bool:
        """Count a refusal or timeout; returns whether the limit was halved."""
        if generation != self.generation:
            return False
        self.generation += 1
        self._successes = 0
        if self.current > self._borne:
            self._patience = min(_MOST_PATIENCE, 2 * self._patience)
        else:
            self._borne, self._patience = max(1, self.current - 1), 1
        self.current = max(1, self.current // 2)
        return True
