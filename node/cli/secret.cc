#include "node/cli/secret.h"

#include <cerrno>
#include <cstring>
#include <istream>
#include <ostream>
#include <utility>

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include "node/cli/client.h"
#include "node/cli/messages.h"
#include "node/cli/messages_admin.h"
#include "node/cli/output.h"

namespace idnode::cli {
namespace {

/// Keeps the terminal from showing what is typed, for as long as it lives.
class Unseen {
 public:
  Unseen() {
    if (::tcgetattr(STDIN_FILENO, &before_) != 0) return;
    termios now = before_;
    now.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    changed_ = ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &now) == 0;
  }
  ~Unseen() {
    if (changed_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  Unseen(const Unseen&) = delete;
  Unseen& operator=(const Unseen&) = delete;

 private:
  termios before_{};
  bool changed_ = false;
};

Error BadPassword(std::string detail) {
  return Error(Errc::kInvalidRequest, std::move(detail), "password-file");
}

std::string FirstLine(std::string text) {
  if (const std::size_t end = text.find('\n'); end != std::string::npos) text.resize(end);
  if (!text.empty() && text.back() == '\r') text.pop_back();
  return text;
}

/// A line of standard input, of a bounded length.
Result<std::string> ReadLine(std::istream& in) {
  std::string line;
  for (int c = in.get(); c != std::char_traits<char>::eof() && c != '\n'; c = in.get()) {
    if (line.size() == kPasswordBytesMax) return BadPassword("the password is too long");
    line += static_cast<char>(c);
  }
  return FirstLine(std::move(line));
}

Result<std::string> Ask(Environment& environment, const std::string& question) {
  environment.err << question << std::flush;
  const Unseen unseen;
  auto line = ReadLine(environment.in);
  environment.err << '\n' << std::flush;
  return line;
}

}  // namespace

SecretFile::SecretFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}

SecretFile::~SecretFile() {
  ::close(fd_);
  if (!kept_) ::unlink(path_.c_str());
}

Result<std::unique_ptr<SecretFile>> SecretFile::Create(const std::string& path) {
  if (path.empty()) return std::unique_ptr<SecretFile>();
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) {
    return Error(Errc::kInvalidRequest, "cannot create " + path + ": " + std::strerror(errno),
                 "output");
  }
  return std::unique_ptr<SecretFile>(new SecretFile(fd, path));
}

bool SecretFile::Keep(const std::string& secret) {
  const std::string line = secret + "\n";
  kept_ = ::write(fd_, line.data(), line.size()) == static_cast<ssize_t>(line.size()) &&
          ::fsync(fd_) == 0;
  return kept_;
}

ExitCode HandOver(Environment& environment, SecretFile* file,
                  const google::protobuf::Message& answer, std::string& token) {
  if (file != nullptr) {
    if (!file->Keep(token)) {
      return Fail(environment,
                  Error(Errc::kUnavailable,
                        "cannot write " + file->path() + "; revoke the token and make another"));
    }
    token.clear();
    environment.err << Say(environment.language, messages::kTokenIn, file->path()) << '\n';
  } else {
    environment.err << messages::kTokenOnce.In(environment.language) << '\n';
  }
  if (environment.options.json) {
    environment.out << ToJson(answer) << '\n';
  } else if (file == nullptr) {
    environment.out << token << '\n';
  }
  environment.out << std::flush;
  return kExitDone;
}

Result<std::string> ReadPassword(Environment& environment, const std::string& file,
                                 const std::string& question, bool twice) {
  std::string password;
  if (file == "-") {
    auto line = ReadLine(environment.in);
    if (!line.ok()) return line.error();
    password = *std::move(line);
  } else if (!file.empty()) {
    auto text = ReadFile(file, kPasswordBytesMax);
    if (!text.ok()) return BadPassword(text.error().detail);
    password = FirstLine(*std::move(text));
  } else if (environment.in_is_terminal && environment.err_is_terminal) {
    auto first = Ask(environment, question);
    if (!first.ok()) return first.error();
    password = *std::move(first);
    if (twice) {
      const auto second =
          Ask(environment, std::string(messages::kAskAgain.In(environment.language)));
      if (!second.ok()) return second.error();
      if (*second != password) return BadPassword("the two passwords differ");
    }
  } else {
    return BadPassword("give the password with --password-file FILE (- is standard input)");
  }
  if (password.empty()) return BadPassword("the password is empty");
  return password;
}

}  // namespace idnode::cli
