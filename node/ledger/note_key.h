#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "node/base/result.h"

namespace idnode::ledger {

/// Longest key name in bytes.
inline constexpr std::size_t kKeyNameBytesMax = 255;
/// Longest line of a verifier key in bytes.
inline constexpr std::size_t kVkeyBytesMax = 1024;
/// Longest PEM text of a secret key in bytes.
inline constexpr std::size_t kKeyPemBytesMax = 8192;
/// The distinguishing identifier of SM2 signatures where nothing else is agreed (GM/T 0009 §10).
inline constexpr std::string_view kSm2DistinguishingId = "1234567812345678";

/// What a key signs with. In a verifier key: one byte 0x01 or 0x04, or 0xff and "sm2-sm3".
enum class SignatureType : std::uint8_t {
  kEd25519,        ///< 0x01: Ed25519 over the note's text (C2SP signed-note)
  kCosignatureV1,  ///< 0x04: a witness's Ed25519 with a time (C2SP tlog-cosignature)
  /// 0xff "sm2-sm3": SM2 with SM3 (GB/T 32918.2, GM/T 0003.2) over the note's text with
  /// kSm2DistinguishingId; the key is the uncompressed point (65 bytes, 0x04 first), the signature
  /// the DER SEQUENCE of r and s.
  kSm2Sm3,
};

/// True if `name` may name a key: not empty, at most kKeyNameBytesMax bytes of UTF-8, without
/// Unicode white space, control characters and "+" (C2SP signed-note, Format).
bool IsKeyName(std::string_view name);

struct KeyMaterial;  // wraps OpenSSL's key; known to note_key.cc only

/// The public half of a key. Immutable and cheap to copy; safe to call concurrently.
class Verifier {
 public:
  /// Reads a verifier key line, "name+hash+key" (C2SP signed-note), without a line end. Errors:
  /// kInvalidRequest, saying which part is wrong; kUnimplemented (a signature type idnode does not
  /// know).
  static Result<Verifier> Parse(std::string_view vkey);
  /// `public_key`: 32 bytes for Ed25519, 65 for SM2. Errors: kInvalidRequest.
  static Result<Verifier> Make(SignatureType type, std::string_view name,
                               std::string_view public_key);

  SignatureType type() const { return type_; }
  const std::string& name() const { return name_; }
  /// First four bytes of SHA-256(name || "\n" || type || key), big-endian.
  std::uint32_t key_id() const { return key_id_; }
  const std::string& public_key() const { return public_key_; }
  /// The verifier key line, without a line end.
  std::string Vkey() const;

  /// True if `signature` (without the key id) signs `text` under this key. For kCosignatureV1 the
  /// time in front of the signature is part of what is signed.
  bool Verify(std::string_view text, std::string_view signature) const;

 private:
  Verifier() = default;
  SignatureType type_ = SignatureType::kEd25519;
  std::string name_;
  std::uint32_t key_id_ = 0;
  std::string public_key_;
  std::shared_ptr<const KeyMaterial> key_;
};

/// A key that signs. Immutable and cheap to copy; safe to call concurrently.
class Signer {
 public:
  /// A new key from the operating system's generator. Errors: kInvalidRequest (name).
  static Result<Signer> Generate(SignatureType type, std::string_view name);
  /// Reads a PKCS#8 PEM text (not encrypted), such as `openssl genpkey` writes. Errors:
  /// kInvalidRequest (not such a text, a key of another algorithm than `type`, or the name).
  static Result<Signer> FromPem(SignatureType type, std::string_view name, std::string_view pem);

  /// PKCS#8 PEM without encryption: a secret, to be kept in a file that only the node reads.
  std::string ToPem() const;
  const Verifier& verifier() const { return verifier_; }

  /// Signature bytes (without the key id) over a note's text. Errors: kInvalidRequest for a
  /// kCosignatureV1 key, which signs with a time only; kInternal.
  Result<std::string> Sign(std::string_view text) const;
  /// As Sign, for a kCosignatureV1 key: eight bytes of `unix_seconds`, then the signature. Errors:
  /// kInvalidRequest (a key of another type, a negative time); kInternal.
  Result<std::string> Cosign(std::string_view text, std::int64_t unix_seconds) const;

 private:
  explicit Signer(Verifier verifier) : verifier_(std::move(verifier)) {}
  Verifier verifier_;
  std::shared_ptr<const KeyMaterial> key_;
};

/// The time in a cosignature's bytes, Unix seconds. Errors: kInvalidRequest (another length, or a
/// time past 2^63 - 1).
Result<std::int64_t> CosignatureTime(std::string_view signature);

}  // namespace idnode::ledger
