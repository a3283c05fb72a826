#include "node/frontend/grpc/batch_message.h"

#include <algorithm>

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

namespace idnode::frontend::rpc {

std::size_t CountItems(const grpc::ByteBuffer& bytes) {
  using google::protobuf::internal::WireFormatLite;
  constexpr std::uint32_t kItemsTag =
      WireFormatLite::MakeTag(2, WireFormatLite::WIRETYPE_LENGTH_DELIMITED);
  grpc::ByteBuffer view(bytes);  // shares the slices: reading consumes the view alone
  grpc::ProtoBufferReader reader(&view);
  if (!reader.status().ok()) return 0;
  google::protobuf::io::CodedInputStream input(&reader);
  std::size_t items = 0;
  while (const std::uint32_t tag = input.ReadTag()) {
    if (tag == kItemsTag) ++items;
    if (!WireFormatLite::SkipField(&input, tag)) break;  // the parser will say what is wrong
  }
  return items;
}

Result<void> AdmitBatch(const service::RegistrationService& registration,
                        const service::CallerRef& caller, const grpc::ByteBuffer& bytes) {
  const std::size_t items = CountItems(bytes);
  // A batch of one stands for any that is not too large: it costs no room.
  const std::size_t asked =
      items > registration.limits().batch_items_max ? items : std::min<std::size_t>(items, 1);
  auto admitted = registration.NewBatch(caller, {}, asked, bytes.Length());
  if (!admitted.ok()) return admitted.error();
  return {};
}

}  // namespace idnode::frontend::rpc
