#include "lint/schema/schema_difference.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/text/text.h"
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
  return std::find(std::begin(names), std::end(names), bare_type(name)) != std::end(names);
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
    std::vector<const T*> left = actual;
    std::vector<const T*> unmatched;
    const auto take = [&](auto same) {
      const auto it = std::ranges::find_if(left, same);
      const T* out = it == left.end() ? nullptr : *it;
      if (out) left.erase(it);
      return out;
    };
    std::vector<const T*> unnamed;
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
      if (!other)
        add(Kind::missing, table_subject(table), word(table) + " " + display(name), "", table.origin, {});
      else if (!is_view(table) && !is_view(*other)) compare(table, *other);
    }
    for (const auto& [name, table] : actual_.tables)
      if (!passed_over(table) && schemas_.count(name.schema) && !expected_.table(name))
        add(Kind::extra, table_subject(table), word(table) + " " + display(name), "", {}, table.origin);
    compare_enums();
    std::ranges::stable_sort(out_, [](const auto& a, const auto& b) { return a.subject < b.subject; });
    return std::move(out_);
  }

 private:
  static bool passed_over(const Table& table) {
    return table.temporary || table.name.schema == "pg_temp" || table.partition_of ||
           owner_of_table(table.name, &table);
  }
  static std::string word(const Table& table) { return is_view(table) ? "view" : "table"; }
  static Subject table_subject(const Table& table) {
    return {.kind = is_view(table) ? "view" : "table", .schema = table.name.schema, .table = table.name.name};
  }

  void add(Kind kind, Subject subject, std::string name, std::string what, SourceLocation expected,
           SourceLocation actual) {
    out_.push_back(
        {kind, std::move(subject), std::move(name), std::move(what), std::move(expected), std::move(actual)});
  }

  void compare(const Table& expected, const Table& actual) {
    const std::string on = display(expected.name);
    for (const auto& column : expected.columns) {
      Subject subject{.kind = "column",
                      .schema = expected.name.schema,
                      .table = expected.name.name,
                      .columns = {column.name}};
      if (const Column* other = actual.column(column.name))
        compare(column, *other, subject, on + "." + column.name);
      else add(Kind::missing, subject, "column " + on + "." + column.name, "", column.origin, actual.origin);
    }
    for (const auto& column : actual.columns)
      if (!expected.column(column.name))
        add(Kind::extra,
            {.kind = "column",
             .schema = expected.name.schema,
             .table = expected.name.name,
             .columns = {column.name}},
            "column " + on + "." + column.name, "", expected.origin, column.origin);
    compare_indexes(expected, actual, on);
    compare_foreign_keys(expected, actual, on);
    compare_checks(expected, actual, on);
    compare_policies(expected, actual, on);
  }

  void compare(const Column& expected, const Column& actual, const Subject& subject,
               const std::string& name) {
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
    add(Kind::changed, subject, "column " + name, join(what, "; "), expected.origin, actual.origin);
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

  void compare_indexes(const Table& expected, const Table& actual, const std::string& on) {
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
    const auto subject = [&](const Index& index) {
      return Subject{
          .kind = "index", .schema = expected.name.schema, .table = expected.name.name, .index = index.name};
    };
    const auto name = [&](const Index& index) {
      return fmt::format("{} {} on {} ({})", index.unique ? "unique index" : "index", index.name, on,
                         columns_of(index));
    };
    for (const Index* index : matched.missing)
      if (has_columns(actual, *index))
        add(Kind::missing, subject(*index), name(*index), "", index->origin, actual.origin);
    for (const Index* index : matched.extra)
      if (has_columns(expected, *index))
        add(Kind::extra, subject(*index), name(*index), "", expected.origin, index->origin);
    for (const auto& [one, other] : matched.same_name) {
      add(Kind::changed, subject(*one), name(*one), "is " + form(*other) + " instead of " + form(*one),
          one->origin, other->origin);
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

  static Subject named(const char* kind, const Table& table, const std::string& name) {
    return {.kind = kind, .schema = table.name.schema, .table = table.name.name, .constraint = name};
  }

  void compare_foreign_keys(const Table& expected, const Table& actual, const std::string& on) {
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
    const auto subject = [&](const Constraint& key) {
      return Subject{.kind = "foreign-key",
                     .schema = expected.name.schema,
                     .table = expected.name.name,
                     .columns = key.columns,
                     .constraint = key.name};
    };
    const auto name = [&](const Constraint& key) { return "foreign key " + on + " (" + form(key) + ")"; };
    for (const Constraint* key : matched.missing)
      if (has_columns(actual, key->columns))
        add(Kind::missing, subject(*key), name(*key), "", key->origin, actual.origin);
    for (const Constraint* key : matched.extra)
      if (has_columns(expected, key->columns))
        add(Kind::extra, subject(*key), name(*key), "", expected.origin, key->origin);
    for (const auto& [one, other] : matched.same_name)
      add(Kind::changed, subject(*one), name(*one), "is " + form(*other), one->origin, other->origin);
    for (const auto& [one, other] : matched.same_form)
      if (one->on_delete != other->on_delete || one->on_update != other->on_update)
        add(Kind::changed, subject(*one), name(*one),
            fmt::format("is ON DELETE {} ON UPDATE {} instead of ON DELETE {} ON UPDATE {}", other->on_delete,
                        other->on_update, one->on_delete, one->on_update),
            one->origin, other->origin);
  }

  void compare_checks(const Table& expected, const Table& actual, const std::string& on) {
    const auto kind = Constraint::Kind::check;
    const Matched matched(own(expected, kind), own(actual, kind),
                          [](const Constraint& check) { return check.name; });
    const auto subject = [&](const Constraint& check) { return named("constraint", expected, check.name); };
    // Of the same number of checks the server may have named some otherwise.
    const std::size_t renamed = std::min(matched.missing.size(), matched.extra.size());
    for (std::size_t i = renamed; i < matched.missing.size(); ++i)
      add(Kind::missing, subject(*matched.missing[i]), "check " + matched.missing[i]->name + " on " + on, "",
          matched.missing[i]->origin, actual.origin);
    for (std::size_t i = renamed; i < matched.extra.size(); ++i)
      add(Kind::extra, subject(*matched.extra[i]), "check " + matched.extra[i]->name + " on " + on, "",
          expected.origin, matched.extra[i]->origin);
  }

  void compare_policies(const Table& expected, const Table& actual, const std::string& on) {
    if (expected.row_security != actual.row_security)
      add(Kind::changed, table_subject(expected), "table " + on,
          actual.row_security ? "has row-level security" : "has no row-level security", expected.origin,
          actual.origin);
    const auto has = [](const Table& table, const std::string& name) {
      return std::ranges::any_of(table.policies, [&](const Policy& policy) { return policy.name == name; });
    };
    const auto subject = [&](const Policy& policy) { return named("policy", expected, policy.name); };
    for (const auto& policy : expected.policies)
      if (!has(actual, policy.name))
        add(Kind::missing, subject(policy), "policy " + policy.name + " on " + on, "", policy.origin,
            actual.origin);
    for (const auto& policy : actual.policies)
      if (!has(expected, policy.name))
        add(Kind::extra, subject(policy), "policy " + policy.name + " on " + on, "", expected.origin,
            policy.origin);
  }

  void compare_enums() {
    const auto subject = [](const QualifiedName& name) {
      return Subject{.kind = "enum", .schema = name.schema, .entry = name.name};
    };
    for (const auto& [name, type] : expected_.enums) {
      const auto other = actual_.enums.find(name);
      if (other == actual_.enums.end())
        add(Kind::missing, subject(name), "enum " + display(name), "", type.origin, {});
      else if (type.labels_known && other->second.labels_known &&
               std::set<std::string>(type.labels.begin(), type.labels.end()) !=
                   std::set<std::string>(other->second.labels.begin(), other->second.labels.end()))
        add(Kind::changed, subject(name), "enum " + display(name),
            "has " + join(other->second.labels, ", ") + " instead of " + join(type.labels, ", "), type.origin,
            other->second.origin);
    }
    for (const auto& [name, type] : actual_.enums)
      if (schemas_.count(name.schema) && !expected_.enums.count(name))
        add(Kind::extra, subject(name), "enum " + display(name), "", {}, type.origin);
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
