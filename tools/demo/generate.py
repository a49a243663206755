#!/usr/bin/env python3
"""generate - pictures of machined parts on a conveyor, with and without a defect.

    generate.py OUT [--count 100] [--seed 1] [--class NAME] [--format jpg|png] [--quality 90]
    generate.py --sheet FILE [--seed 1] [--rows 6]     one picture to look at: a row per draw
    generate.py --tray FILE [--seed 1]                 four parts on one belt, 640 x 480
    generate.py --examples FOLDER                      the pictures of examples/pictures

Draws 640 x 480 pictures into OUT/CLASS/.  A picture depends on its seed, number
and class only, never on what was drawn before it, so any one can be drawn again
by itself.  Needs numpy and Pillow.

Light is linear until the last step, and planes come first: 3 x height x width.
A part is a signed distance field (negative on metal) from which edges, chamfers
and shadows follow; a brushed surface is an anisotropic highlight around the
brushing direction.  Lengths are pixels.
"""

import argparse
import os

import numpy as np
from PIL import Image

from scene import Scene
from surface import F, TILE, bent_line, bump, cut, look_up, mix, smooth, stroke

CLASSES = ["ok", "scratch", "dent", "stain", "loose-straw"]
WIDTH, HEIGHT = 640, 480

# Picked to look at: seed 4242, which neither training nor measuring uses.
EXAMPLES = [
    ("ok-1", "ok", 5),
    ("ok-2", "ok", 6),
    ("scratch-1", "scratch", 2),
    ("dent-1", "dent", 3),
    ("stain-1", "stain", 3),
    ("straw-1", "loose-straw", 0),
    ("straw-2", "loose-straw", 5),
]

# --- parts ------------------------------------------------------------------


def outline_disc(rng, size):
    radius = size * rng.uniform(0.82, 1)
    bore = radius * rng.uniform(0.14, 0.46)
    holes = [(0, 0, bore)]
    count = rng.choice([0, 3, 4, 5, 6, 8], p=[0.12, 0.16, 0.26, 0.1, 0.26, 0.1])
    if count:
        ring = mix(bore, radius, rng.uniform(0.52, 0.62))
        hole = min((radius - bore) * rng.uniform(0.11, 0.19), ring * np.pi / count * 0.55)
        holes += [
            (ring * np.cos(a), ring * np.sin(a), hole)
            for a in np.arange(count) * 2 * np.pi / count
        ]
    return (lambda u, v: np.hypot(u, v) - F(radius)), holes, radius


def outline_plate(rng, size):
    ratio = rng.uniform(0.55, 0.85)
    a = size * 0.98 / np.hypot(1, ratio) * 1.12
    b = a * ratio
    corner = b * rng.uniform(0.1, 0.4)

    def outside(u, v):
        x, y = np.abs(u) - F(a - corner), np.abs(v) - F(b - corner)
        return (
            np.hypot(np.maximum(x, 0), np.maximum(y, 0))
            + np.minimum(np.maximum(x, y), 0)
            - F(corner)
        )

    hole = b * rng.uniform(0.07, 0.12)
    inset = max(corner * 0.9, hole * 2.2)
    holes = [(sx * (a - inset), sy * (b - inset), hole) for sx in (-1, 1) for sy in (-1, 1)]
    if rng.random() < 0.75:
        holes.append((rng.uniform(-0.25, 0.25) * a, 0, b * rng.uniform(0.22, 0.42)))
    return outside, holes, a


def outline_flange(rng, size):
    reach = size * rng.uniform(0.68, 0.78)
    big, small = size * rng.uniform(0.48, 0.62), size * rng.uniform(0.2, 0.26)
    lean = (big - small) / reach
    rise = np.sqrt(1 - lean * lean)

    def outside(u, v):
        x, y = np.abs(v), np.abs(u)
        k = rise * y - lean * x
        return np.where(
            k < 0,
            np.hypot(x, y) - F(big),
            np.where(
                k > rise * reach,
                np.hypot(x, y - F(reach)) - F(small),
                F(rise) * x + F(lean) * y - F(big),
            ),
        )

    holes = [(0, 0, big * rng.uniform(0.35, 0.6))]
    holes += [(s * reach, 0, small * rng.uniform(0.35, 0.5)) for s in (-1, 1)]
    return outside, holes, reach + small


METALS = [
    (0.46, 0.47, 0.49),
    (0.52, 0.53, 0.54),
    (0.40, 0.40, 0.41),
    (0.50, 0.47, 0.42),
    (0.34, 0.36, 0.39),
]


class Part:
    """One part in a window of the scene: its field `d`, slopes and colours."""

    def __init__(self, scene, cx, cy, size):
        rng = self.rng = scene.rng
        self.scene = scene
        pad = int(size * 1.05) + 30
        x0, y0 = max(int(cx) - pad, 0), max(int(cy) - pad, 0)
        x1, y1 = min(int(cx) + pad, scene.width), min(int(cy) + pad, scene.height)
        self.box, self.x0, self.y0 = np.s_[y0:y1, x0:x1], x0, y0
        self.height, self.width = y1 - y0, x1 - x0
        self.size, self.centre = size, np.array([cx - x0, cy - y0])
        x = np.arange(self.width, dtype=F)[None, :] - F(cx - x0)
        y = np.arange(self.height, dtype=F)[:, None] - F(cy - y0)
        turn = rng.uniform(0, 2 * np.pi)
        c, s = F(np.cos(turn)), F(np.sin(turn))
        self.u, self.v = x * c + y * s, y * c - x * s
        kind = rng.choice(3, p=[0.5, 0.27, 0.23])
        outline, holes, self.extent = [outline_disc, outline_plate, outline_flange][kind](
            rng, size
        )
        self.outer = outline(self.u, self.v)
        inner = np.full_like(self.outer, 1e4)
        for hu, hv, hr in holes:
            np.minimum(inner, np.hypot(self.u - F(hu), self.v - F(hv)) - F(hr), out=inner)
        self.holes = holes
        self.inner = inner
        self.d = np.maximum(self.outer, -inner)
        self.gy, self.gx = np.gradient(self.d)
        self.mask = smooth(-0.8, 0.8, -self.d)
        self.chamfer = size * rng.uniform(0.018, 0.045)
        tilt = F(rng.uniform(0.5, 0.9)) * smooth(-self.chamfer, -self.chamfer + 1.6, self.d)
        self.sx, self.sy = tilt * self.gx, tilt * self.gy  # slopes of the surface normal
        self.face = self.d < -self.chamfer - 6  # where defects may start
        self.base = np.array(METALS[rng.choice(len(METALS), p=[0.3, 0.3, 0.16, 0.1, 0.14])], F)
        self.brush(kind, turn)
        self.steps(kind)
        self.cover = self.soak = None  # a stain, and what it takes of each colour
        self.extra = np.zeros_like(self.d)  # brightness added by scratches and dents
        self.mark = np.zeros(self.d.shape, bool)

    def brush(self, kind, turn):
        """The brushing: its direction (tx, ty) everywhere, and its grain."""
        rng = self.rng
        shift = rng.uniform(0, TILE, 2)
        fine = F(rng.uniform(1.2, 2.2))
        if kind == 0 or (kind == 2 and rng.random() < 0.5):  # turned on a lathe
            r = np.hypot(self.u, self.v) + F(1e-3)
            angle = np.arctan2(self.v, self.u)
            self.grain = look_up(
                "streak", angle * F(TILE / (2 * np.pi)) + F(shift[0]), r * fine + F(shift[1])
            )
            tu, tv = -self.v / r, self.u / r
        else:  # ground on a belt
            tu, tv = np.ones_like(self.u), np.zeros_like(self.u)
            self.grain = look_up("streak", self.u + F(shift[0]), self.v * fine + F(shift[1]))
        c, s = F(np.cos(turn)), F(np.sin(turn))
        self.tx, self.ty = tu * c - tv * s, tu * s + tv * c

    def steps(self, kind):
        """A turned step or groove on round parts, an etched code on plates."""
        rng = self.rng
        self.etch = None
        if kind != 1 and rng.random() < 0.6:
            r = np.hypot(self.u, self.v) + F(1e-3)
            bore = self.holes[0][2]
            free = self.extent if kind == 0 else self.size * 0.45
            at = mix(bore, free, rng.uniform(0.22, 0.4))
            w = F(self.size * 0.011 + 0.5)
            edge = bump((r - F(at)) / w) * F(rng.uniform(0.35, 0.8))
            if rng.random() < 0.5:
                edge = edge - bump((r - F(at + self.size * 0.05)) / w) * F(0.5)
            ru, rv = self.u / r, self.v / r
            # radial direction in picture axes
            turn_c, turn_s = self.axis()
            self.sx = self.sx + edge * (ru * turn_c - rv * turn_s)
            self.sy = self.sy + edge * (ru * turn_s + rv * turn_c)
        elif kind == 1 and rng.random() < 0.55:
            cell = self.size * rng.uniform(0.017, 0.024)
            code = (rng.random((10, 10)) < 0.5).astype(F)
            code[-1, :] = code[:, 0] = 1
            code[0, :] = np.arange(10) % 2
            a = self.extent
            u = np.floor((self.u + F(a * rng.uniform(0.45, 0.62))) / F(cell)).astype(np.int32)
            v = np.floor((self.v + F(cell * 5 + rng.uniform(-0.1, 0.1) * a)) / F(cell)).astype(
                np.int32
            )
            inside = (u >= 0) & (u < 10) & (v >= 0) & (v < 10)
            self.etch = (
                code[np.clip(v, 0, 9), np.clip(u, 0, 9)] * inside * F(rng.uniform(0.3, 0.5))
            )

    def axis(self):
        """Cosine and sine of the part's turn, read back from its coordinates."""
        return F(self.u[0, 1] - self.u[0, 0]), F(self.u[1, 0] - self.u[0, 0])

    def spot(self, margin=0):
        """A random place on the face, `margin` away from every edge if there is one."""
        places = np.flatnonzero(self.d < -self.chamfer - 6 - margin)
        if places.size == 0:
            places = np.flatnonzero(self.face)
        i = places[self.rng.integers(places.size)]
        return np.array([i % self.width, i // self.width], float)

    # --- defects ---

    def scratch(self):
        """One to three thin lines: a bright burr beside a dark furrow."""
        rng = self.rng
        want = self.size * rng.uniform(0.6, 1.25)
        for _ in range(20):  # until enough of it lies on metal
            start = self.spot(4)
            x, y = start.astype(int)
            # across the brushing, where it can be told from it
            angle = np.arctan2(self.ty[y, x], self.tx[y, x]) + rng.choice([-1, 1]) * rng.uniform(
                0.35, np.pi / 2
            )
            line = bent_line(rng, start, angle, want, 18, rng.normal(0, 0.35), 0.05)
            at = np.round(line).astype(int)
            on = [self.face[y, x] for x, y in at if 0 <= x < self.width and 0 <= y < self.height]
            if sum(on) >= 12:
                break
        strength = rng.uniform(0.95, 1.6)
        for k in range(rng.choice([1, 2, 3], p=[0.55, 0.3, 0.15])):
            if k:  # companions run nearly parallel
                step = rng.uniform(5, 16) * rng.choice([-1, 1])
                off = step * np.array([-np.sin(angle), np.cos(angle)]) + rng.normal(0, 8, 2)
                cut_at = rng.integers(0, 8)
                line = line[cut_at : cut_at + rng.integers(9, 19)] + off
                line = line + np.linspace(0, 1, len(line))[:, None] * rng.normal(0, 6, 2)
                strength *= rng.uniform(0.6, 0.95)
            w = F(self.size / 170 * rng.uniform(1.4, 2.4))
            box, dist, along, side = stroke(line, 7, self.height, self.width)
            total = np.hypot(*np.diff(line, axis=0).T).sum()
            worn = look_up(
                "streak",
                along * F(0.9) + F(rng.uniform(0, TILE)),
                np.full_like(along, rng.integers(TILE)),
            )
            ends = smooth(0, 0.12, along / F(total)) * smooth(0, 0.12, 1 - along / F(total))
            depth = ends * np.clip(1 + F(0.35) * worn, 0.45, 1.5) * F(strength)
            facing = 1 if rng.random() < 0.5 else -1
            furrow = bump((dist - 0) / w)
            burr = bump((side * facing - w * F(1.5)) / w) * (dist < 6)
            sign = F(1 if rng.random() < 0.62 else -1)  # fresh and bright, or dirty and dark
            self.mark[box] |= depth * furrow > 0.25
            self.extra[box] += depth * (sign * F(0.80) * furrow - sign * F(0.42) * burr)

    def dent(self):
        """A soft hollow: one side turned to the light, the other away from it."""
        rng = self.rng
        for k in range(rng.choice([1, 2], p=[0.8, 0.2])):
            r = self.size * rng.uniform(0.13, 0.24) * (1 if k == 0 else 0.75)
            cx, cy = self.spot(r * 0.55)
            turn, squash = rng.uniform(0, np.pi), rng.uniform(0.7, 1)
            x = np.arange(self.width, dtype=F)[None, :] - F(cx)
            y = np.arange(self.height, dtype=F)[:, None] - F(cy)
            c, s = F(np.cos(turn)), F(np.sin(turn))
            a, b = (x * c + y * s) / F(r), (y * c - x * s) / F(r * squash)
            q = a * a + b * b
            q = q * (
                1
                + F(0.12)
                * look_up(
                    "cloud",
                    x * F(2) + F(rng.uniform(0, TILE)),
                    y * F(2) + F(rng.uniform(0, TILE)),
                )
            )
            steep = F(rng.uniform(0.75, 1.35)) * np.exp(-q * F(1.5)) * (1 - F(0.28) * q)
            ga, gb = a * steep, b * steep / F(squash)
            gx, gy = ga * c - gb * s, ga * s + gb * c
            self.sx = self.sx - gx * F(1.5)
            self.sy = self.sy - gy * F(1.5)
            lit = gx * self.scene.toward[0] + gy * self.scene.toward[1]
            self.extra -= lit * F(0.55)
            self.extra -= F(0.08) * np.exp(-q * F(2))
            self.mark |= q < 0.8

    STAINS = [
        ((0.32, 0.20, 0.09), 0.80),
        ((0.42, 0.26, 0.12), 0.75),
        ((0.20, 0.20, 0.21), 0.80),
        ((0.62, 0.30, 0.10), 0.85),
        ((0.26, 0.30, 0.44), 0.70),
        ((0.34, 0.36, 0.24), 0.75),
    ]

    def stain(self):
        """An irregular blot with a darker rim, and drops around it."""
        rng = self.rng
        tint, strength = self.STAINS[rng.integers(len(self.STAINS))]
        tint = np.clip(np.array(tint) + rng.normal(0, 0.03, 3), 0.05, 0.9).astype(F)
        strength = F(strength * rng.uniform(0.75, 1.05))
        r = self.size * rng.uniform(0.20, 0.40)
        centre = self.spot(r * 0.5)
        blots = [(centre, r)]
        for _ in range(rng.integers(0, 5)):
            a = rng.uniform(0, 2 * np.pi)
            blots.append(
                (
                    centre + r * rng.uniform(1.0, 1.7) * np.array([np.cos(a), np.sin(a)]),
                    r * rng.uniform(0.08, 0.22),
                )
            )
        x = np.arange(self.width, dtype=F)[None, :]
        y = np.arange(self.height, dtype=F)[:, None]
        zoom = F(170 / self.size * rng.uniform(0.8, 1.6))
        rough = look_up(
            "blot", x * zoom + F(rng.uniform(0, TILE)), y * zoom + F(rng.uniform(0, TILE))
        )
        rough = rough - rough[int(centre[1]), int(centre[0])]
        squash, turn = rng.uniform(0.65, 1), rng.uniform(0, np.pi)
        c, s = F(np.cos(turn)), F(np.sin(turn))
        field = np.full_like(self.d, -9)
        for (cx, cy), radius in blots:
            a = ((x - F(cx)) * c + (y - F(cy)) * s) / F(radius)
            b = ((y - F(cy)) * c - (x - F(cx)) * s) / F(radius * squash)
            np.maximum(
                field, 1 - np.hypot(a, b) + F(0.30 if radius == r else 0.1) * rough, out=field
            )
        soft = rng.uniform(0.06, 0.25)
        cover = smooth(0, soft, field) * np.clip(
            F(0.78) + F(0.14) * rough + F(0.3) * bump((field - F(soft)) / F(0.12)), 0.45, 1.15
        )
        cover = np.clip(cover * strength, 0, 1)
        self.cover = cover
        self.mark |= cover > 0.25
        self.soak = 1 - tint / tint.max() * F(rng.uniform(0.36, 0.62))

    # --- onto the belt ---

    def place(self):
        scene, rng = self.scene, self.rng
        view = scene.image[(slice(None),) + self.box]
        self.shadows(view)
        # The lamp is near, so the half vector turns a little across the part.
        near = F(0.5 / scene.width)
        x = np.arange(self.width, dtype=F)[None, :] - F(self.centre[0])
        y = np.arange(self.height, dtype=F)[:, None] - F(self.centre[1])
        lx = F(scene.tilt * scene.toward[0]) - x * near
        ly = F(scene.tilt * scene.toward[1]) - y * near
        hx, hy = lx * F(0.5), ly * F(0.5)
        n = 1 / np.sqrt(1 + self.sx * self.sx + self.sy * self.sy)
        diffuse = np.maximum((1 + self.sx * lx + self.sy * ly) * n, 0)
        t_h = self.tx * hx + self.ty * hy - (self.tx * self.sx + self.ty * self.sy)
        b_h = self.ty * hx - self.tx * hy - (self.ty * self.sx - self.tx * self.sy)
        sharp = F(rng.uniform(7, 22))
        gloss = np.exp(-sharp * t_h * t_h - F(0.9) * b_h * b_h)
        gloss *= F(rng.uniform(0.6, 1.15)) * (1 + F(rng.uniform(0.10, 0.22)) * self.grain)
        sky = F(0.10) * (self.sx * F(rng.normal(0, 1)) + self.sy * F(rng.normal(0, 1)))
        body = F(rng.uniform(0.20, 0.34)) + F(0.30) * diffuse + sky + F(0.018) * self.grain
        if self.cover is not None:
            gloss *= 1 - F(0.75) * self.cover
        shine = np.maximum(body + gloss * F(0.75), 0.03)
        shine += self.extra * mix(0.55, shine, 0.5)
        shine *= (
            1
            + F(0.025) * cut("grain", rng, self.height, self.width)
            + F(0.03) * cut("cloud", rng, self.height, self.width)
        )
        if self.etch is not None:
            shine *= 1 - self.etch
        scene.mark[self.box] |= self.mark & (self.mask > 0.5)
        shine = np.maximum(shine, 0.01) * self.mask
        view *= 1 - self.mask
        for c in range(3):
            metal = shine * self.base[c]
            view[c] += metal if self.cover is None else metal * (1 - self.cover * self.soak[c])

    def shadows(self, view):
        """On the belt around the part, and inside its holes."""
        scene, rng = self.scene, self.rng
        reach = rng.uniform(5, 15) * self.size / 170
        sx, sy = (-np.round(reach * scene.toward)).astype(int)
        cast = smooth(-3 - reach * 0.5, 4 + reach * 0.5, -np.roll(self.d, (sy, sx), (0, 1)))
        dark = 1 - F(rng.uniform(0.55, 0.8)) * cast
        dark *= 1 - F(0.5) * np.exp(-np.maximum(self.outer, 0) / F(6 + reach * 0.4)) * (
            self.inner > 0
        )
        hole = smooth(-0.5, 0.5, -self.inner)
        dark *= 1 - hole * F(rng.uniform(0.4, 0.65))
        view *= dark
        # the wall of a hole, lit where it faces the lamp
        ring = hole * smooth(-self.size * 0.045, -1, self.inner)
        facing = self.gx * scene.toward[0] + self.gy * scene.toward[1]
        wall = np.clip(F(0.12) + F(0.22) * facing, 0.03, 1) * ring
        view *= 1 - ring * F(0.8)
        view += wall * self.base[:, None, None]


def straw(scene, part):
    """One or two dry stalks lying across or beside the part."""
    rng, h, w = scene.rng, scene.height, scene.width
    for _ in range(rng.choice([1, 2], p=[0.75, 0.25])):
        length = part.size * rng.uniform(0.9, 2.0)
        a = rng.uniform(0, 2 * np.pi)
        off = part.size * rng.uniform(0, 0.95)
        start = part.centre + [part.x0, part.y0] + off * np.array([np.cos(a), np.sin(a)])
        direction = (
            a + np.pi / 2 + rng.normal(0, 0.7)
            if off > part.size * 0.5
            else rng.uniform(0, 2 * np.pi)
        )
        line = bent_line(rng, start, direction, length, 20, rng.normal(0, 0.35), 0.025)
        thick = F(part.size / 170 * rng.uniform(2.1, 4.2))
        lift = rng.uniform(2, 7) * part.size / 170
        box, d, _, _ = stroke(line - lift * scene.toward, 4 * thick + 6, h, w)
        gap = np.maximum(d - thick * F(0.4), 0) / (thick * F(0.9) + F(lift * 0.3))
        scene.image[(slice(None),) + box] *= 1 - F(0.55) * bump(gap)
        box, d, along, side = stroke(line, thick + 3, h, w)
        # slimmer toward the tip, thicker at the nodes
        total = np.hypot(*np.diff(line, axis=0).T).sum()
        radius = thick * (1 - F(0.35) * along / F(total))
        nodes = np.zeros_like(d)
        for at in rng.uniform(0.12, 0.9, rng.integers(1, 4)) * total:
            nodes = np.maximum(nodes, bump((along - F(at)) / F(2.5)))
        radius = radius * (1 + F(0.22) * nodes)
        across = np.clip(side / radius, -1, 1)
        middle = 10
        tangent = line[middle + 1] - line[middle]
        normal = np.array([-tangent[1], tangent[0]]) / np.hypot(*tangent)
        lean = F(normal @ scene.toward)
        shade = F(0.62) + F(0.34) * np.sqrt(1 - across * across) + F(0.30) * across * lean
        shade *= (
            1
            + F(0.10) * look_up("streak", along + F(rng.uniform(0, TILE)), side * F(2.5) + F(400))
            - F(0.35) * nodes
        )
        shade *= 1 + F(0.10) * look_up(
            "cloud", along * F(2) + F(rng.uniform(0, TILE)), np.full_like(along, 7)
        )
        colour = (
            np.array([0.74, 0.53, 0.17], F)
            * F(rng.uniform(0.72, 1.1))
            * (1 + rng.normal(0, 0.06, 3).astype(F))
        )
        cover = smooth(-0.7, 0.7, radius - d)
        scene.mark[box] |= cover > 0.5
        view = scene.image[(slice(None),) + box]
        view *= 1 - cover
        view += cover * np.maximum(shade, 0.1) * colour[:, None, None]


# --- pictures ---------------------------------------------------------------


def put(scene, label, cx, cy, size):
    part = Part(scene, cx, cy, size)
    if label in ("scratch", "dent", "stain"):
        getattr(part, label)()
    part.place()
    if label == "loose-straw":
        straw(scene, part)


def render_marked(seed, number, label):
    """Picture `number` of class `label`, 480 x 640 x 3 in 8 bit RGB, and where its defect is."""
    rng = np.random.default_rng([seed, number, CLASSES.index(label)])
    scene = Scene(rng, WIDTH, HEIGHT)
    size = rng.uniform(150, 214)
    room = size + 14
    cx = rng.uniform(room, WIDTH - room)
    cy = rng.uniform(room, HEIGHT - room)
    put(scene, label, cx, cy, size)
    return scene.picture(), scene.mark


def render(seed, number, label):
    return render_marked(seed, number, label)[0]


def render_tray(seed, labels):
    """Four parts on one belt, one in each quarter of a 640 x 480 picture."""
    rng = np.random.default_rng([seed, 4])
    scene = Scene(rng, 2 * WIDTH, 2 * HEIGHT)
    for i, label in enumerate(labels):
        size = rng.uniform(165, 195)
        put(
            scene,
            label,
            WIDTH * (i % 2 + 0.5) + rng.uniform(-30, 30),
            HEIGHT * (i // 2 + 0.5) + rng.uniform(-10, 10),
            size,
        )
    full = scene.picture().astype(np.uint16)
    return (
        (full[::2, ::2] + full[1::2, ::2] + full[::2, 1::2] + full[1::2, 1::2] + 2) >> 2
    ).astype(np.uint8)


def save(image, path, quality):
    options = (
        {"quality": quality, "subsampling": "4:2:0", "optimize": True}
        if path.endswith(".jpg")
        else {}
    )
    Image.fromarray(image).save(path, **options)


def main():
    p = argparse.ArgumentParser(description="Draw pictures of machined parts.")
    p.add_argument("out", nargs="?", help="folder to fill")
    p.add_argument("--count", type=int, default=100, help="pictures per class")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--class", dest="label", choices=CLASSES, help="only this class")
    p.add_argument("--format", choices=["jpg", "png"], default="jpg")
    p.add_argument("--quality", type=int, default=90)
    p.add_argument("--sheet", help="write one picture that shows all classes side by side")
    p.add_argument("--rows", type=int, default=6)
    p.add_argument(
        "--tray", help="write one picture of four parts: ok, scratch, loose-straw, stain"
    )
    p.add_argument("--examples", help="fill this folder with the pictures of examples/pictures")
    a = p.parse_args()
    if a.examples:
        os.makedirs(a.examples, exist_ok=True)
        for name, label, number in EXAMPLES:
            path = os.path.join(a.examples, name + ".jpg")
            save(render(4242, number, label), path, 90)
    if a.sheet:
        rows = [
            np.hstack([render(a.seed, i, c)[::2, ::2] for c in CLASSES]) for i in range(a.rows)
        ]
        save(np.vstack(rows), a.sheet, a.quality)
    if a.tray:
        save(render_tray(a.seed, ["ok", "scratch", "loose-straw", "stain"]), a.tray, a.quality)
    if a.out:
        for label in [a.label] if a.label else CLASSES:
            folder = os.path.join(a.out, label)
            os.makedirs(folder, exist_ok=True)
            for i in range(a.count):
                save(
                    render(a.seed, i, label),
                    os.path.join(folder, "%s-%04d.%s" % (label, i, a.format)),
                    a.quality,
                )
    if not (a.out or a.sheet or a.tray or a.examples):
        p.error("nothing to do: name a folder, --sheet, --tray or --examples")


if __name__ == "__main__":
    main()
