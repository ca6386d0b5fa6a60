#include "drizzle/schema/source_reader.h"

#include <algorithm>
#include <utility>

#include "base/text/identifier.h"
#include "drizzle/schema/source_packages.h"
#include "drizzle/schema/source_table.h"
#include "drizzle/schema/source_view.h"
#include "files/files.h"
#include "typescript/parse.h"

namespace pgadvise::drizzle {
namespace {

using typescript::Program;
using typescript::Value;
using typescript::ValuePtr;
using Kind = Value::Kind;

class DeclaredObjects {
 public:
  DeclaredObjects(Program& program, SourceConfig config)
      : program_(program),
        errors_(program.tree().diagnostics()),
        tables_(program, config.casing, config.array_forgets) {
    out_.config = std::move(config);
  }

  SourceSchema read() {
    for (const auto& file : program_.parse_exports_ahead(out_.config.files)) note_unread(file);
    out_.catalog.schemas.emplace_back("public");
    if (out_.config.casing_unknown)
      unknown_at({out_.config.paths.front(), 0, 0}, "the casing of column names");
    std::vector<ValuePtr> exported;
    for (const auto& file : out_.config.files) {
      for (const auto& name : program_.exported_names(file)) add(program_.exported(file, name), exported);
    }
    // Columns of tables may have the type of an enum of the schema, and those of views are of tables.
    for (const auto& value : exported) other_object(value);
    for (const auto& value : exported) table(value);
    for (const auto& value : exported) view(value);
    for (const auto& value : exported) linked_policy(value);
    std::ranges::sort(out_.catalog.schemas);
    for (const auto& file : program_.unfollowed())
      if (std::ranges::find(out_.unread, file) == out_.unread.end()) out_.unread.push_back(file);
    return std::move(out_);
  }

 private:
  void note_unread(const std::string& file) {
    const typescript::Module* module = program_.module(file);
    if (!module) {
      out_.unread.push_back(file);  // the program has reported it
      return;
    }
    const std::size_t errors = errors_.size();
    if (module->syntax->errors() > 0)
      errors_.push_back({Error::Kind::nonfatal, place_of_error(*module->syntax),
                         "has a syntax error: what is declared there may not be known", ""});
    const auto follow = [&](const std::string& specifier) {
      if (specifier.starts_with('.') && program_.resolver().resolve(file, specifier).empty() &&
          !names_no_source(file, specifier))
        errors_.push_back({Error::Kind::nonfatal, file,
                           "exports from " + specifier + ", which is missing: tables there are not known",
                           ""});
    };
    for (const auto& specifier : module->star_exports) follow(specifier);
    for (const auto& [name, item] : module->exports) follow(item.from.specifier);
    if (errors_.size() > errors) out_.unread.push_back(file);
  }

  // Whether the file is there and declares no table: types.d.ts, logo.svg
  bool names_no_source(const std::string& from, const std::string& specifier) {
    const std::string path = files::join_path(files::folder_of(from), specifier);
    const auto& tree = program_.tree();
    const bool compiled = path.ends_with(".js");
    return tree.has(path) || tree.has((compiled ? path.substr(0, path.size() - 3) : path) + ".d.ts");
  }

  static std::string place_of_error(const typescript::Syntax& syntax) {
    std::optional<std::size_t> first;
    typescript::each_node(syntax.root(), [&](const typescript::Node& at) {
      if (at.is(typescript::Kind::error)) first = std::min(first.value_or(at.offset()), at.offset());
    });
    return first ? syntax.location(*first).str() : syntax.file();
  }

  // Each value once: a barrel exports the same tables as the files that it names.
  void add(const ValuePtr& value, std::vector<ValuePtr>& exported) {
    if (seen_.insert(value.get()).second) exported.push_back(value);
  }

  void unknown(const ValuePtr& value, std::string what) {
    unknown_at(value->node.location(), std::move(what));
  }
  void unknown_at(SourceLocation location, std::string what) {
    out_.unknown.push_back({std::move(location), std::move(what), std::nullopt});
  }

  void other_object(const ValuePtr& value) {
    if (value->is(Kind::unknown)) {
      if (value->node) unknown(value, "an exported value, which may be a table (" + value->text + ")");
      return;
    }
    const Chain chain = chain_of(value);
    const Value& root = *chain.root;
    if (!root.is(Kind::call)) return;
    if (pg_core_name(*root.base) == "pgSchema") {
      const auto name = schema_name(root);
      if (!name) return unknown(value, "the name of a schema");
      if (*name != "public") out_.catalog.schemas.push_back(*name);
      return;
    }
    std::optional<std::string> schema;
    const std::string made = made_object(root, schema);
    const auto text = text_of(argument(root, 0));
    if (made.empty()) return foreign_table(root, value);
    if (made == "table") return;
    if (!text || !schema)
      return unknown(value, "the name of a " + std::string(made == "enum" ? "type" : made));
    const QualifiedName name{*schema, cut_identifier(*text)};
    if (made == "enum") add_enum(name, root, value);
    if (made == "sequence")
      out_.catalog.sequences[name] = {name, "bigint", std::nullopt, "", value->node.location()};
  }

  // A function of another package that gets columns of Drizzle makes a table of them, or of more.
  void foreign_table(const Value& root, const ValuePtr& value) {
    if (!drizzle_orm_name(*root.base).empty() || is_column(value)) return;
    for (const auto& item : root.items)
      for (const auto& property : item->properties)
        if (is_column(property.value)) return unknown(value, "a table that another package makes");
  }

  void add_enum(const QualifiedName& name, const Value& call, const ValuePtr& value) {
    Enum out{name, {}, value->node.location()};
    const ValuePtr labels = argument(call, 1);
    bool known = labels->is(Kind::array, Kind::object) && !labels->partial;
    const auto label = [&](const ValuePtr& one) {
      const auto text = text_of(one);
      if (text) out.labels.push_back(*text);
      else known = false;
    };
    if (labels->is(Kind::array)) std::ranges::for_each(labels->items, label);
    for (const auto& property : labels->properties) label(property.value);
    if (!known) {
      unknown(value, "the labels of " + display(name));
      out.labels.clear();
      out.labels_known = false;
    }
    out_.catalog.enums[name] = std::move(out);
  }

  // A view without a known name is among the unknown objects.
  void view(const ValuePtr& value) {
    const Chain chain = chain_of(value);
    std::optional<std::string> schema;
    const std::string made = made_object(*chain.root, schema);
    if (made != "view" && made != "materializedView") return;
    const auto text = text_of(argument(*chain.root, 0));
    if (!text || !schema) return;
    const QualifiedName name{*schema, cut_identifier(*text)};
    if (chain.find("existing")) {
      out_.existing.insert(name);
      return;
    }
    Table view{.name = name,
               .kind = made == "view" ? Table::Kind::view : Table::Kind::materialized_view,
               .origin = chain.root->node.location()};
    if (const ChainCall* as = chain.find("as"))
      view.definition = sql_text(argument(*as->call, 0), tables_.names(), false).value_or("");
    view.columns = view_columns(tables_, out_.catalog, chain);
    if (view.definition.empty()) out_.incomplete.insert(name);
    out_.catalog.tables[name] = std::move(view);
  }

  void table(const ValuePtr& value) {
    const SourceTable* found = tables_.table(value);
    if (!found || !added_.insert(found).second) return;
    const bool row_security = chain_of(value).find("enableRLS") ||
                              (found->value->base->is(Kind::member) && found->value->base->name == "withRLS");
    add_table(out_, tables_, *found, row_security);
  }

  // pgPolicy(…).link(orders)
  void linked_policy(const ValuePtr& value) {
    const Chain chain = chain_of(value);
    const ChainCall* link = chain.find("link");
    if (!link || !chain.root->is(Kind::call) || pg_core_name(*chain.root->base) != "pgPolicy") return;
    const SourceTable* found = tables_.table(argument(*link->call, 0));
    Table* target = found && found->name ? out_.catalog.table(*found->name) : nullptr;
    if (!target) return unknown(value, "the table of a policy");
    std::vector<std::string> gaps;
    Policy policy = read_policy(*chain.root, tables_.names(), gaps);
    if (!gaps.empty()) unknown(value, gaps.front() + " of a policy");
    policy.origin = value->node.location();
    target->row_security = true;
    target->policies.push_back(std::move(policy));
  }

  Program& program_;
  Diagnostics& errors_;
  SourceTables tables_;
  SourceSchema out_;
  std::set<const Value*> seen_;
  std::set<const SourceTable*> added_;
};

}  // namespace

bool reads_source() { return typescript::available(); }

std::vector<SourceSchema> read_source_schemas(files::Tree& tree) {
  std::vector<SourceSchema> out;
  if (!reads_source()) return out;
  Program program(tree);
  provide_packages(program);
  for (auto& config : source_configs(program)) {
    SourceSchema schema = DeclaredObjects(program, std::move(config)).read();
    if (schema.catalog.tables.empty() && schema.catalog.enums.empty() && schema.unknown.empty() &&
        schema.unread.empty())
      continue;
    schema.read.assign(program.parsed().begin(), program.parsed().end());
    out.push_back(std::move(schema));
  }
  program.report_unfollowed();
  return out;
}

std::vector<SourceConfig> configs_with_missing_files(files::Tree& tree) {
  if (!reads_source()) return {};
  Program program(tree);
  auto out = configs_with_missing_files(program);
  program.report_unfollowed();
  return out;
}

}  // namespace pgadvise::drizzle
