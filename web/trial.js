/*
 * trial - the new model asked about a picture, or about what the webcam sees.
 */
import { $, acceptDrop, element, fetchJson, readBase64 } from "./common.js";

const LONGEST = 640; // pixels of a frame's longer side
const MOST_ANSWERS = 6;

let model = null;
let stream = null; // of the webcam

export function beginTrial(name) {
  model = name;
  $("answers").replaceChildren();
  $("test-preview").hidden = true;
  $("test-hint").hidden = false;
}

export function endTrial() {
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = null;
  $("video").hidden = true;
  $("video").srcObject = null;
  $("webcam").textContent = "Use the webcam";
  $("webcam").setAttribute("aria-pressed", "false");
}

async function ask(base64) {
  const { ok, body } = await fetchJson("infer/classification", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ model_id: model, api_key: "", confidence: 0,
      image: { type: "base64", value: base64 } }),
  });
  if (ok) showAnswer(body);
  else say(body.message ?? JSON.stringify(body.detail));
  return ok;
}

function say(text) {
  $("answers").replaceChildren(element("li", { className: "wrong", textContent: text }));
}

/* A list of one class a picture, a dictionary where a picture may have several. */
function showAnswer({ predictions }) {
  const list = Array.isArray(predictions)
    ? predictions.map((one) => [one.class, one.confidence])
    : Object.entries(predictions).map(([name, one]) => [name, one.confidence]);
  list.sort((a, b) => b[1] - a[1]);
  $("answers").replaceChildren(...list.slice(0, MOST_ANSWERS).map(([name, confidence]) => {
    const bar = element("i");
    bar.style.width = `${100 * confidence}%`;
    return element("li", {}, element("span", { textContent: name }),
      element("span", { className: "track", ariaHidden: "true" }, bar),
      element("span", { textContent: `${(100 * confidence).toFixed(1)} %` }));
  }));
}

async function takePicture(file) {
  if (!file) return;
  endTrial();
  $("test-preview").src = URL.createObjectURL(file);
  $("test-preview").alt = `The chosen picture, ${file.name}`;
  $("test-preview").hidden = false;
  $("test-hint").hidden = true;
  await ask(await readBase64(file));
}

// ---- the webcam --------------------------------------------------------------------

function frame(video) {
  const scale = Math.min(1, LONGEST / Math.max(video.videoWidth, video.videoHeight));
  const canvas = element("canvas", { width: Math.round(scale * video.videoWidth),
    height: Math.round(scale * video.videoHeight) });
  canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
  const url = canvas.toDataURL("image/jpeg", 0.9);
  return url.slice(url.indexOf(",") + 1);
}

/* One frame at a time, for as long as this stream is the one. */
async function askAbout(mine) {
  while (stream === mine) {
    if ($("video").videoWidth > 0 && !(await ask(frame($("video"))))) return endTrial();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function useWebcam() {
  if (stream) return endTrial();
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: true });
  } catch (error) {
    return say(`The webcam cannot be used: ${error.message || error.name}.`);
  }
  $("test-preview").hidden = true;
  $("test-hint").hidden = false;
  $("webcam").textContent = "Stop the webcam";
  $("webcam").setAttribute("aria-pressed", "true");
  $("video").srcObject = stream;
  $("video").hidden = false;
  await $("video").play();
  await askAbout(stream);
}

$("test-picture").addEventListener("change", (event) => takePicture(event.target.files[0]));
acceptDrop($("test-drop"), (transfer) => takePicture(transfer.files[0]));
$("webcam").addEventListener("click", useWebcam);
