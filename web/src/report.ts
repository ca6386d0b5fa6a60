// The JSON of check, digest, advise, explain, history and report (docs/*.schema.json) as one model for all pages.
// Every field may be missing: a report may come from another version.

import {readDifference, type Difference} from './difference';
import {readHistory, type History} from './history';

export interface Location {
  file: string;
  line?: number;
  column?: number;
}
export interface Evidence {
  kind: string;
  text: string;
  location?: Location;
  literal?: string;
}
export interface Fix {
  title: string;
  sql?: string;
  down_sql?: string;
  drizzle?: string;
  safety: string;
  cost_before?: number;
  cost_after?: number;
  proposed_by?: string;
}
export interface Subject {
  kind: string;
  schema?: string;
  table?: string;
  columns?: string[];
  constraint?: string;
  index?: string;
  fingerprint?: string;
  file?: string;
  entry?: string;
}
export interface Finding {
  id: string;
  short_id?: string;
  rule: string;
  severity: string;
  verdict: string;
  verdict_reason?: string;
  subject: Subject;
  location?: Location;
  other_locations?: Location[];
  message: string;
  evidence: Evidence[];
  fix?: Fix;
  impact?: {score: number; effect?: string};
  source?: {first_line: number; lines: string[]};
  suppression?: {reason: string; location: Location};
}
export interface Rule {
  id: string;
  category?: string;
  summary?: string;
  why?: string;
  when_to_ignore?: string;
}
export interface LoggedPlan {
  format?: string;
  duration_ms?: number;
  file?: string;
  line?: number;
  text: string;
}
export interface Query {
  fingerprint: string;
  query: string;
  calls: number;
  total_ms: number;
  mean_ms?: number | null;
  min_ms?: number | null;
  max_ms?: number | null;
  p50_ms?: number | null;
  p95_ms?: number | null;
  p99_ms?: number | null;
  users?: string[];
  databases?: string[];
  applications?: string[];
  histogram?: [number, number][];
  samples?: {file: string; line?: number; duration_ms?: number | null}[];
  plan?: LoggedPlan;
}
export interface PlanInsight {
  kind: string;
  text: string;
  node?: number;
}
export interface PlanEntry {
  id: string;
  fingerprint: string;
  kind: string;
  text: string;
  query: string;
  duration_ms?: number;
  cost?: number;
  location?: Location;
  origin: string;
  before: string;  // of a plan with an index that the server does not have: the id of that without; "" otherwise
  findings: string[];  // ids: whose index the plans before and after are about
  insights: PlanInsight[];
}
export interface TableIndex {
  name: string;
  columns: string[];
  unique?: boolean;
  method?: string;
  predicate?: string;
  bytes?: number;
  scans?: number;
}
export interface ForeignKey {
  name: string;
  columns: string[];
  schema: string;
  table: string;
  referenced_columns?: string[];
  indexed?: boolean;
}
export interface Table {
  schema: string;
  name: string;
  kind?: string;
  rows?: number;
  bytes?: number;
  sequential_scans?: number;
  index_scans?: number;
  writes?: number;
  columns: {name: string; type: string; not_null?: boolean}[];
  primary_key?: string[];
  indexes: TableIndex[];
  foreign_keys: ForeignKey[];
}
export interface Repeat {
  pattern: string[];
  parent?: string;
  scope: string;
  scopes: number;
  calls: number;
  most_in_one_scope: number;
  total_ms: number;
  longest_span_ms: number;
  same_values?: boolean;
  pauses?: {low_ms: number; median_ms: number; high_ms: number; within_ms?: number};
  samples?: {file: string; line?: number; duration_ms?: number | null; fingerprint?: string}[];
  parent_sample?: {file: string; line?: number; duration_ms?: number | null};
  call_times?: [number, number, number][];  // offset in ms, duration in ms, index in `pattern`; -1: the parent
}
export interface AdvisedIndex {
  sql: string;
  down_sql: string;
  schema: string;
  table: string;
  size_bytes?: number;
  built_bytes?: number;
  cost_saved?: number;
  upkeep?: number;
  queries: string[];
  reason?: string;
  verdict?: string;  // of an index that the user proposed
  share_saved?: number;
  finding?: Finding;
}
export interface AdvisedQuery {
  fingerprint: string;
  query: string;
  weight: number;
  cost_before: number;
  cost_after: number;
  mean_ms?: number;
}
// An index of a set, in the order in which they pay.
export interface PayoffStep {
  index: string;
  size_bytes: number;
  share_saved: number;  // of the workload's planner cost, compared with only the indexes before it
}
export type Kind = 'history' | 'difference' | 'check' | 'digest' | 'comparison' | 'advise' | 'evaluation' | 'explain' | 'unknown';

export interface Change {
  fingerprint: string;
  query: string;
  list: string;
  old?: Query | null;
  new?: Query | null;
  mean_ratio?: number | null;
}
export interface Timeline {
  bucket_seconds: number;
  buckets: {start: string; count: number; time_ms: number}[];
}
export interface Model {
  kind: Kind;
  findings: Finding[];
  suppressed: Finding[];
  rules: Map<string, Rule>;
  rulesRun: string[];
  skipped: {rule: string; reason: string}[];
  inputs: {kind: string; path: string; detail?: string}[];
  diagnostics: string[];
  first: {id: string; more_of_rule: number; text: string}[];
  nothingChecked: string;
  run: {version?: string; started?: string; seconds?: number; server_version?: string; what_if?: string};
  queries: Query[];
  queryOf: Map<string, Query>;
  totalMs: number;
  timed: boolean;
  plans: PlanEntry[];
  tables: Table[];
  repeats: Repeat[];
  indexes: AdvisedIndex[];
  notCosted: AdvisedIndex[];
  drops: AdvisedIndex[];
  advisedQueries: AdvisedQuery[];
  costBefore?: number;
  costAfter?: number;
  payoff: PayoffStep[];  // of all proposed indexes; empty where they were not costed as a set
  shareSaved: number;  // by all of `payoff`
  locks: LockForecast[];
  timeline: Timeline | null;
  changes: Change[];
  truncated: {what: string; shown: number; of: number}[];
  history?: History;  // of `pgadvise history`, which has none of the above
  difference?: Difference;  // of two reports; has none of the above, either
}
export interface Range {
  low: number;  // seconds
  high: number;
}
export interface ForecastStatement {
  text: string;
  location?: Location;
  transaction: number;
  work?: string;
  seconds?: Range;
}
export interface ForecastLock {
  table: string;
  mode: string;
  from: number;  // the statement that takes the lock, by index
  until: number;  // the last statement of its transaction
  rows?: number;
  held?: Range;
  queued_per_second?: number;
  waits_for_ms?: number;
  waits_for?: Location;
  why_busy?: string;
  harmful: boolean;
}
// The locks of one migration.
export interface LockForecast {
  migration: string;
  file: string;
  transactions: string;  // how the migration tool runs migrations
  statements: ForecastStatement[];
  locks: ForecastLock[];
}

type Json = any;  // eslint-disable-line

function list<T>(value: Json): T[] {
  return Array.isArray(value) ? value.filter((item) => item !== null && item !== undefined) : [];
}
function objects<T>(value: Json): T[] {
  return list<Json>(value).filter((item) => typeof item === 'object') as T[];
}

export function kindOf(json: Json): Kind {
  if (typeof json !== 'object' || json === null) return 'unknown';
  if (json.schema === 'pgadvise-report-1') return 'check';
  if (json.schema === 'pgadvise-history-1') return 'history';
  if (json.schema === 'pgadvise-report-difference-1') return 'difference';
  if (Array.isArray(json.candidates) && 'cost_before' in json) return 'evaluation';
  if (Array.isArray(json.indexes) && 'cost_before' in json) return 'advise';
  if (Array.isArray(json.nodes) && Array.isArray(json.insights)) return 'explain';
  if (json.old && json.new && Array.isArray(json.slower)) return 'comparison';
  if (Array.isArray(json.queries) && Array.isArray(json.sources)) return 'digest';
  return 'unknown';
}

function query(json: Json): Query {
  return {
    ...json,
    fingerprint: String(json.fingerprint ?? ''),
    query: String(json.query ?? ''),
    calls: Number(json.calls ?? 0),
    total_ms: Number(json.total_ms ?? 0),
    users: list(json.users),
    databases: list(json.databases),
    applications: list(json.applications),
    histogram: list(json.histogram),
    samples: objects(json.samples),
  };
}

function finding(json: Json): Finding {
  return {
    ...json,
    id: String(json.id ?? ''),
    rule: String(json.rule ?? ''),
    severity: String(json.severity ?? 'note'),
    verdict: String(json.verdict ?? 'suspected'),
    subject: json.subject ?? {kind: 'object'},
    message: String(json.message ?? ''),
    evidence: objects(json.evidence),
  };
}

function table(json: Json): Table {
  return {
    ...json,
    schema: String(json.schema ?? ''),
    name: String(json.name ?? ''),
    columns: objects(json.columns),
    indexes: objects<Json>(json.indexes).map((index) => ({...index, columns: list(index.columns)})),
    foreign_keys: objects<Json>(json.foreign_keys).map((key) => ({...key, columns: list(key.columns)})),
  };
}

// `texts`: of advise, whose queries are no workload.
function plans(json: Json, queries: Query[], texts: AdvisedQuery[]): PlanEntry[] {
  const out: PlanEntry[] = [];
  const text = new Map([...texts, ...queries].map((one) => [one.fingerprint, one.query]));
  for (const one of objects<Json>(json.plans)) {
    out.push({
      id: String(one.id ?? out.length + 1),
      fingerprint: String(one.fingerprint ?? ''),
      kind: String(one.kind ?? 'plan'),
      text: typeof one.json === 'object' ? JSON.stringify(one.json, null, 1) : String(one.text ?? ''),
      query: String(one.query ?? text.get(one.fingerprint) ?? ''),
      duration_ms: one.duration_ms,
      cost: one.total_cost,
      location: one.location,
      origin: String(one.origin ?? ''),
      before: String(one.before ?? ''),
      findings: list(one.findings),
      insights: objects(one.insights),
    });
  }
  const known = new Set(out.filter((one) => one.kind === 'logged').map((one) => one.fingerprint));
  for (const one of queries)
    if (one.plan?.text && !known.has(one.fingerprint))
      out.push({
        id: one.fingerprint,
        fingerprint: one.fingerprint,
        kind: 'logged',
        text: one.plan.text,
        query: one.query,
        duration_ms: one.plan.duration_ms,
        location: one.plan.file ? {file: one.plan.file, line: one.plan.line} : undefined,
        origin: 'auto_explain',
        before: '',
        findings: [],
        insights: [],
      });
  return out;
}

function advisedIndex(json: Json): AdvisedIndex {
  return {...json, sql: String(json.sql ?? ''), queries: list(json.queries)};
}

// In the order of `steps`, with their sizes and savings; indexes that are none of the steps are last.
export function byPayoff(indexes: AdvisedIndex[], steps: PayoffStep[]): AdvisedIndex[] {
  const plain = (name: string) => name.replace(/"/g, '').replace(/^public\./, '');
  const at = new Map(steps.map((step, i) => [plain(step.index), i]));
  return indexes
    .map((one) => ({one, rank: at.get(plain(indexName(one.sql))) ?? steps.length}))
    .sort((a, b) => a.rank - b.rank)
    .map(({one, rank}) => ({size_bytes: steps[rank]?.size_bytes, share_saved: steps[rank]?.share_saved, ...one}));
}

// Indexes that fixes of findings create.
function indexesOf(findings: Finding[]): AdvisedIndex[] {
  return findings
    .filter((one) => one.verdict !== 'refuted' && /^\s*CREATE (UNIQUE )?INDEX/i.test(one.fix?.sql ?? ''))
    .map((one) => ({
      sql: one.fix!.sql!,
      down_sql: one.fix!.down_sql ?? '',
      schema: one.subject.schema ?? '',
      table: one.subject.table ?? '',
      queries: one.subject.fingerprint ? [one.subject.fingerprint] : [],
      finding: one,
    }));
}

// "orders (note)" of CREATE INDEX … ON public.orders (note).
export function indexName(sql: string): string {
  const on = /^\s*CREATE\s.*?\sON\s+(?:ONLY\s+)?(.*?);?\s*$/im.exec(sql);
  return (on ? on[1] : sql).replace(/^public\./, '');
}

function payoff(kind: Kind, from: Json): {payoff: PayoffStep[]; shareSaved: number} {
  if (kind === 'advise' && from.cost_before > 0) {
    const share = (saved: Json) => Number(saved ?? 0) / from.cost_before;
    const steps = objects<Json>(from.indexes).map((one) => ({
      index: indexName(String(one.sql ?? '')),
      size_bytes: Number(one.size_bytes ?? 0),
      share_saved: share(one.cost_saved),
    }));
    return {payoff: steps, shareSaved: share(from.cost_before - Number(from.cost_after ?? from.cost_before))};
  }
  const set = kind === 'check' ? from.summary?.index_set : undefined;
  const steps = objects<Json>(set?.steps).map((one) => ({
    index: String(one.index ?? ''),
    size_bytes: Number(one.size_bytes ?? 0),
    share_saved: Number(one.share_saved ?? 0),
  }));
  return {payoff: steps, shareSaved: Number(set?.share_saved ?? 0)};
}

function changes(json: Json): Change[] {
  return ['slower', 'added', 'more_frequent', 'faster', 'gone'].flatMap((name) =>
    objects<Json>(json[name]).map((one) => ({...one, list: name.replace('_', ' ')})),
  );
}

// The text of a report in which bidirectional marks of names and SQL are escapes that a reader sees: a mark would
// turn round the page's own words behind it.
export const withVisibleMarks = (json: string) =>
  json.replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, (mark) => `\\\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`);

export function readReport(json: Json): Model {
  const kind = kindOf(json);
  const from = kind === 'unknown' ? {} : json;
  const workload = kind === 'check' ? (from.workload ?? {}) : kind === 'digest' ? from : {};
  const queries = objects<Json>(workload.queries).map(query);
  const findings = objects<Json>(from.findings).map(finding);
  const advisedQueries: AdvisedQuery[] =
    kind === 'advise' ? objects(from.queries) : kind === 'evaluation' ? [...objects<AdvisedQuery>(from.worse), ...objects<AdvisedQuery>(from.better)] : [];
  const steps = payoff(kind, from);
  const model: Model = {
    kind,
    findings,
    suppressed: objects<Json>(from.suppressed).map(finding),
    rules: new Map(objects<Rule>(from.rules).map((rule) => [rule.id, rule])),
    rulesRun: list(from.summary?.rules_run),
    skipped: objects(from.skipped_rules),
    inputs: objects(from.inputs),
    diagnostics: list<Json>(from.diagnostics).map(String),
    first: objects(from.summary?.first),
    nothingChecked: String(from.summary?.nothing_checked ?? ''),
    run: Object.fromEntries(Object.entries((kind === 'difference' ? from.after : from.run) ?? {}).filter(([key, value]) => typeof value === (key === 'seconds' ? 'number' : 'string'))),
    queries,
    queryOf: new Map(queries.map((one) => [one.fingerprint, one])),
    totalMs: queries.reduce((sum, one) => sum + one.total_ms, 0),
    timed: queries.some((one) => one.total_ms > 0),
    plans: kind === 'history' ? [] : plans(from, queries, advisedQueries),
    tables: objects<Json>(from.tables).map(table),
    repeats: objects<Json>(workload.repeats).map((one) => ({...one, pattern: list(one.pattern)})),
    indexes:
      kind === 'advise' ? objects<Json>(from.indexes).map(advisedIndex)
      : kind === 'evaluation' ? objects<Json>(from.candidates).map(advisedIndex)
      : byPayoff([...indexesOf(findings), ...objects<Json>(from.further_indexes).map(advisedIndex)], steps.payoff),
    notCosted: objects<Json>(from.not_costed).map(advisedIndex),
    drops: objects<Json>(from.drops).map(advisedIndex),
    advisedQueries,
    costBefore: kind === 'advise' || kind === 'evaluation' ? from.cost_before : undefined,
    costAfter: kind === 'advise' || kind === 'evaluation' ? from.cost_after : undefined,
    ...steps,
    locks: lockForecasts(from.lock_forecasts),
    timeline: Array.isArray(workload.timeline?.buckets) && workload.timeline.buckets.length > 1 ? workload.timeline : null,
    changes: kind === 'comparison' ? changes(from) : [],
    truncated: objects(from.truncated),
    history: kind === 'history' ? readHistory(from) : undefined,
    difference: kind === 'difference' ? readDifference(from) : undefined,
  };
  if (kind === 'digest')
    model.inputs = objects<Json>(from.sources).map((one) => ({
      kind: `${one.format || 'unknown'} log`,
      path: one.path,
      detail: `${one.lines} lines`,
    }));
  if (kind === 'explain') {
    const own = explained(from);
    // That without the index is the plan itself: only planned, where the server ran the statement.
    model.plans = [own, ...model.plans.filter((one) => one.before).map((one) => ({...one, fingerprint: '', query: own.query, before: own.id}))];
  }
  return model;
}

function explained(json: Json): PlanEntry {
  return {
    id: 'plan',
    fingerprint: '',
    kind: json.analyzed ? 'analyzed' : 'explained',
    text: json.explain ? JSON.stringify(json.explain, null, 1) : '',
    query: String(json.query ?? ''),
    duration_ms: json.execution_ms,
    cost: json.total_cost,
    origin: '',
    before: '',
    findings: [],
    insights: objects(json.insights),
  };
}

// The plan of a query with an index that the server does not have.
export function planWithIndex(model: Model, fingerprint: string): PlanEntry | undefined {
  return model.plans.find((one) => one.before && one.fingerprint === fingerprint);
}

// All plans of the statement of `one`, itself among them, in the order of the report.
export function plansOfStatement(model: Model, one: PlanEntry): PlanEntry[] {
  const first = one.before || one.id;
  return model.plans.filter((other) => (one.fingerprint && other.fingerprint === one.fingerprint) || other.id === first || other.before === first);
}

// Those of its statement; of the plans with an index only that with its own.
export function plansOfFinding(model: Model, one: Finding): PlanEntry[] {
  const fingerprint = queryOfFinding(one);
  return model.plans.filter((plan) =>
    plan.findings.includes(one.id) || (fingerprint && plan.fingerprint === fingerprint && !plan.before));
}

export function planName(one: PlanEntry): string {
  return one.before ? `${one.kind}: ${one.origin.replace(/^HypoPG, /, '')}` : one.kind;
}

function range(json: Json): Range | undefined {
  const [low, high] = Array.isArray(json) ? json : [json?.low ?? json?.from, json?.high ?? json?.to];
  return Number.isFinite(low) && Number.isFinite(high) ? {low, high} : undefined;
}

function lockForecasts(json: Json): LockForecast[] {
  return objects<Json>(json).map((one) => ({
    migration: String(one.migration ?? ''),
    file: String(one.file ?? ''),
    transactions: String(one.transactions ?? ''),
    statements: objects<Json>(one.statements).map((statement) => ({
      ...statement,
      text: String(statement.text ?? ''),
      transaction: Number(statement.transaction ?? 0),
      seconds: range(statement.seconds),
    })),
    locks: objects<Json>(one.locks).map((lock) => ({
      ...lock,
      table: String(lock.table ?? ''),
      mode: String(lock.mode ?? ''),
      from: Number(lock.from ?? 0),
      until: Number(lock.until ?? lock.from ?? 0),
      held: range(lock.held_seconds),
      harmful: lock.harmful === true,
    })),
  }));
}

export function tableName(schema: string | undefined, name: string | undefined): string {
  if (!name) return '';
  return !schema || schema === 'public' ? name : `${schema}.${name}`;
}

export function subjectText(one: {subject: Subject}): string {
  const {subject} = one;
  const table = tableName(subject.schema, subject.table);
  if (table) return subject.columns?.length ? `${table} (${subject.columns.join(', ')})` : table;
  return subject.index ?? subject.file ?? subject.entry ?? subject.fingerprint ?? subject.schema ?? subject.kind;
}

export function place(location: Location | undefined): string {
  if (!location) return '';
  return location.line ? `${location.file}:${location.line}` : location.file;
}

// The loop that the finding is about: that with the most calls, if its query repeats.
export function repeatOf(model: Model, one: Finding): Repeat | undefined {
  const fingerprint = queryOfFinding(one);
  const same = one.rule.startsWith('redundant-query');
  if (!fingerprint || !(same || one.rule.startsWith('n-plus-one'))) return undefined;
  return model.repeats.find((repeat) => (repeat.same_values ?? false) === same && repeat.pattern.includes(fingerprint));
}

// Differs for all repeats of a report.
export function repeatId(one: Repeat): string {
  return [...one.pattern, one.parent ?? '', ...(one.same_values ? ['same'] : [])].join('+');
}

// Fingerprint of the query that the finding is about, or "".
export function queryOfFinding(one: Finding): string {
  return one.subject.fingerprint ?? '';
}
