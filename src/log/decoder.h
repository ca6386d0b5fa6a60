// From lines to records: one decoder for each format.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "log/envelope.h"
#include "log/lines.h"
#include "log/pieces.h"
#include "log/prefix.h"
#include "log/preview.h"
#include "log/record.h"
#include "log/statement_template.h"
#include "model/workload.h"

namespace pgadvise::log {

// What look_ahead() found in a chunk. It holds only where the decoder comes to the line in the state that was
// assumed there; elsewhere the line is looked at again.
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

// What one thread remembers of the parts that it looked ahead into.
struct Memory {
  StatementScanner scanner;
  PrefixReader prefixes;
  StampReader stamps;
  Record record;  // not made anew for each: zeroing it shows
};

// A part of a log, and what was found in it ahead. Reused for part after part.
struct Chunk {
  RawChunk raw;
  std::vector<Line> lines;
  TextPool texts;
  std::vector<LineAhead> stderr_lines;
  std::vector<RecordAhead> records;
  std::vector<PieceAhead> pieces;
};

// Books each line of the log in `source` as used, continuation, other or not understood.
class Decoder {
 public:
  virtual ~Decoder() = default;
  // What the lines tell whatever came before them. Changes nothing but the chunk and the thread's memory:
  // several threads look at several chunks.
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
  std::string looked_like;  // what it seems to be when it is no PostgreSQL log
  std::string advice;
};

// "db-1  | " in front of a line, as `docker compose logs` writes it, colored or not; nothing, and no name,
// where it isn't there.
struct ContainerName {
  std::string_view name;
  std::size_t length = 0;
};
ContainerName container_name(std::string_view line);

// Where in the file the `number`th line that is read stands.
inline int place_of(int number, const Format& format) {
  return format.lines_from_end ? static_cast<int>(format.lines_from_end) + 1 - number : number;
}

void book_not_understood(LogSource& source, int line);
void place_not_understood(LogSource& source, int line);  // lines come in any order; the first three stay
void book(LogSource& source, Use use, int line);

}  // namespace pgadvise::log
