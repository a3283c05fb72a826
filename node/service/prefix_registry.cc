#include "node/service/prefix_registry.h"

#include <algorithm>
#include <utility>

#include "node/base/log.h"
#include "node/service/prefix_registry_impl.h"
#include "node/service/prefix_row.h"
#include "storage/counters.h"
#include "storage/space.h"

namespace idnode::service {
namespace {

constexpr std::size_t kScanRows = 1000;
constexpr std::chrono::minutes kLoadMax{5};

const PrefixStandingRef& NoStanding() {
  static const PrefixStandingRef kNone = std::make_shared<const PrefixStanding>();
  return kNone;
}

// Whether what is registered under it is to be found: it has been active once.
bool Resolves(PrefixState state) {
  return state == PrefixState::kActive || state == PrefixState::kStopped ||
         state == PrefixState::kPendingDeletion;
}

// Until then it is only asked for: whoever asks has no rights under it.
bool IsAdmitted(const PrefixInfo& info) { return info.admitted_ms != 0; }

std::string Number(std::uint64_t number) { return std::to_string(number); }

Error QuotaExceeded(std::string_view prefix, const PrefixUsage& usage, std::uint64_t items,
                    std::uint64_t bound) {
  const std::uint64_t identifiers = usage.identifiers();
  const std::uint64_t used = std::max(usage.used(), identifiers);
  return Error(Errc::kQuotaExceeded,
               "prefix " + std::string(prefix) + " may have " + Number(bound) +
                   " identifiers; it has " + Number(identifiers) + ", " +
                   Number(used - identifiers) + " are under way, and " + Number(items) +
                   " more do not fit",
               "identifier");
}

Error RateLimited(std::string_view prefix, std::uint64_t items, std::uint64_t bound) {
  return Error(Errc::kRateLimited,
               "prefix " + std::string(prefix) + " may register " + Number(bound) +
                   " items a second, and " + Number(items) +
                   " more are too many now; retry after a moment",
               "identifier");
}

}  // namespace

std::string_view PrefixStateName(PrefixState state) {
  switch (state) {
    case PrefixState::kStopped:
      return "STOPPED";
    case PrefixState::kActive:
      return "ACTIVE";
    case PrefixState::kPendingDeletion:
      return "PENDING_DELETION";
    case PrefixState::kRejected:
      return "REJECTED";
    case PrefixState::kAwaitingAudit:
      return "AWAITING_AUDIT";
    case PrefixState::kInAudit:
      return "IN_AUDIT";
  }
  return "UNKNOWN";
}

PrefixRegistry::Impl::Impl(storage::Engine& engine, AuditLog& audit,
                           EnterpriseRegistry& enterprises, const Clock& clock, Metrics& metrics,
                           PrefixOptions options)
    : engine_(engine),
      audit_(audit),
      enterprises_(enterprises),
      clock_(clock),
      options_(std::move(options)),
      soft_identifiers_(metrics.GetCounter("idnode_prefix_soft_quota_passed_total",
                                           "Times a prefix passed a soft bound of its quota",
                                           {{"bound", "identifiers"}})),
      soft_rate_(metrics.GetCounter("idnode_prefix_soft_quota_passed_total",
                                    "Times a prefix passed a soft bound of its quota",
                                    {{"bound", "rate"}})),
      refused_identifiers_(metrics.GetCounter(
          "idnode_prefix_quota_refused_total",
          "Items refused because of a hard bound of their prefix", {{"bound", "identifiers"}})),
      refused_rate_(metrics.GetCounter("idnode_prefix_quota_refused_total",
                                       "Items refused because of a hard bound of their prefix",
                                       {{"bound", "rate"}})) {
  enterprises_.OnChange(
      [this](const EnterpriseInfo& enterprise) { Follow(enterprise.credit_code); });
}

PrefixRegistry::Impl::~Impl() { enterprises_.OnChange(nullptr); }

Result<void> PrefixRegistry::Impl::Load() {
  const Deadline deadline = clock_.After(kLoadMax);
  std::string from = PrefixKey("");
  const std::string to(1, static_cast<char>(static_cast<char>(storage::Space::kPrefix) + 1));
  std::vector<std::pair<PrefixInfo, std::string>> found;
  for (;;) {
    auto rows = engine_.Scan(0, from, to, kScanRows, false, deadline);
    if (!rows.ok()) return rows.error();
    for (auto& row : *rows) {
      auto info = DecodePrefixRow(std::string_view(row.key).substr(1), row.value);
      if (!info.ok()) return info.error();
      found.emplace_back(*std::move(info), std::move(row.value));
    }
    if (rows->size() < kScanRows) break;
    from = rows->back().key + '\0';
  }
  const auto counters =
      storage::CounterStore(engine_).LoadLife(storage::Dimension::kEnterprisePrefix, deadline);
  if (!counters.ok()) return counters.error();
  std::unique_lock lock(mutex_);
  entries_.clear();
  order_.clear();
  for (auto& [info, row] : found) PublishLocked(info, std::move(row));
  for (const auto& [prefix, figures] : *counters) {
    auto& usage = usage_[prefix];
    if (usage == nullptr) usage = std::make_unique<PrefixUsage>();
    const PrefixEntry* entry = FindLocked(prefix);
    usage->Load(figures.net(), entry == nullptr ? PrefixQuota{} : entry->info.quota);
  }
  return {};
}

bool PrefixRegistry::Impl::IsResponsible(std::string_view folded_prefix) const {
  return std::any_of(
      options_.secondary_prefixes.begin(), options_.secondary_prefixes.end(),
      [&](const std::string& own) {
        return folded_prefix.starts_with(own) &&
               (folded_prefix.size() == own.size() || folded_prefix[own.size()] == '.');
      });
}

const PrefixEntry* PrefixRegistry::Impl::FindLocked(std::string_view folded_prefix) const {
  const auto found = entries_.find(folded_prefix);
  return found == entries_.end() ? nullptr : found->second.get();
}

PrefixEntryRef PrefixRegistry::Impl::Find(std::string_view folded_prefix) const {
  std::shared_lock lock(mutex_);
  const auto found = entries_.find(folded_prefix);
  return found == entries_.end() ? nullptr : found->second;
}

Result<void> PrefixRegistry::Impl::CheckEntry(const PrefixEntry* entry,
                                              std::string_view folded_prefix) const {
  if (entry == nullptr) {
    if (options_.admit_on_first_use) return {};
    return Error(Errc::kPrefixNotAdmitted,
                 "prefix " + std::string(folded_prefix) +
                     " is not admitted; the operator admits it with `idnode prefix admit`",
                 "identifier");
  }
  const PrefixInfo& info = entry->info;
  if (info.state != PrefixState::kActive) {
    return Error(Errc::kPrefixNotActive,
                 "prefix " + info.prefix + " is " + std::string(PrefixStateName(info.state)) +
                     ": nothing is registered under it unless it is ACTIVE",
                 "identifier");
  }
  if (info.hosting == Hosting::kSelfHosted) {
    return Error(Errc::kSelfHosted,
                 "prefix " + info.prefix + " is self-hosted: its identifiers live at " +
                     RouteText(info.route),
                 "identifier");
  }
  if (entry->leaving) {
    return Error(Errc::kSelfHosted, "prefix " + info.prefix + " is about to become self-hosted",
                 "identifier");
  }
  return {};
}

Result<void> PrefixRegistry::Impl::CheckAdmitted(std::string_view folded_prefix) const {
  if (!IsResponsible(folded_prefix)) {
    return Error(Errc::kNotResponsible,
                 "this node is not responsible for prefix " + std::string(folded_prefix),
                 "identifier");
  }
  std::shared_lock lock(mutex_);
  return CheckEntry(FindLocked(folded_prefix), folded_prefix);
}

std::shared_ptr<const PrefixRoute> PrefixRegistry::Impl::RouteOf(
    std::string_view folded_prefix) const {
  std::shared_lock lock(mutex_);
  const PrefixEntry* entry = FindLocked(folded_prefix);
  return entry == nullptr ? nullptr : entry->route;
}

PrefixStandingRef PrefixRegistry::Impl::StandingOf(std::string_view folded_prefix) const {
  std::shared_lock lock(mutex_);
  const PrefixEntry* entry = FindLocked(folded_prefix);
  return entry == nullptr ? NoStanding() : entry->standing;
}

bool PrefixRegistry::Impl::Owns(const Caller& caller, std::string_view folded_prefix) const {
  switch (caller.role) {  // no default: -Wswitch reports a forgotten role
    case Role::kOperator:
      return true;
    case Role::kAnonymous:
    case Role::kAuditor:
      return false;
    case Role::kApplication: {
      if (!caller.MayWrite(folded_prefix)) return false;
      if (caller.enterprise.empty()) return true;
      std::shared_lock lock(mutex_);
      const PrefixEntry* entry = FindLocked(folded_prefix);
      return entry == nullptr || entry->info.enterprise.empty() ||
             entry->info.enterprise == caller.enterprise;
    }
    case Role::kEnterpriseAdministrator:
      break;
  }
  if (caller.enterprise.empty()) return false;
  std::shared_lock lock(mutex_);
  const PrefixEntry* entry = FindLocked(folded_prefix);
  return entry != nullptr && IsAdmitted(entry->info) && entry->info.enterprise == caller.enterprise;
}

PrefixUsage& PrefixRegistry::Impl::UsageOf(std::string_view folded_prefix) {
  {
    std::shared_lock lock(mutex_);
    if (const auto found = usage_.find(folded_prefix); found != usage_.end()) {
      return *found->second;
    }
  }
  std::unique_lock lock(mutex_);
  auto& usage = usage_[folded_prefix];
  if (usage == nullptr) usage = std::make_unique<PrefixUsage>();
  return *usage;
}

Result<void> PrefixRegistry::Impl::Reserve(std::string_view folded_prefix, std::uint64_t items) {
  PrefixUsage& usage = UsageOf(folded_prefix);
  PrefixQuota quota;
  PrefixUsage::Reserved reserved;
  {
    // The state once more, and in one step with the reservation: a prefix becomes self-hosted only
    // while nothing is reserved.
    std::shared_lock lock(mutex_);
    const PrefixEntry* entry = FindLocked(folded_prefix);
    IDNODE_RETURN_IF_ERROR(CheckEntry(entry, folded_prefix));
    if (entry != nullptr) quota = entry->info.quota;
    const bool has_rate = quota.rate_hard != 0 || quota.rate_soft != 0;
    reserved = usage.Reserve(items, quota, has_rate ? clock_.Monotonic() : Deadline());
  }
  if (reserved.soft_rate_passed) {
    soft_rate_.Add();
    LogWarning("a prefix has passed the soft bound of its rate",
               {{"prefix", folded_prefix}, {"rate_soft", quota.rate_soft}});
  }
  switch (reserved.refusal) {
    case PrefixUsage::Refusal::kNone:
      break;
    case PrefixUsage::Refusal::kIdentifiers:
      return QuotaExceeded(folded_prefix, usage, items, quota.identifiers_hard);
    case PrefixUsage::Refusal::kRate:
      return RateLimited(folded_prefix, items, quota.rate_hard);
  }
  return {};
}

std::uint64_t PrefixRegistry::Impl::Room(std::string_view folded_prefix) {
  const PrefixUsage& usage = UsageOf(folded_prefix);
  std::shared_lock lock(mutex_);
  const PrefixEntry* entry = FindLocked(folded_prefix);
  const std::uint64_t bound = entry == nullptr ? 0 : entry->info.quota.identifiers_hard;
  if (bound == 0) return UINT64_MAX;
  const std::uint64_t used = usage.used();
  return used >= bound ? 0 : bound - used;
}

void PrefixRegistry::Impl::CountRefused(Errc code, std::uint64_t items) {
  if (items == 0) return;
  if (code == Errc::kQuotaExceeded) refused_identifiers_.Add(static_cast<double>(items));
  if (code == Errc::kRateLimited) refused_rate_.Add(static_cast<double>(items));
}

void PrefixRegistry::Impl::Settle(std::string_view folded_prefix, std::uint64_t reserved,
                                  std::uint64_t registered, std::uint64_t deleted) {
  if (reserved == 0 && registered == 0 && deleted == 0) return;
  PrefixUsage& usage = UsageOf(folded_prefix);
  PrefixQuota quota;
  {
    std::shared_lock lock(mutex_);
    if (const PrefixEntry* entry = FindLocked(folded_prefix)) quota = entry->info.quota;
  }
  if (usage.Settle(reserved, registered, deleted, quota)) {
    soft_identifiers_.Add();
    LogWarning("a prefix has passed the soft bound of its identifiers",
               {{"prefix", folded_prefix},
                {"identifiers", usage.identifiers()},
                {"identifiers_soft", quota.identifiers_soft}});
  }
}

PrefixStandingRef PrefixRegistry::Impl::MakeStanding(const std::string& enterprise) const {
  if (enterprise.empty()) return NoStanding();
  const auto found = enterprises_.Find(enterprise);
  if (found == nullptr) return NoStanding();
  return std::make_shared<const PrefixStanding>(PrefixStanding{found->industry, found->region});
}

void PrefixRegistry::Impl::Publish(const PrefixInfo& info, std::string row) {
  std::unique_lock lock(mutex_);
  PublishLocked(info, std::move(row));
}

void PrefixRegistry::Impl::PublishLocked(const PrefixInfo& info, std::string row) {
  auto entry = std::make_shared<PrefixEntry>();
  entry->info = info;
  entry->row = std::move(row);
  entry->standing = MakeStanding(info.enterprise);
  if (info.hosting == Hosting::kSelfHosted && Resolves(info.state)) {
    entry->route = std::make_shared<const PrefixRoute>(info.route);
  }
  entries_[info.prefix] = std::move(entry);
  order_.insert(info.prefix);
}

// The enterprise is looked up again under the mutex, so that of two changes the later one stays.
void PrefixRegistry::Impl::Follow(const std::string& enterprise) {
  std::unique_lock lock(mutex_);
  const PrefixStandingRef standing = MakeStanding(enterprise);
  for (auto& [prefix, entry] : entries_) {
    if (entry->info.enterprise != enterprise) continue;
    auto changed = std::make_shared<PrefixEntry>(*entry);
    changed->standing = standing;
    entry = std::move(changed);
  }
}

PrefixRegistry::PrefixRegistry(storage::Engine& engine, AuditLog& audit,
                               EnterpriseRegistry& enterprises, const Clock& clock,
                               Metrics& metrics, PrefixOptions options)
    : impl_(
          std::make_unique<Impl>(engine, audit, enterprises, clock, metrics, std::move(options))) {}

PrefixRegistry::~PrefixRegistry() = default;

Result<void> PrefixRegistry::Load() { return impl_->Load(); }

const std::vector<std::string>& PrefixRegistry::secondary_prefixes() const {
  return impl_->options().secondary_prefixes;
}

Result<void> PrefixRegistry::CheckAdmitted(std::string_view folded_prefix) const {
  return impl_->CheckAdmitted(folded_prefix);
}

bool PrefixRegistry::IsResponsible(std::string_view folded_prefix) const {
  return impl_->IsResponsible(folded_prefix);
}

std::shared_ptr<const PrefixRoute> PrefixRegistry::RouteOf(std::string_view folded_prefix) const {
  return impl_->RouteOf(folded_prefix);
}

std::string PrefixRegistry::EnterpriseOf(std::string_view folded_prefix) const {
  const PrefixEntryRef entry = impl_->Find(folded_prefix);
  return entry == nullptr ? std::string() : entry->info.enterprise;
}

std::string PrefixRegistry::OwnerOf(std::string_view folded_prefix) const {
  const PrefixEntryRef entry = impl_->Find(folded_prefix);
  return entry == nullptr || !IsAdmitted(entry->info) ? std::string() : entry->info.enterprise;
}

PrefixStandingRef PrefixRegistry::StandingOf(std::string_view folded_prefix) const {
  return impl_->StandingOf(folded_prefix);
}

bool PrefixRegistry::MayWrite(const Caller& caller, std::string_view folded_prefix) const {
  return impl_->Owns(caller, folded_prefix);
}

Result<void> PrefixRegistry::Reserve(std::string_view folded_prefix, std::uint64_t items) {
  return impl_->Reserve(folded_prefix, items);
}

std::uint64_t PrefixRegistry::Room(std::string_view folded_prefix) {
  return impl_->Room(folded_prefix);
}

void PrefixRegistry::CountRefused(Errc code, std::uint64_t items) {
  impl_->CountRefused(code, items);
}

void PrefixRegistry::Settle(std::string_view folded_prefix, std::uint64_t reserved,
                            std::uint64_t registered, std::uint64_t deleted) {
  impl_->Settle(folded_prefix, reserved, registered, deleted);
}

Result<PrefixInfo> PrefixRegistry::Admit(const Actor& actor, const std::string& prefix,
                                         const std::string& enterprise, Deadline deadline) {
  return impl_->Admit(actor, prefix, enterprise, deadline);
}

Result<PrefixInfo> PrefixRegistry::Apply(const Actor& actor, const std::string& prefix,
                                         const std::string& enterprise, Deadline deadline) {
  return impl_->Apply(actor, prefix, enterprise, deadline);
}

Result<PrefixInfo> PrefixRegistry::SetState(const Actor& actor, const std::string& prefix,
                                            PrefixState state, const std::string& reason,
                                            Deadline deadline) {
  return impl_->SetState(actor, prefix, state, reason, deadline);
}

Result<PrefixInfo> PrefixRegistry::SetRoute(const Actor& actor, const std::string& prefix,
                                            Hosting hosting, const PrefixRoute& route,
                                            Deadline deadline) {
  return impl_->SetRoute(actor, prefix, hosting, route, deadline);
}

Result<PrefixInfo> PrefixRegistry::SetQuota(const Actor& actor, const std::string& prefix,
                                            const PrefixQuota& quota, Deadline deadline) {
  return impl_->SetQuota(actor, prefix, quota, deadline);
}

Result<PrefixInfo> PrefixRegistry::Get(const Actor& actor, const std::string& prefix) const {
  return impl_->Get(actor, prefix);
}

Result<PrefixPage> PrefixRegistry::List(const Actor& actor, const PrefixQuery& query) const {
  return impl_->List(actor, query);
}

}  // namespace idnode::service
