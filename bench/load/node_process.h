#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "bench/load/child.h"
#include "node/base/result.h"

namespace idnode::bench {

/// A running idnoded with a data directory that outlives it. Not thread-safe.
class NodeProcess {
 public:
  struct Options {
    std::string program;  ///< path of idnoded
    std::string data_dir;
    std::string log_path;                                 ///< what the node says on stderr
    std::map<std::string, std::string> environment = {};  ///< added to this program's
  };

  /// Starts the node and waits until it is ready: its ports are told and /ready answers 200.
  /// Errors: kUnavailable (it ended or was not ready in time; the detail names the log).
  static Result<std::unique_ptr<NodeProcess>> Start(const Options& options);

  std::uint16_t http_port() const { return http_port_; }
  std::string grpc_target() const { return "127.0.0.1:" + std::to_string(grpc_port_); }
  /// The operator's token, for registration.
  const std::string& token() const { return token_; }
  /// From fork to ready.
  double start_seconds() const { return start_seconds_; }
  const Options& options() const { return options_; }
  Child& child() { return *child_; }

  /// SIGTERM, and waits until it drained and ended. Errors: kUnavailable.
  Result<void> Stop();
  /// SIGKILL: nothing is flushed.
  void Kill();

 private:
  explicit NodeProcess(Options options) : options_(std::move(options)) {}

  Result<void> WaitReady();
  Error WithLog(std::string what) const;

  const Options options_;
  std::unique_ptr<Child> child_;
  std::uint16_t http_port_ = 0;
  std::uint16_t grpc_port_ = 0;
  std::uint16_t admin_port_ = 0;
  std::string token_;
  double start_seconds_ = 0;
};

/// Status of `GET path` from 127.0.0.1, without keep-alive; 0 if there was no answer.
int HttpStatus(std::uint16_t port, const std::string& path);
/// Body of `GET path` from 127.0.0.1, without keep-alive; empty unless it was answered 200.
std::string HttpBody(std::uint16_t port, const std::string& path, const std::string& accept);

}  // namespace idnode::bench
