// The interface of decoders, which turn lines into records: one for each log format.
#pragma once

#include <string>
#include <string_view>

#include "log/formats/envelope.h"
#include "log/formats/pieces.h"
#include "log/formats/preview.h"
#include "log/lines/lines.h"
#include "log/prefix/prefix.h"
#include "log/record/record.h"
#include "log/record/statement_template.h"
#include "model/queries/workload.h"

namespace pgadvise::log {

// Results of look_ahead() for a chunk. A result is valid only if the decoder reaches the line in the assumed
// state; otherwise it decodes the line again.
struct LineAhead {  // stderr
  bool matched = false;
  std::string_view container;  // `docker compose logs`: whose line it is
  Header header;
  std::uint32_t message_lines = 0;  // that `preview` is of; 0: there is none
  bool with_detail = false;         // the DETAIL on the line behind is in `preview`
  Preview preview;
};
struct RecordAhead {        // csvlog, jsonlog
  std::uint32_t lines = 0;  // of the record that begins here; 0: not known
  bool understood = false;
  Record record;
  Preview preview;
};

// The memory of one thread that runs look_ahead().
struct Memory {
  StatementScanner scanner;
  PrefixReader prefixes;
  StampReader stamps;
  Record record;  // not made anew for each: zeroing it shows
};

// A part of a log, and the results of look_ahead(). Reused for one part after the other.
struct Chunk {
  RawChunk raw;
  std::vector<Line> lines;
  TextPool texts;
  std::vector<LineAhead> stderr_lines;
  std::vector<RecordAhead> records;
  std::vector<PieceAhead> pieces;
};

// Counts each line of the log in `source` as used, continuation, other or not understood.
class Decoder {
 public:
  virtual ~Decoder() = default;
  // Decodes what does not depend on earlier lines. Changes only the chunk and the thread's memory, so several
  // threads can process several chunks.
  virtual void look_ahead(Chunk& chunk, Memory& memory) const = 0;
  virtual void take(Chunk& chunk) = 0;  // in the log's order
  virtual void finish() = 0;            // the last record
};

struct Format {
  std::string name;              // "stderr", "csvlog", "jsonlog", "drizzle"; empty: not a PostgreSQL log
  std::string prefix;            // stderr: log_line_prefix
  bool container_names = false;  // `docker compose logs` wrote "name  | " before each line
  Envelope envelope = Envelope::none;
  bool stamped = false;              // time and process are the envelope's
  bool newest_first = false;         // as consoles and log stores export
  bool by_lines = true;              // its lines are in reverse order, rather than its records
  bool in_order = true;              // as it is read: what a line tells about the one before it is so
  std::uint64_t lines_from_end = 0;  // it is read backwards, and has so many lines
  bool entries = false;              // a JSON array of an envelope's entries
  std::int64_t first_time = no_time;
  std::string looked_like;  // the probable kind of a file that is not a PostgreSQL log
  std::string advice;
};

// Splits off "db-1  | " at the start of a line, the prefix of `docker compose logs`, colored or not; an empty
// name if it is missing.
struct ContainerName {
  std::string_view name;
  std::size_t length = 0;
};
ContainerName container_name(std::string_view line);

// The location in the file of the `number`th line in reading order.
inline int line_in_file(int number, const Format& format) {
  return format.lines_from_end ? static_cast<int>(format.lines_from_end) + 1 - number : number;
}

// Count a record's first line in `source`, of which `line` is the number in the file.
void count_line(LogSource& source, Use use, int line);
void count_not_understood(LogSource& source, int line);
// Keeps the location of a line that was not understood; of more than three, in any order, the first ones.
void keep_not_understood(LogSource& source, int line);

}  // namespace pgadvise::log
