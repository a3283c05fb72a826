#include "node/ledger/leaf.h"

#include <array>
#include <charconv>
#include <limits>

namespace idnode::ledger {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/// 32 bytes in base64url without padding.
constexpr std::size_t kContentChars = 43;

constexpr std::array<std::int8_t, 256> MakeDigits() {
  std::array<std::int8_t, 256> digits{};
  for (auto& digit : digits) digit = -1;
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    digits[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::int8_t>(i);
  }
  return digits;
}
constexpr std::array<std::int8_t, 256> kDigits = MakeDigits();

Error Invalid(std::string_view field, std::string_view what) {
  return Error(Errc::kInvalidValue, "the leaf's " + std::string(field) + " " + std::string(what),
               std::string(field));
}

// Written out, since a leaf is made for every registration and read for every audited one.
void AppendContent(const Digest& digest, std::string& out) {
  char text[kContentChars];
  std::size_t at = 0;
  for (std::size_t i = 0; i < 30; i += 3) {
    const auto group = static_cast<std::uint32_t>(digest[i]) << 16 |
                       static_cast<std::uint32_t>(digest[i + 1]) << 8 | digest[i + 2];
    text[at++] = kAlphabet[group >> 18];
    text[at++] = kAlphabet[group >> 12 & 63];
    text[at++] = kAlphabet[group >> 6 & 63];
    text[at++] = kAlphabet[group & 63];
  }
  const auto group =
      static_cast<std::uint32_t>(digest[30]) << 16 | static_cast<std::uint32_t>(digest[31]) << 8;
  text[at++] = kAlphabet[group >> 18];
  text[at++] = kAlphabet[group >> 12 & 63];
  text[at++] = kAlphabet[group >> 6 & 63];
  out.append(text, at);
}

std::optional<Digest> ParseContent(std::string_view text) {
  if (text.size() != kContentChars) return std::nullopt;
  Digest digest;
  std::uint32_t group = 0;
  unsigned bits = 0;
  std::size_t at = 0;
  for (char c : text) {
    const int digit = kDigits[static_cast<unsigned char>(c)];
    if (digit < 0) return std::nullopt;
    group = group << 6 | static_cast<std::uint32_t>(digit);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      digest[at++] = static_cast<std::uint8_t>(group >> bits);
    }
  }
  if ((group & 3) != 0) return std::nullopt;  // the two bits left over: else two texts, one digest
  return digest;
}

Result<void> CheckField(std::string_view name, std::string_view text, std::size_t bytes_max) {
  if (text.size() > bytes_max) {
    return Invalid(name, "is longer than " + std::to_string(bytes_max) + " bytes");
  }
  bool control = false;
  bool ascii = true;
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    control |= byte < 0x20 || byte == 0x7f;
    ascii &= byte < 0x80;
  }
  if (control) return Invalid(name, "holds a control character");
  if (!ascii && !IsUtf8(text)) return Invalid(name, "is not UTF-8");
  return {};
}

Result<void> CheckFields(const Leaf& leaf) {
  if (leaf.identifier.empty()) return Invalid("identifier", "is empty");
  IDNODE_RETURN_IF_ERROR(CheckField("identifier", leaf.identifier, kLeafIdentifierBytesMax));
  IDNODE_RETURN_IF_ERROR(CheckField("template", leaf.template_ref, kLeafFieldBytesMax));
  IDNODE_RETURN_IF_ERROR(CheckField("application", leaf.application, kLeafFieldBytesMax));
  return CheckField("class", leaf.record_class, kLeafFieldBytesMax);
}

}  // namespace

Result<void> AppendLeaf(const Leaf& leaf, std::string& out) {
  if (leaf.commit_ms < 0) return Invalid("commit_ms", "is before 1970");
  IDNODE_RETURN_IF_ERROR(CheckFields(leaf));
  out.append("1\t");
  out.append(leaf.identifier);
  out += '\t';
  char number[20];
  const auto end = std::to_chars(number, number + sizeof number, leaf.commit_ms);
  out.append(number, static_cast<std::size_t>(end.ptr - number));
  out += '\t';
  if (leaf.content) AppendContent(*leaf.content, out);
  out += '\t';
  out.append(leaf.template_ref);
  out += '\t';
  out.append(leaf.application);
  out += '\t';
  out.append(leaf.record_class);
  return {};
}

Result<Leaf> ParseLeaf(std::string_view bytes) {
  if (bytes.size() > kLeafBytesMax) {
    return Invalid("leaf", "is longer than " + std::to_string(kLeafBytesMax) + " bytes");
  }
  constexpr std::size_t kFields = 7;
  std::array<std::string_view, kFields> fields;
  std::size_t count = 0;
  for (std::string_view rest = bytes;;) {
    const std::size_t tab = rest.find('\t');
    if (count < kFields) fields[count] = rest.substr(0, tab);
    ++count;
    if (tab == std::string_view::npos || count > kFields) break;
    rest.remove_prefix(tab + 1);
  }
  if (fields[0] != "1") {
    return Error(Errc::kFormatTooNew, "the leaf is not of version 1", "leaf");
  }
  if (count != kFields) return Invalid("leaf", "has not 7 fields");
  Leaf leaf;
  leaf.identifier = fields[1];
  leaf.template_ref = fields[4];
  leaf.application = fields[5];
  leaf.record_class = fields[6];
  IDNODE_RETURN_IF_ERROR(CheckFields(leaf));
  const std::string_view time = fields[2];
  const auto [end, error] = std::from_chars(time.data(), time.data() + time.size(), leaf.commit_ms);
  if (error != std::errc() || end != time.data() + time.size() || leaf.commit_ms < 0 ||
      time[0] == '-' || (time[0] == '0' && time.size() > 1)) {
    return Invalid("commit_ms", "is not a time in decimal milliseconds");
  }
  if (!fields[3].empty()) {
    leaf.content = ParseContent(fields[3]);
    if (!leaf.content) return Invalid("content", "is not a SHA-256 in base64url");
  }
  return leaf;
}

}  // namespace idnode::ledger
