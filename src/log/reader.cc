#include "log/reader.h"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <numeric>

#include <fmt/format.h>

#include "log/collector.h"
#include "log/decoder.h"
#include "log/prefix.h"

namespace pgadvise::log {
namespace {

constexpr const char* how_to_log =
    "set log_min_duration_statement = 0 for a while, or log_statement = all and log_duration = on";

struct Input {
  std::size_t index = 0;  // of the path
  Format format;
  std::uint64_t durations_alone = 0;
  std::optional<LineReader> reader;  // kept only where a file can't be opened twice
};

// Looks at the beginning of a log; nothing is read of one that is not to be read.
std::optional<Input> look(const std::string& path, const Options& options, LogSource& source,
                          Diagnostics& diagnostics) {
  auto reader = LineReader::open(path);
  if (!reader) {
    diagnostics.push_back(reader.error());
    source.note = reader.error().what;
    return std::nullopt;
  }
  const std::string_view head = reader->head();
  if (head.empty()) {
    source.note = reader->failed() ? "can't be read" : "the file is empty";
    if (reader->failed()) diagnostics.push_back({Error::Kind::input, path, "can't be read: " + reader->failure(), {}});
    return std::nullopt;
  }
  Input input;
  input.format = detect(head, options.line_prefix);
  if (input.format.name.empty()) {
    source.note = "not a PostgreSQL log that can be read: it looks like " + input.format.looked_like;
    diagnostics.push_back({Error::Kind::input, path, source.note, input.format.advice});
    return std::nullopt;
  }
  std::error_code code;
  if (path == "-" || !std::filesystem::is_regular_file(path, code)) input.reader.emplace(std::move(*reader));
  return input;
}

std::string why_nothing(const LogSource& source, std::uint64_t durations_alone) {
  if (source.statements > 0 || source.used + source.other == 0) return {};
  if (durations_alone > 0)
    return fmt::format(
        "{} durations, but no statement that they belong to: log_duration is on, the statements are not "
        "logged; {}",
        durations_alone, how_to_log);
  return fmt::format(
      "no statement in {} lines: log_min_duration_statement is off or its limit was never reached, and "
      "log_statement is none; {}",
      source.lines, how_to_log);
}

// Where every statement took long, the fast ones were not logged, and the loops of N+1 are made of fast ones. With all
// statements in the log, BEGIN and COMMIT alone take microseconds.
std::optional<double> duration_floor(const Workload& workload) {
  constexpr std::uint64_t fewest = 20;
  constexpr double slow_ms = 1;
  std::uint64_t calls = 0;
  double floor = std::numeric_limits<double>::infinity();
  for (const Query& query : workload.queries) {
    if (query.timed_calls < query.calls) return std::nullopt;
    calls += query.calls;
    floor = std::min(floor, query.min_ms);
  }
  return calls >= fewest && floor >= slow_ms ? std::optional(floor) : std::nullopt;
}

void read_one(Input& input, LogSource& source, Collector& collector, Diagnostics& diagnostics) {
  if (!input.reader) {
    auto again = LineReader::open(source.path);
    if (!again) {
      diagnostics.push_back(again.error());
      source.note = again.error().what;
      return;
    }
    input.reader.emplace(std::move(*again));
  }
  source.format = input.format.envelope == Envelope::none ? input.format.name : fmt::format("{} ({})", input.format.name, name(input.format.envelope));
  source.prefix = input.format.prefix;
  collector.begin(source);
  const auto decoder = make_decoder(input.format, source, collector);
  for (Line line; input.reader->next(line);) decoder->line(line);
  decoder->finish();
  if (input.reader->failed())
    diagnostics.push_back({Error::Kind::passing,
                           source.path,
                           fmt::format("could not be read behind line {}: {}", source.lines, input.reader->failure()),
                           {}});
  if (collector.cut_records() > 0)
    diagnostics.push_back(
        {Error::Kind::passing,
         source.path,
         fmt::format("{} records over {} MB were cut", collector.cut_records(), longest_text >> 20),
         {}});
  input.durations_alone = collector.durations_alone();
}

// A folder stands for the files in it, by name; hidden ones left out.
std::vector<std::string> files_of(const std::string& folder) {
  std::vector<std::string> out;
  std::error_code code;
  for (std::filesystem::recursive_directory_iterator at(folder, std::filesystem::directory_options::skip_permission_denied, code), end;
       !code && at != end; at.increment(code)) {
    if (at->path().filename().string().starts_with('.')) at.disable_recursion_pending();
    else if (at->is_regular_file(code)) out.push_back(at->path().string());
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace

Workload read(const std::vector<std::string>& named, const Options& options, Diagnostics& diagnostics) {
  Workload workload;
  std::vector<std::string> paths;
  for (const auto& path : named) {
    std::error_code code;
    if (path == "-" || !std::filesystem::is_directory(path, code)) {
      paths.push_back(path);
      continue;
    }
    // What else lies in a folder is no mistake of the user's; a folder without any log is.
    Diagnostics others;
    const auto before = paths.size();
    for (const auto& file : files_of(path)) {
      LogSource source;
      if (look(file, options, source, others)) paths.push_back(file);
    }
    if (paths.size() == before) paths.push_back(path);
  }
  workload.sources.resize(paths.size());
  if (const auto escape = Prefix(options.line_prefix).unknown_escape())
    diagnostics.push_back({Error::Kind::usage, "--log-line-prefix",
                           fmt::format("%{} is no escape of log_line_prefix", *escape),
                           "SHOW log_line_prefix tells it"});
  std::vector<Input> inputs;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    workload.sources[i].path = paths[i];
    if (auto input = look(paths[i], options, workload.sources[i], diagnostics)) {
      input->index = i;
      inputs.push_back(std::move(*input));
    }
  }
  // Rotated files continue each other's sessions.
  std::stable_sort(inputs.begin(), inputs.end(),
                   [](const Input& a, const Input& b) { return a.format.first_time < b.format.first_time; });
  Collector collector;
  for (Input& input : inputs) read_one(input, workload.sources[input.index], collector, diagnostics);
  collector.finish(workload);
  for (const Input& input : inputs) {
    LogSource& source = workload.sources[input.index];
    if (source.note.empty()) source.note = why_nothing(source, input.durations_alone);
  }
  if (const auto floor = duration_floor(workload))
    diagnostics.push_back({Error::Kind::passing, inputs.size() == 1 ? workload.sources[inputs.front().index].path : "the logs",
                           fmt::format("no statement took less than {:.0f} ms, so faster ones were not logged: N+1 loops of them "
                                       "can't be excluded",
                                       *floor),
                           "log_min_duration_statement = 0 logs all"});
  workload.has_events = std::any_of(workload.sources.begin(), workload.sources.end(),
                                    [](const LogSource& source) { return source.statements > 0; });
  return workload;
}

}  // namespace pgadvise::log
