#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include <grpcpp/grpcpp.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/proto_buffer_reader.h>

#include "node/base/result.h"
#include "node/frontend/convert/proto_convert.h"
#include "node/frontend/grpc/message_pool.h"
#include "node/service/services.h"

namespace idnode::frontend::rpc {

/// Asks whether a batch request of these bytes may be taken at all, before it is parsed: a few
/// bytes on the wire can become many in memory, so only whom and what the service admits gets
/// that far. Errors: those of NewBatch.
Result<void> AdmitBatch(const service::RegistrationService& registration,
                        const service::CallerRef& caller, const grpc::ByteBuffer& bytes);

/// Number of items (field 2 of every batch request) in the encoded request.
std::size_t CountItems(const grpc::ByteBuffer& bytes);

/// Admits and parses a batch request and makes its batch. `bytes` is emptied. `source`: SourceOf.
/// Errors: those of NewBatch; kInvalidRequest where the bytes are no such message.
template <typename Request>
Result<std::unique_ptr<service::Batch>> ParseBatch(const service::RegistrationService& registration,
                                                   const service::CallerRef& caller,
                                                   grpc::ByteBuffer& bytes, Request& request,
                                                   std::string_view source = {}) {
  if (auto admitted = AdmitBatch(registration, caller, bytes); !admitted.ok()) {
    bytes.Clear();
    return admitted.error();
  }
  const std::size_t request_bytes = bytes.Length();
  const auto parsed = grpc::SerializationTraits<Request>::Deserialize(&bytes, &request);
  bytes.Clear();
  if (!parsed.ok()) {
    return Error(Errc::kInvalidRequest,
                 "the message is not a " + request.GetTypeName() + "; text must be UTF-8");
  }
  return ToBatch(request, request_bytes, caller, registration, source);
}

/// Parses one message of at most `bytes_max` bytes. Errors: kPayloadTooLarge; kInvalidRequest where
/// the bytes are no such message.
template <typename Request>
Result<void> ParseMessage(const grpc::ByteBuffer& bytes, std::size_t bytes_max, Request& request) {
  if (bytes.Length() > bytes_max) {
    return Error(Errc::kPayloadTooLarge,
                 "the message may have " + std::to_string(bytes_max) + " bytes");
  }
  grpc::ByteBuffer view(bytes);  // shares the slices: reading consumes the view alone
  if (grpc::SerializationTraits<Request>::Deserialize(&view, &request).ok()) return {};
  return Error(Errc::kInvalidRequest,
               "the message is not a " + request.GetTypeName() + "; text must be UTF-8");
}

/// Encodes `message`. Errors: kInternal.
template <typename Message>
Result<void> Encode(const Message& message, grpc::ByteBuffer& out) {
  bool own_buffer = false;
  const auto encoded = grpc::SerializationTraits<Message>::Serialize(message, &out, &own_buffer);
  if (!encoded.ok()) return Error(Errc::kInternal, encoded.error_message());
  return {};
}

}  // namespace idnode::frontend::rpc
