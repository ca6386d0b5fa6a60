#include "deploy/shell/dockerfile.h"

#include <algorithm>

#include "base/text/text.h"
#include "deploy/shell/shell_lexer.h"
#include "files/json_file.h"

namespace pgadvise::deploy {
namespace {

class StageParser {
 public:
  explicit StageParser(std::string_view text) : text_(text) {}

  std::vector<DockerStage> run() {
    while (at_ < text_.size()) {
      const auto line = next();
      if (!passed_over(line)) instruction(line);
    }
    return std::move(stages_);
  }

 private:
  // The next line, without its end.
  std::string_view next() {
    const auto end = std::min(text_.find('\n', at_), text_.size());
    auto line = text_.substr(at_, end - at_);
    if (line.ends_with('\r')) line.remove_suffix(1);
    at_ = std::min(end + 1, text_.size());
    return line;
  }

  std::size_t offset_of(std::string_view line) const {
    return static_cast<std::size_t>(line.data() - text_.data());
  }

  static bool continues(std::string_view line) { return trim(line).ends_with('\\'); }

  // The instruction's text as one line: escaped line ends, and the comments between them, become spaces, so
  // that an offset in it is one in the file.
  std::string gather(std::string_view line) {
    const std::size_t begin = offset_of(line);
    std::string out;
    for (;;) {
      out.resize(offset_of(line) - begin, ' ');
      out.append(line);
      if (!continues(line) || at_ >= text_.size()) return out;
      out[out.rfind('\\')] = ' ';
      do {
        line = next();
      } while (at_ < text_.size() && passed_over(line));
      if (passed_over(line)) return out;
    }
  }

  static bool passed_over(std::string_view line) { return trim(line).empty() || trim(line).front() == '#'; }

  void instruction(std::string_view line) {
    const std::string whole = gather(line);
    const std::size_t word = whole.find_first_not_of(" \t");
    if (word == std::string::npos) return;  // an escaped line end and nothing else
    const std::size_t end = std::min(whole.find_first_of(" \t", word), whole.size());
    DockerInstruction out;
    out.name = lower(whole.substr(word, end - word));
    std::ranges::transform(out.name, out.name.begin(),
                           [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    if (out.name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") != std::string::npos) return;
    std::size_t body = std::min(whole.find_first_not_of(" \t", end), whole.size());
    if (out.name == "ONBUILD") return;
    while (out.name != "FROM" && whole.compare(body, 2, "--") == 0) {  // --mount=…, --from=…
      body = std::min(whole.find_first_of(" \t", body), whole.size());
      body = std::min(whole.find_first_not_of(" \t", body), whole.size());
    }
    out.shell = whole.substr(body);
    out.offset = offset_of(line) + body;
    if (out.name == "RUN" || out.name == "COPY") heredocs(out);
    if (out.name == "FROM") return from(out);
    exec_form(out);
    if (!out.exec_form && out.name != "RUN" && out.name != "CMD" && out.name != "ENTRYPOINT")
      for (const auto& token : lex_shell(out.shell))
        if (token.kind == ShellToken::Kind::word) out.words.push_back(token.text);
    if (stages_.empty()) stages_.emplace_back();
    stages_.back().instructions.push_back(std::move(out));
  }

  void heredocs(DockerInstruction& out) {
    const auto tokens = lex_shell(out.shell);
    for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
      if (tokens[i].kind != ShellToken::Kind::op || (tokens[i].text != "<<" && tokens[i].text != "<<-"))
        continue;
      std::string body;
      while (at_ < text_.size()) {
        const auto line = next();
        if (trim(line) == tokens[i + 1].text) break;
        body.append(line) += '\n';
      }
      out.heredocs.emplace_back(tokens[i + 1].text, std::move(body));
    }
  }

  void exec_form(DockerInstruction& out) {
    const auto text = trim(out.shell);
    if (text.empty() || text.front() != '[') return;
    const auto array = files::parse_json(text, "");
    if (!array || !array->is_array()) return;
    for (const auto& item : *array)
      if (item.is_string()) out.words.push_back(item.get<std::string>());
    out.exec_form = true;
  }

  void from(const DockerInstruction& instruction) {
    DockerStage stage;
    std::vector<std::string> words;
    for (const auto& token : lex_shell(instruction.shell))
      if (token.kind == ShellToken::Kind::word && !token.text.starts_with("--"))
        words.push_back(lower(token.text));
    if (!words.empty()) stage.base = words[0];
    if (words.size() > 2 && words[1] == "as") stage.name = words[2];
    stages_.push_back(std::move(stage));
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<DockerStage> stages_;
};

}  // namespace

std::vector<DockerStage> parse_dockerfile(std::string_view text) { return StageParser(text).run(); }

}  // namespace pgadvise::deploy
