// Whether the JSON document in DOCUMENT is valid against the JSON Schema in SCHEMA (draft-07): prints a line for each violation.
//   node schema.mjs PACKAGES SCHEMA DOCUMENT      (PACKAGES: the node_modules of web/package-lock.json)
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [packages, schema, document] = process.argv.slice(2);
const Ajv = createRequire(`${packages}/`)("ajv").default;
// `format` is an annotation in draft-07.
const validate = new Ajv({ allErrors: true, strict: false, validateFormats: false }).compile(JSON.parse(readFileSync(schema, "utf8")));
if (!validate(JSON.parse(readFileSync(document, "utf8"))))
  for (const error of validate.errors) console.log(`${error.instancePath || "the document"}: ${error.message} ${JSON.stringify(error.params)}`);
