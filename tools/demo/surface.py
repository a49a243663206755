"""surface - noise, lines and blur that the pictures are made of.

Everything here is a function of its arguments and a seed; nothing is kept but the
textures, which are made once.
"""

import functools

import numpy as np

TILE = 1024  # side of the noise textures, a power of two
F = np.float32


def smooth(low, high, x):
    """0 below `low`, 1 above `high`, an S between them."""
    t = np.clip((x - low) * F(1 / (high - low)), 0, 1)
    return t * t * (3 - 2 * t)


def bump(x):
    return np.exp(-x * x)


def mix(a, b, t):
    return a + (b - a) * t


@functools.lru_cache(maxsize=None)
def texture(name):
    """A seamless noise texture of mean 0 and deviation 1, the same in every run."""
    rng = np.random.default_rng(["grain", "cloud", "streak", "blot", "white"].index(name) + 100)
    fy = np.fft.fftfreq(TILE)[:, None]
    fx = np.fft.rfftfreq(TILE)[None, :]
    f = np.hypot(fx, fy)
    shape = {
        "grain": np.exp(-((f / 0.3) ** 2)),
        "cloud": 1 / (f + 0.004) ** 1.7,
        "white": np.ones_like(f),
        "blot": np.exp(-((f / 0.05) ** 2)) / (f + 0.004) ** 1.9,
        # long in x, fine in y
        "streak": np.exp(-((fx / 0.007) ** 2))
        * np.exp(-((fy / 0.25) ** 2))
        * (np.abs(fy) + 0.02) ** -0.4,
    }[name]
    shape[0, 0] = 0
    noise = np.fft.irfft2(np.fft.rfft2(rng.standard_normal((TILE, TILE))) * shape, s=(TILE, TILE))
    return (noise / noise.std()).astype(F)


def look_up(name, x, y):
    return texture(name)[y.astype(np.int32) & (TILE - 1), x.astype(np.int32) & (TILE - 1)]


@functools.lru_cache(maxsize=None)
def tiled(name):
    return np.tile(texture(name), (2, 2))


def cut(name, rng, height, width, transpose=False):
    """A random window of a texture."""
    t = tiled(name).T if transpose else tiled(name)
    y, x = rng.integers(2 * TILE - height), rng.integers(2 * TILE - width)
    return t[y : y + height, x : x + width]


def stroke(points, reach, height, width):
    """Distance to a polyline, the way along it and the side of it, in a window.

    Returns (slices of the window, distance, along, side); the distance is
    `reach` wherever the line is farther than that.
    """
    p = np.asarray(points, F)
    pad = int(reach) + 2
    x0, y0 = np.maximum(np.floor(p.min(0)).astype(int) - pad, 0)
    x1, y1 = np.minimum(np.ceil(p.max(0)).astype(int) + pad, [width, height])
    x1, y1 = max(x1, x0), max(y1, y0)
    distance = np.full((y1 - y0, x1 - x0), reach, F)
    along = np.zeros_like(distance)
    side = np.zeros_like(distance)
    walked = 0.0
    for a, b in zip(p, p[1:]):
        d = b - a
        length = float(np.hypot(*d)) or 1e-6
        left, top = np.maximum(np.floor(np.minimum(a, b)).astype(int) - pad, [x0, y0])
        right, bottom = np.minimum(np.ceil(np.maximum(a, b)).astype(int) + pad, [x1, y1])
        if right > left and bottom > top:
            box = np.s_[top - y0 : bottom - y0, left - x0 : right - x0]
            x = np.arange(left, right, dtype=F) - a[0]
            y = np.arange(top, bottom, dtype=F)[:, None] - a[1]
            t = np.clip((x * d[0] + y * d[1]) / F(length**2), 0, 1)
            here = np.hypot(x - t * d[0], y - t * d[1])
            near = here < distance[box]
            distance[box][near] = here[near]
            along[box][near] = (walked + t * F(length))[near]
            side[box][near] = ((y * d[0] - x * d[1]) / F(length))[near]
        walked += length
    return np.s_[y0:y1, x0:x1], distance, along, side


def bent_line(rng, start, angle, length, steps, bend, shake):
    """Points of a line that bends and trembles."""
    turn = bend / steps
    p = [np.asarray(start, float)]
    for _ in range(steps):
        angle += turn + rng.normal(0, shake)
        p.append(p[-1] + length / steps * np.array([np.cos(angle), np.sin(angle)]))
    p = np.array(p)
    return p - (p[steps // 2] - p[0])  # centred on `start`


def blur(plane, sigma):
    """Gaussian blur along both axes, edges repeated."""
    radius = max(1, int(np.ceil(2.5 * sigma)))
    k = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    k = (k / k.sum()).astype(F)
    h, w = plane.shape
    for rows, columns in ((radius, 0), (0, radius)):
        wide = np.pad(plane, ((rows, rows), (columns, columns)), mode="edge")
        plane = wide[rows : rows + h, columns : columns + w] * k[radius]
        for i in range(1, radius + 1):
            r, c = (i, 0) if rows else (0, i)
            pair = (
                wide[rows - r : rows - r + h, columns - c : columns - c + w]
                + wide[rows + r : rows + r + h, columns + c : columns + c + w]
            )
            pair *= k[radius + i]
            plane += pair
    return plane
