#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>

#include "node/base/metrics.h"
#include "node/frontend/http/router.h"

namespace idnode::frontend::http {

/// `idnode_request_seconds{face,operation}` and `idnode_requests_total{face,operation,code}`,
/// looked up once. Thread-safe.
class OperationMetrics {
 public:
  explicit OperationMetrics(Metrics& metrics);
  void Observe(Operation operation, int status, std::chrono::steady_clock::duration took);

 private:
  static constexpr int kStatusMin = 200;
  static constexpr int kStatuses = 400;

  struct Entry {
    Histogram* seconds = nullptr;
    std::array<std::atomic<Counter*>, kStatuses> by_status{};  // filled on first use
  };

  Metrics& metrics_;
  std::array<Entry, kOperations> entries_;
};

}  // namespace idnode::frontend::http
