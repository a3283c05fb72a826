#pragma once

#include <string>
#include <string_view>

#include "node/model/record.h"
#include "node/service/disclosure.h"

namespace idnode::frontend {

/// Appends the wire bytes of idnode.v1.ResolveResponse: what protobuf writes of a message that
/// FillRecord filled, byte for byte but for the order of attributes, at a third of the cost, since
/// nothing is built in between. For the hot path of resolution; a test holds the two equal.
/// `disclosure` as in FillRecord.
void AppendResolveResponse(std::string_view identifier, const RecordView& record,
                           const service::Disclosure* disclosure, std::string& out);

}  // namespace idnode::frontend
