#include "tests/node/frontend/grpc/test_certificate.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "node/base/check.h"
#include "node/base/text.h"

namespace idnode::frontend {
namespace {

std::string TakeText(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<std::size_t>(size));
  BIO_free(bio);
  return text;
}

void AddExtension(X509* certificate, int id, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, id, value);
  IDNODE_CHECK(extension != nullptr);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

X509* ReadCertificate(const TestCertificate& from) {
  BIO* bio = BIO_new_mem_buf(from.certificate.data(), static_cast<int>(from.certificate.size()));
  X509* certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  IDNODE_CHECK(certificate != nullptr);
  return certificate;
}

EVP_PKEY* ReadKey(const TestCertificate& from) {
  BIO* bio = BIO_new_mem_buf(from.key.data(), static_cast<int>(from.key.size()));
  EVP_PKEY* key = PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  IDNODE_CHECK(key != nullptr);
  return key;
}

// A certificate of `key` without issuer, extensions and signature.
X509* NewCertificate(EVP_PKEY* key) {
  X509* certificate = X509_new();
  X509_set_version(certificate, 2);
  const std::string serial = SecureRandom(8);
  BIGNUM* number = BN_bin2bn(reinterpret_cast<const unsigned char*>(serial.data()), 7, nullptr);
  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
  BN_free(number);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 86'400);
  X509_set_pubkey(certificate, key);
  // Another name each time, so that one cannot be taken for the other's issuer.
  const std::string name = "idnode test " + Hex(serial);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  return certificate;
}

// As PEM text; gives both back.
TestCertificate Finish(X509* certificate, EVP_PKEY* key) {
  TestCertificate made;
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(bio, certificate);
  made.certificate = TakeText(bio);
  bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  made.key = TakeText(bio);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return made;
}

}  // namespace

TestCertificate MakeTestCertificate() {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  IDNODE_CHECK(key != nullptr);
  X509* certificate = NewCertificate(key);
  X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
  AddExtension(certificate, NID_subject_alt_name, "IP:127.0.0.1,DNS:localhost");
  AddExtension(certificate, NID_basic_constraints, "critical,CA:TRUE");
  IDNODE_CHECK(X509_sign(certificate, key, EVP_sha256()) != 0);
  return Finish(certificate, key);
}

TestCertificate MakeTestClientCertificate(const TestCertificate& authority) {
  X509* issuer = ReadCertificate(authority);
  EVP_PKEY* issuer_key = ReadKey(authority);
  EVP_PKEY* key = EVP_EC_gen("P-256");
  IDNODE_CHECK(key != nullptr);
  X509* certificate = NewCertificate(key);
  X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
  AddExtension(certificate, NID_ext_key_usage, "clientAuth");
  IDNODE_CHECK(X509_sign(certificate, issuer_key, EVP_sha256()) != 0);
  X509_free(issuer);
  EVP_PKEY_free(issuer_key);
  return Finish(certificate, key);
}

std::string FingerprintOf(const TestCertificate& from) {
  X509* certificate = ReadCertificate(from);
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate, &der);
  IDNODE_CHECK(size > 0);
  const Digest digest =
      Sha256({reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)});
  OPENSSL_free(der);
  X509_free(certificate);
  return Hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

}  // namespace idnode::frontend
