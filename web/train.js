/*
 * train - the view that learns: choose pictures, watch, look at what came of it.
 *
 * A training goes on whether anybody watches or not; its address is #train/JOB, and
 * whoever opens that sees all of it.
 */
import { $, acceptDrop, element, fetchJson } from "./common.js";
import { hideCard, showCard } from "./card.js";
import { drawCurves } from "./curves.js";
import { endTrial } from "./trial.js";
import { filesOfDrop, filesOfInput, sortOut, upload } from "./upload.js";

let bases = [];
let dataset = null; // name of the chosen one, once it is there and of use
let busy = false; // sending pictures
let watched = null; // {id, source, epochs, began, stage}

// ---- views --------------------------------------------------------------------

function showView() {
  const [view, job] = location.hash.slice(1).split("/");
  const training = view === "train";
  $("view-try").hidden = training;
  $("view-train").hidden = !training;
  for (const [tab, here] of [["tab-try", !training], ["tab-train", training]]) {
    if (here) $(tab).setAttribute("aria-current", "page");
    else $(tab).removeAttribute("aria-current");
  }
  if (!training) return endTrial();
  listBases();
  listDatasets();
  listJobs();
  if (job && job !== watched?.id) watch(job);
}

// ---- what to begin with ---------------------------------------------------------

async function listBases() {
  const { ok, body } = await fetchJson("train/bases");
  bases = ok ? body.bases : [];
  const chosen = $("base").value || body.default;
  $("base").replaceChildren(
    ...bases.map(({ id, classes }) =>
      element("option", { value: id, textContent: `${id} (${classes} classes)` }),
    ),
  );
  if (bases.some(({ id }) => id === chosen)) $("base").value = chosen;
  $("base").disabled = bases.length === 0;
  if (bases.length === 0) $("base").append(element("option", { textContent: "none is here yet" }));
  $("no-base").hidden = bases.length > 0;
  ready();
}

async function listDatasets() {
  const { ok, body } = await fetchJson("datasets");
  const names = ok ? body.datasets.map(({ name }) => name) : [];
  $("dataset").replaceChildren(
    element("option", { value: "", textContent: names.length ? "choose one" : "none yet" }),
    ...names.map((name) => element("option", { value: name, textContent: name })),
  );
  $("dataset").value = dataset ?? "";
}

// ---- pictures -------------------------------------------------------------------

async function takeFolder(chosen) {
  const { name, files } = await chosen;
  const { wanted, left } = sortOut(files);
  trouble("");
  if (busy) return;
  if (wanted.length === 0) {
    trouble("There is no picture in what you chose. Choose a folder that has a folder of " +
      "pictures for each class.");
    return;
  }
  busy = true;
  dataset = null;
  $("uploading").hidden = false;
  ready();
  try {
    await upload(name, wanted, (progress) => showUpload(progress, left));
    dataset = name;
  } catch (error) {
    trouble(`${error.message} Choose the folder again to go on where it stopped.`);
  }
  busy = false;
  await listDatasets();
  if (dataset) await showDataset(name);
  ready();
}

function showUpload({ done, total, skipped }, left) {
  $("upload").max = Math.max(total, 1);
  $("upload").value = total === 0 ? 1 : done;
  const parts = [total === 0 ? "Nothing to send" : `${done} of ${total} files sent`];
  if (skipped > 0) parts.push(`${skipped} were here already`);
  if (left > 0) parts.push(`${left} other files left out`);
  $("upload-text").textContent = `${parts.join(", ")}.`;
}

const SPLITS = [["none", "pictures"], ["train", "train"], ["valid", "valid"], ["test", "test"]];

async function showDataset(name) {
  const { ok, body } = await fetchJson(`datasets/${encodeURIComponent(name)}`);
  const problem = ok ? body.problem : body.message;
  dataset = problem ? null : name;
  $("set").hidden = false;
  $("set").replaceChildren(element("h3", { textContent: name }));
  if (problem) {
    $("set").append(element("p", { className: "wrong", textContent: problem }));
  } else {
    $("set").append(classTable(body));
    if (!body.splits.valid)
      $("set").append(element("p", { className: "quiet",
        textContent: "A part of the pictures is kept back to tell when to stop." }));
    if (body.remarks.length > 0) $("set").append(remarkList(body.remarks));
  }
  const remove = element("button", { type: "button", className: "plain",
    textContent: "Remove these pictures from the server" });
  remove.addEventListener("click", () => removeDataset(name));
  $("set").append(remove);
  ready();
}

function classTable(set) {
  const splits = SPLITS.filter(([split]) => set.splits[split]);
  const row = (kind, cells) =>
    element("tr", {}, ...cells.map((text, i) =>
      element(i === 0 || kind === "th" ? "th" : "td", { textContent: text,
        scope: kind === "th" ? "col" : "row" })));
  const classes = set.classes.slice(0, 200).map(({ name, pictures }) =>
    row("td", [name, ...splits.map(([split]) => pictures[split] ?? 0)]));
  const all = row("td", [set.multi_label ? "pictures" : "all",
    ...splits.map(([split]) => set.splits[split] ?? 0)]);
  all.className = "sum";
  return element("div", { className: "scroll", tabIndex: 0, role: "region",
    ariaLabel: "Classes of the data set" },
    element("table", {}, element("thead", {}, row("th", ["class", ...splits.map((s) => s[1])])),
      element("tbody", {}, ...classes, all)));
}

function remarkList(remarks) {
  const count = `${remarks.length} left out`;
  return element("details", {}, element("summary", { textContent: count }),
    element("ul", { className: "remarks" }, ...remarks.slice(0, 200).map(({ name, reason }) =>
      element("li", { textContent: `${name}: ${reason}` }))));
}

async function removeDataset(name) {
  const { ok, body } = await fetchJson(`datasets/${encodeURIComponent(name)}`,
    { method: "DELETE" });
  if (!ok) return trouble(body.message);
  dataset = null;
  $("set").hidden = true;
  $("uploading").hidden = true;
  listDatasets();
  ready();
}

// ---- starting -------------------------------------------------------------------

function trouble(text) {
  $("train-error").textContent = text;
  $("train-error").hidden = text === "";
}

function ready() {
  $("start").disabled = busy || !dataset || bases.length === 0;
  $("folder").disabled = busy;
}

function settings() {
  const augment = [...document.querySelectorAll("#settings input:checked")].map((i) => i.value);
  const wanted = { dataset, base: $("base").value, augment: augment.join(",") };
  for (const key of ["valid", "epochs", "seed"])
    if ($(key).value !== "") wanted[key] = Number($(key).value);
  if ($("name").value.trim()) wanted.name = $("name").value.trim();
  return wanted;
}

async function start() {
  trouble("");
  $("start").disabled = true;
  const { ok, body } = await fetchJson("train/classify", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(settings()),
  });
  ready();
  if (!ok) return trouble(body.message ?? JSON.stringify(body.detail));
  location.hash = `train/${body.job_id}`;
}

// ---- watching --------------------------------------------------------------------

function watch(id) {
  watched?.source.close();
  const source = new EventSource(`jobs/${encodeURIComponent(id)}/events`);
  const mine = { id, source, epochs: [], searched: 0 };
  watched = mine;
  hideCard();
  $("curves").hidden = true;
  $("running").hidden = false;
  $("resume").hidden = true;
  $("stop").hidden = false;
  $("stop").disabled = false;
  $("stop").textContent = "Stop";
  setStage("Waiting …", 0, "");
  source.onmessage = (message) => {
    if (watched === mine) takeEvent(mine, JSON.parse(message.data));
  };
  source.onerror = () => {
    if (watched !== mine || mine.ended) return;
    if (source.readyState === EventSource.CLOSED) setStage("There is no such training.", 0, "");
    else $("left").textContent = "The server does not answer; trying again …";
  };
}

function setStage(text, progress, left) {
  $("stage").textContent = text;
  $("progress").value = progress;
  $("left").textContent = left;
}

function span(seconds) {
  if (seconds === null || !Number.isFinite(seconds)) return "";
  const whole = Math.max(1, Math.round(seconds));
  if (whole < 90) return `about ${whole} s left`;
  return whole < 5400 ? `about ${Math.round(whole / 60)} min left`
    : `about ${(whole / 3600).toFixed(1)} h left`;
}

function takeEvent(mine, event) {
  switch (event.event) {
    case "state":
      if (event.state === "queued") setStage("Waits for the trainings before it.", 0, "");
      break;
    case "start":
      mine.epochs = [];
      mine.searched = 0;
      setStage("Reading the data set.", 0, "");
      break;
    case "features":
      setStage(`Looking at pictures: ${event.done} of ${event.total}.`,
        (0.8 * event.done) / Math.max(event.total, 1), span(event.seconds_left));
      break;
    case "search":
      mine.searched++;
      setStage("Trying how much to trust the pictures.", 0.9 - 0.1 / (1 + mine.searched), "");
      break;
    case "epoch":
      mine.epochs[event.done - 1] = event;
      setStage(`Learning: epoch ${event.done}.`, 0.9 + (0.09 * event.done) / event.total, "");
      $("curves").hidden = false;
      drawCurves($("curves"), mine.epochs);
      break;
    case "crash":
      setStage("It crashed, and goes on with what it has.", 0, event.message);
      break;
    case "end":
      finish(mine, event.job);
      break;
  }
}

function finish(mine, job) {
  mine.ended = true;
  mine.source.close();
  $("stop").hidden = true;
  $("resume").hidden = job.state === "done";
  $("running").hidden = job.state === "done";
  if (job.state === "done") {
    setStage("Done.", 1, "");
    showCard(job);
  } else if (job.state === "stopped") {
    setStage("Stopped. What was seen of the pictures is kept.", job.progress, "");
  } else {
    setStage("It did not work.", job.progress, job.result?.error ?? "");
  }
  listJobs();
  listBases();
}

async function stop() {
  const { ok, body } = await fetchJson(`jobs/${watched.id}/stop`, { method: "POST" });
  if (!ok) $("left").textContent = body.message;
  else if (body.state === "running") {
    $("left").textContent = "Stopping …";
    $("stop").textContent = "Stop at once";
  }
}

async function resume() {
  const { ok, body } = await fetchJson(`jobs/${watched.id}/resume`, { method: "POST" });
  if (ok) watch(watched.id);
  else $("left").textContent = body.message;
}

// ---- earlier ones ------------------------------------------------------------------

function describe(job) {
  const score = job.result?.score;
  if (job.state === "done" && score) return `${(100 * score.accuracy).toFixed(1)} %`;
  return job.state === "running" ? `${Math.round(100 * job.progress)} %` : job.state;
}

async function listJobs() {
  const { ok, body } = await fetchJson("jobs?limit=20");
  const jobs = ok ? body.jobs : [];
  $("earlier").hidden = jobs.length === 0;
  $("jobs").replaceChildren(...jobs.map((job) => {
    const link = element("a", { href: `#train/${job.id}`,
      textContent: job.result?.model ?? job.request.name });
    if (job.id === watched?.id) link.setAttribute("aria-current", "true");
    return element("li", {}, link, element("span", { className: "quiet",
      textContent: `${describe(job)}, ${job.created.slice(0, 16).replace("T", " ")}` }));
  }));
}

// ---- events -------------------------------------------------------------------------

$("folder").addEventListener("change", () => {
  takeFolder(filesOfInput($("folder")));
  $("folder").value = ""; // so that the same one can be chosen again
});
acceptDrop($("folder-drop"), (transfer) => takeFolder(filesOfDrop(transfer)));
$("dataset").addEventListener("change", () => {
  trouble("");
  $("uploading").hidden = true;
  if ($("dataset").value) showDataset($("dataset").value);
});
$("start").addEventListener("click", start);
$("stop").addEventListener("click", stop);
$("resume").addEventListener("click", resume);
window.addEventListener("hashchange", showView);
showView();
