/*
 * curves - loss and accuracy of every epoch, drawn as it comes.
 */
import { element } from "./common.js";

const WIDTH = 320;
const HEIGHT = 180;
const LEFT = 44;
const BOTTOM = 24;
const TOP = 10;

function shape(tag, attributes, text) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

function rangeOf(values, wanted) {
  let least = Math.min(...values, wanted[0] ?? Infinity);
  let most = Math.max(...values, wanted[1] ?? -Infinity);
  if (!(most > least)) {
    least -= 0.5;
    most += 0.5;
  }
  return [least, most];
}

const short = (number) => (number >= 100 ? number.toFixed(0) : number.toPrecision(2));

/* One panel; lines are [{name, values}], with null where an epoch has none. */
function panel(title, lines, wanted) {
  const known = lines.flatMap((line) => line.values.filter((value) => value !== null));
  const [least, most] = rangeOf(known, wanted);
  const count = Math.max(2, ...lines.map((line) => line.values.length));
  const x = (i) => LEFT + (i * (WIDTH - LEFT - 8)) / (count - 1);
  const y = (value) => TOP + ((most - value) * (HEIGHT - TOP - BOTTOM)) / (most - least);
  const picture = shape("svg", {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    role: "img",
    "aria-label": `${title} by epoch`,
  });
  for (const value of [least, (least + most) / 2, most]) {
    picture.append(
      shape("line", { class: "rule", x1: LEFT, x2: WIDTH - 8, y1: y(value), y2: y(value) }),
      shape("text", { x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }, short(value)),
    );
  }
  picture.append(
    shape("text", { x: LEFT, y: HEIGHT - 6 }, "epoch 1"),
    shape("text", { x: WIDTH - 8, y: HEIGHT - 6, "text-anchor": "end" },
      String(Math.max(...lines.map((line) => line.values.length)))),
  );
  for (const line of lines) {
    const points = line.values
      .map((value, i) => (value === null ? null : `${x(i)},${y(value)}`))
      .filter(Boolean);
    if (points.length === 1) {
      const [cx, cy] = points[0].split(",");
      picture.append(shape("circle", { class: `dot ${line.name}`, cx, cy, r: 3 }));
    } else if (points.length > 1) {
      picture.append(shape("polyline", { class: `line ${line.name}`, points: points.join(" ") }));
    }
  }
  return element("figure", {}, picture, element("figcaption", { textContent: title }));
}

/* epochs: [{train: {loss, accuracy} or null, valid: the same}] */
export function drawCurves(place, epochs) {
  const values = (split, key) => epochs.map((epoch) => epoch?.[split]?.[key] ?? null);
  const lines = (key) =>
    ["train", "valid"].map((name) => ({ name, values: values(name, key) }));
  const hasValid = values("valid", "loss").some((value) => value !== null);
  const key = element("p", { className: "key quiet" }, element("i", { className: "train" }),
    "learnt from ");
  if (hasValid) key.append(element("i", { className: "valid" }), "kept back");
  place.replaceChildren(
    panel("Loss", lines("loss"), [0]),
    panel("Accuracy", lines("accuracy"), [undefined, 1]),
    key,
  );
}
