// A terminal: tmux, driven by its keys, looked at through its screen.
#pragma once

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/process/process.h"
#include "base/text/text.h"
#include "support/run.h"

namespace pgadvise::testing_support {

class Tmux {
 public:
  // A shell in the folder's `place`, as a user would have it: Ctrl-Z needs its job control.
  Tmux(const Folder& folder, const std::string& place, int columns, int rows,
       const std::string& environment) {
    static int count = 0;  // a server that ends is still there for a moment
    socket_ = folder.path("tmux" + std::to_string(++count));
    call({"-f", "/dev/null", "new-session", "-d", "-x", std::to_string(columns), "-y", std::to_string(rows),
          "cd " + quoted(folder.path(place)) + " && env -u NO_COLOR -u CLICOLOR LC_ALL=C.UTF-8 PS1='$ ' " +
              environment + " bash --norc --noprofile -i"});
  }
  ~Tmux() { call({"kill-server"}); }
  Tmux(const Tmux&) = delete;
  Tmux& operator=(const Tmux&) = delete;

  void key(const std::string& name) { call({"send-keys", name}); }
  void type(const std::string& text) { call({"send-keys", "-l", text}); }
  void paste(const std::string& text) {
    call({"set-buffer", text});
    call({"paste-buffer", "-p"});
  }
  void resize(int columns, int rows) {
    call({"resize-window", "-x", std::to_string(columns), "-y", std::to_string(rows)});
  }

  std::string screen(bool colors = false) {
    std::vector<std::string> words{"capture-pane", "-p"};
    if (colors) words.push_back("-e");
    return call(words);
  }

  // Until the screen shows it, and is the same twice.
  ::testing::AssertionResult shows(const std::string& text) {
    std::string before;
    for (int i = 0; i < 600; ++i) {
      std::string now = screen();
      if (contains(now, text) && now == before) return ::testing::AssertionSuccess();
      before = std::move(now);
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return ::testing::AssertionFailure() << "no \"" << text << "\" in\n" << before;
  }

  ::testing::AssertionResult key_shows(const std::string& name, const std::string& text) {
    key(name);
    return shows(text);
  }
  ::testing::AssertionResult type_shows(const std::string& typed, const std::string& text) {
    type(typed);
    return shows(text);
  }

 private:
  std::string call(std::vector<std::string> words) {
    words.insert(words.begin(), {"tmux", "-S", socket_});
    const auto ran = run_program(words);
    return ran ? ran->out : std::string();
  }

  std::string socket_;
};

}  // namespace pgadvise::testing_support
