"""The samples: what each picture shows, and how it is stored. Painted by `image_variants.photos`."""

from __future__ import annotations

from dataclasses import dataclass

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Scene:
    """What a sample shows and how it is written; `size` in upright pixels, colours from top to bottom."""

    name: str
    size: tuple[int, int]
    sky: tuple[Colour, ...]
    land: tuple[Colour, Colour]
    sun: tuple[float, float]
    ridges: int
    roughness: float
    horizon: float = 0.5
    water: bool = False
    lying: bool = False
    kept: float = 1.0


SCENES = (
    Scene(
        "alps-at-dawn.jpg",
        (3680, 2760),
        ((38, 60, 116), (142, 140, 180), (250, 190, 140), (255, 224, 180)),
        ((168, 160, 186), (22, 30, 44)),
        sun=(0.68, 0.50),
        ridges=6,
        roughness=1.7,
        horizon=0.46,
    ),
    Scene(
        "lake-upright.jpg",
        (1950, 2600),
        ((92, 150, 200), (190, 214, 226), (248, 232, 206)),
        ((150, 176, 184), (18, 46, 42)),
        sun=(0.35, 0.40),
        ridges=4,
        roughness=1.8,
        horizon=0.42,
        water=True,
        lying=True,
    ),
    Scene(
        "sunset at sea.jpg",
        (3000, 2000),
        ((42, 34, 84), (150, 60, 96), (246, 128, 66), (255, 208, 110)),
        ((120, 62, 84), (24, 18, 40)),
        sun=(0.5, 0.52),
        ridges=1,
        roughness=2.2,
        horizon=0.56,
        water=True,
    ),
    Scene(
        "dunes.webp",
        (2000, 1333),
        ((96, 160, 210), (226, 224, 206)),
        ((232, 190, 130), (120, 62, 30)),
        sun=(0.2, 0.22),
        ridges=5,
        roughness=2.6,
        horizon=0.5,
    ),
    Scene(
        "misty-hills.png",
        (1800, 1200),
        ((186, 202, 206), (232, 234, 224)),
        ((196, 208, 206), (34, 58, 52)),
        sun=(0.6, 0.3),
        ridges=7,
        roughness=2.1,
        horizon=0.36,
    ),
    Scene(
        "été à la mer/голубой час 1.jpg",
        (2400, 1600),
        ((10, 18, 52), (36, 62, 120), (120, 130, 176)),
        ((58, 74, 120), (6, 10, 22)),
        sun=(0.8, 0.2),
        ridges=4,
        roughness=1.9,
        horizon=0.5,
        water=True,
    ),
    Scene(
        "canyon.jpg",
        (2280, 1710),
        ((70, 130, 190), (214, 220, 214)),
        ((226, 150, 104), (84, 30, 22)),
        sun=(0.15, 0.3),
        ridges=6,
        roughness=1.5,
        horizon=0.34,
    ),
    Scene(
        "interrupted-upload.jpg",
        (1640, 1230),
        ((120, 150, 180), (240, 220, 200)),
        ((140, 150, 150), (40, 60, 40)),
        sun=(0.5, 0.4),
        ridges=4,
        roughness=2.0,
        kept=0.4,
    ),
)
