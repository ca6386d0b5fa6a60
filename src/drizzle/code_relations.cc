#include "drizzle/code_relations.h"

#include <algorithm>
#include <optional>
#include <string>

#include "base/text.h"
#include "typescript/parse.h"

namespace pgadvise::drizzle {
namespace {

using typescript::arguments_of;
using typescript::bare;
using typescript::Field;
using typescript::Kind;
using typescript::Node;

Node property_of(const Node& object, std::string_view name) {
  for (const Node& part : object.children())
    if (part.is(Kind::pair) && part.child(Field::key).text() == name) return bare(part.child(Field::value));
  return {};
}

class RelationReader {
 public:
  explicit RelationReader(CodeIndex& index) : index_(index) {}

  void read(const Node& root) {
    std::vector<Node> open{root};
    while (!open.empty()) {
      const Node at = open.back();
      open.pop_back();
      if (at.is(Kind::call_expression)) add_call(at);
      for (Node part = at.first(); part; part = part.next())
        if (!part.is(Kind::token)) open.push_back(part);
    }
  }

  std::vector<CodeRelation> take() {
    std::stable_sort(out_.begin(), out_.end(),
                     [](const CodeRelation& a, const CodeRelation& b) { return a.place < b.place; });
    return std::move(out_);
  }

 private:
  // relations(profiles, ({ one }) => ({ user: one(users, { fields: [profiles.userId], references: … }) }))
  void add_call(const Node& call) {
    const auto arguments = arguments_of(call);
    if (arguments.size() != 2 || !index_.is_drizzle(call.child(Field::function), "relations")) return;
    const SourceTable* own = index_.table(arguments[0]);
    const Node function = bare(arguments[1]);
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

  // false: something of them is not known.
  bool add_options(const Node& options, CodeRelation& out) {
    if (!options.is(Kind::object)) return false;
    if (const Node name = property_of(options, "relationName")) {
      const auto text = typescript::string_value(name);
      if (!text) return false;
      out.name = *text;
    }
    const Node fields = property_of(options, "fields");
    if (!fields) return true;
    for (const Node& field : fields.children()) {
      const auto column = index_.column(bare(field));
      if (!column) return false;
      out.columns.push_back(column->column);
    }
    return !out.columns.empty();
  }

  CodeIndex& index_;
  std::vector<CodeRelation> out_;
};

}  // namespace

std::vector<CodeRelation> relations_in_code(typescript::Program& program, CodeIndex& index) {
  constexpr int max_files = 2000;
  RelationReader reader(index);
  int files = 0;
  files::Tree& tree = program.tree();
  for (const auto& path : tree.files()) {
    if (!typescript::is_source(path) || !is_application_source(path)) continue;
    const std::string* text = tree.peek(path);
    if (!text || text->size() > typescript::max_bytes || !contains(*text, "relations(")) continue;
    if (++files > max_files) break;
    if (const auto* module = program.module(path)) reader.read(module->syntax->root());
  }
  return reader.take();
}

}  // namespace pgadvise::drizzle
