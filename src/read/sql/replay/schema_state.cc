#include "sql/replay/schema_state.h"

#include <algorithm>

#include "base/text/identifier.h"
#include "base/text/text.h"
#include "model/schema/ddl.h"
#include "sql/parse/ast.h"
#include "sql/parse/lexer.h"
#include "sql/parse/type_name.h"

namespace pgadvise::sql {
namespace {

std::string regclass(const QualifiedName& name) {
  return quote_literal(quote_name(name.schema == "public" ? QualifiedName{"", name.name} : name)) +
         "::regclass";
}

// An entry of a catalog, whose key is its name.
template <class Map>
void rename_entry(Map& map, const QualifiedName& from, const QualifiedName& to) {
  move_key(map, from, to);
  if (auto* entry = value_at(map, to)) entry->name = to;
}

template <class Map>
std::vector<QualifiedName> names_in(const Map& map, const std::string& schema) {
  std::vector<QualifiedName> out;
  for (const auto& [name, unused] : map)
    if (name.schema == schema) out.push_back(name);
  return out;
}

// The names in an expression's text: words that are neither types of casts nor functions.
template <class Use>
void each_name(std::string_view text, Use use) {
  Lexer lexer(text);
  bool after_cast = false;
  for (Lexeme token = lexer.next_token(), next; token.kind != Lexeme::Kind::end; token = next) {
    next = lexer.next_token();
    if (std::string name = token.name(); !name.empty() && !after_cast && !next.is('('))
      use(token, std::move(name));
    after_cast = token.kind == Lexeme::Kind::operators && token.text == "::";
  }
}

// The first name of its kind, perhaps with a number, that is not taken.
template <class Taken>
std::string choose_name(const std::string& first, const std::string& second, const std::string& label,
                        Taken taken) {
  std::string name = make_object_name(first, second, label);
  for (int pass = 1; taken(name); ++pass)
    name = make_object_name(first, second, label + std::to_string(pass));
  return name;
}

}  // namespace

Problem exists(const std::string& kind, const QualifiedName& name) {
  return {kind + " \"" + display(name) + "\" already exists", Problem::Kind::exists, name};
}
Problem missing(const std::string& kind, const QualifiedName& name) {
  return {kind + " \"" + display(name) + "\" does not exist", Problem::Kind::missing, name};
}

Problem missing_column(const Table& table, const std::string& column) {
  return {"column \"" + column + "\" of relation \"" + display(table.name) + "\" does not exist",
          Problem::Kind::missing};
}
Problem existing_column(const Table& table, const std::string& column) {
  return {"column \"" + column + "\" of relation \"" + display(table.name) + "\" already exists",
          Problem::Kind::exists};
}
Problem existing_constraint(const Table& table, const std::string& constraint) {
  return {"constraint \"" + constraint + "\" for relation \"" + display(table.name) + "\" already exists",
          Problem::Kind::exists};
}

bool has_index(const Constraint& constraint) {
  return constraint.kind != Constraint::Kind::foreign_key && constraint.kind != Constraint::Kind::check;
}

bool supabase_table(const QualifiedName& name) {
  static const std::map<std::string_view, std::set<std::string_view>> tables = {
      {"auth",
       {"users", "identities", "sessions", "refresh_tokens", "instances", "audit_log_entries", "mfa_factors",
        "mfa_challenges", "mfa_amr_claims", "sso_providers", "sso_domains", "saml_providers",
        "saml_relay_states", "flow_state", "one_time_tokens"}},
      {"storage",
       {"objects", "buckets", "migrations", "prefixes", "buckets_analytics", "s3_multipart_uploads",
        "s3_multipart_uploads_parts"}},
      {"realtime", {"messages", "subscription"}},
      {"vault", {"secrets", "decrypted_secrets"}},
      {"cron", {"job", "job_run_details"}},
      {"net", {"_http_response", "http_request_queue"}},
      {"supabase_functions", {"hooks"}}};
  const auto* names = value_at(tables, name.schema);
  return names && names->count(name.name) > 0;
}

std::string make_object_name(std::string first, std::string second, const std::string& label) {
  const std::size_t overhead = (second.empty() ? 0 : 1) + (label.empty() ? 0 : label.size() + 1);
  const std::size_t room = longest_identifier > overhead ? longest_identifier - overhead : 0;
  std::size_t a = first.size();
  std::size_t b = second.size();
  while (a + b > room) (a > b ? a : b)--;
  std::string out = cut_identifier(std::move(first), a);
  if (!second.empty()) out += "_" + cut_identifier(std::move(second), b);
  if (!label.empty()) out += "_" + label;
  return out;
}

std::string joined_columns(const std::vector<std::string>& columns) {
  std::string out;
  for (const auto& column : columns) {
    if (!out.empty()) out += '_';
    out += column;
    if (out.size() > longest_identifier) break;
  }
  return out;
}

std::string rename_in_expression(std::string_view text, const std::string& from, const std::string& to) {
  std::string out;
  std::size_t copied = 0;
  each_name(text, [&](const Lexeme& token, const std::string& name) {
    if (name != from) return;
    out += text.substr(copied, token.offset - copied);
    out += quote_identifier(to);
    copied = token.offset + token.text.size();
  });
  return out + std::string(text.substr(copied));
}

std::set<std::string> names_in_expression(std::string_view text) {
  std::set<std::string> out;
  each_name(text, [&](const Lexeme&, std::string name) { out.insert(std::move(name)); });
  return out;
}

// ---- names

void SchemaState::ensure_schema(const std::string& schema) {
  if (schema == "pg_temp" || is_one_of(schema, catalog.schemas)) return;
  catalog.schemas.push_back(schema);
  std::ranges::sort(catalog.schemas);
}

std::string SchemaState::choose_relation_name(const std::string& schema, const std::string& first,
                                              const std::string& second, const std::string& label,
                                              bool constraint) const {
  return choose_name(first, second, label, [&](const std::string& name) {
    return relation_exists({schema, name}) || (constraint && constraint_names.count({schema, name}));
  });
}

std::string SchemaState::choose_constraint_name(const std::string& schema, const std::string& first,
                                                const std::string& second, const std::string& label) const {
  return choose_name(first, second, label,
                     [&](const std::string& name) { return constraint_names.count({schema, name}) > 0; });
}

// ---- inheritance

void SchemaState::add_child(const QualifiedName& parent, const QualifiedName& child) {
  children[parent].push_back(child);
}

void SchemaState::remove_child(const QualifiedName& parent, const QualifiedName& child) {
  auto* of_parent = value_at(children, parent);
  if (of_parent) std::erase(*of_parent, child);
  if (of_parent && of_parent->empty()) children.erase(parent);
}

const std::vector<QualifiedName>& SchemaState::children_of(const QualifiedName& parent) const {
  static const std::vector<QualifiedName> none;
  const auto* of_parent = value_at(children, parent);
  return of_parent ? *of_parent : none;
}

bool SchemaState::has_partitions(const QualifiedName& table) const {
  return std::ranges::any_of(children_of(table), [&](const QualifiedName& name) {
    const Table* child = catalog.table(name);
    return child && child->partition_of == table;
  });
}

std::vector<SchemaState::Descent> SchemaState::descendants(const QualifiedName& root, bool partitions_only) {
  std::vector<Descent> out;
  std::set<QualifiedName> seen = {root};
  std::vector<QualifiedName> queue = {root};
  for (std::size_t i = 0; i < queue.size(); ++i) {
    for (const QualifiedName& name : children_of(queue[i])) {
      Table* child = catalog.table(name);
      Table* parent = catalog.table(queue[i]);
      if (!child || !parent || !seen.insert(name).second) continue;
      const bool partition = child->partition_of == queue[i];
      if (partitions_only && !partition) continue;
      out.push_back({child, parent, partition});
      queue.push_back(name);
    }
  }
  return out;
}

// ---- parts of tables

Column* SchemaState::column(Table& table, const std::string& name) {
  return const_cast<Column*>(table.column(name));
}

std::vector<Column*> SchemaState::columns(Table& table, const std::string& name, bool below) {
  std::vector<Column*> out = {column(table, name)};
  if (below)
    for (const Descent& descent : descendants(table.name)) out.push_back(column(*descent.child, name));
  std::erase(out, nullptr);
  return out;
}

Constraint* SchemaState::constraint(Table& table, const std::string& name) {
  return const_cast<Constraint*>(table.constraint(name));
}

const Constraint* SchemaState::primary_key(const Table& table) {
  for (const Constraint& own : table.constraints)
    if (own.kind == Constraint::Kind::primary_key) return &own;
  return nullptr;
}

Constraint SchemaState::resolved(Constraint constraint) const {
  if (constraint.kind != Constraint::Kind::foreign_key) return constraint;
  constraint.referenced_table = find_table(constraint.referenced_table);
  const Table* referenced = catalog.table(constraint.referenced_table);
  const Constraint* primary = referenced ? primary_key(*referenced) : nullptr;
  if (primary && constraint.referenced_columns.empty()) constraint.referenced_columns = primary->columns;
  return constraint;
}

Index* SchemaState::index(const QualifiedName& name) {
  const QualifiedName* of = value_at(index_tables, name);
  Table* owner = of ? catalog.table(*of) : nullptr;
  return owner ? const_cast<Index*>(owner->index(name.name)) : nullptr;
}

void SchemaState::add_index(Table& table, Index added) {
  index_tables[{table.name.schema, added.name}] = table.name;
  table.indexes.push_back(std::move(added));
}

void SchemaState::add_constraint(Table& table, Constraint added) {
  constraint_names.insert({table.name.schema, added.name});
  table.constraints.push_back(std::move(added));
}

void SchemaState::erase_one_constraint(Table& table, const std::string& name) {
  const auto it =
      std::ranges::find_if(table.constraints, [&](const Constraint& c) { return c.name == name; });
  if (it == table.constraints.end()) return;
  constraint_names.extract({table.name.schema, name});  // one of those that are equal
  if (auto* links = value_at(constraint_parents, table.name)) links->erase(name);
  if (auto* own = value_at(own_checks, table.name)) own->erase(name);
  table.constraints.erase(it);
}

void SchemaState::erase_index(const QualifiedName& name) {
  std::vector<QualifiedName> queue = {name};
  for (std::size_t i = 0; i < queue.size(); ++i) {
    for (const auto& [child, parent] : index_parents)
      if (parent == queue[i]) queue.push_back(child);
    const QualifiedName gone = queue[i];
    if (Table* owner = catalog.table(index_tables.count(gone) ? index_tables[gone] : QualifiedName{})) {
      const Constraint* own = constraint(*owner, gone.name);
      if (own && has_index(*own)) erase_one_constraint(*owner, gone.name);
      std::erase_if(owner->indexes, [&](const Index& existing) { return existing.name == gone.name; });
    }
  }
  for (const auto& gone : queue) index_tables.erase(gone), index_parents.erase(gone);
}

void SchemaState::erase_constraint(Table& table, const std::string& name) {
  const Constraint* found = constraint(table, name);
  if (!found) return;
  if (has_index(*found)) {
    if (index_tables.count({table.name.schema, name})) erase_index({table.name.schema, name});
    else erase_one_constraint(table, name);
    return;
  }
  const bool check = found->kind == Constraint::Kind::check;
  std::map<QualifiedName, std::string> gone = {{table.name, name}};
  for (const Descent& descent : descendants(table.name)) {
    if (!gone.count(descent.parent->name)) continue;
    const std::string& parent_name = gone[descent.parent->name];
    for (const Constraint& candidate : descent.child->constraints) {
      const std::string* link = value_at(constraint_parents[descent.child->name], candidate.name);
      const bool copy =
          check ? candidate.inherited && candidate.name == parent_name : link && *link == parent_name;
      if (copy) gone[descent.child->name] = candidate.name;
    }
  }
  for (const auto& [owner, constraint_name] : gone)
    if (Table* t = catalog.table(owner)) erase_one_constraint(*t, constraint_name);
}

std::vector<SchemaState::Member> SchemaState::foreign_keys_to(const QualifiedName& name,
                                                              const std::vector<std::string>* columns) const {
  std::vector<Member> out;
  const auto sorted = [](std::vector<std::string> list) {
    std::ranges::sort(list);
    return list;
  };
  for (const auto& [owner, candidate] : catalog.tables)
    for (const Constraint& key : candidate.constraints)
      if (key.kind == Constraint::Kind::foreign_key && key.referenced_table == name &&
          (!columns || sorted(key.referenced_columns) == sorted(*columns)))
        out.push_back({owner, key.name});
  return out;
}

void SchemaState::invalidate_index(QualifiedName name) {
  for (Index* found = index(name); found && found->valid; found = index(name)) {
    found->valid = false;
    const QualifiedName* above = value_at(index_parents, name);
    if (!above) return;
    name = *above;
  }
}

void SchemaState::validate_index(const QualifiedName& start) {
  for (std::optional<QualifiedName> name = start; name;) {
    Index* parent = index(*name);
    if (!parent || parent->valid) return;
    for (const auto& partition : children_of(index_tables[*name])) {
      const Table* child = catalog.table(partition);
      if (!child || child->partition_of != index_tables[*name]) continue;
      const bool attached = std::ranges::any_of(child->indexes, [&](const Index& own) {
        const QualifiedName* above = value_at(index_parents, {partition.schema, own.name});
        return own.valid && above && *above == *name;
      });
      if (!attached) return;
    }
    parent->valid = true;
    const QualifiedName* above = value_at(index_parents, *name);
    name = above ? std::optional(*above) : std::nullopt;
  }
}

std::string SchemaState::user_of_type(const QualifiedName& name) const {
  const std::string spelling = type_spelling(name);
  for (const auto& [table_name, candidate] : catalog.tables)
    for (const Column& own : candidate.columns)
      if (own.type == spelling || own.type == spelling + "[]")
        return "column " + own.name + " of table " + display(table_name);
  for (const auto& [member, type] : enum_defaults)
    if (const Table* of = type == name ? catalog.table(member.first) : nullptr; of)
      if (const Column* own = of->column(member.second); own && own->default_expression)
        return "default value for column " + own->name + " of table " + display(of->name);
  return {};
}

// ---- dropping

std::vector<QualifiedName> SchemaState::views_on(const QualifiedName& name) const {
  std::vector<QualifiedName> out;
  for (const auto& [view, use] : views)
    if (use.relations.count(name)) out.push_back(view);
  return out;
}

void SchemaState::drop_views_on(const QualifiedName& name, const std::string* column_name) {
  std::vector<QualifiedName> queue = views_on(name);
  if (column_name)
    std::erase_if(queue, [&](const QualifiedName& view) { return !views[view].columns.count(*column_name); });
  std::map<QualifiedName, std::vector<QualifiedName>> users;
  if (!queue.empty())
    for (const auto& [view, use] : views)
      for (const auto& relation : use.relations) users[relation].push_back(view);
  std::set<QualifiedName> seen(queue.begin(), queue.end());
  for (std::size_t i = 0; i < queue.size(); ++i)
    for (const auto& above : users[queue[i]])
      if (seen.insert(above).second) queue.push_back(above);
  for (const auto& view : queue) drop_table(view);
}

void SchemaState::drop_table(const QualifiedName& root) {
  if (!catalog.table(root)) return;
  std::vector<QualifiedName> gone = {root};
  for (const Descent& descent : descendants(root)) gone.push_back(descent.child->name);
  for (const auto& name : gone) {
    Table& table = *catalog.table(name);
    const bool view = table.kind == Table::Kind::view;  // nothing references one
    for (const auto& [owner, key] : view ? std::vector<Member>{} : foreign_keys_to(name))
      if (Table* other = catalog.table(owner)) erase_constraint(*other, key);
    while (!table.constraints.empty()) erase_one_constraint(table, table.constraints.back().name);
    for (const Index& own : table.indexes) {
      index_tables.erase({name.schema, own.name});
      index_parents.erase({name.schema, own.name});
    }
    if (table.partition_of) remove_child(*table.partition_of, name);
    for (const auto& parent : table.inherits) remove_child(parent, name);
    local_columns.erase(name);
    std::erase_if(enum_defaults, [&](const auto& entry) { return entry.first.first == name; });
    constraint_parents.erase(name);
    own_checks.erase(name);
    views.erase(name);
    drop_owned_sequences(name);
    catalog.tables.erase(name);
  }
  for (const auto& name : gone) children.erase(name);
}

void SchemaState::drop_column(Table& root, const std::string& name) {
  std::vector<Table*> tables = {&root};
  std::set<QualifiedName> affected = {root.name};
  for (const Descent& descent : descendants(root.name))
    if (affected.count(descent.parent->name) && !local_columns[descent.child->name].count(name)) {
      tables.push_back(descent.child);
      affected.insert(descent.child->name);
    }
  for (Table* table : tables) {
    enum_defaults.erase({table->name, name});
    // Foreign keys first: they rest on the unique keys that go with the column.
    for (const auto& [owner, key] : foreign_keys_to(table->name)) {
      Table* other = catalog.table(owner);
      if (other && is_one_of(name, constraint(*other, key)->referenced_columns))
        erase_constraint(*other, key);
    }
    std::vector<std::string> constraints;
    for (const Constraint& own : table->constraints)
      if (is_one_of(name, own.columns) ||
          ((own.kind == Constraint::Kind::check || own.kind == Constraint::Kind::exclusion) &&
           names_in_expression(own.expression).count(name)))
        constraints.push_back(own.name);
    for (const auto& own : constraints) erase_constraint(*table, own);
    std::vector<std::string> indexes;
    for (const Index& own : table->indexes) {
      bool uses =
          is_one_of(name, own.include) || (own.predicate && names_in_expression(*own.predicate).count(name));
      for (const IndexKey& key : own.keys)
        uses |= key.column == name ||
                (!key.expression.empty() && names_in_expression(key.expression).count(name));
      if (uses) indexes.push_back(own.name);
    }
    for (const auto& own : indexes) erase_index({table->name.schema, own});
    drop_owned_sequences(table->name, &name);
    std::erase_if(table->columns, [&](const Column& c) { return c.name == name; });
    local_columns[table->name].erase(name);
  }
}

void SchemaState::drop_sequence(const QualifiedName& name) {
  catalog.sequences.erase(name);
  const std::string short_name = regclass(name);
  const std::string long_name = quote_literal(quote_name(name)) + "::regclass";
  for (auto& [table_name, table] : catalog.tables)
    for (Column& column : table.columns)
      if (column.default_expression && column.default_expression->starts_with("nextval(") &&
          (column.default_expression->find(short_name) != std::string::npos ||
           column.default_expression->find(long_name) != std::string::npos))
        column.default_expression.reset();
}

void SchemaState::drop_owned_sequences(const QualifiedName& table, const std::string* column) {
  std::vector<QualifiedName> owned;
  for (const auto& [name, sequence] : catalog.sequences)
    if (sequence.owner_table == table && (!column || sequence.owner_column == *column)) owned.push_back(name);
  for (const auto& name : owned) drop_sequence(name);
}

void SchemaState::drop_type(const QualifiedName& name) {
  catalog.enums.erase(name);
  types.erase(name);
  domains.erase(name);
  const std::string spelling = type_spelling(name);
  for (auto& [table_name, table] : catalog.tables) {
    std::vector<std::string> columns;
    for (const Column& column : table.columns)
      if (column.type == spelling || column.type == spelling + "[]") columns.push_back(column.name);
    for (const auto& column : columns) drop_column(table, column);
  }
  std::erase_if(enum_defaults, [&](const auto& entry) {
    if (entry.second != name) return false;
    Table* table = catalog.table(entry.first.first);
    if (Column* own = table ? column(*table, entry.first.second) : nullptr) own->default_expression.reset();
    return true;
  });
}

void SchemaState::drop_schema(const std::string& schema) {
  for (const auto& name : names_in(catalog.tables, schema)) {
    drop_views_on(name);
    drop_table(name);
  }
  for (const auto& name : names_in(catalog.sequences, schema)) drop_sequence(name);
  for (const auto& name : names_in(catalog.enums, schema)) drop_type(name);
  for (const auto& name : names_in(types, schema)) drop_type(name);
  std::erase_if(functions, [&](const auto& f) { return f.first.starts_with(schema + "."); });
  std::erase(catalog.schemas, schema);
}

// ---- renaming

void SchemaState::rename_table(const QualifiedName& from, const QualifiedName& to) {
  auto moved = catalog.tables.extract(from);
  if (moved.empty()) return;
  moved.key() = to;
  Table& table = moved.mapped();
  table.name = to;
  for (const Index& own : table.indexes) {
    const QualifiedName before{from.schema, own.name};
    const QualifiedName after{to.schema, own.name};
    index_tables.erase(before);
    index_tables[after] = to;
    if (before != after) rename_index_parent(before, after);
  }
  move_key(constraint_parents, from, to);
  for (const Column& own : table.columns)
    move_key(enum_defaults, Member{from, own.name}, Member{to, own.name});
  move_key(own_checks, from, to);
  move_key(local_columns, from, to);
  for (const Constraint& own : table.constraints) {
    constraint_names.extract({from.schema, own.name});
    constraint_names.insert({to.schema, own.name});
  }
  if (table.partition_of) remove_child(*table.partition_of, from), add_child(*table.partition_of, to);
  for (const auto& parent : table.inherits) remove_child(parent, from), add_child(parent, to);
  if (auto below = children.extract(from)) {
    for (const auto& name : below.mapped())
      if (Table* child = catalog.table(name)) {
        if (child->partition_of == from) child->partition_of = to;
        std::ranges::replace(child->inherits, from, to);
      }
    below.key() = to;
    children.insert(std::move(below));
  }
  catalog.tables.insert(std::move(moved));
  for (auto& [name, other] : catalog.tables)
    for (Constraint& key : other.constraints)
      if (key.referenced_table == from) key.referenced_table = to;
  std::vector<QualifiedName> owned;
  for (auto& [name, sequence] : catalog.sequences)
    if (sequence.owner_table == from) {
      sequence.owner_table = to;
      if (name.schema != to.schema) owned.push_back(name);
    }
  for (const auto& name : owned) rename_sequence(name, {to.schema, name.name});
  move_key(views, from, to);
  for (auto& [name, use] : views) move_key(use.relations, from, to);
  retype(type_spelling(from), type_spelling(to));
}

void SchemaState::rename_index_parent(const QualifiedName& from, const QualifiedName& to) {
  move_key(index_parents, from, to);
  for (auto& [child, parent] : index_parents)
    if (parent == from) parent = to;
}

void SchemaState::rename_index(const QualifiedName& from, const QualifiedName& to) {
  Index* found = index(from);
  if (!found) return;
  const QualifiedName owner = index_tables[from];
  found->name = to.name;
  index_tables.erase(from);
  index_tables[to] = owner;
  rename_index_parent(from, to);
}

void SchemaState::rename_sequence(const QualifiedName& from, const QualifiedName& to) {
  if (!catalog.sequences.count(from)) return;
  rename_entry(catalog.sequences, from, to);
  for (auto& [name, table] : catalog.tables)
    for (Column& column : table.columns)
      if (column.default_expression && column.default_expression->starts_with("nextval("))
        for (const std::string& before : {regclass(from), quote_literal(quote_name(from)) + "::regclass"})
          column.default_expression = replace_all(*column.default_expression, before, regclass(to));
}

void SchemaState::rename_column(Table& root, const std::string& from, const std::string& to) {
  const auto in_list = [&](std::vector<std::string>& list) { std::ranges::replace(list, from, to); };
  const auto in_text = [&](std::string& text) { text = rename_in_expression(text, from, to); };
  std::vector<Table*> tables = {&root};
  for (const Descent& descent : descendants(root.name)) tables.push_back(descent.child);
  for (Table* table : tables) {
    move_key(enum_defaults, Member{table->name, from}, Member{table->name, to});
    for (Column& own : table->columns) {
      if (own.name == from) own.name = to;
      if (own.generated_expression) in_text(*own.generated_expression);
    }
    for (Constraint& own : table->constraints) {
      in_list(own.columns);
      in_list(own.on_delete_columns);
      if (!own.expression.empty()) in_text(own.expression);
    }
    for (Index& own : table->indexes) {
      for (IndexKey& key : own.keys) {
        if (key.column == from) key.column = to;
        if (!key.expression.empty()) in_text(key.expression);
      }
      in_list(own.include);
      in_list(own.predicate_not_null);
      if (own.predicate) in_text(*own.predicate);
    }
    in_list(table->dropped_keys);
    for (Policy& own : table->policies) {
      if (!own.using_expression.empty()) in_text(own.using_expression);
      if (!own.check_expression.empty()) in_text(own.check_expression);
    }
    if (!table->partition_key.empty()) in_text(table->partition_key);
    move_key(local_columns[table->name], from, to);
    for (const auto& [owner, key] : foreign_keys_to(table->name))
      in_list(constraint(*catalog.table(owner), key)->referenced_columns);
    for (auto& [name, sequence] : catalog.sequences)
      if (sequence.owner_table == table->name && sequence.owner_column == from) sequence.owner_column = to;
    for (const auto& view : views_on(table->name))
      if (views[view].columns.count(from)) views[view].columns.insert(to);
  }
}

void SchemaState::retype(const std::string& from, const std::string& to) {
  if (from == to) return;
  for (auto& [name, table] : catalog.tables)
    for (Column& column : table.columns) {
      if (column.type == from) column.type = to;
      else if (column.type == from + "[]") column.type = to + "[]";
    }
}

void SchemaState::rename_type(const QualifiedName& from, const QualifiedName& to) {
  rename_entry(catalog.enums, from, to);
  move_key(types, from, to);
  for (auto& [member, type] : enum_defaults)
    if (type == from) type = to;
  retype(type_spelling(from), type_spelling(to));
}

void SchemaState::rename_constraint(Table& table, Constraint& renamed, const std::string& to) {
  const std::string from = renamed.name;
  constraint_names.extract({table.name.schema, from});
  constraint_names.insert({table.name.schema, to});
  renamed.name = to;
  if (auto* links = value_at(constraint_parents, table.name)) move_key(*links, from, to);
  if (auto* own = value_at(own_checks, table.name)) move_key(*own, from, to);
  for (const auto& child : children_of(table.name))
    if (auto* links = value_at(constraint_parents, child))
      for (auto& [own, parent] : *links)
        if (parent == from) parent = to;
}

void SchemaState::rename_schema(const std::string& from, const std::string& to) {
  for (const auto& name : names_in(catalog.tables, from)) rename_table(name, {to, name.name});
  for (const auto& name : names_in(catalog.sequences, from)) rename_sequence(name, {to, name.name});
  for (const auto& name : names_in(catalog.enums, from)) rename_type(name, {to, name.name});
  for (const auto& name : names_in(types, from)) rename_type(name, {to, name.name});
  std::map<std::string, std::set<std::string>> renamed;
  for (auto& [name, arguments] : functions)
    renamed[name.starts_with(from + ".") ? to + name.substr(from.size()) : name].merge(arguments);
  functions = std::move(renamed);
  std::ranges::replace(catalog.schemas, from, to);
  std::ranges::sort(catalog.schemas);
}

}  // namespace pgadvise::sql
