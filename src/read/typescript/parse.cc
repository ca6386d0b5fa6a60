#include "typescript/parse.h"

#include <algorithm>

#ifdef PGADVISE_TYPESCRIPT

#include <map>
#include <utility>

#include <tree_sitter/api.h>

#include "base/files/input_file.h"

extern "C" const TSLanguage* tree_sitter_typescript();
extern "C" const TSLanguage* tree_sitter_tsx();

#endif

namespace pgadvise::typescript {

static bool is_minified(std::string_view text) {
  constexpr std::size_t min_bytes = 50'000, max_line = 20'000, max_mean = 500;
  if (text.size() <= min_bytes) return false;
  std::size_t lines = 0;
  for (std::size_t at = 0; at < text.size(); ++lines) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    if (end - at > max_line) return true;
    at = end + 1;
  }
  return text.size() / lines > max_mean;
}

bool may_be_source(std::string_view text) { return text.size() <= max_bytes && !is_minified(text); }

#ifdef PGADVISE_TYPESCRIPT

namespace {

const std::map<std::string_view, Kind>& kinds() {
  static const std::map<std::string_view, Kind> names = {
      {"program", Kind::program},
      {"import_statement", Kind::import_statement},
      {"import_clause", Kind::import_clause},
      {"namespace_import", Kind::namespace_import},
      {"named_imports", Kind::named_imports},
      {"import_specifier", Kind::import_specifier},
      {"import_require_clause", Kind::import_require_clause},
      {"export_statement", Kind::export_statement},
      {"export_clause", Kind::export_clause},
      {"export_specifier", Kind::export_specifier},
      {"namespace_export", Kind::namespace_export},
      {"lexical_declaration", Kind::lexical_declaration},
      {"variable_declaration", Kind::variable_declaration},
      {"variable_declarator", Kind::variable_declarator},
      {"function_declaration", Kind::function_declaration},
      {"function_expression", Kind::function_expression},
      {"generator_function", Kind::generator_function},
      {"generator_function_declaration", Kind::generator_function_declaration},
      {"arrow_function", Kind::arrow_function},
      {"class_declaration", Kind::class_declaration},
      {"enum_declaration", Kind::enum_declaration},
      {"enum_body", Kind::enum_body},
      {"enum_assignment", Kind::enum_assignment},
      {"formal_parameters", Kind::formal_parameters},
      {"required_parameter", Kind::required_parameter},
      {"optional_parameter", Kind::optional_parameter},
      {"object_pattern", Kind::object_pattern},
      {"pair_pattern", Kind::pair_pattern},
      {"shorthand_property_identifier_pattern", Kind::shorthand_property_identifier_pattern},
      {"array_pattern", Kind::array_pattern},
      {"assignment_pattern", Kind::assignment_pattern},
      {"object_assignment_pattern", Kind::object_assignment_pattern},
      {"rest_pattern", Kind::rest_pattern},
      {"statement_block", Kind::statement_block},
      {"return_statement", Kind::return_statement},
      {"expression_statement", Kind::expression_statement},
      {"if_statement", Kind::if_statement},
      {"else_clause", Kind::else_clause},
      {"for_statement", Kind::for_statement},
      {"for_in_statement", Kind::for_in_statement},
      {"while_statement", Kind::while_statement},
      {"do_statement", Kind::do_statement},
      {"try_statement", Kind::try_statement},
      {"catch_clause", Kind::catch_clause},
      {"finally_clause", Kind::finally_clause},
      {"throw_statement", Kind::throw_statement},
      {"class_body", Kind::class_body},
      {"public_field_definition", Kind::public_field_definition},
      {"call_expression", Kind::call_expression},
      {"new_expression", Kind::new_expression},
      {"member_expression", Kind::member_expression},
      {"subscript_expression", Kind::subscript_expression},
      {"arguments", Kind::arguments},
      {"identifier", Kind::identifier},
      {"property_identifier", Kind::property_identifier},
      {"shorthand_property_identifier", Kind::shorthand_property_identifier},
      {"object", Kind::object},
      {"pair", Kind::pair},
      {"spread_element", Kind::spread_element},
      {"method_definition", Kind::method_definition},
      {"computed_property_name", Kind::computed_property_name},
      {"array", Kind::array},
      {"string", Kind::string},
      {"string_fragment", Kind::string_fragment},
      {"escape_sequence", Kind::escape_sequence},
      {"template_string", Kind::template_string},
      {"template_substitution", Kind::template_substitution},
      {"number", Kind::number},
      {"true", Kind::true_},
      {"false", Kind::false_},
      {"null", Kind::null},
      {"undefined", Kind::undefined},
      {"as_expression", Kind::as_expression},
      {"satisfies_expression", Kind::satisfies_expression},
      {"non_null_expression", Kind::non_null_expression},
      {"type_assertion", Kind::type_assertion},
      {"parenthesized_expression", Kind::parenthesized_expression},
      {"unary_expression", Kind::unary_expression},
      {"binary_expression", Kind::binary_expression},
      {"ternary_expression", Kind::ternary_expression},
      {"assignment_expression", Kind::assignment_expression},
      {"augmented_assignment_expression", Kind::augmented_assignment_expression},
      {"update_expression", Kind::update_expression},
      {"await_expression", Kind::await_expression},
  };
  return names;
}

const std::map<std::string_view, Field>& fields() {
  static const std::map<std::string_view, Field> names = {
      {"alias", Field::alias},
      {"alternative", Field::alternative},
      {"argument", Field::argument},
      {"arguments", Field::arguments},
      {"body", Field::body},
      {"condition", Field::condition},
      {"consequence", Field::consequence},
      {"constructor", Field::constructor},
      {"declaration", Field::declaration},
      {"function", Field::function},
      {"index", Field::index},
      {"key", Field::key},
      {"kind", Field::kind},
      {"left", Field::left},
      {"name", Field::name},
      {"object", Field::object},
      {"operator", Field::operator_},
      {"parameter", Field::parameter},
      {"parameters", Field::parameters},
      {"pattern", Field::pattern},
      {"property", Field::property},
      {"right", Field::right},
      {"source", Field::source},
      {"value", Field::value},
  };
  return names;
}

// What a grammar's numbers mean, for nodes in order of their symbols and fields.
struct Language {
  explicit Language(const TSLanguage* which) : language(which) {
    for (TSSymbol symbol = 0; symbol < ts_language_symbol_count(which); ++symbol)
      kinds_of.push_back(
          kind_of(ts_language_symbol_name(which, symbol), ts_language_symbol_type(which, symbol)));
    fields_of.push_back(Field::none);
    for (TSFieldId id = 1; id <= ts_language_field_count(which); ++id) {
      const auto known = fields().find(ts_language_field_name_for_id(which, id));
      fields_of.push_back(known == fields().end() ? Field::none : known->second);
    }
  }

  // Of an anonymous symbol: Kind::token, or Kind::none for punctuation, which is not kept.
  static Kind kind_of(std::string_view name, TSSymbolType type) {
    if (type == TSSymbolTypeAnonymous) {
      constexpr std::string_view punctuation = "(){}[];,.\"'`:=";
      return name.size() == 1 && punctuation.find(name) != std::string_view::npos ? Kind::none : Kind::token;
    }
    if (name == "comment" || name == "html_comment") return Kind::none;
    for (const auto* leaf : {"type_annotation", "type_arguments", "type_parameters", "interface_declaration",
                             "type_alias_declaration", "asserts_annotation", "type_predicate_annotation"})
      if (name == leaf) return Kind::type;
    const auto known = kinds().find(name);
    return known == kinds().end() ? Kind::other : known->second;
  }

  const TSLanguage* language;
  std::vector<Kind> kinds_of;
  std::vector<Field> fields_of;
};

const Language& language_of(std::string_view file) {
  static const Language typescript(tree_sitter_typescript());
  static const Language tsx(tree_sitter_tsx());
  const bool with_elements = file.ends_with(".tsx") || file.ends_with(".jsx") || file.ends_with(".js");
  return with_elements ? tsx : typescript;
}

struct ParserDeleter {
  void operator()(TSParser* parser) const { ts_parser_delete(parser); }
};
struct TreeDeleter {
  void operator()(TSTree* tree) const { ts_tree_delete(tree); }
};

}  // namespace

// Copies the nodes that are kept.
class TreeBuilder {
 public:
  TreeBuilder(Syntax& out, const Language& language) : out_(out), language_(language) {}

  void build(const TSTree* tree) {
    out_.lines_.push_back(0);
    for (std::size_t i = 0; i < out_.text_.size(); ++i)
      if (out_.text_[i] == '\n') out_.lines_.push_back(static_cast<std::uint32_t>(i + 1));
    TSTreeCursor cursor = ts_tree_cursor_new(ts_tree_root_node(tree));
    for (bool more = true; more;) {
      const bool down = enter(cursor) && ts_tree_cursor_goto_first_child(&cursor);
      if (down) {
        open_.push_back(current_);
        continue;
      }
      while (more && !ts_tree_cursor_goto_next_sibling(&cursor)) {
        more = !open_.empty() && ts_tree_cursor_goto_parent(&cursor);
        if (more) leave();
      }
    }
    ts_tree_cursor_delete(&cursor);
  }

 private:
  struct Open {
    std::uint32_t entry = 0;
    std::uint32_t last_child = 0;  // 0: none yet
  };

  // Whether to go into the node.
  bool enter(const TSTreeCursor& cursor) {
    const TSNode node = ts_tree_cursor_current_node(&cursor);
    if (ts_node_is_missing(node)) ++out_.errors_;
    const TSSymbol symbol = ts_node_symbol(node);
    constexpr TSSymbol error_symbol = 0xFFFF;  // ts_builtin_sym_error
    Kind kind = symbol == error_symbol               ? Kind::error
                : symbol < language_.kinds_of.size() ? language_.kinds_of[symbol]
                                                     : Kind::other;
    if (kind == Kind::error) ++out_.errors_;
    if (kind == Kind::none) return false;
    if (open_.size() >= max_depth) kind = Kind::too_deep;
    add(node, kind, ts_tree_cursor_current_field_id(&cursor));
    return kind != Kind::too_deep && kind != Kind::type && kind != Kind::token;
  }

  void add(const TSNode& node, Kind kind, TSFieldId field) {
    const auto index = static_cast<std::uint32_t>(out_.entries_.size());
    Syntax::Entry entry{.begin = ts_node_start_byte(node), .end = ts_node_end_byte(node)};
    entry.kind = kind;
    entry.field = field < language_.fields_of.size() ? language_.fields_of[field] : Field::none;
    if (!open_.empty()) {
      Open& parent = open_.back();
      entry.parent = parent.entry;
      if (parent.last_child) out_.entries_[parent.last_child].next = index;
      else out_.entries_[parent.entry].has_children = true;
      parent.last_child = index;
    }
    out_.entries_.push_back(entry);
    current_ = {index, 0};
  }

  void leave() { open_.pop_back(); }

  Syntax& out_;
  const Language& language_;
  std::vector<Open> open_;
  Open current_;
};

bool available() { return true; }

Result<std::unique_ptr<const Syntax>> parse(std::string file, std::string text) {
  if (text.size() > max_bytes)
    return fail(Error::Kind::nonfatal, file, "is larger than " + size_name(max_bytes) + ": not read",
                "exclude the file, if it is generated");
  if (is_minified(text))
    return fail(Error::Kind::nonfatal, file, "is minified: not read", "exclude the file");
  const Language& language = language_of(file);
  const std::unique_ptr<TSParser, ParserDeleter> parser(ts_parser_new());
  if (!ts_parser_set_language(parser.get(), language.language))
    return fail(Error::Kind::nonfatal, file,
                "the installed tree-sitter does not support the TypeScript grammar");
  ts_parser_set_timeout_micros(parser.get(), max_microseconds);
  auto out = std::make_unique<Syntax>(std::move(file), std::move(text));
  const std::unique_ptr<TSTree, TreeDeleter> tree(ts_parser_parse_string(
      parser.get(), nullptr, out->text().data(), static_cast<std::uint32_t>(out->text().size())));
  if (!tree)
    return fail(Error::Kind::nonfatal, out->file(), "takes more than 30 seconds to parse: not read",
                "exclude the file, if it is generated");
  TreeBuilder(*out, language).build(tree.get());
  return out;
}

#else

bool available() { return false; }

Result<std::unique_ptr<const Syntax>> parse(std::string file, std::string) {
  return fail(Error::Kind::nonfatal, std::move(file), "is not read: this build lacks the TypeScript grammar");
}

#endif

}  // namespace pgadvise::typescript
