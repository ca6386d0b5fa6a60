#include <string_view>

#include "base/text/text.h"
#include "sql/definitions/ddl.h"
#include "sql/definitions/read_statement.h"
#include "sql/parse/lexer.h"
#include "sql/parse/type_name.h"

namespace pgadvise::sql {
namespace {

#define OBJECT(name) PG_QUERY__OBJECT_TYPE__OBJECT_##name

SequenceOptions sequence_options(NodeList options, const SchemaNames& state) {
  SequenceOptions out;
  for (const Node* node : options) {
    const PgQuery__DefElem& option = *node->def_elem;
    const std::string_view what = option.defname;
    if (what == "as" && is(option.arg, NODE(TYPE_NAME))) out.type = type_spelling(option.arg->type_name);
    if (what != "owned_by" || !is(option.arg, NODE(LIST))) continue;
    NodeList names = list_of(option.arg);
    out.owner_written = true;
    if (names.size() < 2) continue;  // NONE
    out.owner_column = string_value(names.back());
    names = names.first(names.size() - 1);
    out.owner_table = state.find_table(written(names));
  }
  return out;
}

CreateType named_type(NodeList names, const SchemaNames& state) {
  CreateType out;
  out.name = new_name(names, state);
  return out;
}

std::string expression_or_none(const Node* node) { return node ? expression_text(node) : std::string(); }

}  // namespace

static CreateSequence read_create_sequence(const PgQuery__CreateSeqStmt& stmt, const SchemaNames& state) {
  return {new_name(*stmt.sequence, state), static_cast<bool>(stmt.if_not_exists),
          sequence_options(NODES(stmt, options), state)};
}

static AlterSequence read_alter_sequence(const PgQuery__AlterSeqStmt& stmt, const SchemaNames& state) {
  return {state.find_relation(written(*stmt.sequence)), static_cast<bool>(stmt.missing_ok),
          sequence_options(NODES(stmt, options), state)};
}

static CreateEnum read_create_enum(const PgQuery__CreateEnumStmt& stmt, const SchemaNames& state) {
  return {new_name(NODES(stmt, type_name), state), strings(NODES(stmt, vals))};
}

static AlterEnum read_alter_enum(const PgQuery__AlterEnumStmt& stmt, const SchemaNames& state) {
  AlterEnum out;
  out.name = state.find_type(written(NODES(stmt, type_name)));
  out.value = stmt.new_val;
  out.old_value = stmt.old_val;
  out.neighbor = stmt.new_val_neighbor;
  out.after = stmt.new_val_is_after;
  out.if_not_exists = stmt.skip_if_new_val_exists;
  return out;
}

static CreateType read_create_domain(const PgQuery__CreateDomainStmt& stmt, const SchemaNames& state) {
  CreateType out = named_type(NODES(stmt, domainname), state);
  out.domain.emplace();
  for (const Node* node : NODES(stmt, constraints)) {
    if (node->node_case != NODE(CONSTRAINT)) continue;
    const PgQuery__Constraint& constraint = *node->constraint;
    if (constraint.contype == PG_QUERY__CONSTR_TYPE__CONSTR_NOTNULL) out.domain->not_null = true;
    if (constraint.contype == PG_QUERY__CONSTR_TYPE__CONSTR_DEFAULT)
      out.domain->default_kind = default_kind(constraint.raw_expr);
  }
  return out;
}

// ADD CONSTRAINT and SET NOT NULL; others change nothing that matters.
static Statement read_alter_domain(const PgQuery__AlterDomainStmt& stmt, const SchemaNames& state) {
  const std::string what = stmt.subtype;
  if (what != "C" && what != "O") return OtherStatement();
  AlterDomain out;
  out.domain = state.find_type(written(NODES(stmt, type_name)));
  if (is(stmt.def, NODE(CONSTRAINT))) {
    out.constraint = stmt.def->constraint->conname;
    out.not_valid = stmt.def->constraint->skip_validation;
  }
  return out;
}

static CreateType read_create_range(const PgQuery__CreateRangeStmt& stmt, const SchemaNames& state) {
  return named_type(NODES(stmt, type_name), state);
}

static CreateType read_composite_type(const PgQuery__CompositeTypeStmt& stmt, const SchemaNames& state) {
  CreateType out;
  out.name = new_name(*stmt.typevar, state);
  for (const Node* field : NODES(stmt, coldeflist))
    out.fields.push_back(column_definition(*field->column_def, state));
  return out;
}

// Base types and aggregates.
static Statement read_define(const PgQuery__DefineStmt& stmt, const SchemaNames& state) {
  const NodeList names = NODES(stmt, defnames);
  if (stmt.kind == OBJECT(AGGREGATE)) return CreateFunction{new_name(names, state), {"aggregate"}};
  if (stmt.kind != OBJECT(TYPE)) return OtherStatement();
  CreateType out = named_type(names, state);
  out.base = true;
  return out;
}

static bool changes_schema(const PgQuery__CreateFunctionStmt& stmt) {
  for (const Node* node : NODES(stmt, options)) {
    if (node->node_case != NODE(DEF_ELEM) || std::string_view(node->def_elem->defname) != "as" ||
        !node->def_elem->arg)
      continue;
    for (const std::string& body : strings(list_of(node->def_elem->arg))) {
      for (const Lexeme& token : Lexer(body))
        if (token.is_one_of({"alter", "create", "drop", "execute"})) return true;
    }
  }
  return false;
}

static CreateFunction read_create_function(const PgQuery__CreateFunctionStmt& stmt,
                                           const SchemaNames& state) {
  CreateFunction out{new_name(NODES(stmt, funcname), state), {}, changes_schema(stmt)};
  for (const Node* node : NODES(stmt, parameters))
    if (node->function_parameter->mode != PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_OUT &&
        node->function_parameter->mode != PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_TABLE)
      out.arguments.push_back(type_of(node->function_parameter->arg_type, state));
  return out;
}

// As of Policy::roles: PUBLIC replaces all other roles, as on the server.
static std::vector<std::string> policy_roles(NodeList roles) {
  std::vector<std::string> out;
  for (const Node* node : roles) {
    if (node->node_case != NODE(ROLE_SPEC)) continue;
    switch (node->role_spec->roletype) {
      case PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_CSTRING: out.emplace_back(node->role_spec->rolename); break;
      case PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_PUBLIC: return {};
      case PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_SESSION_USER: out.emplace_back("SESSION_USER"); break;
      default: out.emplace_back("CURRENT_USER"); break;  // CURRENT_ROLE is another word for it
    }
  }
  return out;
}

static CreatePolicy read_create_policy(const PgQuery__CreatePolicyStmt& stmt, const SchemaNames& state) {
  CreatePolicy out{state.find_table(written(*stmt.table)), {}};
  Policy& policy = out.policy;
  policy.name = stmt.policy_name;
  policy.command = stmt.cmd_name;
  for (char& c : policy.command) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  policy.permissive = stmt.permissive;
  policy.roles = policy_roles(NODES(stmt, roles));
  policy.using_expression = expression_or_none(stmt.qual);
  policy.check_expression = expression_or_none(stmt.with_check);
  return out;
}

static AlterPolicy read_alter_policy(const PgQuery__AlterPolicyStmt& stmt, const SchemaNames& state) {
  AlterPolicy out{state.find_table(written(*stmt.table)), stmt.policy_name, expression_or_none(stmt.qual),
                  expression_or_none(stmt.with_check), std::nullopt};
  if (stmt.n_roles > 0) out.roles = policy_roles(NODES(stmt, roles));
  return out;
}

static CreateSchema read_create_schema(const PgQuery__CreateSchemaStmt& stmt) {
  CreateSchema out;
  if (stmt.schemaname[0]) out.name = stmt.schemaname;
  else if (stmt.authrole) out.name = stmt.authrole->rolename;
  const NodeList elements = NODES(stmt, schema_elts);
  out.elements.assign(elements.begin(), elements.end());
  return out;
}

static CreateExtension read_create_extension(const PgQuery__CreateExtensionStmt& stmt) {
  return {stmt.extname, static_cast<bool>(stmt.if_not_exists)};
}

static Statement read_create_trigger(const PgQuery__CreateTrigStmt& stmt, const SchemaNames& state) {
  constexpr int before = 2,
                update = 16;  // TRIGGER_TYPE_… of catalog/pg_trigger.h
  if (!stmt.relation) return OtherStatement();
  return CreateTrigger{state.find_table(written(*stmt.relation)), stmt.trigname,
                       (stmt.timing & before) && (stmt.events & update)};
}

static Comment read_comment(const PgQuery__CommentStmt& stmt, const SchemaNames& state) {
  Comment out;
  out.text = stmt.comment;
  NodeList names = list_of(stmt.object);
  switch (stmt.objtype) {
    case OBJECT(TABLE):
    case OBJECT(VIEW):
    case OBJECT(MATVIEW):
    case OBJECT(FOREIGN_TABLE): out.kind = Comment::Kind::table; break;
    case OBJECT(COLUMN):
      out.kind = Comment::Kind::column;
      out.column = last_name(names);
      if (!names.empty()) names = names.first(names.size() - 1);
      break;
    default: return out;
  }
  out.relation = state.find_relation(written(names));
  return out;
}

static DoBlock read_do(const PgQuery__DoStmt& stmt) {
  DoBlock out;
  for (const Node* node : NODES(stmt, args)) {
    const std::string_view name = node->def_elem->defname;
    if (name == "as") out.body = string_value(node->def_elem->arg);
    if (name == "language") out.language = lower(string_value(node->def_elem->arg));
  }
  return out;
}

std::optional<Statement> read_object_statement(const Node& node, const SchemaNames& state) {
  switch (node.node_case) {
    case NODE(CREATE_SEQ_STMT): return read_create_sequence(*node.create_seq_stmt, state);
    case NODE(ALTER_SEQ_STMT): return read_alter_sequence(*node.alter_seq_stmt, state);
    case NODE(CREATE_ENUM_STMT): return read_create_enum(*node.create_enum_stmt, state);
    case NODE(ALTER_ENUM_STMT): return read_alter_enum(*node.alter_enum_stmt, state);
    case NODE(CREATE_DOMAIN_STMT): return read_create_domain(*node.create_domain_stmt, state);
    case NODE(ALTER_DOMAIN_STMT): return read_alter_domain(*node.alter_domain_stmt, state);
    case NODE(CREATE_RANGE_STMT): return read_create_range(*node.create_range_stmt, state);
    case NODE(COMPOSITE_TYPE_STMT): return read_composite_type(*node.composite_type_stmt, state);
    case NODE(DEFINE_STMT): return read_define(*node.define_stmt, state);
    case NODE(CREATE_FUNCTION_STMT): return read_create_function(*node.create_function_stmt, state);
    case NODE(CREATE_POLICY_STMT): return read_create_policy(*node.create_policy_stmt, state);
    case NODE(ALTER_POLICY_STMT): return read_alter_policy(*node.alter_policy_stmt, state);
    case NODE(CREATE_SCHEMA_STMT): return read_create_schema(*node.create_schema_stmt);
    case NODE(CREATE_EXTENSION_STMT): return read_create_extension(*node.create_extension_stmt);
    case NODE(CREATE_TRIG_STMT): return read_create_trigger(*node.create_trig_stmt, state);
    case NODE(COMMENT_STMT): return read_comment(*node.comment_stmt, state);
    case NODE(DO_STMT): return read_do(*node.do_stmt);
    default: return std::nullopt;
  }
}

}  // namespace pgadvise::sql
