# SPDX-License-Identifier: Apache-2.0
# What a sign-in may cost, as ratios to other rows of the same run: what was seen, and whether the target is met.
# Nothing fails by it. Called by report.py.
from seen import interval

MOST, LEAST = "<=", ">="


def targets(seen):
    """Rows of (what, value, interval or None, MOST or LEAST, limit), for every target whose rows were measured."""
    ours, oath = by_size(seen, "utmfa"), by_size(seen, "oath")
    if not ours or "ga" not in seen:
        return []
    big, ga = ours[max(ours)], seen["ga"]
    found = against_ga(big, ga)
    if "all" in seen:
        found.append(timed("CPU of both / a module with the same libraries", big, seen["all"], both, 0.2))
    if 60000 in oath and 60000 in ours:
        found.append(timed("CPU of both / oath at 60,000 users", ours[60000], oath[60000], both, 1 / 15))
    if 1 in ours and len(ours) > 1:
        found += growth(ours[1], big, max(ours))
    found += [("syncs in a sign-in", big.syncs, None, MOST, 1),
              ("bytes written in a sign-in", big.written, None, MOST, 4096)]
    if big.rate(32) and ga.rate(32):
        found.append(("sign-ins a second at 32 parallel / ga", big.rate(32) / ga.rate(32), None, LEAST, 1.0))
    found.append(("right codes refused", sum(each.rejected()[0] for each in ours.values()), None, MOST, 0))
    return found


def import_targets(found):
    """`found` is what imports.py measured, or None."""
    if not found:
        return []
    each = found["seconds"] / found["people"]
    what = f"importing {found['people']:,} people: times faster than google-authenticator"
    return [(what + " run as each of them", found["tool_as_person"] / each, None, LEAST, 25),
            (what + " run by root for all", found["tool"] / each, None, LEAST, 25)]


def by_size(seen, kind):
    return {int(name.split("-")[1]): each for name, each in seen.items() if name.startswith(kind + "-")}


def both(row):
    return row.both


def timed(what, top, bottom, figure, limit):
    return what, figure(top) / figure(bottom), interval(top, bottom, figure), MOST, limit


def against_ga(big, ga):
    return [("instructions of the login process / ga", big.instructions / ga.instructions, None, MOST, 0.6),
            timed("CPU of the login process / ga", big, ga, lambda row: row.login, 0.8),
            timed("CPU of login process and verifier (both) / ga", big, ga, both, 2.0),
            timed("  the same, aim", big, ga, both, 1.5),
            timed("wall above pam_permit / ga", big, ga, lambda row: row.wall_above, 1.5),
            timed("  wall of the whole process / ga", big, ga, lambda row: row.wall, 1.5)]


def growth(one, big, users):
    return [timed(f"growth of CPU of both, 1 to {users:,} users", big, one, both, 1.05),
            (f"growth of instructions, 1 to {users:,} users", big.instructions / one.instructions, None, MOST, 1.05)]


def met(value, wanted, limit):
    return value <= limit if wanted == MOST else value >= limit
