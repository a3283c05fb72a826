#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "node/base/result.h"
#include "node/frontend/convert/proto_convert.h"
#include "node/model/record.h"
#include "node/service/access_control.h"
#include "node/service/registration_service.h"
#include "node/service/resolution_service.h"

namespace idnode::frontend::http {

/// Which values of a record go into an answer. What one may not see is absent.
enum class Visibility : std::uint8_t { kPublic, kAll };

/// The owner (an application that may write under the prefix), auditors and the operator see all.
Visibility VisibilityFor(const service::Caller& caller, std::string_view folded_prefix);

/// Appends the record as protobuf's JSON mapping of idnode.v1.Record writes it, by hand: this is
/// the hot path of resolution. Where values are withheld, so is the content digest, from which a
/// short value could be guessed. Allocates nothing but room in `out`.
void AppendRecord(std::string_view identifier, const RecordView& record, Visibility visibility,
                  std::string& out);

/// Likewise for one idnode.v1.ItemResult; `identifier` as the request wrote it.
void AppendItemResult(const service::ItemResult& result, std::string_view identifier,
                      std::string& out);

/// One idnode.v1.ResolveResult.
void AppendResolveResult(const Result<service::ResolvedRecord>& result, std::string_view identifier,
                         const service::Caller& caller, std::string& out);

/// idnode.v1.ListIdentifiersResponse and GetHistoryResponse. Errors: kCorruption.
Result<void> AppendList(const service::RecordPage& page, Visibility visibility, std::string& out);
Result<void> AppendHistory(const service::RecordPage& page, Visibility visibility,
                           std::string& out);

}  // namespace idnode::frontend::http
