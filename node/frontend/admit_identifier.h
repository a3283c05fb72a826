#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/result.h"
#include "node/base/text.h"
#include "node/service/services.h"

namespace idnode::frontend {

/// Whether the identifier may be resolved: the operator's deny list holds for everybody but
/// auditors and the operator, who must see what it is about. Every face asks before it reads.
/// Errors: kPermissionDenied.
inline Result<void> AdmitIdentifier(const service::Services& services,
                                    const service::Caller& caller, std::string_view identifier) {
  if (caller.role == service::Role::kOperator || caller.role == service::Role::kAuditor) return {};
  thread_local std::string folded;
  folded.clear();
  AppendAsciiFolded(folded, identifier);
  return services.admin.throttle.CheckIdentifier(folded);
}

/// The same for the results of a batch: those of identifiers on the list become errors.
inline void AdmitIdentifiers(const service::Services& services, const service::Caller& caller,
                             std::span<const std::string_view> identifiers,
                             std::vector<Result<service::ResolvedRecord>>& results) {
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (auto admitted = AdmitIdentifier(services, caller, identifiers[i]); !admitted.ok()) {
      results[i] = admitted.error();
    }
  }
}

/// The same for a page of records: those of identifiers on the list are left out.
inline void AdmitIdentifiers(const service::Services& services, const service::Caller& caller,
                             service::RecordPage& page) {
  std::erase_if(page.rows, [&](const service::RecordPage::Row& row) {
    return !AdmitIdentifier(services, caller, row.identifier).ok();
  });
}

}  // namespace idnode::frontend
