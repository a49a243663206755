"""scene - the belt under its lamp, and the camera that looks at it."""

import functools

import numpy as np

from surface import F, bent_line, blur, bump, cut, smooth, stroke


class Scene:
    """A belt under a lamp, in linear light; parts are put on it one by one."""

    def __init__(self, rng, width, height):
        self.rng, self.width, self.height = rng, width, height
        self.x = np.arange(width, dtype=F)[None, :]
        self.y = np.arange(height, dtype=F)[:, None]
        azimuth = rng.uniform(-2.8, -0.34)  # the lamp is above the picture, as eyes expect
        self.tilt = rng.uniform(0.45, 0.95)  # of the lamp away from straight above
        self.toward = np.array([np.cos(azimuth), np.sin(azimuth)], F)
        self.image = self.belt()
        self.mark = np.zeros((height, width), bool)  # where the defect is
        self.light = self.falloff()

    def falloff(self):
        """Uneven lighting: a slope toward the lamp and a soft pool of light."""
        rng = self.rng
        across = (
            (self.x - self.width / 2) * self.toward[0]
            + (self.y - self.height / 2) * self.toward[1]
        ) / self.width
        cx, cy = rng.uniform(0.2, 0.8, 2) * [self.width, self.height]
        pool = np.exp(
            -((self.x - cx) ** 2 + (self.y - cy) ** 2) / (rng.uniform(0.5, 1.0) * self.width) ** 2
        )
        return (1 + F(rng.uniform(0.15, 0.6)) * across) * (
            F(0.75) + F(rng.uniform(0.2, 0.5)) * pool
        )

    def belt(self):
        rng, h, w = self.rng, self.height, self.width
        colours = [
            (0.050, 0.052, 0.056),
            (0.024, 0.026, 0.030),
            (0.022, 0.055, 0.042),
            (0.022, 0.045, 0.085),
            (0.105, 0.108, 0.110),
            (0.30, 0.31, 0.31),
        ]
        base = np.array(
            colours[rng.choice(len(colours), p=[0.24, 0.2, 0.17, 0.17, 0.14, 0.08])], F
        ) * F(rng.uniform(0.8, 1.25))
        lengthwise = rng.random() < 0.5
        tone = 1 + F(rng.uniform(0.03, 0.10)) * cut("streak", rng, h, w, lengthwise)
        tone += F(rng.uniform(0.05, 0.12)) * cut("grain", rng, h, w)
        tone += F(rng.uniform(0.05, 0.13)) * cut("cloud", rng, h, w)
        if rng.random() < 0.6:  # woven or dimpled surface
            kx, ky = 2 * np.pi / rng.uniform(7, 16, 2)
            tone += F(rng.uniform(0.03, 0.10)) * (
                np.sin(kx * self.x) * np.sin(ky * self.y)
            ).astype(F)
        for _ in range(rng.integers(0, 3)):  # scuffs of earlier parts
            angle = rng.normal(0 if not lengthwise else np.pi / 2, 0.25)
            line = bent_line(
                rng,
                rng.uniform(0, 1, 2) * [w, h],
                angle,
                rng.uniform(40, 260),
                8,
                rng.normal(0, 0.2),
                0.03,
            )
            box, d, along, _ = stroke(line, 8, h, w)
            tone[box] += F(rng.uniform(0.1, 0.4)) * bump(d / F(rng.uniform(1, 3))) * (along > 0)
        if rng.random() < 0.25:  # the seam where the belt is joined
            at = rng.uniform(0, w if not lengthwise else h)
            slant = rng.uniform(-0.4, 0.4)
            d = (
                (self.x - at + slant * self.y)
                if not lengthwise
                else (self.y - at + slant * self.x)
            )
            tone += F(0.35) * bump((d - 3) / 2) - F(0.45) * bump(d / 2.5)
        image = np.maximum(tone, 0.2) * base[:, None, None]
        for _ in range(rng.integers(20, 90)):  # dust and swarf
            x, y = rng.integers(1, w - 2), rng.integers(1, h - 2)
            image[:, y : y + rng.integers(1, 3), x : x + rng.integers(1, 3)] += F(
                rng.uniform(0.02, 0.12)
            )
        if rng.random() < 0.3:
            self.rail(image, lengthwise)
        return image

    def rail(self, image, lengthwise):
        """The conveyor's side guide, along one edge of the picture."""
        rng = self.rng
        size = rng.integers(16, 44)
        view = image if not lengthwise else image.transpose(0, 2, 1)
        view = view if rng.random() < 0.5 else view[:, ::-1]
        n = np.arange(size + 14, dtype=F)
        view[:, : size + 14] *= (1 - F(0.6) * bump(np.maximum(n - size, 0) / 8))[:, None]
        profile = F(0.20) + F(0.25) * bump(
            (n[:size] - size * F(rng.uniform(0.2, 0.8))) / (size * F(0.2))
        )
        profile *= smooth(0, 3, size - n[:size])
        streak = 1 + F(0.06) * cut("streak", rng, size, view.shape[2])
        view[:, :size] = profile[:, None] * streak * np.array([0.95, 0.98, 1.0], F)[:, None, None]

    def picture(self):
        """Through the lens and onto the sensor: 8 bit RGB."""
        rng = self.rng
        r2 = ((self.x / self.width - 0.5) ** 2 + (self.y / self.height - 0.5) ** 2) * 2
        light = self.light * (1 - F(rng.uniform(0.05, 0.4)) * r2)
        warmth = rng.normal(0, 0.07)
        gain = np.array([1 + warmth, 1 + rng.normal(0, 0.015), 1 - warmth]) * 2 ** rng.uniform(
            -0.45, 0.5
        )
        sigma = rng.uniform(0.45, 1.15)
        level = F(rng.uniform(0.002, 0.008))  # read noise; shot noise grows with light
        out = np.empty((self.height, self.width, 3), np.uint8)
        for c in range(3):
            plane = blur(self.image[c] * light * F(gain[c]), sigma)
            plane += (
                cut("white", rng, self.height, self.width) * level * np.sqrt(F(0.25) + 2 * plane)
            )
            plane *= F(2047)
            out[..., c] = tone_curve()[np.clip(plane, 0, 4095, out=plane).astype(np.int16)]
        return out


@functools.lru_cache(maxsize=None)
def tone_curve():
    """Linear light 0..2 in 4096 steps to 8 bit sRGB, highlights rolled off."""
    x = np.arange(4096) / 2047.0
    x = np.where(x < 0.7, x, 0.7 + 0.3 * (1 - np.exp(-(x - 0.7) / 0.3)))
    s = np.where(x <= 0.0031308, 12.92 * x, 1.055 * np.maximum(x, 1e-9) ** (1 / 2.4) - 0.055)
    s = s - 0.035 * np.sin(2 * np.pi * s)  # a little contrast, as cameras add
    return np.clip(np.round(s * 255), 0, 255).astype(np.uint8)
