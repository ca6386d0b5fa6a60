#include <algorithm>

#include "base/text/text.h"
#include "deploy/ci/ci_files.h"
#include "deploy/ci/ci_run.h"
#include "files/files.h"

namespace pgadvise::deploy {
namespace {

struct Literal {
  std::size_t begin = 0;  // of the opening quotes
  std::size_t text = 0;   // of the content
  std::size_t end = 0;    // of the closing quotes
};

// A block in braces: `stage('Deploy') {`, `when {`, `if (…) {`.
struct Block {
  std::size_t open = 0;
  std::size_t close = 0;
  std::string head;        // with its strings
  std::size_t parent = 0;  // index; its own for an outermost block
};

struct Groovy {
  std::string plain;  // comments and strings replaced by blanks
  std::vector<Literal> literals;
  std::vector<Block> blocks;
};

void blank(std::string& text, std::size_t from, std::size_t to) {
  for (std::size_t i = from; i < std::min(to, text.size()); ++i)
    if (text[i] != '\n') text[i] = ' ';
}

std::size_t end_of_string(const std::string& text, std::size_t at, std::string_view quotes) {
  for (; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text.compare(at, quotes.size(), quotes) == 0 || (quotes.size() == 1 && text[at] == '\n')) {
      return at;
    }
  }
  return text.size();
}

void read_tokens(const std::string& text, Groovy& out) {
  out.plain = text;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const std::string_view rest = std::string_view(text).substr(at);
    if (rest.starts_with("//") || rest.starts_with("#!")) {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      blank(out.plain, at, end);
      at = end;
    } else if (rest.starts_with("/*")) {
      const std::size_t end = std::min(text.find("*/", at + 2), text.size());
      blank(out.plain, at, end + 2);
      at = end + 1;
    } else if (text[at] == '\'' || text[at] == '"') {
      const std::string quotes(rest.starts_with("'''") || rest.starts_with("\"\"\"") ? 3 : 1, text[at]);
      const std::size_t end = end_of_string(text, at + quotes.size(), quotes);
      out.literals.push_back({at, at + quotes.size(), end});
      blank(out.plain, at, end + quotes.size());
      at = end + quotes.size() - 1;
    }
  }
}

void read_blocks(const std::string& text, Groovy& out) {
  std::vector<std::size_t> open;
  std::size_t begin = 0;  // of the statement
  for (std::size_t at = 0; at < out.plain.size(); ++at) {
    const char c = out.plain[at];
    if (c == '{') {
      const std::size_t index = out.blocks.size();
      out.blocks.push_back({at, out.plain.size(),
                            std::string(trim(std::string_view(text).substr(begin, at - begin))),
                            open.empty() ? index : open.back()});
      open.push_back(index);
    } else if (c == '}' && !open.empty()) {
      out.blocks[open.back()].close = at;
      open.pop_back();
    }
    if (c == '{' || c == '}' || c == ';' || c == '\n') begin = at + 1;
  }
}

Groovy read_groovy(const std::string& text) {
  Groovy out;
  read_tokens(text, out);
  read_blocks(text, out);
  return out;
}

struct JenkinsStages {
  Resolver& resolver;
  const std::string& path;
  const std::string& text;
  Groovy groovy = read_groovy(text);

  void run() const {
    CiScript script;
    std::vector<std::size_t> stage;
    for (const auto& literal : groovy.literals) {
      if (!is_shell_step(literal.begin)) continue;
      const auto around = blocks_around(literal.begin);
      std::vector<std::size_t> here = around;
      std::erase_if(here, [&](std::size_t block) { return !groovy.blocks[block].head.starts_with("stage"); });
      if (here != stage) flush(script);
      stage = here;
      if (script.lines.empty()) script = script_at(around);
      script.lines.push_back(line_of(literal, around));
    }
    flush(script);
  }

  // Each step is a shell of its own, which starts in the workspace, or in the folder of dir('…').
  CiScript::Line line_of(const Literal& literal, const std::vector<std::size_t>& around) const {
    std::string line = text.substr(literal.text, literal.end - literal.text);
    line = replace_all(replace_all(std::move(line), "\\\"", "\""), "\\'", "'");
    CiScript::Line out{line, literal.text};
    for (const auto index : around)
      if (const std::string& head = groovy.blocks[index].head; head.starts_with("dir"))
        out.folder = first_string(head);
    return out;
  }

  void flush(CiScript& script) const {
    if (!script.lines.empty()) run_script(resolver, path, std::move(script));
    script = CiScript{};
  }

  // sh '…', sh("…"), sh(returnStdout: true, script: '…')
  bool is_shell_step(std::size_t literal) const {
    const auto line = groovy.plain.find_last_of("\n{;", literal == 0 ? 0 : literal - 1);
    const std::size_t from = line == std::string::npos ? 0 : line + 1;
    std::string_view head = trim(std::string_view(groovy.plain).substr(from, literal - from));
    if (head.ends_with("sh") || head.ends_with("sh(") || head.ends_with("sh ("))
      return head.starts_with("sh") || head.ends_with(" sh") || head.ends_with(" sh(");
    return (contains(head, "sh(") || head.starts_with("sh ")) && head.ends_with("script:");
  }

  std::vector<std::size_t> blocks_around(std::size_t at) const {
    std::vector<std::size_t> out;
    for (std::size_t i = 0; i < groovy.blocks.size(); ++i)
      if (groovy.blocks[i].open < at && at < groovy.blocks[i].close) out.push_back(i);
    return out;
  }

  static std::string first_string(const std::string& head) {
    const auto open = head.find_first_of("'\"");
    const auto close = open == std::string::npos ? open : head.find(head[open], open + 1);
    return close == std::string::npos ? "" : head.substr(open + 1, close - open - 1);
  }

  static void add_guard(CiJob& facts, const std::string& condition) {
    const Guard guard =
        guard_of(condition,
                 {"'main'", "\"main\"", "'master'", "\"master\"", "'production'", "\"production\"",
                  "buildingtag", "tag ", "'prod'", "\"prod\"", "release"},
                 {"changerequest", "change_id", "develop", "staging", "'dev'", "\"dev\"", "'test'"});
    facts.guard = std::max(facts.guard, guard);
  }

  CiScript script_at(const std::vector<std::size_t>& around) const {
    CiScript script;
    CiJob& facts = script.facts;
    script.name = "build";
    facts.events.push = true;
    facts.own_database =
        contains_any(text, {"image: postgres", "docker.image('postgres", "docker.image(\"postgres"});
    for (const auto index : around) {
      const Block& block = groovy.blocks[index];
      if (block.head.starts_with("stage") && !block.head.starts_with("stages")) {
        script.name = first_string(block.head);
        const std::string name = lower(script.name) + " ";
        facts.tests |= test_name(name);
        facts.deploys |= contains_any(name, {"deploy", "release"});
        facts.not_production |= contains_any(name, {"staging", "preview", "develop", "dev "});
        if (contains(name, "prod")) facts.environment = "production";
      }
      if (block.head.starts_with("if") || block.head.starts_with("else if")) add_guard(facts, block.head);
      if (block.head.starts_with("else")) facts.guard = std::max(facts.guard, Guard::others);
      read_members(index, script);
    }
    return script;
  }

  // `when` and `environment` blocks directly in a block around the step.
  void read_members(std::size_t parent, CiScript& script) const {
    for (std::size_t i = parent + 1; i < groovy.blocks.size(); ++i) {
      const Block& block = groovy.blocks[i];
      if (block.open > groovy.blocks[parent].close) break;
      if (block.parent != parent) continue;
      const std::string body = text.substr(block.open + 1, block.close - block.open - 1);
      if (block.head == "when") add_guard(script.facts, body);
      if (block.head != "environment") continue;
      for (const auto line : split(body, '\n')) {
        const auto equals = line.find('=');
        if (equals == std::string_view::npos) continue;
        const std::string value = first_string(std::string(line.substr(equals)));
        script.environment[std::string(trim(line.substr(0, equals)))] =
            contains(line, "credentials(") ? "secrets." + value : value;
      }
    }
  }
};

}  // namespace

void read_jenkinsfiles(files::Tree& tree, Resolver& resolver) {
  for (const auto& path : tree.files()) {
    const auto base = files::base_of(path);
    const bool named =
        base == "Jenkinsfile" || base.starts_with("Jenkinsfile.") || base.ends_with(".jenkinsfile");
    if (!named || files::never_deployed(path) || files::named_for_development(path)) continue;
    if (const std::string* text = tree.text(path)) JenkinsStages{resolver, path, *text}.run();
  }
}

}  // namespace pgadvise::deploy
