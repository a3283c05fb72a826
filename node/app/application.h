#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "node/app/config.h"
#include "node/app/core.h"
#include "node/app/data_directory.h"
#include "node/app/faces.h"
#include "node/app/maintenance.h"
#include "node/base/clock.h"
#include "node/base/metrics.h"
#include "node/base/result.h"

namespace idnode::app {

/// The server from configuration to exit. Lifecycle: Open recovers the store, Start binds the
/// faces and makes the node ready, WaitForSignal serves until SIGTERM or SIGINT, Stop drains.
/// All are called from one thread; the destructor stops without a drain what still runs.
class Application {
 public:
  /// Takes the data directory and opens the store. Errors: kDataDirectoryInUse, kFormatTooNew,
  /// kInvalidRequest (configuration and store disagree), kUnavailable, kCorruption.
  static Result<std::unique_ptr<Application>> Open(const Config& config, const Clock& clock);
  ~Application();
  Application(const Application&) = delete;
  Application& operator=(const Application&) = delete;

  /// Starts every face and writes ports.json. Errors: kInvalidRequest (address, certificate),
  /// kUnavailable (port in use). After an error nothing listens.
  Result<void> Start();
  /// Housekeeping to run every `period`; before Start.
  void AddMaintenance(std::string name, std::chrono::milliseconds period,
                      std::function<void()> run);

  /// Not ready; no new connections and registrations; finishes what is under way within
  /// `shutdown.drain_ms`; then closes the faces. Idempotent.
  void Stop();
  /// Reads the certificates again (SIGHUP). A face whose files are at fault keeps the old ones;
  /// false if there was one.
  bool ReloadTls();

  const Ports& ports() const { return ports_; }
  Core& core() { return *core_; }

 private:
  Application(const Config& config, const Clock& clock);

  void AddRetention();
  void AddAuditRetention();
  void StopFaces();
  void WatchRegistering();

  // In start order: destruction is teardown.
  const Config config_;
  const Clock& clock_;
  std::unique_ptr<Metrics> metrics_;
  std::unique_ptr<DataDirectory> directory_;
  std::unique_ptr<Core> core_;
  Maintenance maintenance_;
  bool was_registering_ = true;
  std::vector<Face> faces_;
  std::size_t faces_started_ = 0;
  bool stopped_ = false;
  Ports ports_;
};

/// Opens, starts and serves until a signal ends it: SIGTERM and SIGINT drain, a second one exits
/// at once (what was acknowledged is durable all the same), SIGHUP reloads certificates.
/// Returns the exit code of the process (exit_code.h).
int RunUntilSignal(const Config& config, const Clock& clock);

}  // namespace idnode::app
