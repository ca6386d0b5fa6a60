// What a person does with the page, in Chromium: node page.mjs PGADVISE REPOSITORY. Exits with 77 without Chromium.
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {chromium} from 'playwright-core';
import {largeReport} from './large-report.mjs';

const [pgadvise, repository] = process.argv.slice(2);
const executablePath = process.env.PGADVISE_CHROMIUM ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
if (!executablePath) {
  console.log('chromium is not installed');
  process.exit(77);
}
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'pgadvise-page-'));
const file = (name) => join(folder, name);
const run = (...words) => execFileSync(pgadvise, words, {cwd: repository, stdio: ['ignore', 'pipe', 'pipe'], timeout: 60_000});

const shop = ['fixtures/shop', '--log', 'fixtures/shop/logs/shop.log', '--fail-on', 'never'];
run('check', ...shop, '--format', 'html', '-o', file('check.html'), '--format', 'json', '-o', file('check.json'));
run('digest', 'fixtures/logs/plans-json.log', '--format', 'html', '-o', file('digest.html'));
run('digest', 'fixtures/logs/plans-json.log', '--format', 'json', '-o', file('digest.json'));
run('explain', '--plan', 'fixtures/plans/tpch-q9.json', '--format', 'html', '-o', file('explain.html'));

const life = {target: 'shop', id: '0123456789abcdef', short_id: 'slow-query:0123', rule: 'slow-query', severity: 'warning', verdict: 'suspected', message: 'A query is slow.', file: 'db/schema.sql', impact: {score: 2},
  first_seen: '2026-11-02T00:00:00Z', last_seen: '2026-11-23T00:00:00Z', runs: 2, owner: '@orders'};
const rank = {errors: 0, warnings: 1, notes: 0, impact: {score: 2}, new: 1, reopened: 0, slower_queries: 1, changed_plans: 1};
const month = {from: '2026-10-23T00:00:00Z', until: '2026-11-23T00:00:00Z'};
const history = {
  schema: 'pgadvise-history-1', since: '2026-11-16T00:00:00Z', new: [life], reopened: [], fixed: [{...life, id: '1123456789abcdef', gone: '2026-11-22T00:00:00Z'}], recurring: [{...life, target: 'billing'}],
  gone_before: 0, suppressed: 1, accepted: 0, expiring: [{...life, id: '2123456789abcdef', reason: 'it is small', until: '2026-12-01'}],
  slower: [{target: 'shop', fingerprint: 'f1', query: 'SELECT note FROM orders', calls: 30, mean_ms: 30, earlier_mean_ms: 10, earlier_weeks: 2}],
  plans: [{target: 'shop', fingerprint: 'f1', query: 'SELECT note FROM orders', ...month, cause: 'dropped index', detail: 'public.i', cost_before: 8, cost: 1200, plan_before: 'Index Scan using i on orders\n', plan: 'Seq Scan on orders\n', changes: 2}],
  growth: [{target: 'shop', kind: 'table', schema: 'public', name: 'events', ...month, bytes_before: 1e9, bytes: 2e9}],
  lock_waits: [{target: 'shop', schema: 'public', name: 'orders', mode: 'AccessExclusiveLock', holder: 'nightly report', wait_seconds: 12.5, holder_seconds: 40, seen: '2026-11-20T10:00:00Z', samples: 2}],
  unused_indexes: [{target: 'shop', schema: 'public', name: 'orders_status_idx', bytes: 8192, ...month, servers: 2}], unsure_unused_indexes: 1,
  ranking: [{target: 'shop', ...rank, first: {id: life.id, message: life.message}}, {target: 'billing', ...rank, new: 0}],
};
const long = 'a_very_long_name_without_a_blank_'.repeat(12);
const compared = (id, more = {}) => ({id, short_id: `slow-query:${id.slice(0, 4)}`, rule: 'slow-query', severity: 'warning', verdict: 'suspected', state: 'standing', message: `A query on ${long} is slow.`,
  subject: {kind: 'table', schema: 'public', table: `orders_${id[0]}`}, location: {file: `db/${long}.sql`, line: 3}, impact: {score: 2}, ...more});
const difference = {
  schema: 'pgadvise-report-difference-1',
  before: {started: '2026-11-22T10:00:00Z', version: '0.1.0'}, after: {started: '2026-11-23T10:00:00Z', version: '0.1.0', server_version: '15.18'},
  new: [compared('0123456789abcdef', {checked_before: false, reason: 'the earlier run did not check the migration'}), compared('1123456789abcdef', {rule: 'missing-primary-key', severity: 'error', short_id: undefined})],
  fixed: [compared('2123456789abcdef')],
  not_checked: [compared('3123456789abcdef', {reason: 'the later run did not read the file'})],
  recurring: [compared('4123456789abcdef'), compared('5123456789abcdef', {severity: 'error', before: {severity: 'note', state: 'accepted'}})],
};
const empty = {schema: 'pgadvise-report-1', findings: [], skipped_rules: [], inputs: [], diagnostics: [], summary: {}, run: {}};
const plan = (type, cost, more) => [{Plan: {'Node Type': type, 'Relation Name': 'orders', 'Total Cost': cost, 'Plan Rows': 3, ...more}}];
const index = {sql: 'CREATE INDEX ON orders (note);', down_sql: 'DROP INDEX orders_note_idx;', schema: 'public', table: 'orders', queries: ['f1']};
const reports = {
  empty,
  history,
  difference,
  'what-if': {
    ...empty,
    summary: {index_set: {count: 2, size_bytes: 12288, share_saved: 0.61, steps: [{index: 'orders (note)', size_bytes: 8192, share_saved: 0.6}, {index: 'orders (total)', size_bytes: 4096, share_saved: 0.01}]}},
    findings: [{id: '0123456789abcdef', rule: 'unindexed-foreign-key', severity: 'warning', verdict: 'confirmed', subject: {kind: 'foreign-key', schema: 'public', table: 'orders'}, message: 'm',
      evidence: [], fix: {title: 'Create the index', ...index, safety: 'safe', cost_before: 1200.5, cost_after: 8.5}}],
    plans: [
      {id: 'made-1', fingerprint: '', kind: 'explained', origin: 'EXPLAIN, generic plan', query: 'SELECT 1 FROM orders', total_cost: 1200.5, json: plan('Seq Scan', 1200.5), insights: [], findings: ['0123456789abcdef']},
      {id: 'made-2', fingerprint: '', kind: 'what-if', before: 'made-1', origin: 'HypoPG, with an index on orders (note)', query: 'SELECT 1 FROM orders', total_cost: 8.5,
        json: plan('Index Scan', 8.5, {'Index Name': 'hypothetical btree_orders_note'}), insights: [], findings: ['0123456789abcdef']},
      {id: 'f1-3', fingerprint: 'f1', kind: 'explained', origin: 'EXPLAIN, parameters from the log', total_cost: 5, json: plan('Seq Scan', 5), insights: []},
    ],
  },
  advice: {indexes: [{...index, size_bytes: 8192, cost_saved: 50}], not_costed: [{...index, reason: 'of a partition'}], drops: [{...index, reason: 'a duplicate', size_bytes: 8192}], cost_before: 100, cost_after: 50,
    queries: [{fingerprint: 'f1', query: 'SELECT note FROM orders', weight: 1, cost_before: 100, cost_after: 50}],
    plans: [
      {id: 'f1-1', fingerprint: 'f1', kind: 'explained', origin: 'EXPLAIN, generic plan', total_cost: 100, json: plan('Seq Scan', 100), insights: []},
      {id: 'f1-2', fingerprint: 'f1', kind: 'what-if', before: 'f1-1', origin: 'HypoPG, with an index on orders (note)', total_cost: 50, json: plan('Index Scan', 50), insights: []},
    ]},
  evaluation: {candidates: [], drops: [], better: [], worse: [], cost_before: 100, cost_after: 100},
  compare: {old: {}, new: {}, slower: [{fingerprint: 'f1', query: 'SELECT 1', old: {calls: 1, mean_ms: 1}, new: {calls: 2, mean_ms: 3}, mean_ratio: 3}], added: [], gone: [], faster: [], more_frequent: []},
};
for (const [name, report] of Object.entries(reports)) {
  writeFileSync(file(`${name}.json`), JSON.stringify(report));
  run('report', file(`${name}.json`), '-o', file(`${name}.html`));
}

const browser = await chromium.launch({executablePath, args: ['--no-sandbox', '--allow-file-access-from-files']});
let failed = 0;
async function test(name, options, body) {
  const context = await browser.newContext({viewport: {width: 1280, height: 800}, ...options});
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);  // on a machine that runs other tests, too
  const problems = [];
  page.on('pageerror', (error) => problems.push(`error: ${error.message}`));
  page.on('console', (message) => message.type() === 'error' && problems.push(`console: ${message.text()}`));
  page.on('request', (request) => /^(file|data|about|blob):/.test(request.url()) || problems.push(`request: ${request.url()}`));
  const start = Date.now();
  try {
    await body(page, problems);
    assert.deepEqual(problems, []);
    console.log(`ok ${name} (${Date.now() - start} ms)`);
  } catch (error) {
    ++failed;
    console.log(`FAILED ${name}: ${error.stack}\n${problems.join('\n')}`);
    await page.screenshot({path: file(`failed-${failed}.png`)}).catch(() => {});
  }
  await context.close();
}
// Waits until the list of findings has this number of rows.
const shows = (page, number) => page.waitForFunction((n) => document.querySelectorAll('a.finding').length === n, number);
const open = (page, name, fragment = '') => page.goto(`file://${file(name)}#${fragment}`);

await test('a person filters, follows a link and copies a fix', {}, async (page) => {
  await open(page, 'check.html');
  await page.getByRole('heading', {name: 'Overview'}).waitFor();
  await page.getByRole('link', {name: /^Findings/}).first().click();
  await page.locator('a.finding').first().waitFor();
  const all = await page.locator('a.finding').count();
  assert.ok(all > 20, `${all} findings`);
  await page.getByRole('searchbox').fill('order_items product');
  await page.waitForFunction((before) => document.querySelectorAll('a.finding').length < before, all);
  assert.match(page.url(), /text=order_items/);
  await page.getByLabel('Rule').selectOption('sequential-scan');
  await page.locator('a.finding').first().waitFor();
  const few = await page.locator('a.finding').count();
  assert.ok(few > 0 && few < all);
  await page.locator('a.finding').first().click();
  assert.match(page.url(), /#[0-9a-f]{16}\?/);
  const sql = await page.locator('.right .code pre').first().innerText();
  assert.match(sql, /^CREATE INDEX/);
  await page.getByRole('button', {name: 'Copy SQL'}).first().click();
  await page.getByText('Copied').first().waitFor();
  await page.getByRole('searchbox').fill('');
  await page.getByRole('searchbox').press('Control+V');
  assert.equal((await page.getByRole('searchbox').inputValue()).trim(), sql.replace(/\s*\n\s*/g, ' ').trim());
  await page.getByRole('link', {name: /in the workload/}).click();
  await page.getByRole('heading', {name: /^Query /}).waitFor();
  await page.reload();  // the fragment alone shows it again
  await page.getByRole('heading', {name: /^Query /}).waitFor();
});

await test('a link to a finding opens it, and the keys move on', {}, async (page) => {
  const {findings} = JSON.parse(readFileSync(file('check.json'), 'utf8'));
  await open(page, 'check.html', findings[1].id);
  await page.getByText(findings[1].short_id).first().waitFor();
  await page.getByRole('list', {name: 'Findings'}).press('ArrowDown');
  await page.getByText(findings[2].short_id).first().waitFor();
  assert.ok(page.url().includes(findings[2].id));
});

await test('the workload is sorted', {}, async (page) => {
  await open(page, 'check.html', 'workload');
  const first = () => page.locator('a.query code').first().innerText();
  const byTime = await first();
  await page.getByRole('button', {name: 'Calls'}).click();
  assert.notEqual(await first(), byTime);
});

await test('tables have a diagram', {}, async (page) => {
  await open(page, 'check.html', 'schema/orders');
  await page.locator('.diagram svg .box.center').waitFor();
  assert.ok((await page.locator('.diagram .key').count()) >= 1);
  assert.ok(await page.locator('.row strong').first().evaluate((one) => one.scrollHeight <= one.clientHeight), 'names are not cut off');
});

await test('two plans are drawn, each in a frame of its own', {}, async (page) => {
  await open(page, 'digest.html', 'plans');
  const plans = page.locator('.left a.query');
  assert.ok((await plans.count()) > 1);
  await plans.nth(0).click();
  const frame = page.frameLocator('iframe.plan');
  await frame.locator('.plan-node').first().waitFor();
  const before = page.url();
  await frame.locator('.nav-link', {hasText: /^(Raw|Source)/}).first().click();
  assert.equal(page.url(), before);
  await plans.nth(1).click();
  await frame.locator('.plan-node').first().waitFor();
});

await test('the plans before and after an index are one click apart, and beside each other', {}, async (page) => {
  await open(page, 'what-if.html', '0123456789abcdef');
  await page.getByRole('link', {name: 'Plan with an index on orders (note)'}).click();
  await page.getByText('Planner cost 1,201 without, 8.50 with the index').waitFor();
  const drawn = (at) => page.frameLocator('iframe.plan').nth(at).locator('.plan-node').first();
  assert.match(await drawn(0).innerText(), /Index Scan/);
  await page.getByRole('button', {name: 'Both plans'}).click();
  assert.match(await drawn(0).innerText(), /Seq Scan/);
  assert.match(await drawn(1).innerText(), /Index Scan/);
  const [left, right] = await Promise.all([0, 1].map((at) => page.locator('iframe.plan').nth(at).boundingBox()));
  assert.ok(left.x + left.width <= right.x, 'beside each other');
  await page.getByRole('link', {name: /^explained/}).click();
  await page.getByText('EXPLAIN, generic plan').waitFor();
  await page.waitForFunction(() => document.querySelectorAll('iframe.plan').length === 1);
  assert.match(await drawn(0).innerText(), /Seq Scan/);
});

await test('an index of advise leads to the plans of the queries that it helps', {}, async (page) => {
  await open(page, 'advice.html', 'indexes');
  await page.getByRole('link', {name: 'SELECT note FROM orders'}).click();
  await page.getByText('Planner cost 100 without, 50.00 with the index').waitFor();
  assert.match(await page.frameLocator('iframe.plan').locator('.plan-node').first().innerText(), /Index Scan/);
  assert.match(await page.locator('.links a[aria-current]').innerText(), /^what-if/);
});

await test('an evaluation of proposed indexes has a page', {}, async (page) => {
  await open(page, 'evaluation.html');
  await page.getByText('advise: evaluation of proposed indexes').waitFor();
});

await test('the overview has the payoff curve of the proposed indexes, and the findings by verdict', {}, async (page) => {
  await open(page, 'what-if.html', 'overview');
  await page.getByText('These 2 indexes remove 61 % of the workload’s planner cost, 12 kB.').waitFor();
  assert.equal(await page.locator('.payoff circle').count(), 3);
  await page.getByRole('link', {name: 'confirmed: 1 finding'}).click();
  assert.match(page.url(), /verdict=confirmed/);
  await shows(page, 1);
});

await test('a history shows what changed, and its findings by database and state', {}, async (page) => {
  await open(page, 'history.html');
  await page.getByRole('heading', {name: 'What changed since 2026-11-16'}).waitFor();
  for (const text of ['3.0 ×', 'dropped index', 'Index Scan using i on orders', 'Seq Scan on orders', '1.0 GB → 2.0 GB', 'orders_status_idx', 'AccessExclusiveLock', 'nightly report'])
    await page.getByText(text).first().waitFor();
  await page.locator('form select').selectOption('billing');
  await page.getByText('dropped index').waitFor({state: 'hidden'});
  await page.getByRole('link', {name: /recurring$/}).click();
  await shows(page, 1);
  await page.getByRole('button', {name: 'Clear'}).click();
  await shows(page, 4);
  await page.locator('a.finding').first().click();
  await page.getByText('first seen 2026-11-02, last seen 2026-11-23, in 2 runs, owned by @orders').waitFor();
  await page.getByRole('link', {name: 'billing', exact: true}).click();
  await page.reload();
  assert.match(await page.locator('.right .tags').innerText(), /recurring[^]*billing/);
});

await test('members of a history that the page does not know change nothing', {}, async (page) => {
  writeFileSync(file('later.json'), JSON.stringify({...history, version: '9.9.9', new_list: [{target: 'shop', queue: {depth: 3}}], another: null}));
  run('report', file('later.json'), '-o', file('later.html'));
  const texts = [];
  for (const name of ['history.html', 'later.html']) {
    await open(page, name);
    await page.getByRole('heading', {name: 'What changed since 2026-11-16'}).waitFor();
    texts.push(await page.locator('main').innerText());
  }
  assert.equal(texts[0], texts[1]);
});

await test('two reports are compared: what is new, changed, fixed, and not checked again', {}, async (page) => {
  await open(page, 'difference.html');
  await page.getByRole('heading', {name: 'What changed between two runs'}).waitFor();
  await page.getByText('2026-11-23 10:00:00 UTC, pgadvise 0.1.0, PostgreSQL 15.18').first().waitFor();
  assert.deepEqual((await page.locator('.tile').allInnerTexts()).map((text) => text.replace(/\s+/g, ' ').trim()),
    ['2 new 1 error, 1 warning', '1 changed 1 error', '1 fixed 1 warning', '1 not checked again 1 warning', '1 recurring, unchanged 1 warning']);
  await page.getByText('severity: note → error').waitFor();
  await page.getByText('The earlier run did not check the migration: the finding may be older.').waitFor();
  await page.getByRole('listitem').filter({hasText: 'the later run did not read the file'}).getByRole('link').click();
  await shows(page, 1);
  assert.match(page.url(), /list=not_checked&reason=the\+later/);
  await page.locator('a.finding').click();
  await page.getByText('The later run did not read the file: the finding may still be there.').waitFor();
  await page.getByRole('button', {name: 'Clear'}).click();
  await shows(page, 6);
  await page.getByLabel('Table').selectOption('orders_5');
  await page.getByRole('searchbox').fill('accepted STANDING');
  await page.waitForFunction(() => document.querySelectorAll('a.finding').length === 1);
  await open(page, 'difference.html', '5123456789abcdef');
  assert.match(await page.locator('.right table').innerText(), /severity\s+note\s+error\s+state\s+accepted\s+standing/);
  await page.getByRole('list', {name: 'Findings'}).press('ArrowDown');
  await page.getByRole('heading', {name: 'slow-query:2123'}).waitFor();
  await open(page, 'difference.html', 'slow-query:3123');
  await page.getByRole('heading', {name: 'slow-query:3123'}).waitFor();
});

await test('the page of two real reports', {}, async (page) => {
  const after = JSON.parse(readFileSync(file('check.json'), 'utf8'));
  const before = {...after, run: {...after.run, started: '2020-01-01T00:00:00Z'}, findings: after.findings.slice(2).map((one, i) => (i ? one : {...one, severity: one.severity === 'error' ? 'note' : 'error'}))};
  const gone = {...after.findings[2], id: 'ffffffffffffffff', short_id: 'gone:ffff'};
  writeFileSync(file('before.json'), JSON.stringify({...before, findings: [...before.findings, gone]}));
  run('report', file('before.json'), file('check.json'), '--format', 'html', '-o', file('both.html'));
  await open(page, 'both.html');
  const [added, changed, fixed, , unchanged] = await page.locator('.tile strong').allInnerTexts();
  assert.deepEqual([added, changed, fixed, Number(unchanged)], ['2', '1', '1', after.findings.length - 3]);
  await page.getByRole('link', {name: after.findings[0].short_id}).click();
  await page.getByRole('heading', {name: after.findings[0].short_id}).waitFor();
});

await test('a difference with values of other types, and one without findings', {}, async (page) => {
  const odd = {...difference, before: 7, after: null, fixed: {}, not_checked: [null, 7, 'x', {}], recurring: [compared('4123456789abcdef', {subject: 7, location: [], impact: 'x', short_id: {}, message: null, before: {verdict: 3, impact: []}})]};
  for (const [name, report] of [['odd', odd], ['same', {schema: difference.schema}]]) {
    writeFileSync(file(`${name}.json`), JSON.stringify(report));
    run('report', file(`${name}.json`), '-o', file(`${name}.html`));
    for (const fragment of ['difference', 'findings', 'findings/nothing', '4123456789abcdef']) {
      await open(page, `${name}.html`, fragment);
      await page.locator('h1').first().waitFor();
      assert.equal(await page.getByRole('alert').count(), 0, `${name}#${fragment}`);
    }
  }
  await open(page, 'same.html', 'difference');
  await page.getByText('Neither report has a finding.').waitFor();
});

await test('a difference of 20,000 findings opens, scrolls and prints', {}, async (page) => {
  const {findings} = largeReport(20_000, 1, 0);
  const part = (i) => findings.slice(5000 * i, 5000 * (i + 1)).map(({fix, evidence, ...one}) => ({...one, state: 'standing', ...(i === 2 ? {reason: `reason ${one.id.slice(-2)}`} : {})}));
  writeFileSync(file('large.json'), JSON.stringify({...difference, new: part(0), fixed: part(1), not_checked: part(2), recurring: part(3)}));
  run('report', file('large.json'), '-o', file('large.html'));
  await open(page, 'large.html', 'difference');
  await page.getByRole('link', {name: 'All 5,000'}).first().click();
  await page.getByText('5,000 of 20,000 findings').waitFor();
  assert.ok((await page.locator('a.finding').count()) < 100);
  await page.getByRole('button', {name: 'Clear'}).click();
  await page.locator('.rows').evaluate((box) => (box.scrollTop = box.scrollHeight));
  await page.getByText('Finding 19999: ').first().waitFor();
  await page.emulateMedia({media: 'print'});
  await page.evaluate(() => window.dispatchEvent(new Event('beforeprint')));
  await page.waitForFunction(() => document.querySelectorAll('a.finding').length === 2000);
});

await test('a loop is drawn with the times of its calls', {}, async (page) => {
  await open(page, 'check.html', 'repeats');
  await page.getByText(/Times as logged: the statements take .* of /).waitFor();
  assert.ok((await page.locator('.timeline rect.child').count()) >= 5);
  const starts = await page.locator('.timeline rect.child').evaluateAll((all) => all.map((one) => Number(one.getAttribute('x'))));
  const gaps = starts.slice(1).map((one, i) => one - starts[i]);
  assert.ok(Math.max(...gaps) > 1.01 * Math.min(...gaps), 'not spaced evenly');
});

await test('explain draws its one plan', {}, async (page) => {
  await open(page, 'explain.html');
  await page.frameLocator('iframe.plan').locator('.plan-node').first().waitFor();
});

await test('a narrow screen has no sideways scrolling', {viewport: {width: 360, height: 740}}, async (page) => {
  const {findings} = JSON.parse(readFileSync(file('check.json'), 'utf8'));
  for (const fragment of ['overview', 'findings', findings[1].id, 'workload', 'schema/orders', 'repeats', 'indexes']) {
    await open(page, 'check.html', fragment);
    await page.waitForTimeout(50);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(wide <= 0, `${fragment}: ${wide} px too wide`);
  }
  for (const fragment of ['history', 'findings', 'findings/shop%2F0123456789abcdef']) {
    await open(page, 'history.html', fragment);
    await page.waitForTimeout(50);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(wide <= 0, `history, ${fragment}: ${wide} px too wide`);
  }
  for (const fragment of ['difference', 'findings', '0123456789abcdef', '5123456789abcdef']) {
    await open(page, 'difference.html', fragment);
    await page.waitForTimeout(50);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(wide <= 0, `difference, ${fragment}: ${wide} px too wide`);
  }
  await open(page, 'check.html', 'workload');
  const [tag, row] = await Promise.all(['.row .tag', '.row'].map((one) => page.locator(one).first().boundingBox()));
  assert.ok(tag.x + tag.width <= row.x + row.width, 'the number of findings is not cut off');
  await open(page, 'check.html', 'schema/orders');
  const [center, diagram] = await Promise.all(['.diagram .box.center', '.diagram'].map((one) => page.locator(one).first().boundingBox()));
  assert.ok(center.x >= diagram.x && center.x + center.width <= diagram.x + diagram.width, 'the table is in view');
});

await test('print shows all findings of the list', {}, async (page) => {
  writeFileSync(file('many.json'), JSON.stringify(largeReport(700, 10, 0)));
  run('report', file('many.json'), '-o', file('many.html'));
  await open(page, 'many.html', 'findings');
  await page.emulateMedia({media: 'print'});
  const before = await page.locator('a.finding').count();
  assert.ok(before < 100, `${before} of 700 in the page`);
  await page.evaluate(() => window.dispatchEvent(new Event('beforeprint')));
  await page.waitForFunction(() => document.querySelectorAll('a.finding').length === 700);
  assert.equal(await page.locator('.top nav').isVisible(), false);
  await page.emulateMedia({media: 'print', colorScheme: 'dark'});
  await page.evaluate(() => (document.documentElement.dataset.theme = 'dark'));
  assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), 'rgb(255, 255, 255)', 'print is never dark');
});

await test('without scripts the counts and the first things are there', {javaScriptEnabled: false}, async (page) => {
  await open(page, 'check.html');
  assert.match(await page.locator('main').innerText(), /\d+ warnings[^]*1\. /);
});

const views = () => {
  const {findings, workload} = JSON.parse(readFileSync(file('check.json'), 'utf8'));
  const of = (rule) => findings.find((one) => one.rule.startsWith(rule)).id;
  return [
    ...['overview', 'findings', findings[1].id, of('n-plus-one'), 'workload', `workload/${workload.queries[0].fingerprint}`, 'schema', 'schema/orders', 'repeats', 'indexes', 'migrations']
      .map((fragment) => ['check.html', fragment]),
    ['digest.html', 'overview'], ['digest.html', 'plans'], ['what-if.html', 'plans'], ['what-if.html', 'plans/made-2'], ['explain.html', ''], ['advice.html', 'indexes'], ['compare.html', 'workload'],
    ['what-if.html', 'overview'], ['history.html', 'history'], ['history.html', 'findings'], ['history.html', 'findings/shop%2F0123456789abcdef'],
    ['difference.html', 'difference'], ['difference.html', 'findings'], ['difference.html', '5123456789abcdef'], ['difference.html', '3123456789abcdef'],
  ];
};

for (const [colorScheme, width] of [['light', 1280], ['light', 360], ['dark', 1280]])
  await test(`axe finds nothing serious, ${colorScheme}, ${width} px`, {colorScheme, viewport: {width, height: 800}}, async (page) => {
    const bad = [];
    for (const [name, fragment] of views()) {
      await open(page, name, fragment);
      await page.locator('h1:visible, h2:visible').first().waitFor();
      await page.waitForTimeout(50);  // where only the fragment differs, the view before is there until then
      if (await page.evaluate(() => !window.axe)) await page.evaluate(axe);
      const {violations} = await page.evaluate(
        (dark) => window.axe.run(document, {iframes: false, ...(dark ? {runOnly: ['color-contrast']} : {})}), colorScheme === 'dark');
      for (const one of violations)
        if (['serious', 'critical'].includes(one.impact)) bad.push(`${name}#${fragment}: ${one.id} ${one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160))}`);
    }
    assert.deepEqual(bad, []);
  });

await test('the Tab key reaches every control, and shows where it is', {}, async (page) => {
  for (const [name, fragment] of views()) {
    await page.goto('about:blank');
    await open(page, name, fragment);
    await page.locator('h1:visible, h2:visible').first().waitFor();
    const controls = await page.evaluate(() => {
      const visible = [...document.querySelectorAll('a[href], button, input, select, summary, [tabindex="0"]')]
        .filter((one) => one.checkVisibility({checkVisibilityCSS: true}) && one.tabIndex >= 0 && !one.disabled);
      visible.forEach((one, i) => (one.dataset.control = i));
      document.activeElement.blur();
      return visible.length;
    });
    const reached = new Set();
    for (let i = 0; i < controls + 20 && reached.size < controls; ++i) {
      await page.keyboard.press('Tab');
      const [control, outline] = await page.evaluate(() => [document.activeElement.dataset.control, getComputedStyle(document.activeElement).outlineStyle]);
      if (control === undefined) {
        if (await page.evaluate(() => document.activeElement.tagName === 'IFRAME')) break;  // PEV2's own controls follow
        continue;
      }
      reached.add(control);
      assert.notEqual(outline, 'none', `${name}#${fragment}: control ${control} has no outline`);
    }
    const behindFrame = await page.evaluate(() => {
      const frame = document.querySelector('iframe');
      return frame ? [...document.querySelectorAll('[data-control]')].filter((one) => frame.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING).length : 0;
    });
    assert.equal(reached.size + behindFrame, controls, `${name}#${fragment}`);
    assert.ok(controls < 150, `${name}#${fragment}: ${controls} stops`);
  }
});

await test('names, SQL and plans are text, never markup', {}, async (page, problems) => {
  const markup = `</script><img src=x onerror="console.error('ran');parent.postMessage('ran','*')"><!--<script>`;
  const kept = /^(schema|id|fingerprint|kind|severity|verdict|format|safety|scope|rule|pattern|parent|proposed_by|started)$/;
  const hostile = (value, key = '') =>
    Array.isArray(value) ? value.map((one) => hostile(one, key))
    : value && typeof value === 'object' ? Object.fromEntries(Object.entries(value).map(([name, one]) => [name, hostile(one, name)]))
    : typeof value !== 'string' || kept.test(key) ? value
    : key === 'text' && /^\s*[[{]/.test(value) ? JSON.stringify(hostile(JSON.parse(value)))
    : key.endsWith('Node Type') ? value : value + markup;
  for (const name of ['check', 'digest', 'history', 'difference', 'what-if']) {
    const report = JSON.parse(readFileSync(file(`${name}.json`), 'utf8'));
    writeFileSync(file('hostile.json'), JSON.stringify(hostile(report)));
    run('report', file('hostile.json'), '-o', file(`hostile-${name}.html`));
  }
  await page.addInitScript(() => window.addEventListener('message', (event) => event.data === 'ran' && console.error('ran')));
  const {findings} = JSON.parse(readFileSync(file('check.json'), 'utf8'));
  for (const fragment of ['overview', findings[1].id, 'workload', 'schema', 'repeats', 'indexes', 'migrations']) {
    await open(page, 'hostile-check.html', fragment);
    await page.locator('h1, h2').first().waitFor();
    assert.equal(await page.locator('img').count(), 0, fragment);
  }
  for (const [name, fragment] of [['what-if', 'overview'], ['what-if', 'indexes'], ['history', 'history'], ['history', 'findings'], ['history', `findings/${encodeURIComponent(life.target + markup)}%2F${life.id}`],
    ['difference', 'difference'], ['difference', 'findings'], ['difference', '0123456789abcdef'], ['difference', '5123456789abcdef']]) {
    await open(page, `hostile-${name}.html`, fragment);
    await page.locator('h1, h2').first().waitFor();
    assert.equal(await page.locator('img').count(), 0, `${name}#${fragment}`);
    assert.ok((await page.locator('main').textContent()).includes('</script><img'), `${name}#${fragment} shows the texts`);
  }
  await open(page, 'hostile-digest.html', 'plans');
  await page.locator('.left a.query').first().click();
  const frame = page.frameLocator('iframe.plan');
  await frame.locator('.plan-node').first().waitFor();
  for (const tab of await frame.locator('.nav-link').all()) await tab.click({timeout: 2000}).catch(() => {});
  await frame.locator('.plan-node').first().click({timeout: 2000}).catch(() => {});
  for (const tab of await frame.locator('.plan-node .nav-link').all()) await tab.click({timeout: 2000}).catch(() => {});
  await page.waitForTimeout(200);
  assert.deepEqual(problems.filter((one) => one.includes('ran')), []);
  problems.length = 0;  // what the Content-Security-Policy refused inside the frame
});

await test('5,000 findings, 2,000 queries and 200 plans open and scroll', {}, async (page) => {
  writeFileSync(file('large.json'), JSON.stringify(largeReport()));
  run('report', file('large.json'), '-o', file('large.html'));
  const start = Date.now();
  await open(page, 'large.html', 'findings');
  await page.locator('a.finding').first().waitFor();
  const opened = Date.now() - start;
  console.log(`   opened after ${opened} ms, ${statSync(file('large.html')).size} bytes`);
  assert.ok(opened < 8000, `${opened} ms`);  // bench/run html-report measures; other tests run at the same time here
  await page.locator('.rows').evaluate((box) => (box.scrollTop = box.scrollHeight));
  await page.getByText('takes 1 s per hour').waitFor();
  assert.ok((await page.locator('a.finding').count()) < 100);
});

await test('a value that the schema does not permit is reported, and the other pages open', {}, async (page, problems) => {
  writeFileSync(file('wrong.json'), JSON.stringify({...reports.advice, indexes: [{...index, down_sql: 7}]}));
  run('report', file('wrong.json'), '-o', file('wrong.html'));
  await open(page, 'wrong.html', 'indexes');
  await page.getByRole('alert').waitFor();
  await page.getByRole('link', {name: /^Workload|^Overview/}).first().click();
  await page.locator('h1').first().waitFor();
  assert.equal(await page.getByRole('alert').count(), 0);
  problems.length = 0;  // Vue prints the error
});

await test('a bidirectional mark does not turn round the words behind it', {}, async (page) => {
  writeFileSync(file('marks.json'), JSON.stringify({...history, ranking: history.ranking.map((one) => ({...one, target: `${one.target}\u202e`}))}));
  run('report', file('marks.json'), '-o', file('marks.html'));
  await open(page, 'marks.html', 'history');
  assert.match(await page.locator('.ranking').innerText(), /shop\\u202e/);
});

await test('an empty report is under 2 MB', {}, async (page) => {
  assert.ok(statSync(file('empty.html')).size < 2_000_000);
  await open(page, 'empty.html');
  await page.getByRole('heading', {name: 'Overview'}).waitFor();
});

await browser.close();
if (!failed || !process.env.PGADVISE_KEEP) rmSync(folder, {recursive: true, force: true});
else console.log(folder);
process.exit(failed ? 1 : 0);
