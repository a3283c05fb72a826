#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "node/base/clock.h"
#include "node/base/result.h"
#include "node/service/writer.h"
#include "storage/engine.h"

namespace idnode::service {

enum class Role : std::uint8_t { kAnonymous, kApplication, kAuditor, kOperator };

/// Who asks. Immutable; shared by the requests of a session.
struct Caller {
  Role role = Role::kAnonymous;
  std::string application;            ///< empty unless role is kApplication
  std::vector<std::string> prefixes;  ///< folded enterprise prefixes it may write under

  bool MayWrite(std::string_view folded_prefix) const;
};
using CallerRef = std::shared_ptr<const Caller>;

/// The caller without any credential.
CallerRef Anonymous();

struct ApplicationInfo {
  std::string name;
  std::vector<std::string> prefixes;
  std::int64_t created_ms = 0;
  bool revoked = false;
};

/// Applications, their tokens (hashes only at rest), the operator's token. Thread-safe; lookups
/// are in memory. First form: roles operator, application, anonymous.
class AccessControl {
 public:
  AccessControl(storage::Engine& engine, Writer& writer, const Clock& clock);

  /// Reads applications from the store and the hash of the operator's token from
  /// `data_dir`/operator.token, which is created (mode 0600) where it is missing. Errors: those of
  /// the engine; kInvalidRequest where the file is another user's, open to others or no token.
  Result<void> Load(const std::string& data_dir);

  /// `bearer` is the token without "Bearer "; empty is anonymous. Errors: kUnauthenticated.
  /// Tokens are looked up by their SHA-256 and compared in constant time.
  Result<CallerRef> Authenticate(std::string_view bearer) const;

  /// Creates an application and its token, shown this once. Operator only.
  /// Errors: kPermissionDenied, kInvalidRequest (field name or prefixes), kAlreadyExists; those of
  /// the committer. After kUndetermined the application may exist, with a token that nobody knows:
  /// it is then listed, and can be revoked.
  Result<std::pair<ApplicationInfo, std::string>> CreateApplication(
      const Caller& caller, const std::string& name, const std::vector<std::string>& prefixes,
      Deadline deadline);
  Result<std::vector<ApplicationInfo>> ListApplications(const Caller& caller) const;
  /// Errors: kPermissionDenied, kNotFound.
  Result<ApplicationInfo> RevokeApplication(const Caller& caller, const std::string& name,
                                            Deadline deadline);

 private:
  struct Entry;

  bool Known(const std::string& name) const;
  /// Reads an application from the store into memory, unless it is there.
  Result<void> Learn(const std::string& name, Deadline deadline) const;

  storage::Engine& engine_;
  Writer& writer_;
  const Clock& clock_;
  mutable std::shared_mutex mutex_;
  // Caches of the store: looking at it adds to them.
  mutable std::unordered_map<std::string, std::shared_ptr<const Entry>> by_hash_;
  mutable std::unordered_map<std::string, std::shared_ptr<const Entry>> by_name_;
  mutable std::set<std::string> unsure_;  ///< names whose creation has an unknown outcome
};

/// Errors: kPermissionDenied unless the caller is the operator (or, where allowed, an auditor).
Result<void> RequireOperator(const Caller& caller);
Result<void> RequireAuditor(const Caller& caller);

}  // namespace idnode::service
