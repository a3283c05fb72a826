#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "node/base/worker_pool.h"
#include "node/frontend/beast_util/handler.h"
#include "node/service/services.h"

namespace idnode::frontend::http::snms {

struct SnmsOptions {
  std::chrono::milliseconds request_timeout{30'000};
  bool local_reads = true;          ///< reads of the engine may run on an I/O thread
  bool value_bytes_strict = false;  ///< values of at most 255 characters, as the API says
  std::string files_directory;      ///< where uploads go; empty: there are none
  /// `ghrName` of prefixes: who registers this node's prefix.
  std::string top_node_name = "工业互联网标识解析国家顶级节点";
};

/// The face that existing secondary-node clients speak: the de-facto SNMS API under `/identity/`,
/// `/identityv2/`, `/snms/api/` and `/resolve/` (README.md). Translates and holds no rules; admits
/// addresses and identities itself, since its refusals have a shape of their own. Thread-safe.
class SnmsHandler {
 public:
  /// What is referred to outlives the handler and every call under way. An unusable
  /// `files_directory` is logged; uploads are then refused.
  /// Logins, each of which takes a core for some 0.3 s, run on `logins`.
  SnmsHandler(SnmsOptions options, const service::Services& services, WorkerPool& workers,
              WorkerPool& logins);
  ~SnmsHandler();

  /// True for the paths of this API.
  static bool Serves(std::string_view path);

  /// Answers at once or defers. Called on I/O threads; does not block.
  void Handle(Exchange& exchange, std::string_view path, std::string_view query,
              std::chrono::steady_clock::time_point start);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace idnode::frontend::http::snms
