"""A clock that stands still until a test moves it."""

from auth.strategy import Clock


class SetClock(Clock):
    """Says `moment`, in seconds, whoever asks."""

    def __init__(self, moment: float) -> None:
        self.moment = moment

    def now(self) -> float:
        return self.moment

    def steady(self) -> float:
        return self.moment
