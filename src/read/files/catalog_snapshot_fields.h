// What a snapshot has of each struct of the catalog: one list, for writing and for reading. Internal to
// catalog_snapshot.cc.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>

#include "model/schema/catalog.h"
#include "model/schema/relation_size.h"

namespace pgadvise::files::snapshot {

struct Range {
  double low, high;
};
inline constexpr double whole = 9007199254740992;  // 2^53: what every reader of JSON takes for a whole number
inline constexpr Range count{0, whole};
inline constexpr Range measure{-1e18, 1e18};
inline constexpr Range share{0, 1};
inline constexpr Range any{-std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity()};

template <class M>
inline constexpr Range usual_range =
    std::is_same_v<M, double> || std::is_same_v<M, std::optional<double>> ? measure : count;
inline constexpr bool needed = true;

template <class T, class M>
struct Field {
  constexpr Field(std::string_view named, M T::* where, bool must = false, Range within = usual_range<M>)
      : name(named), member(where), needed(must), range(within) {}
  std::string_view name;  // "": the member's own fields stand in its place
  M T::* member;
  bool needed;  // always written, never missing, never empty
  Range range;
};

// In the order in which they are written; empty: T is no struct of a snapshot.
template <class T>
inline constexpr auto fields = std::tuple{};
// The number of members that a snapshot does not have.
template <class T>
inline constexpr int left_out = 0;

template <class T>
concept Described = std::tuple_size_v<std::decay_t<decltype(fields<T>)>> > 0;

template <>
inline constexpr auto fields<QualifiedName> =
    std::tuple{Field{"schema", &QualifiedName::schema, needed}, Field{"name", &QualifiedName::name, needed}};

template <>
inline constexpr auto fields<ColumnStatistics> =
    std::tuple{Field{"distinct", &ColumnStatistics::n_distinct, false, {-1, 1e18}},
               Field{"null_fraction", &ColumnStatistics::null_fraction, false, share},
               Field{"correlation", &ColumnStatistics::correlation, false, {-1, 1}},
               Field{"average_width", &ColumnStatistics::average_width},
               Field{"begins_as_json", &ColumnStatistics::begins_as_json},
               Field{"holds_uuids", &ColumnStatistics::holds_uuids},
               Field{"top_frequency", &ColumnStatistics::most_common_freq, false, share},
               Field{"most_common_values", &ColumnStatistics::most_common_values},
               Field{"most_common_frequencies", &ColumnStatistics::most_common_frequencies},
               Field{"histogram_bounds", &ColumnStatistics::histogram_bounds}};

template <>
inline constexpr auto fields<Column> = std::tuple{
    Field{"name", &Column::name, needed},          Field{"type", &Column::type},
    Field{"not_null", &Column::not_null},          Field{"identity", &Column::identity},
    Field{"default", &Column::default_expression}, Field{"generated", &Column::generated_expression},
    Field{"collation", &Column::collation},        Field{"comment", &Column::comment},
    Field{"statistics", &Column::statistics}};
template <>
inline constexpr int left_out<Column> = 3;  // origin, retyped, source_comment

template <>
inline constexpr auto fields<IndexKey> = std::tuple{Field{"column", &IndexKey::column},
                                                    Field{"expression", &IndexKey::expression},
                                                    Field{"descending", &IndexKey::descending},
                                                    Field{"nulls_first", &IndexKey::nulls_first},
                                                    Field{"operator_class", &IndexKey::operator_class},
                                                    Field{"collation", &IndexKey::collation}};

template <>
inline constexpr auto fields<IndexStatistics> =
    std::tuple{Field{"scans", &IndexStatistics::scans}, Field{"pages", &IndexStatistics::pages}};

template <>
inline constexpr auto fields<Index> = std::tuple{Field{"name", &Index::name, needed},
                                                 Field{"method", &Index::method},
                                                 Field{"keys", &Index::keys, needed},
                                                 Field{"include", &Index::include},
                                                 Field{"predicate", &Index::predicate},
                                                 Field{"predicate_not_null", &Index::predicate_not_null},
                                                 Field{"unique", &Index::unique},
                                                 Field{"nulls_not_distinct", &Index::nulls_not_distinct},
                                                 Field{"valid", &Index::valid},
                                                 Field{"constraint", &Index::constraint},
                                                 Field{"building", &Index::building},
                                                 Field{"replica_identity", &Index::replica_identity},
                                                 Field{"attached_to", &Index::attached_to},
                                                 Field{"statistics", &Index::statistics}};
template <>
inline constexpr int left_out<Index> = 1;  // origin

template <>
inline constexpr auto fields<Constraint> =
    std::tuple{Field{"kind", &Constraint::kind, needed},
               Field{"name", &Constraint::name},
               Field{"columns", &Constraint::columns},
               Field{"referenced_table", &Constraint::referenced_table},
               Field{"referenced_columns", &Constraint::referenced_columns},
               Field{"on_delete", &Constraint::on_delete},
               Field{"on_update", &Constraint::on_update},
               Field{"on_delete_columns", &Constraint::on_delete_columns},
               Field{"expression", &Constraint::expression},
               Field{"validated", &Constraint::validated},
               Field{"deferrable", &Constraint::deferrable},
               Field{"initially_deferred", &Constraint::initially_deferred},
               Field{"match_full", &Constraint::match_full},
               Field{"nulls_not_distinct", &Constraint::nulls_not_distinct},
               Field{"inherited", &Constraint::inherited}};
template <>
inline constexpr int left_out<Constraint> = 1;  // origin

template <>
inline constexpr auto fields<TableStatistics> =
    std::tuple{Field{"rows", &TableStatistics::rows, false, {-1, 1e18}},
               Field{"pages", &TableStatistics::pages},
               Field{"bytes", &TableStatistics::bytes},
               Field{"sequential_scans", &TableStatistics::sequential_scans},
               Field{"sequential_rows", &TableStatistics::sequential_rows},
               Field{"index_scans", &TableStatistics::index_scans},
               Field{"writes", &TableStatistics::writes},
               Field{"live_rows", &TableStatistics::live_rows},
               Field{"dead_rows", &TableStatistics::dead_rows},
               Field{"changes_since_analyze", &TableStatistics::changes_since_analyze},
               Field{"transaction_age", &TableStatistics::relfrozenxid_age}};

template <>
inline constexpr auto fields<Policy> =
    std::tuple{Field{"name", &Policy::name, needed},      Field{"command", &Policy::command},
               Field{"permissive", &Policy::permissive},  Field{"using", &Policy::using_expression},
               Field{"check", &Policy::check_expression}, Field{"roles", &Policy::roles}};
template <>
inline constexpr int left_out<Policy> = 1;  // origin

template <>
inline constexpr auto fields<Table> = std::tuple{Field{"", &Table::name},
                                                 Field{"kind", &Table::kind},
                                                 Field{"statistics", &Table::statistics},
                                                 Field{"columns", &Table::columns},
                                                 Field{"constraints", &Table::constraints},
                                                 Field{"indexes", &Table::indexes},
                                                 Field{"policies", &Table::policies},
                                                 Field{"update_triggers", &Table::update_triggers},
                                                 Field{"partition_of", &Table::partition_of},
                                                 Field{"partition_bound", &Table::partition_bound},
                                                 Field{"partition_key", &Table::partition_key},
                                                 Field{"inherits", &Table::inherits},
                                                 Field{"unlogged", &Table::unlogged},
                                                 Field{"fillfactor", &Table::fillfactor, false, {10, 100}},
                                                 Field{"temporary", &Table::temporary},
                                                 Field{"row_security", &Table::row_security},
                                                 Field{"definition", &Table::definition},
                                                 Field{"comment", &Table::comment}};
template <>
inline constexpr int left_out<Table> = 3;  // origin; dropped_keys and logical_keys, of migrations and source

template <>
inline constexpr auto fields<Enum> = std::tuple{Field{"", &Enum::name}, Field{"labels", &Enum::labels}};
template <>
inline constexpr int left_out<Enum> = 2;  // origin; labels_known, of source

template <>
inline constexpr auto fields<Sequence> = std::tuple{Field{"", &Sequence::name},
                                                    Field{"type", &Sequence::type},
                                                    Field{"owner_table", &Sequence::owner_table},
                                                    Field{"owner_column", &Sequence::owner_column},
                                                    Field{"increment", &Sequence::increment, false, any},
                                                    Field{"cycles", &Sequence::cycles},
                                                    Field{"last_value", &Sequence::last_value, false, any},
                                                    Field{"maximum", &Sequence::maximum, false, any},
                                                    Field{"minimum", &Sequence::minimum, false, any}};
template <>
inline constexpr int left_out<Sequence> = 1;  // origin

template <>
inline constexpr auto fields<TrackingTable::Row> = std::tuple{
    Field{"migration", &TrackingTable::Row::migration}, Field{"checksum", &TrackingTable::Row::checksum},
    Field{"when", &TrackingTable::Row::when, false, any}, Field{"failed", &TrackingTable::Row::failed}};

template <>
inline constexpr auto fields<TrackingTable> =
    std::tuple{Field{"tool", &TrackingTable::tool, needed}, Field{"schema", &TrackingTable::schema, needed},
               Field{"name", &TrackingTable::name, needed}, Field{"rows", &TrackingTable::rows}};

template <>
inline constexpr auto fields<Session> =
    std::tuple{Field{"pid", &Session::pid},
               Field{"database", &Session::database},
               Field{"application", &Session::application},
               Field{"state", &Session::state},
               Field{"transaction_seconds", &Session::transaction_seconds},
               Field{"state_seconds", &Session::state_seconds},
               Field{"wait_event_type", &Session::wait_event_type},
               Field{"lock_wait_seconds", &Session::lock_wait_seconds},
               Field{"blocked_by", &Session::blocked_by}};

template <>
inline constexpr auto fields<RelationSize> =
    std::tuple{Field{"", &RelationSize::name}, Field{"bytes", &RelationSize::bytes},
               Field{"pages", &RelationSize::pages}, Field{"rows", &RelationSize::rows, false, {-1, 1e18}},
               Field{"visible_pages", &RelationSize::visible_pages}};

template <>
inline constexpr auto fields<Catalog> = std::tuple{Field{"server_version", &Catalog::server_version},
                                                   Field{"database", &Catalog::database},
                                                   Field{"has_statistics", &Catalog::has_statistics},
                                                   Field{"statistics_days", &Catalog::statistics_days},
                                                   Field{"settings", &Catalog::settings},
                                                   Field{"schemas", &Catalog::schemas},
                                                   Field{"extensions", &Catalog::extensions},
                                                   Field{"user_functions", &Catalog::user_functions},
                                                   Field{"enums", &Catalog::enums},
                                                   Field{"sequences", &Catalog::sequences},
                                                   Field{"tracking", &Catalog::tracking},
                                                   Field{"sessions", &Catalog::sessions},
                                                   Field{"tables", &Catalog::tables}};
template <>
inline constexpr int left_out<Catalog> = 1;  // member

// The words of an enumeration, in its order.
template <class E>
constexpr std::string_view words[] = {""};
template <>
constexpr std::string_view words<Column::Identity>[] = {"none", "always", "by default"};
template <>
constexpr std::string_view words<Constraint::Kind>[] = {"primary key", "unique", "foreign key", "check",
                                                        "exclusion"};
template <>
constexpr std::string_view words<Table::Kind>[] = {"table", "partitioned table", "foreign table", "view",
                                                   "materialized view"};

// A member that is added to a struct and forgotten here does not compile: members are counted by how many
// initialisers the struct takes.
struct Initialiser {
  template <class T>
  operator T() const {
    return T();
  }
};
struct OptionalInitialiser {
  template <class T>
  operator std::optional<T>() const {
    return {};
  }
};
template <class T, class... Members>
constexpr std::size_t members_of() {
  if constexpr (requires { T{Members{}..., Initialiser{}}; }) return members_of<T, Members..., Initialiser>();
  else if constexpr (requires { T{Members{}..., OptionalInitialiser{}}; })
    return members_of<T, Members..., OptionalInitialiser>();
  else return sizeof...(Members);
}
template <class... T>
constexpr bool complete =
    ((members_of<T>() == std::tuple_size_v<std::decay_t<decltype(fields<T>)>> + left_out<T>) && ...);
static_assert(complete<Catalog>);
static_assert(complete<Table, TableStatistics, Policy>);
static_assert(complete<Column, ColumnStatistics>);
static_assert(complete<Index, IndexKey, IndexStatistics>);
static_assert(complete<Constraint>);
static_assert(complete<QualifiedName, Enum, Sequence>);
static_assert(complete<TrackingTable, TrackingTable::Row>);
static_assert(complete<Session, RelationSize>);

template <class T>
constexpr bool is_optional = false;
template <class T>
constexpr bool is_optional<std::optional<T>> = true;

template <class T, class Use>
void each_field(Use&& use) {
  std::apply([&](const auto&... field) { (use(field), ...); }, fields<T>);
}

}  // namespace pgadvise::files::snapshot
