#pragma once

#include <cstdint>
#include <memory>

#include "node/frontend/frontend.h"
#include "node/service/services.h"

namespace idnode::frontend {

/// Section [admin].
struct AdminOptions {
  ListenOptions listen;              ///< loopback by default; plain text
  std::size_t connections_max = 64;  ///< further ones are answered 503 and closed
  std::uint32_t idle_timeout_ms = 60'000;
  std::uint32_t request_timeout_ms = 10'000;
};

/// Administration, on its own port: `/metrics` (Prometheus text), `/live` (200 while the process
/// answers), `/ready` (200 when requests should be sent here, 503 otherwise; JSON with the reason).
/// Lifecycle and threads as in `Frontend`. Start it first and stop it last: it answers `/live`
/// and a not ready `/ready` while the node recovers and drains.
class AdminFrontend : public Frontend {
 public:
  AdminFrontend(AdminOptions options, const service::Services& services);
  ~AdminFrontend() override;

  /// Errors: kInvalidRequest (an option, named as [admin] key), kUnavailable (port in use).
  Result<void> Start() override;
  std::uint16_t Port() const override;
  void Drain(Deadline deadline) override;
  void Stop() override;
  Result<void> ReloadTls() override;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace idnode::frontend
