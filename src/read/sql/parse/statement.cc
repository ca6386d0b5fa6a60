#include "sql/parse/statement.h"

#include <algorithm>

#include "base/text/text.h"
#include "sql/parse/ast.h"
#include "sql/parse/lexer.h"
#include "sql/parse/query_shape.h"

namespace pgadvise::sql {
namespace {

// Reads one script; what psql's own scanner looks at decides where a statement ends.
class Splitter {
 public:
  explicit Splitter(std::string_view script) : script_(script), lexer_(script) {
    if (script.starts_with("\xef\xbb\xbf")) lexer_ = Lexer(script, 3);
  }

  struct Parts {
    std::vector<SourceStatement> statements, commands;
  };

  Parts run() {
    for (Lexeme token = lexer_.next(); token.kind != Lexeme::Kind::end; token = lexer_.next()) read(token);
    finish();
    return {std::move(out_), std::move(commands_)};
  }

 private:
  void read(const Lexeme& token) {
    // A comment that takes the rest of the script with it is for the parser to complain of.
    if (token.kind == Lexeme::Kind::comment && !token.never_closed()) {
      if (token.text.starts_with("--> statement-breakpoint")) finish();
    } else if (token.is(';') && parens_ == 0 && begins_ == 0) {
      const bool data = copy_from_stdin_;
      finish();
      if (data) skip_copy_data();
    } else if (token.kind == Lexeme::Kind::backslash) {
      finish();
      lexer_.skip_line();
      commands_.push_back(
          {trim(script_.substr(token.offset, lexer_.position() - token.offset)), token.offset});
      begin_ = end_ = lexer_.position();
    } else {
      add(token);
    }
  }

  void add(const Lexeme& token) {
    if (words_.empty() && end_ == begin_) begin_ = token.offset;
    end_ = token.offset + token.text.size();
    // Semicolons stand inside parentheses in CREATE RULE alone; elsewhere a lost parenthesis must not take
    // the rest.
    if (token.is('(')) parens_ += is_rule_;
    if (token.is(')') && parens_ > 0) --parens_;
    if (token.kind == Lexeme::Kind::word) add_word(token);
  }

  void add_word(const Lexeme& word) {
    constexpr std::size_t enough = 4;  // CREATE OR REPLACE FUNCTION
    if (words_.size() < enough) {
      words_.push_back(lower(word.text));
      if (words_[0] == "create") {
        is_rule_ |= words_.back() == "rule" && (words_.size() == 2 || words_.size() == 4);
        is_routine_ |= words_.back() == "function" || words_.back() == "procedure";
      }
    }
    if (words_[0] == "copy" && word.is_word("stdin") && previous_ == "from") copy_from_stdin_ = true;
    if (is_routine_) {
      if (word.is_word("atomic") && previous_ == "begin") ++begins_;
      else if (word.is_word("case") && begins_ > 0) ++begins_;
      else if (word.is_word("end") && begins_ > 0) --begins_;
    }
    previous_ = word.text.size() < 16 ? lower(word.text) : std::string();
  }

  void finish() {
    if (end_ > begin_) out_.push_back({script_.substr(begin_, end_ - begin_), begin_});
    words_.clear();
    previous_.clear();
    begin_ = end_ = lexer_.position();
    parens_ = begins_ = 0;
    is_rule_ = is_routine_ = copy_from_stdin_ = false;
  }

  void skip_copy_data() {
    lexer_.skip_line();
    for (std::size_t at = lexer_.position(); at < script_.size(); at = lexer_.position()) {
      lexer_.skip_line();
      if (trim(script_.substr(at, lexer_.position() - at)) == "\\.") break;
    }
    begin_ = end_ = lexer_.position();
  }

  std::string_view script_;
  Lexer lexer_;
  std::vector<SourceStatement> out_, commands_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::vector<std::string> words_;  // the first few
  std::string previous_;
  int parens_ = 0;
  int begins_ = 0;  // BEGIN ATOMIC, and CASE inside
  bool is_rule_ = false;
  bool is_routine_ = false;
  bool copy_from_stdin_ = false;
};

// fingerprint and normalize: the same guards around another function of the library.
template <class Call>
Result<std::string> guarded(std::string_view statement, Call call) {
  if (statement.find('\0') != std::string_view::npos)
    return fail(Error::Kind::nonfatal, {}, "holds a NUL byte");
  Result<std::string> out = tl::unexpected(too_deep.error());
  with_stack(tree_depth(statement), [&] { out = call(parser_input(statement)); });
  return out;
}

Result<std::string> parse_error(std::string_view statement) {
  const auto tree = Tree::parse(statement);
  return tl::unexpected(tree ? Error{Error::Kind::nonfatal, {}, "does not parse", {}} : tree.error().error());
}

// LockingClause and IntoClause hang on SelectStmt, so looking at the statements of every depth is enough.
void look(const Node& node, Shape& shape) {
  switch (node.node_case) {
    case NODE(INSERT_STMT):
    case NODE(UPDATE_STMT):
    case NODE(DELETE_STMT):
    case NODE(MERGE_STMT): shape.modifies = true; break;
    case NODE(LOCKING_CLAUSE): shape.locks_rows = true; break;
    case NODE(CREATE_TABLE_AS_STMT): shape.into = true; break;
    default: break;
  }
}

void look_everywhere(const ProtobufCMessage& part, Shape& shape) {
  if (part.descriptor == &pg_query__node__descriptor) look(reinterpret_cast<const Node&>(part), shape);
  if (part.descriptor == &pg_query__into_clause__descriptor) shape.into = true;
  each_child(part, [&](const ProtobufCMessage& child) { look_everywhere(child, shape); });
}

// "e_2024_01": libpg_query's fingerprint leaves such digits out.
bool has_adjacent_digits(std::string_view name) {
  const auto digits = [](char a, char b) { return is_digit(a) && is_digit(b); };
  return std::ranges::adjacent_find(name, digits) != name.end();
}

void what_fingerprints_leave_out(const ProtobufCMessage& part, std::vector<std::string>& out) {
  if (part.descriptor == &pg_query__range_var__descriptor) {
    const auto& range = reinterpret_cast<const PgQuery__RangeVar&>(part);
    if (range.relpersistence[0] != 't' && has_adjacent_digits(range.relname))
      out.push_back(std::string("table ") + range.relname);
  } else if (part.descriptor == &pg_query__a__expr__descriptor) {
    const auto& expr = reinterpret_cast<const PgQuery__AExpr&>(part);
    if (expr.kind == AEXPR(IN) || expr.kind == AEXPR(OP_ANY))
      out.push_back("list " + (expr.lexpr ? figure_name(expr.lexpr) : std::string()));  // no constant of it
  }
  each_child(part, [&](const ProtobufCMessage& child) { what_fingerprints_leave_out(child, out); });
}

// Order does not count: libpg_query's fingerprint is the same for conditions in any.
std::string told_apart(std::string fingerprint, const std::string& statement) {
  const auto tree = Tree::parse(statement);
  if (!tree) return fingerprint;
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < tree->size(); ++i)
    what_fingerprints_leave_out(message(*tree->statement(i)), parts);
  if (parts.empty()) return fingerprint;
  std::ranges::sort(parts);
  std::uint64_t hash = fnv1a(fingerprint);
  for (const auto& part : parts) hash = fnv1a(part, hash);
  return hex64(hash);
}

Result<std::string> parser_fingerprint(const std::string& text) {
  const PgQueryFingerprintResult result = pg_query_fingerprint(text.c_str());
  const bool good = !result.error && result.fingerprint_str;
  std::string out = good ? result.fingerprint_str : "";
  pg_query_free_fingerprint_result(result);
  return good ? Result<std::string>(std::move(out)) : parse_error(text);
}

}  // namespace

std::vector<SourceStatement> split(std::string_view script) { return Splitter(script).run().statements; }

std::vector<SourceStatement> psql_commands(std::string_view script) {
  if (script.find('\\') == std::string_view::npos) return {};
  return Splitter(script).run().commands;
}

Result<std::string> fingerprint(std::string_view statement) {
  return guarded(statement, [](const std::string& text) -> Result<std::string> {
    TRY(std::string out, parser_fingerprint(text));
    return told_apart(std::move(out), text);
  });
}

Result<void> check_syntax(std::string_view statement) {
  TRY_VOID(guarded(statement, parser_fingerprint));
  return {};
}

Result<std::string> normalize(std::string_view statement) {
  return guarded(statement, [&](const std::string& text) -> Result<std::string> {
    const PgQueryNormalizeResult result = pg_query_normalize(text.c_str());
    const bool good = !result.error && result.normalized_query;
    std::string out = good ? result.normalized_query : "";
    pg_query_free_normalize_result(result);
    return good ? Result<std::string>(std::move(out)) : parse_error(text);
  });
}

Result<Shape> shape(std::string_view statement) {
  Shape out;
  const auto read = each_statement(statement, [&](const Node& node) {
    if (++out.statements == 1) out.kind = statement_kind(node);
    look_everywhere(message(node), out);
  });
  return read ? Result<Shape>(out) : tl::unexpected(read.error().error());
}

std::string parser_version() { return PG_VERSION; }

}  // namespace pgadvise::sql
