#include "node/service/audit_log.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "node/base/log.h"
#include "node/service/audit_reader.h"
#include "node/service/audit_refusals.h"
#include "node/service/audit_rows.h"
#include "node/service/audit_write.h"

namespace idnode::service {
namespace {

// Refusals of one commit: some 100 KiB.
constexpr std::size_t kRefusalsAtOnce = 256;
constexpr std::chrono::milliseconds kFlushMax{5'000};

}  // namespace

class AuditLog::Impl {
 public:
  Impl(storage::Engine& engine, storage::Committer& committer, const Clock& clock, Metrics& metrics,
       AuditOptions options)
      : committer_(committer),
        clock_(clock),
        options_(std::move(options)),
        reader_(engine, committer, clock, std::max(options_.retention, kAuditRetentionMin)),
        acts_(metrics.GetCounter("idnode_audit_acts_total", "Administrative acts done")),
        refused_(metrics.GetCounter("idnode_audit_refusals_total", "Acts that were refused")),
        crowded_(metrics.GetCounter("idnode_audit_refusals_crowded_total",
                                    "Refusals of so many kinds that they were only counted")),
        refusals_(options_),
        thread_([this] { WriteRefusals(); }) {}

  ~Impl() {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    thread_.join();
    if (const auto flushed = Flush(clock_.After(kFlushMax)); !flushed.ok()) {
      LogWarning("audit entries of refusals are lost", {{"error", flushed.error().detail}});
    }
  }

  Result<void> Do(const Actor& actor, const Act& act, std::span<const RowChange> rows,
                  Deadline deadline) {
    AuditEntry entry = EntryOf(actor, ActionName(act.action), act.target);
    entry.before = AuditObject(act.before);
    entry.after = AuditObject(act.after);
    AuditWrite write;
    write.rows.assign(rows.begin(), rows.end());
    write.entries.push_back(std::move(entry));
    IDNODE_RETURN_IF_ERROR(WriteAudit(committer_, std::move(write), deadline));
    acts_.Add();
    return {};
  }

  void Refused(const Actor& actor, std::string_view action, std::string_view target, Errc code) {
    AuditEntry entry = EntryOf(actor, action, target);
    entry.refused = AuditSlug(code);
    refused_.Add();
    bool first = false;
    bool kept = false;
    {
      std::lock_guard lock(mutex_);
      first = refusals_.empty();
      kept = refusals_.Add(std::move(entry), clock_.Monotonic());
    }
    if (!kept) crowded_.Add();
    if (first) wake_.notify_all();
  }

  // One at a time, so that what one puts back is not overtaken.
  Result<void> Flush(Deadline deadline) {
    std::lock_guard flushing(flush_);
    std::vector<AuditEntry> waiting;
    {
      std::lock_guard lock(mutex_);
      waiting = refusals_.Take();
    }
    std::size_t done = 0;
    while (done < waiting.size()) {
      const std::size_t count = std::min(kRefusalsAtOnce, waiting.size() - done);
      const auto from = waiting.begin() + static_cast<std::ptrdiff_t>(done);
      AuditWrite write;
      write.entries.assign(from, from + static_cast<std::ptrdiff_t>(count));
      auto written = WriteAudit(committer_, std::move(write), deadline);
      if (!written.ok()) {
        // Where the outcome is not known this may count them twice; better than not at all.
        waiting.erase(waiting.begin(), from);
        std::lock_guard lock(mutex_);
        refusals_.PutBack(std::move(waiting));
        return written;
      }
      done += count;
    }
    return {};
  }

  const AuditReader& reader() const { return reader_; }
  AuditReader& reader() { return reader_; }

 private:
  AuditEntry EntryOf(const Actor& actor, std::string_view action, std::string_view target) const {
    AuditEntry entry;
    entry.at_ms = clock_.WallMs();
    entry.who = AuditName(WhoIs(actor.who()));
    entry.role = RoleName(actor.who().role);
    entry.from = AuditName(actor.source);
    entry.action = AuditName(action);
    entry.target = AuditName(target);
    return entry;
  }

  // The thread: lets refusals gather for an interval, then writes them.
  void WriteRefusals() {
    bool failing = false;
    std::unique_lock lock(mutex_);
    for (;;) {
      wake_.wait(lock, [this] { return stopping_ || !refusals_.empty(); });
      if (wake_.wait_for(lock, options_.refusal_interval, [this] { return stopping_; })) return;
      lock.unlock();
      const auto flushed = Flush(clock_.After(kFlushMax));
      if (!flushed.ok() && !failing) {
        LogWarning("cannot write audit entries of refusals; they wait",
                   {{"error", flushed.error().detail}});
      }
      failing = !flushed.ok();
      lock.lock();
    }
  }

  storage::Committer& committer_;
  const Clock& clock_;
  const AuditOptions options_;
  AuditReader reader_;
  Counter& acts_;
  Counter& refused_;
  Counter& crowded_;
  std::mutex flush_;  // before mutex_
  std::mutex mutex_;  // guards what follows
  std::condition_variable wake_;
  AuditRefusals refusals_;
  bool stopping_ = false;
  std::thread thread_;  // last: it uses all the rest
};

AuditLog::AuditLog(storage::Engine& engine, storage::Committer& committer, const Clock& clock,
                   Metrics& metrics, AuditOptions options)
    : impl_(std::make_unique<Impl>(engine, committer, clock, metrics, std::move(options))) {}

AuditLog::~AuditLog() = default;

Result<void> AuditLog::Do(const Actor& actor, const Act& act, std::span<const RowChange> rows,
                          Deadline deadline) {
  return impl_->Do(actor, act, rows, deadline);
}

Result<void> AuditLog::Permit(const Actor& actor, Action action, bool own,
                              std::string_view target) {
  auto permitted = service::Permit(actor.who(), action, own);
  if (!permitted.ok()) impl_->Refused(actor, ActionName(action), target, permitted.code());
  return permitted;
}

void AuditLog::Refused(const Actor& actor, std::string_view action, std::string_view target,
                       Errc code) {
  impl_->Refused(actor, action, target, code);
}

Result<void> AuditLog::Flush(Deadline deadline) { return impl_->Flush(deadline); }

Result<AuditPage> AuditLog::List(const Actor& actor, const AuditQuery& query, Deadline deadline) {
  IDNODE_RETURN_IF_ERROR(Permit(actor, Action::kAuditRead, false, ""));
  return impl_->reader().List(query, deadline);
}

Result<AuditCheck> AuditLog::Verify(const Actor& actor, Deadline deadline) {
  IDNODE_RETURN_IF_ERROR(Permit(actor, Action::kAuditRead, false, "verify"));
  return impl_->reader().Verify(deadline);
}

Result<std::uint64_t> AuditLog::Trim(Deadline deadline) { return impl_->reader().Trim(deadline); }

std::string WhoIs(const Caller& caller) {
  if (!caller.user.empty()) return "user:" + caller.user;
  if (!caller.application.empty()) return "application:" + caller.application;
  return std::string(RoleName(caller.role));
}

std::string_view RoleName(Role role) {
  switch (role) {
    case Role::kAnonymous:
      return "anonymous";
    case Role::kApplication:
      return "application";
    case Role::kAuditor:
      return "auditor";
    case Role::kOperator:
      return "operator";
    case Role::kEnterpriseAdministrator:
      return "enterprise-administrator";
  }
  return "unknown";
}

}  // namespace idnode::service
