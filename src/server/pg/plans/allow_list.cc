#include "pg/plans/allow_list.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "base/text/text.h"

namespace pgadvise::pg {

namespace {

using Names = std::set<std::string_view>;

Names words(std::string_view list) {
  Names out;
  for (const auto word : split(list, ' '))
    if (!word.empty()) out.insert(word);
  return out;
}

// Built-in and harmless: they compute from their arguments, or read a catalog. Those that are VOLATILE by
// declaration stand apart. What is behind built-in operators, aggregates, casts, operator classes and types
// is found by catalog.
const Names& harmless() {
  static const Names names = words(
      // text
      "abbrev ascii btrim char_length character_length chr concat concat_ws convert convert_from convert_to "
      "decode "
      "encode format get_bit get_byte set_bit set_byte bit_count bit_length initcap is_normalized left "
      "length like "
      "like_escape lower lpad ltrim md5 normalize notlike octet_length overlay parse_ident position "
      "quote_ident "
      "quote_literal quote_nullable regexp_count regexp_instr regexp_like regexp_match regexp_matches "
      "regexp_replace "
      "regexp_split_to_array regexp_split_to_table regexp_substr repeat replace reverse right rpad rtrim "
      "sha224 sha256 "
      "sha384 sha512 similar_escape similar_to_escape split_part starts_with string_to_array string_to_table "
      "strpos "
      "substr substring text textlen to_ascii to_bin to_hex to_oct translate unistr upper casefold crc32 "
      "crc32c "
      "unicode_assigned "
      // numbers
      "abs acos acosd acosh asin asind asinh atan atan2 atan2d atand atanh cbrt ceil ceiling cos cosd cosh "
      "cot cotd "
      "dcbrt dceil dfloor degrees dexp div dlog1 dlog10 dpow dround dsqrt dtrunc erf erfc exp factorial "
      "floor gamma "
      "gcd lcm lgamma ln log log10 min_scale mod numeric_div_trunc numeric_exp numeric_ln numeric_log "
      "numeric_power "
      "numeric_sqrt pi pow power radians round scale sign sin sind sinh sqrt tan tand tanh to_char to_number "
      "trim_scale "
      "trunc width_bucket "
      // dates
      "age date_add date_bin date_part date_subtract date_trunc extract isfinite justify_days justify_hours "
      "justify_interval make_date make_interval make_time make_timestamp make_timestamptz now overlaps "
      "statement_timestamp timestamp timestamptz timezone to_date to_timestamp transaction_timestamp "
      // arrays, rows, ranges, enums
      "array_append array_cat array_dims array_fill array_length array_lower array_ndims array_position "
      "array_positions array_prepend array_remove array_replace array_reverse array_sample array_shuffle "
      "array_sort "
      "array_subscript_handler array_to_json array_to_string array_upper cardinality daterange "
      "datemultirange "
      "enum_first enum_last enum_range generate_series generate_subscripts int4multirange int4range "
      "int8multirange "
      "int8range isempty jsonb_subscript_handler lower_inc lower_inf multirange num_nonnulls num_nulls "
      "nummultirange "
      "numrange range_merge raw_array_subscript_handler row_to_json trim_array tsmultirange tsrange "
      "tstzmultirange "
      "tstzrange unnest upper_inc upper_inf "
      // json
      "json_array_element json_array_element_text json_array_elements json_array_elements_text "
      "json_array_length "
      "json_build_array json_build_object json_each json_each_text json_extract_path json_extract_path_text "
      "json_object "
      "json_object_field json_object_field_text json_object_keys json_populate_record "
      "json_populate_recordset "
      "json_strip_nulls json_to_record json_to_recordset json_typeof jsonb_array_element "
      "jsonb_array_element_text "
      "jsonb_array_elements jsonb_array_elements_text jsonb_array_length jsonb_build_array "
      "jsonb_build_object "
      "jsonb_concat jsonb_delete jsonb_delete_path jsonb_each jsonb_each_text jsonb_extract_path "
      "jsonb_extract_path_text jsonb_insert jsonb_object jsonb_object_field jsonb_object_field_text "
      "jsonb_object_keys "
      "jsonb_path_exists jsonb_path_exists_tz jsonb_path_match jsonb_path_match_tz jsonb_path_query "
      "jsonb_path_query_array jsonb_path_query_array_tz jsonb_path_query_first jsonb_path_query_first_tz "
      "jsonb_path_query_tz jsonb_populate_record jsonb_populate_recordset jsonb_pretty jsonb_set "
      "jsonb_set_lax "
      "jsonb_strip_nulls jsonb_to_record jsonb_to_recordset jsonb_typeof to_json to_jsonb "
      // text search
      "array_to_tsvector get_current_ts_config json_to_tsvector jsonb_to_tsvector numnode phraseto_tsquery "
      "plainto_tsquery querytree setweight strip to_tsquery to_tsvector ts_delete ts_filter ts_headline "
      "ts_rank "
      "ts_rank_cd tsquery_phrase tsvector_to_array websearch_to_tsquery "
      // networks, geometry, XML
      "area box broadcast center circle diagonal diameter family height host hostmask inet_merge "
      "inet_same_family "
      "isclosed ishorizontal isopen isparallel isperp isvertical line lseg macaddr8_set7bit masklen netmask "
      "network "
      "npoints path pclose point polygon popen radius set_masklen slope width xml xml_is_well_formed "
      "xml_is_well_formed_content xml_is_well_formed_document xmlcomment xmlconcat2 xmlexists xmltext xpath "
      "xpath_exists "
      // windows
      "cume_dist dense_rank first_value lag last_value lead nth_value ntile percent_rank rank row_number "
      // the session, the catalog
      "col_description current_database current_schema current_schemas current_setting current_user "
      "format_type getdatabaseencoding getpgusername has_any_column_privilege has_column_privilege "
      "has_database_privilege has_function_privilege has_schema_privilege has_sequence_privilege "
      "has_table_privilege has_type_privilege inet_client_addr inet_client_port inet_server_addr "
      "inet_server_port obj_description pg_backend_pid pg_client_encoding pg_collation_for "
      "pg_column_compression pg_column_size pg_encoding_to_char pg_function_is_visible pg_get_constraintdef "
      "pg_get_expr pg_get_function_arguments pg_get_function_result pg_get_functiondef pg_get_indexdef "
      "pg_get_partkeydef pg_get_serial_sequence pg_get_triggerdef pg_get_userbyid pg_get_viewdef pg_has_role "
      "pg_opclass_is_visible pg_operator_is_visible pg_relation_filenode pg_size_bytes pg_size_pretty "
      "pg_table_is_visible pg_type_is_visible pg_typeof row_security_active session_user shobj_description "
      "to_regclass txid_current_if_assigned txid_current_snapshot pg_current_snapshot "
      "pg_current_xact_id_if_assigned uuid_extract_timestamp uuid_extract_version version");
  return names;
}

const Names& harmless_volatile() {
  static const Names names = words(
      "bernoulli clock_timestamp gen_random_uuid pg_database_size pg_indexes_size pg_is_in_recovery "
      "pg_relation_size "
      "pg_table_size pg_total_relation_size random random_normal system timeofday uuidv4 uuidv7");
  return names;
}

// Behind some operator or cast, or so named, and yet they run SQL that their arguments contain.
const Names& takes_sql() {
  static const Names names = words(
      "cursor_to_xml cursor_to_xmlschema database_to_xml database_to_xml_and_xmlschema database_to_xmlschema "
      "query_to_xml query_to_xml_and_xmlschema query_to_xmlschema schema_to_xml schema_to_xml_and_xmlschema "
      "schema_to_xmlschema table_to_xml table_to_xml_and_xmlschema table_to_xmlschema ts_rewrite ts_stat");
  return names;
}

// Extensions whose C functions compute and do nothing else, and the library that has them. Not here: dblink,
// tablefunc (takes SQL), xml2, lo, file_fdw, adminpack. Whoever may alter an extension can add functions to
// it: membership alone proves nothing. PostGIS looks up names of coordinate systems by SQL with || and ILIKE
// of varchar (libpgcommon/lwgeom_pg.c, postgis/lwgeom_inout.c), for which somebody's operator of exactly
// these types fits better than the server's.
bool harmless_library(std::string_view extension, std::string_view library, bool operators_of_others) {
  constexpr std::string_view folder = "$libdir/";
  if (library.starts_with(folder)) library.remove_prefix(folder.size());
  if (extension == "postgis") return library.starts_with("postgis-") && !operators_of_others;
  if (extension == "intarray") return library == "_int";
  static const Names same_name = words(
      "bloom btree_gin btree_gist citext cube earthdistance fuzzystrmatch hstore ltree pg_trgm pgcrypto seg "
      "unaccent uuid-ossp vector");
  return extension == library && same_name.count(extension) != 0;
}

// Symbols in these libraries, of functions that are volatile by declaration: random values, and what
// PostgreSQL itself calls for an access method or a dictionary.
const Names& harmless_volatile_symbols() {
  static const Names names = words(
      "pg_random_bytes pg_random_uuid pg_gen_salt pg_gen_salt_rounds uuid_generate_v1 uuid_generate_v1mc "
      "uuid_generate_v4 blhandler hnswhandler ivfflathandler unaccent_init unaccent_lexize");
  return names;
}

// The bodies of built-in SQL functions that are stored as text, if they name pg_catalog: the server looks up
// other names, as of `$2 + $1`, along the session's search_path. Before version 14 all bodies are text; most
// later ones are trees, which are checked. A superuser can change such a function, and with pg_surgery its
// xmin. Source: pg_proc of versions 12 to 18.
bool own_body(std::string_view body) {
  static const Names bodies = {"select $1 operator(pg_catalog.||) $2::pg_catalog.text",
                               "select $1::pg_catalog.text operator(pg_catalog.||) $2",
                               "select pg_catalog.age(cast(current_date as timestamp with time zone), $1)",
                               "select pg_catalog.age(cast(current_date as timestamp without time zone), $1)",
                               "select pg_catalog.date_part($1, cast($2 as timestamp without time zone))",
                               "select pg_catalog.length($1)",
                               "select pg_catalog.log(10, $1)",
                               "select pg_catalog.lpad($1, $2, ' ')",
                               "select pg_catalog.on_ppath($2, $1)",
                               "select pg_catalog.pg_relation_size($1, 'main')",
                               "select pg_catalog.polygon(12, $1)",
                               "select pg_catalog.quote_literal($1::pg_catalog.text)",
                               "select pg_catalog.quote_nullable($1::pg_catalog.text)",
                               "select pg_catalog.round($1,0)",
                               "select pg_catalog.rpad($1, $2, ' ')",
                               "select pg_catalog.substring($1, pg_catalog.similar_escape($2, $3))",
                               "select pg_catalog.substring($1, pg_catalog.similar_to_escape($2, $3))",
                               "select pg_catalog.trunc($1,0)",
                               "select pg_catalog.xpath($1, $2, '{}'::pg_catalog.text[])",
                               "select pg_catalog.xpath_exists($1, $2, '{}'::pg_catalog.text[])"};
  return bodies.count(body) != 0;
}

// An internal function runs what prosrc names, whatever it is called: a row that was changed since initdb (a
// GRANT does that too) must still name its own code.
bool own_source(const FunctionFacts& function) {
  constexpr std::array<std::string_view, 4> known = {"unicode_normalize_func", "unicode_is_normalized",
                                                     "gen_random_uuid", "aggregate_dummy"};
  return function.bootstrap || function.source == function.name ||
         std::ranges::find(known, function.source) != known.end();
}

}  // namespace

Harm check_function(const FunctionFacts& function) {
  if (!function.built_in) {
    const bool computes =
        function.volatility != 'v' || harmless_volatile_symbols().count(function.source) != 0;
    if (function.language == "c" &&
        harmless_library(function.extension, function.library, function.operators_of_others) && computes)
      return Harm::none;
    // The support functions of a sandbox's stand-in types; only a superuser makes functions of language
    // internal.
    if (function.language == "internal" && (function.source == "textin" || function.source == "textout"))
      return Harm::none;
    return Harm::unknown;
  }
  if (takes_sql().count(function.name)) return Harm::refused;
  if (harmless_volatile().count(function.name)) return own_source(function) ? Harm::none : Harm::refused;
  if (function.volatility == 'v') return Harm::refused;
  const bool named = function.support || harmless().count(function.name);
  if (!named) return Harm::refused;
  if (function.language == "sql")
    return function.body_seen || own_body(function.source) ? Harm::none : Harm::refused;
  return function.language == "internal" && own_source(function) ? Harm::none : Harm::refused;
}

}  // namespace pgadvise::pg
