// The statements that copy a simulated fleet (store_fleet.cc) on the server that has its store.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace pgadvise::store {

struct FleetCopy {
  int uploaded = 0;                  // databases db0000 … that the store has, a multiple of 30
  int databases = 0;                 // databases that the store will have, a multiple of `uploaded`
  std::int64_t first_day = 0;        // begin of the first day that was uploaded
  std::vector<std::int64_t> shifts;  // seconds from the first day to further days, copies of the first one
};

// A copied database has the name of its number, and ids of its own for runs, logs, findings, queries and
// systems; what the generator planted stays. The numbers of calls differ in ClickHouse, which compresses
// equal ones better than those of real databases; in PostgreSQL they are equal. A repeated copy changes
// nothing. An element for each database that changes: its statements. They run in this order.
std::vector<std::vector<std::string>> postgres_copy(const FleetCopy& copy);
std::vector<std::vector<std::string>> clickhouse_copy(const FleetCopy& copy);

}  // namespace pgadvise::store
