#include "node/ledger/signed_note.h"

#include <algorithm>

#include "node/base/text.h"
#include "node/base/varint.h"

namespace idnode::ledger {
namespace {

constexpr std::string_view kSignaturePrefix = "\xe2\x80\x94 ";  // em dash and a space

Error Bad(std::string_view what) {
  return Error(Errc::kInvalidRequest, "not a signed note: " + std::string(what));
}

Result<void> CheckCharacters(std::string_view text) {
  for (char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 && c != '\n') {
      return Bad("it holds a control character");
    }
  }
  if (!IsUtf8(text)) return Bad("it is not UTF-8");
  return {};
}

std::string KeyLabel(std::string_view name, std::uint32_t key_id) {
  std::string id;
  AppendBigEndian(key_id, 4, id);
  return std::string(name) + "+" + Hex(id);
}

std::string_view WithoutLineEnd(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  return line;
}

}  // namespace

Result<void> CheckNoteText(std::string_view text) {
  if (!text.ends_with('\n')) return Bad("its text does not end in a newline");
  return CheckCharacters(text);
}

std::string FormatSignatureLine(const NoteSignature& signature) {
  std::string bytes;
  AppendBigEndian(signature.key_id, 4, bytes);
  bytes += signature.bytes;
  return std::string(kSignaturePrefix) + signature.name + ' ' + Base64(bytes) + '\n';
}

Result<NoteSignature> ParseSignatureLine(std::string_view line) {
  line = WithoutLineEnd(line);
  if (!line.starts_with(kSignaturePrefix)) {
    return Bad("a signature line does not begin with an em dash");
  }
  line.remove_prefix(kSignaturePrefix.size());
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos) return Bad("a signature line has no signature");
  NoteSignature signature;
  signature.name = std::string(line.substr(0, space));
  if (!IsKeyName(signature.name)) return Bad("a signature line has a bad key name");
  const std::string_view text = line.substr(space + 1);
  if (text.size() > (kSignatureBytesMax + 4) / 3 * 4 + 4) return Bad("a signature is too long");
  const auto bytes = DecodeBase64(text);
  if (!bytes.ok() || Base64(*bytes) != text) return Bad("a signature is not base64");
  if (bytes->size() < 5) return Bad("a signature is too short");
  if (bytes->size() > kSignatureBytesMax + 4) return Bad("a signature is too long");
  signature.key_id =
      static_cast<std::uint32_t>(ReadBigEndian(std::string_view(*bytes).substr(0, 4)));
  signature.bytes = bytes->substr(4);
  return signature;
}

Result<Note> ParseNote(std::string_view bytes, std::size_t bytes_max) {
  if (bytes.size() > bytes_max) {
    return Bad("it is longer than " + std::to_string(bytes_max) + " bytes");
  }
  IDNODE_RETURN_IF_ERROR(CheckCharacters(bytes));
  const std::size_t split = bytes.rfind("\n\n");
  if (split == std::string_view::npos) return Bad("no empty line before the signatures");
  Note note;
  note.text = std::string(bytes.substr(0, split + 1));
  std::string_view rest = bytes.substr(split + 2);
  if (rest.empty()) return Bad("it has no signature");
  if (!rest.ends_with('\n')) return Bad("its last line has no end");
  while (!rest.empty()) {
    if (note.signatures.size() == kNoteSignaturesMax) return Bad("it has too many signatures");
    const std::size_t end = rest.find('\n');
    auto signature = ParseSignatureLine(rest.substr(0, end));
    if (!signature.ok()) return signature.error();
    note.signatures.push_back(*std::move(signature));
    rest.remove_prefix(end + 1);
  }
  return note;
}

std::string FormatNote(const Note& note) {
  std::string bytes = note.text + '\n';
  for (const NoteSignature& signature : note.signatures) bytes += FormatSignatureLine(signature);
  return bytes;
}

Result<Note> SignText(std::string_view text, std::span<const Signer> signers) {
  IDNODE_RETURN_IF_ERROR(CheckNoteText(text));
  Note note{std::string(text), {}};
  for (const Signer& signer : signers) {
    auto bytes = signer.Sign(text);
    if (!bytes.ok()) return bytes.error();
    const Verifier& verifier = signer.verifier();
    note.signatures.push_back({verifier.name(), verifier.key_id(), *std::move(bytes)});
  }
  return note;
}

Result<NoteSignature> CosignText(std::string_view text, const Signer& signer,
                                 std::int64_t unix_seconds) {
  IDNODE_RETURN_IF_ERROR(CheckNoteText(text));
  auto bytes = signer.Cosign(text, unix_seconds);
  if (!bytes.ok()) return bytes.error();
  return NoteSignature{signer.verifier().name(), signer.verifier().key_id(), *std::move(bytes)};
}

Result<OpenedNote> OpenNote(Note note, std::span<const Verifier> verifiers) {
  for (std::size_t i = 0; i < verifiers.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (verifiers[i].key_id() == verifiers[j].key_id() &&
          verifiers[i].name() == verifiers[j].name()) {
        return Error(
            Errc::kInvalidRequest,
            "two verifier keys are both " + KeyLabel(verifiers[i].name(), verifiers[i].key_id()));
      }
    }
  }
  OpenedNote opened;
  for (std::size_t s = 0; s < note.signatures.size(); ++s) {
    const NoteSignature& signature = note.signatures[s];
    const auto verifier = std::find_if(verifiers.begin(), verifiers.end(), [&](const Verifier& v) {
      return v.key_id() == signature.key_id && v.name() == signature.name;
    });
    if (verifier == verifiers.end()) continue;
    const auto position = static_cast<std::size_t>(verifier - verifiers.begin());
    const bool repeated =
        std::any_of(opened.verified.begin(), opened.verified.end(),
                    [&](const VerifiedSignature& v) { return v.verifier == position; });
    if (repeated) continue;
    if (!verifier->Verify(note.text, signature.bytes)) {
      return Error(Errc::kCorruption, "the signature of " +
                                          KeyLabel(signature.name, signature.key_id) +
                                          " is wrong: the text was changed, or another key signed");
    }
    VerifiedSignature verified{position, s, std::nullopt};
    if (verifier->type() == SignatureType::kCosignatureV1) {
      const auto time = CosignatureTime(signature.bytes);
      if (!time.ok()) return time.error();
      verified.cosigned_at = *time;
    }
    opened.verified.push_back(verified);
  }
  if (opened.verified.empty()) {
    std::string signers;
    for (const NoteSignature& signature : note.signatures) {
      signers += (signers.empty() ? "" : ", ") + KeyLabel(signature.name, signature.key_id);
      if (signers.size() > 500) break;
    }
    return Error(Errc::kUnauthenticated, "none of the keys given signed the note; signed by " +
                                             (signers.empty() ? "nobody" : signers));
  }
  opened.note = std::move(note);
  return opened;
}

Result<OpenedNote> OpenNote(std::string_view bytes, std::span<const Verifier> verifiers,
                            std::size_t bytes_max) {
  auto note = ParseNote(bytes, bytes_max);
  if (!note.ok()) return note.error();
  return OpenNote(*std::move(note), verifiers);
}

}  // namespace idnode::ledger
