#include "review/terminal.h"

#include <cerrno>
#include <cstdlib>
#include <iterator>
#include <string_view>

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "review/keys.h"

namespace pgadvise::review {
namespace {

constexpr int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH};
int signal_pipe[2] = {-1, -1};

void on_signal(int number) {
  const int reason = errno;
  const char byte = static_cast<char>(number);
  [[maybe_unused]] const ssize_t wrote = ::write(signal_pipe[1], &byte, 1);
  errno = reason;
}

void send(std::string_view text) {
  while (!text.empty()) {
    const ssize_t wrote = ::write(STDOUT_FILENO, text.data(), text.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return;
    text.remove_prefix(static_cast<std::size_t>(wrote));
  }
}

bool is_dumb() {
  const char* term = std::getenv("TERM");
  return !term || !*term || std::string_view(term) == "dumb";
}

}  // namespace

bool is_terminal() { return ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1; }

Terminal::Terminal() : plain_(is_dumb()) {
  ::tcgetattr(STDIN_FILENO, &before_);
  if (::pipe2(signal_pipe, O_CLOEXEC | O_NONBLOCK) != 0) signal_pipe[0] = signal_pipe[1] = -1;
  struct sigaction action{};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  for (std::size_t i = 0; i < std::size(signals); ++i) ::sigaction(signals[i], &action, &old_[i]);
  enter();
}

Terminal::~Terminal() {
  leave();
  for (std::size_t i = 0; i < std::size(signals); ++i) ::sigaction(signals[i], &old_[i], nullptr);
  for (int& end : signal_pipe) {
    ::close(end);
    end = -1;
  }
}

void Terminal::enter() {
  termios keys = before_;
  keys.c_lflag &=
      ~static_cast<tcflag_t>(ICANON | ECHO | IEXTEN);  // ISIG stays: Ctrl-C and Ctrl-Z are signals
  keys.c_cc[VMIN] = 1;
  keys.c_cc[VTIME] = 0;
  ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &keys);
  if (!plain_) send("\x1b[?1049h\x1b[?2004h");  // alternate screen; a paste comes in brackets
}

void Terminal::leave() {
  if (!plain_) send("\x1b[?2004l\x1b[0m\x1b[?1049l");
  ::tcsetattr(STDIN_FILENO, TCSADRAIN, &before_);
}

Size Terminal::size() const {
  struct winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return {};
  return {size.ws_col, size.ws_row};
}

void Terminal::show(const std::vector<std::string>& lines) {
  std::string out = plain_ ? "\n" : "\x1b[?25l\x1b[H";
  for (std::size_t i = 0; i < lines.size(); ++i) {
    out += lines[i];
    if (!plain_) out += "\x1b[K";
    if (i + 1 < lines.size()) out += "\n";
  }
  if (!plain_) out += "\x1b[J\x1b[?25h";
  send(out);
}

Key Terminal::signalled() {
  char byte = 0;
  if (::read(signal_pipe[0], &byte, 1) != 1 || byte == SIGWINCH) return {Key::Kind::resize};
  if (byte != SIGTSTP) return {Key::Kind::interrupt, {}, byte};
  leave();
  struct sigaction stop{}, ours{};
  stop.sa_handler = SIG_DFL;
  ::sigaction(SIGTSTP, &stop, &ours);
  ::raise(SIGTSTP);  // goes on here once the shell brings it back
  ::sigaction(SIGTSTP, &ours, nullptr);
  enter();
  return {Key::Kind::resize};
}

Key Terminal::next(bool within_line) {
  if (!within_line) ::tcflush(STDIN_FILENO, TCIFLUSH);
  for (;;) {
    pollfd wait[2] = {{signal_pipe[0], POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
    if (::poll(wait, 2, -1) < 0) {
      if (errno == EINTR) continue;
      return {Key::Kind::no_more};
    }
    if (wait[0].revents & POLLIN) return signalled();
    if (!wait[1].revents) continue;
    char bytes[4096];
    ssize_t got = ::read(STDIN_FILENO, bytes, sizeof bytes);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got == 1 && bytes[0] == '\x1b' && ::poll(&wait[1], 1, 50) > 0) {  // a slow line tears sequences apart
      const ssize_t rest = ::read(STDIN_FILENO, bytes + 1, sizeof bytes - 1);
      got += rest > 0 ? rest : 0;
    }
    return got <= 0 ? Key{Key::Kind::no_more} : key_of({bytes, static_cast<std::size_t>(got)});
  }
}

}  // namespace pgadvise::review
