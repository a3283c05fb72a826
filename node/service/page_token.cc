#include "node/service/page_token.h"

#include "node/base/text.h"
#include "node/base/varint.h"

namespace idnode::service {
namespace {

constexpr std::size_t kCheckBytes = 8;

std::string CheckOf(std::string_view scope, std::string_view position) {
  std::string bytes = "idnode page token v1";
  AppendSized(scope, bytes);
  AppendSized(position, bytes);
  const Digest digest = Sha256(bytes);
  return std::string(digest.begin(), digest.begin() + kCheckBytes);
}

}  // namespace

std::string MakePageToken(std::string_view scope, std::string_view position) {
  return Base64Url(CheckOf(scope, position) + std::string(position));
}

Result<std::string> ReadPageToken(std::string_view scope, std::string_view token) {
  const Error invalid(Errc::kInvalidPageToken,
                      "the page token is not one this node gave for this list", "pageToken");
  if (token.size() > kPageTokenBytesMax) return invalid;
  auto bytes = DecodeBase64(token);
  if (!bytes.ok() || bytes->size() < kCheckBytes || Base64Url(*bytes) != token) return invalid;
  std::string position = bytes->substr(kCheckBytes);
  if (std::string_view(*bytes).substr(0, kCheckBytes) != CheckOf(scope, position)) return invalid;
  return position;
}

}  // namespace idnode::service
