// Statements on the ClickHouse server that keeps a store, over HTTP.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/http_client.h"
#include "store/facts/fact_rows.h"
#include "store/store/clickhouse_address.h"

namespace pgadvise::store {

// `name`, and 'text', with the escapes of ClickHouse.
std::string clickhouse_identifier(std::string_view name);
std::string clickhouse_literal(std::string_view text);

// A statement takes at most 60 seconds, also if the server's profile allows more or has it break off without
// an error, and answers with at most 5,000,000 rows and 256 MiB. The password is in a header only. Errors
// (usage): the server cannot be reached, is no ClickHouse, or rejects a statement.
class ClickHouseSession {
 public:
  using Row = std::vector<std::optional<std::string>>;  // numbers as text; nullopt: NULL

  // Connects with the first statement.
  static Result<ClickHouseSession> create(const ClickHouseAddress& address);

  enum class In { server, database };  // `server`: the database may not exist
  Result<std::vector<Row>> query(std::string_view sql, In in = In::database);
  // The first value of the first row; "" without a row.
  Result<std::string> value(std::string_view sql, In in = In::database);
  // Runs a statement without results.
  Result<void> run(std::string_view sql, In in = In::database);
  // Inserts rows with values for `columns`, in batches; those that an earlier insert of the same rows wrote
  // are not written again.
  Result<void> insert(std::string_view table, std::string_view columns,
                      const std::vector<std::vector<Cell>>& rows);

  // ClickHouse's code of the last statement that failed; 0 if the last statement did not.
  int code() const { return code_; }
  std::string where() const { return shown(address_); }
  const ClickHouseAddress& address() const { return address_; }

 private:
  ClickHouseSession(ClickHouseAddress address, net::HttpClient client)
      : address_(std::move(address)), client_(std::move(client)) {}
  Result<std::string> post(std::string_view sql, In in, const std::string& settings);

  ClickHouseAddress address_;
  net::HttpClient client_;
  int code_ = 0;
};

// ClickHouse's codes of errors.
struct ClickHouseCode {
  static constexpr int read_only = 164, access_denied = 497, wrong_password = 516, not_enough_space = 243,
                       timeout = 159;
};

}  // namespace pgadvise::store
