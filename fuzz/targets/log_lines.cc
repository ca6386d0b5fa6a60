// Any bytes as a log's lines, compressed ones included.
#include "log/lines/lines.h"
#include "support.h"

namespace pgadvise::fuzz {

namespace {

// NUL bytes where a line begins are left out.
std::string without_nuls(std::string_view input) {
  std::string out;
  for (const char c : input)
    if (c != '\0' || (!out.empty() && out.back() != '\n')) out += c;
  return out;
}

}  // namespace

void log_lines(std::string_view input) {
  const MemoryFile file(input);
  auto reader = log::ChunkReader::open(file.path());
  require(reader.has_value(), "a file that is there opens");
  const std::string head(reader->head());
  const bool plain = !log::compressed(input);
  std::string expected = without_nuls(input);
  if (plain) require(expected.starts_with(head), "the head is the beginning");
  std::string again;
  std::uint64_t bytes = 0;
  bool cut = false, last = false;
  log::RawChunk chunk;
  for (std::vector<log::Line> lines; reader->next(chunk);) {
    bytes += chunk.bytes;
    chunk.split(lines);
    for (const log::Line& line : lines) {
      require(!last, "only the last line lacks its end");
      require(line.text.size() <= log::longest_text, "lines are bounded");
      require(line.cut || line.text.find('\n') == std::string_view::npos, "a line is one line");
      cut |= line.cut;
      last = !line.terminated;
      if (!plain) continue;  // a few bytes may stand for millions of lines
      again += line.text;
      if (!last) again += '\n';
    }
  }
  if (!plain || cut) return;
  require(!reader->failed(), "a plain file is read to its end");
  require(bytes <= input.size() && reader->identity().bytes == input.size(), "every byte is read once");
  require(reader->hole() <= input.size() - expected.size(), "a hole is left out");
  if (expected.starts_with("\xef\xbb\xbf")) expected.erase(0, 3);
  for (std::size_t at = 0; (at = expected.find("\r\n", at)) != std::string::npos;)
    expected.erase(at, 1), ++at;
  require(again == expected, "the lines are the file");
}

}  // namespace pgadvise::fuzz
