# SPDX-License-Identifier: Apache-2.0
# The picture of tools/bench, as SVG written by hand: CPU of a sign-in, throughput, growth with the number of users.
# Called by report.py.
import html
import math

COLOURS = {"permit": "#9aa0a6", "ga": "#e8710a", "oath": "#a142f4", "all": "#d93025", "utmfa": "#1a73e8"}
WIDE, LEFT, RIGHT = 860, 110, 30


def colour(name):
    return COLOURS[name.split("-")[0]]


def text(x, y, words, anchor="start", size=12, weight="normal"):
    style = f'text-anchor="{anchor}" font-size="{size}" font-weight="{weight}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{html.escape(words)}</text>'


def line(x1, y1, x2, y2, stroke="#dadce0", width=1.0):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{stroke}" stroke-width="{width}"/>'


def box(x, y, wide, high, fill):
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(wide, 0.5):.1f}" height="{high:.1f}" fill="{fill}"/>'


class Scale:
    """Logarithmic, from low to high, onto a stretch of pixels."""

    def __init__(self, low, high, start, end):
        self.low, self.high, self.start, self.end = math.log10(low), math.log10(high), start, end

    def __call__(self, value):
        part = (math.log10(max(value, 10 ** self.low)) - self.low) / (self.high - self.low)
        return self.start + part * (self.end - self.start)

    def decades(self):
        return [10.0 ** i for i in range(math.ceil(self.low), math.floor(self.high) + 1)]


def around(values):
    low = 10 ** math.floor(math.log10(min(values)))
    high = 10 ** math.ceil(math.log10(max(values) * 1.0001))
    return low, max(high, low * 10)


def cpu_bars(seen, top):
    rows = [each for each in seen.values() if each.both > 0 and each.name != "permit"]
    if not rows:
        return [], top
    across = Scale(*around([each.both for each in rows]), LEFT, WIDE - RIGHT - 110)
    title = "CPU of one sign-in above pam_permit, ms (logarithmic): login process + verifier"
    drawn = [text(LEFT, top, title, size=14, weight="bold")]
    bottom = top + 14 + 26 * len(rows)
    for decade in across.decades():
        drawn += [line(across(decade), top + 10, across(decade), bottom),
                  text(across(decade), bottom + 14, f"{decade:g}", "middle")]
    for i, each in enumerate(rows):
        y = top + 14 + 26 * i
        label = f"{each.login:.2f} + {each.verifier:.2f}" if each.verifier else f"{each.both:.2f}"
        drawn += [text(LEFT - 8, y + 14, each.name, "end"),
                  box(LEFT, y, across(each.both) - LEFT, 18, colour(each.name)),
                  text(across(each.both) + 6, y + 14, label)]
    return drawn, bottom + 50


def curves(title, x_title, series, top):
    """series: name -> [(x, y)], both axes logarithmic."""
    points = [point for line_of in series.values() for point in line_of]
    if not points:
        return [], top
    high = 240
    across = Scale(*around([x for x, _ in points]), LEFT, WIDE - RIGHT - 110)
    up = Scale(*around([y for _, y in points]), top + 14 + high, top + 14)
    drawn = [text(LEFT, top, title, size=14, weight="bold")]
    for decade in up.decades():
        drawn += [line(LEFT, up(decade), WIDE - RIGHT - 110, up(decade)),
                  text(LEFT - 8, up(decade) + 4, f"{decade:g}", "end")]
    for x in sorted({x for x, _ in points}):
        drawn.append(text(across(x), top + high + 30, f"{x:,}", "middle"))
    labels = []
    for name, line_of in series.items():
        path = " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in line_of)
        drawn.append(f'<polyline points="{path}" fill="none" stroke="{colour(name)}" stroke-width="2"/>')
        drawn += [f'<circle cx="{across(x):.1f}" cy="{up(y):.1f}" r="3" fill="{colour(name)}"/>' for x, y in line_of]
        labels.append([up(line_of[-1][1]) + 4, name])
    for i, label in enumerate(sorted(labels)):  # kept apart where lines end together
        y = label[0] = max(label[0], sorted(labels)[i - 1][0] + 13) if i else label[0]
        drawn.append(text(WIDE - RIGHT - 104, y, label[1]))
    drawn.append(text((LEFT + WIDE - RIGHT - 110) / 2, top + high + 48, x_title, "middle"))
    return drawn, top + high + 90


def throughput_series(seen):
    series = {}
    for each in seen.values():
        points = [(level, each.rate(level)) for level in each.trials()]
        points = [point for point in sorted(points) if point[1] > 0]
        if points:
            series[each.name] = points
    return series


def growth_series(seen):
    series = {}
    for name, each in seen.items():
        if "-" in name and each.both > 0:
            series.setdefault(name.split("-")[0], []).append((int(name.split("-")[1]), each.both))
    return {name: sorted(points) for name, points in series.items() if len(points) > 1}


def svg(seen):
    drawn, top = cpu_bars(seen, 30)
    parts = (("Sign-ins granted in a second, different users", "sign-ins at once", throughput_series(seen)),
             ("CPU of one sign-in above pam_permit, ms, by number of users", "enrolled users", growth_series(seen)))
    for part in parts:
        more, top = curves(*part, top)
        drawn += more
    size = f'width="{WIDE}" height="{top:.0f}" viewBox="0 0 {WIDE} {top:.0f}"'
    return (f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="12" fill="#202124">\n'
            '<rect width="100%" height="100%" fill="#fff"/>\n'
            + "\n".join(drawn) + "\n</svg>\n")
