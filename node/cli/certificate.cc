#include "node/cli/certificate.h"

#include <memory>

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "node/base/text.h"
#include "node/cli/client.h"

namespace idnode::cli {
namespace {

constexpr std::size_t kPemBytesMax = 1 << 20;
constexpr std::size_t kFingerprintDigits = 64;

}  // namespace

Result<std::string> CertificateFingerprint(const std::string& path) {
  const auto pem = ReadFile(path, kPemBytesMax);
  if (!pem.ok()) return pem.error();
  const std::unique_ptr<BIO, int (*)(BIO*)> bytes(
      BIO_new_mem_buf(pem->data(), static_cast<int>(pem->size())), &BIO_free);
  const std::unique_ptr<X509, void (*)(X509*)> certificate(
      PEM_read_bio_X509(bytes.get(), nullptr, nullptr, nullptr), &X509_free);
  Digest digest{};
  unsigned size = 0;
  if (!certificate || X509_digest(certificate.get(), EVP_sha256(), digest.data(), &size) != 1 ||
      size != digest.size()) {
    return Error(Errc::kInvalidRequest, path + " holds no certificate in PEM form", "certificate");
  }
  return Hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

Result<std::string> ParseFingerprint(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (c != ':') digits += c;
  }
  std::string folded;
  AppendAsciiFolded(folded, digits);
  if (folded.size() != kFingerprintDigits ||
      folded.find_first_not_of("0123456789abcdef") != std::string::npos) {
    return Error(Errc::kInvalidRequest, "a SHA-256 fingerprint has 64 hexadecimal digits",
                 "fingerprint");
  }
  return folded;
}

}  // namespace idnode::cli
