// Builds the page: node build.mjs OUTPUT. One HTML file with the places where pgadvise puts a report (src/report/formats/html.cc) and a
// copy of each license (NOTICES beside it). The same lock file gives the same bytes.
import {createHash} from 'node:crypto';
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {dirname, join, resolve} from 'node:path';
import {fileURLToPath} from 'node:url';
import vue from '@vitejs/plugin-vue';
import {build} from 'vite';

const root = dirname(fileURLToPath(import.meta.url));
const packages = new Set();

// Names the npm packages that a bundle contains, for the licenses.
const listPackages = {
  name: 'list-packages',
  generateBundle(_, bundle) {
    for (const chunk of Object.values(bundle))
      for (const id of Object.keys(chunk.modules ?? {})) {
        const found = id.replaceAll('\0', '').match(/^.*node_modules\/((?:@[^/]+\/)?[^/]+)\//);
        if (found) packages.add(found[1]);
      }
  },
};

async function bundle(entry) {
  const result = await build({
    root,
    configFile: false,
    logLevel: 'warn',
    plugins: [vue(), listPackages],
    esbuild: {charset: 'ascii'},
    define: {__VUE_OPTIONS_API__: 'true', __VUE_PROD_DEVTOOLS__: 'false'},
    build: {
      write: false,
      target: 'es2022',
      cssCodeSplit: false,
      assetsInlineLimit: Number.MAX_SAFE_INTEGER,
      modulePreload: false,
      chunkSizeWarningLimit: 4096,
      rollupOptions: {input: join(root, entry), output: {format: 'iife', inlineDynamicImports: true}},
    },
  });
  const files = [result].flat()[0].output;
  const text = (wanted) =>
    files.filter((file) => file.fileName.endsWith(wanted)).map((file) => file.code ?? file.source).join('\n');
  // Inside of a string literal, the only place where bundles have these characters, an escape means the same.
  const script = text('.js')
    .replace(/<(?=\/script|!--|script)/gi, '\\x3C')
    .replace(/[\x00-\x08\x0b-\x1f\x7f]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return {script, style: text('.css')};
}

const hash = (script) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`;

const frame = await bundle('frame/main.ts');
const page = await bundle('src/main.ts');

const frameHtml =
  '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Plan</title>' +
  `<style>${frame.style}</style></head><body><div id="plan"></div><script>${frame.script}</script></body></html>`;
const policy =
  `default-src 'none'; script-src ${hash(page.script)} ${hash(frame.script)}; style-src 'unsafe-inline'; ` +
  `img-src data:; base-uri 'none'; form-action 'none'`;

let html = readFileSync(join(root, 'index.html'), 'utf8');
const place = (marker, text) => {
  if (html.split(marker).length !== 2) throw new Error(`index.html: ${marker} is not there once`);
  html = html.replace(marker, () => text);
};
place('@@POLICY@@', policy);
place('@@STYLE@@', page.style);
place('@@FRAME@@', JSON.stringify(frameHtml).replaceAll('<', '\\u003c'));
place('@@SCRIPT@@', page.script);
for (const marker of ['@@PGADVISE_TITLE@@', '@@PGADVISE_SUMMARY@@', '@@PGADVISE_REPORT@@'])
  if (html.split(marker).length !== 2) throw new Error(`the page has ${marker} not once`);

// PEV2's bundle contains further packages, which its own package.json names.
const pending = [...packages, 'pev2'];
const notices = new Map();
while (pending.length) {
  const name = pending.pop();
  if (notices.has(name)) continue;
  let description;
  try {
    description = JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8'));
  } catch {
    continue;
  }
  let license = '';
  for (const file of ['LICENSE', 'LICENSE.md', 'LICENSE.txt', 'license', 'LICENCE', 'license.md']) {
    try {
      license = readFileSync(join(root, 'node_modules', name, file), 'utf8');
      break;
    } catch {}
  }
  notices.set(name, `${name} ${description.version} (${description.license})\n\n${license}`);
  if (name === 'pev2' || notices.has('pev2')) pending.push(...Object.keys(description.dependencies ?? {}));
}
const output = resolve(process.argv[2] ?? join(root, 'dist/page.html'));
mkdirSync(dirname(output), {recursive: true});
writeFileSync(output, html);
const separator = '\n' + '-'.repeat(78) + '\n\n';
writeFileSync(join(dirname(output), 'NOTICES'), [...notices.keys()].sort().map((name) => notices.get(name)).join(separator));
console.log(`${html.length} characters, SHA-256 ${createHash('sha256').update(html).digest('hex')}`);
