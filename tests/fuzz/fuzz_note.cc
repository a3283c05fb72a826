// Signed notes, verifier keys, cosignatures and checkpoints: what parses is written back alike.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "node/base/check.h"
#include "node/ledger/checkpoint.h"
#include "node/ledger/signed_note.h"

using namespace idnode;
using namespace idnode::ledger;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  static const Verifier kPeter =
      Verifier::Parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW").value();
  if (const auto note = ParseNote(bytes); note.ok()) {
    IDNODE_CHECK(FormatNote(*note) == bytes);
    IDNODE_CHECK(CheckNoteText(note->text).ok());
    (void)OpenNote(*note, {&kPeter, 1}).ok();
    (void)ParseCheckpoint(note->text).ok();
    for (const NoteSignature& signature : note->signatures) {
      (void)CosignatureTime(signature.bytes).ok();
    }
  }
  if (const auto signature = ParseSignatureLine(bytes); signature.ok()) {
    IDNODE_CHECK(ParseSignatureLine(FormatSignatureLine(*signature)).value() == *signature);
  }
  if (const auto verifier = Verifier::Parse(bytes); verifier.ok()) {
    IDNODE_CHECK(verifier->Vkey() == bytes);
    (void)verifier->Verify("text\n", bytes);
  }
  if (const auto checkpoint = ParseCheckpoint(bytes); checkpoint.ok()) {
    IDNODE_CHECK(FormatCheckpoint(*checkpoint) == bytes);
  }
  return 0;
}
