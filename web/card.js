/*
 * card - what a training came to: how good it is, where it is wrong, how it is used.
 */
import { $, element, fetchJson, milliseconds } from "./common.js";
import { beginTrial, endTrial } from "./trial.js";

const MOST_CLASSES = 40; // in a matrix on the page
const MOST_PICTURES = 60; // in a gallery
const MOST_SHOWN = 12; // of mistakes and suspects at once

let shown = null; // {id, card}

const percent = (share) => (share === null ? "–" : `${(100 * share).toFixed(1)} %`);

export function hideCard() {
  shown = null;
  endTrial();
  $("card").hidden = true;
}

export async function showCard(job) {
  const { ok, body: card } = await fetchJson(`jobs/${job.id}/card`);
  if (!ok) return;
  shown = { id: job.id, card };
  $("summary").replaceChildren(...summary(job, card));
  $("report").replaceChildren(
    ...section("Classes", classTable(card)),
    ...section("What is taken for what", matrix(card)),
    ...section("Worst mistakes", gallery(card.mistakes, "It is wrong about none.")),
    ...section("Labels that may be wrong",
      gallery(card.suspects, "No label of the pictures that were learnt from looks wrong.")),
    ...section("There more than once", twins(card)),
    ...section("Left out", leftOut(card)),
    ...section("Files", files(job)),
  );
  $("use-workflow").textContent = JSON.stringify(workflow(card), null, 2);
  $("use-python").textContent = python(card);
  beginTrial(card.model);
  $("card").hidden = false;
}

const section = (title, content) =>
  content ? [element("h3", { textContent: title }), content] : [];

// ---- numbers -----------------------------------------------------------------------

const JUDGES = {
  test: "test pictures, which had no part in the learning",
  valid: "pictures that were kept back",
  train: "pictures it learnt from, each judged without having learnt it (cross-validation)",
};

function summary(job, card) {
  const score = job.result?.score ?? card.scores[card.judged_by];
  const count = card.data[card.judged_by];
  const facts = [
    ["Model", card.model],
    ["Learnt from", `${card.data.train} pictures, ${card.classes.length} classes`],
    ["Size", `${(card.bytes / 1e6).toFixed(1)} MB`],
    ["Time here",
      card.milliseconds === null ? "–" : `${milliseconds(card.milliseconds)} a picture`],
  ];
  const list = element("dl", { className: "facts" });
  for (const [name, value] of facts)
    list.append(element("dt", { textContent: name }), element("dd", { textContent: value }));
  const parts = [
    element("p", { className: "score" },
      element("strong", { textContent: percent(score?.accuracy ?? null) }),
      ` right on ${count} ${JUDGES[card.judged_by]}`),
    list,
  ];
  if (card.fitting.stopped)
    parts.push(element("p", { className: "quiet",
      textContent: "It was stopped while it learnt; this is the best it had come to." }));
  return parts;
}

function table(head, rows) {
  const cells = (row, tag) =>
    element("tr", {}, ...row.map((text, i) =>
      element(i === 0 ? "th" : tag, { textContent: text,
        scope: tag === "th" ? "col" : "row" })));
  return element("table", {}, element("thead", {}, cells(head, "th")),
    element("tbody", {}, ...rows.map((row) => cells(row, "td"))));
}

function scrolling(label, ...content) {
  return element("div", { className: "scroll", tabIndex: 0, role: "region", ariaLabel: label },
    ...content);
}

function classTable(card) {
  return scrolling("Figures of each class", table(
    ["class", "pictures", "precision", "recall", "F1"],
    card.classes.slice(0, 500).map(({ name, support, precision, recall, f1 }) =>
      [name, support, percent(precision), percent(recall), percent(f1)])));
}

// ---- the matrix ----------------------------------------------------------------------

function matrix(card) {
  if (card.confusion.length === 0) return null;
  const names = card.classes.map(({ name }) => name);
  if (names.length > MOST_CLASSES) return commonest(card, names);
  const counts = names.map(() => names.map(() => 0));
  for (const [truth, predicted, count] of card.confusion)
    if (truth >= 0 && predicted >= 0) counts[truth][predicted] = count;
  const head = element("tr", {}, element("th", { scope: "col", textContent: "is ↓ taken for →" }),
    ...names.map((name) => element("th", { scope: "col", textContent: name })));
  const rows = counts.map((row, truth) => {
    const total = Math.max(1, row.reduce((sum, count) => sum + count, 0));
    return element("tr", {}, element("th", { scope: "row", textContent: names[truth] }),
      ...row.map((count, predicted) => cell(names, truth, predicted, count, count / total)));
  });
  return scrolling("What is taken for what",
    element("table", { className: "matrix" }, element("thead", {}, head),
      element("tbody", {}, ...rows)));
}

function cell(names, truth, predicted, count, share) {
  if (count === 0) return element("td", { className: "none", textContent: "0" });
  const made = element("td", { className: truth === predicted ? "right" : "mistaken" },
    opener(names, truth, predicted, String(count)));
  made.style.setProperty("--share", `${Math.round(15 + 70 * share)}%`);
  return made;
}

function opener(names, truth, predicted, text) {
  const button = element("button", { type: "button", textContent: text,
    ariaLabel: `${text}: ${names[truth]} taken for ${names[predicted]}` });
  button.addEventListener("click", () => openCell(names, truth, predicted));
  return button;
}

/* Too many classes for a table: what is confused most. */
function commonest(card, names) {
  const wrong = card.confusion.filter(([truth, predicted]) => truth !== predicted)
    .sort((a, b) => b[2] - a[2]).slice(0, 30);
  return element("ul", { className: "remarks" }, ...wrong.map(([truth, predicted, count]) =>
    element("li", {}, opener(names, truth, predicted, String(count)),
      ` ${names[truth]} taken for ${names[predicted]}`)));
}

function openCell(names, truth, predicted) {
  const all = shown.card.judged.filter((picture) =>
    picture.labels.length === 1 && picture.labels[0] === truth && picture.predicted === predicted);
  $("gallery-title").textContent = truth === predicted
    ? `${names[truth]}, and known as that`
    : `${names[truth]}, taken for ${names[predicted]}`;
  $("gallery-pictures").replaceChildren(...all.slice(0, MOST_PICTURES).map((picture) =>
    thumbnail(picture.name, percent(picture.share))));
  if (all.length > MOST_PICTURES)
    $("gallery-pictures").append(element("p", { className: "quiet",
      textContent: `and ${all.length - MOST_PICTURES} more` }));
  $("gallery").showModal();
}

// ---- pictures --------------------------------------------------------------------------

const pictureOf = (name, size) =>
  `jobs/${shown.id}/pictures?path=${encodeURIComponent(name)}${size ? `&size=${size}` : ""}`;

function thumbnail(name, text) {
  const link = element("a", { href: pictureOf(name), target: "_blank", rel: "noopener" },
    element("img", { src: pictureOf(name, 240), alt: name, loading: "lazy" }));
  return element("figure", {}, link, element("figcaption", { textContent: text, title: name }));
}

const saysWhat = ({ label, predicted, certainty }) =>
  `${label === null ? "nothing" : label} → ${predicted === null ? "nothing" : predicted}, ` +
  percent(certainty);

const SAYS_WHAT = "labelled as → looks like, how surely";

function gallery(list, none, explains = SAYS_WHAT, says = saysWhat) {
  if (list.length === 0) return element("p", { className: "quiet", textContent: none });
  const place = element("div", { className: "thumbs" });
  const more = element("button", { type: "button", className: "plain" });
  let count = 0;
  const show = () => {
    for (const item of list.slice(count, count + MOST_SHOWN))
      place.append(thumbnail(item.name, says(item)));
    count = Math.min(count + MOST_SHOWN, list.length);
    more.textContent = `Show more (${list.length - count})`;
    more.hidden = count === list.length;
  };
  more.addEventListener("click", show);
  show();
  return element("div", {},
    element("p", { className: "quiet", textContent: explains }), place, more);
}

/* Pictures that are there more than once: what is in two splits flatters the score. */
function twins(card) {
  const says = ({ like, exact, leak, contradiction }) =>
    `${exact ? "is" : "looks like"} ${like}` +
    `${leak ? ", in another split" : ""}${contradiction ? ", labelled otherwise" : ""}`;
  return gallery(card.twins, "No picture.",
    `${card.twin_count} pictures, ${card.leak_count} of them also in another split, ` +
    `${card.contradiction_count} labelled otherwise`, says);
}

function leftOut(card) {
  const remarks = card.data.remarks;
  return remarks.length === 0 ? null
    : element("ul", { className: "remarks" }, ...remarks.slice(0, 200).map(({ name, reason }) =>
      element("li", { textContent: `${name}: ${reason}` })));
}

function files(job) {
  const names = ["weights/best.onnx", "card.json", "results.csv", "results.png",
    ...(shown.card.confusion.length ? ["confusion_matrix.png"] : []), "args.yaml"];
  return element("p", {}, ...names.flatMap((name, i) => [i ? ", " : "",
    element("a", { href: `jobs/${job.id}/files/${name}`, textContent: name,
      download: name.split("/").pop() })]));
}

// ---- using it ---------------------------------------------------------------------------

function workflow(card) {
  const multi = card.task === "multi-label-classification";
  return {
    version: "1.0",
    inputs: [{ type: "WorkflowImage", name: "image" }],
    steps: [{
      type: multi ? "roboflow_core/roboflow_multi_label_classification_model@v2"
        : "roboflow_core/roboflow_classification_model@v2",
      name: "model",
      images: "$inputs.image",
      model_id: card.model,
    }],
    outputs: [{ type: "JsonField", name: "predictions", selector: "$steps.model.predictions" }],
  };
}

function python(card) {
  return [
    "from inference_sdk import InferenceHTTPClient",
    "",
    `client = InferenceHTTPClient(api_url="${location.origin}", api_key="none")`,
    `print(client.infer("picture.jpg", model_id=${JSON.stringify(card.model)}))`,
  ].join("\n");
}

$("open-workflow").addEventListener("click", () => {
  $("definition").value = $("use-workflow").textContent;
  $("definition").dispatchEvent(new Event("input"));
  location.hash = "try";
});
$("gallery-close").addEventListener("click", () => $("gallery").close());
