// Runs tests/anywhere.py in a Python that is compiled to WebAssembly:
//
//     node .ci/anywhere.mjs <folder with node_modules> micropython|pyodide
//
// The interpreter has a file system of its own, so the script and the Python files of pyref are
// copied into it: that is also how they come to a browser.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const [modules, kind] = process.argv.slice(2);
const repository = dirname(dirname(fileURLToPath(import.meta.url)));

const load = (file) => import(pathToFileURL(join(resolve(modules), "node_modules", file)).href);
const start = {
  micropython: async () => {
    const { loadMicroPython } = await load("@micropython/micropython-webassembly-pyscript/micropython.mjs");
    return loadMicroPython({ heapsize: 16 * 1024 * 1024, linebuffer: true, stdout: console.log });
  },
  pyodide: async () => (await load("pyodide/pyodide.mjs")).loadPyodide(),
};
const python = await start[kind]();

python.FS.mkdir("/copy");
const copy = (folder) => {
  python.FS.mkdir(`/copy/${folder}`);
  for (const entry of readdirSync(join(repository, folder), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory() && entry.name !== "__pycache__") copy(path);
    else if (entry.name.endsWith(".py")) {
      python.FS.writeFile(`/copy/${path}`, readFileSync(join(repository, path), "utf8"));
    }
  }
};
copy("pyref");
copy("tests");
python.runPython("import sys; sys.path.insert(0, '/copy/tests')");
process.exit(python.pyimport("anywhere").main("/copy") === 0 ? 0 : 1);
