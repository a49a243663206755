/*
 * upload - a folder of the user's becomes a data set of the server.
 *
 * Files that are there already with the same size are not sent again, so choosing the
 * same folder once more goes on where it was cut off.
 */
import { fetchJson } from "./common.js";

const AT_ONCE = 4;
const DEEPEST = 3;
const PICTURE = /\.(jpe?g|jfif|png|webp|bmp|gif|tiff?|avif)$/i;

/* Every file below a dropped entry: [{path, file}]. */
async function filesOfEntry(entry, below) {
  const path = below ? `${below}/${entry.name}` : entry.name;
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    return [{ path, file }];
  }
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return found;
    for (const inner of some) found.push(...(await filesOfEntry(inner, path)));
  }
}

export async function filesOfDrop(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter(Boolean);
  const found = [];
  for (const entry of entries) found.push(...(await filesOfEntry(entry, "")));
  if (entries.length === 1 && entries[0].isDirectory) return withoutTop(found);
  return { name: "pictures", files: found };
}

export function filesOfInput(input) {
  return withoutTop([...input.files].map((file) => ({ path: file.webkitRelativePath, file })));
}

/* The folder itself gives the name; what is in it, the paths. */
function withoutTop(found) {
  const top = found.length > 0 ? found[0].path.split("/")[0] : "";
  const name = top.replace(/[^A-Za-z0-9._ -]/g, "-").replace(/^[. ]+/, "").slice(0, 100).trim();
  return {
    name: name || "pictures",
    files: found.map(({ path, file }) => ({ path: path.slice(path.indexOf("/") + 1), file })),
  };
}

/* What a data set may have, and how much else there is. */
export function sortOut(files) {
  const isWanted = ({ path, file }) =>
    file.size > 0 &&
    path.split("/").length <= DEEPEST &&
    !path.split("/").some((part) => part.startsWith(".")) &&
    (PICTURE.test(path) || path.split("/").pop() === "_classes.csv");
  const wanted = files.filter(isWanted);
  return { wanted, left: files.length - wanted.length };
}

const urlOf = (name) => `datasets/${encodeURIComponent(name)}/files`;

async function sizesThere(name) {
  const all = await fetchJson("datasets");
  if (!all.ok || !all.body.datasets.some((set) => set.name === name)) return new Map();
  const { ok, body } = await fetchJson(urlOf(name));
  return new Map(ok ? body.files.map((file) => [file.path, file.bytes]) : []);
}

/* Send all of it; `tell` hears {done, total, skipped}.  Throws with a sentence. */
export async function upload(name, files, tell) {
  const there = await sizesThere(name);
  const wanted = files.filter(({ path, file }) => there.get(path) !== file.size);
  const skipped = files.length - wanted.length;
  let next = 0;
  let done = 0;
  tell({ done, total: wanted.length, skipped });
  const sendSome = async () => {
    while (next < wanted.length) {
      const { path, file } = wanted[next++];
      const { ok, body } = await fetchJson(`${urlOf(name)}?path=${encodeURIComponent(path)}`, {
        method: "PUT",
        headers: { "Content-Type": "application/octet-stream" },
        body: file,
      });
      if (!ok) {
        next = wanted.length;
        throw new Error(`${path}: ${body.message}`);
      }
      tell({ done: ++done, total: wanted.length, skipped });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, sendSome));
}
