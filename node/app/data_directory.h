#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "node/base/result.h"

namespace idnode::app {

/// Ports in use, as other programs find them in `ports.json`.
struct Ports {
  std::uint16_t http = 0;
  std::uint16_t grpc = 0;
  std::uint16_t admin = 0;
};

/// The directory of everything that lasts, held by one process at a time. Not thread-safe.
class DataDirectory {
 public:
  /// Creates `path` (mode 0700, parents with the default mode) where it is missing, takes its lock
  /// and removes a `ports.json` that a crash left behind. The lock goes with the process, however
  /// that ends. A directory that others may write to, or that is another user's, is refused: what
  /// lies in it, the operator's token too, could be anybody's. One that others may only read is
  /// made private. Errors: kDataDirectoryInUse (names the process that holds it), kInvalidRequest
  /// (owner, mode), kUnavailable.
  static Result<std::unique_ptr<DataDirectory>> Open(const std::string& path);

  /// Removes `ports.json` and lets go of the lock.
  ~DataDirectory();
  DataDirectory(const DataDirectory&) = delete;
  DataDirectory& operator=(const DataDirectory&) = delete;

  const std::string& path() const { return path_; }
  /// Where an embedded engine keeps its files.
  std::string StorePath() const { return path_ + "/store"; }

  /// Writes `ports.json` in one step: whoever sees the file sees all of it. A face that does not
  /// exist (port 0) is left out. Errors: kUnavailable.
  Result<void> WritePorts(const Ports& ports);
  /// Idempotent; the file may be missing.
  void RemovePorts();

 private:
  DataDirectory(std::string path, int lock_fd) : path_(std::move(path)), lock_fd_(lock_fd) {}

  std::string PortsPath() const { return path_ + "/ports.json"; }

  const std::string path_;
  const int lock_fd_;
};

}  // namespace idnode::app
