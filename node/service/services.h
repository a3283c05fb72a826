#pragma once

#include "node/service/access_control.h"
#include "node/service/administration.h"
#include "node/service/clock_guard.h"
#include "node/service/prefix_registry.h"
#include "node/service/registration_service.h"
#include "node/service/resolution_service.h"
#include "node/service/volume_service.h"

namespace idnode::service {

class LedgerService;

/// Why registration is stopped at the moment; ok where it is not. Thread-safe.
class NodeState {
 public:
  virtual ~NodeState() = default;
  /// Errors: kClockUntrusted, kStorageFull, kShuttingDown, kUnavailable.
  virtual Result<void> Registering() const = 0;
  virtual bool Ready() const = 0;
  virtual std::string EngineName() const = 0;
  virtual std::uint32_t Shards() const = 0;
  virtual std::string TimeZoneName() const = 0;
};

/// What the front ends serve. References live longer than any front end.
struct Services {
  AccessControl& access;
  PrefixRegistry& prefixes;
  RegistrationService& registration;
  ResolutionService& resolution;
  VolumeService& volume;
  ClockGuard& clock_guard;
  const Clock& clock;
  Metrics& metrics;
  const NodeState& state;
  Administration& admin;
  LedgerService* ledger = nullptr;  ///< null: the node keeps no ledger
};

}  // namespace idnode::service
