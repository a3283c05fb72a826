#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/result.h"
#include "node/ledger/note_key.h"

namespace idnode::ledger {

/// Longest note in bytes where the caller says nothing else.
inline constexpr std::size_t kNoteBytesMax = 1 << 20;
/// Most signatures of a note, as in Go's sumdb/note.
inline constexpr std::size_t kNoteSignaturesMax = 100;
/// Longest signature in bytes, key id excluded; post-quantum ones of witnesses pass through.
inline constexpr std::size_t kSignatureBytesMax = 8192;

/// One signature line: "— name base64(key id || bytes)".
struct NoteSignature {
  std::string name;
  std::uint32_t key_id = 0;
  std::string bytes;
  friend bool operator==(const NoteSignature&, const NoteSignature&) = default;
};

/// Text and signatures, none of them verified yet (C2SP signed-note).
struct Note {
  std::string text;  ///< ends in a newline; may hold empty lines
  std::vector<NoteSignature> signatures;
  friend bool operator==(const Note&, const Note&) = default;
};

/// Success if `text` may be a note's text: ends in a newline, UTF-8, no control characters but
/// newlines. Errors: kInvalidRequest.
Result<void> CheckNoteText(std::string_view text);

/// Splits a note at its last empty line. Errors: kInvalidRequest (too long, not UTF-8, a control
/// character, no empty line, no signature, a bad signature line, too many signatures).
Result<Note> ParseNote(std::string_view bytes, std::size_t bytes_max = kNoteBytesMax);
/// The note's bytes; ParseNote reads them back.
std::string FormatNote(const Note& note);
/// One signature line with its line end.
std::string FormatSignatureLine(const NoteSignature& signature);
/// Reads one signature line, with its line end or without. Errors: kInvalidRequest.
Result<NoteSignature> ParseSignatureLine(std::string_view line);

/// Signs `text` with each of `signers` in turn. Errors: as CheckNoteText, Signer::Sign.
Result<Note> SignText(std::string_view text, std::span<const Signer> signers);
/// A witness's signature line for a note's text, at `unix_seconds`. Errors: as Signer::Cosign.
Result<NoteSignature> CosignText(std::string_view text, const Signer& signer,
                                 std::int64_t unix_seconds);

/// A signature that verified.
struct VerifiedSignature {
  std::size_t verifier = 0;                 ///< position in the list of verifiers
  std::size_t signature = 0;                ///< position in the note's list of signatures
  std::optional<std::int64_t> cosigned_at;  ///< Unix seconds; of cosignatures only
};

/// A note that at least one of the verifiers signed.
struct OpenedNote {
  Note note;
  std::vector<VerifiedSignature> verified;
};

/// Verifies the note as Go's sumdb/note does: signatures of keys that are not in `verifiers` (both
/// name and key id) are passed over; the first of a known key must be right, its repetitions are
/// passed over; at least one must be there. Errors: kCorruption (a known key's signature is
/// wrong); kUnauthenticated (no known key signed); kInvalidRequest (two verifiers of one name and
/// key id).
Result<OpenedNote> OpenNote(Note note, std::span<const Verifier> verifiers);
/// ParseNote, then the above.
Result<OpenedNote> OpenNote(std::string_view bytes, std::span<const Verifier> verifiers,
                            std::size_t bytes_max = kNoteBytesMax);

}  // namespace idnode::ledger
