#include "node/service/access_control.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/base/text.h"
#include "node/base/varint.h"
#include "node/model/identifier.h"
#include "storage/space.h"

namespace idnode::service {
namespace {

constexpr std::size_t kScanRows = 1000;
constexpr std::size_t kTokenBytes = 32;          // 256 bits from the system's generator
constexpr std::size_t kTokenTextBytesMax = 256;  // longer credentials are not even hashed
constexpr std::size_t kNameBytesMax = 64;
constexpr std::size_t kPrefixesMax = 1000;
constexpr std::size_t kUnsureMax = 1000;
constexpr std::chrono::milliseconds kLearnMax{5'000};  // a look at a few rows
constexpr unsigned char kRowFormat = 1;

std::string HashOf(std::string_view token) {
  const Digest digest = Sha256(token);
  return std::string(digest.begin(), digest.end());
}

std::string ApplicationKey(std::string_view name) {
  return static_cast<char>(storage::Space::kApplication) + std::string(name);
}

bool IsApplicationName(std::string_view name) {
  return !name.empty() && name.size() <= kNameBytesMax &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
                  c == '-';
         });
}

Error SystemError(const std::string& what, const std::string& path) {
  return Error(Errc::kUnavailable, what + " " + path + ": " + std::strerror(errno));
}

// Makes what was done to names in a directory last.
Result<void> SyncDirectoryOf(const std::string& path) {
  const std::string directory = path.substr(0, path.rfind('/'));
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return SystemError("cannot open", directory);
  const bool synced = ::fsync(fd) == 0;
  ::close(fd);
  if (!synced) return SystemError("cannot sync", directory);
  return {};
}

// Whether the open file is a token of this user's alone.
Result<void> CheckTokenFile(int file, const std::string& path) {
  struct stat info {};
  if (::fstat(file, &info) != 0) return SystemError("cannot read", path);
  if (!S_ISREG(info.st_mode)) {
    return Error(Errc::kInvalidRequest, path + " is not a file; remove it to have one made");
  }
  if (info.st_uid != ::geteuid()) {
    return Error(Errc::kInvalidRequest, path + " belongs to user " + std::to_string(info.st_uid) +
                                            ", who would know the token; chown it");
  }
  if ((info.st_mode & 077) != 0) {
    return Error(Errc::kInvalidRequest,
                 path + " is open to others; make it private with chmod 600");
  }
  return {};
}

// Reads the operator's token, or creates it with mode 0600.
Result<std::string> OperatorToken(const std::string& path) {
  // Without waiting: a pipe of that name must not hold the start.
  const int existing = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (existing >= 0) {
    std::string text(kTokenTextBytesMax, '\0');
    const Result<void> checked = CheckTokenFile(existing, path);
    const ssize_t size = ::read(existing, text.data(), text.size());
    ::close(existing);
    if (!checked.ok()) return checked.error();
    if (size < 0) return SystemError("cannot read", path);
    text.resize(static_cast<std::size_t>(size));
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
    if (text.size() < kTokenBytes) {
      return Error(Errc::kInvalidRequest, path + " holds no token; remove it to have one made");
    }
    return text;
  }
  if (errno != ENOENT) return SystemError("cannot open", path);
  const std::string token = "idn_op_" + Base64Url(SecureRandom(kTokenBytes));
  // Whole or not at all: a crash in between leaves the name below, which goes at the next start.
  const std::string temporary = path + ".new";
  if (::unlink(temporary.c_str()) != 0 && errno != ENOENT) {
    return SystemError("cannot remove", temporary);
  }
  const int file =
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return SystemError("cannot create", temporary);
  const std::string text = token + "\n";
  const bool written =
      ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
      ::fchmod(file, 0600) == 0 && ::fsync(file) == 0;
  ::close(file);
  if (!written || ::rename(temporary.c_str(), path.c_str()) != 0)
    return SystemError("cannot write", path);
  IDNODE_RETURN_IF_ERROR(SyncDirectoryOf(path));
  return token;
}

}  // namespace

struct AccessControl::Entry {
  ApplicationInfo info;
  std::string token_hash;
  CallerRef caller;
};

namespace {

std::string EncodeApplication(const ApplicationInfo& info, std::string_view token_hash) {
  std::string bytes;
  bytes += static_cast<char>(kRowFormat);
  AppendSized(token_hash, bytes);
  AppendVarint(static_cast<std::uint64_t>(info.created_ms), bytes);
  bytes += info.revoked ? '\1' : '\0';
  AppendVarint(info.prefixes.size(), bytes);
  for (const auto& prefix : info.prefixes) AppendSized(prefix, bytes);
  return bytes;
}

Result<std::pair<ApplicationInfo, std::string>> DecodeApplication(std::string_view name,
                                                                  std::string_view bytes) {
  const Error damaged(Errc::kCorruption,
                      "the row of application " + std::string(name) + " is damaged");
  if (bytes.empty() || bytes.front() != static_cast<char>(kRowFormat)) return damaged;
  bytes.remove_prefix(1);
  ApplicationInfo info;
  info.name = name;
  std::string_view hash;
  std::uint64_t number = 0;
  if (!TakeSized(bytes, hash) || !TakeVarint(bytes, number) || bytes.empty()) return damaged;
  info.created_ms = static_cast<std::int64_t>(number);
  info.revoked = bytes.front() != '\0';
  bytes.remove_prefix(1);
  if (!TakeVarint(bytes, number) || number > kPrefixesMax) return damaged;
  for (std::uint64_t left = number; left > 0; --left) {
    std::string_view prefix;
    if (!TakeSized(bytes, prefix)) return damaged;
    info.prefixes.emplace_back(prefix);
  }
  return std::pair{std::move(info), std::string(hash)};
}

CallerRef CallerOf(const ApplicationInfo& info) {
  auto caller = std::make_shared<Caller>();
  caller->role = Role::kApplication;
  caller->application = info.name;
  caller->prefixes = info.prefixes;
  return caller;
}

}  // namespace

bool Caller::MayWrite(std::string_view folded_prefix) const {
  if (role == Role::kOperator) return true;
  if (role != Role::kApplication) return false;
  return std::find(prefixes.begin(), prefixes.end(), folded_prefix) != prefixes.end();
}

CallerRef Anonymous() {
  static const CallerRef kAnonymous = std::make_shared<Caller>();
  return kAnonymous;
}

Result<void> RequireOperator(const Caller& caller) {
  if (caller.role == Role::kOperator) return {};
  if (caller.role == Role::kAnonymous) {
    return Error(Errc::kUnauthenticated, "this needs the operator's token");
  }
  return Error(Errc::kPermissionDenied, "this is for the operator");
}

Result<void> RequireAuditor(const Caller& caller) {
  if (caller.role == Role::kAuditor) return {};
  return RequireOperator(caller);
}

AccessControl::AccessControl(storage::Engine& engine, Writer& writer, const Clock& clock)
    : engine_(engine), writer_(writer), clock_(clock) {}

Result<void> AccessControl::Load(const std::string& data_dir) {
  auto token = OperatorToken(data_dir + "/operator.token");
  if (!token.ok()) return token.error();
  auto root = std::make_shared<Entry>();
  auto caller = std::make_shared<Caller>();
  caller->role = Role::kOperator;
  root->caller = caller;
  root->token_hash = HashOf(*token);

  std::unordered_map<std::string, std::shared_ptr<const Entry>> by_hash;
  std::unordered_map<std::string, std::shared_ptr<const Entry>> by_name;
  by_hash.emplace(root->token_hash, root);
  std::string from = ApplicationKey("");
  const std::string to(1, static_cast<char>(static_cast<char>(storage::Space::kApplication) + 1));
  for (;;) {
    auto rows = engine_.Scan(0, from, to, kScanRows, false, clock_.After(std::chrono::seconds(30)));
    if (!rows.ok()) return rows.error();
    for (const auto& row : *rows) {
      auto decoded = DecodeApplication(std::string_view(row.key).substr(1), row.value);
      if (!decoded.ok()) return decoded.error();
      auto entry = std::make_shared<Entry>();
      entry->info = std::move(decoded->first);
      entry->token_hash = std::move(decoded->second);
      entry->caller = CallerOf(entry->info);
      by_hash.emplace(entry->token_hash, entry);
      by_name.emplace(entry->info.name, entry);
    }
    if (rows->size() < kScanRows) break;
    from = rows->back().key + '\0';
  }
  std::unique_lock lock(mutex_);
  by_hash_ = std::move(by_hash);
  by_name_ = std::move(by_name);
  return {};
}

Result<CallerRef> AccessControl::Authenticate(std::string_view bearer) const {
  if (bearer.empty()) return Anonymous();
  const Error refused(Errc::kUnauthenticated, "the token is not valid");
  if (bearer.size() > kTokenTextBytesMax) return refused;
  const std::string hash = HashOf(bearer);
  std::shared_lock lock(mutex_);
  // The table is keyed by a hash that a guesser cannot steer, so its timing tells nothing; the
  // final comparison is in constant time all the same.
  const auto found = by_hash_.find(hash);
  if (found == by_hash_.end() || !ConstantTimeEqual(found->second->token_hash, hash))
    return refused;
  if (found->second->info.revoked) {
    return Error(Errc::kUnauthenticated, "the token is revoked");
  }
  return found->second->caller;
}

Result<std::pair<ApplicationInfo, std::string>> AccessControl::CreateApplication(
    const Caller& caller, const std::string& name, const std::vector<std::string>& prefixes,
    Deadline deadline) {
  IDNODE_RETURN_IF_ERROR(RequireOperator(caller));
  if (!IsApplicationName(name)) {
    return Error(Errc::kInvalidRequest,
                 "a name is 1 to 64 of lower-case letters, digits, \".\", \"_\" and \"-\"", "name");
  }
  if (prefixes.empty() || prefixes.size() > kPrefixesMax) {
    return Error(Errc::kInvalidRequest, "give 1 to 1000 enterprise prefixes", "prefixes");
  }
  auto entry = std::make_shared<Entry>();
  entry->info.name = name;
  entry->info.created_ms = clock_.WallMs();
  for (std::size_t i = 0; i < prefixes.size(); ++i) {
    if (auto checked = CheckPrefix(prefixes[i]); !checked.ok()) {
      return Error(Errc::kInvalidRequest, checked.error().detail,
                   "prefixes[" + std::to_string(i) + "]");
    }
    entry->info.prefixes.push_back(FoldIdentifier(prefixes[i]));
  }
  std::string token = "idn_app_" + Base64Url(SecureRandom(kTokenBytes));
  entry->token_hash = HashOf(token);
  entry->caller = CallerOf(entry->info);
  auto created = writer_.Create(ApplicationKey(name),
                                EncodeApplication(entry->info, entry->token_hash), deadline);
  if (!created.ok()) {
    auto error = created.error();
    if (error.code == Errc::kAlreadyExists) {
      error.field = "name";
      // Perhaps made by a call whose outcome was not known then.
      if (!Known(name)) (void)Learn(name, deadline);
    } else if (error.code == Errc::kUndetermined) {
      std::unique_lock lock(mutex_);
      if (unsure_.size() < kUnsureMax) unsure_.insert(name);
    }
    return error;
  }
  std::unique_lock lock(mutex_);
  by_hash_.emplace(entry->token_hash, entry);
  by_name_.emplace(name, entry);
  return std::pair{entry->info, std::move(token)};
}

bool AccessControl::Known(const std::string& name) const {
  std::shared_lock lock(mutex_);
  return by_name_.contains(name);
}

Result<void> AccessControl::Learn(const std::string& name, Deadline deadline) const {
  auto row = engine_.Get(0, ApplicationKey(name), deadline);
  if (!row.ok()) return row.error();
  auto decoded = DecodeApplication(name, *row);
  if (!decoded.ok()) return decoded.error();
  auto entry = std::make_shared<Entry>();
  entry->info = std::move(decoded->first);
  entry->token_hash = std::move(decoded->second);
  entry->caller = CallerOf(entry->info);
  std::unique_lock lock(mutex_);
  unsure_.erase(name);
  // What is known already is newer: a revocation counts before it is durable.
  if (by_name_.emplace(name, entry).second) by_hash_.emplace(entry->token_hash, entry);
  return {};
}

Result<std::vector<ApplicationInfo>> AccessControl::ListApplications(const Caller& caller) const {
  IDNODE_RETURN_IF_ERROR(RequireOperator(caller));
  std::set<std::string> unsure;
  {
    std::shared_lock lock(mutex_);
    unsure = unsure_;
  }
  const Deadline deadline = clock_.After(kLearnMax);
  for (const auto& name : unsure) (void)Learn(name, deadline);
  std::vector<ApplicationInfo> infos;
  {
    std::shared_lock lock(mutex_);
    for (const auto& [name, entry] : by_name_) infos.push_back(entry->info);
  }
  std::sort(infos.begin(), infos.end(),
            [](const ApplicationInfo& a, const ApplicationInfo& b) { return a.name < b.name; });
  return infos;
}

Result<ApplicationInfo> AccessControl::RevokeApplication(const Caller& caller,
                                                         const std::string& name,
                                                         Deadline deadline) {
  IDNODE_RETURN_IF_ERROR(RequireOperator(caller));
  if (IsApplicationName(name) && !Known(name)) (void)Learn(name, deadline);
  std::shared_ptr<const Entry> entry;
  {
    std::shared_lock lock(mutex_);
    const auto found = by_name_.find(name);
    if (found == by_name_.end()) {
      return Error(Errc::kNotFound, "there is no application \"" + name + "\"", "name");
    }
    entry = found->second;
  }
  auto revoked = std::make_shared<Entry>(*entry);
  revoked->info.revoked = true;
  {
    // Before it is durable, and whatever becomes of that: a revocation fails closed.
    std::unique_lock lock(mutex_);
    by_hash_[revoked->token_hash] = revoked;
    by_name_[name] = revoked;
  }
  IDNODE_RETURN_IF_ERROR(writer_.Put(
      ApplicationKey(name), EncodeApplication(revoked->info, revoked->token_hash), deadline));
  return revoked->info;
}

}  // namespace idnode::service
