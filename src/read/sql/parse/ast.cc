#include "sql/parse/ast.h"

#include <algorithm>
#include <set>

#include "base/process/deep_thread.h"
#include "base/text/identifier.h"
#include "base/text/mask.h"
#include "base/text/text.h"
#include "base/text/utf8.h"
#include "sql/parse/lexer.h"
#include "sql/parse/tree_reader.h"

namespace pgadvise::sql {
namespace {

// Bytes before the n-th character (from 1): libpg_query counts characters.
std::size_t byte_offset(std::string_view text, int character) {
  std::size_t at = 0;
  for (int seen = 1; at < text.size(); ++at)
    if (!continues_character(text[at]) && seen++ == character) return at;
  return at;
}

std::string without_literals(std::string_view message, std::string_view before) {
  constexpr std::string_view near = " at or near \"";
  const auto at = message.find(near);
  if (at == std::string_view::npos) return std::string(message);
  const char first = at + near.size() < message.size() ? message[at + near.size()] : '\0';
  const bool plain = (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z') || first == '_' ||
                     std::string_view("()[],;.+-*/<>=~!@#%^&|`?:").find(first) != std::string_view::npos;
  const bool prefixed = at + near.size() + 1 < message.size() && message[at + near.size() + 1] == '\'';
  const bool whole = message.size() - at < 100 && message.find('\n', at) == std::string_view::npos;
  if (plain && !prefixed && whole && !ends_with_secret_name(before)) return std::string(message);
  return std::string(message.substr(0, at)) + " at or near a literal";
}

constexpr int depth_for_small_stacks = 250;
constexpr int deepest = 5000;

}  // namespace

const ParseFailure too_deep{"nested or chained too deeply, or too long, to be parsed", 0};

bool with_stack(int depth, const std::function<void()>& work) {
  if (depth > deepest) return false;
  if (depth <= depth_for_small_stacks) {
    work();
    return true;
  }
  return DeepThread(work).started();
}

tl::expected<void, ParseFailure> each_statement(std::string_view text,
                                                const std::function<void(const Node&)>& visit) {
  tl::expected<void, ParseFailure> out = tl::unexpected(too_deep);
  with_stack(tree_depth(text), [&] {
    const auto tree = Tree::parse(text);
    for (std::size_t i = 0; tree && i < tree->size(); ++i) visit(*tree->statement(i));
    out = tree.map([](const Tree&) {});
  });
  return out;
}

std::string parser_input(std::string_view text) {
  constexpr int many = 100;
  std::string out(text);
  int opened = 0;
  for (auto at = text.find("/*"); at != std::string_view::npos && opened < many; at = text.find("/*", at + 2))
    ++opened;
  if (opened < many) return out;
  Lexer lexer(text);
  for (Lexeme lexeme = lexer.next(); lexeme.kind != Lexeme::Kind::end; lexeme = lexer.next())
    if (lexeme.kind == Lexeme::Kind::comment) {
      const std::size_t kept = lexeme.never_closed() ? 2 : 0;  // for the parser to complain of
      out.replace(lexeme.offset + kept, lexeme.text.size() - kept, lexeme.text.size() - kept, ' ');
    }
  return out;
}

// For protobuf-c, which no exception may go through.
static void* allocate(void* arena, std::size_t size) {
  try {
    return static_cast<std::pmr::memory_resource*>(arena)->allocate(size);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}
static void keep(void*, void*) {}

PgQuery__ParseResult* read_packed_tree(const std::string& text, std::pmr::memory_resource& arena) {
  const PgQueryProtobufParseResult result = pg_query_parse_protobuf(text.c_str());
  const auto release = [](const PgQueryProtobufParseResult* r) { pg_query_free_protobuf_parse_result(*r); };
  const std::unique_ptr<const PgQueryProtobufParseResult, decltype(release)> owner(&result, release);
  if (result.error) return nullptr;
  ProtobufCAllocator allocator{allocate, keep, &arena};
  return pg_query__parse_result__unpack(&allocator, result.parse_tree.len,
                                        reinterpret_cast<const std::uint8_t*>(result.parse_tree.data));
}

tl::expected<Tree, ParseFailure> Tree::parse(std::string_view source) {
  if (const auto nul = source.find('\0'); nul != std::string_view::npos)
    return tl::unexpected(ParseFailure{"holds a NUL byte", nul});
  const std::string text = parser_input(source);
  const PgQueryParseResult result = pg_query_parse(text.c_str());
  const auto release = [](const PgQueryParseResult* r) { pg_query_free_parse_result(*r); };
  const std::unique_ptr<const PgQueryParseResult, decltype(release)> owner(&result, release);
  if (result.error) {
    const std::size_t at = byte_offset(text, result.error->cursorpos);
    return tl::unexpected(ParseFailure{
        without_literals(result.error->message, std::string_view(text).substr(0, std::min(at, text.size()))),
        at});
  }
  const std::string_view json = result.parse_tree;
  auto arena = std::make_unique<std::pmr::monotonic_buffer_resource>(json.size() * 2 + 1024);
  auto* root = read_tree(json, text, *arena);
  if (!root) root = read_packed_tree(text, *arena);
  if (!root) return tl::unexpected(ParseFailure{"the parser's output can't be read", 0});
  return Tree(std::move(arena), root);
}

const Node* only_expression(const Node* node) {
  if (!is(node, NODE(SELECT_STMT))) return nullptr;
  const PgQuery__SelectStmt& select = *node->select_stmt;
  const bool alone = select.n_target_list == 1 && !select.n_from_clause && !select.where_clause &&
                     !select.n_sort_clause && !select.limit_count;
  return alone ? select.target_list[0]->res_target->val : nullptr;
}

void with_expression(std::string_view expression, const std::function<void(const Node&)>& work) {
  const std::string text = "SELECT " + std::string(expression);
  with_stack(tree_depth(text), [&] {
    const auto tree = Tree::parse(text);
    const Node* only = tree && tree->size() == 1 ? only_expression(tree->statement(0)) : nullptr;
    if (only) work(*only);
  });
}

void each_child(const ProtobufCMessage& parent, const std::function<void(const ProtobufCMessage&)>& visit) {
  const char* base = reinterpret_cast<const char*>(&parent);
  for (unsigned i = 0; i < parent.descriptor->n_fields; ++i) {
    const ProtobufCFieldDescriptor& field = parent.descriptor->fields[i];
    if (field.type != PROTOBUF_C_TYPE_MESSAGE) continue;
    if (field.label == PROTOBUF_C_LABEL_REPEATED) {
      const auto count = *reinterpret_cast<const std::size_t*>(base + field.quantifier_offset);
      const auto items = *reinterpret_cast<ProtobufCMessage* const* const*>(base + field.offset);
      for (std::size_t k = 0; k < count; ++k)
        if (items[k]) visit(*items[k]);
      continue;
    }
    if ((field.flags & PROTOBUF_C_FIELD_FLAG_ONEOF) &&
        *reinterpret_cast<const std::uint32_t*>(base + field.quantifier_offset) != field.id)
      continue;
    if (const auto* child = *reinterpret_cast<ProtobufCMessage* const*>(base + field.offset)) visit(*child);
  }
}

void each_node(const ProtobufCMessage& parent, const std::function<bool(const Node&)>& visit) {
  if (parent.descriptor == &pg_query__node__descriptor && !visit(reinterpret_cast<const Node&>(parent)))
    return;
  each_child(parent, [&](const ProtobufCMessage& child) { each_node(child, visit); });
}

std::string string_value(const Node* node) {
  return is(node, NODE(STRING)) ? node->string->sval : std::string();
}

std::vector<std::string> strings(NodeList list) {
  std::vector<std::string> out;
  for (const Node* node : list) out.push_back(string_value(node));
  return out;
}

std::string last_name(NodeList names) { return names.empty() ? std::string() : string_value(names.back()); }
std::string last_name(const PgQuery__FuncCall& call) { return last_name(NODES(call, funcname)); }
std::string last_name(const PgQuery__ColumnRef& reference) { return last_name(NODES(reference, fields)); }

std::string operator_name(const PgQuery__AExpr& expression) { return last_name(NODES(expression, name)); }

const Node* without_casts(const Node* node) {
  while (is(node, NODE(TYPE_CAST))) node = node->type_cast->arg;
  return node;
}

NodeList list_items(const Node* node) {
  if (is(node, NODE(LIST))) return NODES(*node->list, items);
  return is(node, NODE(A_ARRAY_EXPR)) ? NODES(*node->a_array_expr, elements) : NodeList();
}

NodeList conjuncts(const Node* node) {
  const bool joins =
      is(node, NODE(BOOL_EXPR)) && node->bool_expr->boolop == PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR;
  return joins ? NODES(*node->bool_expr, args) : NodeList();
}

Constant constant(const Node* node) {
  if (!node) return {};
  if (node->node_case == NODE(TYPE_CAST)) return constant(node->type_cast->arg);
  if (node->node_case == NODE(INTEGER)) return {true, false, std::to_string(node->integer->ival)};
  if (node->node_case == NODE(FLOAT)) return {true, false, node->float_->fval};
  if (node->node_case == NODE(STRING)) return {true, false, node->string->sval};
  if (node->node_case != NODE(A_CONST)) return {};
  const PgQuery__AConst& value = *node->a_const;
  switch (value.val_case) {
    case PG_QUERY__A__CONST__VAL_IVAL: return {true, false, std::to_string(value.ival->ival)};
    case PG_QUERY__A__CONST__VAL_FVAL: return {true, false, value.fval->fval};
    case PG_QUERY__A__CONST__VAL_BOOLVAL: return {true, false, value.boolval->boolval ? "true" : "false"};
    case PG_QUERY__A__CONST__VAL_SVAL: return {true, false, value.sval->sval};
    case PG_QUERY__A__CONST__VAL_BSVAL: return {true, false, value.bsval->bsval};
    default: return {true, true, {}};
  }
}

bool filters_nothing(const Node* where) {
  if (!where) return true;
  if (const NodeList parts = conjuncts(where); !parts.empty())
    return std::ranges::all_of(parts, filters_nothing);
  if (where->node_case == NODE(BOOL_EXPR))
    return where->bool_expr->boolop == PG_QUERY__BOOL_EXPR_TYPE__OR_EXPR &&
           std::ranges::any_of(NODES(*where->bool_expr, args), filters_nothing);
  if (where->node_case == NODE(A_EXPR)) {
    const PgQuery__AExpr& compared = *where->a_expr;
    if (compared.kind != AEXPR(OP) || compared.n_name != 1 || operator_name(compared) != "=") return false;
    if (is(compared.lexpr, NODE(PARAM_REF)) && is(compared.rexpr, NODE(PARAM_REF)))
      return compared.lexpr->param_ref->number == compared.rexpr->param_ref->number;
    const Constant left = constant(compared.lexpr), right = constant(compared.rexpr);
    return left.is_constant && right.is_constant && !left.is_null && !right.is_null &&
           left.text == right.text;
  }
  const Constant value = constant(where);
  return value.is_constant && !value.is_null && (value.text == "true" || value.text == "t");
}

bool is_star(const Node* node) {
  if (!node) return false;
  if (node->node_case == NODE(A_STAR)) return true;
  return node->node_case == NODE(COLUMN_REF) && node->column_ref->n_fields &&
         is_star(node->column_ref->fields[node->column_ref->n_fields - 1]);
}

std::string statement_text(const Node* node) {
  PgQuery__RawStmt raw = PG_QUERY__RAW_STMT__INIT;
  raw.stmt = const_cast<Node*>(node);
  PgQuery__RawStmt* list[] = {&raw};
  PgQuery__ParseResult root = PG_QUERY__PARSE_RESULT__INIT;
  root.version = PG_VERSION_NUM;
  root.n_stmts = 1;
  root.stmts = list;
  std::vector<std::uint8_t> packed(pg_query__parse_result__get_packed_size(&root));
  pg_query__parse_result__pack(&root, packed.data());
  const PgQueryDeparseResult result =
      pg_query_deparse_protobuf({packed.size(), reinterpret_cast<char*>(packed.data())});
  std::string out = result.error || !result.query ? std::string() : result.query;
  pg_query_free_deparse_result(result);
  return out;
}

// What most defaults are: a constant, now(). The deparser, which needs a whole statement, gives the same and
// takes a hundred times as long.
static std::string plain_text(const Node& node) {
  if (node.node_case == NODE(FUNC_CALL)) {
    const PgQuery__FuncCall& call = *node.func_call;
    const bool bare = call.n_funcname == 1 && !call.n_args && !call.n_agg_order && !call.agg_filter &&
                      !call.over && !call.agg_star && !call.agg_within_group && !call.agg_distinct &&
                      !call.func_variadic;
    if (!bare || call.funcformat != PG_QUERY__COERCION_FORM__COERCE_EXPLICIT_CALL) return {};
    const std::string name = string_value(call.funcname[0]);
    return quote_identifier(name) == name ? name + "()" : "";
  }
  if (node.node_case != NODE(A_CONST)) return {};
  const Constant value = constant(&node);
  if (!value.is_constant || node.a_const->val_case == PG_QUERY__A__CONST__VAL_BSVAL) return {};
  if (value.is_null) return "NULL";
  return node.a_const->val_case == PG_QUERY__A__CONST__VAL_SVAL ? quote_literal(value.text) : value.text;
}

std::string expression_text(const Node* node) {
  if (!node) return {};
  if (auto text = plain_text(*node); !text.empty()) return text;
  return deparsed_expression(*node);
}

std::string deparsed_expression(const Node& node) {
  PgQuery__ResTarget target = PG_QUERY__RES_TARGET__INIT;
  target.val = const_cast<Node*>(&node);
  Node target_node = PG_QUERY__NODE__INIT;
  target_node.node_case = NODE(RES_TARGET);
  target_node.res_target = &target;
  Node* targets[] = {&target_node};
  PgQuery__SelectStmt select = PG_QUERY__SELECT_STMT__INIT;
  select.n_target_list = 1;
  select.target_list = targets;
  select.limit_option = PG_QUERY__LIMIT_OPTION__LIMIT_OPTION_DEFAULT;
  select.op = PG_QUERY__SET_OPERATION__SETOP_NONE;
  Node select_node = PG_QUERY__NODE__INIT;
  select_node.node_case = NODE(SELECT_STMT);
  select_node.select_stmt = &select;
  constexpr std::string_view before = "SELECT ";
  const std::string text = statement_text(&select_node);
  return text.size() > before.size() ? text.substr(before.size()) : std::string();
}

namespace {

struct Figured {
  std::string name;
  bool weak = false;  // a cast's type name: gives way
};

std::string value_function_name(const PgQuery__SQLValueFunction& function) {
  constexpr std::string_view prefix = "SVFOP_";
  const ProtobufCEnumValue* value =
      protobuf_c_enum_descriptor_get_value(&pg_query__sqlvalue_function_op__descriptor, function.op);
  std::string name = value ? lower(value->name) : std::string();
  if (starts_with_nocase(name, prefix)) name = name.substr(prefix.size());
  if (name.size() > 2 && name.ends_with("_n")) name.resize(name.size() - 2);
  return name;
}

// FigureColnameInternal of the server.
Figured figure(const Node* node) {
  if (!node) return {};
  switch (node->node_case) {
    case NODE(COLUMN_REF):
      for (std::size_t i = node->column_ref->n_fields; i-- > 0;)
        if (auto name = string_value(node->column_ref->fields[i]); !name.empty()) return {name};
      return {};
    case NODE(A_INDIRECTION):
      for (std::size_t i = node->a_indirection->n_indirection; i-- > 0;)
        if (auto name = string_value(node->a_indirection->indirection[i]); !name.empty()) return {name};
      return figure(node->a_indirection->arg);
    case NODE(FUNC_CALL): return {last_name(*node->func_call)};
    case NODE(A_EXPR): return {node->a_expr->kind == AEXPR(NULLIF) ? "nullif" : ""};
    case NODE(TYPE_CAST): {
      Figured inner = figure(node->type_cast->arg);
      const PgQuery__TypeName* type = node->type_cast->type_name;
      if (!inner.name.empty() && !inner.weak) return inner;
      if (type && type->n_names) return {last_name(NODES(*type, names)), true};
      return inner;
    }
    case NODE(COLLATE_CLAUSE): return figure(node->collate_clause->arg);
    case NODE(GROUPING_FUNC): return {"grouping"};
    case NODE(SUB_LINK):
      switch (node->sub_link->sub_link_type) {
        case PG_QUERY__SUB_LINK_TYPE__EXISTS_SUBLINK: return {"exists"};
        case PG_QUERY__SUB_LINK_TYPE__ARRAY_SUBLINK: return {"array"};
        case PG_QUERY__SUB_LINK_TYPE__EXPR_SUBLINK: {
          const Node* select = node->sub_link->subselect;
          if (!is(select, NODE(SELECT_STMT)) || !select->select_stmt->n_target_list) return {};
          const PgQuery__ResTarget* target = select->select_stmt->target_list[0]->res_target;
          return target->name[0] ? Figured{target->name} : figure(target->val);
        }
        default: return {};
      }
    case NODE(CASE_EXPR): {
      const Figured otherwise = figure(node->case_expr->defresult);
      return otherwise.name.empty() || otherwise.weak ? Figured{"case", true} : otherwise;
    }
    case NODE(A_ARRAY_EXPR): return {"array"};
    case NODE(ROW_EXPR): return {"row"};
    case NODE(COALESCE_EXPR): return {"coalesce"};
    case NODE(MIN_MAX_EXPR):
      return {node->min_max_expr->op == PG_QUERY__MIN_MAX_OP__IS_LEAST ? "least" : "greatest"};
    case NODE(SQLVALUE_FUNCTION): return {value_function_name(*node->sqlvalue_function)};
    default: return {};
  }
}

}  // namespace

std::string figure_name(const Node* expression) { return figure(expression).name; }

std::vector<std::string> column_names(const Node* expression) {
  return expression ? column_names(message(*expression)) : std::vector<std::string>();
}

std::vector<std::string> column_names(const ProtobufCMessage& tree) {
  std::vector<std::string> out;
  std::set<std::string> seen;
  each_node(tree, [&](const Node& node) {
    if (node.node_case == NODE(COLUMN_REF) && node.column_ref->n_fields) {
      std::string name = last_name(*node.column_ref);
      if (!name.empty() && seen.insert(name).second) out.push_back(std::move(name));
    }
    return true;
  });
  return out;
}

}  // namespace pgadvise::sql
