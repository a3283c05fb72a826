#include "bench/load/child.h"

#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace idnode::bench {
namespace {

std::atomic<bool> interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free);  // or a signal handler may not touch it

constexpr std::chrono::milliseconds kWaitStep{2};
/// Exit code of a child whose program could not be started, as of a shell.
constexpr int kExecFailed = 127;

Error SystemError(std::string what) {
  return {Errc::kUnavailable, std::move(what) + ": " + std::strerror(errno)};
}

double StatusBytes(std::string_view text, std::string_view name) {
  const std::size_t at = text.find(name);
  if (at == std::string_view::npos) return 0;
  std::string_view rest = text.substr(at + name.size());
  rest.remove_prefix(std::min(rest.find_first_of("0123456789"), rest.size()));
  double kib = 0;
  std::from_chars(rest.data(), rest.data() + rest.size(), kib);
  return kib * 1024.0;
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

/// Runs in the child between fork and exec: only calls that are safe there.
[[noreturn]] void Exec(char* const* argv, char* const* environment, int stdout_fd, int log_fd,
                       pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(kExecFailed);  // the parent was gone before the line above
  dup2(stdout_fd, STDOUT_FILENO);
  dup2(log_fd, STDERR_FILENO);
  signal(SIGINT,
         SIG_IGN);  // Ctrl-C goes to the whole group; this program stops its children itself
  execve(argv[0], argv, environment);
  _exit(kExecFailed);
}

}  // namespace

bool Interrupted() { return interrupted.load(std::memory_order_relaxed); }

void WatchInterrupt() {
  struct sigaction action {};
  action.sa_handler = [](int) { interrupted.store(true, std::memory_order_relaxed); };
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

Error InterruptedError() { return {Errc::kShuttingDown, "interrupted"}; }

Result<std::unique_ptr<Child>> Child::Start(const Command& command) {
  std::vector<std::string> environment_text;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    if (!command.environment.contains(std::string(text.substr(0, text.find('='))))) {
      environment_text.emplace_back(text);
    }
  }
  for (const auto& [name, value] : command.environment) {
    environment_text.push_back(name + "=" + value);
  }
  std::vector<char*> environment;
  for (std::string& text : environment_text) environment.push_back(text.data());
  environment.push_back(nullptr);
  std::vector<std::string> argv_text = command.argv;
  std::vector<char*> argv;
  for (std::string& text : argv_text) argv.push_back(text.data());
  argv.push_back(nullptr);

  const std::string log = command.log_path.empty() ? "/dev/null" : command.log_path;
  const int log_fd = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (log_fd < 0) return SystemError(log);
  int pipe_fds[2];
  if (pipe2(pipe_fds, O_CLOEXEC) != 0) {
    close(log_fd);
    return SystemError("pipe");
  }
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid == 0) Exec(argv.data(), environment.data(), pipe_fds[1], log_fd, parent);
  close(log_fd);
  close(pipe_fds[1]);
  if (pid < 0) {
    close(pipe_fds[0]);
    return SystemError("fork");
  }
  return std::unique_ptr<Child>(new Child(pid, pipe_fds[0]));
}

Child::~Child() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  close(stdout_fd_);
}

Result<std::string> Child::ReadLine(std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (true) {
    if (const std::size_t end = unread_.find('\n'); end != std::string::npos) {
      std::string line = unread_.substr(0, end);
      unread_.erase(0, end + 1);
      return line;
    }
    if (Interrupted()) return InterruptedError();
    if (std::chrono::steady_clock::now() >= deadline) {
      return Error(Errc::kUnavailable, "the child said nothing in time");
    }
    pollfd ready{stdout_fd_, POLLIN, 0};
    if (poll(&ready, 1, 100) <= 0) continue;
    char buffer[4096];
    const ssize_t size = read(stdout_fd_, buffer, sizeof buffer);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return Error(Errc::kUnavailable, "the child closed its output");
    unread_.append(buffer, static_cast<std::size_t>(size));
  }
}

void Child::Signal(int number) {
  if (pid_ > 0) kill(pid_, number);
}

bool Child::Running() {
  if (pid_ > 0 && waitpid(pid_, &status_, WNOHANG) == pid_) pid_ = 0;
  return pid_ > 0;
}

Result<void> Child::Wait(std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (Running()) {
    if (std::chrono::steady_clock::now() >= deadline) {
      return Error(Errc::kUnavailable, "the child did not end in time");
    }
    std::this_thread::sleep_for(kWaitStep);
  }
  if (WIFEXITED(status_) && WEXITSTATUS(status_) == 0) return {};
  return Error(Errc::kUnavailable,
               WIFSIGNALED(status_)
                   ? "the child died of signal " + std::to_string(WTERMSIG(status_))
                   : "the child ended with status " + std::to_string(WEXITSTATUS(status_)));
}

double Child::CpuSeconds() const {
  if (pid_ <= 0) return 0;
  const std::string stat = ReadFile("/proc/" + std::to_string(pid_) + "/stat");
  // Fields 14 and 15, counted after the name, which may hold anything but ends with ")".
  std::istringstream fields(stat.substr(std::min(stat.rfind(')') + 1, stat.size())));
  std::string skipped;
  for (int i = 3; i < 14; ++i) fields >> skipped;
  double user = 0;
  double system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

ProcessMemory Child::Memory() const {
  if (pid_ <= 0) return {};
  const std::string status = ReadFile("/proc/" + std::to_string(pid_) + "/status");
  return {StatusBytes(status, "VmRSS:"), StatusBytes(status, "VmHWM:"),
          StatusBytes(status, "RssAnon:")};
}

double OwnCpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::string ProgramDir() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).parent_path().string();
}

std::uint64_t DiskBytes(const std::string& dir) {
  std::uint64_t blocks = 0;
  std::error_code error;
  auto entry = std::filesystem::recursive_directory_iterator(dir, error);
  while (!error && entry != std::filesystem::recursive_directory_iterator()) {
    struct stat facts {};
    // A file may go away at any moment while the store compacts.
    if (lstat(entry->path().c_str(), &facts) == 0 && S_ISREG(facts.st_mode)) {
      blocks += static_cast<std::uint64_t>(facts.st_blocks);
    }
    entry.increment(error);
  }
  return blocks * 512;
}

Result<std::unique_ptr<TempDir>> TempDir::Make(const std::string& parent) {
  std::string path = parent + "/idnode-bench-XXXXXX";
  if (mkdtemp(path.data()) == nullptr) return SystemError("a directory in " + parent);
  return std::unique_ptr<TempDir>(new TempDir(std::move(path)));
}

TempDir::~TempDir() {
  std::error_code error;
  std::filesystem::remove_all(path_, error);
}

}  // namespace idnode::bench
