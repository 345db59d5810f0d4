from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms
from support.imagery import close, encoded, landscape, made, picture, quarters
from support.similarity import ssim

from batchkit.errors import Rejected

HALF_RED = (255, 0, 0, 128)


def profile_bytes(name: Any) -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile(name)).tobytes()


@pytest.fixture(scope="module")
def wide_profile() -> bytes:
    """An RGB profile with red and green exchanged: that its conversion is done can be seen."""
    srgb = bytearray(profile_bytes("sRGB"))
    count = int.from_bytes(srgb[128:132], "big")
    for i in range(count):
        at = 132 + 12 * i
        name = bytes(srgb[at : at + 4])
        if name in {b"rXYZ", b"gXYZ"}:
            srgb[at : at + 4] = b"gXYZ" if name == b"rXYZ" else b"rXYZ"
        if name == b"desc":
            offset = int.from_bytes(srgb[at + 4 : at + 8], "big")
            size = int.from_bytes(srgb[at + 8 : at + 12], "big")
            text = bytes(srgb[offset : offset + size]).replace(
                "sRGB".encode("utf-16-be"), "odd!".encode("utf-16-be")
            )
            srgb[offset : offset + size] = text.replace(b"sRGB", b"odd!")
    return bytes(srgb)


def test_colours_of_another_profile_become_srgb_and_the_profile_goes(wide_profile: bytes) -> None:
    ours = picture(encoded(quarters(), "PNG", icc_profile=wide_profile))
    assert close(ours.getpixel((5, 5)), (0, 255, 0), 20)
    assert close(ours.getpixel((75, 5)), (255, 0, 0), 20)
    assert "icc_profile" not in ours.info


def test_transparency_survives_the_conversion_of_colours(wide_profile: bytes) -> None:
    ours = picture(encoded(Image.new("RGBA", (8, 8), HALF_RED), "PNG", icc_profile=wide_profile))
    assert close(ours.getpixel((4, 4)), (0, 255, 0, 128), 20)


def test_srgb_stays_as_it_is() -> None:
    ours = picture(encoded(quarters(), "PNG", icc_profile=profile_bytes("sRGB")))
    assert ours.tobytes() == quarters().tobytes()
    assert "icc_profile" not in ours.info


@pytest.mark.parametrize("profile", [b"no profile at all", profile_bytes("LAB"), profile_bytes("sRGB")[:200]])
def test_a_profile_that_does_not_fit_is_ignored(profile: bytes) -> None:
    assert picture(encoded(quarters(), "PNG", icc_profile=profile)).tobytes() == quarters().tobytes()


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_cmyk_becomes_rgb(kind: str) -> None:
    ours = picture(encoded(quarters().convert("CMYK"), kind))
    assert ours.mode == "RGB"
    assert close(ours.getpixel((5, 5)), (255, 0, 0), 8)


def test_grey_stays_grey() -> None:
    grey = landscape((160, 120)).convert("L")
    ours = picture(encoded(grey, "PNG"))
    assert ours.mode == "L"
    assert ours.tobytes() == grey.tobytes()


def test_grey_with_transparency_keeps_both() -> None:
    ours = picture(encoded(Image.new("LA", (8, 8), (200, 128)), "PNG"))
    assert close(ours.getpixel((4, 4)), (200, 200, 200, 128), 1)


def test_black_and_white_becomes_smooth_grey() -> None:
    checks = Image.fromarray((np.indices((64, 64)).sum(axis=0) % 2 * 255).astype(np.uint8)).convert("1")
    ours = picture(encoded(checks, "PNG"), resize={"width": 16})
    assert ours.mode == "L"
    assert 110 < float(np.asarray(ours).mean()) < 145


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits_become_eight_without_clipping(kind: str) -> None:
    ramp = np.linspace(0, 65535, 64 * 64).reshape(64, 64).astype(np.uint16)
    ours = picture(encoded(Image.fromarray(ramp), kind))
    assert ours.tobytes() == (ramp >> 8).astype(np.uint8).tobytes()


def test_samples_of_unknown_range_are_rejected() -> None:
    body = encoded(Image.new("F", (8, 8), 0.5), "TIFF")
    with pytest.raises(Rejected, match="samples of kind 'F'"):
        made(body, {"format": "png"})


def test_a_palette_is_resized_as_colours() -> None:
    palette = landscape((320, 240)).convert("P", palette=Image.Palette.ADAPTIVE)
    ours = picture(encoded(palette, "PNG"), resize={"width": 160})
    assert ours.mode == "RGB"
    assert ssim(ours, landscape((320, 240)).resize((160, 120), Image.Resampling.LANCZOS)) > 0.9


def test_transparent_entries_of_a_palette_stay_transparent() -> None:
    palette = quarters().convert("P", palette=Image.Palette.ADAPTIVE)
    entry = palette.getpixel((5, 5))
    for transparency in (entry, bytes([0 if i == entry else 255 for i in range(8)])):
        ours = picture(encoded(palette, "PNG", transparency=transparency))
        assert ours.mode == "RGBA"
        pixel, other = ours.getpixel((5, 5)), ours.getpixel((75, 5))
        assert isinstance(pixel, tuple) and pixel[3] == 0
        assert isinstance(other, tuple) and other[3] == 255


def test_a_colour_declared_transparent_is_transparent() -> None:
    ours = picture(encoded(quarters(), "PNG", transparency=(255, 0, 0)))
    pixel = ours.getpixel((5, 5))
    assert isinstance(pixel, tuple) and pixel[3] == 0


def test_colours_under_transparency_do_not_bleed_when_resized() -> None:
    image = Image.new("RGBA", (64, 64), (0, 255, 0, 0))
    image.paste((255, 0, 0, 255), (0, 0, 32, 64))
    edge = np.asarray(picture(encoded(image, "PNG"), resize={"width": 9}))
    assert edge[..., 1][edge[..., 3] > 16].max() <= 2


def test_transparency_becomes_the_background_in_a_jpeg() -> None:
    body = encoded(Image.new("RGBA", (16, 16), (0, 0, 0, 0)), "PNG")
    assert close(picture(body, format="jpeg").getpixel((8, 8)), (255, 255, 255), 2)
    assert close(picture(body, format="jpeg", background="#204060").getpixel((8, 8)), (32, 64, 96), 4)


def test_half_transparency_is_mixed_with_the_background() -> None:
    body = encoded(Image.new("RGBA", (16, 16), HALF_RED), "PNG")
    ours = picture(body, background="#0000ff")
    assert ours.mode == "RGB"
    assert close(ours.getpixel((8, 8)), (128, 0, 127), 2)


@pytest.mark.parametrize("kind", ["png", "webp", "avif", "tiff", "gif"])
def test_transparency_is_kept_where_the_format_can(kind: str) -> None:
    image = Image.new("RGBA", (32, 32), (0, 0, 0, 0))
    image.paste((255, 0, 0, 255), (0, 0, 16, 32))
    ours = picture(encoded(image, "PNG"), format=kind).convert("RGBA")
    assert close(ours.getpixel((4, 16)), (255, 0, 0, 255), 12)
    pixel = ours.getpixel((28, 16))
    assert isinstance(pixel, tuple) and pixel[3] == 0


def test_padding_has_the_background_s_colour() -> None:
    wanted = {"width": 40, "height": 40, "fit": "fill"}
    body = encoded(Image.new("RGB", (80, 40), "red"), "PNG")
    for background, colour in ((None, (255, 255, 255)), ("#204060", (32, 64, 96))):
        ours = picture(body, resize=wanted, background=background)
        assert ours.size == (40, 40)
        assert close(ours.getpixel((20, 2)), colour, 0)
        assert close(ours.getpixel((20, 37)), colour, 0)
        assert close(ours.getpixel((20, 20)), (255, 0, 0), 0)


def test_padding_can_be_transparent() -> None:
    body = encoded(Image.new("RGB", (80, 40), "red"), "PNG")
    ours = picture(body, resize={"width": 40, "height": 40, "fit": "fill"}, background="transparent")
    assert ours.getpixel((20, 2)) == (0, 0, 0, 0)
    assert ours.getpixel((20, 20)) == (255, 0, 0, 255)


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "avif", "gif", "tiff"])
def test_nothing_personal_is_left_in_an_output(kind: str) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Maker of Secrets"
    exif.get_ifd(0x8825)[1] = "N"
    body = encoded(quarters(), "JPEG", exif=exif, comment=b"a secret comment", dpi=(123, 123))
    assert b"Maker of Secrets" in body
    result = made(body, {"format": kind})["v0"]
    ours = Image.open(BytesIO(result.body))  # type: ignore[union-attr]
    assert b"Secret" not in result.body and b"secret" not in result.body  # type: ignore[union-attr]
    assert 0x010F not in ours.getexif()
    assert "comment" not in ours.info
