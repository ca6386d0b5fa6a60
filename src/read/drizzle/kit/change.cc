#include "drizzle/kit/change.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/text/identifier.h"
#include "base/text/json_parse.h"
#include "base/text/text.h"

namespace pgadvise::drizzle {
namespace {

using Ordered = nlohmann::ordered_json;

Error refused(std::string what) {
  return {Error::Kind::nonfatal, "", std::move(what),
          "change schema.ts, then run drizzle-kit generate to create the migration"};
}

std::string text_of(const Ordered& object, const char* name) {
  const auto it = object.find(name);  // end() of what is not an object
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

// format_type()'s spelling -> drizzle-kit's.
std::string drizzle_type(std::string type, bool version_8) {
  if (type.starts_with("character varying")) type.replace(0, 17, "varchar");
  else if (type.starts_with("character(")) type.replace(0, 9, "char");
  else if (type.starts_with("timestamp") && type.ends_with(" without time zone"))
    type.resize(type.size() - 18);
  if (version_8) return type;
  type = replace_all(type, ",", ", ");
  return type.starts_with("timestamp(") ? "timestamp " + type.substr(9) : type;
}

// The newer form leaves the cast of a literal out.
std::string drizzle_default(const std::string& expression, bool version_8) {
  const auto cast = expression.rfind("'::");
  return version_8 && cast != std::string::npos && expression.front() == '\'' ? expression.substr(0, cast + 1)
                                                                              : expression;
}

class Changer {
 public:
  Changer(Ordered root, bool version_8) : root_(std::move(root)), version_8_(version_8) {}

  std::optional<Error> apply(const Catalog& before, const Catalog& after) {
    for (const auto& [name, table] : before.tables)
      if (!after.tables.count(name)) return refused("it drops " + display(name));
    if (before.enums.size() != after.enums.size() || before.sequences.size() != after.sequences.size())
      return refused("it creates or drops more than indexes and column types");
    for (const auto& [name, table] : after.tables) {
      const Table* old = before.table(name);
      if (!old) return refused("it makes " + display(name));
      if (auto error = change_table(*old, table)) return error;
    }
    return std::nullopt;
  }

  SnapshotChange take(const std::string& id) {
    const std::string previous = text_of(root_, "id");
    root_["id"] = id;
    if (version_8_) {
      root_["prevIds"] = Ordered::array({previous});
      root_["renames"] = Ordered::array();
    } else {
      root_["prevId"] = previous;
      root_["_meta"] = Ordered{
          {"columns", Ordered::object()}, {"schemas", Ordered::object()}, {"tables", Ordered::object()}};
    }
    return {root_.dump(2, ' ', false, Ordered::error_handler_t::replace), std::move(notes_)};
  }

 private:
  std::optional<Error> change_table(const Table& before, const Table& after) {
    if (before.columns.size() != after.columns.size()) return refused("it adds or drops a column");
    if (auto error = same_constraints(before, after)) return error;
    if (before.policies.size() != after.policies.size() || before.row_security != after.row_security)
      return refused("it changes row-level security");
    for (std::size_t i = 0; i < before.policies.size(); ++i)
      if (before.policies[i].using_expression != after.policies[i].using_expression ||
          before.policies[i].check_expression != after.policies[i].check_expression)
        return refused("it changes a policy");
    for (std::size_t i = 0; i < after.columns.size(); ++i)
      if (auto error = change_column(after.name, before.columns[i], after.columns[i])) return error;
    for (const auto& index : before.indexes)
      if (!after.index(index.name)) drop_index(after.name, index);
    for (const auto& index : after.indexes)
      if (!before.index(index.name))
        if (auto error = add_index(after.name, index)) return error;
    return std::nullopt;
  }

  // Validated or not is the same to drizzle.
  static std::optional<Error> same_constraints(const Table& before, const Table& after) {
    if (before.constraints.size() != after.constraints.size())
      return refused("it adds or drops a constraint");
    for (std::size_t i = 0; i < before.constraints.size(); ++i) {
      const Constraint& a = before.constraints[i];
      const Constraint& b = after.constraints[i];
      if (a.name != b.name || a.kind != b.kind || a.columns != b.columns || a.expression != b.expression ||
          a.on_delete != b.on_delete || a.on_update != b.on_update)
        return refused("it changes a constraint");
    }
    return std::nullopt;
  }

  bool is_table(const Ordered& row, const QualifiedName& name, const char* key) const {
    const std::string schema = text_of(row, "schema");
    return text_of(row, key) == name.name && (schema.empty() ? "public" : schema) == name.schema;
  }

  // Of the older form: the table's object. nullptr: schema.ts does not know it.
  Ordered* table(const QualifiedName& name) {
    for (auto& [key, value] : root_["tables"].items())
      if (is_table(value, name, "name")) return &value;
    return nullptr;
  }

  Ordered* row(const char* type, const QualifiedName& table_name, const std::string& name) {
    for (auto& entry : root_["ddl"])
      if (text_of(entry, "entityType") == type &&
          (name.empty() ? is_table(entry, table_name, "name")
                        : is_table(entry, table_name, "table") && text_of(entry, "name") == name))
        return &entry;
    return nullptr;
  }

  bool knows(const QualifiedName& name) {
    return version_8_ ? row("tables", name, "") != nullptr : table(name) != nullptr;
  }
  void unknown(const QualifiedName& name) {
    const std::string note =
        "schema.ts does not contain " + display(name) + ": only the migration changes it";
    if (std::ranges::find(notes_, note) == notes_.end()) notes_.push_back(note);
  }

  std::optional<Error> change_column(const QualifiedName& name, const Column& before, const Column& after) {
    if (before.name != after.name) return refused("it renames a column");
    const bool type = before.type != after.type;
    const bool fallback = before.default_expression != after.default_expression;
    if (!type && !fallback && before.not_null == after.not_null) return std::nullopt;
    if (!knows(name)) return unknown(name), std::nullopt;
    Ordered* column = nullptr;
    if (version_8_) column = row("columns", name, before.name);
    else if (Ordered& columns = (*table(name))["columns"];
             columns.is_object() && columns.contains(before.name))
      column = &columns[before.name];
    if (!column) return unknown(name), std::nullopt;
    if (text_of(*column, "type").ends_with("serial"))
      return refused(before.name + " is a serial column in schema.ts");
    if (type &&
        (after.type.ends_with("]") || before.type.ends_with("]") || !text_of(*column, "typeSchema").empty()))
      return refused("it changes an array or a user-defined type");
    if (type) (*column)["type"] = drizzle_type(after.type, version_8_);
    (*column)["notNull"] = after.not_null;
    if (!fallback) return std::nullopt;
    if (after.default_expression)
      (*column)["default"] = drizzle_default(*after.default_expression, version_8_);
    else if (version_8_) (*column)["default"] = nullptr;
    else column->erase("default");
    return std::nullopt;
  }

  void drop_index(const QualifiedName& name, const Index& index) {
    if (version_8_) {
      auto& rows = root_["ddl"];
      for (auto it = rows.begin(); it != rows.end();)
        it = text_of(*it, "entityType") == "indexes" && is_table(*it, name, "table") &&
                     text_of(*it, "name") == index.name
                 ? rows.erase(it)
                 : it + 1;
    } else if (Ordered* known = table(name); known && known->contains("indexes")) {
      (*known)["indexes"].erase(index.name);
    }
  }

  std::optional<Error> add_index(const QualifiedName& name, const Index& index) {
    if (index.constraint) return refused("it adds a constraint");
    if (!knows(name)) return unknown(name), std::nullopt;
    if (!index.include.empty()) {
      notes_.push_back("schema.ts can't express INCLUDE: only the migration creates " + index.name);
      return std::nullopt;
    }
    if (version_8_) {
      Ordered entry{{"nameExplicit", true},
                    {"columns", keys(index)},
                    {"isUnique", index.unique},
                    {"where", nullptr},
                    {"with", ""},
                    {"method", index.method},
                    {"concurrently", false},
                    {"name", index.name},
                    {"entityType", "indexes"},
                    {"schema", name.schema},
                    {"table", name.name}};
      if (index.predicate) entry["where"] = *index.predicate;
      root_["ddl"].push_back(std::move(entry));
      return std::nullopt;
    }
    Ordered entry{{"name", index.name}, {"columns", keys(index)}, {"isUnique", index.unique}};
    if (index.predicate) entry["where"] = *index.predicate;
    entry["concurrently"] = false;
    entry["method"] = index.method;
    entry["with"] = Ordered::object();
    (*table(name))["indexes"][index.name] = std::move(entry);
    return std::nullopt;
  }

  Ordered keys(const Index& index) const {
    Ordered out = Ordered::array();
    for (const auto& key : index.keys) {
      const bool expression = key.column.empty();
      const std::string& text = expression ? key.expression : key.column;
      if (version_8_) {
        Ordered opclass = nullptr;
        if (!key.operator_class.empty()) opclass = Ordered{{"name", key.operator_class}, {"default", false}};
        out.push_back(Ordered{{"value", text},
                              {"isExpression", expression},
                              {"asc", !key.descending},
                              {"nullsFirst", key.nulls_first},
                              {"opclass", opclass}});
        continue;
      }
      Ordered one{{"expression", text},
                  {"isExpression", expression},
                  {"asc", !key.descending},
                  {"nulls", key.nulls_first ? "first" : "last"}};
      if (!key.operator_class.empty()) one["opclass"] = key.operator_class;
      out.push_back(std::move(one));
    }
    return out;
  }

  Ordered root_;
  bool version_8_;
  std::vector<std::string> notes_;
};

}  // namespace

Result<SnapshotChange> change_snapshot(std::string_view previous, const std::string& file,
                                       const Catalog& before, const Catalog& after, const std::string& id) {
  Ordered root = parsed_json<Ordered>(previous);
  const std::string version = text_of(root, "version");
  const bool version_8 = version == "8";
  const bool usable = !text_of(root, "id").empty() &&
                      (version_8 ? root.contains("ddl") && root["ddl"].is_array()
                                 : version == "7" && root.contains("tables") && root["tables"].is_object());
  if (!usable)
    return fail(Error::Kind::nonfatal, file,
                version.empty() ? why_no_json(previous, "is not a drizzle-kit snapshot")
                                : "is a snapshot of version " + ellipsis(version, 10) +
                                      ", which current drizzle-kit can't continue",
                "run npx drizzle-kit up");
  Changer changer(std::move(root), version_8);
  if (auto error = changer.apply(before, after)) return tl::unexpected(*error);
  return changer.take(id);
}

}  // namespace pgadvise::drizzle
