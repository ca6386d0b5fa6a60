#include "typescript/parse.h"

#include <algorithm>

#ifdef PGADVISE_TYPESCRIPT

#include <map>
#include <utility>

#include <tree_sitter/api.h>

#include "base/files/input_file.h"
#include "base/text/text.h"

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

#define PGADVISE_TEXT(...) #__VA_ARGS__
#define PGADVISE_TEXT_OF(...) PGADVISE_TEXT(__VA_ARGS__)

// Enumerators by their names in the grammar. `enumerators`: the names of all from `first` on, as written.
template <class Enum>
std::map<std::string_view, Enum> by_name(std::string_view enumerators, Enum first) {
  std::map<std::string_view, Enum> out;
  auto value = static_cast<std::uint8_t>(first);
  for (std::string_view name : split(enumerators, ',')) {
    name = trim(name);
    if (name.ends_with('_')) name.remove_suffix(1);
    out.emplace(name, static_cast<Enum>(value++));
  }
  return out;
}

// What a grammar's numbers mean, for nodes in order of their symbols and fields.
struct Language {
  explicit Language(const TSLanguage* which) : language(which) {
    for (TSSymbol symbol = 0; symbol < ts_language_symbol_count(which); ++symbol)
      kinds_of.push_back(
          kind_of(ts_language_symbol_name(which, symbol), ts_language_symbol_type(which, symbol)));
    const auto fields = by_name(PGADVISE_TEXT_OF(PGADVISE_SYNTAX_FIELDS), Field::alias);
    fields_of.push_back(Field::none);
    for (TSFieldId id = 1; id <= ts_language_field_count(which); ++id) {
      const auto known = fields.find(ts_language_field_name_for_id(which, id));
      fields_of.push_back(known == fields.end() ? Field::none : known->second);
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
    static const auto kinds = by_name(PGADVISE_TEXT_OF(PGADVISE_SYNTAX_KINDS), Kind::program);
    const auto known = kinds.find(name);
    return known == kinds.end() ? Kind::other : known->second;
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
  const std::unique_ptr<TSParser, decltype(&ts_parser_delete)> parser(ts_parser_new(), ts_parser_delete);
  if (!ts_parser_set_language(parser.get(), language.language))
    return fail(Error::Kind::nonfatal, file,
                "the installed tree-sitter does not support the TypeScript grammar");
  ts_parser_set_timeout_micros(parser.get(), max_microseconds);
  auto out = std::make_unique<Syntax>(std::move(file), std::move(text));
  const std::unique_ptr<TSTree, decltype(&ts_tree_delete)> tree(
      ts_parser_parse_string(parser.get(), nullptr, out->text().data(),
                             static_cast<std::uint32_t>(out->text().size())),
      ts_tree_delete);
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
