#include "log/reader.h"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <map>
#include <memory>
#include <set>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "base/text/number_format.h"
#include "base/text/text.h"
#include "log/collect/collector.h"
#include "log/collect/merge.h"
#include "log/formats/decoder.h"
#include "log/formats/detect.h"
#include "log/lines/byte_source.h"
#include "log/lines/provenance.h"
#include "log/pipeline.h"
#include "log/prefix/prefix.h"
#include "log/record/logged_plan.h"

namespace pgadvise::log {
namespace {

constexpr const char* how_to_log =
    "set log_min_duration_statement = 0 for a while, or log_statement = all and log_duration = on";

constexpr std::string_view other_log = "not a PostgreSQL log that pgadvise can read: ";

struct Input {
  std::size_t index = 0;  // of the path
  Format format;
  std::uint64_t durations_alone = 0;
  std::optional<ChunkReader> reader;  // kept only where a file can't be opened twice
};

// Looks at the beginning of a log; nothing is read of one that is not to be read.
std::optional<Input> look(const std::string& path, const Options& options, LogSource& source,
                          Diagnostics& diagnostics) {
  auto reader = ChunkReader::open(path, options.user_paths);
  if (!reader) {
    diagnostics.push_back(reader.error());
    source.note = reader.error().what;
    return std::nullopt;
  }
  const std::string_view head = reader->head();
  if (head.empty()) {
    source.note = reader->failed() ? "can't be read"
                  : reader->hole() ? "the file contains only NUL bytes"
                                   : "the file is empty";
    if (reader->failed())
      diagnostics.push_back({Error::Kind::input, path, "can't be read: " + reader->failure()});
    return std::nullopt;
  }
  Input input;
  input.format = detect(head, options.line_prefix);
  if (input.format.name.empty()) {
    source.note = std::string(other_log) + "the file looks like " + input.format.looked_like;
    diagnostics.push_back({Error::Kind::input, path, source.note, input.format.advice});
    return std::nullopt;
  }
  std::error_code code;
  if (path == "-" || !std::filesystem::is_regular_file(path, code)) input.reader.emplace(std::move(*reader));
  return input;
}

std::string why_nothing(const LogSource& source, std::uint64_t durations_alone) {
  if (source.statements > 0) return {};
  if (source.not_understood * 2 > source.lines) {
    const std::string these =
        fmt::format("{} of {} {} not recognized", source.not_understood, counted(source.lines, "line"),
                    source.not_understood == 1 ? "was" : "were");
    if (source.prefix.empty()) return these;
    return fmt::format(
        "{}: they do not start with '{}'; pass --log-line-prefix '…', with the value of SHOW log_line_prefix",
        these, source.prefix);
  }
  if (source.used + source.other == 0) return {};
  if (durations_alone > 0)
    return fmt::format(
        "{} durations without statements: log_duration is on, but the statements are not logged; {}",
        durations_alone, how_to_log);
  return fmt::format(
      "no statement in {}: log_min_duration_statement is off or was never reached, and log_statement "
      "is none; {}",
      counted(source.lines, "line"), how_to_log);
}

// Where every statement took long, the fast ones were not logged, and the loops of N+1 are made of fast ones.
// With all statements in the log, BEGIN and COMMIT alone take microseconds.
std::optional<double> duration_floor(const std::vector<Workload>& workloads) {
  constexpr std::uint64_t fewest = 20;
  constexpr double slow_ms = 1;
  std::uint64_t calls = 0;
  double floor = std::numeric_limits<double>::infinity();
  for (const Workload& workload : workloads)
    for (const Query& query : workload.queries) {
      if (query.timed_calls < query.calls) return std::nullopt;
      calls += query.calls;
      floor = std::min(floor, query.min_ms);
    }
  return calls >= fewest && floor >= slow_ms ? std::optional(floor) : std::nullopt;
}

// A file whose size and likeness to others are known before it is read.
bool plain(const std::string& path) {
  std::error_code code;
  if (path == "-" || !std::filesystem::is_regular_file(path, code)) return false;
  constexpr std::size_t longest_mark = 6;
  return !compressed(read_head(path, longest_mark));
}

using BytesTaken = std::function<void(std::uint64_t bytes)>;

// Adds up the bytes that were read, and reports them every few megabytes.
BytesTaken meter(const std::vector<Input>& inputs, const std::vector<LogSource>& sources,
                 const Options& options) {
  Progress progress;
  bool known = true;
  for (const Input& input : inputs) {
    std::error_code code;
    const auto& path = sources[input.index].path;
    if (!plain(path)) known = false;
    else if (const auto size = std::filesystem::file_size(path, code); !code) progress.total += size;
  }
  if (!known) progress.total = 0;
  return [&report = options.progress, progress, since = std::uint64_t{0}](std::uint64_t bytes) mutable {
    constexpr std::uint64_t step = 4 << 20;
    since += bytes;
    if (since < step) return;
    progress.bytes += std::exchange(since, 0);
    if (report) report(progress);
  };
}

// Regular files that are the same log, or its beginning or end, are known before they are read. Logs without
// times may begin and end alike without being one: of those only the whole counts.
void leave_out_known(std::vector<Input>& inputs, std::vector<LogSource>& sources, Diagnostics& diagnostics) {
  if (inputs.size() < 2) return;
  std::vector<LogSource> known(inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    known[i].path = sources[inputs[i].index].path;
    std::error_code code;
    if (std::filesystem::is_regular_file(known[i].path, code))
      known[i].identity = identify_file(known[i].path);
  }
  const auto stands_for = [&](std::size_t other, std::size_t i) {
    const SourceIdentity &mine = known[i].identity, &others = known[other].identity;
    const bool begins = holds(others, mine);
    if (other == i || !(begins || ends_alike(others, mine)) || (mine == others && other > i)) return false;
    if (mine.bytes < others.bytes && inputs[i].format.first_time == no_time) return false;
    return stands_in(known[other].path, begins ? 0 : others.bytes - mine.bytes, known[i].path, mine.bytes);
  };
  std::vector<Input> kept;
  for (std::size_t i = 0; i < known.size(); ++i) {
    std::size_t other = 0;
    while (other < known.size() && !stands_for(other, i)) ++other;
    if (other < known.size()) {
      diagnostics.push_back(counted_once(known[i], known[other]));
      sources[inputs[i].index].note = diagnostics.back().what;
    } else {
      kept.push_back(std::move(inputs[i]));
    }
  }
  inputs = std::move(kept);
}

// The reader of what is read from now on, in the order it was written in where that can be.
Result<void> open(Input& input, const std::string& path, const UserPaths& user_paths) {
  Format& format = input.format;
  const bool turned = format.newest_first && format.by_lines;
  format.in_order = !format.newest_first || turned;
  const bool backwards = turned && !format.entries && plain(path);
  if (!input.reader || backwards) {
    TRY(input.reader, backwards ? ChunkReader::open_backwards(path) : ChunkReader::open(path, user_paths));
  }
  if (format.entries || (turned && !backwards)) input.reader->head();
  if (format.entries) input.reader->as_entries();
  return turned && !backwards ? input.reader->turn_round() : Result<void>{};
}

// The warnings about a log that was read.
void report_reading(const Input& input, LogSource& source, const Collector& collector, bool to_end,
                    const Options& options, Diagnostics& diagnostics) {
  const auto warn = [&](std::string what, std::string hint = {}) {
    diagnostics.push_back({Error::Kind::nonfatal, source.path, std::move(what), std::move(hint)});
  };
  if (!to_end) warn(fmt::format("interrupted after line {}: pgadvise did not read the rest", source.lines));
  if (input.reader->failed())
    warn(fmt::format("could not be read after line {}: {}", source.lines, input.reader->failure()));
  if (const auto hole = input.reader->hole(); hole > 0)
    warn(fmt::format("contains {} NUL bytes, which pgadvise skipped: the file was truncated while the server "
                     "wrote to it",
                     hole),
         "logrotate's copytruncate causes this: let the server rotate its log (log_rotation_age, "
         "log_truncate_on_rotation)");
  const Collector::Counts& counts = collector.counts();
  if (counts.cut_records > 0)
    warn(fmt::format("{} records over {} MB were truncated", counts.cut_records, longest_text >> 20));
  if (input.format.name == "stderr" && source.statements > 0 && !Prefix(input.format.prefix).has_session())
    warn(fmt::format("the lines name no session or process, according to the log_line_prefix '{}': pgadvise "
                     "can't find transactions, or loops within a session",
                     source.prefix),
         "if the server's prefix has %p or %c: --log-line-prefix '…', with the value of SHOW "
         "log_line_prefix; otherwise set log_line_prefix = '%m [%p] '");
  if (counts.plans_too_large > 0)
    warn(fmt::format("{} skipped: over {} KB, truncated, or beyond the total limit",
                     counted(counts.plans_too_large, "plan"), longest_plan >> 10));
  if (source.left_out.count > 0 && source.note.empty())
    source.note = fmt::format("{} selects none of {}", options.selection.str(),
                              counted(source.left_out.count, "record"));
}

void read_one(Input& input, LogSource& source, Collector& collector, unsigned threads,
              const BytesTaken& taken, const Options& options, Diagnostics& diagnostics) {
  const auto opened = open(input, source.path, options.user_paths);
  if (!opened) {
    diagnostics.push_back(opened.error());
    diagnostics.back().where = source.path;
    source.note = opened.error().what;
    return;
  }
  if (!input.format.in_order)
    diagnostics.push_back({Error::Kind::nonfatal, source.path,
                           "is newest first, but its lines can't be put in order: pgadvise skips analyses "
                           "that need the order (loops, parameters and durations on lines of their own)",
                           "export it oldest first"});
  source.format = input.format.envelope == Envelope::none
                      ? input.format.name
                      : fmt::format("{} ({})", input.format.name, name(input.format.envelope));
  source.prefix = input.format.prefix;
  input.format.lines_from_end = input.reader->lines_from_end();
  collector.begin(source, input.format.in_order);
  const auto decoder = make_decoder(input.format, source, collector);
  const bool to_end = run(*input.reader, *decoder, threads, taken, options.stop);
  decoder->finish();
  source.identity = input.reader->identity();
  report_reading(input, source, collector, to_end, options, diagnostics);
  input.durations_alone = collector.counts().durations_alone;
  input.reader.reset();
}

// A folder stands for the files in it, by name; hidden ones left out. What may not be read is named, and so
// is the bound that ends the walk.
std::vector<std::string> files_of(const std::string& folder, Diagnostics& diagnostics) {
  constexpr std::size_t max_entries = 100'000;
  constexpr int deepest = 16;
  std::vector<std::string> out;
  const auto refused = [&](const std::string& path) {
    std::string why = why_unreadable(path);
    if (why.empty() && is_kernel_folder(path)) why = "the path is on a virtual file system of the kernel";
    if (!why.empty()) diagnostics.push_back({Error::Kind::nonfatal, path, "can't be read: " + why});
    return !why.empty();
  };
  const auto ended = [&](const std::string& what) {
    diagnostics.push_back({Error::Kind::nonfatal, folder, what, "name the folder of the logs"});
  };
  std::error_code code;
  std::size_t entries = 0;
  bool too_deep = false;
  SpecialFiles special;
  for (std::filesystem::recursive_directory_iterator
           at(folder, std::filesystem::directory_options::skip_permission_denied, code),
       end;
       !code && at != end; at.increment(code)) {
    if (++entries > max_entries) {
      ended(fmt::format("contains more than {} files and folders: pgadvise did not read the rest",
                        max_entries));
      break;
    }
    std::error_code ignored;
    const std::string path = at->path().string();
    if (at->path().filename().string().starts_with('.')) {
      at.disable_recursion_pending();
    } else if (at->is_directory(ignored)) {
      if (at.depth() >= deepest) too_deep = true;
      if (at.depth() >= deepest || refused(path)) at.disable_recursion_pending();
    } else if (!at->is_regular_file(ignored)) {
      special.add_if_special(path, at->path().lexically_relative(folder).generic_string());
    } else if (!refused(path)) {
      out.push_back(path);
    }
  }
  if (auto warning = special.warning(folder)) diagnostics.push_back(std::move(*warning));
  if (too_deep)
    ended(fmt::format("contains folders below the {}th level: pgadvise did not read them", deepest));
  std::sort(out.begin(), out.end());
  return out;
}

struct Logs {
  std::vector<std::string> paths;
  std::map<std::string, Format> formats;  // of those that were looked at already
};

// The forms of several regular files: one kind of them can be read as one log.
bool of_one_form(Logs& logs, const Options& options) {
  std::set<std::string> names;
  for (const auto& path : logs.paths) {
    LogSource source;
    Diagnostics told_later;
    auto known = logs.formats.find(path);
    if (known == logs.formats.end())
      if (const auto found = look(path, options, source, told_later))
        known = logs.formats.emplace(path, found->format).first;
    if (known != logs.formats.end()) names.insert(known->second.name);
  }
  return names.size() < 2;
}

// What else lies in a folder is no mistake of the user's; a folder without any log is.
Logs expand(const std::vector<std::string>& named, const Options& options, Diagnostics& diagnostics) {
  Logs out;
  for (const auto& path : named) {
    std::error_code code;
    const auto before = out.paths.size();
    Diagnostics others;
    if (path != "-" && std::filesystem::is_directory(path, code))
      for (const auto& file : files_of(path, diagnostics)) {
        if (options.stop.stop_requested()) break;
        LogSource source;
        const auto found = look(file, options, source, others);
        if (!found) continue;
        out.paths.push_back(file);
        out.formats.emplace(file, found->format);
      }
    // After a stop request, the folder stands for its files that were not looked at.
    if (out.paths.size() == before || options.stop.stop_requested()) out.paths.push_back(path);
  }
  return out;
}

// One for all logs; or, where each log is a workload of its own, one for each form: what a server says twice
// is no second call of a session.
class Collectors {
 public:
  Collectors(bool by_log, const Options& options)
      : by_log_(by_log), limits_(options.limits), selection_(options.selection) {}

  Collector& of(const Format& format, const LogSource& source) {
    auto& made = by_form_[by_log_ ? format.name : std::string()];
    if (!made) made = std::make_unique<Collector>(by_log_, limits_, selection_);
    read_by_[&source] = made.get();
    return *made;
  }
  // Of one source, or of all.
  Workload take(const LogSource& source) {
    const auto reader = read_by_.find(&source);
    return reader == read_by_.end() ? Workload{} : reader->second->take_workload(&source);
  }
  Workload take_all() {
    return by_form_.empty() ? Workload{} : by_form_.begin()->second->take_workload(nullptr);
  }
  std::uint64_t finish() {
    std::uint64_t folded = 0;
    for (auto& [form, collector] : by_form_) {
      collector->finish();
      folded += collector->folded();
    }
    return folded;
  }

 private:
  bool by_log_;
  Limits limits_;
  Selection selection_;
  std::map<std::string, std::unique_ptr<Collector>> by_form_;
  std::map<const LogSource*, Collector*> read_by_;
};

// The logs that a stop request came before.
void note_unread(std::vector<LogSource>& sources, Diagnostics& diagnostics) {
  std::vector<std::string> unread;
  for (LogSource& source : sources)
    if (source.format.empty() && source.note.empty()) {
      source.note = "not read: interrupted";
      unread.push_back(source.path);
    }
  if (unread.empty()) return;
  const std::string others = unread.size() == 1 ? "" : fmt::format(" and {} more", unread.size() - 1);
  diagnostics.push_back(
      {Error::Kind::nonfatal, unread.front(), "interrupted: pgadvise did not read this log" + others});
}

// What is common to both ways: the collectors have everything afterwards, the sources their lines.
std::vector<Input> collect(std::vector<LogSource>& sources, const Logs& logs, const Options& options,
                           Collectors& collectors, Diagnostics& diagnostics) {
  if (const auto escape = Prefix(options.line_prefix).unknown_escape())
    diagnostics.push_back({Error::Kind::usage, "--log-line-prefix",
                           fmt::format("%{} is not an escape of log_line_prefix", *escape),
                           "use the value of SHOW log_line_prefix"});
  std::vector<Input> inputs;
  for (std::size_t i = 0; i < sources.size() && !options.stop.stop_requested(); ++i) {
    const auto known = logs.formats.find(sources[i].path);
    if (auto input = known != logs.formats.end() ? std::optional(Input{.format = known->second})
                                                 : look(sources[i].path, options, sources[i], diagnostics)) {
      input->index = i;
      inputs.push_back(std::move(*input));
    }
  }
  leave_out_known(inputs, sources, diagnostics);
  // Rotated files continue each other's sessions.
  std::ranges::stable_sort(inputs, {}, [](const Input& input) { return input.format.first_time; });
  const BytesTaken taken = meter(inputs, sources, options);
  constexpr unsigned max_threads = 16;  // what is taken in order keeps no more busy
  const unsigned threads =
      std::clamp(options.threads ? options.threads : std::thread::hardware_concurrency(), 1U, max_threads);
  for (Input& input : inputs) {
    if (options.stop.stop_requested()) break;
    read_one(input, sources[input.index], collectors.of(input.format, sources[input.index]), threads, taken,
             options, diagnostics);
  }
  if (options.stop.stop_requested()) note_unread(sources, diagnostics);
  const std::uint64_t folded = collectors.finish();
  if (folded > 0)
    diagnostics.push_back({Error::Kind::nonfatal,
                           inputs.size() == 1 ? sources[inputs.front().index].path : "the logs",
                           fmt::format("has more kinds of statements than the limit: pgadvise summed up the "
                                       "{} with the least total time as other statements",
                                       folded)});
  for (const Input& input : inputs) {
    LogSource& source = sources[input.index];
    if (source.note.empty()) source.note = why_nothing(source, input.durations_alone);
  }
  return inputs;
}

void report_floor(const std::vector<Workload>& workloads, const std::vector<Input>& inputs,
                  const std::vector<std::string>& paths, Diagnostics& diagnostics) {
  if (const auto floor = duration_floor(workloads))
    diagnostics.push_back({Error::Kind::nonfatal,
                           inputs.size() == 1 ? paths[inputs.front().index] : "the logs",
                           fmt::format("no logged statement took less than {:.0f} ms, so faster statements "
                                       "were not logged: pgadvise can't find N+1 loops of fast statements",
                                       *floor),
                           "log_min_duration_statement = 0 logs all"});
}

// One workload for each log, or, unless `by_log`, one for all.
std::vector<Workload> read_logs(const Logs& logs, bool by_log, const Options& options,
                                Diagnostics& diagnostics) {
  std::vector<LogSource> sources(logs.paths.size());
  for (std::size_t i = 0; i < sources.size(); ++i) sources[i].path = logs.paths[i];
  Collectors collectors(by_log, options);
  const auto inputs = collect(sources, logs, options, collectors, diagnostics);
  std::vector<Workload> out;
  if (!by_log) out.push_back(collectors.take_all());
  for (const LogSource& source : sources) {
    if (by_log) out.push_back(collectors.take(source));
    out.back().has_events |= source.statements > 0;
    out.back().sources.push_back(source);
  }
  report_floor(out, inputs, logs.paths, diagnostics);
  return out;
}

}  // namespace

bool names_other_log(std::string_view note) { return note.starts_with(other_log); }

std::vector<Workload> read_each(const std::vector<std::string>& paths, const Options& options,
                                Diagnostics& diagnostics) {
  return read_logs(expand(paths, options, diagnostics), true, options, diagnostics);
}

Workload read(const std::vector<std::string>& named, const Options& options, Diagnostics& diagnostics) {
  Logs logs = expand(named, options, diagnostics);
  if (logs.paths.size() == 1 ||
      (std::all_of(logs.paths.begin(), logs.paths.end(), plain) && of_one_form(logs, options)))
    return std::move(read_logs(logs, false, options, diagnostics).front());
  auto workloads = read_logs(logs, true, options, diagnostics);
  count_once(workloads, diagnostics);
  return total(std::move(workloads));
}

}  // namespace pgadvise::log
