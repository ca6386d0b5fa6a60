// Parsing, modules, and values of constants (src/read/typescript). Skipped in a build without the grammar.
#include <gtest/gtest.h>

#include "support/temp_tree.h"
#include "typescript/parse.h"
#include "typescript/program.h"

namespace pgadvise::typescript {
namespace {

using testing_support::TempTree;

// Values as text: 'a', 1, [1, 2], {a: 1}, pkg#name(…).member, ?.
std::string shown(const Value& value) {
  using Values = Value::Kind;
  std::string list;
  for (const auto& item : value.items) list += (list.empty() ? "" : ", ") + shown(*item);
  switch (value.kind) {
    case Values::unknown: return "?";
    case Values::string: return "'" + value.text + "'";
    case Values::array: return "[" + list + (value.partial ? ", …]" : "]");
    case Values::object: {
      std::string out;
      for (const auto& property : value.properties)
        out += (out.empty() ? "" : ", ") + property.key + ": " + shown(*property.value);
      return "{" + out + (value.partial ? ", …}" : "}");
    }
    case Values::function: return "function";
    case Values::module_space: return "module " + value.text;
    case Values::external: return value.text + "#" + value.name;
    case Values::member: return shown(*value.base) + "." + value.name;
    case Values::call: return shown(*value.base) + "(" + list + ")";
    case Values::tagged: {
      std::string out = shown(*value.base) + "`" + value.strings[0];
      for (std::size_t i = 0; i < value.items.size(); ++i)
        out += "${" + shown(*value.items[i]) + "}" + value.strings[i + 1];
      return out + "`";
    }
    default: return value.as_text().value_or("");
  }
}

class TypeScript : public testing::Test {
 protected:
  void SetUp() override {
    if (!available()) GTEST_SKIP() << "this build lacks the TypeScript grammar";
  }

  // The exports of a.ts, one a line.
  static std::string exports(const TempTree& files, const std::string& file = "a.ts") {
    Diagnostics diagnostics;
    files::Tree tree(files.path(), diagnostics);
    Program program(tree);
    std::string out;
    for (const auto& name : program.exported_names(file))
      out += name + " = " + shown(*program.exported(file, name)) + "\n";
    return out;
  }
  static std::string of(const std::string& text) { return exports(TempTree({{"a.ts", text}})); }
  static std::string resolved(const TempTree& files, const std::string& from, const std::string& specifier) {
    Diagnostics diagnostics;
    files::Tree tree(files.path(), diagnostics);
    return Resolver(tree).resolve(from, specifier);
  }
};

TEST_F(TypeScript, EvaluatesConstants) {
  EXPECT_EQ(
      of("export const a = 'x\\'y\\u{41}', b = `t`, c = 1_000, d = -2, e = true, f = null, g = undefined;"),
      "a = 'x'yA'\nb = 't'\nc = 1000\nd = -2\ne = true\nf = null\ng = undefined\n");
  EXPECT_EQ(of("const n = 'users';\nexport const a = { [n]: [1, 'b'] as const, 'c-d': <X>n, ...{ e: 1 } } "
               "satisfies T;"),
            "a = {users: [1, 'b'], c-d: 'users', e: 1}\n");
  EXPECT_EQ(of("const base = { id: 1, at: 2 };\nexport const a = Object.freeze({ ...base, id: 3 }).id!;\n"
               "export const b = [...[1, 2], 3];\nexport const c = `${base.at}_x` + 'y';"),
            "a = 3\nb = [1, 2, 3]\nc = '2_xy'\n");
  EXPECT_EQ(of("export enum Role { admin = 'A', user = 'U' }\nexport enum N { a, b = 5, c }\n"
               "export const all = Object.values(Role);"),
            "Role = {admin: 'A', user: 'U'}\nN = {a: 0, b: 5, c: 6}\nall = ['A', 'U']\n");
  EXPECT_EQ(of("export const { a, b: { c = 2 } , ...rest } = { a: 1, b: {}, d: 4 };"),
            "a = 1\nc = 2\nrest = {d: 4}\n");
}

TEST_F(TypeScript, KeepsCallsOfOtherPackages) {
  EXPECT_EQ(
      of("import { pgTable, text as t } from 'drizzle-orm/pg-core';\nimport * as o from 'drizzle-orm';\n"
         "export const users = pgTable('users', { name: t().notNull() }, (x) => [x.name]);\n"
         "export const s = o.sql`lower(${users.name})\\n`;"),
      "users = drizzle-orm/pg-core#pgTable('users', {name: drizzle-orm/pg-core#text().notNull()}, function)\n"
      "s = drizzle-orm#sql`lower(${drizzle-orm/pg-core#pgTable('users', {name: "
      "drizzle-orm/pg-core#text().notNull()}, function).name})\n`\n");
}

TEST_F(TypeScript, KeepsTagsWithTypes) {
  EXPECT_EQ(of("import { sql } from 'p';\nexport const a = sql<Row>`x ${1}`.as('c');\n"
               "export const b = sql<string>`y`;\nexport const f = (i: number) => sql<Row>`z ${i}`;\n"
               "export const g = 1 < 2;"),
            "a = p#sql`x ${1}`.as('c')\nb = p#sql`y`\nf = function\ng = true\n");
}

TEST_F(TypeScript, FollowsManyExportsOfABarrel) {
  const TempTree files({{"deep.ts", "export * from './a';"}});
  std::string barrel = "export const m7_3 = 'own';\n";
  for (int i = 0; i < 300; ++i) {
    const std::string name = "m" + std::to_string(i);
    barrel += "export * from './" + name + "';\n";
    std::string text = "export * from './deep';\n";
    for (int k = 0; k < 10; ++k)
      text += "export const " + name + "_" + std::to_string(k) + " = " + std::to_string(k) + ";\n";
    files.add(name + ".ts", text);
  }
  files.add("a.ts", barrel);
  Diagnostics diagnostics;
  files::Tree tree(files.path(), diagnostics);
  Program program(tree);
  EXPECT_EQ(program.exported_names("deep.ts").size(), 3000u);
  EXPECT_EQ(shown(*program.exported("deep.ts", "m299_9")), "9");
  EXPECT_EQ(shown(*program.exported("deep.ts", "m7_3")), "'own'");
  EXPECT_EQ(shown(*program.exported("deep.ts", "m300_0")), "?");
  EXPECT_EQ(shown(*program.exported("m4.ts", "m5_1")), "1");
}

TEST_F(TypeScript, FollowsFunctionsOfTheProject) {
  EXPECT_EQ(of("const two = (a, b = 2) => ({ a, b });\nfunction three({ x }, ...rest) { const y = x; if (y) "
               "{ return [y, rest]; } return 0; }\n"
               "export const a = two(1), b = three({ x: 1 }, 5, 6), c = ['p', 'q'].map((s, i) => s + "
               "i).join('-');"),
            "a = {a: 1, b: 2}\nb = [1, [5, 6]]\nc = 'p0-q1'\n");
  EXPECT_EQ(of("const later = () => self;\nexport const self = { later };\nexport const g = later();"),
            "self = {later: function}\ng = {later: function}\n");
}

TEST_F(TypeScript, KeepsWhatBranchesHaveInCommon) {
  EXPECT_EQ(
      of("import { define } from 'p';\nconst common = { a: 1, b: define('x') };\n"
         "export const c = process.env.C ? define({ ...common, d: 1 }) : define({ ...common, d: 2, e: 3 });\n"
         "export const f = process.env.C ? define(1) : other(1);"),
      "c = p#define({a: 1, b: p#define('x'), d: ?, …})\nf = ?\n");
}

TEST_F(TypeScript, FollowsOverloadsAndOptionalChains) {
  EXPECT_EQ(
      of("export function f(a: string): string;\nexport function f(a?: any) { return a?.b?.c ?? 'none'; }\n"
         "export const a = f(), b = f({ b: { c: 2 } }), c = (5).toString();"),
      "f = function\na = 'none'\nb = 2\nc = '5'\n");
}

TEST_F(TypeScript, DoesNotGuess) {
  EXPECT_EQ(
      of("export const a = process.env.A ?? 'x', b = process.env.A ? 1 : 2, c = await f();\n"
         "let d = 1; d = 2; export { d };\nexport const e = []; e.push(1);\nexport const f = {}; f.x = 1;\n"
         "const g = () => { let s = ''; for (const x of [1]) s += x; return s; };\nexport const h = g();\n"
         "export const i = { ...window.all, j: 1 };\nexport const k = async () => 1;\nexport const l = k();\n"
         "export const m = i.z;\nexport const n: number = undeclared + 1;\nexport let o;"),
      "a = ?\nb = ?\nc = ?\nd = ?\ne = ?\nf = ?\nh = ?\ni = {j: 1, …}\nk = function\nl = ?\nm = ?\nn = ?\no "
      "= ?\n");
}

// What a module changes is not known, whatever type the change gives to it.
TEST_F(TypeScript, TypesHideNoChange) {
  for (const auto* change : {"a.x = 2;", "(a as any).x = 2;", "(<any>a).x = 2;", "(a satisfies A).x = 2;",
                             "(a as any)!['x'] = 2;", "(a as any).list.push(2);"})
    EXPECT_EQ(of("export const a = { x: 1 };\n" + std::string(change)), "a = ?\n") << change;
  EXPECT_EQ(of("export const a = { x: <any>1, y: (2 satisfies number)! };\n"), "a = {x: 1, y: 2}\n");
}

TEST_F(TypeScript, CyclesAndHostileSizesEnd) {
  EXPECT_EQ(of("export const a = b;\nexport const b = a;"), "a = ?\nb = ?\n");
  EXPECT_EQ(exports(TempTree({{"a.ts", "export * from './b';\nexport const x = 1;"},
                              {"b.ts", "export * from './a';\nexport const y = 2;"}})),
            "x = 1\ny = 2\n");
  EXPECT_EQ(of("const f = (n) => f(n);\nexport const a = f(1);"), "a = ?\n");
  EXPECT_EQ(of("export const a = " + std::string(20'000, '(') + "1" + std::string(20'000, ')') +
               ";\nexport const b = 2;"),
            "a = ?\nb = 2\n");
  std::string doubled = "const a0 = [1, 2, 3, 4];\n";
  for (int i = 1; i < 40; ++i)
    doubled += "const a" + std::to_string(i) + " = [...a" + std::to_string(i - 1) + ", ...a" +
               std::to_string(i - 1) + "];\n";
  EXPECT_NE(of(doubled + "export const z = a39;").find("…"), std::string::npos);
  std::string sum = "1";
  for (int i = 0; i < 30'000; ++i) sum += "\n+ 1";
  EXPECT_EQ(of("export const a = " + sum + ";"), "a = ?\n");
}

TEST_F(TypeScript, TheStepsOfAllFilesAreOneBudget) {
  const std::string endless = "const f = (x) => f(f(x));\nexport const a = f(1);\n";
  const TempTree files({{"a.ts", endless}, {"b.ts", endless}, {"c.ts", "export const c = 1;"}});
  Diagnostics diagnostics;
  files::Tree tree(files.path(), diagnostics);
  for (int i = 0; i < 2; ++i) {  // another reader of the same repository
    Program program(tree);
    for (const char* file : {"a.ts", "b.ts", "c.ts"})
      for (const auto& name : program.exported_names(file)) program.exported(file, name);
    program.report_unfollowed();
    program.report_unfollowed();
  }
  EXPECT_TRUE(tree.steps().exhausted());
  EXPECT_LT(tree.steps().used(), tree.steps().most() + 10'000) << "who is told to stop stops";
  ASSERT_EQ(diagnostics.size(), 1u);
  EXPECT_TRUE(diagnostics[0].where.starts_with("a.ts:1:")) << diagnostics[0].where;
  EXPECT_EQ(diagnostics[0].what,
            "following the code takes more than " + std::to_string(tree.steps().most()) +
                " steps: the rest is not read, and parts of b.ts, c.ts; tables and queries "
                "there are missing or incomplete");
}

TEST_F(TypeScript, ADeclarationIsResolvedOnce) {
  const auto steps = [](const std::string& text) {
    const TempTree files({{"a.ts", text}});
    Diagnostics diagnostics;
    files::Tree tree(files.path(), diagnostics);
    Program program(tree);
    for (const auto& name : program.exported_names("a.ts")) program.exported("a.ts", name);
    EXPECT_FALSE(tree.steps().exhausted());
    return static_cast<double>(tree.steps().used());
  };
  const auto chain = [](int n) {
    std::string out = "export const a0 = { id: 1 };\n";
    for (int i = 1; i < n; ++i)
      out += "export const a" + std::to_string(i) + " = { id: () => a" + std::to_string(i - 1) + ".id };\n";
    return out;
  };
  const auto destructured = [](int n) {
    std::string names, values;
    for (int i = 0; i < n; ++i) {
      names += "a" + std::to_string(i) + ", ";
      values += "a" + std::to_string(i) + ": " + std::to_string(i) + ", ";
    }
    return "export const { " + names + "} = ((x) => x)({ " + values + "});\n";
  };
  EXPECT_LT(steps(chain(800)), 4.4 * steps(chain(200)));
  EXPECT_LT(steps(destructured(800)), 100'000) << "the pattern is bound once, not for each of its names";
}

// Values that are small in the source and huge when they are put together.
TEST_F(TypeScript, TextsThatGrowAreUnknown) {
  const std::string longest = "const x = 'x'.concat(`" + std::string(9'999, 'x') + "`);\nconst l = [" + [] {
    std::string out;
    for (int i = 0; i < 200; ++i) out += "x, ";
    return out;
  }() + "];\n";
  EXPECT_EQ(
      of(longest + "export const a = x.concat(x).length, b = l.join('').replaceAll('x', x), c = l.join(''),\n"
                   "  d = x.replaceAll('x', 'yyyyyyyyyy').length;\n"),
      "a = 20000\nb = ?\nc = ?\nd = 100000\n");
}

TEST_F(TypeScript, RecoversFromSyntaxErrors) {
  const auto syntax = parse("a.ts", "export const a = 1;\nexport const = ;\nexport const b = 2;\n");
  ASSERT_TRUE(syntax);
  EXPECT_GT((*syntax)->errors(), 0);
  EXPECT_EQ(of("export const a = 1;\nconst { = ;\nexport const b = 2;\n"), "a = 1\nb = 2\n");
  EXPECT_FALSE(parse("a.ts", std::string(max_bytes + 1, ' ')));
  // Minified: a line of more than 20,000 bytes, or 500 bytes a line; small files may have such lines.
  const std::string line = "const a = '" + std::string(600, 'x') + "';\n";
  std::string several;
  for (int i = 0; i < 100; ++i) several += line;
  EXPECT_FALSE(parse("a.ts", several));
  EXPECT_FALSE(may_be_source(several));
  for (int i = 0; i < 100; ++i) several += "\n";
  EXPECT_TRUE(parse("a.ts", several));
  EXPECT_FALSE(parse("a.ts", several + "const b = '" + std::string(20'001, 'x') + "';\n"));
  EXPECT_TRUE(parse("a.ts", "const b = '" + std::string(20'001, 'x') + "';\n"));
  EXPECT_EQ((*parse("a.tsx", "const a = <div>{b}</div>;"))->errors(), 0);
  EXPECT_EQ((*parse("a.ts", "const a = <T>b;"))->errors(), 0);
}

TEST_F(TypeScript, LocatesNodes) {
  const auto syntax = parse("a.ts", "const a = 1;\n  const b = 2;\n");
  ASSERT_TRUE(syntax);
  const Node second = (*syntax)->root().children()[1];
  EXPECT_EQ(second.location().str(), "a.ts:2:3");
  EXPECT_EQ(second.children()[0].child(Field::name).text(), "b");
}

TEST_F(TypeScript, FollowsImportsAndExports) {
  const TempTree files({
      {"a.ts",
       "import d, { x as y, ns } from './lib/index.js';\nimport * as all from './lib';\nimport type { T } "
       "from './t';\n"
       "export { y };\nexport const e = d, f = all.x, g = ns.z, h = { ...all }.x;\nexport * from "
       "'./b';\nexport * as b from './b';\n"
       "export { z as w } from './b';\nexport default y;\n"},
      {"lib/index.ts", "export const x = 1;\nexport default 'd';\nexport * as ns from '../b';\n"},
      {"b.mts", "export const z = 3; export default 4;"},
  });
  EXPECT_EQ(exports(files),
            "y = 1\ne = 'd'\nf = 1\ng = 3\nh = 1\nb = module b.mts\nw = 3\ndefault = 1\nz = 3\n");
}

TEST_F(TypeScript, ReadsCommonJs) {
  const TempTree files({
      {"a.ts", "export { users, n } from './b.cjs';"},
      {"b.cjs",
       "const { pgTable: table } = require('drizzle-orm/pg-core');\nconst c = require('./c');\n"
       "module.exports = { users: table('users', {}), n: c.n };"},
      {"c.js", "exports.n = 7;"},
  });
  EXPECT_EQ(exports(files), "users = drizzle-orm/pg-core#pgTable('users', {})\nn = 7\n");
}

// The configuration that Nuxt and SvelteKit generate is in no repository.
TEST_F(TypeScript, ResolvesAliasesOfFrameworks) {
  const TempTree files({
      {"web/nuxt.config.ts", ""},
      {"web/tsconfig.json", "{ \"extends\": \"./.nuxt/tsconfig.json\" }"},
      {"web/server/db.ts", ""},
      {"web/app/both.ts", ""},
      {"web/both.ts", ""},
      {"web/shared/emojis.ts", ""},
      {"kit/svelte.config.js", ""},
      {"kit/src/lib/db.ts", ""},
      {"other/server/db.ts", ""},
  });
  EXPECT_EQ(resolved(files, "web/server/api/a.ts", "~~/server/db"), "web/server/db.ts");
  EXPECT_EQ(resolved(files, "web/server/api/a.ts", "@@/both"), "web/both.ts");
  EXPECT_EQ(resolved(files, "web/server/api/a.ts", "~/both"), "web/app/both.ts");
  EXPECT_EQ(resolved(files, "web/server/api/a.ts", "@/server/db"), "web/server/db.ts");
  EXPECT_EQ(resolved(files, "web/server/api/a.ts", "#shared/emojis"), "web/shared/emojis.ts");
  EXPECT_EQ(resolved(files, "kit/src/routes/a.ts", "$lib/db"), "kit/src/lib/db.ts");
  EXPECT_EQ(resolved(files, "other/a.ts", "~~/server/db"), "");
}

TEST_F(TypeScript, ResolvesAliases) {
  const TempTree files({
      {"tsconfig.base.json",
       "{ // shared\n \"compilerOptions\": { \"paths\": { \"@/*\": [\"./src/*\",], \"@/db/*\": "
       "[\"./src/database/*\"] } } }"},
      {"tsconfig.json", "{ \"extends\": \"./tsconfig.base\" }"},
      {"src/x.ts", ""},
      {"src/database/x.ts", ""},
      {"src/database/index.ts", ""},
      {"src/database/index.js", ""},
      {"src/database/only.js", ""},
      {"src/deep/er/y.ts", ""},
      {"app/tsconfig.json", "{ \"references\": [{ \"path\": \"./tsconfig.app.json\" }] }"},
      {"app/tsconfig.app.json",
       "{ \"compilerOptions\": { \"baseUrl\": \"src\", \"paths\": { \"~/*\": [\"*\"] } } }"},
      {"app/src/z.tsx", ""},
      {"app/src/node_modules.d.ts", ""},
  });
  EXPECT_EQ(resolved(files, "src/deep/er/y.ts", "@/x"), "src/x.ts");
  EXPECT_EQ(resolved(files, "src/deep/er/y.ts", "@/db/x"), "src/database/x.ts");
  EXPECT_EQ(resolved(files, "app/main.ts", "~/z"), "app/src/z.tsx");
  EXPECT_EQ(resolved(files, "app/main.ts", "./src/node_modules"), "");
  EXPECT_EQ(resolved(files, "src/x.ts", "./database/x.js"), "src/database/x.ts");
  EXPECT_EQ(resolved(files, "src/x.ts", "./database/index.js"), "src/database/index.ts");
  EXPECT_EQ(resolved(files, "src/x.ts", "./database/only.js"), "src/database/only.js");
  EXPECT_EQ(resolved(files, "src/x.ts", "drizzle-orm"), "");
  EXPECT_EQ(resolved(files, "src/x.ts", "/etc/passwd"), "");
}

TEST_F(TypeScript, ResolvesPackagesOfTheRepository) {
  const TempTree files({
      {"package.json", R"({"name": "root", "imports": {"#db/*": "./packages/db/src/*.ts"}})"},
      {"packages/db/package.json",
       R"({"name": "@acme/db", "exports": {".": {"types": "./dist/index.d.ts", "default": "./dist/index.js"},
           "./schema": "./src/schema/index.ts", "./tables/*": {"import": "./src/tables/*.ts"}}})"},
      {"packages/db/src/index.ts", ""},
      {"packages/db/src/schema/index.ts", ""},
      {"packages/db/src/tables/users.ts", ""},
      {"packages/old/package.json", R"({"name": "old", "main": "lib/main.js"})"},
      {"packages/old/src/main.ts", ""},
      {"packages/old/src/more.ts", ""},
      {"src/a.ts", ""},
  });
  EXPECT_EQ(resolved(files, "src/a.ts", "@acme/db"), "packages/db/src/index.ts");
  EXPECT_EQ(resolved(files, "src/a.ts", "@acme/db/schema"), "packages/db/src/schema/index.ts");
  EXPECT_EQ(resolved(files, "src/a.ts", "@acme/db/tables/users"), "packages/db/src/tables/users.ts");
  EXPECT_EQ(resolved(files, "src/a.ts", "#db/index"), "packages/db/src/index.ts");
  EXPECT_EQ(resolved(files, "src/a.ts", "old"), "packages/old/src/main.ts");
  EXPECT_EQ(resolved(files, "src/a.ts", "old/more"), "packages/old/src/more.ts");
}

TEST_F(TypeScript, PrefersPackagesOfTheWorkspaceAndOfLinks) {
  const char* const named = R"({"name": "@acme/db", "main": "index.ts"})";
  const TempTree files(
      {{"apps/web/a.ts", ""},
       {"apps/web/package.json",
        R"({"name": "web", "dependencies": {"linked": "link:../../tools/old", "other":
                         "workspace:@acme/db@*", "loop": "workspace:loop@*"}})"},
       {"pnpm-workspace.yaml", "packages:\n  - 'packages/**'\n  - apps/*\n  - '!**/legacy'\n"},
       {"apps/db/legacy/package.json", named},
       {"apps/db/legacy/index.ts", ""},
       {"packages/legacy/package.json", named},
       {"packages/legacy/index.ts", ""},
       {"packages/z/db/package.json", named},
       {"packages/z/db/index.ts", ""},
       {"tools/old/package.json", named},
       {"tools/old/index.ts", ""},
       {"yarn/package.json", R"({"workspaces": {"packages": ["./inner/*"]}})"},
       {"yarn/a.ts", ""},
       {"yarn/elsewhere/package.json", named},
       {"yarn/elsewhere/index.ts", ""},
       {"yarn/inner/db/package.json", named},
       {"yarn/inner/db/index.ts", ""}});
  EXPECT_EQ(resolved(files, "apps/web/a.ts", "@acme/db"), "packages/z/db/index.ts");
  EXPECT_EQ(resolved(files, "apps/web/a.ts", "linked"), "tools/old/index.ts");
  EXPECT_EQ(resolved(files, "apps/web/a.ts", "other"), "packages/z/db/index.ts");
  EXPECT_EQ(resolved(files, "apps/web/a.ts", "loop"), "");
  EXPECT_EQ(resolved(files, "yarn/a.ts", "@acme/db"), "yarn/inner/db/index.ts");
}

}  // namespace
}  // namespace pgadvise::typescript
