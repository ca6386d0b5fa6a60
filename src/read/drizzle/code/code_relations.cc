#include "drizzle/code/code_relations.h"

#include <algorithm>
#include <optional>
#include <string>

#include "base/text/text.h"
#include "drizzle/code/code_paths.h"
#include "typescript/parse.h"
#include "typescript/program.h"

namespace pgadvise::drizzle {
namespace {

class Relations {
 public:
  Relations(Program& program, CodeIndex& index) : program_(program), index_(index) {}

  // Of tests, seeds and the like, only the names count.
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

  static std::vector<Node> values_of(const Node& function) {
    return is_function(function) ? returned_values(function) : std::vector<Node>();
  }

  // relations(profiles, ({ one }) => ({ user: one(users, { fields: [profiles.userId], references: … }) }))
  void add_relations(const Node& table, const Node& function) {
    const SourceTable* own = index_.table(table);
    if (!own || !own->name) {
      names_.complete = false;
      return;
    }
    const auto values = values_of(function);
    names_.tables[*own->name];
    if (values.empty()) names_.partial.insert(*own->name);
    for (const Node& value : values) add_table(*own->name, value, nullptr);
  }

  // defineRelations(schema, (r) => ({ users: { posts: r.many.posts({ from: r.users.id, to: r.posts.authorId
  // }) } }))
  void add_defined(const Node& schema, const Node& function) {
    // Also of an object that is written here.
    const ValuePtr tables = typescript::evaluate(program_, schema);
    const auto values = values_of(function);
    bool complete = !values.empty();
    for (const Node& value : values)
      for (const Node& part : pairs_of(bare(value), complete)) {
        const SourceTable* own = table_of(tables, key_of(part));
        if (own && own->name) add_table(*own->name, part.child(Field::value), tables);
        else complete = false;
      }
    names_.complete = names_.complete && complete;
  }

  // { posts: r.many.posts() }. `tables`: those of defineRelations(); null: of relations().
  void add_table(const QualifiedName& own, const Node& relations, const ValuePtr& tables) {
    names_.tables[own];
    bool complete = true;
    for (const Node& part : pairs_of(bare(relations), complete)) add_relation(own, part, tables);
    if (!complete) names_.partial.insert(own);
  }

  // posts: r.many.posts({ … }), and of relations() posts: many(posts, { … })
  void add_relation(const QualifiedName& own, const Node& part, const ValuePtr& tables) {
    const Node call = bare(part.child(Field::value)), callee = call.child(Field::function);
    const std::string kind = last_name(tables ? callee.child(Field::object) : callee);
    const SourceTable* target = nullptr;
    if (const Node table = argument_at(call); table && !tables) target = index_.table(table);
    if (tables && callee.is(Kind::member_expression)) target = table_of(tables, last_name(callee));
    names_.tables[own].try_emplace(key_of(part), target ? target->name : std::nullopt);
    if (names_only_ || !is_one_of(kind, {"one", "many"}) || !target || !target->name) return;
    CodeRelation out{.table = own, .target = *target->name, .many = kind == "many", .place = call.location()};
    const Node options = argument_at(call, tables ? 0 : 1);
    if (options && !add_options(options, tables, out)) return;
    (tables && out.columns.empty() ? derived_ : out_).push_back(std::move(out));
  }

  // false: something of them is not known, or the relation has only some of the rows, or goes through a third
  // table.
  bool add_options(const Node& options, const ValuePtr& tables, CodeRelation& out) {
    if (!options.is(Kind::object) || (tables && property_of(options, "where"))) return false;
    if (const Node name = property_of(options, tables ? "alias" : "relationName")) {
      const auto text = string_value(bare(name));
      if (!text) return false;
      out.name = *text;
    }
    const Node from = property_of(options, tables ? "from" : "fields");
    const Node to = property_of(options, tables ? "to" : "references");
    if (!from && (!to || !tables)) return true;
    return add_columns(from, tables, out.columns) && add_columns(to, tables, out.target_columns) &&
           (!tables || out.columns.size() == out.target_columns.size());
  }

  // users.id and r.users.id, or a list of such.
  bool add_columns(const Node& written, const ValuePtr& tables, std::vector<std::string>& out) {
    const Node one = bare(written);
    for (const Node& node : one.is(Kind::array) ? one.children() : std::vector<Node>{one}) {
      const auto column = column_of(bare(node), tables);
      if (!column) return false;
      out.push_back(*column);
    }
    return !out.empty();
  }

  std::optional<std::string> column_of(const Node& column, const ValuePtr& tables) {
    if (!tables) {
      const auto known = index_.column(column);
      return known ? std::optional(known->column) : std::nullopt;
    }
    const SourceTable* table = table_of(tables, last_name(column.child(Field::object)));
    const auto name =
        table ? table->column_names.find(last_name(column)) : decltype(table->column_names.end()){};
    return table && name != table->column_names.end() ? std::optional(name->second.name) : std::nullopt;
  }

  const SourceTable* table_of(const ValuePtr& tables, const std::string& key) {
    return key.empty() ? nullptr : index_.table_of(program_.member(tables, key));
  }

  static std::string last_name(const Node& expression) {
    const Node node = bare(expression);
    return std::string(node.is(Kind::member_expression) ? node.text(Field::property) : node.text());
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
