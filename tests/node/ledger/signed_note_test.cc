#include "node/ledger/signed_note.h"

#include <gtest/gtest.h>

#include "node/base/text.h"

namespace idnode::ledger {
namespace {

// Key, text and note from the documentation and tests of golang.org/x/mod/sumdb/note.
constexpr std::string_view kPeterKey =
    "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
constexpr std::string_view kPeterSecret = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
constexpr std::string_view kPeterText =
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n";
constexpr std::string_view kPeterLine =
    "— PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE"
    "6RyyBwJnAM=\n";

std::string PeterNote() { return std::string(kPeterText) + "\n" + std::string(kPeterLine); }
Verifier Peter() { return Verifier::Parse(kPeterKey).value(); }

TEST(SignedNoteTest, OpensTheNoteOfGosumdb) {
  const Verifier verifiers[] = {Peter()};
  const auto opened = OpenNote(PeterNote(), verifiers);
  ASSERT_TRUE(opened.ok()) << opened.error().detail;
  EXPECT_EQ(opened->note.text, kPeterText);
  ASSERT_EQ(opened->verified.size(), 1U);
  EXPECT_EQ(opened->verified[0].signature, 0U);
  EXPECT_FALSE(opened->verified[0].cosigned_at.has_value());
}

TEST(SignedNoteTest, SignsAsGosumdbDoes) {
  // PKCS#8 of an Ed25519 seed (RFC 8410 §7): 16 fixed bytes, then the seed.
  const std::string seed = DecodeBase64(kPeterSecret).value().substr(1);
  const std::string der =
      std::string("\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20", 16) + seed;
  const std::string pem =
      "-----BEGIN PRIVATE KEY-----\n" + Base64(der) + "\n-----END PRIVATE KEY-----\n";
  const Signer signers[] = {Signer::FromPem(SignatureType::kEd25519, "PeterNeumann", pem).value()};
  EXPECT_EQ(signers[0].verifier().Vkey(), kPeterKey);
  EXPECT_EQ(FormatNote(SignText(kPeterText, signers).value()), PeterNote());
}

TEST(SignedNoteTest, TextMayHoldEmptyLines) {
  const Signer signers[] = {Signer::Generate(SignatureType::kEd25519, "n").value()};
  const Verifier verifiers[] = {signers[0].verifier()};
  for (const std::string_view text : {"a\n\nb\n", "\n", "\n\n\n", "— n AAAA\n\nb\n"}) {
    const auto note = SignText(text, signers).value();
    const auto opened = OpenNote(FormatNote(note), verifiers);
    ASSERT_TRUE(opened.ok()) << opened.error().detail;
    EXPECT_EQ(opened->note, note);
  }
}

TEST(SignedNoteTest, PassesOverUnknownKeysAndRepetitions) {
  const Signer log = Signer::Generate(SignatureType::kEd25519, "log").value();
  const Signer sm2 = Signer::Generate(SignatureType::kSm2Sm3, "log").value();
  const Signer witness = Signer::Generate(SignatureType::kCosignatureV1, "w1").value();
  const Signer stranger = Signer::Generate(SignatureType::kEd25519, "log").value();
  const Signer signers[] = {stranger, log, sm2};
  Note note = SignText("text\n", signers).value();
  note.signatures.push_back(CosignText("text\n", witness, 42).value());
  note.signatures.push_back(note.signatures[1]);
  note.signatures.back().bytes[3] ^= 1;  // a repetition is not looked at

  const Verifier verifiers[] = {witness.verifier(), sm2.verifier(), log.verifier()};
  const auto opened = OpenNote(FormatNote(note), verifiers);
  ASSERT_TRUE(opened.ok()) << opened.error().detail;
  ASSERT_EQ(opened->verified.size(), 3U);
  EXPECT_EQ(opened->verified[0].verifier, 2U);
  EXPECT_EQ(opened->verified[0].signature, 1U);
  EXPECT_EQ(opened->verified[1].verifier, 1U);
  EXPECT_EQ(opened->verified[2].verifier, 0U);
  EXPECT_EQ(opened->verified[2].cosigned_at, 42);
}

TEST(SignedNoteTest, AKnownKeysWrongSignatureFailsTheNote) {
  const Signer log = Signer::Generate(SignatureType::kEd25519, "log").value();
  const Signer witness = Signer::Generate(SignatureType::kCosignatureV1, "w1").value();
  const Signer signers[] = {log};
  Note note = SignText("text\n", signers).value();
  note.signatures.push_back(CosignText("text\n", witness, 42).value());
  note.signatures[1].bytes[7] ^= 1;  // the time is signed too
  const Verifier both[] = {log.verifier(), witness.verifier()};
  EXPECT_EQ(OpenNote(note, both).code(), Errc::kCorruption);
  const Verifier one[] = {log.verifier()};
  EXPECT_TRUE(OpenNote(note, one).ok());
  note.text = "texT\n";
  EXPECT_EQ(OpenNote(note, one).code(), Errc::kCorruption);
}

TEST(SignedNoteTest, NoKnownKeyIsItsOwnError) {
  const Verifier others[] = {
      Signer::Generate(SignatureType::kEd25519, "PeterNeumann").value().verifier()};
  EXPECT_EQ(OpenNote(PeterNote(), others).code(), Errc::kUnauthenticated);
  EXPECT_EQ(OpenNote(PeterNote(), {}).code(), Errc::kUnauthenticated);
  const Verifier twice[] = {Peter(), Peter()};
  EXPECT_EQ(OpenNote(PeterNote(), twice).code(), Errc::kInvalidRequest);
}

TEST(SignedNoteTest, RefusesMalformedNotes) {
  const std::string text(kPeterText);
  const std::string line(kPeterLine);
  const std::string cases[] = {
      "",
      text,
      text + "\n",
      text + line,                                    // no empty line
      text + "\n" + line.substr(0, line.size() - 1),  // no line end
      text + "\n" + "- PeterNeumann AAAAAAAA\n",
      text + "\n" + "— PeterNeumann\n",
      text + "\n" + "—  AAAAAAAA\n",
      text + "\n" + "— Peter Neumann AAAAAAAA\n",
      text + "\n" + "— Peter+Neumann AAAAAAAA\n",
      text + "\n" + "— PeterNeumann AAAAAA==\n",  // four bytes: a key id and nothing
      text + "\n" + "— PeterNeumann AAAAAAA\n",   // no padding
      text + "\n" + "— PeterNeumann AAAAAB==\n",
      text + "\n" + "— PeterNeumann AAA_AAAA\n",
      text + "\n" + line + "more\n",
      text + "\n" + line + "\n",
      "\x01" + text + "\n" + line,
      "tab\t" + text + "\n" + line,
      "\xff" + text + "\n" + line,
  };
  for (const std::string& bytes : cases) {
    EXPECT_EQ(ParseNote(bytes).code(), Errc::kInvalidRequest) << bytes;
  }
}

TEST(SignedNoteTest, LimitsAreExact) {
  Note note;
  note.text = "text\n";
  for (std::size_t i = 0; i < kNoteSignaturesMax; ++i) {
    note.signatures.push_back({"n" + std::to_string(i), 7, "s"});
  }
  EXPECT_EQ(ParseNote(FormatNote(note)).value(), note);
  note.signatures.push_back({"more", 7, "s"});
  EXPECT_EQ(ParseNote(FormatNote(note)).code(), Errc::kInvalidRequest);

  note.signatures = {{"n", 7, std::string(kSignatureBytesMax, 's')}};
  EXPECT_EQ(ParseNote(FormatNote(note)).value(), note);
  note.signatures[0].bytes += 's';
  EXPECT_EQ(ParseNote(FormatNote(note)).code(), Errc::kInvalidRequest);

  note.signatures = {{"n", 7, "s"}};
  const std::string bytes = FormatNote(note);
  EXPECT_TRUE(ParseNote(bytes, bytes.size()).ok());
  EXPECT_EQ(ParseNote(bytes, bytes.size() - 1).code(), Errc::kInvalidRequest);
}

TEST(SignedNoteTest, RefusesToSignWhatIsNoText) {
  const Signer signers[] = {Signer::Generate(SignatureType::kEd25519, "n").value()};
  for (const std::string_view text : {"", "no end", "tab\t\n", "\xff\n", "\r\n"}) {
    EXPECT_EQ(SignText(text, signers).code(), Errc::kInvalidRequest) << text;
  }
}

}  // namespace
}  // namespace idnode::ledger
