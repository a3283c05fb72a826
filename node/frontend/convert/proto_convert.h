#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "idnode/v1/common.pb.h"
#include "idnode/v1/operation.pb.h"
#include "idnode/v1/registration.pb.h"
#include "idnode/v1/resolution.pb.h"
#include "idnode/v1/volume.pb.h"
#include "node/base/result.h"
#include "node/service/disclosure.h"
#include "node/service/services.h"

namespace idnode::frontend {

/// Request to batch: each item is validated as it is added. Errors: those of NewBatch.
/// `request_bytes` is the size of the request as received; `source` whence it came, as
/// SourceAddress writes it, which registrations are counted by.
Result<std::unique_ptr<service::Batch>> ToBatch(const v1::BatchRegisterRequest& request,
                                                std::size_t request_bytes,
                                                const service::CallerRef& caller,
                                                const service::RegistrationService& registration,
                                                std::string_view source = {});
Result<std::unique_ptr<service::Batch>> ToBatch(const v1::UpdateRequest& request,
                                                std::size_t request_bytes,
                                                const service::CallerRef& caller,
                                                const service::RegistrationService& registration,
                                                std::string_view source = {});
Result<std::unique_ptr<service::Batch>> ToBatch(const v1::DeleteRequest& request,
                                                std::size_t request_bytes,
                                                const service::CallerRef& caller,
                                                const service::RegistrationService& registration,
                                                std::string_view source = {});
Result<std::unique_ptr<service::Batch>> ToBatch(const v1::SetStateRequest& request,
                                                std::size_t request_bytes,
                                                const service::CallerRef& caller,
                                                const service::RegistrationService& registration,
                                                std::string_view source = {});

/// Fills one result of a response. `identifier` is echoed as the request wrote it.
void FillItemResult(const service::ItemResult& result, std::string_view identifier,
                    v1::ItemResult& out);

/// Fills `results` and `request_id` of a response from the request it answers.
template <typename Request, typename Response>
void FillResponse(const service::BatchResult& batch, const Request& request, Response& response) {
  response.set_request_id(request.request_id());
  response.mutable_results()->Reserve(static_cast<int>(batch.results.size()));
  for (std::size_t i = 0; i < batch.results.size(); ++i) {
    FillItemResult(batch.results[i], request.items(static_cast<int>(i)).identifier(),
                   *response.add_results());
  }
}

/// STATE_UNSPECIFIED for a deleted record: only histories have it, where the change says it.
v1::State ToProto(State state);

/// `identifier` as displayed; `record` decoded. What `disclosure` does not show is absent, and so
/// is the content digest then: it is of everything, and a short value could be guessed from it.
/// nullptr: everything.
void FillRecord(std::string_view identifier, const RecordView& record, v1::Record& out,
                const service::Disclosure* disclosure = nullptr);

/// Appends what may be seen of a record's attributes, as canonical JSON; nothing where that is
/// none of them. True where some are withheld; damaged ones are withheld too.
bool AppendSeenAttributes(std::string_view json, const service::Disclosure* disclosure,
                          std::string& out);

/// Decodes the rows of a page, each as `viewer` sees it. Errors: kCorruption.
Result<void> FillList(const service::RecordPage& page, v1::ListIdentifiersResponse& out,
                      const service::Viewer& viewer = {});
/// Everything: histories are for those who see everything.
Result<void> FillHistory(const service::RecordPage& page, v1::GetHistoryResponse& out);
void FillBatchResolve(const v1::BatchResolveRequest& request,
                      const std::vector<Result<service::ResolvedRecord>>& results,
                      v1::BatchResolveResponse& out, const service::Viewer& viewer = {});

void FillVolume(const service::VolumeReport& report, v1::Volume& out);
void FillRecount(const service::RecountReport& report, v1::RecountReport& out);
void FillStatus(const service::Services& services, v1::Status& out);

/// RFC 8785 (JCS) style text of a Struct: keys sorted bytewise, no white space, numbers in the
/// shortest form that reads back the same. An empty Struct gives an empty string.
/// Errors: kInvalidValue (field "attributes") for NaN, infinity or nesting deeper than 32.
Result<std::string> CanonicalJson(const google::protobuf::Struct& attributes);
/// The reverse, for stored attributes. Errors: kCorruption.
Result<void> ParseAttributes(std::string_view json, google::protobuf::Struct& out);

}  // namespace idnode::frontend
