// Opens a page three times: node measure.mjs FILE. Prints its size, the time until findings are shown, and the renderer's memory.
import {existsSync, statSync} from 'node:fs';
import {chromium} from 'playwright-core';

const [file] = process.argv.slice(2);
const executablePath = process.env.PGADVISE_CHROMIUM ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
const browser = await chromium.launch({executablePath, args: ['--no-sandbox']});
console.log(`${statSync(file).size} bytes`);
for (let i = 0; i < 3; ++i) {
  const page = await browser.newPage();
  const start = performance.now();
  await page.goto(`file://${file}#findings`);
  await page.locator('a.finding').first().waitFor();
  const shown = performance.now() - start;
  const heap = await page.evaluate(() => performance.memory?.usedJSHeapSize ?? 0);
  console.log(`${Math.round(shown)} ms until findings are shown, ${Math.round(heap / 1e6)} MB of JavaScript objects`);
  await page.close();
}
await browser.close();
