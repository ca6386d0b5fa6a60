#include "lint/schema/schema_difference.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/text/text.h"
#include "lint/schema/tables.h"
#include "model/schema/migration_tool.h"

namespace pgadvise::lint {
namespace {

using Kind = SchemaDifference::Kind;

// Types of extensions and enums may carry the schema they are in, or not.
std::string_view bare_type(std::string_view type) {
  const auto dot = type.find('.');
  return dot == std::string_view::npos || type.find('(') < dot ? type : type.substr(dot + 1);
}

// Words among a type's modifiers are the type's own, and PostGIS' come in any case: geometry(Point, 4326).
bool same_type(std::string_view a, std::string_view b) {
  a = bare_type(a);
  b = bare_type(b);
  const auto modifiers = [](std::string_view type) {
    return replace_all(lower(type.substr(std::min(type.find('('), type.size()))), " ", "");
  };
  return a.substr(0, a.find('(')) == b.substr(0, b.find('(')) && modifiers(a) == modifiers(b);
}

bool default_class(std::string_view name) {
  static constexpr std::string_view names[] = {
      "text_ops",    "varchar_ops", "bpchar_ops",   "int2_ops",      "int4_ops",        "int8_ops",
      "uuid_ops",    "bool_ops",    "date_ops",     "timestamp_ops", "timestamptz_ops", "time_ops",
      "numeric_ops", "float4_ops",  "float8_ops",   "bytea_ops",     "jsonb_ops",       "array_ops",
      "enum_ops",    "inet_ops",    "tsvector_ops", "range_ops",     "citext_ops"};
  return is_one_of(bare_type(name), names);
}

// An index but for its name and the text of its expressions.
std::string form(const Index& index) {
  std::vector<std::string> keys;
  for (const auto& key : index.keys) {
    std::string& text = keys.emplace_back(key.column.empty() ? "expression" : key.column);
    if (index.method == "btree" && key.descending) text += " DESC";
    if (index.method == "btree" && key.nulls_first != key.descending)
      text += key.nulls_first ? " NULLS FIRST" : " NULLS LAST";
    if (!key.operator_class.empty() && !default_class(key.operator_class))
      text += " " + std::string(bare_type(key.operator_class));
  }
  return std::string(index.unique ? "unique " : "") + index.method + " (" + join(keys, ", ") + ")" +
         (index.include.empty() ? "" : " INCLUDE (" + join(index.include, ", ") + ")") +
         (index.nulls_not_distinct ? " NULLS NOT DISTINCT" : "") + (index.predicate ? " WHERE …" : "");
}

std::string columns_of(const Index& index) {
  std::vector<std::string> names;
  for (const auto& key : index.keys) names.push_back(key.column.empty() ? "an expression" : key.column);
  return join(names, ", ");
}

std::string form(const Constraint& key) {
  return join(key.columns, ", ") + " -> " + display(key.referenced_table) + " (" +
         join(key.referenced_columns, ", ") + ")";
}

// Of both sides what has no counterpart: by form first, then by name.
template <class T, class Form>
struct Matched {
  std::vector<const T*> missing, extra;
  std::vector<std::pair<const T*, const T*>> same_form, same_name;

  Matched(const std::vector<const T*>& expected, const std::vector<const T*>& actual, Form form_of) {
    std::vector<const T*> left = actual, unnamed, unmatched;
    const auto take = [&](auto same) {
      const auto it = std::ranges::find_if(left, same);
      const T* out = it == left.end() ? nullptr : *it;
      if (out) left.erase(it);
      return out;
    };
    for (const T* one : expected) {  // the same in both, so that a twin of it is not taken instead
      if (const T* other =
              take([&](const T* o) { return o->name == one->name && form_of(*o) == form_of(*one); }))
        same_form.emplace_back(one, other);
      else unnamed.push_back(one);
    }
    for (const T* one : unnamed) {
      if (const T* other = take([&](const T* o) { return form_of(*o) == form_of(*one); }))
        same_form.emplace_back(one, other);
      else unmatched.push_back(one);
    }
    for (const T* one : unmatched) {
      if (const T* other = take([&](const T* o) { return o->name == one->name; }))
        same_name.emplace_back(one, other);
      else missing.push_back(one);
    }
    extra = left;
  }
};

bool is_view(const Table& table) {
  return table.kind == Table::Kind::view || table.kind == Table::Kind::materialized_view;
}

class Comparison {
 public:
  Comparison(const Catalog& expected, const Catalog& actual) : expected_(expected), actual_(actual) {
    for (const auto& [name, table] : expected.tables) schemas_.insert(name.schema);
  }

  std::vector<SchemaDifference> run() {
    for (const auto& [name, table] : expected_.tables) {
      if (passed_over(table)) continue;
      const Table* other = actual_.table(name);
      if (!other) add(Kind::missing, object(table), table.origin, {});
      else if (!is_view(table) && !is_view(*other)) compare(table, *other);
    }
    for (const auto& [name, table] : actual_.tables)
      if (!passed_over(table) && schemas_.count(name.schema) && !expected_.table(name))
        add(Kind::extra, object(table), {}, table.origin);
    compare_enums();
    std::ranges::stable_sort(out_, [](const auto& a, const auto& b) { return a.subject < b.subject; });
    return std::move(out_);
  }

 private:
  // What a difference is about, and its name.
  struct Object {
    Subject subject;
    std::string name;
  };

  static bool passed_over(const Table& table) {
    return table.temporary || table.name.schema == "pg_temp" || table.partition_of ||
           owner_of_table(table.name, &table);
  }
  static Object object(const Table& table) {
    const std::string kind = is_view(table) ? "view" : "table";
    return {subject_in(table.name, kind), kind + " " + display(table.name)};
  }
  static Object object(const Table& table, const Column& column) {
    return {column_subject(table.name, column.name), "column " + display(table.name) + "." + column.name};
  }
  static Object object(const Table& table, const Index& index) {
    return {index_subject(table.name, index.name),
            fmt::format("{} {} on {} ({})", index.unique ? "unique index" : "index", index.name,
                        display(table.name), columns_of(index))};
  }
  static Object object(const Table& table, const Constraint& constraint) {
    if (constraint.kind == Constraint::Kind::foreign_key)
      return {key_subject(table.name, constraint),
              "foreign key " + display(table.name) + " (" + form(constraint) + ")"};
    return {subject_in(table.name, "constraint", {}, constraint.name),
            "check " + constraint.name + " on " + display(table.name)};
  }
  static Object object(const Table& table, const Policy& policy) {
    return {subject_in(table.name, "policy", {}, policy.name),
            "policy " + policy.name + " on " + display(table.name)};
  }

  void add(Kind kind, Object object, SourceLocation expected, SourceLocation actual, std::string what = {}) {
    out_.push_back({kind, std::move(object.subject), std::move(object.name), std::move(what),
                    std::move(expected), std::move(actual)});
  }
  // A part of one table that the other lacks. Both tables have the name by which the part is known.
  template <class Part>
  void add_missing(const Table& expected, const Part& part, const Table& actual) {
    add(Kind::missing, object(expected, part), part.origin, actual.origin);
  }
  template <class Part>
  void add_extra(const Table& expected, const Part& part) {
    add(Kind::extra, object(expected, part), expected.origin, part.origin);
  }
  template <class Part>
  void add_changed(const Table& expected, const Part& one, const Part& other, std::string what) {
    add(Kind::changed, object(expected, one), one.origin, other.origin, std::move(what));
  }

  void compare(const Table& expected, const Table& actual) {
    for (const auto& column : expected.columns)
      if (const Column* other = actual.column(column.name)) compare(expected, column, *other);
      else add_missing(expected, column, actual);
    for (const auto& column : actual.columns)
      if (!expected.column(column.name)) add_extra(expected, column);
    compare_indexes(expected, actual);
    compare_foreign_keys(expected, actual);
    compare_checks(expected, actual);
    compare_policies(expected, actual);
  }

  void compare(const Table& table, const Column& expected, const Column& actual) {
    std::vector<std::string> what;
    const bool known = !expected.type.empty() && !actual.type.empty();  // of CREATE TABLE AS, not always
    if (known && !same_type(expected.type, actual.type))
      what.push_back(fmt::format("is {} instead of {}", actual.type, expected.type));
    if (expected.not_null != actual.not_null)
      what.push_back(actual.not_null ? "is NOT NULL instead of nullable" : "is nullable instead of NOT NULL");
    if (expected.identity != actual.identity)
      what.push_back(actual.identity == Column::Identity::none ? "is not an identity column"
                                                               : "differs as an identity column");
    if (expected.generated_expression.has_value() != actual.generated_expression.has_value())
      what.push_back(actual.generated_expression ? "is a generated column" : "is not a generated column");
    else if (expected.default_expression.has_value() != actual.default_expression.has_value() &&
             !expected.generated_expression)
      what.push_back(actual.default_expression ? "has a default" : "has no default");
    if (what.empty()) return;
    add_changed(table, expected, actual, join(what, "; "));
    out_.back().minor = what.size() == 1 && known && same_labels(expected.type, actual.type);
  }

  // Whether both types are enums with the same labels.
  bool same_labels(std::string_view expected, std::string_view actual) const {
    const auto labels = [](const Catalog& catalog, std::string_view type) -> const std::vector<std::string>* {
      for (const auto& [name, one] : catalog.enums)
        if (name.name == bare_type(type)) return one.labels_known ? &one.labels : nullptr;
      return nullptr;
    };
    const auto *one = labels(expected_, expected), *other = labels(actual_, actual);
    return one && other && *one == *other;
  }

  static bool has_columns(const Table& table, const std::vector<std::string>& columns) {
    return std::ranges::all_of(columns,
                               [&](const std::string& name) { return name.empty() || table.column(name); });
  }
  static bool has_columns(const Table& table, const Index& index) {
    return std::ranges::all_of(
        index.keys, [&](const IndexKey& key) { return key.column.empty() || table.column(key.column); });
  }

  void compare_indexes(const Table& expected, const Table& actual) {
    // A PRIMARY KEY and a UNIQUE over the same columns are one index: a snapshot or a tool may name only one
    // of them.
    const auto list = [](const Table& table) {
      std::vector<const Index*> out;
      std::set<std::string> unique;
      for (const auto& index : table.indexes) {
        const bool plain =
            index.unique && !index.predicate &&
            std::ranges::none_of(index.keys, [](const IndexKey& key) { return key.column.empty(); });
        if (!plain || unique.insert(form(index)).second) out.push_back(&index);
      }
      return out;
    };
    const Matched matched(list(expected), list(actual), [](const Index& index) { return form(index); });
    for (const Index* index : matched.missing)
      if (has_columns(actual, *index)) add_missing(expected, *index, actual);
    for (const Index* index : matched.extra)
      if (has_columns(expected, *index)) add_extra(expected, *index);
    for (const auto& [one, other] : matched.same_name) {
      add_changed(expected, *one, *other, "is " + form(*other) + " instead of " + form(*one));
      out_.back().minor = columns_of(*one) == columns_of(*other) && one->unique == other->unique &&
                          (!one->unique || one->predicate.has_value() == other->predicate.has_value());
    }
  }

  // The constraints of one kind that the table does not inherit.
  static std::vector<const Constraint*> own(const Table& table, Constraint::Kind kind) {
    std::vector<const Constraint*> out;
    for (const auto& constraint : table.constraints)
      if (constraint.kind == kind && !constraint.inherited) out.push_back(&constraint);
    return out;
  }

  void compare_foreign_keys(const Table& expected, const Table& actual) {
    const auto kind = Constraint::Kind::foreign_key;
    Matched matched(own(expected, kind), own(actual, kind), [](const Constraint& key) { return form(key); });
    // A key's generated name has the table that it references: of another target, it has another name.
    std::erase_if(matched.missing, [&](const Constraint* key) {
      const auto other = std::ranges::find_if(
          matched.extra, [&](const Constraint* one) { return one->columns == key->columns; });
      if (other == matched.extra.end()) return false;
      matched.same_name.emplace_back(key, *other);
      matched.extra.erase(other);
      return true;
    });
    for (const Constraint* key : matched.missing)
      if (has_columns(actual, key->columns)) add_missing(expected, *key, actual);
    for (const Constraint* key : matched.extra)
      if (has_columns(expected, key->columns)) add_extra(expected, *key);
    for (const auto& [one, other] : matched.same_name)
      add_changed(expected, *one, *other, "is " + form(*other));
    for (const auto& [one, other] : matched.same_form)
      if (one->on_delete != other->on_delete || one->on_update != other->on_update)
        add_changed(expected, *one, *other,
                    fmt::format("is ON DELETE {} ON UPDATE {} instead of ON DELETE {} ON UPDATE {}",
                                other->on_delete, other->on_update, one->on_delete, one->on_update));
  }

  void compare_checks(const Table& expected, const Table& actual) {
    const auto kind = Constraint::Kind::check;
    const Matched matched(own(expected, kind), own(actual, kind),
                          [](const Constraint& check) { return check.name; });
    // Of the same number of checks the server may have named some otherwise.
    const std::size_t renamed = std::min(matched.missing.size(), matched.extra.size());
    for (std::size_t i = renamed; i < matched.missing.size(); ++i)
      add_missing(expected, *matched.missing[i], actual);
    for (std::size_t i = renamed; i < matched.extra.size(); ++i) add_extra(expected, *matched.extra[i]);
  }

  void compare_policies(const Table& expected, const Table& actual) {
    if (expected.row_security != actual.row_security)
      add(Kind::changed, object(expected), expected.origin, actual.origin,
          actual.row_security ? "has row-level security" : "has no row-level security");
    const auto has = [](const Table& table, const std::string& name) {
      return std::ranges::find(table.policies, name, &Policy::name) != table.policies.end();
    };
    for (const auto& policy : expected.policies)
      if (!has(actual, policy.name)) add_missing(expected, policy, actual);
    for (const auto& policy : actual.policies)
      if (!has(expected, policy.name)) add_extra(expected, policy);
  }

  void compare_enums() {
    const auto object = [](const QualifiedName& name) {
      return Object{{.kind = "enum", .schema = name.schema, .entry = name.name}, "enum " + display(name)};
    };
    const auto labels = [](const Enum& type) {
      return std::set<std::string>(type.labels.begin(), type.labels.end());
    };
    for (const auto& [name, type] : expected_.enums) {
      const auto other = actual_.enums.find(name);
      if (other == actual_.enums.end()) add(Kind::missing, object(name), type.origin, {});
      else if (type.labels_known && other->second.labels_known && labels(type) != labels(other->second))
        add(Kind::changed, object(name), type.origin, other->second.origin,
            "has " + join(other->second.labels, ", ") + " instead of " + join(type.labels, ", "));
    }
    for (const auto& [name, type] : actual_.enums)
      if (schemas_.count(name.schema) && !expected_.enums.count(name))
        add(Kind::extra, object(name), {}, type.origin);
  }

  const Catalog& expected_;
  const Catalog& actual_;
  std::set<std::string> schemas_;
  std::vector<SchemaDifference> out_;
};

}  // namespace

std::vector<SchemaDifference> schema_differences(const Catalog& expected, const Catalog& actual) {
  return Comparison(expected, actual).run();
}

}  // namespace pgadvise::lint
