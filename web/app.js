/*
 * app - the page: choose a workflow and a picture, run, look inside.
 *
 * Talks to the same server that serves it; keeps no state of its own but what is
 * on the screen.
 */
import { $, acceptDrop, element, fetchJson, milliseconds } from "./common.js";

let source = { kind: "none" }; // where the chosen definition came from
let picture = null; // {name, base64}

// ---- small helpers ------------------------------------------------------------

const isPicture = (value) =>
  value &&
  typeof value === "object" &&
  value.type === "base64" &&
  typeof value.value === "string";

function pictureUrl(value) {
  if (value.value.startsWith("data:")) return value.value;
  return `data:image/${value.value.startsWith("iVBOR") ? "png" : "jpeg"};base64,${value.value}`;
}

/* Every picture inside a value, with the path that leads to it. */
function picturesIn(value, path = "") {
  if (isPicture(value)) return [{ path, url: pictureUrl(value) }];
  if (!value || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    picturesIn(inner, path ? `${path} ${key}` : key),
  );
}

/* The answer for reading: long base64 texts would hide everything else. */
function shortened(value) {
  return JSON.stringify(
    value,
    (key, inner) =>
      typeof inner === "string" && inner.length > 400
        ? `${inner.slice(0, 40)}… (${inner.length} characters)`
        : inner,
    2,
  );
}

// ---- choosing -----------------------------------------------------------------

async function listWorkflows() {
  const { ok, body } = await fetchJson("api/workflows");
  const select = $("workflow");
  const groups = [
    ["Stored", ok ? body.workflows : [], "stored"],
    ["Examples", ok ? body.examples : [], "example"],
  ];
  for (const [label, list, kind] of groups) {
    if (!list || list.length === 0) continue;
    const group = element("optgroup", { label });
    for (const item of list) {
      const option = element("option", {
        value: item.id ?? item.name,
        textContent: item.name ?? item.id,
      });
      option.dataset.kind = kind;
      group.append(option);
    }
    select.append(group);
  }
  if (select.options.length === 0) {
    select.append(
      element("option", { textContent: "none yet: paste a definition below", disabled: true }),
    );
    return;
  }
  await chooseWorkflow();
}

async function chooseWorkflow() {
  const option = $("workflow").selectedOptions[0];
  const id = option.value;
  const path =
    option.dataset.kind === "stored"
      ? `local/workflows/${encodeURIComponent(id)}`
      : `examples/${encodeURIComponent(id)}.json`;
  const { ok, body } = await fetchJson(path);
  if (!ok) return showError(body);
  const definition = body.specification ?? body;
  $("definition").value = JSON.stringify(definition, null, 2);
  source = { kind: option.dataset.kind, id, text: $("definition").value };
  showParameters(definition);
  ready();
}

/* A text field for every parameter of the definition. */
function showParameters(definition) {
  const fields = (definition.inputs ?? [])
    .filter((input) => /Parameter$/.test(input.type))
    .map((input) => {
      const field = element("input", { type: "text", id: `parameter-${input.name}` });
      field.dataset.name = input.name;
      field.value =
        input.default_value === undefined || input.default_value === null
          ? ""
          : JSON.stringify(input.default_value);
      return [element("label", { htmlFor: field.id, textContent: input.name }), field];
    });
  $("parameters").replaceChildren(...fields.flat());
}

async function takePicture(file) {
  if (!file) return;
  const url = await new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
  picture = { name: file.name, base64: url.slice(url.indexOf(",") + 1) };
  $("preview").src = url;
  $("preview").alt = `The chosen picture, ${file.name}`;
  $("preview").hidden = false;
  $("hint").hidden = true;
  ready();
  if (!$("run").disabled) run();
}

function parsedDefinition() {
  try {
    return JSON.parse($("definition").value);
  } catch (error) {
    return null;
  }
}

const imageInput = (definition) =>
  (definition?.inputs ?? []).find((input) => /Image$/.test(input.type));

function ready() {
  const definition = parsedDefinition();
  $("run").disabled = !definition || (imageInput(definition) && !picture);
}

// ---- running ------------------------------------------------------------------

function givenInputs(definition) {
  const inputs = {};
  const image = imageInput(definition);
  if (image) inputs[image.name] = { type: "base64", value: picture.base64 };
  for (const field of $("parameters").querySelectorAll("input")) {
    if (field.value === "") continue;
    try {
      inputs[field.dataset.name] = JSON.parse(field.value);
    } catch (error) {
      inputs[field.dataset.name] = field.value;
    }
  }
  return inputs;
}

async function run() {
  const definition = parsedDefinition();
  if (!definition) return showError({ message: "The definition is not valid JSON." });
  $("status").textContent = "Running …";
  $("error").hidden = true;
  $("run").disabled = true;
  try {
    const { ok, body } = await fetchJson("api/runs", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ specification: definition, inputs: givenInputs(definition) }),
    });
    if (ok) showAnswer(body, definition);
    else showError(body);
  } catch (error) {
    showError({ message: "The server does not answer. Is it still running?" });
  }
  ready();
}

function showError(body) {
  const lines = [body.message ?? JSON.stringify(body.detail ?? body)];
  for (const block of body.blocks_errors ?? []) {
    const where = [block.block_id, block.property_name].filter(Boolean).join(".");
    const what = block.property_details ?? block.block_details;
    if (what && !lines[0].includes(what)) lines.push(`${where}: ${what}`);
  }
  $("error").textContent = lines.join("\n");
  $("error").hidden = false;
  $("status").textContent = "It did not work.";
  $("pictures").replaceChildren();
  $("inside").hidden = true;
}

function showAnswer(answer, definition) {
  const found = picturesIn(answer.outputs.length === 1 ? answer.outputs[0] : answer.outputs);
  $("status").textContent = `Done in ${milliseconds(answer.milliseconds)}.`;
  $("pictures").replaceChildren(
    ...found.map(({ path, url }) =>
      element(
        "figure",
        {},
        element("img", { src: url, alt: `Output ${path}` }),
        element("figcaption", { textContent: path }),
      ),
    ),
  );
  $("json").textContent = shortened(answer.outputs);
  showSteps(answer);
  showSnippets(definition);
  $("inside").hidden = false;
}

function showSteps(answer) {
  const total = Math.max(answer.milliseconds, 0.001);
  $("steps").replaceChildren(
    ...answer.steps.map((step) => {
      const bar = element("i");
      bar.style.left = `${Math.min(99, (100 * step.start_milliseconds) / total)}%`;
      bar.style.width = `${Math.min(100, (100 * step.milliseconds) / total)}%`;
      const made = element(
        "div",
        { className: "made" },
        ...picturesIn(step.outputs)
          .slice(0, 8)
          .map(({ path, url }) =>
            element("img", { src: url, alt: `Made by ${step.name}: ${path}` }),
          ),
      );
      const time = step.elements === 0 ? "did not run" : milliseconds(step.milliseconds);
      return element(
        "li",
        {},
        element(
          "div",
          { className: "row" },
          element(
            "div",
            {},
            element("b", { textContent: step.name }),
            element("div", { className: "type", textContent: step.type }),
          ),
          element("div", { className: "track", ariaHidden: "true" }, bar),
          element("span", { textContent: time }),
        ),
        made,
      );
    }),
  );
}

// ---- snippets -----------------------------------------------------------------

const shellQuote = (text) => `'${text.replaceAll("'", "'\\''")}'`;

function showSnippets(definition) {
  const image = imageInput(definition)?.name;
  const file = picture?.name ?? "picture.jpg";
  const unchanged = source.kind === "stored" && source.text === $("definition").value;
  const others = givenInputs(definition);
  if (image) delete others[image];
  $("curl").textContent = curlSnippet(definition, image, file, others, unchanged);
  $("python").textContent = pythonSnippet(definition, image, file, others, unchanged);
}

/* The picture goes in through the shell: its base64 is too long for a line. */
function curlSnippet(definition, image, file, others, unchanged) {
  const route = unchanged ? `infer/workflows/local/${source.id}` : "workflows/run";
  const body = { ...(unchanged ? {} : { specification: definition }), inputs: { ...others } };
  if (image) body.inputs[image] = { type: "base64", value: "@PICTURE@" };
  const [before, after] = JSON.stringify(body).split("@PICTURE@");
  const start = `printf %s ${shellQuote(before)}`;
  const middle = `base64 -w0 ${shellQuote(file)}; printf %s ${shellQuote(after)}`;
  const data = image ? `{ ${start}; ${middle}; }` : start;
  const header = "-H 'Content-Type: application/json' --data-binary @-";
  return `${data} |\n  curl -s ${location.origin}/${route} ${header}`;
}

function pythonValue(value) {
  return JSON.stringify(value, null, 4).replace(
    /\b(true|false|null)\b(?=[,\n\]}]|$)/g,
    (word) => ({ true: "True", false: "False", null: "None" })[word],
  );
}

function pythonSnippet(definition, image, file, others, unchanged) {
  const lines = [
    "from inference_sdk import InferenceHTTPClient",
    "",
    `client = InferenceHTTPClient(api_url="${location.origin}", api_key="none")`,
    "answer = client.run_workflow(",
    unchanged
      ? `    workspace_name="local", workflow_id=${JSON.stringify(source.id)},`
      : `    specification=${pythonValue(definition)},`,
  ];
  if (image) lines.push(`    images={${JSON.stringify(image)}: ${JSON.stringify(file)}},`);
  if (Object.keys(others).length > 0) lines.push(`    parameters=${pythonValue(others)},`);
  return [...lines, ")", "print(answer)"].join("\n");
}

async function copy(button) {
  const text = $(button.dataset.copy).textContent;
  try {
    await navigator.clipboard.writeText(text);
  } catch (error) {
    getSelection().selectAllChildren($(button.dataset.copy));
    document.execCommand("copy");
  }
  button.textContent = "Copied";
  setTimeout(() => {
    button.textContent = "Copy";
  }, 1500);
}

// ---- events -------------------------------------------------------------------

$("workflow").addEventListener("change", chooseWorkflow);
$("picture").addEventListener("change", (event) => takePicture(event.target.files[0]));
$("run").addEventListener("click", run);
$("definition").addEventListener("input", () => {
  const definition = parsedDefinition();
  if (definition) showParameters(definition);
  ready();
});
for (const button of document.querySelectorAll("[data-copy]"))
  button.addEventListener("click", () => copy(button));

acceptDrop($("drop"), (transfer) => takePicture(transfer.files[0]));

fetchJson("info").then(({ body }) => {
  $("server").textContent = `${body.name} ${body.version}`;
});
listWorkflows();
