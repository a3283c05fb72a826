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
#include "node/service/writer.h"
#include "storage/committer.h"
#include "storage/engine.h"

namespace idnode::service {

/// 2026-11-22T02:00:00.123Z.
inline constexpr std::int64_t kTestNowMs = 1'795'312'800'123;

/// No refusal is written but by Flush, so that a test knows what is in the log.
inline AuditOptions PatientAudit() {
  AuditOptions options;
  options.refusal_interval = std::chrono::hours(1);
  return options;
}

/// Passwords cost little here.
inline UserOptions QuickUsers() {
  UserOptions options;
  options.scrypt_log_n = 4;
  return options;
}

struct TestNodeOptions {
  std::string engine = "memory";
  std::string engine_dir;  ///< for "rocksdb"
  storage::ShardId shards = 4;
  storage::CommitterOptions committer;
  RegistrationLimits limits;
  PrefixOptions prefixes{{"88.108"}, true, {}};
  TemplateOptions templates{.require_known = false};
  AuditOptions audit = PatientAudit();
  UserOptions users = QuickUsers();
  ThrottleOptions throttle;
  std::int64_t target = 15'000'000;
  std::unique_ptr<storage::Engine> given_engine;  ///< used instead of opening one
};

/// A valid credit code, another for each `n` below 10,000,000, of an authority in Shenzhen
/// (440300).
std::string TestCreditCode(unsigned n = 0);

/// For AccessControl::CreateApplication: an application's role, a token that does not expire.
NewApplication AnApplication(const std::string& name, std::vector<std::string> prefixes);

/// The services of a node, wired as the application does, on a fake clock. For tests.
class TestNode {
 public:
  explicit TestNode(TestNodeOptions options = {});
  ~TestNode();

  Services services();
  CallerRef operator_caller() const { return operator_; }
  CallerRef ApplicationCaller(const std::string& name, std::vector<std::string> prefixes) const;

  /// Who acts, from an address of theirs.
  Actor Operator() const;
  Actor Auditor() const;
  Actor App(const std::string& name, std::vector<std::string> own_prefixes,
            const std::string& enterprise = {}) const;
  Actor Administrator(const std::string& enterprise, const std::string& user = "alice") const;
  Actor Stranger() const;

  /// Makes an enterprise; its code. A failure is a test's failure.
  std::string AddEnterprise(unsigned n, const std::string& industry = "C1952",
                            const std::string& region = "440300");
  /// What the audit log holds, oldest first, with the refusals that waited.
  std::vector<AuditEntry> AuditEntries();
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
  std::unique_ptr<AuditLog> audit;
  std::unique_ptr<EnterpriseRegistry> enterprises;
  std::unique_ptr<PrefixRegistry> prefixes;
  std::unique_ptr<AccessControl> access;
  std::unique_ptr<TemplateRegistry> templates;
  std::unique_ptr<GrantStore> grants;
  std::unique_ptr<UserStore> users;
  std::unique_ptr<Throttle> throttle;
  std::unique_ptr<DisclosurePolicy> disclosure;
  std::unique_ptr<Administration> admin;
  std::unique_ptr<RegistrationService> registration;
  std::unique_ptr<ResolutionService> resolution;
  std::unique_ptr<VolumeService> volume;

 private:
  void MakeAdministration(const TestNodeOptions& options);

  class State_;
  std::unique_ptr<NodeState> state_;
  CallerRef operator_;
};

}  // namespace idnode::service
