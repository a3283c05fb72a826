#include "node/service/session_token.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "node/base/text.h"

namespace idnode::service {
namespace {

constexpr std::size_t kUserNameBytesMax = 64;
constexpr std::string_view kHeader = R"({"alg":"HS256","typ":"JWT"})";

Error Refused() { return Error(Errc::kUnauthenticated, "the token is not valid"); }

std::string Signature(std::string_view text, std::string_view key) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned int size = 0;
  IDNODE_CHECK(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                    reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac.data(),
                    &size) != nullptr);
  return Base64Url({reinterpret_cast<const char*>(mac.data()), size});
}

const std::string& EncodedHeader() {
  static const std::string kEncoded = Base64Url(kHeader);
  return kEncoded;
}

bool TakeText(std::string_view& text, std::string_view expected) {
  if (!text.starts_with(expected)) return false;
  text.remove_prefix(expected.size());
  return true;
}

// A decimal number without sign and leading zeros.
template <typename Number>
bool TakeNumber(std::string_view& text, Number& number) {
  if (text.empty() || text[0] < '0' || text[0] > '9') return false;
  if (text[0] == '0' && text.size() > 1 && text[1] >= '0' && text[1] <= '9') return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

}  // namespace

bool IsUserName(std::string_view name) {
  return !name.empty() && name.size() <= kUserNameBytesMax &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '_' || c == '-' || c == '@';
         });
}

std::string FormatClaims(const SessionClaims& claims) {
  return "{\"sub\":\"" + claims.user + "\",\"gen\":" + std::to_string(claims.generation) +
         ",\"iat\":" + std::to_string(claims.issued_s) +
         ",\"exp\":" + std::to_string(claims.expires_s) + "}";
}

Result<SessionClaims> ParseClaims(std::string_view json) {
  SessionClaims claims;
  if (!TakeText(json, "{\"sub\":\"")) return Refused();
  claims.user = json.substr(0, json.find('"'));
  json.remove_prefix(claims.user.size());
  const bool whole = IsUserName(claims.user) && TakeText(json, "\",\"gen\":") &&
                     TakeNumber(json, claims.generation) && TakeText(json, ",\"iat\":") &&
                     TakeNumber(json, claims.issued_s) && TakeText(json, ",\"exp\":") &&
                     TakeNumber(json, claims.expires_s) && json == "}";
  if (!whole) return Refused();
  return claims;
}

std::string FormatSessionToken(const SessionClaims& claims, std::string_view key) {
  const std::string text = EncodedHeader() + "." + Base64Url(FormatClaims(claims));
  return text + "." + Signature(text, key);
}

Result<SessionClaims> ParseSessionToken(std::string_view token, std::string_view key) {
  if (token.size() > kSessionTokenBytesMax) return Refused();
  const std::size_t last_dot = token.rfind('.');
  if (last_dot == std::string_view::npos) return Refused();
  const std::string_view text = token.substr(0, last_dot);
  // Compared as text: of several ways to write the last digits of base64 one is right.
  if (!ConstantTimeEqual(token.substr(last_dot + 1), Signature(text, key))) return Refused();
  const std::string& header = EncodedHeader();
  if (!text.starts_with(header) || text.substr(header.size(), 1) != ".") return Refused();
  const std::string_view encoded = text.substr(header.size() + 1);
  const auto json = DecodeBase64(encoded);
  if (!json.ok() || Base64Url(*json) != encoded) return Refused();
  return ParseClaims(*json);
}

}  // namespace idnode::service
