#include "sql/facts/volatility.h"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>

#include "base/text/text.h"

namespace pgadvise::sql {
namespace {

bool not_volatile(const std::string& name) {
  static const auto words = pgadvise::split(
      "abs age array_append array_fill array_length array_to_string box btrim cardinality ceil "
      "ceiling concat concat_ws current_database current_schema current_schemas current_setting "
      "current_user date date_part date_trunc daterange decode digest div encode extract floor "
      "format inet_client_addr initcap int4range int8range json_build_array json_build_object "
      "json_object jsonb_build_array jsonb_build_object jsonb_extract_path_text jsonb_object "
      "left length lower lpad ltrim make_date make_interval make_time make_timestamp "
      "make_timestamptz md5 mod now numrange phraseto_tsquery plainto_tsquery point power "
      "quote_literal regexp_replace repeat replace reverse right round row_to_json rpad rtrim "
      "session_user setweight sha256 sign split_part sqrt st_geomfromtext st_makepoint "
      "st_setsrid statement_timestamp string_to_array substr substring timezone to_char to_date "
      "to_json to_jsonb to_number to_timestamp to_tsquery to_tsvector transaction_timestamp "
      "translate trunc tsrange tstzrange txid_current unaccent upper uuid_nil uuid_ns_dns "
      "uuid_ns_url version websearch_to_tsquery",
      ' ');
  static const std::set<std::string_view> names(words.begin(), words.end());
  return names.count(name) > 0;
}

bool is_volatile(const std::string& name) {
  static const auto words = pgadvise::split(
      "clock_timestamp currval gen_random_bytes gen_random_uuid gen_salt lastval nextval random "
      "setval timeofday uuid_generate_v1 uuid_generate_v1mc uuid_generate_v4 uuidv4 uuidv7",
      ' ');
  return is_one_of(name, words);
}

}  // namespace

Volatility volatility_of_function(const std::string& name) {
  if (is_volatile(name)) return Volatility::changing;
  return not_volatile(name) ? Volatility::not_volatile : Volatility::unknown;
}

Volatility volatility_of(const Node& expression) {
  Volatility out = Volatility::not_volatile;
  each_node(message(expression), [&](const Node& node) {
    if (node.node_case != NODE(FUNC_CALL) || node.func_call->n_funcname == 0) return true;
    const Volatility of_this = volatility_of_function(last_name(*node.func_call));
    if (of_this == Volatility::changing || (of_this == Volatility::unknown && out != Volatility::changing))
      out = of_this;
    return true;
  });
  return out;
}

bool is_one_value(const Node& expression) {
  bool alone = true;
  each_node(message(expression), [&](const Node& node) {
    alone = alone && node.node_case != NODE(COLUMN_REF) && node.node_case != NODE(SUB_LINK);
    return alone;
  });
  return alone && volatility_of(expression) == Volatility::not_volatile;
}

}  // namespace pgadvise::sql
