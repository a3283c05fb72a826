#include "node/cli/ledger/add_checkpoint.h"

#include <charconv>
#include <optional>

#include "node/ledger/checkpoint.h"

namespace idnode::cli {
namespace {

constexpr std::string_view kOld = "old ";

Error Malformed(std::string_view what) { return Error(Errc::kInvalidRequest, std::string(what)); }

/// The next line without its line end; none where there is no line end.
std::optional<std::string_view> TakeLine(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return line;
}

}  // namespace

Result<AddCheckpointRequest> ParseAddCheckpoint(std::string_view body) {
  if (body.size() > kAddCheckpointBytesMax) {
    return Error(Errc::kPayloadTooLarge,
                 "the request is longer than " + std::to_string(kAddCheckpointBytesMax) + " bytes");
  }
  AddCheckpointRequest request;
  auto line = TakeLine(body);
  if (!line || line->substr(0, kOld.size()) != kOld) {
    return Malformed("the first line is not \"old SIZE\"");
  }
  const std::string_view size = line->substr(kOld.size());
  const auto [end, error] =
      std::from_chars(size.data(), size.data() + size.size(), request.old_size);
  if (size.empty() || error != std::errc() || end != size.data() + size.size() ||
      (size.size() > 1 && size[0] == '0') || request.old_size > ledger::kTreeSizeMax) {
    return Malformed("the old size is not a decimal number without leading zeros");
  }
  while (true) {
    line = TakeLine(body);
    if (!line) return Malformed("there is no empty line in front of the checkpoint");
    if (line->empty()) break;
    if (request.proof.size() == kAddCheckpointProofMax) {
      return Malformed("a proof has at most 63 lines");
    }
    const auto hash = ledger::ParseHashText(*line);
    if (!hash.ok()) return Malformed("a proof line is not a hash in base64");
    request.proof.push_back(*hash);
  }
  if (body.empty()) return Malformed("there is no checkpoint");
  request.checkpoint = body;
  return request;
}

std::string FormatAddCheckpoint(const AddCheckpointRequest& request) {
  std::string body = std::string(kOld) + std::to_string(request.old_size) + "\n";
  for (const ledger::Hash& hash : request.proof) body += ledger::HashText(hash) + "\n";
  return body + "\n" + request.checkpoint;
}

}  // namespace idnode::cli
