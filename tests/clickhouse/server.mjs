// ClickHouse for tests: answers HTTP requests as a ClickHouse server does, through ClickHouse as a library, on a loopback port.
//   node server.mjs PACKAGES FOLDER [CONFIG]
// PACKAGES: a folder with node_modules/@chdb/lib-linux-x64-gnu. FOLDER: of the data; it goes with the caller. CONFIG: a configuration file of ClickHouse.
// Prints "port N" when it listens, and ends when its standard input ends. The line "fail N" on standard input: after N further requests
// it answers 503 to all; "fail -1" ends that. The line "hang N": it runs the request after N further ones, answers neither this one nor
// those behind it, and prints "hangs"; "hang -1" ends that. To both lines it prints the number of requests so far. The user is joe, with the password "geheim"; of requests of
// the user "reader" it runs SELECTs only. One statement at a time.
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { createInterface } from "node:readline";

const [packages, folder, config] = process.argv.slice(2);
const library = createRequire(resolve(packages, "package.json"))("@chdb/lib-linux-x64-gnu");
const connection = library.CreateConnection(folder, config ? [`--config-file=${config}`] : []);
const query = (sql, format = "TabSeparated") => library.QueryWithConnection(connection, sql, format);
const reserved = new Set(["database", "default_format", "wait_end_of_query", "query"]);
const statuses = { 81: 404, 60: 404, 516: 403, 497: 403, 164: 500 };

function refuse(answer, code, text) {
  answer.writeHead(statuses[code] ?? 500, { "X-ClickHouse-Exception-Code": String(code) });
  answer.end(`Code: ${code}. DB::Exception: ${text}\n`);
}

function run(sql, parameters) {
  const settings = [...parameters].filter(([name]) => !reserved.has(name));
  const database = parameters.get("database") ?? "default";
  query(`USE \`${database.replace(/[\\`]/g, "\\$&")}\``);
  for (const [name, value] of settings) query(`SET ${name} = '${value}'`);
  try {
    return query(sql, parameters.get("default_format") ?? "TabSeparated");
  } finally {
    for (const [name] of settings) query(`SET ${name} = DEFAULT`);
  }
}

let left = -1; // requests until all fail; -1: none fails
let answered = -1; // requests until none is answered; -1: all are
let count = 0;

const server = createServer((request, answer) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const sql = Buffer.concat(chunks).toString();
    const user = request.headers["x-clickhouse-user"] ?? "default";
    if (left === 0) {
      answer.writeHead(503);
      return answer.end("the test wants this");
    }
    if (left > 0) --left;
    ++count;
    const known = user === "joe" || user === "reader";
    if (!known || request.headers["x-clickhouse-key"] !== "geheim")
      return refuse(answer, 516, `${user}: Authentication failed: password is incorrect, or there is no user with such name.`);
    if (user === "reader" && !/^\s*(SELECT|WITH)\b/.test(sql))
      return refuse(answer, 497, `${user}: Not enough privileges.`);
    try {
      const text = run(sql, new URL(request.url, "http://localhost").searchParams);
      if (answered === 0) return console.log("hangs");
      if (answered > 0) --answered;
      answer.writeHead(200, { "Content-Type": "text/tab-separated-values; charset=UTF-8" });
      answer.end(text);
    } catch (error) {
      const found = /Code: (\d+)\. DB::Exception: ([^]*)/.exec(String(error.message));
      if (found) refuse(answer, Number(found[1]), found[2]);
      else refuse(answer, 1000, String(error.message));
    }
  });
});

server.listen(0, "127.0.0.1", () => console.log(`port ${server.address().port}`));
createInterface({ input: process.stdin })
  .on("line", (line) => {
    const [what, number] = line.split(" ");
    if (what === "fail") left = Number(number);
    else answered = Number(number);
    console.log(count);
  })
  .on("close", () => process.exit(0));
