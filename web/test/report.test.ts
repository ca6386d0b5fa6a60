import {describe, expect, it} from 'vitest';
import {indexName, kindOf, planWithIndex, readReport, repeatId, repeatOf, subjectText, withVisibleMarks} from '../src/report';
import {lifeText, ofTarget, readHistory, targetsOf} from '../src/history';
import {choices, filtered, filterOf, filterText, searchText, type Choice} from '../src/filter';
import {readDifference, runText} from '../src/difference';
import {link, parseRoute} from '../src/route';
import {bars} from '../src/histogram';
import {bytes, count, milliseconds, percent, verdictText} from '../src/format';
import {formatSql, sqlTokens} from '../src/sql';
import {lanes, occurrence} from '../src/occurrence';
import {neighbourhood} from '../src/neighbourhood';
import {sorted} from '../src/table-sort';

const finding = (id: string, rule: string, table: string, message = '') => ({
  id, rule, severity: 'warning', verdict: 'suspected', subject: {kind: 'table', schema: 'public', table}, message, evidence: [],
});
const check = {
  schema: 'pgadvise-report-1',
  findings: [finding('0123456789abcdef', 'sequential-scan', 'orders', 'reads All'), finding('1123456789abcdef', 'blocking-alter', 'users')],
  workload: {
    sources: [],
    queries: [{fingerprint: 'a1', query: 'SELECT 1', calls: 2, total_ms: 5, plan: {format: 'text', text: 'Seq Scan'}}],
    repeats: [{pattern: ['a1'], parent: 'b2', scope: 'trace', most_in_one_scope: 4, longest_span_ms: 40, samples: [{file: 'l', duration_ms: 2}]}],
  },
};

describe('a report', () => {
  it('shows bidirectional marks instead of following them', () => {
    expect(JSON.parse(withVisibleMarks(JSON.stringify({name: 'a\u202eb\u2066é'}))).name).toBe('a\\u202eb\\u2066é');
  });
  it('ignores what a run says in another type', () => {
    expect(readReport({...check, run: {version: '0.1', started: 7, seconds: 2}}).run).toEqual({version: '0.1', seconds: 2});
  });
  it('is recognized by what it holds', () => {
    expect(kindOf(check)).toBe('check');
    expect(kindOf({schema: 'pgadvise-history-1'})).toBe('history');
    expect(kindOf({queries: [], sources: []})).toBe('digest');
    expect(kindOf({indexes: [], cost_before: 1, queries: []})).toBe('advise');
    expect(kindOf({nodes: [], insights: []})).toBe('explain');
    expect(kindOf({old: {}, new: {}, slower: []})).toBe('comparison');
    for (const other of [null, 1, 'x', [], {}]) expect(kindOf(other)).toBe('unknown');
  });
  it('of any shape gives a model', () => {
    const odd = {schema: 'pgadvise-report-1', findings: [null, 7, {}, {evidence: 'x', subject: null}], workload: {queries: 3}, tables: [{}], plans: [null]};
    const model = readReport(odd);
    expect(model.findings.length).toBe(2);
    expect(model.findings.map(subjectText)).toEqual(['object', 'object']);
    expect(readReport(null).kind).toBe('unknown');
  });
  it('has the plans of its queries', () => {
    const model = readReport(check);
    expect(model.plans.map((plan) => [plan.kind, plan.fingerprint, plan.text])).toEqual([['logged', 'a1', 'Seq Scan']]);
    expect(model.totalMs).toBe(5);
  });
  it('has the verdicts in the words of the text report', () => {
    expect(['confirmed', 'suspected', 'refuted'].map(verdictText)).toEqual(['confirmed', 'from the input only', 'refuted']);
  });
  it('of advise has the plans without and with the indexes', () => {
    const pair = [{id: 'a1-1', fingerprint: 'a1', kind: 'explained', json: [{Plan: {}}]}, {id: 'a1-2', fingerprint: 'a1', kind: 'what-if', before: 'a1-1', json: [{Plan: {}}]}];
    const model = readReport({indexes: [], cost_before: 2, queries: [{fingerprint: 'a1', query: 'SELECT 1'}], plans: pair});
    expect(model.plans.map((plan) => [plan.id, plan.before, plan.query])).toEqual([['a1-1', '', 'SELECT 1'], ['a1-2', 'a1-1', 'SELECT 1']]);
    expect(planWithIndex(model, 'a1')?.id).toBe('a1-2');
    expect(planWithIndex(model, 'b2')).toBeUndefined();
  });
  it('of explain has its plan, and that with the indexes', () => {
    const pair = [{id: 'a1-1', fingerprint: 'a1', kind: 'explained', json: []}, {id: 'a1-2', fingerprint: 'a1', kind: 'what-if', before: 'a1-1', json: []}];
    const {plans} = readReport({nodes: [], insights: [], analyzed: true, explain: [], plans: pair});
    expect(plans.map((plan) => [plan.id, plan.kind, plan.before])).toEqual([['plan', 'analyzed', ''], ['a1-2', 'what-if', 'plan']]);
  });
  it('keeps the lock forecast', () => {
    const [lock] = readReport({...check, lock_forecasts: [{migration: 'm', statements: [{text: 'ALTER', seconds: {from: 1, to: 2}}], locks: [{table: 't', mode: 'ACCESS EXCLUSIVE', harmful: true}]}]}).locks;
    expect(lock.statements[0].seconds).toEqual({low: 1, high: 2});
    expect(lock.locks[0]).toMatchObject({table: 't', harmful: true, from: 0, until: 0});
  });
});

describe('the payoff curve', () => {
  it('of check is that of its summary', () => {
    const steps = [{index: 'orders (note)', size_bytes: 8192, share_saved: 0.5}, {index: 'a (b)', size_bytes: 4096, share_saved: -0.01}];
    const model = readReport({...check, summary: {index_set: {count: 2, size_bytes: 12288, share_saved: 0.49, steps}}});
    expect(model.payoff).toEqual(steps);
    expect(model.shareSaved).toBe(0.49);
    expect(readReport(check).payoff).toEqual([]);
    expect(readReport({...check, summary: {index_set: {count: 2, size_bytes: 1, share_saved: 0.4}}}).payoff).toEqual([]);
  });
  it('of advise is that of its indexes', () => {
    const indexes = [{sql: 'CREATE INDEX CONCURRENTLY i ON public.orders (note);', size_bytes: 8192, cost_saved: 60}];
    const model = readReport({indexes, queries: [], cost_before: 200, cost_after: 150});
    expect(model.payoff).toEqual([{index: 'orders (note)', size_bytes: 8192, share_saved: 0.3}]);
    expect(model.shareSaved).toBe(0.25);
    expect(readReport({indexes, queries: [], cost_before: 0, cost_after: 0}).payoff).toEqual([]);
  });
  it('orders the indexes of the findings', () => {
    const fix = (id: string, sql: string) => ({...finding(id, 'unindexed-foreign-key', 't'), fix: {title: 'x', sql, safety: 'safe'}});
    const model = readReport({...check,
      findings: [fix('1', 'CREATE INDEX ON public.z (a);'), fix('2', 'CREATE INDEX ON public.t (b);'), fix('3', 'CREATE INDEX ON public."T" ("Ab" DESC);')],
      summary: {index_set: {steps: [{index: 'T (Ab DESC)', size_bytes: 7, share_saved: 0.5}, {index: 't (b)', size_bytes: 8, share_saved: 0.1}]}}});
    expect(model.indexes.map((one) => [one.finding?.id, one.size_bytes, one.share_saved])).toEqual([['3', 7, 0.5], ['2', 8, 0.1], ['1', undefined, undefined]]);
  });
  it('names an index by its table and columns', () => {
    expect(indexName('CREATE INDEX i ON ONLY public.events (a);\nCREATE INDEX CONCURRENTLY j ON public.events_1 (a);')).toBe('events (a)');
    expect(indexName('CREATE UNIQUE INDEX i ON billing."T" USING hash (a) WHERE b;')).toBe('billing."T" USING hash (a) WHERE b');
    expect(indexName('nothing')).toBe('nothing');
  });
});

describe('a history', () => {
  const life = (target: string, id: string, more = {}) => ({target, id, rule: 'r', severity: 'warning', verdict: 'suspected', message: 'm', impact: {score: 2}, first_seen: '2026-01-02T00:00:00Z', last_seen: '2026-01-03T00:00:00Z', runs: 2, ...more});
  const json = {
    schema: 'pgadvise-history-1', since: '2026-01-01T00:00:00Z', recurring: [life('b', '1')], new: [life('a', '1'), null, 7],
    fixed: [life('a', '2', {gone: '2026-01-04T00:00:00Z', owner: '@team'})], growth: [{target: 'c', bytes: 'x'}], plans: [{target: 'a', plan: 'Seq Scan'}],
  };
  it('has the findings of all lists, new ones first', () => {
    const {history, plans} = readReport(json);
    expect(history!.findings.map((one) => [one.state, one.target, one.id, one.score])).toEqual([['new', 'a', '1', 2], ['fixed', 'a', '2', 2], ['recurring', 'b', '1', 2]]);
    expect(history!.plans[0].plan).toBe('Seq Scan');
    expect(plans).toEqual([]);
    expect(lifeText(history!.findings[1])).toBe('first seen 2026-01-02, last seen 2026-01-03, in 2 runs, gone 2026-01-04, owned by @team');
  });
  it('ignores values of another type', () => {
    const history = readHistory({schema: 'pgadvise-history-1', new: [life('shop', 'a', {message: 7, gone: {}, first_seen: null})], ranking: [{target: 'shop', first: {id: 1, message: []}}],
      unused_indexes: [{target: 'shop', bytes: 'x'}]});
    expect(history.findings[0].message).toBe('');
    expect(lifeText(history.findings[0])).toBe('first seen , last seen 2026-01-03, in 2 runs');
    expect(history.ranking[0].first).toBeUndefined();
    expect(history.unused[0].bytes).toBeUndefined();
  });
  it('of one database leaves out the others', () => {
    const history = readHistory(json);
    expect(targetsOf(history)).toEqual(['a', 'b', 'c']);
    expect(ofTarget(history, 'b').findings.map((one) => one.id)).toEqual(['1']);
    expect(ofTarget(history, 'b').plans).toEqual([]);
    expect(ofTarget(history, '')).toBe(history);
  });
  it('of any shape gives a model', () => {
    expect(readReport({schema: 'pgadvise-history-1', new: 'x', growth: [{bytes: null}], ranking: {}}).history).toMatchObject({findings: [], growth: [{bytes: 0, name: ''}], ranking: []});
  });
});

describe('a difference of two reports', () => {
  const one = (id: string, more = {}) => ({id, rule: 'slow-query', severity: 'error', verdict: 'confirmed', state: 'standing', subject: {kind: 'table', table: 'orders'}, message: 'm', impact: {score: 12.34}, ...more});
  const json = {
    schema: 'pgadvise-report-difference-1',
    before: {started: '2026-11-22T10:00:00Z', version: '0.1.0'},
    after: {started: '2026-11-23T10:00:00Z', version: '0.1.1', server_version: '15.18'},
    new: [one('1', {checked_before: false, reason: 'why'})],
    fixed: [one('2')],
    not_checked: [one('3', {reason: 'the later run did not read the file'})],
    recurring: [one('4'), one('5', {impact: {score: 12.34, effect: 'great'}, before: {verdict: 'suspected', severity: 'warning', state: 'accepted', impact: {score: 10}}})],
  };
  it('has the changed findings before the fixed ones, and names what changed', () => {
    const model = readReport(json);
    expect(model.kind).toBe('difference');
    expect(model.run).toEqual(json.after);
    expect(model.difference!.findings.map((found) => [found.id, found.list, found.reason])).toEqual([
      ['1', 'new', 'why'], ['5', 'changed', ''], ['2', 'fixed', ''], ['3', 'not_checked', 'the later run did not read the file'], ['4', 'unchanged', ''],
    ]);
    expect(model.difference!.findings[1].changes).toEqual([
      {what: 'verdict', before: 'from the input only', now: 'confirmed'}, {what: 'severity', before: 'warning', now: 'error'},
      {what: 'state', before: 'accepted', now: 'standing'}, {what: 'impact', before: '10', now: 'great'},
    ]);
    expect(runText(model.difference!.after)).toBe('2026-11-23 10:00:00 UTC, pgadvise 0.1.1, PostgreSQL 15.18');
  });
  it('of any shape gives a model', () => {
    for (const odd of [
      {}, {before: 7, after: [], new: 'x', fixed: {}, recurring: [null, 7, 'x']}, {new: [one('1', {subject: 7, location: 'x', impact: [], message: null, reason: {}, id: 4})]},
      {recurring: [one('1', {before: 'x'}), one('2', {before: {verdict: 7, impact: 'x'}}), one('3', {subject: {kind: 1, columns: 'x', schema: []}, location: {file: 'a', line: 'x'}})]},
    ]) {
      const difference = readDifference(odd);
      for (const found of difference.findings) {
        expect(subjectText(found)).toBeTypeOf('string');
        expect(found.changes).toEqual([]);
      }
      expect(runText(difference.before)).toBe('unknown time');
    }
    expect(readDifference({recurring: [one('1', {location: {file: 'a', line: {}}})]}).findings[0].location).toEqual({file: 'a', line: undefined});
  });
});

describe('filters', () => {
  const {findings} = readReport(check);
  const texts = findings.map(searchText);
  const fields: Choice<(typeof findings)[number]>[] = [
    {name: 'rule', label: 'Rule', of: (one) => one.rule},
    {name: 'table', label: 'Table', of: (one) => one.subject.table ?? ''},
  ];
  it('select by text of any part, in any case', () => {
    expect(filtered(findings, texts, {text: 'READS orders'}, fields).map((one) => one.id)).toEqual(['0123456789abcdef']);
    expect(filtered(findings, texts, {text: 'absent'}, fields)).toEqual([]);
    expect(filtered(findings, texts, {}, fields)).toEqual(findings);
  });
  it('select by rule and table', () => {
    expect(filtered(findings, texts, {rule: 'blocking-alter'}, fields).length).toBe(1);
    expect(filtered(findings, texts, {rule: 'blocking-alter', table: 'orders'}, fields).length).toBe(0);
  });
  it('survive the fragment', () => {
    const filter = {text: 'a & b=#?', rule: 'x'};
    expect(filterOf(parseRoute(link('findings', '', filterText(filter))).parameters, ['text', 'rule', 'table'])).toEqual(filter);
    expect(filterOf(new URLSearchParams('rule=x&other=y'), ['rule'])).toEqual({rule: 'x'});
  });
  it('count their choices', () => {
    expect(choices(findings, (one) => one.severity)).toEqual([['warning', 2]]);
  });
});

describe('fragments', () => {
  it('of 16 hex digits name a finding', () => {
    expect(parseRoute('#unindexed-foreign-key:1b17')).toMatchObject({page: 'findings', item: 'unindexed-foreign-key:1b17'});
    expect(parseRoute('#0123456789abcdef')).toMatchObject({page: 'findings', item: '0123456789abcdef'});
    expect(link('findings', '0123456789abcdef')).toBe('#0123456789abcdef');
  });
  it('keep names with slashes and percent signs', () => {
    for (const name of ['a/b', '50%', '"x"."y"?#']) expect(parseRoute(link('schema', name)).item).toBe(name);
    expect(parseRoute('#schema/%E0%A4%A').item).toBe('%E0%A4%A');
  });
});

it('histograms keep all calls, in at most 41 bars', () => {
  const all = bars([[0, 1], [100, 5], [639, 2]]);
  expect(all.length).toBeLessThanOrEqual(41);
  expect(all.reduce((sum, bar) => sum + bar.calls, 0)).toBe(8);
  expect(bars([[160, 3]])[0]).toMatchObject({from: 1.024, calls: 3});
  expect(bars(undefined)).toEqual([]);
});

it('numbers are short', () => {
  expect([milliseconds(0.123), milliseconds(4.56), milliseconds(999), milliseconds(12_000), milliseconds(null), milliseconds(0)]).toEqual(['0.12 ms', '4.6 ms', '999 ms', '12 s', '–', '0 ms']);
  expect([count(1234567), bytes(8192), bytes(1.5e9), percent(1, 3), percent(1, 0)]).toEqual(['1,234,567', '8.2 kB', '1.5 GB', '33 %', '–']);
});

it('SQL stays the same text, formatted or not', () => {
  const broken = "SELECT * FROM t WHERE a = 'x";
  expect(formatSql(broken)).toContain('FROM');
  expect(formatSql('select a from t where b = $1').split('\n').length).toBeGreaterThan(2);
  const text = `select '</script><img>' -- x\n, "a" from t`;
  expect(sqlTokens(text).map((token) => token.text).join('')).toBe(text);
});

it('an occurrence says whether it is measured', () => {
  const [repeat] = readReport(check).repeats;
  const drawn = occurrence(repeat);
  expect(drawn.measured).toBe(false);
  expect(drawn.bars.length).toBe(5);
  expect(Math.max(...drawn.bars.map((bar) => bar.start + bar.length))).toBeLessThanOrEqual(drawn.span + 1e-9);
  expect(occurrence({...repeat, call_times: [[0, 1, -1], [2, 1, 0], [2.5, 1, 0]]})).toMatchObject({measured: true, span: 3.5, busy: 2.5, leftOut: 2});
  expect(occurrence({...repeat, pattern: ['a1', 'c3'], call_times: [[0, 1, 0], [2, 1, 1]]}).leftOut).toBe(6);
  expect(occurrence({...repeat, call_times: 'x' as never}).measured).toBe(false);
});

it('calls at the same time are in lanes of their own', () => {
  const bars = [[0, 1], [3, 1], [0.5, 1], [0, 0.1], [0, 9], [0, 1], [20, 1]].map(([start, length]) => ({start, length, parent: false}));
  expect(lanes(bars, 0.2)).toEqual([0, 0, 1, 1, 2, 3, 0]);
  expect(lanes(bars.slice(0, 2), 5)).toEqual([0, 1]);
  expect(lanes([], 1)).toEqual([]);
});

it('a finding knows its loop', () => {
  const repeats = [{pattern: ['a1'], same_values: true}, {pattern: ['b2', 'a1'], parent: 'c3'}];
  const of = (rule: string, fingerprint?: string) => ({...finding('1', rule, ''), subject: {kind: 'query', fingerprint}});
  const model = readReport({...check, workload: {...check.workload, repeats}, findings: [of('n-plus-one-query', 'a1'), of('redundant-query', 'a1'), of('n-plus-one-query'), of('sequential-scan', 'a1')]});
  const [loop, same] = [model.repeats[1], model.repeats[0]];
  expect(model.findings.map((one) => repeatOf(model, one))).toEqual([loop, same, undefined, undefined]);
  expect(model.repeats.map(repeatId)).toEqual(['a1++same', 'b2+a1+c3']);
});

it('the neighbourhood of a table is bounded', () => {
  const tables = [
    {schema: 'public', name: 'center', columns: [], indexes: [], foreign_keys: []},
    ...Array.from({length: 40}, (_, i) => ({
      schema: 'public', name: `t${i}`, columns: [], indexes: [],
      foreign_keys: [{name: 'k', columns: ['center_id'], schema: 'public', table: 'center', indexed: i % 2 === 0}],
    })),
  ];
  const diagram = neighbourhood(tables, 'center');
  expect(diagram.tables.length).toBe(24);
  expect(diagram.leftOut).toBe(17);
  expect(diagram.keys.filter((key) => key.indexed === false).length).toBeGreaterThan(5);
});

it('rows without a value are last in both orders', () => {
  const rows = [{v: null}, {v: 2}, {v: 1}];
  expect(sorted(rows, (row) => row.v, true).map((row) => row.v)).toEqual([2, 1, null]);
  expect(sorted(rows, (row) => row.v, false).map((row) => row.v)).toEqual([1, 2, null]);
});
