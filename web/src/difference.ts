// The JSON of `pgadvise report A.json B.json` (docs/report-difference.schema.json) for the page. Every field may be missing.
import {entries, number, text} from './entries';
import {type Location, type Subject} from './report';
import {sentence, verdictText} from './format';

// `changed` and `unchanged` together are the list `recurring` of the JSON.
export const lists = ['new', 'changed', 'fixed', 'not_checked', 'unchanged'] as const;
export type List = (typeof lists)[number];
export const listText: Record<List, string> = {
  new: 'new', changed: 'changed', fixed: 'fixed', not_checked: 'not checked again', unchanged: 'recurring, unchanged',
};

export interface Compared {
  id: string;
  short_id?: string;
  rule: string;
  severity: string;
  verdict: string;
  state: string;
  message: string;
  subject: Subject;
  location?: Location;
  score: number;
  effect: string;
  list: List;
  reason: string;  // why a run did not look for the finding; "": both runs did
  changes: {what: string; before: string; now: string}[];  // of a recurring finding
}
export interface Run {
  started: string;
  version: string;
  server_version: string;
}
export interface Difference {
  before: Run;
  after: Run;
  findings: Compared[];  // in the order of `lists`
}

type Json = any;  // eslint-disable-line

const runOf = (json: Json): Run => ({started: text(json?.started), version: text(json?.version), server_version: text(json?.server_version)});
const impactText = (json: Json) => text(json?.effect) || String(Number(number(json?.score).toPrecision(3)));

function changesOf(one: Json): Compared['changes'] {
  const before = typeof one.before === 'object' && one.before !== null ? one.before : {};
  const out = [];
  for (const what of ['verdict', 'severity', 'state'])
    if (typeof before[what] === 'string') {
      const shown = what === 'verdict' ? verdictText : (value: string) => value;
      out.push({what, before: shown(before[what]), now: shown(text(one[what]))});
    }
  if (typeof before.impact === 'object' && before.impact !== null) out.push({what: 'impact', before: impactText(before.impact), now: impactText(one.impact)});
  return out;
}

function placeOf(json: Json): Location | undefined {
  return typeof json?.file === 'string' ? {file: json.file, line: number(json.line) || undefined} : undefined;
}

function subjectOf(json: Json): Subject {
  const [one] = entries<Subject>([json], {kind: 'object'}, ['schema', 'table', 'constraint', 'index', 'fingerprint', 'file', 'entry']);
  return one ? {...one, columns: Array.isArray(one.columns) ? one.columns.map(String) : undefined} : {kind: 'object'};
}

function findingsOf(value: Json, listOf: (changes: Compared['changes']) => List): Compared[] {
  const defaults = {id: '', rule: '', severity: 'note', verdict: 'suspected', state: 'standing', message: '', reason: ''};
  return entries<Compared & {impact?: Json}>(value, defaults, ['short_id']).map((one) => {
    const changes = changesOf(one);
    return {...one, subject: subjectOf(one.subject), location: placeOf(one.location), score: number(one.impact?.score), effect: text(one.impact?.effect), changes, list: listOf(changes)};
  });
}

export function readDifference(json: Json): Difference {
  const recurring = findingsOf(json.recurring, (changes) => (changes.length ? 'changed' : 'unchanged'));
  const of = (list: List) => findingsOf(json[list], () => list);
  return {
    before: runOf(json.before),
    after: runOf(json.after),
    findings: [
      ...of('new'), ...recurring.filter((one) => one.list === 'changed'), ...of('fixed'), ...of('not_checked'), ...recurring.filter((one) => one.list === 'unchanged'),
    ],
  };
}

// "2026-11-22 10:00:00 UTC, pgadvise 0.1.0, PostgreSQL 15.18".
export function runText(run: Run): string {
  return [
    run.started ? run.started.replace('T', ' ').replace('Z', ' UTC') : 'unknown time',
    run.version && `pgadvise ${run.version}`,
    run.server_version && `PostgreSQL ${run.server_version}`,
  ].filter(Boolean).join(', ');
}

// What follows for a finding from the run that did not look for it.
export function reasonText(one: Compared): string {
  return `${sentence(one.reason)}: the finding may ${one.list === 'new' ? 'be older' : 'still be there'}.`;
}
