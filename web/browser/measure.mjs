// Opens pages three times each: node measure.mjs FILE… Prints the size, the time until the page is shown (the findings, if there are any),
// how long the list takes to scroll to its end in 50 steps, the longest of the frames meanwhile, and the renderer's memory.
import {existsSync, statSync} from 'node:fs';
import {chromium} from 'playwright-core';

const files = process.argv.slice(2);
const executablePath = process.env.PGADVISE_CHROMIUM ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
const browser = await chromium.launch({executablePath, args: ['--no-sandbox']});

// Of the list, by one step a frame.
const scroll = (page) =>
  page.locator('.rows').evaluate(async (box) => {
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    const steps = 50;
    let before = await frame();
    const start = before;
    let longest = 0;
    for (let i = 1; i <= steps; ++i) {
      box.scrollTop = ((box.scrollHeight - box.clientHeight) * i) / steps;
      const now = await frame();
      longest = Math.max(longest, now - before);
      before = now;
    }
    return {all: before - start, longest};
  });

for (const file of files) {
  console.log(`${file.replace(/.*\//, '')}: ${statSync(file).size} bytes`);
  for (let i = 0; i < 3; ++i) {
    const page = await browser.newPage();
    const start = performance.now();
    await page.goto(`file://${file}#findings`);
    await page.locator('.top nav').first().waitFor();
    const rows = await page.locator('a.finding').count();
    const shown = performance.now() - start;
    const {all, longest} = rows ? await scroll(page) : {all: 0, longest: 0};
    const heap = await page.evaluate(() => performance.memory?.usedJSHeapSize ?? 0);
    console.log(`${Math.round(shown)} ms until it is shown, ${Math.round(all)} ms to scroll to the end, longest frame ${Math.round(longest)} ms, ${Math.round(heap / 1e6)} MB of JavaScript objects`);
    await page.close();
  }
}
await browser.close();
