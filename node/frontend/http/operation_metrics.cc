#include "node/frontend/http/operation_metrics.h"

#include <algorithm>
#include <string>

namespace idnode::frontend::http {

OperationMetrics::OperationMetrics(Metrics& metrics) : metrics_(metrics) {
  for (std::size_t i = 0; i < kOperations; ++i) {
    const std::string label(OperationLabel(static_cast<Operation>(i)));
    entries_[i].seconds =
        &metrics_.GetHistogram("idnode_request_seconds", "Time to answer a request",
                               {{"face", "http"}, {"operation", label}});
  }
}

void OperationMetrics::Observe(Operation operation, int status,
                               std::chrono::steady_clock::duration took) {
  Entry& entry = entries_[static_cast<std::size_t>(operation)];
  entry.seconds->Observe(std::chrono::duration<double>(took).count());
  const auto slot = static_cast<std::size_t>(std::clamp(status - kStatusMin, 0, kStatuses - 1));
  std::atomic<Counter*>& counter = entry.by_status[slot];
  Counter* known = counter.load(std::memory_order_acquire);
  if (known == nullptr) {
    // Two threads may both look it up: they get the same one.
    known = &metrics_.GetCounter("idnode_requests_total", "Requests answered",
                                 {{"face", "http"},
                                  {"operation", std::string(OperationLabel(operation))},
                                  {"code", std::to_string(status)}});
    counter.store(known, std::memory_order_release);
  }
  known->Add();
}

}  // namespace idnode::frontend::http
