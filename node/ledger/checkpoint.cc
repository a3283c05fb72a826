#include "node/ledger/checkpoint.h"

#include <algorithm>
#include <charconv>

#include "node/base/check.h"
#include "node/base/text.h"

namespace idnode::ledger {
namespace {

Error Bad(std::string_view what) {
  return Error(Errc::kInvalidRequest, "not a checkpoint: " + std::string(what));
}

bool IsLine(std::string_view text) {
  return !text.empty() && text.find('\n') == std::string_view::npos;
}

/// Takes a line off the front, without its end; false if there is no line end.
bool TakeLine(std::string_view& text, std::string_view& line) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return false;
  line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return true;
}

}  // namespace

std::string HashText(const Hash& hash) {
  return Base64({reinterpret_cast<const char*>(hash.data()), hash.size()});
}

Result<Hash> ParseHashText(std::string_view text) {
  Hash hash;
  const auto bytes = text.size() == 44 ? DecodeBase64(text)
                                       : Result<std::string>(Error(Errc::kInvalidRequest, ""));
  if (!bytes.ok() || bytes->size() != hash.size()) {
    return Error(Errc::kInvalidRequest, "not 32 bytes in base64");
  }
  std::copy(bytes->begin(), bytes->end(), hash.begin());
  if (HashText(hash) != text) {
    return Error(Errc::kInvalidRequest, "not the canonical form of base64");
  }
  return hash;
}

std::string FormatCheckpoint(const Checkpoint& checkpoint) {
  IDNODE_CHECK(IsLine(checkpoint.origin));
  std::string text = checkpoint.origin + '\n' + std::to_string(checkpoint.tree.size) + '\n' +
                     HashText(checkpoint.tree.root) + '\n';
  for (const std::string& extension : checkpoint.extensions) {
    IDNODE_CHECK(IsLine(extension));
    text += extension + '\n';
  }
  return text;
}

Result<Checkpoint> ParseCheckpoint(std::string_view text) {
  if (text.size() > kCheckpointTextBytesMax) {
    return Bad("longer than " + std::to_string(kCheckpointTextBytesMax) + " bytes");
  }
  Checkpoint checkpoint;
  std::string_view line;
  if (!TakeLine(text, line) || line.empty()) return Bad("the origin is missing");
  checkpoint.origin = std::string(line);
  if (!TakeLine(text, line)) return Bad("the tree size is missing");
  std::uint64_t& size = checkpoint.tree.size;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), size);
  if (error != std::errc() || end != line.data() + line.size() ||
      (line.size() > 1 && line[0] == '0') || size > kTreeSizeMax) {
    return Bad("the tree size is not a decimal number");
  }
  if (!TakeLine(text, line)) return Bad("the root is missing");
  const auto root = ParseHashText(line);
  if (!root.ok()) return Bad("the root is " + root.error().detail);
  checkpoint.tree.root = *root;
  if (size == 0 && *root != EmptyRoot()) return Bad("an empty tree with a root of something");
  while (!text.empty()) {
    if (!TakeLine(text, line) || line.empty()) return Bad("an extension line is empty or open");
    if (checkpoint.extensions.size() == kCheckpointExtensionsMax) {
      return Bad("too many extension lines");
    }
    checkpoint.extensions.emplace_back(line);
  }
  return checkpoint;
}

Result<OpenedCheckpoint> OpenCheckpoint(std::string_view bytes, std::span<const Verifier> verifiers,
                                        std::string_view origin) {
  auto opened = OpenNote(bytes, verifiers);
  if (!opened.ok()) return opened.error();
  auto checkpoint = ParseCheckpoint(opened->note.text);
  if (!checkpoint.ok()) return checkpoint.error();
  if (!origin.empty() && checkpoint->origin != origin) {
    return Error(Errc::kCorruption, "the checkpoint is of \"" + checkpoint->origin +
                                        "\", not of \"" + std::string(origin) + "\"");
  }
  return OpenedCheckpoint{*std::move(checkpoint), *std::move(opened)};
}

}  // namespace idnode::ledger
