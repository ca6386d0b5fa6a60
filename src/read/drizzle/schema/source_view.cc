#include "drizzle/schema/source_view.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "base/text/identifier.h"
#include "base/text/text.h"
#include "model/schema/declared_parts.h"

namespace pgadvise::drizzle {
namespace {

using typescript::Node;
using typescript::Value;
using typescript::ValuePtr;
using Kind = Value::Kind;
using Syntax = typescript::Kind;

// A column that a query yields, and the key by which code refers to it.
struct Selected {
  std::string key;
  Column column;
};
using Selection = std::optional<std::vector<Selected>>;  // nullopt: one of them is not known

// Whether the object lacks nothing but the values that are spread into it, which are its items.
bool lacks_only_items(const Value& object) {
  std::size_t spread = 0;
  for (const Node& part : object.node.children()) {
    if (part.is(Syntax::spread_element)) ++spread;
    else if (part.is(Syntax::pair) ? part.child(typescript::Field::key).is(Syntax::computed_property_name)
                                   : !part.is(Syntax::shorthand_property_identifier))
      return false;
  }
  return spread == object.items.size();
}

class ViewColumns {
 public:
  ViewColumns(SourceTables& tables, const Catalog& catalog) : tables_(tables), catalog_(catalog) {}

  std::vector<Column> read(const Chain& view) {
    std::vector<Column> out;
    if (auto selected = of_view(view, 0))
      for (auto& one : *selected) out.push_back(std::move(one.column));
    return out;
  }

 private:
  // What a table, a view, a subquery or a query yields.
  Selection of_source(const ValuePtr& value, int depth) {
    constexpr int max_depth = 20;
    if (depth > max_depth || --budget_ < 0) return std::nullopt;
    if (const SourceTable* table = tables_.table(value)) return of_table(*table);
    const Chain chain = chain_of(value);
    if (!chain.root->is(Kind::call)) return of_query(chain, depth);
    std::optional<std::string> schema;
    const std::string made = made_object(*chain.root, schema);
    if (made == "view" || made == "materializedView") return of_view(chain, depth);
    // union(one, other)
    static constexpr auto sets =
        word_list("union", "unionAll", "intersect", "intersectAll", "except", "exceptAll");
    return is_one_of(pg_core_name(*chain.root->base), sets) ? of_source(argument(*chain.root, 0), depth + 1)
                                                            : std::nullopt;
  }

  Selection of_table(const SourceTable& table) {
    if (!table.columns->is(Kind::object) || table.columns->partial) return std::nullopt;
    std::vector<Selected> out;
    const Table* known = table.name ? catalog_.table(*table.name) : nullptr;
    for (const auto& property : table.columns->properties) {
      const auto name = table.column_names.find(property.key);
      if (name == table.column_names.end()) return std::nullopt;
      out.push_back({property.key, column_of(known, name->second.name)});
    }
    return out;
  }

  static Column column_of(const Table* table, const std::string& name) {
    Column out;
    out.name = cut_identifier(name);
    if (const Column* known = table ? table->column(out.name) : nullptr) {
      out.type = known->type;
      out.origin = known->origin;
    }
    return out;
  }

  Selection of_view(const Chain& view, int depth) {
    const ValuePtr listed = argument(*view.root, 1);
    if (listed->is(Kind::object)) return of_list(*listed);
    const ValuePtr builder =
        typescript::make({.kind = Kind::external, .text = "drizzle-orm/pg-core", .name = "QueryBuilder"});
    return of_as(view, builder, depth);
  }

  // as(query), as((qb) => query)
  Selection of_as(const Chain& chain, const ValuePtr& builder, int depth) {
    const ChainCall* as = chain.find("as");
    ValuePtr query = as ? argument(*as->call, 0) : typescript::undefined_value();
    if (query->is(Kind::function)) query = tables_.context().program.call(query, {builder}, query->node);
    return of_source(query, depth + 1);
  }

  Selection of_list(const Value& columns) {
    if (columns.partial) return std::nullopt;
    std::vector<Selected> out;
    for (const auto& property : columns.properties) {
      const auto read = read_column(tables_.context(), property);
      if (!read) return std::nullopt;
      Column column;
      column.name = cut_identifier(read->name.name);
      column.origin = read->location;
      set_type(catalog_, column, read->type, read->type_schema);
      out.push_back({property.key, std::move(column)});
    }
    return out;
  }

  // qb.select({ … }).from(a).leftJoin(b, …), also with .as('x') behind, and qb.$with('x').as(query).
  Selection of_query(const Chain& chain, int depth) {
    if (!chain.calls.empty() && chain.calls.front().name == "$with") return of_as(chain, chain.root, depth);
    const auto select = std::ranges::find_if(chain.calls, [](const ChainCall& call) {
      return is_one_of(call.name, {"select", "selectDistinct", "selectDistinctOn"});
    });
    if (select == chain.calls.end() || select->call->partial) return std::nullopt;
    const ValuePtr fields = argument(*select->call, select->name == "selectDistinctOn" ? 1 : 0);
    if (!fields->is(Kind::undefined)) return of_fields(fields, depth + 1);
    std::vector<Selected> out;
    for (const auto& call : chain.calls)
      if (call.name == "from" || call.name.ends_with("Join"))
        if (!append(out, of_source(argument(*call.call, 0), depth + 1))) return std::nullopt;
    return out;
  }

  static bool append(std::vector<Selected>& out, Selection more) {
    constexpr std::size_t max_columns = 1600;  // of a relation of PostgreSQL
    if (!more || out.size() + more->size() > max_columns) return false;
    std::move(more->begin(), more->end(), std::back_inserter(out));
    return true;
  }

  // { id: orders.id, total: sql`…`.as('total'), customer: { name: customers.name },
  // ...getTableColumns(orders) }
  Selection of_fields(const ValuePtr& fields, int depth) {
    constexpr int max_depth = 20;
    if (depth > max_depth) return std::nullopt;
    if (fields->is(Kind::call)) {  // getTableColumns(orders)
      const std::string name = drizzle_orm_name(*fields->base);
      return is_one_of(name, {"getTableColumns", "getColumns", "getViewSelectedFields"})
                 ? of_source(argument(*fields, 0), depth + 1)
                 : std::nullopt;
    }
    if (!fields->is(Kind::object) || (fields->partial && !lacks_only_items(*fields))) return std::nullopt;
    std::vector<Selected> out;
    for (const auto& item : fields->items)
      if (!append(out, of_fields(item, depth + 1))) return std::nullopt;
    for (const auto& property : fields->properties)
      if (!append(out, of_field(property.key, property.value, depth))) return std::nullopt;
    return out;
  }

  Selection of_field(const std::string& key, const ValuePtr& value, int depth) {
    if (const auto column = tables_.column(value))
      return {{{key, column_of(column->table->name ? catalog_.table(*column->table->name) : nullptr,
                               column->column)}}};
    if (value->is(Kind::object)) return of_fields(value, depth + 1);
    if (value->is(Kind::member)) return of_member(key, *value, depth);
    if (tables_.table(value)) return of_source(value, depth + 1);
    const Chain chain = chain_of(value);
    const ChainCall* as = chain.find("as");
    const auto alias = as ? text_of(argument(*as->call, 0)) : std::nullopt;
    return alias ? Selection({{key, column_of(nullptr, *alias)}}) : std::nullopt;
  }

  // A column of a subquery or a view: sq.total.
  Selection of_member(const std::string& key, const Value& member, int depth) {
    const auto source = of_source(member.base, depth + 1);
    if (!source) return std::nullopt;
    for (const auto& one : *source)
      if (one.key == member.name) return {{{key, one.column}}};
    return std::nullopt;
  }

  SourceTables& tables_;
  const Catalog& catalog_;
  int budget_ = 10'000;  // sources, since queries share their parts
};

}  // namespace

std::vector<Column> view_columns(SourceTables& tables, const Catalog& catalog, const Chain& view) {
  return ViewColumns(tables, catalog).read(view);
}

}  // namespace pgadvise::drizzle
