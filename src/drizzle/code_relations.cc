#include "drizzle/code_relations.h"

#include <algorithm>
#include <optional>
#include <string>

#include "base/text.h"
#include "drizzle/code_paths.h"
#include "typescript/evaluate.h"
#include "typescript/parse.h"

namespace pgadvise::drizzle {
namespace {

using typescript::arguments_of;
using typescript::bare;
using typescript::Field;
using typescript::Kind;
using typescript::Node;

std::string key_of(const Node& pair) {
  const Node key = pair.child(Field::key);
  return typescript::string_value(key).value_or(std::string(key.text()));
}

class RelationReader {
 public:
  RelationReader(typescript::Program& program, CodeIndex& index) : program_(program), index_(index) {}

  void read(const Node& root) {
    typescript::each_call(root, [&](const Node& call) { add_call(call); });
  }

  std::vector<CodeRelation> take() {
    add_derived();
    std::stable_sort(out_.begin(), out_.end(),
                     [](const CodeRelation& a, const CodeRelation& b) { return a.place < b.place; });
    return std::move(out_);
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

  void add_call(const Node& call) {
    const auto arguments = arguments_of(call);
    const Node callee = call.child(Field::function);
    if (arguments.size() != 2) return;
    if (index_.is_drizzle(callee, "relations")) add_relations(arguments[0], bare(arguments[1]));
    else if (index_.is_drizzle(callee, "defineRelations") || index_.is_drizzle(callee, "defineRelationsPart"))
      add_defined(arguments[0], bare(arguments[1]));
  }

  // relations(profiles, ({ one }) => ({ user: one(users, { fields: [profiles.userId], references: … }) }))
  void add_relations(const Node& table, const Node& function) {
    const SourceTable* own = index_.table(table);
    if (!own || !own->name || !typescript::is_function(function)) return;
    for (const Node& value : typescript::returned_values(function))
      for (const Node& part : bare(value).children())
        if (part.is(Kind::pair)) add(*own->name, bare(part.child(Field::value)));
  }

  void add(const QualifiedName& own, const Node& call) {
    if (!call.is(Kind::call_expression)) return;
    const Node callee = call.child(Field::function);
    const std::string_view kind =
        callee.is(Kind::member_expression) ? callee.child(Field::property).text() : callee.text();
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
    if (!typescript::is_function(function)) return;
    // Also of an object that is written here.
    const typescript::ValuePtr tables =
        typescript::Evaluator(program_, schema.syntax()->file()).evaluate(schema, nullptr);
    for (const Node& value : typescript::returned_values(function))
      for (const Node& part : bare(value).children()) {
        const SourceTable* own = part.is(Kind::pair) ? table_of(tables, key_of(part)) : nullptr;
        if (!own || !own->name) continue;
        for (const Node& relation : bare(part.child(Field::value)).children())
          if (relation.is(Kind::pair)) add_defined(tables, *own, bare(relation.child(Field::value)));
      }
  }

  // r.one.users({ … })
  void add_defined(const typescript::ValuePtr& tables, const SourceTable& own, const Node& call) {
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
  bool add_defined_options(const typescript::ValuePtr& tables, const Node& options, CodeRelation& out) {
    if (!options.is(Kind::object) || property_of(options, "where")) return false;
    if (const Node name = property_of(options, "alias"); name && !add_name(name, out)) return false;
    const Node from = property_of(options, "from"), to = property_of(options, "to");
    if (!from && !to) return true;
    return add_columns(tables, from, out.columns) && add_columns(tables, to, out.target_columns) &&
           out.columns.size() == out.target_columns.size();
  }

  // r.users.id, or a list of such.
  bool add_columns(const typescript::ValuePtr& tables, const Node& written, std::vector<std::string>& out) {
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

  const SourceTable* table_of(const typescript::ValuePtr& tables, const std::string& key) {
    return key.empty() ? nullptr : index_.table_of(program_.member(tables, key));
  }

  static std::string last_name(const Node& expression) {
    const Node node = bare(expression);
    return std::string(node.is(Kind::member_expression) ? node.child(Field::property).text() : node.text());
  }

  static bool add_name(const Node& name, CodeRelation& out) {
    const auto text = typescript::string_value(bare(name));
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

  typescript::Program& program_;
  CodeIndex& index_;
  std::vector<CodeRelation> out_;
  std::vector<CodeRelation> derived_;  // without columns
};

}  // namespace

std::vector<CodeRelation> relations_in_code(typescript::Program& program, CodeIndex& index) {
  constexpr int max_files = 2000;
  RelationReader reader(program, index);
  int files = 0;
  files::Tree& tree = program.tree();
  for (const auto& path : tree.files()) {
    if (!typescript::is_source(path) || !is_application_source(path)) continue;
    const std::string* text = tree.peek(path);
    if (!text || !contains_any(*text, {"relations(", "defineRelations"}) ||
        !typescript::may_be_source(*text) || is_test_code(*text))
      continue;
    if (++files > max_files) break;
    if (const auto* module = program.module(path)) reader.read(module->syntax->root());
  }
  return reader.take();
}

}  // namespace pgadvise::drizzle
