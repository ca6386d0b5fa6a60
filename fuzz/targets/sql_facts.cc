// A statement to facts, template, fingerprint and shape.
#include "sql/facts/facts.h"
#include "sql/parse/statement.h"
#include "sql/replay/replay.h"
#include "support.h"

namespace pgadvise::fuzz {

static Catalog make_catalog() {
  sql::Replayer replayer;
  replayer.run(
      "CREATE SCHEMA shop; CREATE TYPE color AS ENUM ('red', 'blue');"
      "CREATE TABLE a (id int PRIMARY KEY, b text NOT NULL, c timestamptz, d jsonb, e color, f int[]);"
      "CREATE TABLE shop.\"Items\" (id bigint PRIMARY KEY, a int REFERENCES a, \"N\" numeric) PARTITION BY "
      "RANGE (id);"
      "CREATE VIEW v AS SELECT a.id, i.\"N\" AS n FROM a JOIN shop.\"Items\" i ON i.a = a.id;"
      "CREATE VIEW w AS SELECT * FROM v WHERE n > 1;",
      "schema.sql");
  return replayer.take();
}

void sql_facts(std::string_view input) {
  static const Catalog catalog = make_catalog();
  const QueryFacts facts = sql::query_facts(input, catalog);
  const auto fingerprint = sql::fingerprint(input);
  const auto shape = sql::shape(input);
  if (facts.parsed) require(shape.has_value(), "facts and shape agree on what parses");
  if (fingerprint) require(fingerprint->size() == 16, "a fingerprint has 16 digits");
  const auto template_text = sql::normalize(input);
  if (!template_text) return;
  sql::query_facts(*template_text, catalog);
  sql::shape(*template_text);
}

}  // namespace pgadvise::fuzz
