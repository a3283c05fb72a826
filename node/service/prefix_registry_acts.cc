// What is done to prefixes: each act checked, written with its entry in the audit log, published.
#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include <arpa/inet.h>

#include "node/base/text.h"
#include "node/model/codes.h"
#include "node/model/identifier.h"
#include "node/service/page_token.h"
#include "node/service/permissions.h"
#include "node/service/prefix_registry_impl.h"
#include "node/service/prefix_row.h"

namespace idnode::service {
namespace {

bool IsUnder(std::string_view folded_prefix, std::string_view secondary_prefix) {
  return folded_prefix.starts_with(secondary_prefix) &&
         (folded_prefix.size() == secondary_prefix.size() ||
          folded_prefix[secondary_prefix.size()] == '.');
}

constexpr std::size_t kReasonBytesMax = 500;
constexpr std::uint32_t kPageMax = 10'000;
// An act that finds the row changed behind its back is judged anew, this often in all.
constexpr int kTriesMax = 3;

struct Way {
  PrefixState from;
  PrefixState to;
};
constexpr std::array kWays = {
    Way{PrefixState::kAwaitingAudit, PrefixState::kInAudit},
    Way{PrefixState::kInAudit, PrefixState::kActive},
    Way{PrefixState::kInAudit, PrefixState::kRejected},
    Way{PrefixState::kRejected, PrefixState::kAwaitingAudit},
    Way{PrefixState::kActive, PrefixState::kStopped},
    Way{PrefixState::kStopped, PrefixState::kActive},
    Way{PrefixState::kStopped, PrefixState::kPendingDeletion},
    Way{PrefixState::kPendingDeletion, PrefixState::kStopped},
};

bool IsWay(PrefixState from, PrefixState to) {
  return std::any_of(kWays.begin(), kWays.end(),
                     [&](const Way& way) { return way.from == from && way.to == to; });
}

std::string WaysFrom(PrefixState from) {
  std::string names;
  for (const Way& way : kWays) {
    if (way.from != from) continue;
    names += names.empty() ? "" : " or ";
    names += PrefixStateName(way.to);
  }
  return names;
}

Error NoWay(const PrefixInfo& info, PrefixState to) {
  std::string detail = "prefix " + info.prefix + " is " + std::string(PrefixStateName(info.state));
  detail +=
      info.state == to ? " already" : ", and cannot become " + std::string(PrefixStateName(to));
  return Error(Errc::kPreconditionFailed,
               detail + "; from there it becomes " + WaysFrom(info.state), "state");
}

Error NoSuchPrefix(const std::string& folded) {
  return Error(Errc::kNotFound, "there is no prefix " + folded + " on this node", "prefix");
}

Error Taken(const PrefixInfo& info) {
  return Error(Errc::kAlreadyExists,
               "prefix " + info.prefix + " is there already: it is " +
                   std::string(PrefixStateName(info.state)),
               "prefix");
}

// Identifiers, grants and templates under it are the enterprise's to which it was admitted.
Error WasAdmitted(const PrefixInfo& info) {
  return Error(Errc::kPreconditionFailed,
               "prefix " + info.prefix + " was admitted to another enterprise, and stays its own",
               "enterprise");
}

Result<void> CheckReason(const std::string& reason) {
  if (reason.size() > kReasonBytesMax) {
    return Error(Errc::kInvalidRequest,
                 "a reason has at most " + std::to_string(kReasonBytesMax) + " bytes", "reason");
  }
  const bool plain = std::none_of(reason.begin(), reason.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  });
  if (!plain || !IsUtf8(reason)) {
    return Error(Errc::kInvalidRequest, "a reason is UTF-8 text without control characters",
                 "reason");
  }
  return {};
}

// Of an IPv4 address: nothing that only this machine or network knows.
bool IsReachable4(std::span<const std::uint8_t> bytes) {
  return bytes[0] != 0 && bytes[0] != 127 && bytes[0] < 224 &&
         !(bytes[0] == 169 && bytes[1] == 254);
}

bool IsReachable6(std::span<const std::uint8_t> bytes) {
  const bool zeros = std::all_of(bytes.begin(), bytes.begin() + 10, [](auto b) { return b == 0; });
  if (zeros && bytes[10] == 0xff && bytes[11] == 0xff) return IsReachable4(bytes.subspan(12));
  if (zeros && bytes[10] == 0 && bytes[11] == 0) return false;  // ::, ::1, the old IPv4 forms
  const bool link_local = bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80;
  return bytes[0] != 0xff && !link_local;
}

// The address in its shortest text. Errors: kInvalidRequest.
Result<std::string> CheckAddress(const std::string& address) {
  const auto invalid = [](std::string detail) {
    return Error(Errc::kInvalidRequest, std::move(detail), "route.address");
  };
  std::array<std::uint8_t, 16> bytes{};
  std::array<char, INET6_ADDRSTRLEN> text{};
  bool reachable = false;
  if (address.find('\0') != std::string::npos) {
    return invalid("the route's address holds a zero byte");
  }
  if (inet_pton(AF_INET, address.c_str(), bytes.data()) == 1) {
    reachable = IsReachable4(std::span(bytes).first(4));
    inet_ntop(AF_INET, bytes.data(), text.data(), text.size());
  } else if (inet_pton(AF_INET6, address.c_str(), bytes.data()) == 1) {
    reachable = IsReachable6(bytes);
    inet_ntop(AF_INET6, bytes.data(), text.data(), text.size());
  } else {
    return invalid("a self-hosted prefix needs the IPv4 or IPv6 address of its node");
  }
  if (!reachable) {
    return invalid("the route's address " + std::string(text.data()) +
                   " is unspecified, loopback, link-local or multicast: others cannot reach it");
  }
  return std::string(text.data());
}

Result<PrefixRoute> CheckRoute(Hosting hosting, PrefixRoute route) {
  if (hosting == Hosting::kHosted) return PrefixRoute{};
  if (hosting != Hosting::kSelfHosted) {
    return Error(Errc::kInvalidRequest, "the hosting is HOSTED or SELF_HOSTED", "hosting");
  }
  auto address = CheckAddress(route.address);
  if (!address.ok()) return address.error();
  if (route.tcp_port == 0 && route.udp_port == 0 && route.http_port == 0) {
    return Error(Errc::kInvalidRequest, "the route needs a TCP, UDP or HTTP port at least",
                 "route.tcpPort");
  }
  route.address = *std::move(address);
  return route;
}

Result<void> CheckQuota(const PrefixQuota& quota) {
  const auto check = [](std::uint64_t soft, std::uint64_t hard, const char* field) -> Result<void> {
    if (hard == 0 || soft <= hard) return {};
    return Error(Errc::kInvalidRequest,
                 "the soft bound " + std::to_string(soft) + " is above the hard one, " +
                     std::to_string(hard),
                 field);
  };
  IDNODE_RETURN_IF_ERROR(
      check(quota.identifiers_soft, quota.identifiers_hard, "quota.identifiersSoft"));
  return check(quota.rate_soft, quota.rate_hard, "quota.rateSoft");
}

void AddToHistory(PrefixInfo& info, PrefixState state, const Actor& actor,
                  const std::string& reason, std::int64_t now_ms) {
  info.state = state;
  if (state == PrefixState::kActive && info.admitted_ms == 0) info.admitted_ms = now_ms;
  auto& history = info.history;
  history.push_back({state, WhoIs(actor.who()), reason, now_ms});
  if (history.size() > kPrefixHistoryMax) {
    history.erase(history.begin(), history.end() - static_cast<std::ptrdiff_t>(kPrefixHistoryMax));
  }
}

bool IsOf(const PrefixInfo& info, const Caller& caller) {
  return !caller.enterprise.empty() && info.enterprise == caller.enterprise;
}

// What an entry in the audit log is about, however long the text is that was sent.
std::string TargetOf(const std::string& prefix) {
  return FoldIdentifier(std::string_view(prefix).substr(0, kPrefixBytesMax));
}

// Credit codes are kept in upper case. One that is none stays as it is, and is not found.
std::string CreditCodeOf(const std::string& text) {
  auto code = CheckCreditCode(text);
  return code.ok() ? *std::move(code) : text;
}

}  // namespace

Error PrefixRegistry::Impl::Refuse(const Actor& actor, Action action, const std::string& target,
                                   Error error) const {
  audit_.Refused(actor, ActionName(action), target, error.code);
  return error;
}

PrefixInfo PrefixRegistry::Impl::Shown(const PrefixEntry& entry) const {
  PrefixInfo info = entry.info;
  std::shared_lock lock(mutex_);
  if (const auto usage = usage_.find(info.prefix); usage != usage_.end()) {
    info.identifiers = usage->second->identifiers();
  }
  return info;
}

void PrefixRegistry::Impl::Learn(const std::string& folded_prefix, Deadline deadline) {
  auto row = engine_.Get(0, PrefixKey(folded_prefix), deadline);
  if (!row.ok()) return;
  const PrefixEntryRef known = Find(folded_prefix);
  if (known != nullptr && known->row == *row && !known->leaving) return;
  const auto info = DecodePrefixRow(folded_prefix, *row);
  if (info.ok()) Publish(*info, *std::move(row));
}

// Whether the enterprise may have the prefix: it is there, and the secondary prefix serves its
// industry.
Result<void> PrefixRegistry::Impl::CheckEnterprise(const std::string& enterprise,
                                                   std::string_view folded_prefix) const {
  const auto found = enterprises_.Find(enterprise);
  if (found == nullptr) {
    return Error(Errc::kNotFound,
                 "there is no enterprise " + TargetOf(enterprise) + " on this node", "enterprise");
  }
  for (const std::string& own : options_.secondary_prefixes) {
    if (!IsUnder(folded_prefix, own)) continue;
    IDNODE_RETURN_IF_ERROR(options_.industries.Check(FoldIdentifier(own), found->industry));
  }
  return {};
}

Result<PrefixInfo> PrefixRegistry::Impl::Change(const Actor& actor, Action action,
                                                const std::string& prefix, Deadline deadline,
                                                const ChangeFn& change) {
  const auto refuse = [&](Error error) {
    return Refuse(actor, action, TargetOf(prefix), std::move(error));
  };
  if (const auto checked = CheckPrefix(prefix); !checked.ok()) {
    return refuse(Error(Errc::kInvalidIdentifier, checked.error().detail, "prefix"));
  }
  const std::string folded = FoldIdentifier(prefix);
  if (!IsResponsible(folded)) {
    return refuse(Error(Errc::kNotResponsible,
                        "the prefix is not under one of this node's secondary prefixes", "prefix"));
  }
  return TryChange(actor, action, folded, deadline, change);
}

Result<PrefixInfo> PrefixRegistry::Impl::TryChange(const Actor& actor, Action action,
                                                   const std::string& folded, Deadline deadline,
                                                   const ChangeFn& change) {
  for (int tries = 1;; ++tries) {
    // Perhaps an act whose outcome was not known then has been done, or another node was here: from
    // now on it counts.
    Learn(folded, deadline);
    const PrefixEntryRef before = Find(folded);
    auto after = change(before == nullptr ? nullptr : &before->info);
    if (!after.ok()) return Refuse(actor, action, folded, after.error());
    after->prefix = folded;
    RowChange row;
    row.key = PrefixKey(folded);
    row.value = EncodePrefixRow(*after);
    row.expected = before == nullptr ? std::string() : before->row;
    const Act act{action, folded, before == nullptr ? std::string() : PrefixJson(before->info),
                  PrefixJson(*after)};
    const auto done = audit_.Do(actor, act, {&row, 1}, deadline);
    if (done.ok()) {
      Publish(*after, *std::move(row.value));
      return Shown(*Find(folded));
    }
    Learn(folded, deadline);  // this one's outcome may not be known either
    const bool moved = done.code() == Errc::kAlreadyExists || done.code() == Errc::kConflict;
    if (!moved || tries == kTriesMax) return done.error();
  }
}

Result<PrefixInfo> PrefixRegistry::Impl::Admit(const Actor& actor, const std::string& prefix,
                                               const std::string& enterprise, Deadline deadline) {
  IDNODE_RETURN_IF_ERROR(audit_.Permit(actor, Action::kPrefixAdmit, false, TargetOf(prefix)));
  std::lock_guard acts(acts_);
  return Change(
      actor, Action::kPrefixAdmit, prefix, deadline,
      [&](const PrefixInfo* before) -> Result<PrefixInfo> {
        if (before != nullptr) return Taken(*before);
        PrefixInfo info;
        info.enterprise = CreditCodeOf(enterprise);
        if (!enterprise.empty()) {
          IDNODE_RETURN_IF_ERROR(CheckEnterprise(info.enterprise, FoldIdentifier(prefix)));
        }
        AddToHistory(info, PrefixState::kActive, actor, {}, clock_.WallMs());
        return info;
      });
}

// A prefix that was rejected may be asked for again: by whom it was rejected to, or, where the
// operator asks, for another.
Result<PrefixInfo> PrefixRegistry::Impl::Apply(const Actor& actor, const std::string& prefix,
                                               std::string enterprise, Deadline deadline) {
  const Caller& caller = actor.who();
  enterprise = enterprise.empty() ? caller.enterprise : CreditCodeOf(enterprise);
  const bool own = !caller.enterprise.empty() && enterprise == caller.enterprise;
  IDNODE_RETURN_IF_ERROR(audit_.Permit(actor, Action::kPrefixApply, own, TargetOf(prefix)));
  std::lock_guard acts(acts_);
  return Change(actor, Action::kPrefixApply, prefix, deadline,
                [&](const PrefixInfo* before) -> Result<PrefixInfo> {
                  PrefixInfo info;
                  if (before != nullptr) {
                    const bool again =
                        before->state == PrefixState::kRejected &&
                        (before->enterprise == enterprise || caller.role == Role::kOperator);
                    if (!again) return Taken(*before);
                    if (before->enterprise == enterprise) {
                      info = *before;
                    } else if (before->admitted_ms != 0) {
                      return WasAdmitted(*before);
                    } else {
                      info.history = before->history;  // and nothing that the one before set
                    }
                  }
                  info.enterprise = enterprise;
                  IDNODE_RETURN_IF_ERROR(CheckEnterprise(info.enterprise, FoldIdentifier(prefix)));
                  AddToHistory(info, PrefixState::kAwaitingAudit, actor, {}, clock_.WallMs());
                  return info;
                });
}

Result<PrefixInfo> PrefixRegistry::Impl::SetState(const Actor& actor, const std::string& prefix,
                                                  PrefixState state, const std::string& reason,
                                                  Deadline deadline) {
  IDNODE_RETURN_IF_ERROR(audit_.Permit(actor, Action::kPrefixSetState, false, TargetOf(prefix)));
  std::lock_guard acts(acts_);
  return Change(actor, Action::kPrefixSetState, prefix, deadline,
                [&](const PrefixInfo* before) -> Result<PrefixInfo> {
                  if (before == nullptr) return NoSuchPrefix(TargetOf(prefix));
                  if (state < PrefixState::kStopped || state > PrefixState::kInAudit) {
                    return Error(Errc::kInvalidRequest, "that is no state of a prefix", "state");
                  }
                  IDNODE_RETURN_IF_ERROR(CheckReason(reason));
                  if (state == PrefixState::kRejected && reason.empty()) {
                    return Error(Errc::kInvalidRequest, "a rejection needs a reason", "reason");
                  }
                  if (!IsWay(before->state, state)) return NoWay(*before, state);
                  PrefixInfo info = *before;
                  AddToHistory(info, state, actor, reason, clock_.WallMs());
                  return info;
                });
}

bool PrefixRegistry::Impl::Close(const std::string& folded_prefix) {
  PrefixUsage& usage = UsageOf(folded_prefix);
  std::unique_lock lock(mutex_);
  if (usage.used() != 0) return false;
  auto& entry = entries_[folded_prefix];
  auto leaving = std::make_shared<PrefixEntry>(*entry);
  leaving->leaving = true;
  entry = std::move(leaving);
  return true;
}

Result<PrefixInfo> PrefixRegistry::Impl::SetRoute(const Actor& actor, const std::string& prefix,
                                                  Hosting hosting, const PrefixRoute& route,
                                                  Deadline deadline) {
  const std::string folded = TargetOf(prefix);
  const PrefixEntryRef present = Find(folded);
  const bool own = present != nullptr && IsOf(present->info, actor.who());
  IDNODE_RETURN_IF_ERROR(audit_.Permit(actor, Action::kPrefixSetRoute, own, folded));
  std::lock_guard acts(acts_);
  auto changed =
      Change(actor, Action::kPrefixSetRoute, prefix, deadline,
             [&](const PrefixInfo* before) -> Result<PrefixInfo> {
               if (before == nullptr) return NoSuchPrefix(folded);
               auto checked = CheckRoute(hosting, route);
               if (!checked.ok()) return checked.error();
               if (hosting == Hosting::kSelfHosted && !Close(folded)) {
                 return Error(Errc::kPreconditionFailed,
                              "prefix " + folded + " has " +
                                  std::to_string(UsageOf(folded).identifiers()) +
                                  " identifiers here, and some may be under way; delete them first",
                              "hosting");
               }
               PrefixInfo info = *before;
               info.hosting = hosting;
               info.route = *std::move(checked);
               return info;
             });
  if (!changed.ok()) {
    // Nothing came of it: what Close shut is open again.
    std::unique_lock lock(mutex_);
    if (const auto found = entries_.find(folded);
        found != entries_.end() && found->second->leaving) {
      auto open = std::make_shared<PrefixEntry>(*found->second);
      open->leaving = false;
      found->second = std::move(open);
    }
  }
  return changed;
}

Result<PrefixInfo> PrefixRegistry::Impl::SetQuota(const Actor& actor, const std::string& prefix,
                                                  const PrefixQuota& quota, Deadline deadline) {
  IDNODE_RETURN_IF_ERROR(audit_.Permit(actor, Action::kPrefixSetQuota, false, TargetOf(prefix)));
  std::lock_guard acts(acts_);
  return Change(actor, Action::kPrefixSetQuota, prefix, deadline,
                [&](const PrefixInfo* before) -> Result<PrefixInfo> {
                  if (before == nullptr) return NoSuchPrefix(TargetOf(prefix));
                  IDNODE_RETURN_IF_ERROR(CheckQuota(quota));
                  PrefixInfo info = *before;
                  info.quota = quota;
                  return info;
                });
}

Result<PrefixInfo> PrefixRegistry::Impl::Get(const Actor& actor, const std::string& prefix) const {
  const std::string folded = TargetOf(prefix);
  const PrefixEntryRef entry = Find(folded);
  const bool own =
      entry != nullptr && (IsOf(entry->info, actor.who()) || Owns(actor.who(), folded));
  IDNODE_RETURN_IF_ERROR(audit_.Permit(actor, Action::kPrefixRead, own, folded));
  if (entry == nullptr || prefix.size() > kPrefixBytesMax) return NoSuchPrefix(folded);
  return Shown(*entry);
}

Result<PrefixPage> PrefixRegistry::Impl::List(const Actor& actor, const PrefixQuery& query) const {
  const Caller& caller = actor.who();
  const bool any = Permit(caller, Action::kPrefixRead, false).ok();
  if (!any) IDNODE_RETURN_IF_ERROR(audit_.Permit(actor, Action::kPrefixRead, true, ""));
  const std::string enterprise = query.enterprise.empty() ? "" : CreditCodeOf(query.enterprise);
  const std::string scope =
      "prefixes\n" + enterprise + "\n" + std::to_string(static_cast<int>(query.state));
  std::string after;
  if (!query.page_token.empty()) {
    auto position = ReadPageToken(scope, query.page_token);
    if (!position.ok()) return position.error();
    after = *std::move(position);
  }
  const std::size_t rows_max =
      query.page_size == 0 ? kPageMax : std::min(query.page_size, kPageMax);
  PrefixPage page;
  std::shared_lock lock(mutex_);
  for (auto at = order_.upper_bound(after); at != order_.end(); ++at) {
    const PrefixInfo& info = entries_.find(*at)->second->info;
    if (!enterprise.empty() && info.enterprise != enterprise) continue;
    if (query.state != PrefixState{} && info.state != query.state) continue;
    if (!any && !IsOf(info, caller) && !caller.MayWrite(info.prefix)) continue;
    if (page.prefixes.size() == rows_max) {
      page.next_page_token = MakePageToken(scope, page.prefixes.back().prefix);
      break;
    }
    page.prefixes.push_back(info);
    if (const auto usage = usage_.find(info.prefix); usage != usage_.end()) {
      page.prefixes.back().identifiers = usage->second->identifiers();
    }
  }
  return page;
}

}  // namespace idnode::service
