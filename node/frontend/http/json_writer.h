#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "node/base/result.h"
#include "node/frontend/convert/proto_convert.h"
#include "node/model/record.h"
#include "node/service/disclosure.h"
#include "node/service/registration_service.h"
#include "node/service/resolution_service.h"

namespace idnode::frontend::http {

/// Appends the record as protobuf's JSON mapping of idnode.v1.Record writes it, by hand: this is
/// the hot path of resolution. What `disclosure` does not show is absent, and then the content
/// digest too, from which a short value could be guessed. nullptr: everything. Allocates nothing
/// but room in `out`.
void AppendRecord(std::string_view identifier, const RecordView& record,
                  const service::Disclosure* disclosure, std::string& out);

/// Likewise for one idnode.v1.ItemResult; `identifier` as the request wrote it.
void AppendItemResult(const service::ItemResult& result, std::string_view identifier,
                      std::string& out);

/// One idnode.v1.ResolveResult, as `viewer` sees it.
void AppendResolveResult(const Result<service::ResolvedRecord>& result, std::string_view identifier,
                         const service::Viewer& viewer, std::string& out);

/// idnode.v1.ListIdentifiersResponse, each record as `viewer` sees it, and GetHistoryResponse,
/// which is for those who see everything. Errors: kCorruption.
Result<void> AppendList(const service::RecordPage& page, const service::Viewer& viewer,
                        std::string& out);
Result<void> AppendHistory(const service::RecordPage& page, std::string& out);

}  // namespace idnode::frontend::http
