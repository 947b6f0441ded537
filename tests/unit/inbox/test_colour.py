"""Words on every colour can be read."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from inbox.colour import contrast, ink_on

PARTS = st.integers(0, 255)


def test_known_contrasts() -> None:
    assert contrast("#000000", "#ffffff") == 21
    assert contrast("#777777", "#777777") == 1
    assert round(contrast("#767676", "#ffffff"), 2) == 4.54


@given(PARTS, PARTS, PARTS)
def test_every_ground_has_an_ink(red: int, green: int, blue: int) -> None:
    ground = f"#{red:02x}{green:02x}{blue:02x}"
    assert contrast(ground, ink_on(ground)) >= 4.5
