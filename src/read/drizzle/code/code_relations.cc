#include "drizzle/code/code_relations.h"

#include <algorithm>
#include <optional>
#include <string>

#include "base/text/text.h"
#include "drizzle/code/code_paths.h"
#include "typescript/evaluate.h"
#include "typescript/parse.h"

namespace pgadvise::drizzle {
namespace {

class Relations {
 public:
  Relations(Program& program, CodeIndex& index) : program_(program), index_(index) {}

  // Of code that is no application's, only the names count.
  void read(const typescript::Module& module, bool of_application) {
    names_only_ = !of_application;
    if (module.syntax->errors() > 0) names_.complete = false;
    each_node(module.syntax->root(), [&](const Node& at) {
      if (at.is(Kind::call_expression)) add_call(at);
      else if (at.is(Kind::identifier) && is_passed_on(module, at)) names_.complete = false;
    });
  }

  // A file could not be read.
  void miss() { names_.complete = false; }

  RelationsInCode take() {
    add_derived();
    std::ranges::stable_sort(out_, {}, &CodeRelation::place);
    return {std::move(out_), std::move(names_)};
  }

 private:
  // A relation of defineRelations() without columns has those of the only relation back with its alias.
  void add_derived() {
    const std::size_t stated = out_.size();
    for (auto& relation : derived_) {
      const CodeRelation* back = nullptr;
      std::size_t count = 0;
      for (std::size_t i = 0; i < stated; ++i)
        if (out_[i].table == relation.target && out_[i].target == relation.table &&
            out_[i].name == relation.name && ++count == 1)
          back = &out_[i];
      if (count != 1) continue;
      relation.columns = back->target_columns;
      relation.target_columns = back->columns;
      out_.push_back(std::move(relation));
    }
  }

  // Whether the imported name of relations() and the like is used other than by calling it.
  bool is_passed_on(const typescript::Module& module, const Node& name) {
    const auto import = module.imports.find(std::string(name.text()));
    if (import == module.imports.end() || !import->second.specifier.starts_with("drizzle-orm")) return false;
    const Node above = name.parent();
    return is_one_of(import->second.name, {"relations", "defineRelations", "defineRelationsPart"}) &&
           !above.is(Kind::import_specifier, Kind::export_specifier) &&
           !(above.is(Kind::call_expression) && above.child(Field::function) == name);
  }

  void add_call(const Node& call) {
    const auto arguments = arguments_of(call);
    const Node callee = call.child(Field::function);
    if (arguments.empty()) return;
    if (index_.is_drizzle(callee, "relations")) {
      if (arguments.size() == 2) add_relations(arguments[0], bare(arguments[1]));
      else names_.complete = false;
    } else if (index_.is_drizzle(callee, "defineRelations") ||
               index_.is_drizzle(callee, "defineRelationsPart")) {
      if (arguments.size() == 2) add_defined(arguments[0], bare(arguments[1]));
    }
  }

  // The properties of the object; `complete` becomes false for all else that adds to it.
  static std::vector<Node> pairs_of(const Node& object, bool& complete) {
    std::vector<Node> out;
    complete = complete && object.is(Kind::object);
    for (const Node& part : object.children())
      if (part.is(Kind::pair) && !part.child(Field::key).is(Kind::computed_property_name))
        out.push_back(part);
      else complete = false;
    return out;
  }

  // relations(profiles, ({ one }) => ({ user: one(users, { fields: [profiles.userId], references: … }) }))
  void add_relations(const Node& table, const Node& function) {
    const SourceTable* own = index_.table(table);
    if (!own || !own->name) {
      names_.complete = false;
      return;
    }
    auto& names = names_.tables[*own->name];
    const auto values = is_function(function) ? returned_values(function) : std::vector<Node>();
    bool complete = !values.empty();
    for (const Node& value : values)
      for (const Node& part : pairs_of(bare(value), complete)) {
        const Node call = bare(part.child(Field::value));
        names.try_emplace(key_of(part), target_of(call));
        if (!names_only_) add(*own->name, call);
      }
    if (!complete) names_.partial.insert(*own->name);
  }

  // The table to which one(users) or many(users) goes.
  std::optional<QualifiedName> target_of(const Node& call) {
    const Node table = argument_at(call);
    const SourceTable* target = table ? index_.table(table) : nullptr;
    return target ? target->name : std::nullopt;
  }

  void add(const QualifiedName& own, const Node& call) {
    if (!call.is(Kind::call_expression)) return;
    const Node callee = call.child(Field::function);
    const std::string_view kind =
        callee.is(Kind::member_expression) ? callee.text(Field::property) : callee.text();
    const auto arguments = arguments_of(call);
    if ((kind != "one" && kind != "many") || arguments.empty()) return;
    const SourceTable* target = index_.table(arguments[0]);
    if (!target || !target->name) return;
    CodeRelation out{.table = own, .target = *target->name, .many = kind == "many", .place = call.location()};
    if (arguments.size() > 1 && !add_options(bare(arguments[1]), out)) return;
    out_.push_back(std::move(out));
  }

  // defineRelations(schema, (r) => ({ users: { posts: r.many.posts({ from: r.users.id, to: r.posts.authorId
  // }) } }))
  void add_defined(const Node& schema, const Node& function) {
    // Also of an object that is written here.
    const ValuePtr tables = typescript::evaluate(program_, schema);
    const auto values = is_function(function) ? returned_values(function) : std::vector<Node>();
    bool complete = !values.empty();
    for (const Node& value : values)
      for (const Node& part : pairs_of(bare(value), complete)) {
        const SourceTable* own = table_of(tables, key_of(part));
        if (own && own->name) add_defined_table(tables, *own, bare(part.child(Field::value)));
        else complete = false;
      }
    names_.complete = names_.complete && complete;
  }

  // users: { posts: r.many.posts() }
  void add_defined_table(const ValuePtr& tables, const SourceTable& own, const Node& relations) {
    auto& names = names_.tables[*own.name];
    bool complete = true;
    for (const Node& relation : pairs_of(relations, complete)) {
      const Node call = bare(relation.child(Field::value));
      const Node callee = call.child(Field::function);
      const SourceTable* target =
          callee.is(Kind::member_expression) ? table_of(tables, last_name(callee)) : nullptr;
      names.try_emplace(key_of(relation), target ? target->name : std::nullopt);
      if (!names_only_) add_defined(tables, own, call);
    }
    if (!complete) names_.partial.insert(*own.name);
  }

  // r.one.users({ … })
  void add_defined(const ValuePtr& tables, const SourceTable& own, const Node& call) {
    const Node callee = call.child(Field::function);
    if (!callee.is(Kind::member_expression)) return;
    const std::string kind = last_name(callee.child(Field::object));
    const SourceTable* target = table_of(tables, last_name(callee));
    if ((kind != "one" && kind != "many") || !target || !target->name) return;
    CodeRelation out{
        .table = *own.name, .target = *target->name, .many = kind == "many", .place = call.location()};
    const auto arguments = arguments_of(call);
    if (!arguments.empty() && !add_defined_options(tables, bare(arguments[0]), out)) return;
    (out.columns.empty() ? derived_ : out_).push_back(std::move(out));
  }

  // false: something of them is not known, or the relation has only some of the rows, or goes through a third
  // table.
  bool add_defined_options(const ValuePtr& tables, const Node& options, CodeRelation& out) {
    if (!options.is(Kind::object) || property_of(options, "where")) return false;
    if (const Node name = property_of(options, "alias"); name && !add_name(name, out)) return false;
    const Node from = property_of(options, "from"), to = property_of(options, "to");
    if (!from && !to) return true;
    return add_columns(tables, from, out.columns) && add_columns(tables, to, out.target_columns) &&
           out.columns.size() == out.target_columns.size();
  }

  // r.users.id, or a list of such.
  bool add_columns(const ValuePtr& tables, const Node& written, std::vector<std::string>& out) {
    const Node one = bare(written);
    for (const Node& node : one.is(Kind::array) ? one.children() : std::vector<Node>{one}) {
      const Node column = bare(node);
      if (!column.is(Kind::member_expression)) return false;
      const SourceTable* table = table_of(tables, last_name(column.child(Field::object)));
      const auto name =
          table ? table->column_names.find(last_name(column)) : decltype(table->column_names.end()){};
      if (!table || name == table->column_names.end()) return false;
      out.push_back(name->second.name);
    }
    return !out.empty();
  }

  const SourceTable* table_of(const ValuePtr& tables, const std::string& key) {
    return key.empty() ? nullptr : index_.table_of(program_.member(tables, key));
  }

  static std::string last_name(const Node& expression) {
    const Node node = bare(expression);
    return std::string(node.is(Kind::member_expression) ? node.text(Field::property) : node.text());
  }

  static bool add_name(const Node& name, CodeRelation& out) {
    const auto text = string_value(bare(name));
    if (text) out.name = *text;
    return text.has_value();
  }

  // false: something of them is not known.
  bool add_options(const Node& options, CodeRelation& out) {
    if (!options.is(Kind::object)) return false;
    if (const Node name = property_of(options, "relationName"); name && !add_name(name, out)) return false;
    const Node fields = property_of(options, "fields");
    return !fields || (add_columns(fields, out.columns) &&
                       add_columns(property_of(options, "references"), out.target_columns));
  }

  bool add_columns(const Node& written, std::vector<std::string>& out) {
    for (const Node& field : bare(written).children()) {
      const auto column = index_.column(bare(field));
      if (!column) return false;
      out.push_back(column->column);
    }
    return !out.empty();
  }

  Program& program_;
  CodeIndex& index_;
  std::vector<CodeRelation> out_;
  std::vector<CodeRelation> derived_;  // without columns
  RelationNames names_;
  bool names_only_ = false;
};

bool may_have_relations(const std::string& text) {
  return contains(text, "relations(") || contains(text, "defineRelations") ||
         (contains(text, "relations") && contains(text, "drizzle-orm"));
}

constexpr int max_levels = 20;  // of `with` inside of `with`

// What `with` of findMany() and findFirst() names.
class NamesInWith {
 public:
  NamesInWith(CodeIndex& index, const RelationNames& names) : names_(names) {
    if (!names.complete || names.tables.empty() || !index.schema_is_complete()) return;
    for (const auto& query : index.queries()) {
      if (!query.facts.relational || !query.table || !query.table->name) continue;
      if (index.is_one_table(member_name(object_of(query.anchor))))
        add(argument_at(query.anchor), *query.table->name, query.facts.function, 0);
    }
    std::ranges::stable_sort(undeclared, {}, &UndeclaredRelation::place);
  }

  std::vector<UndeclaredRelation> undeclared;
  std::set<QualifiedName> tables;

 private:
  // `options`: of findMany(), or of a relation in `with`.
  void add(const Node& options, const QualifiedName& table, const std::string& function, int level) {
    const Node with = bare(property_of(options, "with"));
    if (!with.is(Kind::object) || level > max_levels) return;
    tables.insert(table);
    const auto declared = names_.tables.find(table);
    for (const Node& part : with.children()) {
      const Node key = part.child(Field::key), value = bare(part.child(Field::value));
      if (!part.is(Kind::pair) || key.is(Kind::computed_property_name) ||
          !value.is(Kind::true_, Kind::object))
        continue;
      const std::string name = key_of(part);
      const auto* target = declared == names_.tables.end() ? nullptr : find(declared->second, name);
      if (!target) {
        if (names_.partial.count(table) == 0) undeclared.push_back({table, name, function, part.location()});
      } else if (*target) {
        tables.insert(**target);
        add(value, **target, function, level + 1);
      }
    }
  }

  static const std::optional<QualifiedName>* find(const RelationNames::Targets& targets,
                                                  const std::string& name) {
    const auto found = targets.find(name);
    return found == targets.end() ? nullptr : &found->second;
  }

  const RelationNames& names_;
};

bool knows_all_targets(const RelationNames& names, const QualifiedName& table) {
  const auto found = names.tables.find(table);
  return names.partial.count(table) == 0 &&
         (found == names.tables.end() ||
          std::ranges::all_of(found->second, [](const auto& one) { return one.second.has_value(); }));
}

}  // namespace

RelationsInCode relations_in_code(Program& program, CodeIndex& index) {
  constexpr int max_files = 2000;
  Relations relations(program, index);
  int files = 0;
  files::Tree& tree = program.tree();
  for (const auto& path : tree.files()) {
    if (!typescript::is_source(path)) continue;
    const std::string* text = tree.peek(path);
    if (!text || !may_have_relations(*text)) continue;
    if (!typescript::may_be_source(*text)) {
      relations.miss();
      continue;
    }
    const auto* module = ++files > max_files ? nullptr : program.module(path);
    if (!module) relations.miss();
    else relations.read(*module, is_application_source(path) && !is_test_code(*text));
    if (files > max_files) break;
  }
  return relations.take();
}

RelationsInWith relations_in_with(CodeIndex& index, const RelationNames& names) {
  NamesInWith found(index, names);
  RelationsInWith out{std::move(found.undeclared), {}};
  for (const auto& table : found.tables)
    if (knows_all_targets(names, table)) out.tables.in_with.insert(table);
  if (out.tables.in_with.empty()) return out;
  for (const auto& [table, targets] : names.tables)
    for (const auto& [name, target] : targets)
      if (target) {
        out.tables.related.emplace(table, *target);
        out.tables.related.emplace(*target, table);
      }
  return out;
}

}  // namespace pgadvise::drizzle
