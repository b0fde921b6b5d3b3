# SPDX-License-Identifier: Apache-2.0
# Turns the figures of tools/bench into bench.txt, bench.md and bench.svg. Costs are what a row adds to a sign-in
# through pam_permit in the same run. Called by measure.py; by hand: python3 tools/bench.d/report.py build/bench
import json
import sys

import plot
from seen import all_seen
from targets import import_targets, met, targets


def number(value, digits=0):
    return "-" if value is None else f"{value:,.{digits}f}"


def ratio(value, base):
    return f"{value / base:.2f}" if base and base > 0 else "-"


def cost_table(seen):
    head = ["row", "instructions", "/ga", "login CPU ms", "/ga", "verifier CPU ms", "both ms", "/ga", "wall ms",
            "/permit", "/ga", "to prompt us", "/ga"]
    body = []
    for each in seen.values():
        ga = seen.get("ga") if each.name != "permit" else None
        body.append([each.name, number(each.instructions), ratio(each.instructions, ga and ga.instructions),
                     number(each.login, 3), ratio(each.login, ga and ga.login), number(each.verifier, 3),
                     number(each.both, 3), ratio(each.both, ga and ga.both), number(each.wall, 3),
                     ratio(each.wall, seen["permit"].wall), ratio(each.wall, ga and ga.wall), number(each.prompt),
                     ratio(each.prompt, ga and ga.prompt)])
    return head, body


def count_table(seen):
    head = ["row", "login's system calls", "verifier's", "files opened", "syncs", "bytes written"]
    return head, [[each.name, number(each.calls), number(each.row["verifier_calls"]["syscalls"], 1),
                   number(each.opened, 1), number(each.syncs, 2), number(each.written)] for each in seen.values()]


def rate_table(seen):
    levels = sorted({level for each in seen.values() for level in each.trials()})
    head = ["row"] + [f"{level} parallel" for level in levels] + ["right codes refused"]
    return head, [[each.name] + [number(each.rate(level)) for level in levels] +
                  ["{} of {}".format(*each.rejected())] for each in seen.values()]


def memory_table(seen):
    kinds = ("pss", "private", "rss")
    body = []
    for each in seen.values():
        found = each.row.get("memory", [])
        for one in found:
            body.append([each.name, "broker" if one["broker"] else "waiting"] + [number(one[kind]) for kind in kinds])
        if found:
            body.append([each.name, "all"] + [number(sum(one[kind] for one in found)) for kind in kinds])
    return ["verifier of", "process", "Pss KiB", "private KiB", "RSS KiB"], body


def target_table(seen, imported):
    body = []
    for what, value, around, wanted, limit in targets(seen) + import_targets(imported):
        body.append([what, number(value, 3), "{:.2f} to {:.2f}".format(*around) if around else "",
                     f"{wanted} {limit:.4g}", "met" if met(value, wanted, limit) else "MISSED"])
    return ["target", "seen", "95 %", "wanted", ""], body


def as_text(head, body):
    wide = [max(len(row[i]) for row in [head] + body) for i in range(len(head))]
    lines = []
    for row in [head] + body:
        cells = [cell.rjust(width) for cell, width in zip(row[1:], wide[1:])]
        lines.append("  ".join([row[0].ljust(wide[0])] + cells).rstrip())
    return "\n".join(lines) + "\n"


def as_markdown(head, body):
    rows = [head, ["---"] + ["---:"] * (len(head) - 1)] + body
    return "\n".join("| " + " | ".join(row) + " |" for row in rows) + "\n"


def busy(machine):
    """Others wanted the processors too: CPU and wall are then too high for everybody, and most for the dearest."""
    waiting = [float(each.split("=")[1]) for each in machine["pressure"]]
    return "THE MACHINE WAS BUSY: believe instructions and counts, not times.\n" if max(waiting, default=0) > 25 else ""


def note(seen, machine):
    permit = seen["permit"]
    return (busy(machine) + f"{machine['when']}, {machine['cpus']} x {machine['model']}, Linux {machine['kernel']}, {machine['disk']}, "
            f"{machine['rounds']} shuffled rounds, CPU pressure {' '.join(machine['pressure'])}.\n"
            f"pam_permit itself: {permit.row['instructions']:,.0f} instructions, {permit.median('cpu') / 1000:.2f} ms "
            f"CPU, {permit.wall:.2f} ms wall. Everything but wall is above it; times are medians.\n"
            "A verifier's share is that of all its processes, with the one that takes the place of the one used up.\n")


def import_table(found):
    head = ["people", "utmfa-admin import s", "google-authenticator as each of them s", "by root for all s"]
    if not found:
        return head, []
    people = found["people"]
    return head, [[number(people), number(found["seconds"], 2), number(found["tool_as_person"] * people, 1),
                   number(found["tool"] * people, 1)]]


def sections(seen, imported):
    parts = [("One sign-in in a process of its own", cost_table), ("Counts for one sign-in", count_table),
             ("Sign-ins granted in a second, different users", rate_table), ("Memory of the verifier", memory_table),
             ("Bulk registration, the tool reckoned from 200 people", lambda _: import_table(imported)),
             ("Targets", lambda rows: target_table(rows, imported))]
    tables = [(title, *table(seen)) for title, table in parts]
    return [(title, head, body) for title, head, body in tables if body]


def write(figures, out):
    seen = all_seen(figures)
    opening, parts = note(seen, figures["machine"]), sections(seen, figures.get("import"))
    text = opening + "".join(f"\n{title}\n\n{as_text(head, body)}" for title, head, body in parts)
    markdown = "# What a sign-in costs\n\n" + opening + "".join(
        f"\n## {title}\n\n{as_markdown(head, body)}" for title, head, body in parts) + "\n![plot](bench.svg)\n"
    for name, content in (("bench.txt", text), ("bench.md", markdown), ("bench.svg", plot.svg(seen))):
        with open(f"{out}/{name}", "w") as file:
            file.write(content)
    print(f"\n{text}\n{out}: bench.txt, bench.md, bench.svg, figures.json")


if __name__ == "__main__":
    with open(f"{sys.argv[1]}/figures.json") as source:
        write(json.load(source), sys.argv[1])
