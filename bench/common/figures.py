"""Medians, ratios, goals, and how they are written."""

import statistics
from dataclasses import dataclass

AT_MOST, AT_LEAST = "at most", "at least"


@dataclass(frozen=True)
class Goal:
    """What a measured number has to be."""

    what: str
    bound: str
    limit: float

    def is_met(self, value):
        return value <= self.limit if self.bound == AT_MOST else value >= self.limit


def median(values):
    return statistics.median(values)


def median_ratio(ours, theirs):
    """The median of the ratios of each round, and not the ratio of the medians: what a round shares
    with itself, a busy neighbour or a slow clock, is not counted."""
    assert len(ours) == len(theirs) and ours, "a pair is measured in the same round"
    return median([mine / other for mine, other in zip(ours, theirs)])


def in_turn(names, nth):
    """The names in the order of the nth round: each is the first one in its turn, so that none
    always finds the machine as the same other one left it."""
    names = list(names)
    by = nth % len(names)
    return names[by:] + names[:by]


def digits(value):
    """A number with three digits that mean something, thousands apart; a whole one as it is."""
    if value is None:
        return "–"
    if isinstance(value, int) or value == 0:
        return f"{value:,.0f}"
    places = 2
    size = abs(value)
    while size >= 10 and places > 0:
        size /= 10
        places -= 1
    size = abs(value)
    while size < 1 and places < 6:
        size *= 10
        places += 1
    return f"{value:,.{places}f}"


def table(head, rows):
    """A table in Markdown; what is no text is written by `digits`. Columns of numbers are to the right."""
    texts = [[cell if isinstance(cell, str) else digits(cell) for cell in row] for row in rows]
    right = [all(not isinstance(row[nth], str) for row in rows) for nth in range(len(head))]
    lines = [head, ["---:" if to_right else "---" for to_right in right], *texts]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def judged(goals, found):
    """The table of goals: what each asks for, what was found, whether it is met. `found` has the
    value of each goal by its key; a goal without a value was not measured, and says so."""
    rows = []
    for key, goal in goals.items():
        value = found.get(key)
        verdict = "not measured" if value is None else "met" if goal.is_met(value) else "**missed**"
        rows.append([goal.what, f"{goal.bound} {digits(goal.limit)}", digits(value), verdict])
    return table(["goal", "is", "measured", ""], rows)
