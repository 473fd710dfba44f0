"""test_units.py - quantities as people read them"""

import pytest

from units import quantity, significant


@pytest.mark.parametrize("value, unit, text", [
    (0.28712, "ns", "0.2871 ns"), (190, "ns", "190.0 ns"), (999.96, "ns", "1.000 µs"),
    (35970, "ns", "35.97 µs"), (1.5e6, "ns", "1.500 ms"), (2e9, "ns", "2.000 s"), (0, "ns", "0 ns"),
    (5.21e6, "1/s", "5.210 M/s"), (999, "1/s", "999.0 /s"), (32768, "B", "32.77 kB"),
    (0.25, "probability", "0.2500 probability"),
])
def test_quantity(value: float, unit: str, text: str) -> None:
    assert quantity(value, unit) == text


def test_significant_digits_stay() -> None:
    assert [significant(value, 3) for value in (0.0123, 1.2, 12.34, 99.96, 1234)] == \
        ["0.0123", "1.20", "12.3", "100", "1234"]


def test_one_digit_for_ticks() -> None:
    assert [quantity(10.0 ** power, "ns", 1) for power in range(-1, 7)] == \
        ["0.1 ns", "1 ns", "10 ns", "100 ns", "1 µs", "10 µs", "100 µs", "1 ms"]
