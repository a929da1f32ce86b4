"""How a part is to measure."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Setting:
    # How often each pair is measured; odd, for the median.
    rounds: int
    # A tenth of the sizes and of the time: shows that a part works, and no figure.
    small: bool = False
    # Whether cargo may be asked to build what a part needs.
    build: bool = True

    def sized(self, number):
        """A size, or a tenth of it."""
        return max(1, number // 10) if self.small else number

    def seconds(self, seconds):
        """For how long something is loaded, or a third of that."""
        return max(1, seconds // 3) if self.small else seconds
