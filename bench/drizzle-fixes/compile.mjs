// Compiles the Drizzle code of a report's fixes: node compile.mjs NAME SCHEMA.TS REPORT.JSON LEAST
// A fix may use the schema's exports, drizzle-orm, db, tx and what src/engine/lint/queries/drizzle_code.h names; a fix of an -in-code rule
// also the variables of its file.
import { readFileSync, writeFileSync } from 'node:fs';
import ts from 'typescript';

const [name, schemaFile, reportFile, least] = process.argv.slice(2);
const schema = readFileSync(schemaFile, 'utf8');
writeFileSync(`${name}-schema.ts`, schema);
const findings = JSON.parse(readFileSync(reportFile, 'utf8')).findings.filter((finding) => finding.fix?.drizzle);

const functions = ['and', 'asc', 'between', 'count', 'desc', 'eq', 'gt', 'gte', 'ilike', 'inArray', 'isNotNull', 'isNull',
  'like', 'lt', 'lte', 'ne', 'sql'];
const tables = [...schema.matchAll(/export const (\w+) = \w*\.?[tT]able\w*\(|export const (\w+) = pgTable\(/g)].map((m) => m[1] ?? m[2]);
const properties = new Set([...schema.matchAll(/^\s+(\w+): /gm)].map((match) => match[1]));
const columnTypes = [...new Set([...schema.matchAll(/: (\w+)\('/g)].map((match) => match[1]))];

// A line for a table's extras, a column, a comment, or statements.
function wrapped(finding, at) {
  const code = finding.fix.drizzle;
  const first = code.replace(/^(\/\/.*\n)+/, '');
  const table = tables.find((one) => new RegExp(`${one} = [\\w.]+\\(\\s*'${finding.subject.table}'`).test(schema));
  if (/^(index|uniqueIndex|unique)\(/.test(first))
    return `export const fix${at} = (table: Extras<typeof ${table}>) => [\n${code}\n];`;
  if (/^\S+: jsonb\(/.test(code)) return `export const fix${at} = { ${code} };`;
  return `export async function fix${at}() {\n${code}\n}`;
}

const head = [
  `import { ${functions.join(', ')} } from 'drizzle-orm';`,
  "import { drizzle } from 'drizzle-orm/pg-proxy';",
  `import { index, jsonb, unique, uniqueIndex, type ExtraConfigColumn } from 'drizzle-orm/pg-core';`,
  `import { ${tables.join(', ')} } from './${name}-schema';`,
  'const db = drizzle(async () => ({ rows: [] }));',
  "const tx = db as unknown as Parameters<Parameters<typeof db.transaction>[0]>[0];",
  "type Extras<T extends { _: { columns: object } }> = { [K in keyof T['_']['columns']]: ExtraConfigColumn };",
  'declare const keys: any[];',
  'declare const rows: any[];',
  'declare const limit: number;',
  ...tables.flatMap((table) => [
    `declare const ${table}Row: typeof ${table}.$inferInsert;`,
    `declare const ${table}Changes: Partial<typeof ${table}.$inferInsert>;`,
  ]),
];

const isList = (name) => findings.some((finding) => finding.fix.drizzle.includes(`${name}.map(`));

function errors(declared) {
  const text = [...head, ...declared.map((one) => `declare const ${one}: any${isList(one) ? '[]' : ''};`), ...findings.map(wrapped)].join('\n');
  writeFileSync(`${name}-fixes.ts`, text + '\n');
  const program = ts.createProgram([`${name}-fixes.ts`], {
    strict: true, noEmit: true, skipLibCheck: true, types: [],
    target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler,
  });
  return ts.getPreEmitDiagnostics(program);
}

// The code of a fix in code may use the variables of the place that it replaces.
const isVariable = (name, finding) =>
  finding?.rule.endsWith('-in-code') && readFileSync(finding.location.file, 'utf8').match(/[A-Za-z_$][\w$]*/g).includes(name);
// The finding whose wrapped fix an error is in.
const findingAt = (error) => findings[error.file?.text.slice(0, error.start).match(/\bfix(\d+)\b/g)?.at(-1)?.slice(3) ?? -1];

// Values have the names of properties.
const missing = new Set();
for (const error of errors([])) {
  const found = [2304, 2552].includes(error.code) && /'(\w+)'/.exec(ts.flattenDiagnosticMessageText(error.messageText, ' '));
  const property = found && found[1].replace(/\d+$/, '');
  if (found && (isVariable(found[1], findingAt(error)) || [property, property.replace(/(Value|List|From|To|ListValue)$/, '')].some((one) => properties.has(one))))
    missing.add(found[1]);
}
const left = errors([...missing]);
for (const error of left) {
  const at = error.file?.getLineAndCharacterOfPosition(error.start ?? 0);
  const line = at && error.file.text.split('\n')[at.line];
  console.error(`${error.file?.fileName}:${at?.line + 1}: ${ts.flattenDiagnosticMessageText(error.messageText, '\n')}\n  ${line}`);
}
const rules = [...new Set(findings.map((finding) => finding.rule))].sort();
console.log(`${name}: ${findings.length} fixes of ${rules.join(', ')}; ${left.length} errors`);
if (findings.length < Number(least)) console.error(`${name}: fewer than ${least} fixes have Drizzle code`);
process.exit(left.length > 0 || findings.length < Number(least) ? 1 : 0);
