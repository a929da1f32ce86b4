"""Pictures of growth, written as SVG."""

import math
from html import escape

WIDTH, HEIGHT = 330, 250
LEFT, RIGHT, TOP, BOTTOM = 62, 16, 46, 40
INK, FAINT, LINE, GUIDE = "#24292f", "#d0d7de", "#0969da", "#8c959f"


def panels(file, drawn, across=2):
    """Writes a picture of `drawn`: a title, what is to the right, and points, for each panel. Both axes
    are logarithmic; the dashed line through the largest is what grows in proportion."""
    rows = math.ceil(len(drawn) / across)
    size = f'width="{WIDTH * across}" height="{HEIGHT * rows}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="11" fill="{INK}">',
        '<rect width="100%" height="100%" fill="white"/>',
    ]
    for nth, (title, across_title, points) in enumerate(drawn):
        at = (nth % across * WIDTH, nth // across * HEIGHT)
        lines += [f'<g transform="translate({at[0]} {at[1]})">', *_panel(title, across_title, points), "</g>"]
    file.write_text("\n".join([*lines, "</svg>"]) + "\n", encoding="utf-8")


def _decades(values):
    """The powers of ten around the values."""
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return range(low, max(high, low + 1) + 1)


def _panel(title, across_title, points):
    (last_x, last_y) = points[-1]
    first_x = points[0][0]
    guide = [(first_x, last_y * first_x / last_x), (last_x, last_y)]
    xs, ys = _decades([x for x, _ in points]), _decades([y for _, y in points + guide])

    def place(x, y):
        across = (math.log10(x) - xs[0]) / (xs[-1] - xs[0])
        up = (math.log10(y) - ys[0]) / (ys[-1] - ys[0])
        return LEFT + across * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM)

    yield f'<text x="{LEFT}" y="22" font-size="13" font-weight="bold">{escape(title)}</text>'
    for power in xs:
        x, y = place(10**power, 10 ** ys[0])
        yield f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{y:.1f}" stroke="{FAINT}"/>'
        yield f'<text x="{x:.1f}" y="{y + 15:.1f}" text-anchor="middle">{_short(power)}</text>'
    for power in ys:
        x, y = place(10 ** xs[0], 10**power)
        yield f'<line x1="{x:.1f}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="{FAINT}"/>'
        yield f'<text x="{x - 6:.1f}" y="{y + 4:.1f}" text-anchor="end">{_short(power)}</text>'
    middle = (LEFT + WIDTH - RIGHT) / 2
    yield f'<text x="{middle}" y="{HEIGHT - 8}" text-anchor="middle">{escape(across_title)}</text>'
    yield f'<polyline fill="none" stroke="{GUIDE}" stroke-dasharray="4 3" points="{_path(place, guide)}"/>'
    yield f'<polyline fill="none" stroke="{LINE}" stroke-width="2" points="{_path(place, points)}"/>'
    for x, y in points:
        across, down = place(x, y)
        yield f'<circle cx="{across:.1f}" cy="{down:.1f}" r="3" fill="{LINE}"/>'


def _path(place, points):
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*point) for point in points))


def _short(power):
    """A power of ten."""
    for least, unit in [(6, "M"), (3, "k")]:
        if power >= least:
            return f"{10 ** (power - least)}{unit}"
    return f"{10**power}" if power >= 0 else f"{10.0**power:.{-power}f}"
