#include "pg/plans/object_classes.h"

namespace pgadvise::pg {

std::span<const ObjectClass> object_classes() {
  using enum Reach;
  static constexpr ObjectClass classes[] = {
      {"pg_aggregate", followed,
       "aggfnoid aggtransfn aggfinalfn aggcombinefn aggserialfn aggdeserialfn aggmtransfn aggminvtransfn "
       "aggmfinalfn"},
      {"pg_am", followed, "amhandler"},
      {"pg_amop", followed},
      {"pg_amproc", followed, "amproc"},
      {"pg_attrdef", followed, "adbin", "of generated columns; the tree contains a default that is used"},
      {"pg_auth_members"},
      {"pg_authid"},
      {"pg_cast", followed, "",
       "functions look up casts to JSON by a value's type, SQL bodies casts to text; the tree has all "
       "others"},
      {"pg_class", followed, "relpartbound", "the bound of a partition is made of constants"},
      {"pg_collation"},
      {"pg_constraint", followed, "conbin"},
      {"pg_conversion", idle, "conproc", "its signature needs a function in C, which a superuser creates"},
      {"pg_database"},
      {"pg_default_acl"},
      {"pg_enum"},
      {"pg_event_trigger", idle, "", "fires on DDL, and at login before pgadvise can look"},
      {"pg_extension"},
      {"pg_foreign_data_wrapper", refused, "", "foreign tables are not planned"},
      {"pg_foreign_server", refused, "", "foreign tables are not planned"},
      {"pg_index", followed, "indexprs indpred"},
      {"pg_language", refused, "", "functions of other languages than internal, C and SQL are unknown"},
      {"pg_largeobject_metadata"},
      {"pg_namespace"},
      {"pg_opclass", followed},
      {"pg_operator", followed, "oprcode oprrest oprjoin"},
      {"pg_opfamily", followed},
      {"pg_parameter_acl"},
      {"pg_partitioned_table", followed, "partexprs"},
      {"pg_policy", in_tree, "polqual polwithcheck"},
      {"pg_proc", followed, "prosupport proargdefaults prosqlbody"},
      {"pg_publication"},
      {"pg_publication_namespace"},
      {"pg_publication_rel", idle, "prqual", "evaluated by logical decoding"},
      {"pg_range", followed, "rngcanonical rngsubdiff"},
      {"pg_rewrite", in_tree, "ev_qual ev_action"},
      {"pg_statistic_ext", followed, "stxexprs"},
      {"pg_subscription"},
      {"pg_tablespace"},
      {"pg_transform", refused, "trffromsql trftosql", "of other languages, whose functions are unknown"},
      {"pg_trigger", idle, "tgqual", "prepared when the trigger fires"},
      {"pg_ts_config", followed},
      {"pg_ts_dict", followed},
      {"pg_ts_parser", followed, "prsstart prstoken prsend prsheadline prslextype"},
      {"pg_ts_template", followed, "tmplinit tmpllexize"},
      {"pg_type", followed,
       "typsubscript typinput typoutput typreceive typsend typmodin typmodout typanalyze typdefaultbin"},
      {"pg_user_mapping", refused, "", "foreign tables are not planned"},
  };
  return classes;
}

}  // namespace pgadvise::pg
