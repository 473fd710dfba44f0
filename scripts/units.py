"""units.py - quantities and dates as people read them: 2.533 µs, 5.210 M/s"""

import re
from typing import Dict, List, Optional, Tuple

SCALES: Dict[str, List[Tuple[float, str]]] = {
    "ns": [(1, "ns"), (1e3, "µs"), (1e6, "ms"), (1e9, "s")],
    "1/s": [(1, "/s"), (1e3, "k/s"), (1e6, "M/s"), (1e9, "G/s")],
    "B": [(1, "B"), (1e3, "kB"), (1e6, "MB"), (1e9, "GB")],
}


def significant(value: float, digits: int) -> str:
    """The value with this many significant digits and no exponent; trailing zeros stay."""
    if value == 0:
        return "0"
    exponent = int(f"{value:.{digits - 1}e}".split("e")[1])
    return f"{value:.{max(0, digits - 1 - exponent)}f}"


def quantity(value: float, unit: str, digits: int = 4) -> str:
    """A value in ns, 1/s or B in the largest unit that keeps it at 1 or above; other units stay."""
    rounded = float(f"{value:.{digits}g}")
    scale, name = 1.0, unit
    for scale_, name_ in SCALES.get(unit, []):
        if scale_ == 1 or abs(rounded) >= scale_:
            scale, name = scale_, name_
    return f"{significant(rounded / scale, digits)} {name}"


def measured(text: str) -> Optional[float]:
    """The first number of a text as quantity writes it, in ns, 1/s or B where it has such a unit;
    None where the text does not begin with one.
    """
    found = re.match(r"[<>]? ?(-?[0-9]+(?:\.[0-9]+)?) ?(\S*)", text)
    if not found:
        return None
    factors = {name: factor for scales in SCALES.values() for factor, name in scales}
    return float(found[1]) * factors.get(found[2], 1)


def date_text(utc: str) -> str:
    """2026-11-23T05:45:00Z as people write it; anything else as it is."""
    match = re.fullmatch(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(:\d\d)?(\.\d+)?Z", utc)
    return f"{match[1]} {match[2]} UTC" if match else utc
