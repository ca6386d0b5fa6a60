#include "log/executed_statements.h"

#include <map>

#include <fmt/format.h>

#include "base/text/text.h"
#include "log/formats/detect.h"
#include "log/lines/lines.h"
#include "log/pipeline.h"

namespace pgadvise::log {
namespace {

constexpr std::size_t most_statements = 200'000;

// The statement of "statement: …", "execute <unnamed>: …" and "execute name: …"; "": another message.
std::string_view statement_of(std::string_view message) {
  if (message.starts_with("statement: ")) return message.substr(11);
  if (!message.starts_with("execute ")) return {};
  const auto colon = message.find(": ");
  return colon == std::string_view::npos ? std::string_view() : message.substr(colon + 2);
}

class Keeper : public RecordSink {
 public:
  Outcome take(const Record& record) override {
    const std::string session(record.session);
    const auto last = last_.find(session);
    if (record.level == Level::error && last != last_.end()) out[last->second].failed = true;
    if (record.level == Level::detail && last != last_.end()) keep_parameters(record.message, last->second);
    if (record.level != Level::log) return {};
    const auto text = statement_of(record.message);
    if (text.empty()) return {};
    if (out.size() >= most_statements) {
      ++left_out;
      return {};
    }
    cut += record.cut;
    last_[session] = out.size();
    out.push_back({session, std::string(text), {}, false, record.line});
    keep_parameters(record.detail, out.size() - 1);
    return {.record = Use::used};
  }

  std::vector<ExecutedStatement> out;
  std::size_t left_out = 0;
  int cut = 0;

 private:
  void keep_parameters(std::string_view detail, std::size_t at) {
    constexpr std::string_view label = "parameters: ";
    if (lower(detail.substr(0, label.size())) == label)
      out[at].parameters = std::string(detail.substr(label.size()));
  }

  std::map<std::string, std::size_t> last_;  // of each session
};

}  // namespace

Result<std::vector<ExecutedStatement>> read_executed_statements(const std::string& path,
                                                                Diagnostics& diagnostics) {
  TRY(ChunkReader reader, ChunkReader::open(path));
  reader.head();
  Format format;
  format.name = "stderr";
  format.prefix = executed_prefix;
  LogSource source;
  source.path = path;
  Keeper keeper;
  const auto decoder = make_decoder(format, source, keeper);
  run(reader, *decoder, 1, {});
  decoder->finish();
  if (keeper.cut > 0)
    diagnostics.push_back(
        {Error::Kind::nonfatal, path,
         fmt::format("{} statements of more than {} MB were cut off", keeper.cut, longest_text >> 20)});
  if (keeper.left_out > 0)
    diagnostics.push_back({Error::Kind::nonfatal, path,
                           fmt::format("pgadvise did not read the last {} of {} statements", keeper.left_out,
                                       keeper.left_out + keeper.out.size())});
  return std::move(keeper.out);
}

}  // namespace pgadvise::log
