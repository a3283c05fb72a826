#include "node/service/enterprise_registry.h"

#include <algorithm>
#include <array>
#include <utility>

#include "node/base/varint.h"
#include "node/model/codes.h"
#include "node/service/enterprise_row.h"
#include "node/service/page_token.h"
#include "storage/space.h"

namespace idnode::service {
namespace {

constexpr std::size_t kScanRows = 1000;
constexpr std::chrono::seconds kLoadStepMax{30};
constexpr std::uint32_t kPageSizeDefault = 100;
constexpr std::size_t kFilterBytesMax = 300;

bool IsOwn(const Caller& caller, std::string_view credit_code) {
  return !caller.enterprise.empty() && caller.enterprise == credit_code;
}

// A code to look for: what is none stays as it is, and is not found.
std::string Searched(const std::string& credit_code) {
  auto checked = CheckCreditCode(credit_code);
  return checked.ok() ? std::move(*checked) : credit_code;
}

Error NotFound(const std::string& credit_code) {
  return Error(Errc::kNotFound, "there is no enterprise " + credit_code, "creditCode");
}

// The beginning that all regions in a region share: those of a province, of a city, of itself.
std::string_view WithinRegion(std::string_view region) {
  while (region.size() > 2 && region.ends_with("00")) region.remove_suffix(2);
  return region;
}

bool SameContent(const EnterpriseInfo& a, const EnterpriseInfo& b) {
  return a.name == b.name && a.industry == b.industry && a.region == b.region &&
         a.address == b.address && a.contact == b.contact && a.legal_person == b.legal_person &&
         a.nature == b.nature;
}

Result<EnterpriseQuery> CheckQuery(const EnterpriseQuery& asked) {
  EnterpriseQuery query = asked;
  if (query.page_size > kEnterprisePageSizeMax) {
    return Error(Errc::kInvalidRequest,
                 "a page has 1 to " + std::to_string(kEnterprisePageSizeMax) + " entries",
                 "pageSize");
  }
  if (query.page_size == 0) query.page_size = kPageSizeDefault;
  if (query.name_contains.size() > kFilterBytesMax) {
    return Error(Errc::kInvalidRequest, "no name is as long as that", "nameContains");
  }
  if (!query.industry.empty()) {
    auto industry = CheckIndustry(query.industry);
    if (!industry.ok()) return Error(Errc::kInvalidRequest, industry.error().detail, "industry");
    query.industry = std::move(*industry);
  }
  if (!query.region.empty()) {
    const auto region = CheckRegion(query.region);
    if (!region.ok()) return Error(Errc::kInvalidRequest, region.error().detail, "region");
    query.region = WithinRegion(*region);
  }
  return query;
}

std::string ScopeOf(const EnterpriseQuery& query) {
  std::string scope = "enterprises";
  for (const auto* text : {&query.name_contains, &query.industry, &query.region}) {
    AppendSized(*text, scope);
  }
  return scope;
}

bool Matches(const EnterpriseQuery& query, const EnterpriseInfo& enterprise) {
  return enterprise.industry.starts_with(query.industry) &&
         enterprise.region.starts_with(query.region) &&
         enterprise.name.find(query.name_contains) != std::string::npos;
}

}  // namespace

EnterpriseRegistry::EnterpriseRegistry(storage::Engine& engine, AuditLog& audit, const Clock& clock)
    : engine_(engine), audit_(audit), clock_(clock) {}

Result<void> EnterpriseRegistry::Load() {
  std::string from = EnterpriseKey("");
  const std::string to(1, static_cast<char>(static_cast<char>(storage::Space::kEnterprise) + 1));
  std::map<std::string, Ref, std::less<>> by_code;
  for (;;) {
    const auto rows = engine_.Scan(0, from, to, kScanRows, false, clock_.After(kLoadStepMax));
    if (!rows.ok()) return rows.error();
    for (const auto& row : *rows) {
      auto enterprise = DecodeEnterprise(std::string_view(row.key).substr(1), row.value);
      if (!enterprise.ok()) return enterprise.error();
      std::string code = enterprise->credit_code;
      by_code.emplace(std::move(code),
                      std::make_shared<const EnterpriseInfo>(std::move(*enterprise)));
    }
    if (rows->size() < kScanRows) break;
    from = rows->back().key + '\0';
  }
  std::unique_lock lock(mutex_);
  by_code_ = std::move(by_code);
  return {};
}

Result<EnterpriseInfo> EnterpriseRegistry::Create(const Actor& actor, EnterpriseInfo enterprise,
                                                  Deadline deadline) {
  IDNODE_RETURN_IF_ERROR(
      audit_.Permit(actor, Action::kEnterpriseCreate, false, enterprise.credit_code));
  IDNODE_RETURN_IF_ERROR(NormalizeEnterprise(enterprise));
  std::lock_guard act(acts_);
  enterprise.created_ms = enterprise.updated_ms = clock_.WallMs();
  enterprise.revision = 1;
  const std::array rows = {RowChange{EnterpriseKey(enterprise.credit_code),
                                     EncodeEnterprise(enterprise), std::string()}};
  const auto done = audit_.Do(
      actor,
      {Action::kEnterpriseCreate, enterprise.credit_code, {}, EnterpriseForAudit(enterprise)}, rows,
      deadline);
  if (!done.ok()) {
    Error error = done.error();
    if (error.code == Errc::kAlreadyExists) {
      // Perhaps made by a call whose outcome was not known then, or by another node.
      if (Find(enterprise.credit_code) == nullptr) (void)Reload(enterprise.credit_code, deadline);
      error.detail = "enterprise " + enterprise.credit_code + " is there already";
      error.field = "creditCode";
    }
    return error;
  }
  Publish(std::make_shared<const EnterpriseInfo>(enterprise));
  return enterprise;
}

Result<EnterpriseInfo> EnterpriseRegistry::Update(const Actor& actor, EnterpriseInfo enterprise,
                                                  std::uint32_t expected_revision,
                                                  Deadline deadline) {
  enterprise.credit_code = Searched(enterprise.credit_code);
  const std::string& code = enterprise.credit_code;
  IDNODE_RETURN_IF_ERROR(
      audit_.Permit(actor, Action::kEnterpriseUpdate, IsOwn(actor.who(), code), code));
  std::lock_guard act(acts_);
  if (Find(code) == nullptr) (void)Reload(code, deadline);
  const Ref present = Find(code);
  if (present == nullptr) return NotFound(code);
  if (expected_revision != 0 && expected_revision != present->revision) {
    return Error(Errc::kPreconditionFailed,
                 "the enterprise has revision " + std::to_string(present->revision) + ", not " +
                     std::to_string(expected_revision) + "; read it anew",
                 "expectedRevision");
  }
  IDNODE_RETURN_IF_ERROR(NormalizeEnterprise(enterprise));
  enterprise.created_ms = present->created_ms;
  enterprise.updated_ms = clock_.WallMs();
  enterprise.revision = present->revision + 1;
  IDNODE_RETURN_IF_ERROR(CheckAllowed(actor, *present, enterprise));
  if (SameContent(*present, enterprise)) return *present;
  const std::array rows = {
      RowChange{EnterpriseKey(code), EncodeEnterprise(enterprise), EncodeEnterprise(*present)}};
  const auto done = audit_.Do(actor,
                              {Action::kEnterpriseUpdate, code, EnterpriseForAudit(*present),
                               EnterpriseForAudit(enterprise)},
                              rows, deadline);
  if (!done.ok()) {
    if (done.code() == Errc::kConflict) (void)Reload(code, deadline);
    return done.error();
  }
  Publish(std::make_shared<const EnterpriseInfo>(enterprise));
  return enterprise;
}

// What stands in the business licence is the operator's to change.
Result<void> EnterpriseRegistry::CheckAllowed(const Actor& actor, const EnterpriseInfo& present,
                                              const EnterpriseInfo& next) {
  if (actor.who().role == Role::kOperator) return {};
  const char* field = nullptr;
  if (next.name != present.name) field = "name";
  if (next.industry != present.industry) field = "industry";
  if (next.region != present.region) field = "region";
  if (next.nature != present.nature) field = "nature";
  if (next.legal_person.name != present.legal_person.name) field = "legalPerson.name";
  if (field == nullptr) return {};
  audit_.Refused(actor, ActionName(Action::kEnterpriseUpdate), present.credit_code,
                 Errc::kPermissionDenied);
  return Error(Errc::kPermissionDenied,
               "an administrator changes address, contact, and the legal person's phone and email; "
               "this is for the operator",
               field);
}

Result<void> EnterpriseRegistry::Reload(const std::string& credit_code, Deadline deadline) {
  const auto row = engine_.Get(0, EnterpriseKey(credit_code), deadline);
  if (!row.ok()) return row.error();
  auto enterprise = DecodeEnterprise(credit_code, *row);
  if (!enterprise.ok()) return enterprise.error();
  Publish(std::make_shared<const EnterpriseInfo>(std::move(*enterprise)));
  return {};
}

void EnterpriseRegistry::Publish(Ref enterprise) {
  {
    std::unique_lock lock(mutex_);
    by_code_[enterprise->credit_code] = enterprise;
  }
  if (changed_) changed_(*enterprise);
}

Result<EnterpriseInfo> EnterpriseRegistry::Get(const Actor& actor,
                                               const std::string& credit_code) const {
  const std::string code = Searched(credit_code);
  IDNODE_RETURN_IF_ERROR(
      audit_.Permit(actor, Action::kEnterpriseRead, IsOwn(actor.who(), code), code));
  const Ref found = Find(code);
  if (found == nullptr) return NotFound(code);
  return *found;
}

Result<EnterprisePage> EnterpriseRegistry::List(const Actor& actor,
                                                const EnterpriseQuery& asked) const {
  const Caller& caller = actor.who();
  IDNODE_RETURN_IF_ERROR(audit_.Permit(actor, Action::kEnterpriseRead, true, ""));
  const bool all = Permit(caller, Action::kEnterpriseRead, false).ok();
  const auto query = CheckQuery(asked);
  if (!query.ok()) return query.error();
  std::string from;
  if (!query->page_token.empty()) {
    auto position = ReadPageToken(ScopeOf(*query), query->page_token);
    if (!position.ok()) return position.error();
    from = std::move(*position);
  }
  EnterprisePage page;
  std::shared_lock lock(mutex_);
  for (auto each = by_code_.lower_bound(from); each != by_code_.end(); ++each) {
    const EnterpriseInfo& enterprise = *each->second;
    if (!all && !IsOwn(caller, each->first)) continue;
    if (!Matches(*query, enterprise)) continue;
    if (page.enterprises.size() == query->page_size) {
      page.next_page_token = MakePageToken(ScopeOf(*query), each->first);
      break;
    }
    page.enterprises.push_back(enterprise);
  }
  return page;
}

std::shared_ptr<const EnterpriseInfo> EnterpriseRegistry::Find(std::string_view credit_code) const {
  std::shared_lock lock(mutex_);
  const auto found = by_code_.find(credit_code);
  return found == by_code_.end() ? nullptr : found->second;
}

void EnterpriseRegistry::OnChange(std::function<void(const EnterpriseInfo&)> changed) {
  changed_ = std::move(changed);
}

}  // namespace idnode::service
