#include "node/ledger/note_key.h"

#include <limits>
#include <optional>
#include <utility>

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/pem.h>

#include "node/base/check.h"
#include "node/base/text.h"
#include "node/base/varint.h"

namespace idnode::ledger {

struct KeyMaterial {
  explicit KeyMaterial(EVP_PKEY* k) : key(k) {}
  ~KeyMaterial() { EVP_PKEY_free(key); }
  KeyMaterial(const KeyMaterial&) = delete;
  KeyMaterial& operator=(const KeyMaterial&) = delete;
  EVP_PKEY* const key;
};

namespace {

using KeyPtr = std::shared_ptr<const KeyMaterial>;

constexpr std::size_t kEd25519KeyBytes = 32;
constexpr std::size_t kEd25519SignatureBytes = 64;
constexpr std::size_t kSm2KeyBytes = 65;
constexpr std::size_t kSm2SignatureBytesMax = 72;
constexpr std::size_t kTimeBytes = 8;

struct BioFree {
  void operator()(BIO* bio) const { BIO_free_all(bio); }
};
struct MdContextFree {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
struct KeyContextFree {
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
};
using BioPtr = std::unique_ptr<BIO, BioFree>;
using MdContextPtr = std::unique_ptr<EVP_MD_CTX, MdContextFree>;
using KeyContextPtr = std::unique_ptr<EVP_PKEY_CTX, KeyContextFree>;

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

/// What stands in front of the key in a verifier key, and in the hash that is the key id.
std::string_view TypePrefix(SignatureType type) {
  switch (type) {
    case SignatureType::kEd25519:
      return "\x01";
    case SignatureType::kCosignatureV1:
      return "\x04";
    case SignatureType::kSm2Sm3:
      return "\xff"
             "sm2-sm3";
  }
  return {};
}

std::size_t KeyBytes(SignatureType type) {
  return type == SignatureType::kSm2Sm3 ? kSm2KeyBytes : kEd25519KeyBytes;
}

const char* AlgorithmName(SignatureType type) {
  return type == SignatureType::kSm2Sm3 ? "SM2" : "ED25519";
}

Error BadVkey(std::string_view what) {
  return Error(Errc::kInvalidRequest, "not a verifier key: " + std::string(what));
}

Error BadName() {
  return Error(Errc::kInvalidRequest,
               "a key name is 1 to 255 bytes of UTF-8 without white space and \"+\"");
}

/// Drops what OpenSSL noted about a failure; the next caller must not meet it.
void ForgetErrors() { ERR_clear_error(); }

std::uint32_t KeyId(SignatureType type, std::string_view name, std::string_view public_key) {
  std::string text(name);
  text += '\n';
  text += TypePrefix(type);
  text += public_key;
  const Digest digest = Sha256(text);
  return static_cast<std::uint32_t>(digest[0]) << 24 | static_cast<std::uint32_t>(digest[1]) << 16 |
         static_cast<std::uint32_t>(digest[2]) << 8 | digest[3];
}

EVP_PKEY* LoadSm2Public(std::string_view point) {
  KeyContextPtr context(EVP_PKEY_CTX_new_from_name(nullptr, "SM2", nullptr));
  if (!context || EVP_PKEY_fromdata_init(context.get()) != 1) return nullptr;
  char group[] = "SM2";
  std::string copy(point);  // OpenSSL's parameters are not const
  OSSL_PARAM params[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, copy.data(), copy.size()),
      OSSL_PARAM_construct_end()};
  EVP_PKEY* key = nullptr;
  if (EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params) != 1) return nullptr;
  return key;
}

KeyPtr LoadPublic(SignatureType type, std::string_view bytes) {
  EVP_PKEY* key = nullptr;
  if (type == SignatureType::kSm2Sm3) {
    if (bytes[0] == 0x04) key = LoadSm2Public(bytes);
  } else {
    key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, Bytes(bytes), bytes.size());
  }
  if (key == nullptr) {
    ForgetErrors();
    return nullptr;
  }
  return std::make_shared<KeyMaterial>(key);
}

std::optional<std::string> PublicBytes(SignatureType type, EVP_PKEY* key) {
  std::string bytes(KeyBytes(type), '\0');
  auto* data = reinterpret_cast<unsigned char*>(bytes.data());
  std::size_t size = bytes.size();
  bool ok = false;
  if (type == SignatureType::kSm2Sm3) {
    // A key file may have its point compressed; the verifier key has one form.
    ok = EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                                        "uncompressed") == 1 &&
         EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, data, size, &size) == 1;
  } else {
    ok = EVP_PKEY_get_raw_public_key(key, data, &size) == 1;
  }
  if (!ok || size != KeyBytes(type)) {
    ForgetErrors();
    return std::nullopt;
  }
  return bytes;
}

/// A context ready to sign or to verify with `init`, one of EVP_DigestSignInit and
/// EVP_DigestVerifyInit.
template <typename Init>
MdContextPtr StartDigest(SignatureType type, EVP_PKEY* key, Init init) {
  MdContextPtr context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* key_context = nullptr;
  const EVP_MD* digest = type == SignatureType::kSm2Sm3 ? EVP_sm3() : nullptr;
  if (!context || init(context.get(), &key_context, digest, nullptr, key) != 1) return nullptr;
  if (type == SignatureType::kSm2Sm3 &&
      EVP_PKEY_CTX_set1_id(key_context, kSm2DistinguishingId.data(),
                           static_cast<int>(kSm2DistinguishingId.size())) != 1) {
    return nullptr;
  }
  return context;
}

bool VerifyBytes(SignatureType type, EVP_PKEY* key, std::string_view message,
                 std::string_view signature) {
  const MdContextPtr context = StartDigest(type, key, EVP_DigestVerifyInit);
  const bool right = context && EVP_DigestVerify(context.get(), Bytes(signature), signature.size(),
                                                 Bytes(message), message.size()) == 1;
  if (!right) ForgetErrors();
  return right;
}

Result<std::string> SignBytes(SignatureType type, EVP_PKEY* key, std::string_view message) {
  const MdContextPtr context = StartDigest(type, key, EVP_DigestSignInit);
  std::size_t size = 0;
  if (context &&
      EVP_DigestSign(context.get(), nullptr, &size, Bytes(message), message.size()) == 1) {
    std::string signature(size, '\0');
    if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                       Bytes(message), message.size()) == 1) {
      signature.resize(size);
      return signature;
    }
  }
  ForgetErrors();
  return Error(Errc::kInternal, std::string("OpenSSL cannot sign with ") + AlgorithmName(type));
}

std::string CosignatureMessage(std::string_view text, std::int64_t unix_seconds) {
  return "cosignature/v1\ntime " + std::to_string(unix_seconds) + "\n" + std::string(text);
}

/// Length in bytes of the Unicode white space at the front of `text`; 0 where there is none.
/// UTF-8 of the characters with the property White_Space beyond U+0020.
std::size_t WhiteSpaceAt(std::string_view text) {
  if (text[0] == ' ') return 1;
  for (std::string_view space : {"\xc2\x85", "\xc2\xa0", "\xe1\x9a\x80", "\xe2\x80\xa8",
                                 "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80"}) {
    if (text.starts_with(space)) return space.size();
  }
  if (text.starts_with("\xe2\x80") && text.size() > 2) {  // U+2000 to U+200A
    const auto last = static_cast<unsigned char>(text[2]);
    if (last >= 0x80 && last <= 0x8a) return 3;
  }
  return 0;
}

int NoPassword(char*, int, int, void*) { return -1; }

}  // namespace

bool IsKeyName(std::string_view name) {
  if (name.empty() || name.size() > kKeyNameBytesMax || !IsUtf8(name)) return false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const auto byte = static_cast<unsigned char>(name[i]);
    if (byte < 0x20 || byte == 0x7f || byte == '+') return false;
    if (WhiteSpaceAt(name.substr(i)) > 0) return false;
  }
  return true;
}

Result<Verifier> Verifier::Make(SignatureType type, std::string_view name,
                                std::string_view public_key) {
  if (!IsKeyName(name)) return BadName();
  if (public_key.size() != KeyBytes(type)) return BadVkey("the key has a wrong length");
  Verifier verifier;
  verifier.key_ = LoadPublic(type, public_key);
  if (!verifier.key_) return BadVkey("the key is not a point of the curve");
  verifier.type_ = type;
  verifier.name_ = std::string(name);
  verifier.public_key_ = std::string(public_key);
  verifier.key_id_ = KeyId(type, name, public_key);
  return verifier;
}

Result<Verifier> Verifier::Parse(std::string_view vkey) {
  if (vkey.size() > kVkeyBytesMax) return BadVkey("it is too long");
  const std::size_t first = vkey.find('+');
  const std::size_t second = first == std::string_view::npos ? first : vkey.find('+', first + 1);
  if (second == std::string_view::npos) return BadVkey("it is not name+hash+key");
  const std::string_view name = vkey.substr(0, first);
  if (!IsKeyName(name)) return BadName();
  const std::string_view text = vkey.substr(second + 1);
  const auto bytes = DecodeBase64(text);
  if (!bytes.ok() || Base64(*bytes) != text || bytes->empty()) {
    return BadVkey("the key is not base64");
  }
  for (const auto type :
       {SignatureType::kEd25519, SignatureType::kCosignatureV1, SignatureType::kSm2Sm3}) {
    if (!bytes->starts_with(TypePrefix(type))) continue;
    auto verifier = Make(type, name, std::string_view(*bytes).substr(TypePrefix(type).size()));
    if (verifier.ok() && verifier->Vkey() != vkey) return BadVkey("the hash is not of this key");
    return verifier;
  }
  return Error(Errc::kUnimplemented,
               "a verifier key of a signature type that idnode does not know");
}

std::string Verifier::Vkey() const {
  std::string id;
  AppendBigEndian(key_id_, 4, id);
  return name_ + '+' + Hex(id) + '+' + Base64(std::string(TypePrefix(type_)) + public_key_);
}

bool Verifier::Verify(std::string_view text, std::string_view signature) const {
  switch (type_) {
    case SignatureType::kEd25519:
      return signature.size() == kEd25519SignatureBytes &&
             VerifyBytes(type_, key_->key, text, signature);
    case SignatureType::kSm2Sm3:
      return signature.size() <= kSm2SignatureBytesMax &&
             VerifyBytes(type_, key_->key, text, signature);
    case SignatureType::kCosignatureV1: {
      const auto time = CosignatureTime(signature);
      return time.ok() && VerifyBytes(type_, key_->key, CosignatureMessage(text, *time),
                                      signature.substr(kTimeBytes));
    }
  }
  return false;
}

Result<Signer> Signer::Generate(SignatureType type, std::string_view name) {
  if (!IsKeyName(name)) return BadName();
  EVP_PKEY* key = EVP_PKEY_Q_keygen(nullptr, nullptr, AlgorithmName(type));
  if (key == nullptr) {
    ForgetErrors();
    return Error(Errc::kInternal,
                 std::string("OpenSSL cannot make a key of ") + AlgorithmName(type));
  }
  auto material = std::make_shared<const KeyMaterial>(key);
  const auto public_key = PublicBytes(type, key);
  IDNODE_CHECK(public_key.has_value());
  auto verifier = Verifier::Make(type, name, *public_key);
  if (!verifier.ok()) return verifier.error();
  Signer signer(*std::move(verifier));
  signer.key_ = std::move(material);
  return signer;
}

Result<Signer> Signer::FromPem(SignatureType type, std::string_view name, std::string_view pem) {
  if (!IsKeyName(name)) return BadName();
  const Error bad(Errc::kInvalidRequest,
                  "not an unencrypted PKCS#8 PEM key of " + std::string(AlgorithmName(type)));
  if (pem.size() > kKeyPemBytesMax) return bad;
  const BioPtr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  EVP_PKEY* key = bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassword, nullptr) : nullptr;
  ForgetErrors();
  if (key == nullptr) return bad;
  auto material = std::make_shared<const KeyMaterial>(key);
  if (EVP_PKEY_is_a(key, AlgorithmName(type)) != 1) return bad;
  const auto public_key = PublicBytes(type, key);
  if (!public_key) return bad;
  auto verifier = Verifier::Make(type, name, *public_key);
  if (!verifier.ok()) return verifier.error();
  Signer signer(*std::move(verifier));
  signer.key_ = std::move(material);
  return signer;
}

std::string Signer::ToPem() const {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  IDNODE_CHECK(bio && PEM_write_bio_PKCS8PrivateKey(bio.get(), key_->key, nullptr, nullptr, 0,
                                                    nullptr, nullptr) == 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  std::string pem(data, static_cast<std::size_t>(size));
  OPENSSL_cleanse(data, static_cast<std::size_t>(size));
  return pem;
}

Result<std::string> Signer::Sign(std::string_view text) const {
  if (verifier_.type() == SignatureType::kCosignatureV1) {
    return Error(Errc::kInvalidRequest, "a witness's key signs with a time only");
  }
  return SignBytes(verifier_.type(), key_->key, text);
}

Result<std::string> Signer::Cosign(std::string_view text, std::int64_t unix_seconds) const {
  if (verifier_.type() != SignatureType::kCosignatureV1) {
    return Error(Errc::kInvalidRequest, "only a witness's key cosigns");
  }
  if (unix_seconds < 0) return Error(Errc::kInvalidRequest, "a time before 1970");
  auto signature = SignBytes(verifier_.type(), key_->key, CosignatureMessage(text, unix_seconds));
  if (!signature.ok()) return signature.error();
  std::string bytes;
  AppendBigEndian(static_cast<std::uint64_t>(unix_seconds), kTimeBytes, bytes);
  return bytes + *signature;
}

Result<std::int64_t> CosignatureTime(std::string_view signature) {
  if (signature.size() != kTimeBytes + kEd25519SignatureBytes) {
    return Error(Errc::kInvalidRequest, "a cosignature has 72 bytes");
  }
  const std::uint64_t time = ReadBigEndian(signature.substr(0, kTimeBytes));
  if (time > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return Error(Errc::kInvalidRequest, "a cosignature's time is past 2^63 - 1");
  }
  return static_cast<std::int64_t>(time);
}

}  // namespace idnode::ledger
