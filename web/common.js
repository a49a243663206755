/*
 * common - what the views of the page share.
 */
export const $ = (id) => document.getElementById(id);

export async function fetchJson(path, options) {
  const response = await fetch(path, options);
  const body = await response
    .json()
    .catch(() => ({ message: `The server answered ${response.status}.` }));
  return { ok: response.ok, body };
}

/* Texts from elsewhere come in as attributes or children, never as markup. */
export function element(tag, attributes = {}, ...children) {
  const made = Object.assign(document.createElement(tag), attributes);
  made.append(...children);
  return made;
}

export function milliseconds(value) {
  return value < 10 ? `${value.toFixed(2)} ms` : `${value.toFixed(0)} ms`;
}

/* A file as the base64 that requests carry. */
export async function readBase64(file) {
  const url = await new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
  return url.slice(url.indexOf(",") + 1);
}

/* What happens to files that are dropped on an element. */
export function acceptDrop(place, take) {
  for (const name of ["dragenter", "dragover"]) {
    place.addEventListener(name, (event) => {
      event.preventDefault();
      place.classList.add("over");
    });
  }
  place.addEventListener("dragleave", () => place.classList.remove("over"));
  place.addEventListener("drop", (event) => {
    event.preventDefault();
    place.classList.remove("over");
    take(event.dataTransfer);
  });
}
