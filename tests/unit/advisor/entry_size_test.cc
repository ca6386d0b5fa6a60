// Which proposed indexes the server could build, without a server.
#include "advisor/costs/entry_size.h"

#include <gtest/gtest.h>

#include "model/schema/ddl.h"

namespace pgadvise::advisor {
namespace {

Catalog pages() {
  Catalog out;
  Table table;
  table.name = {"public", "pages"};
  table.columns = {{.name = "id", .type = "bigint"},
                   {.name = "slug", .type = "text"},
                   {.name = "code", .type = "character varying(255)"},
                   {.name = "title", .type = "character varying(600)"},
                   {.name = "path", .type = "character varying(2000)"},
                   {.name = "kind", .type = "page_kind"},
                   {.name = "meta", .type = "jsonb"},
                   {.name = "raw_data", .type = "json"},
                   {.name = "mailBody", .type = "text"},
                   {.name = "key", .type = "text"},
                   {.name = "wide", .type = "text", .statistics = ColumnStatistics{.average_width = 800}}};
  table.indexes.push_back({.name = "pages_key", .keys = {{.column = "key"}}});
  out.tables.emplace(table.name, table);
  Enum kind;
  kind.name = {"public", "page_kind"};
  out.enums.emplace(kind.name, kind);
  return out;
}

struct Case {
  std::vector<std::string> keys;
  std::size_t equality_keys = 0;
  std::string built;  // "": refused
  std::string note;   // a part of it; "": none at all
};

TEST(EntrySizesOfFiles, TypesStatisticsAndNamesDecide) {
  const Catalog catalog = pages();
  for (const Case& one : std::vector<Case>{
           {{"id", "code", "kind"}, 0, "(id, code, kind)", ""},
           {{"title"}, 0, "(title)", ""},
           {{"code", "title"}, 0, "(code)", "together"},
           {{"path"}, 0, "(path)", "no declared length that fits (character varying(2000))"},
           {{"slug"}, 0, "(slug)", "slug has no declared length"},
           {{"key"}, 0, "(key)", ""},
           {{"meta"}, 0, "", "jsonb"},
           {{"meta"}, 1, "USING hash (meta)", "hash index"},
           {{"raw_data"}, 1, "", "no order"},
           {{"mailBody"}, 0, "", "long texts"},
           {{"mailBody", "id"}, 1, "USING hash (\"mailBody\")", "long texts"},
           {{"id", "mailBody"}, 1, "(id)", "ends before mailBody"},
           {{"wide"}, 0, "", "800 bytes on average"},
       }) {
    IndexProposal proposal{.table = {"public", "pages"}, .equality_keys = one.equality_keys};
    for (const auto& key : one.keys) proposal.keys.push_back({.column = key});
    EntrySizes sizes(catalog, nullptr, nullptr);
    const Fitted fitted = sizes.fit(proposal);
    const std::string sql =
        fitted.proposal ? ddl::create_index({"", "t"}, ddl::index_of(*fitted.proposal)) : std::string();
    EXPECT_EQ(sql, one.built.empty() ? "" : "CREATE INDEX ON t " + one.built) << one.keys.front();
    if (one.note.empty()) {
      EXPECT_EQ(fitted.note, "");
    } else {
      EXPECT_NE(fitted.note.find(one.note), std::string::npos) << fitted.note;
    }
  }
}

TEST(EntrySizesOfFiles, ARefusalIsTheFixAndACutIndexIsEvidence) {
  const Catalog catalog = pages();
  std::vector<Finding> findings(2);
  findings[0].proposal = IndexProposal{.table = {"public", "pages"}, .keys = {{.column = "mailBody"}}};
  findings[1].proposal =
      IndexProposal{.table = {"public", "pages"}, .keys = {{.column = "id"}, {.column = "mailBody"}}};
  EntrySizes(catalog, nullptr, nullptr).fit(findings);
  EXPECT_FALSE(findings[0].proposal);
  ASSERT_TRUE(findings[0].fix);
  EXPECT_EQ(findings[0].fix->safety, Fix::Safety::manual);
  EXPECT_NE(findings[0].fix->title.find("left(\"mailBody\", 100)"), std::string::npos);
  ASSERT_TRUE(findings[1].proposal);
  EXPECT_EQ(findings[1].proposal->keys.size(), 1u);
  EXPECT_EQ(findings[1].evidence.size(), 1u);
}

}  // namespace
}  // namespace pgadvise::advisor
