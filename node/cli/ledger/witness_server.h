#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "node/base/result.h"
#include "node/cli/ledger/witness.h"

namespace idnode::cli {

/// Serves AnswerWitness over plain HTTP, on one thread of its own. Bounds: kConnectionsMax
/// connections (beyond them the oldest wait in the kernel's queue), kAddCheckpointBytesMax a body,
/// kTimeout for each request.
class WitnessServer {
 public:
  static constexpr std::size_t kConnectionsMax = 64;
  static constexpr int kTimeoutSeconds = 10;

  /// `listen` is ADDR:PORT, port 0 for a free one. Borrows `witness`. Errors: kInvalidRequest (not
  /// such an address); kUnavailable (it cannot be bound).
  static Result<std::unique_ptr<WitnessServer>> Start(const std::string& listen, Witness& witness);
  /// Closes all connections and ends the thread.
  ~WitnessServer();
  WitnessServer(const WitnessServer&) = delete;
  WitnessServer& operator=(const WitnessServer&) = delete;

  std::uint16_t port() const;

 private:
  WitnessServer();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace idnode::cli
