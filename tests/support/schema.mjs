// Whether the JSON documents in the array in DOCUMENTS are valid against the JSON Schema in SCHEMA (draft-07): prints an array with a
// string for each document, a line for each violation.
//   node schema.mjs PACKAGES SCHEMA DOCUMENTS      (PACKAGES: the node_modules of web/package-lock.json)
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [packages, schema, documents] = process.argv.slice(2);
const Ajv = createRequire(`${packages}/`)("ajv").default;
// `format` is an annotation in draft-07.
const validate = new Ajv({ allErrors: true, strict: false, validateFormats: false }).compile(JSON.parse(readFileSync(schema, "utf8")));
const line = (error) => `${error.instancePath || "the document"}: ${error.message} ${JSON.stringify(error.params)}\n`;
const violations = (document) => (validate(document) ? "" : validate.errors.map(line).join(""));
console.log(JSON.stringify(JSON.parse(readFileSync(documents, "utf8")).map(violations)));
