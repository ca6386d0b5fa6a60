#include "sql/definitions/read_statement.h"

namespace pgadvise::sql {

Statement read_statement(const Node& node, const SchemaState& state) {
  switch (node.node_case) {
    case NODE(CREATE_STMT): return read_create_table(*node.create_stmt, state, false);
    case NODE(CREATE_FOREIGN_TABLE_STMT):
      return read_create_table(*node.create_foreign_table_stmt->base_stmt, state, true);
    case NODE(INDEX_STMT): return read_create_index(*node.index_stmt, state);
    case NODE(ALTER_TABLE_STMT): return read_alter_table(*node.alter_table_stmt, state);
    case NODE(DROP_STMT): return read_drop(*node.drop_stmt, state);
    case NODE(RENAME_STMT): return read_rename(*node.rename_stmt, state);
    case NODE(ALTER_OBJECT_SCHEMA_STMT): return read_rename(*node.alter_object_schema_stmt, state);
    case NODE(VIEW_STMT): return read_create_view(*node.view_stmt, state);
    case NODE(CREATE_TABLE_AS_STMT): return read_create_table_as(*node.create_table_as_stmt, state);
    case NODE(SELECT_STMT): return read_select(node, state);
    case NODE(INSERT_STMT): return read_insert(*node.insert_stmt, state);
    case NODE(UPDATE_STMT): return read_update(*node.update_stmt, state);
    case NODE(DELETE_STMT): return read_delete(*node.delete_stmt, state);
    case NODE(TRUNCATE_STMT): return read_truncate(*node.truncate_stmt, state);
    case NODE(CLUSTER_STMT): return read_cluster(*node.cluster_stmt, state);
    case NODE(VACUUM_STMT): return read_vacuum(*node.vacuum_stmt, state);
    case NODE(REINDEX_STMT): return read_reindex(*node.reindex_stmt, state);
    case NODE(CREATE_SEQ_STMT): return read_create_sequence(*node.create_seq_stmt, state);
    case NODE(ALTER_SEQ_STMT): return read_alter_sequence(*node.alter_seq_stmt, state);
    case NODE(CREATE_ENUM_STMT): return read_create_enum(*node.create_enum_stmt, state);
    case NODE(ALTER_ENUM_STMT): return read_alter_enum(*node.alter_enum_stmt, state);
    case NODE(CREATE_DOMAIN_STMT): return read_create_domain(*node.create_domain_stmt, state);
    case NODE(ALTER_DOMAIN_STMT): return read_alter_domain(*node.alter_domain_stmt, state);
    case NODE(REFRESH_MAT_VIEW_STMT): return read_refresh(*node.refresh_mat_view_stmt, state);
    case NODE(DROPDB_STMT): return DropDatabase{node.dropdb_stmt->dbname};
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
    case NODE(CALL_STMT): {
      const PgQuery__FuncCall* call = node.call_stmt->funccall;
      if (!call || !call->n_funcname) return OtherStatement();
      return CallRoutine{last_name(*call)};
    }
    case NODE(LOCK_STMT): return read_lock(*node.lock_stmt, state);
    case NODE(VARIABLE_SET_STMT): return read_set(*node.variable_set_stmt);
    case NODE(TRANSACTION_STMT): return read_transaction(*node.transaction_stmt);
    default: return OtherStatement();
  }
}

}  // namespace pgadvise::sql
