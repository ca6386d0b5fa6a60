#include "advisor/ddl/index_ddl.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/containers.h"
#include "base/text/identifier.h"
#include "base/text/javascript.h"
#include "base/text/text.h"
#include "model/schema/ddl.h"

namespace pgadvise::advisor {
namespace {

struct Pattern {
  std::string_view text;
  std::string_view column_separator;
};
// Each has the table: names of indexes are the schema's, and what some of them lack others need. The first is
// PostgreSQL's and drizzle-kit's own; then Laravel and old Drizzle, hand-written, SQLAlchemy, Rails, TypeORM.
constexpr std::array<Pattern, 6> known_patterns = {{{"{table}_{columns}_idx", "_"},
                                                    {"{table}_{columns}_index", "_"},
                                                    {"idx_{table}_{columns}", "_"},
                                                    {"ix_{table}_{columns}", "_"},
                                                    {"index_{table}_on_{columns}", "_and_"},
                                                    {"IDX_{table}_{columns}", "_"}}};

std::string key_words(const std::vector<IndexKey>& keys, std::string_view separator) {
  std::vector<std::string> names;
  for (const auto& key : keys) names.push_back(key.column.empty() ? "expr" : key.column);
  return join(names, separator);
}

std::string fill_in(std::string_view pattern, std::string_view table, std::string_view columns) {
  return replace_all(replace_all(std::string(pattern), "{table}", table), "{columns}", columns);
}

std::vector<const Table*> partitions(const Catalog& catalog, const QualifiedName& parent) {
  std::vector<const Table*> out;
  for (const auto& [name, table] : catalog.tables)
    if (table.partition_of && *table.partition_of == parent) out.push_back(&table);
  return out;
}

// An index of the same definition that can take part: of a partition one that belongs to no other parent's
// index, of a partitioned table one that still lacks partitions.
const Index* same_index(const Table& table, const IndexProposal& proposal, const std::string& parent_index) {
  const bool partitioned = table.kind == Table::Kind::partitioned;
  for (const auto& index : table.indexes)
    if (index.valid != partitioned && !index.unique && index.method == proposal.method &&
        index.keys == proposal.keys && index.include == proposal.include &&
        index.predicate == proposal.predicate &&
        (index.attached_to.empty() || index.attached_to == parent_index))
      return &index;
  return nullptr;
}

Index named(const std::string& name, const IndexProposal& proposal) {
  Index out = ddl::index_of(proposal);
  out.name = name;
  return out;
}

// An index of one table alone: concurrent where the server can.
std::string own_index(const Table& table, const std::string& name, const IndexProposal& proposal) {
  const bool partitioned = table.kind == Table::Kind::partitioned;
  return ddl::create_index(table.name, named(name, proposal),
                           {.concurrently = !partitioned, .only = partitioned}) +
         ";\n";
}

std::string attach(const QualifiedName& parent_index, const QualifiedName& index) {
  return fmt::format("ALTER INDEX {} ATTACH PARTITION {};\n", quote_name(parent_index), quote_name(index));
}

// A partition's index, made concurrently and attached to the parent's; partitions of partitions likewise.
// Returns the name of the table's own index. An index that was there before and takes part goes when the
// parent's is dropped, since nothing detaches an index: `restore` makes it anew.
std::string partition_sql(const Table& table, const QualifiedName* parent_index,
                          const IndexProposal& proposal, IndexNamer& namer, const Catalog& catalog,
                          std::string& out, std::string& restore) {
  const Index* present = same_index(table, proposal, parent_index ? parent_index->name : std::string());
  const QualifiedName name{table.name.schema,
                           present ? present->name : namer.name(table.name, proposal.keys)};
  const bool attached = present && !present->attached_to.empty();
  if (!present) out += own_index(table, name.name, proposal);
  if (present) restore += own_index(table, name.name, proposal);
  if (attached && parent_index) restore += attach(*parent_index, name);
  if (table.kind == Table::Kind::partitioned)
    for (const Table* partition : partitions(catalog, table.name))
      partition_sql(*partition, &name, proposal, namer, catalog, out, restore);
  if (parent_index && !attached) out += attach(*parent_index, name);
  return name.name;
}

std::string drizzle_line(const IndexProposal& proposal, const std::string& name, const Project* project) {
  if (!project || !project->drizzle) return {};
  if (!proposal.include.empty())
    return "// schema.ts can't express INCLUDE: only the migration creates " + name;
  // A table that only SQL knows has no line there.
  if (project->drizzle_name(proposal.table).empty()) return {};
  std::vector<std::string> keys;
  for (const auto& key : proposal.keys) {
    if (key.column.empty()) {
      keys.push_back("sql`" + key.expression + "`");
      continue;
    }
    const std::string property = project->drizzle_name(proposal.table, key.column);
    if (property.empty()) return {};
    std::string column = js_member("table", property);
    // drizzle-kit writes NULLS LAST after a bare .desc(), where PostgreSQL's own default, and ORDER BY's, is
    // NULLS FIRST.
    if (key.descending) column += ".desc()";
    if (!key.operator_class.empty()) column += ".op(" + quote_js(key.operator_class) + ")";
    if (key.descending || key.nulls_first) column += key.nulls_first ? ".nullsFirst()" : ".nullsLast()";
    keys.push_back(column);
  }
  std::string out = proposal.method == "btree"
                        ? fmt::format("index({}).on({})", quote_js(name), join(keys, ", "))
                        : fmt::format("index({}).using({}, {})", quote_js(name), quote_js(proposal.method),
                                      join(keys, ", "));
  if (proposal.predicate) out += ".where(sql`" + *proposal.predicate + "`)";
  return out;
}

}  // namespace

IndexNamer::IndexNamer(const Catalog& catalog) {
  std::array<int, known_patterns.size()> votes{};
  for (const auto& [name, table] : catalog.tables) {
    taken_.insert(name);
    for (const auto& index : table.indexes) {
      taken_.insert({name.schema, index.name});
      if (index.constraint || index.keys.empty()) continue;
      for (std::size_t at = 0; at < known_patterns.size(); ++at)
        votes[at] +=
            index.name == cut_identifier(fill_in(known_patterns[at].text, name.name,
                                                 key_words(index.keys, known_patterns[at].column_separator)),
                                         longest_identifier);
    }
  }
  for (const auto& [name, sequence] : catalog.sequences) taken_.insert(name);
  const auto best = static_cast<std::size_t>(std::ranges::max_element(votes) - votes.begin());
  pattern_ = known_patterns[best].text;
  column_separator_ = known_patterns[best].column_separator;
}

std::string IndexNamer::name(const QualifiedName& table, const std::vector<IndexKey>& keys) {
  const std::string columns = key_words(keys, column_separator_);
  const std::string whole = fill_in(pattern_, table.name, columns);
  std::string name = whole;
  // Too long: cut the middle, keep the pattern's ends, and tell alike ones apart by a hash of the whole.
  if (name.size() > longest_identifier) {
    const std::string hash = "_" + hex64(fnv1a(whole)).substr(0, 6);
    const std::size_t fixed = fill_in(pattern_, "", "").size();
    const std::size_t room = longest_identifier - fixed - hash.size();
    const std::size_t for_table =
        std::min(table.name.size(), std::max(room / 2, room - std::min(room, columns.size())));
    name = fill_in(pattern_, cut_identifier(table.name, for_table),
                   cut_identifier(columns, room - std::min(room, for_table)) + hash);
  }
  for (int number = 1; !taken_.insert({table.schema, name}).second; ++number)
    name = cut_identifier(whole, longest_identifier - 4) + "_" + std::to_string(number);
  return name;
}

std::vector<std::string> hypothetical_indexes(const IndexProposal& proposal, const Catalog& catalog) {
  std::vector<std::string> out;
  const Table* table = catalog.table(proposal.table);
  if (table && table->kind == Table::Kind::partitioned) {
    for (const Table* partition : partitions(catalog, proposal.table)) {
      IndexProposal part = proposal;
      part.table = partition->name;
      append(out, hypothetical_indexes(part, catalog));
    }
    return out;
  }
  out.push_back(ddl::create_index(proposal.table, named("", proposal)));
  return out;
}

IndexDdl create_index(const IndexProposal& proposal, IndexNamer& namer, const Catalog& catalog,
                      const Project* project) {
  IndexDdl out;
  const Table* table = catalog.table(proposal.table);
  if (table && table->kind == Table::Kind::partitioned) {
    std::string restore;
    const std::string name = partition_sql(*table, nullptr, proposal, namer, catalog, out.sql, restore);
    out.down_sql = ddl::drop_index({proposal.table.schema, name}, false) + ";\n" + restore;
    out.drizzle = drizzle_line(proposal, name, project);
  } else {
    const std::string name = namer.name(proposal.table, proposal.keys);
    out.sql = ddl::create_index(proposal.table, named(name, proposal), {.concurrently = true}) + ";";
    out.down_sql = ddl::drop_index({proposal.table.schema, name}, true) + ";";
    out.drizzle = drizzle_line(proposal, name, project);
  }
  for (auto* text : {&out.sql, &out.down_sql})
    while (!text->empty() && text->back() == '\n') text->pop_back();
  return out;
}

}  // namespace pgadvise::advisor
