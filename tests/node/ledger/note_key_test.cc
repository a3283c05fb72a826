#include "node/ledger/note_key.h"

#include <gtest/gtest.h>

#include "node/base/text.h"

namespace idnode::ledger {
namespace {

// From the documentation of golang.org/x/mod/sumdb/note.
constexpr std::string_view kPeter =
    "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

TEST(VerifierTest, ReadsTheKeyOfGosumdb) {
  const auto verifier = Verifier::Parse(kPeter);
  ASSERT_TRUE(verifier.ok()) << verifier.error().detail;
  EXPECT_EQ(verifier->name(), "PeterNeumann");
  EXPECT_EQ(verifier->key_id(), 0xc74f20a3U);
  EXPECT_EQ(verifier->type(), SignatureType::kEd25519);
  EXPECT_EQ(verifier->Vkey(), kPeter);
}

TEST(VerifierTest, RefusesEveryManglingOfAKey) {
  std::string text(kPeter);
  for (std::size_t i = 0; i <= text.size(); ++i) {
    for (std::size_t j = i; j <= text.size(); ++j) {
      if (i == 0 && j == text.size()) continue;
      EXPECT_FALSE(Verifier::Parse(std::string_view(text).substr(i, j - i)).ok());
    }
  }
  for (char& c : text) {
    ++c;
    EXPECT_FALSE(Verifier::Parse(text).ok()) << text;
    --c;
  }
  EXPECT_FALSE(Verifier::Parse(text + "\n").ok());
  // Right hash, wrong length; right hash, unknown type: both from Go's tests.
  EXPECT_EQ(
      Verifier::Parse("PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==")
          .code(),
      Errc::kInvalidRequest);
  EXPECT_EQ(
      Verifier::Parse("PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW").code(),
      Errc::kUnimplemented);
}

TEST(VerifierTest, KeyNames) {
  for (const std::string_view good : {"a", "idnode.example/88.108", "标识/1", "a-b_c:d"}) {
    EXPECT_TRUE(IsKeyName(good)) << good;
  }
  EXPECT_TRUE(IsKeyName(std::string(kKeyNameBytesMax, 'a')));
  EXPECT_FALSE(IsKeyName(std::string(kKeyNameBytesMax + 1, 'a')));
  for (const std::string_view bad :
       {"", "a b", "a+b", "a\tb", "a\nb", "a\xc2\xa0", "\xc2\x85", "\xe2\x80\x80", "\xe2\x80\x8a",
        "a\xe3\x80\x80", "\xe1\x9a\x80", "a\xff", "a\x7f"}) {
    EXPECT_FALSE(IsKeyName(bad)) << Hex(bad);
  }
  EXPECT_TRUE(IsKeyName("\xe2\x80\x8b"));  // zero width space has not the property White_Space
}

class EverySigner : public ::testing::TestWithParam<SignatureType> {
 protected:
  static std::string Signature(const Signer& signer, std::string_view text) {
    return GetParam() == SignatureType::kCosignatureV1 ? signer.Cosign(text, 1'679'315'147).value()
                                                       : signer.Sign(text).value();
  }
};

TEST_P(EverySigner, SignsAndKeepsItsKey) {
  const auto signer = Signer::Generate(GetParam(), "idnode.example/88.108");
  ASSERT_TRUE(signer.ok()) << signer.error().detail;
  const std::string signature = Signature(*signer, "text\n");
  EXPECT_TRUE(signer->verifier().Verify("text\n", signature));
  EXPECT_FALSE(signer->verifier().Verify("texT\n", signature));

  const auto public_half = Verifier::Parse(signer->verifier().Vkey());
  ASSERT_TRUE(public_half.ok()) << public_half.error().detail;
  EXPECT_EQ(public_half->type(), GetParam());
  EXPECT_EQ(public_half->key_id(), signer->verifier().key_id());
  EXPECT_TRUE(public_half->Verify("text\n", signature));

  const std::string pem = signer->ToPem();
  EXPECT_TRUE(pem.starts_with("-----BEGIN PRIVATE KEY-----\n"));
  const auto again = Signer::FromPem(GetParam(), "idnode.example/88.108", pem);
  ASSERT_TRUE(again.ok()) << again.error().detail;
  EXPECT_EQ(again->verifier().Vkey(), signer->verifier().Vkey());
  EXPECT_TRUE(public_half->Verify("other\n", Signature(*again, "other\n")));

  const auto stranger = Signer::Generate(GetParam(), "idnode.example/88.108").value();
  EXPECT_FALSE(stranger.verifier().Verify("text\n", signature));
}

TEST_P(EverySigner, NoChangedSignatureVerifies) {
  const auto signer = Signer::Generate(GetParam(), "n").value();
  std::string signature = Signature(signer, "text\n");
  for (std::size_t i = 0; i < signature.size(); ++i) {
    signature[i] = static_cast<char>(signature[i] ^ 1);
    EXPECT_FALSE(signer.verifier().Verify("text\n", signature)) << i;
    signature[i] = static_cast<char>(signature[i] ^ 1);
    EXPECT_FALSE(signer.verifier().Verify("text\n", signature.substr(0, i))) << i;
  }
  EXPECT_FALSE(signer.verifier().Verify("text\n", signature + '\0'));
}

TEST_P(EverySigner, RefusesOtherKeyFiles) {
  const auto other =
      GetParam() == SignatureType::kSm2Sm3 ? SignatureType::kEd25519 : SignatureType::kSm2Sm3;
  const std::string pem = Signer::Generate(other, "n").value().ToPem();
  EXPECT_EQ(Signer::FromPem(GetParam(), "n", pem).code(), Errc::kInvalidRequest);
  EXPECT_EQ(Signer::FromPem(GetParam(), "n", "").code(), Errc::kInvalidRequest);
  EXPECT_EQ(Signer::FromPem(GetParam(), "n", "-----BEGIN PRIVATE KEY-----\nAAAA\n").code(),
            Errc::kInvalidRequest);
  const std::string own = Signer::Generate(GetParam(), "n").value().ToPem();
  EXPECT_EQ(Signer::FromPem(GetParam(), "a b", own).code(), Errc::kInvalidRequest);
  EXPECT_EQ(Signer::FromPem(GetParam(), "n", own + std::string(kKeyPemBytesMax, '\n')).code(),
            Errc::kInvalidRequest);
}

INSTANTIATE_TEST_SUITE_P(Types, EverySigner,
                         ::testing::Values(SignatureType::kEd25519, SignatureType::kCosignatureV1,
                                           SignatureType::kSm2Sm3),
                         [](const auto& param) {
                           switch (param.param) {
                             case SignatureType::kEd25519:
                               return "Ed25519";
                             case SignatureType::kCosignatureV1:
                               return "CosignatureV1";
                             case SignatureType::kSm2Sm3:
                               return "Sm2Sm3";
                           }
                           return "";
                         });

// A key and a signature made by the openssl command (3.0): genpkey -algorithm EC -pkeyopt
// ec_paramgen_curve:SM2, then dgst -sm3 -sigopt distid:1234567812345678 -sign over "statement\n".
TEST(Sm2Test, VerifiesWhatTheOpensslCommandSigned) {
  const auto point = DecodeBase64(
      "BA/ApwaRz1F1/IgpfdGmSiG+jZAQd+wWBKztupU7c3nTWh8t0rEOpZ6iL6Flh1MLHoQU4+hbXClbU3xwvd6AjT8=");
  const auto signature = DecodeBase64(
      "MEQCIAgnVAiKQOVsnsdyc9IZmBqDyfdlrod611N1ep2s3iJgAiBscCKN1CMj8VsD5r5MAArt2VhrbloFH03mbuUHuXco"
      "XA==");
  const auto verifier = Verifier::Make(SignatureType::kSm2Sm3, "n", point.value());
  ASSERT_TRUE(verifier.ok()) << verifier.error().detail;
  EXPECT_TRUE(verifier->Verify("statement\n", signature.value()));
  EXPECT_FALSE(verifier->Verify("statement", signature.value()));
}

TEST(Sm2Test, RefusesPointsOffTheCurve) {
  std::string point(65, '\x07');
  point[0] = '\x04';
  EXPECT_EQ(Verifier::Make(SignatureType::kSm2Sm3, "n", point).code(), Errc::kInvalidRequest);
  point[0] = '\x00';
  EXPECT_EQ(Verifier::Make(SignatureType::kSm2Sm3, "n", point).code(), Errc::kInvalidRequest);
  EXPECT_EQ(Verifier::Make(SignatureType::kSm2Sm3, "n", "\x04").code(), Errc::kInvalidRequest);
}

TEST(CosignatureTest, CarriesItsTime) {
  const auto signer = Signer::Generate(SignatureType::kCosignatureV1, "witness.example/w1").value();
  const std::string signature = signer.Cosign("text\n", 1'679'315'147).value();
  ASSERT_EQ(signature.size(), 72U);
  EXPECT_EQ(Hex(signature.substr(0, 8)), "00000000641850cb");
  EXPECT_EQ(CosignatureTime(signature).value(), 1'679'315'147);
  // It is Ed25519 over the message of C2SP tlog-cosignature.
  const auto plain =
      Verifier::Make(SignatureType::kEd25519, "w", signer.verifier().public_key()).value();
  EXPECT_TRUE(plain.Verify("cosignature/v1\ntime 1679315147\ntext\n", signature.substr(8)));
  EXPECT_EQ(CosignatureTime(std::string(71, 'x')).code(), Errc::kInvalidRequest);
  EXPECT_EQ(CosignatureTime(std::string(72, '\xff')).code(), Errc::kInvalidRequest);
  EXPECT_EQ(signer.Sign("text\n").code(), Errc::kInvalidRequest);
  EXPECT_EQ(signer.Cosign("text\n", -1).code(), Errc::kInvalidRequest);
  const auto log = Signer::Generate(SignatureType::kEd25519, "n").value();
  EXPECT_EQ(log.Cosign("text\n", 1).code(), Errc::kInvalidRequest);
}

}  // namespace
}  // namespace idnode::ledger
