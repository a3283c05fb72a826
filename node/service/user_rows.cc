#include "node/service/user_rows.h"

#include <boost/json.hpp>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "node/base/varint.h"
#include "node/service/row_reader.h"

namespace idnode::service {
namespace {

constexpr unsigned char kFormat = 1;
constexpr std::size_t kHashBytes = 32;
constexpr std::size_t kSaltBytesMax = 64;
constexpr std::size_t kDailyDigits = 64;
// Beside the table that the parameters ask for.
constexpr std::uint64_t kSpareBytes = 1U << 20;

}  // namespace

Result<std::string> Scrypt(std::string_view secret, const PasswordHash& with) {
  std::string hash(kHashBytes, '\0');
  const std::uint64_t n = std::uint64_t{1} << with.log_n;
  const std::uint64_t memory_max = 128 * std::uint64_t{with.r} * (n + with.p + 2) + kSpareBytes;
  const int done = EVP_PBE_scrypt(secret.data(), secret.size(),
                                  reinterpret_cast<const unsigned char*>(with.salt.data()),
                                  with.salt.size(), n, with.r, with.p, memory_max,
                                  reinterpret_cast<unsigned char*>(hash.data()), hash.size());
  if (done == 1) return hash;
  ERR_clear_error();
  return Error(Errc::kUnavailable,
               "scrypt failed: no memory for log_n = " + std::to_string(with.log_n));
}

std::string EncodeUser(const StoredUser& user) {
  std::string bytes;
  bytes += static_cast<char>(kFormat);
  bytes += static_cast<char>(user.info.role);
  bytes += user.info.disabled ? '\1' : '\0';
  AppendVarint(static_cast<std::uint64_t>(user.info.created_ms), bytes);
  AppendVarint(user.generation, bytes);
  AppendSized(user.info.enterprise, bytes);
  AppendVarint(user.password.log_n, bytes);
  AppendVarint(user.password.r, bytes);
  AppendVarint(user.password.p, bytes);
  AppendSized(user.password.salt, bytes);
  AppendSized(user.password.hash, bytes);
  AppendSized(user.daily, bytes);
  return bytes;
}

Result<StoredUser> DecodeUser(std::string_view name, std::string_view bytes) {
  RowReader row(bytes);
  const std::uint8_t format = row.Byte();
  if (format > kFormat) {
    return Error(Errc::kFormatTooNew,
                 "the row of user " + std::string(name) + " was written by a newer idnode");
  }
  row.Expect(format == kFormat);
  StoredUser user;
  user.info.name = name;
  const std::uint8_t role = row.Byte();
  row.Expect(role > static_cast<std::uint8_t>(Role::kApplication) &&
             role <= static_cast<std::uint8_t>(Role::kEnterpriseAdministrator));
  user.info.role = static_cast<Role>(role);
  user.info.disabled = row.Flag();
  user.info.created_ms = row.Time();
  user.generation = row.Number();
  user.info.enterprise = row.Text();
  user.password.log_n = static_cast<unsigned>(row.Count(kScryptLogNMax));
  user.password.r = static_cast<unsigned>(row.Count(kScryptRMax));
  user.password.p = static_cast<unsigned>(row.Count(kScryptPMax));
  row.Expect(user.password.log_n >= kScryptLogNMin && user.password.r > 0 && user.password.p > 0);
  user.password.salt = row.Text();
  user.password.hash = row.Text();
  user.daily = row.Text();
  row.Expect(user.password.salt.size() <= kSaltBytesMax &&
             user.password.hash.size() == kHashBytes &&
             (user.daily.empty() || user.daily.size() == kDailyDigits));
  if (row.done()) return user;
  return Error(Errc::kCorruption, "the row of user " + std::string(name) + " is damaged");
}

std::string UserJson(const UserInfo& info) {
  boost::json::object object{
      {"name", info.name}, {"role", std::string(RoleName(info.role))}, {"disabled", info.disabled}};
  if (!info.enterprise.empty()) object["enterprise"] = info.enterprise;
  return boost::json::serialize(object);
}

}  // namespace idnode::service
