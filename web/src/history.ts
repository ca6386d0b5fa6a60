// The JSON of `pgadvise history` (docs/history.schema.json) for the page. Every field may be missing.
import {entries, number} from './entries';

export const states = ['new', 'reopened', 'fixed', 'expiring', 'recurring'] as const;
export type State = (typeof states)[number];

// A finding's life in one target.
export interface Life {
  target: string;
  id: string;
  short_id?: string;
  rule: string;
  severity: string;
  verdict: string;
  message: string;
  file?: string;
  score: number;
  first_seen: string;
  last_seen: string;
  gone?: string;
  reopened?: string;
  runs: number;
  owner?: string;
  reason?: string;
  until?: string;
  state: State;
}
export interface SlowerQuery {
  target: string;
  fingerprint: string;
  query: string;
  calls: number;
  mean_ms: number;
  earlier_mean_ms: number;
  earlier_weeks: number;
}
export interface ChangedPlan {
  target: string;
  fingerprint: string;
  query: string;
  from: string;
  until: string;
  cause: string;
  detail: string;
  cost_before: number;
  cost: number;
  plan_before: string;
  plan: string;
  changes: number;
}
export interface Growth {
  target: string;
  kind: string;
  schema: string;
  name: string;
  from: string;
  until: string;
  bytes_before: number;
  bytes: number;
}
export interface UnusedIndex {
  target: string;
  schema: string;
  name: string;
  bytes?: number;
  from: string;
  until: string;
  servers: number;
}
export interface LockWait {
  target: string;
  schema: string;
  name: string;  // "": unknown
  mode: string;
  holder: string;  // application_name; "": unknown
  wait_seconds: number;
  seen: string;
}
export interface Rank {
  target: string;
  errors: number;
  warnings: number;
  notes: number;
  new: number;
  reopened: number;
  slower_queries: number;
  changed_plans: number;
  first?: {id: string; message: string};
}
export interface History {
  since: string;
  findings: Life[];  // in the order of `states`
  goneBefore: number;
  suppressed: number;
  accepted: number;
  slower: SlowerQuery[];
  plans: ChangedPlan[];
  lockWaits: LockWait[];
  growth: Growth[];
  unused: UnusedIndex[];
  unsureUnused: number;
  ranking: Rank[];
}

type Json = any;  // eslint-disable-line

export function readHistory(json: Json): History {
  const of = {target: '', fingerprint: '', query: ''};
  const object = {target: '', schema: '', name: '', from: '', until: ''};
  return {
    since: String(json.since ?? ''),
    findings: states.flatMap((state) =>
      entries<Life & {impact?: {score?: number}}>(json[state], {target: '', id: '', rule: '', severity: 'note', verdict: 'suspected', message: '', first_seen: '', last_seen: '', runs: 0}, ['short_id', 'file', 'gone', 'reopened', 'owner', 'reason', 'until'])
        .map((one) => ({...one, score: number(one.impact?.score), state})),
    ),
    goneBefore: number(json.gone_before),
    suppressed: number(json.suppressed),
    accepted: number(json.accepted),
    slower: entries<SlowerQuery>(json.slower, {...of, calls: 0, mean_ms: 0, earlier_mean_ms: 0, earlier_weeks: 0}),
    plans: entries<ChangedPlan>(json.plans, {...of, from: '', until: '', cause: '', detail: '', cost_before: 0, cost: 0, plan_before: '', plan: '', changes: 0}),
    lockWaits: entries<LockWait>(json.lock_waits, {target: '', schema: '', name: '', mode: '', holder: '', wait_seconds: 0, seen: ''}),
    growth: entries<Growth>(json.growth, {...object, kind: '', bytes_before: 0, bytes: 0}),
    unused: entries<UnusedIndex>(json.unused_indexes, {...object, servers: 0}).map((one) => ({...one, bytes: typeof one.bytes === 'number' ? one.bytes : undefined})),
    unsureUnused: number(json.unsure_unused_indexes),
    ranking: entries<Rank>(json.ranking, {target: '', errors: 0, warnings: 0, notes: 0, new: 0, reopened: 0, slower_queries: 0, changed_plans: 0})
      .map((one) => ({...one, first: typeof one.first?.id === 'string' && typeof one.first.message === 'string' ? one.first : undefined})),
  };
}

// Of "" all targets.
export function ofTarget(history: History, target: string): History {
  if (!target) return history;
  const one = <T extends {target: string}>(list: T[]) => list.filter((entry) => entry.target === target);
  return {...history, findings: one(history.findings), slower: one(history.slower), plans: one(history.plans), lockWaits: one(history.lockWaits),
    growth: one(history.growth), unused: one(history.unused), ranking: one(history.ranking)};
}

export function targetsOf(history: History): string[] {
  const {findings, slower, plans, lockWaits, growth, unused, ranking} = history;
  return [...new Set([...ranking, ...findings, ...slower, ...plans, ...lockWaits, ...growth, ...unused].map((one) => one.target))].sort();
}

export const day = (time: string | undefined) => (time ?? '').slice(0, 10);

// "first seen 2026-01-02, last seen 2026-01-31, in 4 runs".
export function lifeText(one: Life): string {
  return [
    `first seen ${day(one.first_seen)}, last seen ${day(one.last_seen)}, in ${one.runs} run${one.runs === 1 ? '' : 's'}`,
    one.gone && `gone ${day(one.gone)}`,
    one.reopened && `reopened ${day(one.reopened)}`,
    one.until && `ignored until ${one.until}${one.reason ? `: ${one.reason}` : ''}`,
    one.owner && `owned by ${one.owner}`,
  ].filter(Boolean).join(', ');
}
