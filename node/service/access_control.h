#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/clock.h"
#include "node/base/result.h"
#include "node/service/audit_log.h"
#include "node/service/caller.h"
#include "node/service/prefix_registry.h"
#include "storage/engine.h"

namespace idnode::service {

class UserStore;

struct TokenInfo {
  std::string id;  ///< "t1"
  std::int64_t created_ms = 0;
  std::int64_t expires_ms = 0;  ///< 0: does not expire
  bool revoked = false;
};

/// An application (应用身份), or another identity with tokens: auditor, operator, administrator.
struct ApplicationInfo {
  std::string name;
  std::vector<std::string> prefixes;
  std::int64_t created_ms = 0;
  bool revoked = false;
  Role role = Role::kApplication;
  std::string enterprise;
  std::vector<TokenInfo> tokens;
  std::vector<std::string> certificates;  ///< SHA-256 fingerprints, lower-case hexadecimal
};

struct NewApplication {
  std::string name;
  std::vector<std::string> prefixes;
  Role role = Role::kApplication;
  std::string enterprise;
  std::chrono::seconds expires_in{0};  ///< of its token; 0: never
};

/// Applications, their tokens (hashes only at rest) and certificates, the operator's token.
/// Thread-safe; lookups are in memory.
class AccessControl {
 public:
  AccessControl(storage::Engine& engine, AuditLog& audit, const PrefixRegistry& prefixes,
                const Clock& clock);
  ~AccessControl();

  /// Who knows sessions; nullptr, as at first: nobody logs in. Before the first Authenticate.
  void SetUsers(const UserStore* users);

  /// Reads applications from the store and the hash of the operator's token from
  /// `data_dir`/operator.token, which is created (mode 0600) where it is missing. Errors: those of
  /// the engine; kInvalidRequest where the file is another user's, open to others or no token.
  Result<void> Load(const std::string& data_dir);

  /// `bearer` is the token without "Bearer "; empty is anonymous. Errors: kUnauthenticated.
  /// Tokens are looked up by their SHA-256 and compared in constant time.
  Result<CallerRef> Authenticate(std::string_view bearer) const;
  /// The caller a client certificate stands for, by its SHA-256 fingerprint (lower-case
  /// hexadecimal). Errors: kUnauthenticated where it is bound to nobody.
  Result<CallerRef> AuthenticateCertificate(std::string_view fingerprint) const;

  /// Creates an application and its token, shown this once. Operator; an enterprise's administrator
  /// for prefixes of its own. Errors: kPermissionDenied, kInvalidRequest (field name, prefixes,
  /// role, enterprise), kAlreadyExists; those of the committer. After kUndetermined the application
  /// may exist, with a token that nobody knows: it is then listed, and can be revoked.
  Result<std::pair<ApplicationInfo, std::string>> CreateApplication(const Actor& actor,
                                                                    const NewApplication& wanted,
                                                                    Deadline deadline);
  /// Operator and auditor: all; an administrator: of its enterprise. `enterprise` narrows.
  Result<std::vector<ApplicationInfo>> ListApplications(const Actor& actor,
                                                        const std::string& enterprise = {}) const;
  /// Whether there is an application of this name, revoked or not. Names are not given twice.
  bool Exists(std::string_view name) const;
  /// Effective at once, before it is durable, as are RevokeToken and UnbindCertificate; all have 5
  /// s at least to become so, whatever the deadline. Errors: kPermissionDenied, kNotFound.
  Result<ApplicationInfo> RevokeApplication(const Actor& actor, const std::string& name,
                                            Deadline deadline);

  struct NewToken {
    ApplicationInfo application;
    std::string token;
    std::string id;
  };
  /// A further token. `rotate`: the present ones end after `overlap` (at most 30 days), or earlier
  /// where they end earlier.
  Result<NewToken> CreateToken(const Actor& actor, const std::string& name,
                               std::chrono::seconds expires_in, bool rotate,
                               std::chrono::seconds overlap, Deadline deadline);
  /// Effective at once, before it is durable. Errors: kNotFound.
  Result<ApplicationInfo> RevokeToken(const Actor& actor, const std::string& name,
                                      const std::string& id, Deadline deadline);
  /// Errors: kInvalidRequest (field fingerprint), kAlreadyExists (bound to another).
  Result<ApplicationInfo> BindCertificate(const Actor& actor, const std::string& name,
                                          const std::string& fingerprint, Deadline deadline);
  Result<ApplicationInfo> UnbindCertificate(const Actor& actor, const std::string& name,
                                            const std::string& fingerprint, Deadline deadline);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace idnode::service
