#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <sys/types.h>

#include "node/base/result.h"

namespace idnode::bench {

/// True once SIGINT or SIGTERM came: what waits gives up, cleans up and ends.
bool Interrupted();
/// Makes SIGINT and SIGTERM set that mark. Call once, before any thread.
void WatchInterrupt();
/// What a step that gave up for that reason answers.
Error InterruptedError();

/// Memory of a process, from /proc/PID/status.
struct ProcessMemory {
  double resident_bytes = 0;      ///< VmRSS
  double resident_max_bytes = 0;  ///< VmHWM
  double anonymous_bytes = 0;     ///< RssAnon: resident without mapped files
};

/// A program started by this one. It dies with this program, however that ends.
/// Not thread-safe. Start from the main thread only: the kernel ties the child to its thread.
class Child {
 public:
  struct Command {
    std::vector<std::string> argv;                   ///< argv[0] is the program's path
    std::map<std::string, std::string> environment;  ///< added to this program's
    std::string log_path;                            ///< stderr goes there; empty: nowhere
  };

  /// Errors: kUnavailable (no such program, no more processes).
  static Result<std::unique_ptr<Child>> Start(const Command& command);
  /// Kills it if it still runs.
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// Next line of its stdout, without the line end. Errors: kUnavailable (it ended, or was silent
  /// for `timeout`).
  Result<std::string> ReadLine(std::chrono::milliseconds timeout);

  void Signal(int number);
  /// Waits for its end. Errors: kUnavailable (it ended with a status other than 0, or not within
  /// `timeout`).
  Result<void> Wait(std::chrono::milliseconds timeout);
  /// True until its end was noticed.
  bool Running();

  /// User and system time it has used so far; 0 once it ended.
  double CpuSeconds() const;
  ProcessMemory Memory() const;

 private:
  Child(pid_t pid, int stdout_fd) : pid_(pid), stdout_fd_(stdout_fd) {}

  pid_t pid_;
  int stdout_fd_;
  int status_ = 0;
  std::string unread_;
};

/// User and system time of this process.
double OwnCpuSeconds();

/// Directory of the running program.
std::string ProgramDir();
/// Bytes that the files below `dir` take on disk.
std::uint64_t DiskBytes(const std::string& dir);

/// A new directory under `parent`, removed with all it holds at the end.
class TempDir {
 public:
  /// Errors: kUnavailable.
  static Result<std::unique_ptr<TempDir>> Make(const std::string& parent);
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  const std::string& path() const { return path_; }

 private:
  explicit TempDir(std::string path) : path_(std::move(path)) {}
  const std::string path_;
};

}  // namespace idnode::bench
