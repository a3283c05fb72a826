#include "node/service/access_rows.h"

#include <algorithm>
#include <utility>

#include <boost/json.hpp>

#include "node/base/varint.h"
#include "node/service/row_reader.h"

namespace idnode::service {
namespace {

constexpr unsigned char kFirstFormat = 1;  // one token, no role, no enterprise
constexpr unsigned char kFormat = 2;
constexpr std::string_view kFirstTokenId = "t1";

std::string_view BytesOf(const Digest& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

void ReadPrefixes(RowReader& row, ApplicationInfo& info) {
  for (std::size_t left = row.Count(kApplicationPrefixesMax); left > 0; --left) {
    info.prefixes.emplace_back(row.Text());
  }
}

void ReadFirstFormat(RowReader& row, StoredApplication& application) {
  const std::string_view hash = row.Text();
  application.info.created_ms = row.Time();
  application.info.revoked = row.Flag();
  ReadPrefixes(row, application.info);
  Digest& stored = application.token_hashes.emplace_back();
  row.Expect(hash.size() == stored.size());
  if (!row.fine()) return;
  std::copy(hash.begin(), hash.end(), stored.begin());
  application.info.tokens.push_back(
      {std::string(kFirstTokenId), application.info.created_ms, 0, false});
}

void ReadFormat(RowReader& row, StoredApplication& application) {
  ApplicationInfo& info = application.info;
  const std::uint8_t role = row.Byte();
  row.Expect(role >= static_cast<std::uint8_t>(Role::kApplication) &&
             role <= static_cast<std::uint8_t>(Role::kEnterpriseAdministrator));
  info.role = static_cast<Role>(role);
  info.created_ms = row.Time();
  info.revoked = row.Flag();
  info.enterprise = row.Text();
  ReadPrefixes(row, info);
  for (std::size_t left = row.Count(kApplicationTokensMax); left > 0; --left) {
    TokenInfo& token = info.tokens.emplace_back();
    token.id = row.Text();
    row.Expect(token.id.size() >= 2 && token.id.front() == 't');
    token.created_ms = row.Time();
    token.expires_ms = row.Time();
    token.revoked = row.Flag();
    application.token_hashes.push_back(row.Hash());
  }
  for (std::size_t left = row.Count(kApplicationCertificatesMax); left > 0; --left) {
    info.certificates.push_back(Hex(BytesOf(row.Hash())));
  }
}

// A fingerprint's bytes: two hexadecimal digits each, which is what is in memory.
std::string FingerprintBytes(std::string_view hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(digit(hex[i]) << 4 | digit(hex[i + 1]));
  }
  return bytes;
}

}  // namespace

std::string EncodeApplication(const StoredApplication& application) {
  const ApplicationInfo& info = application.info;
  IDNODE_CHECK(info.tokens.size() == application.token_hashes.size());
  std::string bytes;
  bytes += static_cast<char>(kFormat);
  bytes += static_cast<char>(info.role);
  AppendVarint(static_cast<std::uint64_t>(info.created_ms), bytes);
  bytes += info.revoked ? '\1' : '\0';
  AppendSized(info.enterprise, bytes);
  AppendVarint(info.prefixes.size(), bytes);
  for (const auto& prefix : info.prefixes) AppendSized(prefix, bytes);
  AppendVarint(info.tokens.size(), bytes);
  for (std::size_t i = 0; i < info.tokens.size(); ++i) {
    const TokenInfo& token = info.tokens[i];
    AppendSized(token.id, bytes);
    AppendVarint(static_cast<std::uint64_t>(token.created_ms), bytes);
    AppendVarint(static_cast<std::uint64_t>(token.expires_ms), bytes);
    bytes += token.revoked ? '\1' : '\0';
    bytes += BytesOf(application.token_hashes[i]);
  }
  AppendVarint(info.certificates.size(), bytes);
  for (const auto& fingerprint : info.certificates) bytes += FingerprintBytes(fingerprint);
  return bytes;
}

Result<StoredApplication> DecodeApplication(std::string_view name, std::string_view bytes) {
  StoredApplication application;
  application.info.name = name;
  RowReader row(bytes);
  const std::uint8_t format = row.Byte();
  if (format > kFormat) {
    return Error(Errc::kFormatTooNew,
                 "the row of application " + std::string(name) + " was written by a newer idnode");
  }
  row.Expect(format >= kFirstFormat);
  if (format == kFirstFormat) {
    ReadFirstFormat(row, application);
  } else {
    ReadFormat(row, application);
  }
  if (row.done()) return application;
  return Error(Errc::kCorruption, "the row of application " + std::string(name) + " is damaged");
}

std::string ApplicationJson(const ApplicationInfo& info) {
  boost::json::array prefixes;
  for (const auto& prefix : info.prefixes) prefixes.emplace_back(prefix);
  boost::json::array tokens;
  for (const auto& token : info.tokens) {
    boost::json::object shown{{"id", token.id}, {"createdMs", token.created_ms}};
    if (token.expires_ms != 0) shown["expiresMs"] = token.expires_ms;
    if (token.revoked) shown["revoked"] = true;
    tokens.push_back(std::move(shown));
  }
  boost::json::object object{{"name", info.name},
                             {"role", std::string(RoleName(info.role))},
                             {"prefixes", std::move(prefixes)},
                             {"tokens", std::move(tokens)},
                             {"revoked", info.revoked}};
  if (!info.enterprise.empty()) object["enterprise"] = info.enterprise;
  if (!info.certificates.empty()) {
    boost::json::array certificates;
    for (const auto& fingerprint : info.certificates) certificates.emplace_back(fingerprint);
    object["certificates"] = std::move(certificates);
  }
  return boost::json::serialize(object);
}

}  // namespace idnode::service
