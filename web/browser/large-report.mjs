// A synthetic report of `check`: node large-report.mjs OUTPUT [FINDINGS QUERIES PLANS]
import {writeFileSync} from 'node:fs';

export function largeReport(findings = 5000, queries = 2000, plans = 200) {
  const hex = (number) => number.toString(16).padStart(16, '0');
  const node = (depth) => ({
    'Node Type': depth ? 'Nested Loop' : 'Seq Scan', 'Parallel Aware': false, 'Relation Name': `t${depth}`, Alias: `t${depth}`,
    'Startup Cost': 0.5, 'Total Cost': 100 * depth + 10, 'Plan Rows': 100, 'Plan Width': 16,
    'Actual Startup Time': 0.1, 'Actual Total Time': depth + 1, 'Actual Rows': 90, 'Actual Loops': 1,
    Filter: `(t${depth}.a = '...'::text)`, ...(depth ? {Plans: [node(depth - 1)]} : {}),
  });
  return {
    schema: 'pgadvise-report-1',
    findings: Array.from({length: findings}, (_, i) => ({
      id: hex(i), short_id: `rule-${i % 80}:${hex(i).slice(-6)}`, rule: `rule-${i % 80}`,
      severity: ['error', 'warning', 'note'][i % 3], verdict: ['confirmed', 'suspected'][i % 2],
      subject: {kind: 'query', schema: 'public', table: `table_${i % 300}`, columns: ['a', 'b'], fingerprint: hex(i % queries)},
      location: {file: `migrations/${i}.sql`, line: i + 1}, message: `Finding ${i}: `.padEnd(180, 'a long message '),
      evidence: Array.from({length: 4}, (_, k) => ({kind: 'plan', text: `evidence ${k} `.padEnd(160, 'with numbers ')})),
      fix: {title: 'Create an index', sql: `CREATE INDEX CONCURRENTLY i${i} ON table_${i % 300} (a, b);`, down_sql: `DROP INDEX i${i};`, safety: 'safe', cost_before: 1000 + i, cost_after: 8},
      impact: {score: findings - i, effect: `takes ${findings - i} s per hour`},
    })),
    suppressed: [], skipped_rules: [], inputs: [], diagnostics: [],
    summary: {findings, severities: {}, verdicts: {}, rules: {}, rules_run: []},
    workload: {
      queries: Array.from({length: queries}, (_, i) => ({
        fingerprint: hex(i), query: `SELECT a, b FROM table_${i % 300} JOIN other USING (id) WHERE a = $1 AND c${i} > $2 ORDER BY b LIMIT $3`,
        calls: i + 1, total_ms: queries - i, mean_ms: 1, p50_ms: 1, p95_ms: 2, p99_ms: 3, max_ms: 4, applications: ['web'],
        histogram: Array.from({length: 20}, (_, k) => [100 + 4 * k, k + 1]),
        ...(i < plans ? {plan: {format: 'json', duration_ms: 12, text: JSON.stringify([{Plan: node(12)}])}} : {}),
      })),
      repeats: [], sources: [],
    },
    run: {version: '0', started: '2026-01-01T00:00:00Z', seconds: 1},
  };
}

if (process.argv[1]?.endsWith('large-report.mjs'))
  writeFileSync(process.argv[2], JSON.stringify(largeReport(...process.argv.slice(3).map(Number))));
