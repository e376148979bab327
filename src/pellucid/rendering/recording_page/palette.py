"""The colours of the levels: even steps of lightness, so that they are told apart without any hue.

Interpolated in OKLCH (B. Ottosson 2020, "A perceptual color space for image processing"; CSS Color 4, section 9),
from the page's paper to its darkest and, on dark pages, to its lightest.
"""

from __future__ import annotations

import math

from pellucid.rendering.recording_page.maps import LEVELS

# Lightness, chroma and hue in degrees: of nothing, of the middle and of a weight of 1.
_LIGHT = ((0.985, 0.006, 325.0), (0.63, 0.14, 315.0), (0.275, 0.12, 300.0))
_DARK = ((0.225, 0.006, 300.0), (0.585, 0.15, 310.0), (0.945, 0.06, 330.0))


def palettes() -> dict[str, list[str]]:
    """By theme, the colour of every level."""
    return {"light": _colours(_LIGHT), "dark": _colours(_DARK)}


def _colours(anchors: tuple[tuple[float, float, float], ...]) -> list[str]:
    colours = []
    for level in range(LEVELS):
        place = level / (LEVELS - 1) * 2
        start = min(int(place), 1)
        share = place - start
        (_, chroma, hue), (_, next_chroma, next_hue) = anchors[start : start + 2]
        lightness = anchors[0][0] + (anchors[2][0] - anchors[0][0]) * level / (LEVELS - 1)
        colours.append(_hexadecimal(lightness, chroma + (next_chroma - chroma) * share, _hue(hue, next_hue, share)))
    return colours


def _hue(start: float, end: float, share: float) -> float:
    """Between two hues, the shorter way round."""
    return start + ((end - start + 180) % 360 - 180) * share


def _hexadecimal(lightness: float, chroma: float, hue: float) -> str:
    """OKLCH as sRGB; what is outside of it is brought to its border."""
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )
    return "#" + "".join(f"{round(255 * _encoded(min(max(part, 0.0), 1.0))):02x}" for part in linear)


def _encoded(part: float) -> float:
    return 12.92 * part if part <= 0.0031308 else 1.055 * part ** (1 / 2.4) - 0.055
