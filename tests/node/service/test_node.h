#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/clock.h"
#include "node/base/metrics.h"
#include "node/base/time_zone.h"
#include "node/service/services.h"
#include "storage/committer.h"
#include "storage/engine.h"

namespace idnode::service {

/// 2026-11-22T02:00:00.123Z.
inline constexpr std::int64_t kTestNowMs = 1'795'312'800'123;

struct TestNodeOptions {
  std::string engine = "memory";
  std::string engine_dir;  ///< for "rocksdb"
  storage::ShardId shards = 4;
  storage::CommitterOptions committer;
  RegistrationLimits limits;
  PrefixOptions prefixes{{"88.108"}, true};
  std::int64_t target = 15'000'000;
  std::unique_ptr<storage::Engine> given_engine;  ///< used instead of opening one
};

/// The services of a node, wired as the application does, on a fake clock. For tests.
class TestNode {
 public:
  explicit TestNode(TestNodeOptions options = {});
  ~TestNode();

  Services services();
  CallerRef operator_caller() const { return operator_; }
  CallerRef ApplicationCaller(const std::string& name, std::vector<std::string> prefixes) const;
  Deadline Soon() const { return clock.After(std::chrono::seconds(30)); }

  /// One registration with one URL value; the outcome.
  ItemResult Register(std::string_view identifier, std::string_view url = "https://a.example");
  std::vector<ItemResult> RegisterMany(const std::vector<std::string>& identifiers,
                                       std::string_view request_id = {},
                                       std::string_view url = "https://a.example");
  ItemResult Delete(std::string_view identifier);
  ItemResult SetState(std::string_view identifier, State state);
  ItemResult Update(const UpdateInput& input);
  /// Runs a batch that `fill` fills.
  Result<BatchResult> Run(const CallerRef& caller, std::string_view request_id, std::size_t items,
                          const std::function<void(Batch&)>& fill);
  /// Figures of a month; empty: the running one.
  storage::Figures Volume(std::string_view month = {});
  /// Recounts the month and reports differences as test failures.
  void ExpectRecountEqual(std::string_view month);

  FakeClock clock{kTestNowMs};
  TimeZone zone;
  Metrics metrics;
  std::string data_dir;
  std::unique_ptr<ClockGuard> clock_guard;
  std::unique_ptr<storage::Engine> engine;
  std::unique_ptr<storage::Committer> committer;
  std::unique_ptr<Writer> writer;
  std::unique_ptr<AccessControl> access;
  std::unique_ptr<PrefixRegistry> prefixes;
  std::unique_ptr<RegistrationService> registration;
  std::unique_ptr<ResolutionService> resolution;
  std::unique_ptr<VolumeService> volume;

 private:
  class State_;
  std::unique_ptr<NodeState> state_;
  CallerRef operator_;
};

}  // namespace idnode::service
